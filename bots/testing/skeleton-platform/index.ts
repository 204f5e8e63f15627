import type { PlatformModule } from '../../src/contract/adapter.ts';
import { type Platform, platforms } from '../../src/contract/inbound.ts';
import { fingerprintOf } from '../../src/platforms/environment.ts';
import { readSettings, variables } from './settings.ts';

export const skeleton: PlatformModule = {
  platform: findPlatform('skeleton'),
  variables: Object.keys(variables),
  configure(env) {
    const settings = readSettings(env);
    if (settings === null) return null;
    const { token } = settings;
    return {
      secrets: [token],
      fingerprints: [fingerprintOf(token)],
      create: async ({ log }) => {
        const { SkeletonAdapter } = await import('./adapter.ts');
        return new SkeletonAdapter(findPlatform('skeleton'), settings, log);
      },
      check: async () => [{ ok: true, sentence: 'SKELETON_TOKEN is set.' }],
    };
  },
};

/** Lets this template compile without an entry. A copy has its entry: it can write the name in its place. */
function findPlatform(wanted: string): Platform {
  const platform = platforms.find((name) => name === wanted);
  if (platform === undefined) throw new Error(`${wanted} is missing in shared/src/chat/platforms.ts`);
  return platform;
}

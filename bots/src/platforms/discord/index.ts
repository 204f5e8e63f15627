import type { PlatformModule } from '../../contract/adapter.ts';
import { fingerprintOf } from '../environment.ts';
import { readSettings, variables } from './settings.ts';

export const discord: PlatformModule = {
  platform: 'discord',
  variables: Object.keys(variables),
  configure(env) {
    const settings = readSettings(env);
    if (settings === null) return null;
    return {
      secrets: [settings.token],
      fingerprints: [fingerprintOf(settings.token)],
      create: async ({ log }) => new (await import('./adapter.ts')).DiscordAdapter(settings, log),
      check: async () => (await import('./check.ts')).checkDiscord(settings),
    };
  },
};

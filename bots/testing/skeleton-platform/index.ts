import type { PlatformModule } from '../../src/contract/adapter.ts';
import { platforms } from '../../src/contract/inbound.ts';
import { TestAdapter } from '../test-adapter.ts';

export const skeletonName: string = 'skeleton';

/** The least that a platform's folder exports. Its name has to be in the list of `shared/src/chat/platforms.ts`. */
export function skeletonModule(): PlatformModule {
  const platform = platforms.find((name) => name === skeletonName);
  if (platform === undefined) throw new Error(`${skeletonName} is not in the list of platforms`);
  return {
    platform,
    variables: ['SKELETON_TOKEN'],
    configure: ({ SKELETON_TOKEN: token }) =>
      token === undefined
        ? null
        : {
            fingerprints: [],
            secrets: [token],
            create: async () => new TestAdapter(platform),
            check: async () => [{ ok: true, sentence: 'The token is accepted.' }],
          },
  };
}

import { fileURLToPath } from 'node:url';
import { HqError } from '@hq/shared/errors';

/** Builds hq-tui if its bundle is stale. */
export async function buildTui(): Promise<void> {
  try {
    const { ensureBuilt } = await import('../../scripts/build.ts');
    await ensureBuilt('hq-tui');
  } catch (cause) {
    throw new HqError('failed', 'The terminal UI could not be built.', {
      hint: 'Run npm run build as the owner of this directory to see the reason.',
      cause,
    });
  }
}

/** Returns the runner's bundle, which needs less memory, or its source where the bundle cannot be written. */
export async function runnerProgram(): Promise<string> {
  try {
    const { ensureBuilt } = await import('../../scripts/build.ts');
    await ensureBuilt('hq-runner', 'hq-gateway', 'hq-plugin');
    return fileURLToPath(new URL('../../runner/dist/hq-runner.js', import.meta.url));
  } catch {
    return fileURLToPath(new URL('../../runner/src/main.ts', import.meta.url));
  }
}

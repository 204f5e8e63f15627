import { fileURLToPath } from 'node:url';
import { HqError } from '@hq/shared/errors';

/** Builds hq-tui if its sources are newer than its bundle. */
export async function buildTui(): Promise<void> {
  try {
    const { ensureBuilt } = await import('../../scripts/build.ts');
    await ensureBuilt('hq-tui');
  } catch (cause) {
    throw new HqError('failed', 'The terminal UI could not be built.', {
      hint: 'npm run build shows what is wrong, as the user who owns this directory.',
      cause,
    });
  }
}

/** The runner's bundle, which takes less memory; its source where no bundle can be made, as in a clone of another user. */
export async function runnerProgram(): Promise<string> {
  try {
    const { ensureBuilt } = await import('../../scripts/build.ts');
    await ensureBuilt('hq-runner');
    return fileURLToPath(new URL('../../runner/dist/hq-runner.js', import.meta.url));
  } catch {
    return fileURLToPath(new URL('../../runner/src/main.ts', import.meta.url));
  }
}

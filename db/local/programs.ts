import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { HqError } from '@hq/shared/errors';

/** The two programs that the starter runs, built first where their sources are newer. */
export async function buildPrograms(names: readonly ('hq-tui' | 'hq-runner')[]): Promise<void> {
  try {
    const { ensureBuilt } = await import('../../scripts/build.ts');
    await ensureBuilt(...names);
  } catch (cause) {
    throw new HqError('failed', 'The programs of HQ could not be built.', {
      hint: 'npm run build shows what is wrong with them.',
      cause,
    });
  }
}

export function runnerProgram(): string {
  const bundle = fileURLToPath(new URL('../../runner/dist/hq-runner.js', import.meta.url));
  return existsSync(bundle) ? bundle : fileURLToPath(new URL('../../runner/src/main.ts', import.meta.url));
}

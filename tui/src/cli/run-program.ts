import { HqError } from '@hq/shared/errors';
import { redacted } from '../redacted.ts';
import { openConsole, tellError } from './console.ts';
import { type ExitCode, exitCodeOf, exitCodes } from './exit-codes.ts';
import { openScreens } from './screens.ts';

/** Runs one call of hq-tui, and gives what it ends with. */
export async function runProgram(version: string): Promise<ExitCode> {
  const console = openConsole(process);
  if (!process.env.HQ_DEBUG) quietLibraries();
  // Whoever reads may have had enough, as `head` has: that is no failure of ours.
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      process.exit(error.code === 'EPIPE' ? exitCodes.done : exitCodes.failed);
    });
  }
  try {
    if (process.argv.length > 2) {
      const { runCommandLine } = await import('./command-line.ts');
      return await runCommandLine({
        console,
        version,
        open: (isReadonly) => openScreens(console, isReadonly),
      });
    }
    // Called by its name alone it opens the screens, and they need no command line.
    await openScreens(console, Boolean(console.env.HQ_READONLY));
    return exitCodes.done;
  } catch (error) {
    if (error instanceof HqError) {
      console.say(tellError(error));
      return exitCodeOf(error.code);
    }
    // A fault of this program. Node would print the line of the bundle that threw, and that line is the bundle.
    console.say(redacted(`hq-tui: ${error instanceof Error ? error.stack : String(error)}`));
    return exitCodes.failed;
  }
}

/**
 * Libraries write remarks with stacks, into the middle of a screen if need be. What is wrong comes to us as an error, and is
 * told once. HQ_DEBUG=1 lets them speak.
 */
function quietLibraries(): void {
  for (const method of ['debug', 'error', 'info', 'log', 'warn'] as const) {
    globalThis.console[method] = () => undefined;
  }
}

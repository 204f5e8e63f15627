import { HqError } from '@hq/shared/errors';
import { CommanderError } from 'commander';
import { openConsole, tellError } from './console.ts';
import { type ExitCode, exitCodeOf, exitCodes } from './exit-codes.ts';
import { createProgram } from './program.ts';
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
  const program = createProgram({ console, version, open: (isReadonly) => openScreens(console, isReadonly) });
  try {
    await program.parseAsync();
    return exitCodes.done;
  } catch (error) {
    // Commander has said what it has to say, on the right stream.
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.done : exitCodes.usage;
    if (error instanceof HqError) {
      console.say(tellError(error));
      return exitCodeOf(error.code);
    }
    // A fault of this program. Node would print the line of the bundle that threw, and that line is the bundle.
    console.say(`hq-tui: ${error instanceof Error ? error.stack : String(error)}`);
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

import { CommanderError } from 'commander';
import { loadCommands } from './commands/index.ts';
import type { Console } from './output/console.ts';
import { type ExitCode, exitCodes } from './output/exit-codes.ts';
import { createProgram } from './program.ts';

/** Runs the command that the arguments name. Fails with an `HqError`. */
export async function runCommandLine(
  console: Console,
  args: readonly string[],
  version: string,
  openScreens: (isReadonly: boolean) => Promise<void>,
): Promise<ExitCode> {
  try {
    const commands = await loadCommands(args);
    await createProgram(console, commands, version, openScreens).parseAsync(args, { from: 'user' });
    return exitCodes.done;
  } catch (error) {
    // Commander has written its message to the right stream.
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.done : exitCodes.usage;
    throw error;
  }
}

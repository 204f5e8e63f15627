import { CommanderError } from 'commander';
import { type ExitCode, exitCodes } from './exit-codes.ts';
import { createProgram, type ProgramOptions } from './program.ts';

/** Does what the arguments of this process say. */
export async function runCommandLine(options: ProgramOptions): Promise<ExitCode> {
  try {
    await createProgram(options).parseAsync();
    return exitCodes.done;
  } catch (error) {
    // Commander has said what it has to say, on the right stream.
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.done : exitCodes.usage;
    throw error;
  }
}

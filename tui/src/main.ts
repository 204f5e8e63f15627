import { HqError } from '@hq/shared/errors';
import { CommanderError } from 'commander';
import packageFile from '../package.json' with { type: 'json' };
import { openConsole, tellError } from './cli/console.ts';
import { type ExitCode, exitCodeOf, exitCodes } from './cli/exit-codes.ts';
import { createProgram } from './cli/program.ts';

const console = openConsole(process);

// Whoever reads may have had enough, as `head` has: that is no failure of ours.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  process.exit(error.code === 'EPIPE' ? exitCodes.done : exitCodes.failed);
});

async function open(isReadonly: boolean): Promise<void> {
  const { openScreens } = await import('./cli/screens.ts');
  await openScreens(console, isReadonly);
}

async function main(): Promise<ExitCode> {
  try {
    await createProgram({ console, version: packageFile.version, open }).parseAsync();
    return exitCodes.done;
  } catch (error) {
    // Commander has said what it has to say, on the right stream.
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.done : exitCodes.usage;
    if (error instanceof HqError) {
      console.say(tellError(error));
      return exitCodeOf(error.code);
    }
    throw error;
  }
}

// Links that linger (a closing socket, a refresh of the token) must not hold the shell.
process.exit(await main());

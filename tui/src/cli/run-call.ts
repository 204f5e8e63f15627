import { HqError } from '@hq/shared/errors';
import { environmentFlag } from '@hq/shared/program';
import { redacted } from '../redacted.ts';
import { openScreens } from './open-screens.ts';
import { type CallHost, errorText, openConsole } from './output/console.ts';
import { type ExitCode, exitCodeOf, exitCodes } from './output/exit-codes.ts';

/**
 * Runs one call of hq-tui on the given streams and returns its exit code. Errors go to standard error. `prepare` sets up the
 * process by its environment.
 */
export async function runCall(
  host: CallHost,
  args: readonly string[],
  version: string,
  prepare: (env: NodeJS.ProcessEnv) => void = () => undefined,
): Promise<ExitCode> {
  const console = openConsole(host);
  try {
    prepare(console.env);
    if (args.length > 0) {
      const { runCommandLine } = await import('./run-command-line.ts');
      return await runCommandLine(console, args, version, (isReadonly) => openScreens(console, isReadonly));
    }
    // Screens need no command line: without arguments commander is not loaded.
    await openScreens(console, environmentFlag(console.env, 'HQ_READONLY'));
    return exitCodes.done;
  } catch (error) {
    if (error instanceof HqError) {
      console.say(errorText(error));
      return exitCodeOf(error.code);
    }
    // Node would print the throwing line of the bundle, and that line is the whole bundle.
    console.say(redacted(`hq-tui: ${error instanceof Error ? error.stack : String(error)}`));
    return exitCodes.failed;
  }
}

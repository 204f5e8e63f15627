import { HqError } from '@hq/shared/errors';
import { environmentFlag } from '@hq/shared/program';
import { nearestNames } from '@hq/shared/text';
import { Command } from 'commander';
import { z } from 'zod';
import { flag } from './arguments/options.ts';
import type { AddCommand } from './command.ts';
import type { Console } from './output/console.ts';

const programOptions = z.object({ readonly: flag });

/** Creates the command line with the given commands. Without a command it opens the screens. */
export function createProgram(
  console: Console,
  commands: readonly AddCommand[],
  version: string,
  openScreens: (isReadonly: boolean) => Promise<void>,
): Command {
  const program = new Command('hq-tui')
    .description('Operate a fleet of AI agents. Without a command it opens the screens.')
    .version(version, '-V, --version')
    .option('--readonly', 'refuse every change', environmentFlag(console.env, 'HQ_READONLY'))
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void console.stdout.write(text),
      writeErr: (text) => void console.stderr.write(text),
      getOutHelpWidth: () => console.columns ?? 100,
      getErrHelpWidth: () => console.columns ?? 100,
    })
    .showHelpAfterError('Try hq-tui --help.')
    .enablePositionalOptions()
    .addHelpText(
      'after',
      '\nExit codes: 0 done, 1 failed, 2 usage, 3 refused, 4 unreachable, 5 timed out, 6 cancelled.',
    )
    .allowExcessArguments()
    .action((_options: unknown, self: Command) => {
      const [unknown] = self.args;
      if (unknown === undefined) return openScreens(programOptions.parse(self.opts()).readonly);
      const near = nearestNames(
        unknown,
        self
          .createHelp()
          .visibleCommands(self)
          .map((command) => command.name()),
      );
      throw new HqError('usage', `There is no command “${unknown}”.`, {
        hint: `${near.length === 0 ? '' : `Did you mean ${near.join(', ')}? `}\`hq-tui --help\` lists all.`,
      });
    });
  for (const add of commands) add(program, console);
  return program;
}

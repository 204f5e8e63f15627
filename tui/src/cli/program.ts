import { type Action, actionNames, catalogue } from '@hq/shared/actions';
import { HqError } from '@hq/shared/errors';
import { agentStatuses, commandStatuses } from '@hq/shared/rows';
import { Command, Option } from 'commander';
import { z } from 'zod';
import { addChat } from './chat-program.ts';
import { completionScript, shells } from './completion-script.ts';
import type { Console } from './console.ts';
import type { List } from './lists.ts';
import { describeField, payloadFields } from './payload.ts';
import { addSecrets } from './secrets-program.ts';

const text = z.string().optional();
const flag = z.boolean().default(false);
const globalOptions = z.object({ readonly: flag });
const listOptions = z.object({
  json: flag,
  wide: flag,
  gateway: text,
  agent: text,
  status: text,
  since: text,
  limit: text,
  all: flag,
});
const runOptions = z.object({
  gateway: text,
  agent: text,
  set: z.array(z.string()).default([]),
  wait: flag,
  timeout: text,
  idempotencyKey: text,
  yes: flag,
  json: flag,
});
const watchOptions = z.object({ json: flag, timeout: text });
const cancelOptions = z.object({ json: flag });
const loginOptions = z.object({ url: text, anonKey: text, email: text });

export interface ProgramOptions {
  readonly console: Console;
  readonly version: string;
  /** Opens the screens. */
  readonly open: (isReadonly: boolean) => Promise<void>;
}

type Lists = Record<
  'showStatus' | 'listGateways' | 'listAgents' | 'listCommands' | 'listAlerts' | 'listAudit',
  List
>;

/**
 * The whole command line. It parses, and leaves every deed to the function of its command, which is loaded with what it needs
 * when it is asked for: the screens are open before the client of the database is loaded.
 */
export function createProgram({ console, version, open }: ProgramOptions): Command {
  const program = new Command('hq-tui');
  const isReadonly = (): boolean => globalOptions.parse(program.opts()).readonly;
  program
    .description('Operate a fleet of AI agents. Without a command it opens the screens.')
    .version(version, '-V, --version')
    .option('--readonly', 'write nothing', Boolean(console.env.HQ_READONLY))
    .exitOverride()
    .configureOutput({
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
      if (unknown === undefined) return open(isReadonly());
      throw new HqError('usage', `There is no command “${unknown}”.`, {
        hint: '`hq-tui --help` lists them.',
      });
    });

  const list = (name: string, description: string, pick: (lists: Lists) => List): Command =>
    program
      .command(name)
      .description(description)
      .option('--json', 'one JSON document instead of a table')
      .option('--wide', 'do not cut the table to the terminal')
      .action(async (_options: unknown, command: Command) => {
        const run = pick(await import('./lists.ts'));
        await run(console, listOptions.parse(command.opts()));
      });
  const gateway = (): Option => new Option('--gateway <gateway>', 'only of this gateway, by slug or id');
  const since = (): Option => new Option('--since <time>', 'not older than this: 15m, 2h, 3d, or a date');
  const limit = (): Option => new Option('--limit <count>', 'at most so many, 50 by default');

  list('status', 'the fleet and what needs attention', (lists) => lists.showStatus);
  list('gateways', 'gateways, how they are and what runs there', (lists) => lists.listGateways);
  list('agents', 'agents and where they live', (lists) => lists.listAgents)
    .addOption(gateway())
    .addOption(new Option('--status <status>', 'only in this status').choices(agentStatuses));
  list('commands', 'the newest commands', (lists) => lists.listCommands)
    .addOption(gateway())
    .option('--agent <agent>', 'only of this agent, by slug or id')
    .addOption(new Option('--status <status>', 'only in this status').choices(commandStatuses))
    .addOption(since())
    .addOption(limit());
  list('alerts', 'alerts that nobody has read', (lists) => lists.listAlerts)
    .option('--all', 'those that were read or dismissed too')
    .addOption(since())
    .addOption(limit());
  list('audit', 'who did what', (lists) => lists.listAudit)
    .addOption(since())
    .addOption(limit());

  const run = program.command('run').description('ask for an action').usage('<action> [options]');
  for (const name of actionNames) {
    const action: Action = catalogue[name];
    const fields = payloadFields(name);
    const command = run.command(name).description(action.title).summary(action.title);
    if (action.target !== 'workspace') {
      command.option('--gateway <gateway>', 'slug or id; may be left out where there is one');
    }
    if (name.includes('_')) command.alias(name.replaceAll('_', '-'));
    if (action.target === 'agent') command.option('--agent <agent>', 'slug or id');
    if (fields.length > 0) {
      command.addOption(
        new Option('--set <field=value>', 'a field of the payload, again for each').argParser(
          (value: string, before: readonly string[] = []) => [...before, value],
        ),
      );
    }
    command
      .option('--wait', 'wait until it has finished, and tell what it writes on standard error')
      .option('--timeout <seconds>', 'how long to wait at most')
      .option('--idempotency-key <key>', 'the same key never asks twice')
      .option('--yes', 'do not ask whether it is meant')
      .option('--json', 'the command as a JSON document')
      .addHelpText('after', actionHelp(action, fields.map(describeField)))
      .action(async (_options: unknown, self: Command) => {
        const { runAction } = await import('./act.ts');
        await runAction(console, name, runOptions.parse(self.opts()), isReadonly());
      });
  }

  program
    .command('watch')
    .argument('<id>', 'id of a command, or its start')
    .description('wait for a command, and tell what it writes on standard error')
    .option('--timeout <seconds>', 'how long to wait at most')
    .option('--json', 'the command as a JSON document')
    .action(async (id: string, _options: unknown, self: Command) => {
      const { watchCommand } = await import('./act.ts');
      await watchCommand(console, id, watchOptions.parse(self.opts()));
    });
  program
    .command('cancel')
    .argument('<id>', 'id of a command, or its start')
    .description('cancel a command that waits or runs')
    .option('--json', 'the command as a JSON document')
    .action(async (id: string, _options: unknown, self: Command) => {
      const { cancelCommand } = await import('./act.ts');
      await cancelCommand(console, id, cancelOptions.parse(self.opts()), isReadonly());
    });

  addSecrets(program, console, isReadonly);
  addChat(program, console, isReadonly);

  program
    .command('login')
    .description('sign in, and stay signed in on this machine')
    .option('--url <url>', 'address of the HQ')
    .option('--anon-key <key>', 'its publishable key')
    .option('--email <email>', 'whom to sign in; the password is asked for, or read from standard input')
    .action(async (_options: unknown, self: Command) => {
      const { login } = await import('./sign-in.ts');
      await login(console, loginOptions.parse(self.opts()));
    });
  program
    .command('logout')
    .description('forget the sign-in of this machine')
    .action(async () => {
      const { logout } = await import('./sign-in.ts');
      await logout(console);
    });
  program
    .command('whoami')
    .description('who is signed in, where, and with which role')
    .option('--json', 'as a JSON document')
    .action(async (_options: unknown, self: Command) => {
      const { tellWhoami } = await import('./sign-in.ts');
      await tellWhoami(console, cancelOptions.parse(self.opts()));
    });

  program
    .command('completion')
    .addArgument(program.createArgument('<shell>', 'which shell').choices(shells))
    .description('the completion script of a shell')
    .action((shell: string) => console.print(completionScript(shell)));
  program
    .command('complete', { hidden: true })
    .argument('[words...]')
    .allowUnknownOption()
    .helpOption(false)
    .passThroughOptions()
    .action(async (words: string[]) => {
      const { complete } = await import('./complete.ts');
      await complete(console, program, words);
    });
  return program;
}

function actionHelp(action: Action, fields: readonly string[]): string {
  const lines = [
    '',
    action.summary,
    `Needs the role ${action.role}; is ${action.danger}; takes ${action.timeoutSeconds} s at most.`,
  ];
  if (fields.length > 0) lines.push('', 'Fields for --set:', ...fields.map((field) => `  ${field}`));
  return lines.join('\n');
}

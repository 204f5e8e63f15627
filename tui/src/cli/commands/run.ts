import { type Action, type ActionName, actionNames, catalogue } from '@hq/shared/actions';
import type { HqClient } from '@hq/shared/client';
import { HqError } from '@hq/shared/errors';
import { readAgents, readGateways } from '@hq/shared/queries';
import type { AgentRow, GatewayRow } from '@hq/shared/rows';
import { type Command, Option } from 'commander';
import { z } from 'zod';
import { withNamesHint } from '../../actions/names-hint.ts';
import { describeField, parsePayload, payloadFields } from '../../actions/payload.ts';
import { findAgent, findGateway } from '../arguments/find-by-name.ts';
import { parseSeconds } from '../arguments/numbers.ts';
import { flag, parseToWrite, text, writeOptions } from '../arguments/options.ts';
import type { AddCommand } from '../command.ts';
import { connectMember } from '../connection/connect-member.ts';
import { printCommand, requireDone } from '../output/command-result.ts';
import type { Console } from '../output/console.ts';
import { confirmAction } from '../prompts/confirm.ts';
import { followCommand } from '../waiting/follow-command.ts';

const optionsOf = writeOptions.extend({
  gateway: text,
  agent: text,
  set: z.array(z.string()).default([]),
  wait: flag,
  timeout: text,
  idempotencyKey: text,
  yes: flag,
});
type RunOptions = z.output<typeof optionsOf>;

/** Milliseconds that a command may wait for others before it starts, on top of its own limit. */
const queueAllowanceMs = 30_000;

export const addRun: AddCommand = (parent, console) => {
  const run = parent.command('run').description('run an action').usage('<action> [options]');
  for (const name of actionNames) addAction(run, console, name);
};

function addAction(run: Command, console: Console, name: ActionName): void {
  const action: Action = catalogue[name];
  const fields = payloadFields(name);
  const command = run.command(name).description(action.title).summary(action.title);
  if (action.target !== 'workspace') {
    command.option('--gateway <gateway>', 'slug or id; optional with a single gateway');
  }
  if (name.includes('_')) command.alias(name.replaceAll('_', '-'));
  if (action.target === 'agent') command.option('--agent <agent>', 'slug or id');
  if (fields.length > 0) {
    command.addOption(
      new Option('--set <field=value>', 'a field of the payload; repeat it for each field').argParser(
        (value: string, before: readonly string[] = []) => [...before, value],
      ),
    );
  }
  command
    .option('--wait', 'wait for the end; output of the command goes to standard error')
    .option('--timeout <seconds>', 'longest time to wait')
    .option('--idempotency-key <key>', 'return the earlier command that has this key')
    .option('--yes', 'do not ask for confirmation')
    .option('--json', 'the command as a JSON document')
    .addHelpText('after', actionHelp(action, fields.map(describeField)))
    .action((_options: unknown, self: Command) => runAction(console, name, parseToWrite(optionsOf, self)));
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

async function runAction(console: Console, name: ActionName, options: RunOptions): Promise<void> {
  const action: Action = catalogue[name];
  const payload = parsePayload(name, options.set);
  if (action.target === 'agent' && options.agent === undefined) {
    throw new HqError('usage', `${name} needs an agent.`, {
      field: '--agent',
      hint: '`hq-tui agents` lists them.',
    });
  }
  const timeoutMs = waitLimitMs(action, options);
  // Without a terminal the missing --yes is reported before anything is connected.
  if (!options.yes && !console.canAsk) await confirmAction(console, action, name, '');
  const { client } = await connectMember(console.env);
  const target = await findNamedTarget(client, options);
  if (!options.yes) await confirmAction(console, action, name, await targetName(client, action, target));
  const { command, created } = await client
    .enqueue({
      action: name,
      payload,
      ...(target.gateway === undefined ? {} : { gateway: target.gateway.id }),
      ...(target.agent === undefined ? {} : { agent: target.agent.id }),
      ...(options.idempotencyKey === undefined ? {} : { idempotencyKey: options.idempotencyKey }),
      origin: 'cli',
    })
    .catch(async (failure: unknown) => {
      throw await withNamesHint(failure, payload, () => readAgents(client));
    });
  if (!created) console.say('This idempotency key was used before. Here is the earlier command.');
  if (!options.wait) {
    await printCommand(console, client, command, options.json, { created });
    return;
  }
  const finished = await followCommand(console, client, command.id, timeoutMs);
  await printCommand(console, client, finished, options.json, { created });
  requireDone(finished);
}

function waitLimitMs(action: Action, { timeout, wait }: RunOptions): number {
  if (timeout === undefined) return action.timeoutSeconds * 1000 * action.maxAttempts + queueAllowanceMs;
  if (wait) return parseSeconds(timeout, '--timeout');
  throw new HqError('usage', 'A time limit needs --wait.', { field: '--timeout', hint: 'Add --wait.' });
}

interface NamedTarget {
  readonly gateway?: GatewayRow | undefined;
  readonly agent?: AgentRow | undefined;
}

async function findNamedTarget(client: HqClient, { gateway, agent }: RunOptions): Promise<NamedTarget> {
  return {
    gateway: gateway === undefined ? undefined : findGateway(await readGateways(client), gateway),
    agent: agent === undefined ? undefined : await findAgent(client, agent),
  };
}

async function targetName(client: HqClient, action: Action, target: NamedTarget): Promise<string> {
  if (action.target === 'workspace') return 'the workspace';
  const named = target.agent ?? target.gateway;
  if (named !== undefined) return named.slug;
  const [only] = await readGateways(client);
  return only?.slug ?? 'the gateway';
}

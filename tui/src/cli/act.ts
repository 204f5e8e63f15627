import { type Action, type ActionName, catalogue, describeResult } from '@hq/shared/actions';
import type { HqClient } from '@hq/shared/client';
import { HqError } from '@hq/shared/errors';
import { readGateways } from '@hq/shared/queries';
import type { CommandRow } from '@hq/shared/rows';
import { plain } from '@hq/shared/text';
import { findCommandId } from './command-id.ts';
import { confirm } from './confirm.ts';
import type { Console } from './console.ts';
import { enter } from './enter.ts';
import { follow } from './follow.ts';
import { parseSeconds } from './moment.ts';
import { parsePayload } from './payload.ts';
import { refuseWhenReadonly } from './readonly.ts';
import { commandShape, namesOf } from './shapes.ts';

export interface RunOptions {
  readonly gateway?: string | undefined;
  readonly agent?: string | undefined;
  readonly set: readonly string[];
  readonly wait: boolean;
  readonly timeout?: string | undefined;
  readonly idempotencyKey?: string | undefined;
  readonly yes: boolean;
  readonly json: boolean;
}

/** Beyond its own limit a command may wait for others before it starts. */
const queueAllowanceMs = 30_000;

export async function runAction(
  console: Console,
  name: ActionName,
  options: RunOptions,
  isReadonly: boolean,
): Promise<void> {
  const action: Action = catalogue[name];
  refuseWhenReadonly(isReadonly);
  const payload = parsePayload(name, options.set);
  if (action.target === 'agent' && options.agent === undefined) {
    throw new HqError('usage', `${name} needs an agent.`, {
      field: '--agent',
      hint: '`hq-tui agents` lists them.',
    });
  }
  if (options.timeout !== undefined && !options.wait) {
    throw new HqError('usage', 'There is nothing to wait for.', { field: '--timeout', hint: 'Add --wait.' });
  }
  const timeoutMs =
    options.timeout === undefined
      ? action.timeoutSeconds * 1000 * action.maxAttempts + queueAllowanceMs
      : parseSeconds(options.timeout, '--timeout');
  if (!options.yes && !console.canAsk) await confirm(console, action, name, '');
  const { client } = await enter(console.env);
  if (!options.yes) await confirm(console, action, name, await nameTarget(client, action, options));
  const { command, created } = await client.enqueue({
    action: name,
    payload,
    ...(options.gateway === undefined ? {} : { gateway: options.gateway }),
    ...(options.agent === undefined ? {} : { agent: options.agent }),
    ...(options.idempotencyKey === undefined ? {} : { idempotencyKey: options.idempotencyKey }),
    origin: 'cli',
  });
  if (!created) console.say('This idempotency key is known: here is the earlier command.');
  if (!options.wait) {
    await tellCommand(console, client, command, options.json, { created });
    return;
  }
  const finished = await follow(console, client, command.id, timeoutMs);
  await tellCommand(console, client, finished, options.json, { created });
  failUnlessDone(finished);
}

export async function watchCommand(
  console: Console,
  text: string,
  options: { readonly json: boolean; readonly timeout?: string | undefined },
): Promise<void> {
  const timeoutMs = options.timeout === undefined ? null : parseSeconds(options.timeout, '--timeout');
  const { client } = await enter(console.env);
  const finished = await follow(console, client, await findCommandId(client, text), timeoutMs);
  await tellCommand(console, client, finished, options.json, {});
  failUnlessDone(finished);
}

export async function cancelCommand(
  console: Console,
  text: string,
  options: { readonly json: boolean },
  isReadonly: boolean,
): Promise<void> {
  refuseWhenReadonly(isReadonly);
  const { client } = await enter(console.env);
  const command = await client.cancel(await findCommandId(client, text), 'cli');
  await tellCommand(console, client, command, options.json, {});
}

async function nameTarget(client: HqClient, action: Action, options: RunOptions): Promise<string> {
  if (action.target === 'workspace') return 'the workspace';
  if (options.agent !== undefined) return options.agent;
  if (options.gateway !== undefined) return options.gateway;
  const [only] = await readGateways(client);
  return only?.slug ?? 'the gateway';
}

async function tellCommand(
  console: Console,
  client: HqClient,
  command: CommandRow,
  asJson: boolean,
  more: { readonly created?: boolean },
): Promise<void> {
  if (asJson) {
    const names = namesOf(await readGateways(client));
    console.printJson({ command: commandShape(command, names, client.clock.now()), ...more });
    return;
  }
  switch (command.status) {
    case 'done':
      console.print(plain(describeResult(command.action, command.result) ?? 'done'));
      return;
    case 'failed':
      return;
    case 'cancelled':
      console.print(`${command.id} cancelled`);
      return;
    default:
      console.print(`${command.id} ${command.cancel_requested_at === null ? command.status : 'cancelling'}`);
  }
}

function failUnlessDone(command: CommandRow): void {
  if (command.status === 'done') return;
  if (command.status === 'cancelled') {
    throw new HqError(
      'cancelled',
      `The command was cancelled: ${command.error_message ?? 'no reason is known'}.`,
    );
  }
  const reason = command.error_message ?? `exit code ${command.exit_code ?? 'unknown'}`;
  throw new HqError('failed', `The command failed: ${reason}`, {
    hint: `\`hq-tui run ${command.action}\` asks for it again.`,
  });
}

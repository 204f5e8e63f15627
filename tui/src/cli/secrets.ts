import type { HqClient } from '@hq/shared/client';
import { HqError } from '@hq/shared/errors';
import { readAgents, readGateways, readSecrets } from '@hq/shared/queries';
import type { AgentRow, GatewayRow, SecretCategory, SecretRow } from '@hq/shared/rows';
import { plain } from '@hq/shared/text';
import { printedSecretColumns } from '../columns/secrets.ts';
import { layered } from '../secrets/layers.ts';
import { refuseCredential } from '../secrets/refuse-credential.ts';
import { readValueFile } from '../secrets/value-file.ts';
import {
  checkKeyName,
  checkValue,
  deleteSecret,
  keysFor,
  noteSecret,
  writeSecret,
} from '../secrets/write-secret.ts';
import { awaitSync } from './await-sync.ts';
import { confirmByName } from './confirm.ts';
import type { Console } from './console.ts';
import { enter } from './enter.ts';
import { findAgent, findGateway } from './find-by-name.ts';
import { readHiddenValue } from './hidden-value.ts';
import { document } from './lists.ts';
import { parseSeconds } from './moment.ts';
import { printTable, rowContext } from './print-table.ts';
import { refuseWhenReadonly } from './readonly.ts';
import { namesOf, secretShape } from './shapes.ts';

interface WhereOptions {
  readonly gateway?: string | undefined;
  readonly agent?: string | undefined;
  readonly json: boolean;
}

export interface WriteOptions extends WhereOptions {
  readonly file?: string | undefined;
  readonly keepNewline: boolean;
  readonly category?: SecretCategory | undefined;
  readonly name?: string | undefined;
  readonly note?: string | undefined;
  readonly wait: boolean;
  readonly timeout?: string | undefined;
}

/** The gateway's, or one agent's of it. */
interface Where {
  readonly gateway: GatewayRow;
  readonly agent: AgentRow | null;
}

const syncPatienceMs = 60_000;

export async function listSecrets(
  console: Console,
  options: WhereOptions & { readonly wide: boolean },
): Promise<void> {
  const entered = await enter(console.env);
  const { client } = entered;
  const [gateways, agents, secrets] = await Promise.all([
    readGateways(client),
    readAgents(client),
    readSecrets(client),
  ]);
  const agent = options.agent === undefined ? null : await findAgent(client, options.agent);
  const gateway =
    options.gateway !== undefined ? findGateway(gateways, options.gateway).id : (agent?.gateway_id ?? null);
  // What an agent has is its own and what its gateway gives to all.
  const shown = layered(secrets).filter(
    ({ gateway_id, agent_id }) =>
      (gateway === null || gateway_id === gateway) &&
      (agent === null || agent_id === null || agent_id === agent.id),
  );
  const names = { gateways: namesOf(gateways), agents: namesOf(agents) };
  if (options.json) {
    console.printJson(document(client, { secrets: shown.map((row) => secretShape(row, names)) }));
  } else {
    const context = rowContext(entered, gateways, agents);
    printTable(console, options, shown, printedSecretColumns, context, 'No secrets.');
  }
}

/** Stores a new secret (`set`), or another value of one that is there (`rotate`). */
export async function setSecret(
  console: Console,
  how: 'set' | 'rotate',
  words: readonly string[],
  options: WriteOptions,
  isReadonly: boolean,
): Promise<void> {
  refuseWhenReadonly(isReadonly);
  const key = keyOf(words, how);
  for (const text of [options.name, options.note]) refuseCredential(text);
  if (options.timeout !== undefined && !options.wait) {
    throw new HqError('usage', 'There is nothing to wait for.', { field: '--timeout', hint: 'Add --wait.' });
  }
  const patienceMs =
    options.timeout === undefined ? syncPatienceMs : parseSeconds(options.timeout, '--timeout');
  const { client } = await enter(console.env);
  const where = await findWhere(client, options);
  const known = await findSecret(client, key, where);
  if (how === 'set' && known !== null) {
    throw new HqError('conflict', `${key} of ${toldWhere(where)} exists.`, {
      hint: `\`hq-tui secrets rotate ${key}\` gives it another value.`,
    });
  }
  if (how === 'rotate' && known === null) throw noSuch(key, where);
  // Before anything is typed: it would be typed for nothing.
  await keysFor(client, console.env, where.gateway, `hq-tui secrets ${how} ${key}${whereWords(options)}`);
  const value =
    options.file === undefined
      ? await readHiddenValue(console, options.keepNewline)
      : await readValueFile(options.file, options.keepNewline);
  checkValue(value);
  const { secret, created } = await writeSecret(
    client,
    console.env,
    {
      key,
      value,
      gateway: where.gateway,
      agent: where.agent?.id ?? null,
      ...(options.category === undefined ? {} : { category: options.category }),
      ...(options.name === undefined ? {} : { name: options.name }),
      ...(options.note === undefined ? {} : { note: options.note }),
    },
    'cli',
  );
  const settled = options.wait ? await awaitSync(console, client, secret, patienceMs) : secret;
  await tellSecret(console, client, settled, options.json, { created }, created ? 'stored' : 'rotated');
  if (settled.sync_status === 'error') {
    throw new HqError(
      'failed',
      `${key} is not on the gateway: ${settled.sync_error ?? 'no reason was given'}`,
    );
  }
}

export async function noteOnSecret(
  console: Console,
  words: readonly string[],
  options: WhereOptions,
  isReadonly: boolean,
): Promise<void> {
  refuseWhenReadonly(isReadonly);
  const [key = '', note, ...more] = words;
  checkKeyName(key);
  if (note === undefined || more.length > 0) {
    throw new HqError('usage', 'A note is one argument behind the key; an empty one takes the note away.', {
      field: 'note',
    });
  }
  refuseCredential(note);
  const { client } = await enter(console.env);
  const secret = await needSecret(client, key, options);
  const noted = await noteSecret(client, secret.id, note, 'cli');
  await tellSecret(console, client, noted, options.json, {}, 'noted');
}

export async function removeSecret(
  console: Console,
  words: readonly string[],
  options: WhereOptions & { readonly yes: boolean },
  isReadonly: boolean,
): Promise<void> {
  refuseWhenReadonly(isReadonly);
  const [key = '', ...more] = words;
  checkKeyName(key);
  if (more.length > 0) throw new HqError('usage', 'It takes one key.', { field: 'key' });
  const what = `Deleting ${key} is destructive`;
  if (!options.yes && !console.canAsk) await confirmByName(console, what, '', key);
  const { client } = await enter(console.env);
  const where = await findWhere(client, options);
  const secret = await findSecret(client, key, where);
  if (secret === null) throw noSuch(key, where);
  if (!options.yes) {
    const told = `${key} of ${plain(toldWhere(where))} is deleted; its value cannot be brought back.`;
    await confirmByName(console, what, told, key);
  }
  const gone = await deleteSecret(client, secret.id, 'cli');
  await tellSecret(console, client, gone, options.json, {}, 'deleted');
}

/** The one word behind `set` and `rotate`. Whatever else stands there may be a value, and is not repeated. */
function keyOf(words: readonly string[], how: string): string {
  const [key = '', ...more] = words;
  if (more.some((word) => word !== '-') || key.includes('=')) {
    throw new HqError(
      'usage',
      'A value is never an argument: it would stand in the process list and in the history of the shell.',
      {
        field: 'value',
        hint: `Pipe it into \`hq-tui secrets ${how} KEY\`, type it when asked, or name a file with --file. If that was a real value, take it out of the history and rotate it where it comes from.`,
      },
    );
  }
  checkKeyName(key);
  return key;
}

async function findWhere(client: HqClient, options: WhereOptions): Promise<Where> {
  const gateways = await readGateways(client);
  const agent = options.agent === undefined ? null : await findAgent(client, options.agent);
  if (agent !== null && agent.gateway_id === null) {
    throw new HqError('conflict', `The agent ${agent.slug} is on no gateway.`, { field: '--agent' });
  }
  const gateway =
    options.gateway === undefined
      ? (gateways.find(({ id }) => id === agent?.gateway_id) ?? onlyOne(gateways))
      : findGateway(gateways, options.gateway);
  if (agent !== null && agent.gateway_id !== gateway.id) {
    throw new HqError('usage', `The agent ${agent.slug} is not on the gateway ${gateway.slug}.`, {
      field: '--agent',
    });
  }
  return { gateway, agent };
}

function onlyOne(gateways: readonly GatewayRow[]): GatewayRow {
  const [only, ...others] = gateways;
  if (only !== undefined && others.length === 0) return only;
  throw new HqError(
    'usage',
    only === undefined ? 'No gateway is registered yet.' : 'There are several gateways.',
    {
      field: '--gateway',
      ...(only === undefined ? {} : { hint: `Name one of ${gateways.map(({ slug }) => slug).join(', ')}.` }),
    },
  );
}

async function findSecret(
  client: HqClient,
  key: string,
  { gateway, agent }: Where,
): Promise<SecretRow | null> {
  const secrets = await readSecrets(client, { gatewayId: gateway.id, key });
  return secrets.find(({ agent_id }) => agent_id === (agent?.id ?? null)) ?? null;
}

async function needSecret(client: HqClient, key: string, options: WhereOptions): Promise<SecretRow> {
  const where = await findWhere(client, options);
  const secret = await findSecret(client, key, where);
  if (secret === null) throw noSuch(key, where);
  return secret;
}

function noSuch(key: string, where: Where): HqError {
  return new HqError('not_found', `There is no ${key} of ${toldWhere(where)}.`, {
    hint: '`hq-tui secrets list` shows what there is.',
  });
}

function toldWhere({ gateway, agent }: Where): string {
  return agent === null ? `the gateway ${gateway.slug}` : `the agent ${agent.slug}`;
}

/** The options that say where, for the call that a person repeats on the host. */
function whereWords({ gateway, agent }: WhereOptions): string {
  const words = { gateway, agent };
  return Object.entries(words)
    .flatMap(([name, value]) => (value === undefined ? [] : [` --${name} ${value}`]))
    .join('');
}

async function tellSecret(
  console: Console,
  client: HqClient,
  secret: SecretRow,
  asJson: boolean,
  more: { readonly created?: boolean },
  done: 'stored' | 'rotated' | 'noted' | 'deleted',
): Promise<void> {
  const [gateways, agents] = await Promise.all([readGateways(client), readAgents(client)]);
  const names = { gateways: namesOf(gateways), agents: namesOf(agents) };
  if (asJson) {
    const [row] = layered(
      await readSecrets(client, { gatewayId: secret.gateway_id, key: secret.key }),
    ).filter(({ id }) => id === secret.id);
    const shown = { overrides: false, overriddenFor: [], ...row, ...secret };
    console.printJson({ secret: secretShape(shown, names), ...more });
    return;
  }
  const agent = secret.agent_id === null ? undefined : names.agents.get(secret.agent_id);
  const of = agent ?? names.gateways.get(secret.gateway_id) ?? secret.gateway_id;
  const state = done === 'deleted' ? '' : `, ${secret.sync_status}`;
  console.print(plain(`${secret.key} of ${of} ${done}${state}`));
}

import { environmentFlag } from '@hq/shared/program';
import { modelServerProvider, providerOfKey, readSecretsKeys, seal } from '@hq/shared/secrets';
import type pg from 'pg';
import { withConnection } from '../../db/src/connection.ts';
import { nilTenant } from './member.ts';
import { type ModelServer, modelServer, problemOf, readModelServer } from './model-server.ts';

/** Variables that may hold a provider's key, each with the model of the first agent. */
const models = [
  ['ANTHROPIC_API_KEY', 'anthropic/claude-sonnet-4-6'],
  ['OPENAI_API_KEY', 'openai/gpt-5.5'],
] as const;

export interface FirstAgentOptions {
  readonly gatewayId: string;
  readonly serviceRoleKey: string;
  readonly variables: NodeJS.ProcessEnv;
  readonly report: (line: string) => void;
}

/** Models of the gateway's agents. */
export interface AgentModels {
  /** True where a script answers, since nothing else is there. */
  readonly isRehearsal: boolean;
  readonly server: ModelServer | null;
}

/** Secret with the key of a server that `OPENAI_BASE_URL` names. */
const serverKeyName = 'OPENAI_COMPATIBLE_API_KEY';

/**
 * Stores a provider's key or a model server of the environment with the gateway, and asks once for a first agent, which the
 * runner provisions when the gateway is ready. Throws `HqError` for a model server that cannot be used.
 */
export async function prepareFirstAgent(
  databaseUrl: string,
  options: FirstAgentOptions,
): Promise<AgentModels> {
  const { gatewayId, variables, report } = options;
  const named = await readModelServer(variables);
  return withConnection(databaseUrl, async (client) => {
    const key = models.find(([name]) => textOf(variables, name) !== '');
    const model = named === null ? key?.[1] : `${modelServerProvider}/${named.model}`;
    if (named !== null) await storeServer(client, options, named);
    else if (key !== undefined) await storeKey(client, options, key[0], key[0]);
    if (textOf(variables, 'HQ_FIRST_AGENT') === '' || environmentFlag(variables, 'HQ_FIRST_AGENT')) {
      await askForAgent(client, gatewayId, model);
    }
    if (model !== undefined) await setModel(client, gatewayId, model);
    const server = named ?? (await storedServer(client, gatewayId));
    const isRehearsal =
      textOf(variables, 'HQ_REHEARSAL') === ''
        ? server === null && !(await hasKey(client, gatewayId))
        : environmentFlag(variables, 'HQ_REHEARSAL');
    await reportModels({ isRehearsal, server, isNew: named !== null }, options);
    if (isRehearsal && textOf(variables, 'HQ_REHEARSAL') === '') {
      report('This is a rehearsal: no key of a model provider is set, so a script answers for the agents.');
      report('Start again with ANTHROPIC_API_KEY, OPENAI_API_KEY or OPENAI_BASE_URL for a real model.');
    }
    return { isRehearsal, server };
  });
}

async function reportModels(
  { isRehearsal, server, isNew }: AgentModels & { readonly isNew: boolean },
  { variables, report }: FirstAgentOptions,
): Promise<void> {
  if (isRehearsal || server === null) return;
  report(`Agents use the model ${server.model} of ${server.baseUrl}.`);
  if (isNew) return;
  // It was named by an earlier start: HQ starts without it too.
  const problem = await problemOf(server, textOf(variables, 'OPENAI_API_KEY'));
  if (problem !== null && !problem.startsWith('OPENAI_API_KEY')) report(`Their turns fail now: ${problem}`);
}

const textOf = (variables: NodeJS.ProcessEnv, name: string): string => variables[name]?.trim() ?? '';

/** Keeps the secret that is there: an operator may have set it. */
async function storeKey(
  client: pg.ClientBase,
  { gatewayId, serviceRoleKey, variables }: FirstAgentOptions,
  variable: string,
  name: string,
): Promise<void> {
  const { current } = readSecretsKeys({ SUPABASE_SERVICE_ROLE_KEY: serviceRoleKey });
  await client.query(
    `insert into public.secrets (tenant_id, gateway_id, key, name, encrypted_value, category)
     values ($1, $2, $3, $3, $4, 'integration') on conflict do nothing`,
    [nilTenant, gatewayId, name, seal(textOf(variables, variable), current)],
  );
}

/** Replaces the key of another server, which must not get into the hands of this one. */
async function storeServer(
  client: pg.ClientBase,
  options: FirstAgentOptions,
  server: ModelServer,
): Promise<void> {
  const { gatewayId, variables } = options;
  await client.query('delete from public.secrets where gateway_id = $1 and key = $2', [
    gatewayId,
    serverKeyName,
  ]);
  if (textOf(variables, 'OPENAI_API_KEY') !== '')
    await storeKey(client, options, 'OPENAI_API_KEY', serverKeyName);
  await client.query(
    `update public.gateways g set meta = g.meta || jsonb_build_object('model_server', $2::jsonb) where g.id = $1`,
    [gatewayId, JSON.stringify(server)],
  );
}

async function storedServer(client: pg.ClientBase, gatewayId: string): Promise<ModelServer | null> {
  const { rows } = await client.query<{ server: unknown }>(
    `select g.meta -> 'model_server' as server from public.gateways g where g.id = $1`,
    [gatewayId],
  );
  return modelServer.safeParse(rows[0]?.server).data ?? null;
}

/** Gives the first agent the model of this start, unless an operator has given it another one. */
async function setModel(client: pg.ClientBase, gatewayId: string, model: string): Promise<void> {
  await client.query(
    `update public.agents a set model = $2
     from public.gateways g
     where g.id = $1 and g.meta ? 'first_agent' and a.gateway_id = g.id and a.slug = 'first'
       and (a.model is null or starts_with(a.model, $3)) and a.model is distinct from $2`,
    [gatewayId, model, `${modelServerProvider}/`],
  );
}

async function hasKey(client: pg.ClientBase, gatewayId: string): Promise<boolean> {
  const { rowCount } = await client.query(
    'select from public.secrets where gateway_id = $1 and key = any ($2)',
    [gatewayId, [...providerOfKey.keys()]],
  );
  return (rowCount ?? 0) > 0;
}

/** Asks for an agent where the gateway never had one. An agent that was removed does not come back. */
async function askForAgent(
  client: pg.ClientBase,
  gatewayId: string,
  model: string | undefined,
): Promise<void> {
  const payload = { name: 'First', slug: 'first', ...(model === undefined ? {} : { model }) };
  // One statement: a kill asks neither for two agents nor for none.
  await client.query(
    `with marked as (
       update public.gateways g set meta = g.meta || '{"first_agent": true}'
       where g.id = $1 and not g.meta ? 'first_agent' and not exists (select from public.agents a where a.gateway_id = g.id)
       returning g.id, g.tenant_id
     )
     insert into public.agent_commands (tenant_id, gateway_id, action, payload, origin)
     select m.tenant_id, m.id, 'provision', $2, 'api' from marked m`,
    [gatewayId, JSON.stringify(payload)],
  );
}

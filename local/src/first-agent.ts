import { environmentFlag } from '@hq/shared/program';
import { providerOfKey, readSecretsKeys, seal } from '@hq/shared/secrets';
import type pg from 'pg';
import { withConnection } from '../../db/src/connection.ts';
import { nilTenant } from './member.ts';

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

/**
 * Stores a provider's key of the environment as a secret of the gateway, and asks once for a first agent, which the runner
 * provisions when the gateway is ready. Returns whether a script answers for the agents, since no key is there.
 */
export function prepareFirstAgent(databaseUrl: string, options: FirstAgentOptions): Promise<boolean> {
  const { gatewayId, variables, report } = options;
  return withConnection(databaseUrl, async (client) => {
    const found = models.find(([name]) => textOf(variables, name) !== '');
    if (found !== undefined) await storeKey(client, options, found[0]);
    if (textOf(variables, 'HQ_FIRST_AGENT') === '' || environmentFlag(variables, 'HQ_FIRST_AGENT')) {
      await askForAgent(client, gatewayId, found?.[1]);
    }
    if (textOf(variables, 'HQ_REHEARSAL') !== '') return environmentFlag(variables, 'HQ_REHEARSAL');
    const isRehearsal = !(await hasKey(client, gatewayId));
    if (isRehearsal) {
      report('This is a rehearsal: no key of a model provider is set, so a script answers for the agents.');
      report('Start again with ANTHROPIC_API_KEY or OPENAI_API_KEY for a real model.');
    }
    return isRehearsal;
  });
}

const textOf = (variables: NodeJS.ProcessEnv, name: string): string => variables[name]?.trim() ?? '';

/** Keeps the secret that is there: an operator may have set it. */
async function storeKey(
  client: pg.ClientBase,
  { gatewayId, serviceRoleKey, variables }: FirstAgentOptions,
  name: string,
): Promise<void> {
  const { current } = readSecretsKeys({ SUPABASE_SERVICE_ROLE_KEY: serviceRoleKey });
  await client.query(
    `insert into public.secrets (tenant_id, gateway_id, key, name, encrypted_value, category)
     values ($1, $2, $3, $3, $4, 'integration') on conflict do nothing`,
    [nilTenant, gatewayId, name, seal(textOf(variables, name), current)],
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

import type { HqClient } from '@hq/shared/client';
import { HqError } from '@hq/shared/errors';
import { readAgents } from '@hq/shared/queries';
import type { AgentRow, GatewayRow } from '@hq/shared/rows';

/** Finds a gateway by id or slug. */
export function findGateway(gateways: readonly GatewayRow[], name: string): GatewayRow {
  const found =
    gateways.find((gateway) => gateway.id === name) ?? gateways.find((gateway) => gateway.slug === name);
  if (found !== undefined) return found;
  throw new HqError('not_found', `There is no gateway “${name}”.`, {
    field: '--gateway',
    hint:
      gateways.length === 0
        ? 'None is registered yet.'
        : `Known: ${gateways.map((one) => one.slug).join(', ')}.`,
  });
}

/** Finds an agent by id or slug. */
export async function findAgent(client: HqClient, name: string): Promise<AgentRow> {
  const agents = await readAgents(client);
  const found = agents.find((agent) => agent.id === name) ?? agents.find((agent) => agent.slug === name);
  if (found !== undefined) return found;
  throw new HqError('not_found', `There is no agent “${name}”.`, {
    field: '--agent',
    hint: '`hq-tui agents` lists them.',
  });
}

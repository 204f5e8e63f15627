import type { HqClient } from '../client/index.ts';
import type { LiveQuery } from '../live/index.ts';
import { type AgentRow, agentRow } from '../rows/index.ts';
import { readRows } from './read-rows.ts';
import { updatedAt } from './row-order.ts';
import { watchRows } from './watch-rows.ts';

const source = { table: 'agents', row: agentRow, order: ['slug', 'id'] } as const;

/** Reads all agents, those of a gateway, or the one of a slug. */
export function readAgents(
  client: HqClient,
  filter: { readonly gatewayId?: string; readonly slug?: string } = {},
): Promise<AgentRow[]> {
  return readRows(client, {
    ...source,
    where: [
      ['gateway_id', 'eq', filter.gatewayId],
      ['slug', 'eq', filter.slug],
    ],
  });
}

export function liveAgents(client: HqClient): LiveQuery<AgentRow> {
  return watchRows<AgentRow>(client, {
    ...source,
    read: () => readAgents(client),
    version: updatedAt,
  });
}

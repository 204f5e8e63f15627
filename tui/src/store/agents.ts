import type { HqClient } from '@hq/shared/client';
import { createLiveQuery, type LiveQuery } from '@hq/shared/live';
import { type AgentRow, agentRow } from '@hq/shared/rows';
import { byText } from './order.ts';
import { parseRow, readRows } from './read-rows.ts';

export function readAgents(client: HqClient, gatewayId?: string): Promise<AgentRow[]> {
  return readRows(client, {
    table: 'agents',
    row: agentRow,
    where: [['gateway_id', 'eq', gatewayId]],
    order: ['slug', 'id'],
  });
}

export function agentsStore(client: HqClient): LiveQuery<AgentRow> {
  return createLiveQuery<AgentRow>({
    client: client.supabase,
    bindings: [{ table: 'agents' }],
    read: () => readAgents(client),
    parse: (record) => parseRow(agentRow, record),
    key: (row) => row.id,
    compare: byText((row) => row.slug),
    version: (row) => Date.parse(row.updated_at),
  });
}

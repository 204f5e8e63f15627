import type { HqClient } from '../client/index.ts';
import type { LiveQuery } from '../live/index.ts';
import { type AgentActivityRow, agentActivityRow } from '../rows/index.ts';
import { readRows } from './read-rows.ts';
import { updatedAt } from './row-order.ts';
import { watchRows } from './watch-rows.ts';

const source = { table: 'agent_activity', row: agentActivityRow, order: ['agent_id'] } as const;

/** Follows the turn of one agent: a row, or none for an agent that never had one. */
export function liveAgentActivity(client: HqClient, agentId: string): LiveQuery<AgentActivityRow> {
  return watchRows<AgentActivityRow>(client, {
    ...source,
    changes: { filter: `agent_id=eq.${agentId}` },
    read: () => readRows(client, { ...source, where: [['agent_id', 'eq', agentId]] }),
    version: updatedAt,
  });
}

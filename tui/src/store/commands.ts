import type { HqClient } from '@hq/shared/client';
import { createLiveQuery, type LiveQuery } from '@hq/shared/live';
import { type CommandRow, type CommandStatus, commandRow } from '@hq/shared/rows';
import { newestFirst } from './order.ts';
import { parseRow, readRows } from './read-rows.ts';

const table = 'agent_commands';
/** How many of the newest commands a screen holds. */
const windowSize = 500;

export interface CommandsFilter {
  readonly gatewayId?: string;
  readonly agentId?: string;
  readonly status?: CommandStatus;
  /** A time that the database understands. */
  readonly since?: string;
  readonly limit?: number;
}

export function readCommands(client: HqClient, filter: CommandsFilter = {}): Promise<CommandRow[]> {
  return readRows(client, {
    table,
    row: commandRow,
    where: [
      ['gateway_id', 'eq', filter.gatewayId],
      ['agent_id', 'eq', filter.agentId],
      ['status', 'eq', filter.status],
      ['created_at', 'gte', filter.since],
    ],
    order: ['created_at', 'id'],
    isNewestFirst: true,
    limit: filter.limit ?? windowSize,
  });
}

/** The newest commands, of everything or of one gateway or agent. */
export function commandsStore(
  client: HqClient,
  filter: Pick<CommandsFilter, 'gatewayId' | 'agentId'> = {},
): LiveQuery<CommandRow> {
  const realtimeFilter =
    filter.agentId !== undefined
      ? `agent_id=eq.${filter.agentId}`
      : filter.gatewayId !== undefined
        ? `gateway_id=eq.${filter.gatewayId}`
        : undefined;
  return createLiveQuery<CommandRow>({
    client: client.supabase,
    bindings: [{ table, ...(realtimeFilter === undefined ? {} : { filter: realtimeFilter }) }],
    read: () => readCommands(client, filter),
    parse: (record) => parseRow(commandRow, record),
    key: (row) => row.id,
    compare: newestFirst,
    limit: windowSize,
    version: (row) => Date.parse(row.updated_at),
  });
}

/** One command: no row while it loads, and none where it does not exist for this member. */
export function commandStore(client: HqClient, id: string): LiveQuery<CommandRow> {
  return createLiveQuery<CommandRow>({
    client: client.supabase,
    bindings: [{ table, filter: `id=eq.${id}` }],
    read: () =>
      readRows(client, { table, row: commandRow, where: [['id', 'eq', id]], order: ['id'], limit: 1 }),
    parse: (record) => parseRow(commandRow, record),
    key: (row) => row.id,
    compare: newestFirst,
    version: (row) => Date.parse(row.updated_at),
    timing: { resyncMs: 10_000, pollMs: 1_000 },
  });
}

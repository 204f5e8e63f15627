import type { HqClient } from '../client/index.ts';
import type { LiveQuery } from '../live/index.ts';
import { type CommandRow, type CommandStatus, commandRow } from '../rows/index.ts';
import { readRows } from './read-rows.ts';
import { newestFirst, updatedAt } from './row-order.ts';
import { promptTiming, watchRows } from './watch-rows.ts';

const source = { table: 'agent_commands', row: commandRow, ...newestFirst } as const;
/** The newest commands that a screen holds. */
const windowSize = 500;
/** The most ids whose request still fits into one URL. */
const idsPerRequest = 150;

interface CommandsFilter {
  readonly gatewayId?: string;
  readonly agentId?: string;
  readonly status?: CommandStatus;
  /** A time in any form that Postgres parses. */
  readonly since?: string;
  readonly limit?: number;
}

export function readCommands(client: HqClient, filter: CommandsFilter = {}): Promise<CommandRow[]> {
  return readRows(client, {
    ...source,
    where: [
      ['gateway_id', 'eq', filter.gatewayId],
      ['agent_id', 'eq', filter.agentId],
      ['status', 'eq', filter.status],
      ['created_at', 'gte', filter.since],
    ],
    limit: filter.limit ?? windowSize,
  });
}

/** Counts the commands with a status, those that nobody holds rows of included. */
export function countCommands(client: HqClient, status: CommandStatus): Promise<number> {
  const request = client.supabase
    .from('agent_commands')
    .select('id', { count: 'exact', head: true })
    .eq('status', status);
  return client.ask(request.then(({ count, ...answer }) => ({ ...answer, data: count ?? 0 })));
}

/** Reads the commands with these ids, in no particular order. */
export async function readCommandsById(client: HqClient, ids: readonly string[]): Promise<CommandRow[]> {
  const rows: CommandRow[] = [];
  for (let from = 0; from < ids.length; from += idsPerRequest) {
    const some = ids.slice(from, from + idsPerRequest);
    rows.push(...(await readRows(client, { ...source, where: [['id', 'in', some]] })));
  }
  return rows;
}

/** Reads the newest commands whose ids are within a range: at most a page of them. */
export function readCommandsBetween(
  client: HqClient,
  [first, last]: readonly [first: string, last: string],
): Promise<CommandRow[]> {
  return readRows(client, {
    ...source,
    where: [
      ['id', 'gte', first],
      ['id', 'lte', last],
    ],
    limit: idsPerRequest,
  });
}

/** The newest commands, of the workspace or of one gateway or agent. */
export function liveCommands(
  client: HqClient,
  filter: Pick<CommandsFilter, 'gatewayId' | 'agentId'> = {},
): LiveQuery<CommandRow> {
  const { agentId, gatewayId } = filter;
  const [column, id] = agentId === undefined ? ['gateway_id', gatewayId] : ['agent_id', agentId];
  return watchRows<CommandRow>(client, {
    ...source,
    version: updatedAt,
    changes: id === undefined ? {} : { filter: `${column}=eq.${id}` },
    read: (limit = windowSize) => readCommands(client, { ...filter, limit }),
    limit: windowSize,
  });
}

/** One command; no row while it loads, and none if it does not exist for this member. */
export function liveCommand(client: HqClient, id: string): LiveQuery<CommandRow> {
  return watchRows<CommandRow>(client, {
    ...source,
    version: updatedAt,
    changes: { filter: `id=eq.${id}` },
    read: () => readCommandsById(client, [id]),
    timing: promptTiming,
  });
}

/**
 * The commands that `ids` returns at each read, and every command that changes in between. Holds at most `limit`, the
 * newest.
 */
export function liveCommandsById(
  client: HqClient,
  ids: () => readonly string[],
  limit: number,
): LiveQuery<CommandRow> {
  return watchRows<CommandRow>(client, {
    ...source,
    version: updatedAt,
    read: () => readCommandsById(client, ids()),
    limit,
    timing: promptTiming,
  });
}

import type { HqClient } from '../client/index.ts';
import type { LiveQuery } from '../live/index.ts';
import { type CommandOutputRow, commandOutputRow } from '../rows/index.ts';
import { readRows } from './read-rows.ts';
import { promptTiming, watchRows } from './watch-rows.ts';

const source = { table: 'agent_command_output', row: commandOutputRow, order: ['attempt', 'seq'] } as const;

export function readCommandOutput(client: HqClient, commandId: string): Promise<CommandOutputRow[]> {
  return readRows(client, { ...source, where: [['command_id', 'eq', commandId]] });
}

/** Reads the end of the output of a command's last attempt: at most `limit` rows, in order. */
export async function readLastOutput(
  client: HqClient,
  commandId: string,
  limit: number,
): Promise<CommandOutputRow[]> {
  const rows = await readRows(client, {
    ...source,
    where: [['command_id', 'eq', commandId]],
    isNewestFirst: true,
    limit,
  });
  return rows.filter((row) => row.attempt === rows[0]?.attempt).reverse();
}

/** The output of all attempts so far, in order. The database bounds it to 256 KiB an attempt. */
export function liveCommandOutput(client: HqClient, commandId: string): LiveQuery<CommandOutputRow> {
  return watchRows<CommandOutputRow>(client, {
    ...source,
    changes: { event: 'INSERT', filter: `command_id=eq.${commandId}` },
    read: () => readCommandOutput(client, commandId),
    timing: promptTiming,
  });
}

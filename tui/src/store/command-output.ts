import type { HqClient } from '@hq/shared/client';
import { createLiveQuery, type LiveQuery } from '@hq/shared/live';
import { type CommandOutputRow, commandOutputRow } from '@hq/shared/rows';
import { parseRow, readRows } from './read-rows.ts';

const table = 'agent_command_output';

export function readCommandOutput(client: HqClient, commandId: string): Promise<CommandOutputRow[]> {
  return readRows(client, {
    table,
    row: commandOutputRow,
    where: [['command_id', 'eq', commandId]],
    order: ['attempt', 'seq'],
  });
}

/** What a command has written so far, in order, all attempts. The database bounds it to 256 KiB an attempt. */
export function commandOutputStore(client: HqClient, commandId: string): LiveQuery<CommandOutputRow> {
  return createLiveQuery<CommandOutputRow>({
    client: client.supabase,
    bindings: [{ table, event: 'INSERT', filter: `command_id=eq.${commandId}` }],
    read: () => readCommandOutput(client, commandId),
    parse: (record) => parseRow(commandOutputRow, record),
    key: (row) => `${row.attempt}/${row.seq}`,
    compare: (a, b) => a.attempt - b.attempt || a.seq - b.seq,
    timing: { resyncMs: 10_000, pollMs: 1_000 },
  });
}

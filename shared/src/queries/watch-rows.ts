import type { HqClient } from '../client/index.ts';
import { type ChangeBinding, createLiveQuery, type LiveQuery, type LiveQueryOptions } from '../live/index.ts';
import { parseRow, type RowSchema } from './read-rows.ts';

interface RowsWatch<Row extends object> extends Omit<LiveQueryOptions<Row>, 'client' | 'bindings' | 'parse'> {
  readonly table: string;
  readonly row: RowSchema<Row>;
  /** Narrows the changes that are subscribed to; all changes of the table otherwise. */
  readonly changes?: Omit<ChangeBinding, 'table'>;
}

/** Keeps the rows that `read` returns up to date by the changes of their table. */
export function watchRows<Row extends object>(
  client: HqClient,
  { table, row, changes = {}, ...query }: RowsWatch<Row>,
): LiveQuery<Row> {
  return createLiveQuery<Row>({
    ...query,
    client: client.supabase,
    bindings: [{ table, ...changes }],
    parse: (record) => parseRow(row, record),
  });
}

/** Timing for the rows of one command that a user waits for. */
export const promptTiming = { resyncMs: 10_000, pollMs: 1_000 };

import type { HqClient } from '../client/index.ts';
import { type ChangeBinding, createLiveQuery, type LiveQuery, type LiveQueryOptions } from '../live/index.ts';
import { parseRow, type RowsSource } from './read-rows.ts';
import { inOrder } from './row-order.ts';

interface RowsWatch<Row extends object>
  extends RowsSource<Row>,
    Pick<LiveQueryOptions<Row>, 'read' | 'limit' | 'timing' | 'version'> {
  /** Narrows the changes that are subscribed to; all changes of the table otherwise. */
  readonly changes?: Omit<ChangeBinding, 'table'>;
}

/** Keeps the rows that `read` returns up to date by the changes of their table. */
export function watchRows<Row extends object>(
  client: HqClient,
  { table, row, order, isNewestFirst = false, changes = {}, ...query }: RowsWatch<Row>,
): LiveQuery<Row> {
  // A table without an id is ordered by its primary key.
  const id = order.find((column) => column === 'id');
  return createLiveQuery<Row>({
    ...query,
    key: (each) => (id === undefined ? order.map((column) => each[column]).join('/') : String(each[id])),
    compare: inOrder(order, isNewestFirst),
    client: client.supabase,
    bindings: [{ table, ...changes }],
    parse: (record) => parseRow(row, record),
  });
}

/** Timing for the rows of one command that a user waits for. */
export const promptTiming = { resyncMs: 10_000, pollMs: 1_000 };

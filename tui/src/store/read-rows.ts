import type { HqClient } from '@hq/shared/client';
import { readAll } from '@hq/shared/live';
import type { z } from 'zod';

type Query = ReturnType<ReturnType<HqClient['supabase']['from']>['select']>;
type RowSchema<Row> = z.ZodType<Row> & { readonly shape: Readonly<Record<string, unknown>> };

export interface RowsQuery<Row> {
  readonly table: string;
  /** Its keys are the columns that are read. */
  readonly row: RowSchema<Row>;
  /** Narrows and orders; the order must be total. */
  readonly shape: (query: Query) => Query;
  readonly limit?: number;
}

/** Reads the rows of a table that this program understands. Fails with an `HqError`. */
export async function readRows<Row>(
  client: HqClient,
  { table, row, shape, limit }: RowsQuery<Row>,
): Promise<Row[]> {
  const columns = Object.keys(row.shape).join(',');
  const records = await readAll<unknown>(
    (from, to) => client.ask<unknown[]>(shape(client.supabase.from(table).select(columns)).range(from, to)),
    limit,
  );
  return records.flatMap((record) => parseRow(row, record) ?? []);
}

/** Null for what another version of the database, or a hand, wrote in a way that cannot be shown. */
export function parseRow<Row>(row: RowSchema<Row>, record: unknown): Row | null {
  const parsed = row.safeParse(record);
  return parsed.success ? parsed.data : null;
}

import type { HqClient } from '@hq/shared/client';
import type { Database } from '@hq/shared/database';
import { readAll } from '@hq/shared/live';
import type { z } from 'zod';

type RowSchema<Row> = z.ZodType<Row> & { readonly shape: Readonly<Record<string, unknown>> };

export interface RowsQuery<Row> {
  readonly table: keyof Database['public']['Tables'];
  /** Its keys are the columns that are read. */
  readonly row: RowSchema<Row>;
  readonly where?: readonly Condition<Row>[];
  /** Must be total, or a row may be missed between two pages. */
  readonly order: readonly (keyof Row & string)[];
  readonly isNewestFirst?: boolean;
  readonly limit?: number;
}

/** A condition that does not count where its value is undefined. */
type Condition<Row> = readonly [
  column: keyof Row & string,
  operator: 'eq' | 'gte' | 'is',
  value: string | null | undefined,
];

/** Reads the rows of a table that this program understands. Fails with an `HqError`. */
export async function readRows<Row>(client: HqClient, query: RowsQuery<Row>): Promise<Row[]> {
  const columns = Object.keys(query.row.shape).join(',');
  const readPage = (from: number, to: number): Promise<unknown[]> => {
    let page = client.supabase.from(query.table).select(columns);
    for (const [column, operator, value] of query.where ?? []) {
      if (value !== undefined) page = page.filter(column, operator, value);
    }
    for (const column of query.order) page = page.order(column, { ascending: query.isNewestFirst !== true });
    return client.ask<unknown[]>(page.range(from, to));
  };
  const records = await readAll(readPage, query.limit);
  return records.flatMap((record) => parseRow(query.row, record) ?? []);
}

/** Null for what another version of the database, or a hand, wrote in a way that cannot be shown. */
export function parseRow<Row>(row: RowSchema<Row>, record: unknown): Row | null {
  const parsed = row.safeParse(record);
  return parsed.success ? parsed.data : null;
}

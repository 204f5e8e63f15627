import type { z } from 'zod';
import type { HqClient } from '../client/index.ts';
import type { Database } from '../database.generated.ts';
import { readAll } from '../live/index.ts';

export type RowSchema<Row> = z.ZodType<Row> & { readonly shape: Readonly<Record<string, unknown>> };

/** The rows of a table, in their order. */
export interface RowsSource<Row> {
  readonly table: keyof Database['public']['Tables'];
  /** Its keys are the columns that are read. */
  readonly row: RowSchema<Row>;
  /** Must be total, or a row may be missed between two pages. */
  readonly order: readonly (keyof Row & string)[];
  readonly isNewestFirst?: boolean;
}

interface RowsQuery<Row> extends RowsSource<Row> {
  readonly where?: readonly Condition<Row>[];
  readonly limit?: number;
}

/** A condition; it does not count if its value is undefined. */
type Condition<Row> = readonly [
  column: keyof Row & string,
  operator: 'eq' | 'gte' | 'lte' | 'is' | 'in',
  value: string | readonly string[] | null | undefined,
];

/** Reads the rows of a table that this program can parse. Fails with an `HqError`. */
export async function readRows<Row>(client: HqClient, query: RowsQuery<Row>): Promise<Row[]> {
  const columns = Object.keys(query.row.shape).join(',');
  const readPage = (from: number, to: number): Promise<unknown[]> => {
    let page = client.supabase.from(query.table).select(columns);
    for (const [column, operator, value] of query.where ?? []) {
      if (value === undefined) continue;
      page = page.filter(column, operator, Array.isArray(value) ? `(${value.join(',')})` : value);
    }
    for (const column of query.order) page = page.order(column, { ascending: query.isNewestFirst !== true });
    return client.ask<unknown[]>(page.range(from, to));
  };
  const records = await readAll(readPage, query.limit);
  return records.flatMap((record) => parseRow(query.row, record) ?? []);
}

/** Returns null for a row that another version of HQ or a manual change wrote in an unknown form. */
export function parseRow<Row>(row: RowSchema<Row>, record: unknown): Row | null {
  const parsed = row.safeParse(record);
  return parsed.success ? parsed.data : null;
}

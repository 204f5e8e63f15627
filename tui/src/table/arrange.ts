import { cellText, filterText, type Table } from './column.ts';
import type { Sort } from './row-text.ts';

const collator = new Intl.Collator('en', { numeric: true });

/** Returns the rows that match a filter, sorted. Rows with equal keys keep their order. */
export function arrange<Row, Context>(
  table: Table<Row, Context>,
  rows: readonly Row[],
  context: Context,
  options: { readonly matches: ((text: string) => boolean) | null; readonly sort: Sort | null },
): readonly Row[] {
  const { matches, sort } = options;
  const kept = matches === null ? rows : rows.filter((row) => matches(filterText(table, row, context)));
  const column = table.columns.find(({ key }) => key === sort?.column);
  if (column === undefined) return kept;
  const keyOf = column.sortKey ?? ((row: Row) => cellText(column, row, context));
  const direction = sort?.descending ? -1 : 1;
  const keyed = kept.map((row) => ({ row, key: keyOf(row, context) }));
  keyed.sort(({ key: a }, { key: b }) => {
    if (typeof a === 'number' && typeof b === 'number') return (a - b) * direction;
    return collator.compare(String(a), String(b)) * direction;
  });
  return keyed.map(({ row }) => row);
}

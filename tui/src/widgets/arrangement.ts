import { type Column, cellText, filterText, type Identified, type Table } from '../table/column.ts';
import type { Sort } from '../table/row-text.ts';
import { matcher } from './filter.ts';

type Key = string | number;
interface Looked {
  readonly lookups: unknown;
}

const collator = new Intl.Collator('en', { numeric: true });

/** Filters and orders the rows of one table. Rows are ordered again only when a key of the order changed: ordering costs the most. */
export class Arrangement<Row extends Identified, Context extends Looked> {
  #dependencies: readonly unknown[] = [];
  #rows: readonly Row[] = [];
  #keys: readonly Key[] = [];
  #sort: Sort | null = null;
  #column: Column<Row, Context> | null = null;
  /** Keys of the column that depend on their row alone. */
  #keysOfRows = new WeakMap<Row, Key>();
  /** The places of the ordered rows among those that the filter kept. */
  #order: readonly number[] = [];
  #arranged: readonly Row[] = [];

  /** `moment` changes when keys may have changed with the time alone. */
  of(
    table: Table<Row, Context>,
    rows: readonly Row[],
    context: Context,
    {
      filter,
      sort,
      moment,
    }: { readonly filter: string; readonly sort: Sort | null; readonly moment: number },
  ): readonly Row[] {
    const dependencies = [table, rows, context.lookups, filter, sort, moment];
    if (dependencies.every((each, at) => each === this.#dependencies[at])) return this.#arranged;
    this.#dependencies = dependencies;
    const matches = filter === '' ? null : matcher(filter);
    const kept = matches === null ? rows : rows.filter((row) => matches(filterText(table, row, context)));
    const column = table.columns.find(({ header }) => header === sort?.column);
    if (column === undefined || sort === null) {
      this.#sort = null;
      this.#arranged = kept;
      return kept;
    }
    const keys = this.#keysOf(column, kept, context);
    if (!this.#isSameOrder(kept, keys, sort)) this.#order = ordered(keys, sort.descending);
    this.#rows = kept;
    this.#keys = keys;
    this.#sort = sort;
    this.#arranged = inOrder(kept, this.#order);
    return this.#arranged;
  }

  #keysOf(column: Column<Row, Context>, rows: readonly Row[], context: Context): readonly Key[] {
    const keyOf = column.sortKey ?? ((row: Row) => cellText(column, row, context));
    // A function that takes the row alone gives the same key while the row is the same object.
    if ((column.sortKey ?? column.value).length > 1) return rows.map((row) => keyOf(row, context));
    if (column !== this.#column) this.#keysOfRows = new WeakMap();
    this.#column = column;
    return rows.map((row) => {
      const known = this.#keysOfRows.get(row);
      if (known !== undefined) return known;
      const key = keyOf(row, context);
      this.#keysOfRows.set(row, key);
      return key;
    });
  }

  #isSameOrder(rows: readonly Row[], keys: readonly Key[], sort: Sort): boolean {
    return (
      sort === this.#sort &&
      rows.length === this.#rows.length &&
      keys.every((key, at) => key === this.#keys[at]) &&
      rows.every((row, at) => {
        return row.id === this.#rows[at]?.id;
      })
    );
  }
}

function inOrder<Row>(rows: readonly Row[], order: readonly number[]): readonly Row[] {
  const ordered: Row[] = [];
  for (const at of order) {
    const row = rows[at];
    if (row !== undefined) ordered.push(row);
  }
  return ordered;
}

/** Equal keys keep the order that the feed has. */
function ordered(keys: readonly Key[], isDescending: boolean): readonly number[] {
  const turn = isDescending ? -1 : 1;
  const keyed = keys.map((key, at) => ({ key, at }));
  keyed.sort(({ key: a }, { key: b }) =>
    typeof a === 'number' && typeof b === 'number'
      ? (a - b) * turn
      : collator.compare(String(a), String(b)) * turn,
  );
  return keyed.map(({ at }) => at);
}

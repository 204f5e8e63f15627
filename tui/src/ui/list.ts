import { arrange } from '../table/arrange.ts';
import type { Table } from '../table/column.ts';
import { fitColumns } from '../table/layout.ts';
import type { Sort } from '../table/row-text.ts';
import { matcher } from './filter.ts';

/**
 * What an operator sees of a table: the filter, the order, and a selection that holds on to the row, not to its place.
 * The rows are arranged anew only when something they depend on is another object.
 */
export class List<Row, Context> {
  readonly table: Table<Row, Context>;
  #filter = '';
  #matches: ((text: string) => boolean) | null = null;
  #sort: Sort | null;
  #selected: string | null = null;
  #index = 0;
  #top = 0;
  #rows: readonly Row[] = [];
  #dependencies: readonly unknown[] = [];
  #total = 0;

  constructor(table: Table<Row, Context>, sort: Sort | null) {
    this.table = table;
    this.#sort = sort;
  }

  get filter(): string {
    return this.#filter;
  }

  get sort(): Sort | null {
    return this.#sort;
  }

  get rows(): readonly Row[] {
    return this.#rows;
  }

  /** How many rows there are without the filter. */
  get total(): number {
    return this.#total;
  }

  get index(): number {
    return this.#index;
  }

  get selected(): Row | null {
    return this.#rows[this.#index] ?? null;
  }

  /** Takes the rows of this moment. `dependencies` is everything the context is made of. */
  update(rows: readonly Row[], context: Context, dependencies: readonly unknown[]): void {
    const now = [rows, this.#filter, this.#sort, ...dependencies];
    if (now.length === this.#dependencies.length && now.every((each, at) => each === this.#dependencies[at]))
      return;
    this.#dependencies = now;
    this.#total = rows.length;
    this.#rows = arrange(this.table, rows, context, { matches: this.#matches, sort: this.#sort });
    this.#hold();
  }

  setFilter(filter: string): void {
    this.#filter = filter;
    this.#matches = filter === '' ? null : matcher(filter);
  }

  /** Orders by the next of the columns that a width shows. */
  sortByNext(width: number): void {
    const columns = fitColumns(this.table.columns, width).map(({ column }) => column.key);
    const at = columns.indexOf(this.#sort?.column ?? '');
    const next = columns[(at + 1) % columns.length];
    if (next !== undefined) this.#sort = { column: next, descending: false };
  }

  turnSort(): void {
    if (this.#sort !== null) this.#sort = { ...this.#sort, descending: !this.#sort.descending };
  }

  move(by: number): void {
    this.moveTo(this.#index + by);
  }

  moveTo(index: number): void {
    this.#index = Math.max(0, Math.min(this.#rows.length - 1, index));
    const row = this.selected;
    this.#selected = row === null ? null : this.table.id(row);
  }

  select(id: string): void {
    this.#selected = id;
    this.#hold();
  }

  /** The part of the rows that a window of this height shows, always with the selected one. */
  window(height: number): { readonly first: number; readonly rows: readonly Row[] } {
    this.#top = scrollTo(this.#top, this.#index, height, this.#rows.length);
    return { first: this.#top, rows: this.#rows.slice(this.#top, this.#top + height) };
  }

  #hold(): void {
    const found =
      this.#selected === null ? -1 : this.#rows.findIndex((row) => this.table.id(row) === this.#selected);
    // The row is gone: what has taken its place is selected, and only a key press makes that the new hold.
    this.#index = Math.max(0, Math.min(found === -1 ? this.#index : found, this.#rows.length - 1));
    if (this.#selected === null && this.selected !== null) this.#selected = this.table.id(this.selected);
  }
}

/** The first visible row of a window of `height` rows that moves no further than it must to show `index`. */
function scrollTo(top: number, index: number, height: number, count: number): number {
  const last = Math.max(0, count - height);
  const wanted = index < top ? index : index >= top + height ? index - height + 1 : top;
  return Math.min(Math.max(0, wanted), last);
}

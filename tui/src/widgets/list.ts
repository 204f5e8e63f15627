import { useLayoutEffect, useState } from 'react';
import { Store, useStore } from '../app/store.ts';
import type { Identified, Table } from '../table/column.ts';
import { fitColumns } from '../table/layout.ts';
import type { Sort } from '../table/row-text.ts';
import { Arrangement } from './arrangement.ts';
import { type EditedText, editedText } from './text-field.tsx';

interface ListState {
  readonly filter: string;
  /** Left out for the order that the list begins with. */
  readonly sort?: Sort;
  /** The id of the selected row. The selection stays on the row, not on its place. */
  readonly selected: string | null;
  /** The filter while it is being written, and the one before. */
  readonly prompt: { readonly text: EditedText; readonly before: string } | null;
}

/** An operator's view of a table, kept while other screens are open. */
export class ListStore {
  readonly state = new Store<ListState>({ filter: '', selected: null, prompt: null });
  /** The place of the selection and of the first visible row in the last commit. */
  index = 0;
  top = 0;
  /** The rows that a page moves by, and the columns that the table has. */
  page = 1;
  width = 0;

  change(change: Partial<ListState>): void {
    this.state.update((state) => ({ ...state, ...change }));
  }

  setFilter(filter: string): void {
    this.change({ filter });
  }

  openPrompt(): void {
    const { filter } = this.state.get();
    this.change({ prompt: { text: editedText(filter), before: filter } });
  }
}

/** A list as far as its rows do not matter. */
export type AnyList = Omit<List<Identified, unknown>, 'table' | 'context' | 'settle'>;

/** The rows of a table as they are shown now, and the moves that its keys make. */
export class List<Row extends Identified, Context> {
  readonly store: ListStore;
  readonly table: Table<Row, Context>;
  readonly context: Context;
  readonly sort: Sort;
  /** Filtered and in order. */
  readonly rows: readonly Row[];
  /** The number of rows without the filter. */
  readonly total: number;
  readonly index: number;

  constructor(shown: Pick<List<Row, Context>, 'store' | 'table' | 'context' | 'sort' | 'rows' | 'total'>) {
    const { store, table, rows } = shown;
    this.store = store;
    this.table = table;
    this.context = shown.context;
    this.sort = shown.sort;
    this.rows = rows;
    this.total = shown.total;
    const { selected } = store.state.get();
    const found = selected === null ? -1 : rows.findIndex(({ id }) => id === selected);
    // A row that is gone is replaced by the one in its place, until a key moves the selection.
    this.index = Math.max(0, Math.min(found === -1 ? store.index : found, rows.length - 1));
  }

  get selected(): Row | null {
    return this.rows[this.index] ?? null;
  }

  get filter(): string {
    return this.store.state.get().filter;
  }

  move(by: number): void {
    this.moveTo(this.index + by);
  }

  moveTo(index: number): void {
    const at = Math.max(0, Math.min(this.rows.length - 1, index));
    this.store.index = at;
    this.store.change({ selected: this.rows[at]?.id ?? null });
  }

  /** Orders by the next of the columns that are shown. */
  sortByNext(): void {
    const columns = fitColumns(this.table.columns, this.store.width).map(({ column }) => column.header);
    const at = columns.indexOf(this.sort.column);
    const next = columns[(at + 1) % columns.length];
    if (next !== undefined) this.store.change({ sort: { column: next, descending: false } });
  }

  reverse(): void {
    this.store.change({ sort: { ...this.sort, descending: !this.sort.descending } });
  }

  /** Remembers what the last commit showed, so that the next one starts from it. */
  settle(): void {
    this.store.index = this.index;
    const { selected } = this;
    if (selected !== null && this.store.state.get().selected === null)
      this.store.change({ selected: selected.id });
  }
}

/** The first visible row of a window of `height` rows that moves no further than it must to show `index`. */
export function scrollTo(top: number, index: number, height: number, count: number): number {
  const last = Math.max(0, count - height);
  const wanted = index < top ? index : index >= top + height ? index - height + 1 : top;
  return Math.min(Math.max(0, wanted), last);
}

/** `sort` is the order that the list begins with; `moment` changes when the order may have changed though no row did. */
export function useList<Row extends Identified, Context extends { readonly lookups: unknown }>(
  store: ListStore,
  table: Table<Row, Context>,
  feedRows: readonly Row[],
  context: Context,
  { sort: firstSort, moment = 0 }: { readonly sort: Sort; readonly moment?: number },
): List<Row, Context> {
  const { filter, sort = firstSort } = useStore(store.state);
  const [arrangement] = useState(() => new Arrangement<Row, Context>());
  const rows = arrangement.of(table, feedRows, context, { filter, sort, moment });
  const list = new List({ store, table, context, sort, rows, total: feedRows.length });
  useLayoutEffect(() => list.settle());
  return list;
}

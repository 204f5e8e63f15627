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

/** The number of rows that were read, and how to read those before them. */
export interface Older {
  readonly newest: number;
  readonly read: () => void;
}

export type List<Row extends Identified, Context> = ReturnType<typeof createList<Row, Context>>;

/** A list as far as its rows do not matter. */
export type AnyList = Omit<List<Identified, unknown>, 'table' | 'context'>;

/** The rows of a table as they are shown now, filtered and in order, and the moves that its keys make. */
function createList<Row extends Identified, Context>(shown: {
  readonly store: ListStore;
  readonly table: Table<Row, Context>;
  readonly context: Context;
  readonly sort: Sort;
  readonly rows: readonly Row[];
  /** The number of rows without the filter. */
  readonly total: number;
  readonly older: Older | null;
}) {
  const { store, table, rows, sort } = shown;
  const { selected, filter } = store.state.get();
  const found = selected === null ? -1 : rows.findIndex(({ id }) => id === selected);
  // A row that is gone is replaced by the one in its place, until a key moves the selection.
  const index = Math.max(0, Math.min(found === -1 ? store.index : found, rows.length - 1));
  const moveTo = (to: number): void => {
    store.index = Math.max(0, Math.min(rows.length - 1, to));
    store.change({ selected: rows[store.index]?.id ?? null });
  };
  return {
    ...shown,
    filter,
    index,
    selected: rows[index] ?? null,
    moveTo,
    move: (by: number): void => moveTo(index + by),
    /** Orders by the next of the columns that are shown. */
    sortByNext(): void {
      const columns = fitColumns(table.columns, store.width).map(({ column }) => column.header);
      const next = columns[(columns.indexOf(sort.column) + 1) % columns.length];
      if (next !== undefined) store.change({ sort: { column: next, descending: false } });
    },
    reverse: (): void => store.change({ sort: { ...sort, descending: !sort.descending } }),
  };
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
  options: { readonly sort: Sort; readonly moment?: number; readonly older?: Older | null },
): List<Row, Context> {
  const { moment = 0, older = null } = options;
  const { filter, sort = options.sort } = useStore(store.state);
  const [arrangement] = useState(() => new Arrangement<Row, Context>());
  const rows = arrangement.of(table, feedRows, context, { filter, sort, moment });
  const list = createList({ store, table, context, sort, rows, total: feedRows.length, older });
  // The next commit starts from what this one showed.
  useLayoutEffect(() => {
    store.index = list.index;
    if (store.state.get().selected === null && list.selected !== null)
      store.change({ selected: list.selected.id });
  });
  return list;
}

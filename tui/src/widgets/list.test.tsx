import { Text } from 'ink';
import type { ReactNode } from 'react';
import { afterEach, describe, expect, it } from 'vitest';
import { renderComponent } from '../../testing/rendered.tsx';
import type { Table } from '../table/column.ts';
import { Arrangement } from './arrangement.ts';
import { type List, ListStore, scrollTo, useList } from './list.ts';

interface Row {
  readonly id: string;
  readonly rank: number;
}
interface Context {
  readonly lookups: unknown;
}

const table: Table<Row, Context> = {
  mark: () => ({ mark: 'none', tone: 'plain' }),
  searched: ({ id }) => [id],
  columns: [
    { header: 'ID', value: ({ id }) => id, width: { min: 10 } },
    {
      header: 'RANK',
      value: ({ rank }) => `${rank}`,
      width: { min: 4 },
      dropOrder: 1,
      sortKey: ({ rank }) => rank,
    },
  ],
};
const context: Context = { lookups: null };
const sort = { column: 'ID', descending: false };
const row = (id: string, rank = 0): Row => ({ id, rank });

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

async function committed(change: () => void): Promise<void> {
  change();
  await new Promise(setImmediate);
}

/** A component with a list; `update` gives it other rows. */
function open(first: readonly Row[]) {
  const store = new ListStore();
  store.width = 80;
  let list: List<Row, Context> | null = null;
  function Probe({ rows }: { readonly rows: readonly Row[] }): ReactNode {
    list = useList(store, table, rows, context, { sort });
    return <Text>{list.selected?.id ?? 'none'}</Text>;
  }
  const { frames } = renderComponent(<Probe rows={first} />);
  closing.push(() => frames.close());
  const now = (): List<Row, Context> => {
    if (list === null) throw new Error('nothing was rendered');
    return list;
  };
  return {
    now,
    selected: () => now().selected?.id ?? null,
    ids: () => now().rows.map(({ id }) => id),
    update: (rows: readonly Row[]) => committed(() => frames.show(<Probe rows={rows} />)),
  };
}

describe('a list', () => {
  it('keeps its selection on the row while others come and go', async () => {
    const { now, selected, update } = open([row('b'), row('c')]);
    await committed(() => now().move(1));
    expect(selected()).toBe('c');
    await update([row('a'), row('b'), row('c'), row('d')]);
    expect(selected()).toBe('c');
    await update([row('c')]);
    expect(selected()).toBe('c');
  });

  it('selects what has taken the place of a row that is gone, and finds it again when it is back', async () => {
    const { now, selected, update } = open([row('a'), row('b'), row('c')]);
    await committed(() => now().move(1));
    await update([row('a'), row('c')]);
    expect(selected()).toBe('c');
    await update([row('a'), row('b'), row('c')]);
    expect(selected()).toBe('b');
  });

  it('follows the row through another order', async () => {
    const { now, selected, ids } = open([row('a', 2), row('b', 1)]);
    await committed(() => now().sortByNext());
    expect(ids()).toEqual(['b', 'a']);
    expect(selected()).toBe('a');
    await committed(() => now().reverse());
    expect(ids()).toEqual(['a', 'b']);
  });

  it('orders numbers in names as people do', () => {
    expect(open([row('gw-10'), row('gw-9')]).ids()).toEqual(['gw-9', 'gw-10']);
  });

  it('stays inside its rows whatever is asked', async () => {
    const { now, selected, update } = open([row('a'), row('b')]);
    await committed(() => now().move(100));
    expect(selected()).toBe('b');
    await committed(() => now().move(-100));
    expect(selected()).toBe('a');
    await update([]);
    expect(selected()).toBeNull();
    await committed(() => now().move(1));
    expect(selected()).toBeNull();
  });
});

describe('a window', () => {
  it('has the selection in it and moves no further than it must', () => {
    expect(scrollTo(0, 0, 5, 20)).toBe(0);
    expect(scrollTo(0, 5, 5, 20)).toBe(1);
    expect(scrollTo(1, 4, 5, 20)).toBe(1);
    expect(scrollTo(1, 19, 5, 20)).toBe(15);
    expect(scrollTo(15, 19, 30, 20)).toBe(0);
  });
});

describe('an arrangement', () => {
  const options = { filter: '', sort: { column: 'RANK', descending: false }, moment: 0 };

  it('is the same object while nothing that it depends on changes', () => {
    const arrangement = new Arrangement<Row, Context>();
    const rows = [row('b', 2), row('a', 1)];
    const before = arrangement.of(table, rows, context, options);
    expect(arrangement.of(table, rows, context, options)).toBe(before);
    expect(arrangement.of(table, rows, { lookups: 'other' }, options)).not.toBe(before);
  });

  it('takes the rows of another snapshot in the order that their keys still have', () => {
    const arrangement = new Arrangement<Row & { note?: string }, Context>();
    arrangement.of(table, [row('b', 2), row('a', 1), row('c', 1)], context, options);
    const changed = { ...row('a', 1), note: 'other' };
    const after = arrangement.of(table, [row('b', 2), changed, row('c', 1)], context, options);
    expect(after.map(({ id }) => id)).toEqual(['a', 'c', 'b']);
    expect(after[0]).toBe(changed);
  });

  it('is ordered again when a key, a row, the order or the filter changed', () => {
    const arrangement = new Arrangement<Row, Context>();
    const ids = (rows: readonly Row[], change: Partial<typeof options> = {}): string =>
      arrangement
        .of(table, rows, context, { ...options, ...change })
        .map(({ id }) => id)
        .join('');
    expect(ids([row('a', 1), row('b', 2)])).toBe('ab');
    expect(ids([row('a', 3), row('b', 2)])).toBe('ba');
    expect(ids([row('a', 3), row('c', 2)])).toBe('ca');
    expect(ids([row('a', 3), row('c', 2)], { sort: { column: 'RANK', descending: true } })).toBe('ac');
    expect(ids([row('a', 3), row('c', 2)], { filter: 'c' })).toBe('c');
  });
});

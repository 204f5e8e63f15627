import { describe, expect, it } from 'vitest';
import type { Table } from '../table/column.ts';
import { List } from './list.ts';

interface Row {
  readonly id: string;
  readonly rank: number;
}

const table: Table<Row, null> = {
  id: ({ id }) => id,
  mark: () => ({ mark: 'none', tone: 'plain' }),
  filterText: ({ id }) => id,
  columns: [
    { key: 'id', header: 'ID', width: { min: 10 }, value: ({ id }) => id },
    {
      key: 'rank',
      header: 'RANK',
      width: { min: 4 },
      dropOrder: 1,
      value: ({ rank }) => `${rank}`,
      sortKey: ({ rank }) => rank,
    },
  ],
};

const row = (id: string, rank = 0): Row => ({ id, rank });

function listOf(rows: readonly Row[]): List<Row, null> {
  const list = new List(table, { column: 'id', descending: false });
  list.update(rows, null, []);
  return list;
}

describe('a list', () => {
  it('keeps its selection on the row while others come and go', () => {
    const list = listOf([row('b'), row('c')]);
    list.move(1);
    expect(list.selected?.id).toBe('c');
    list.update([row('a'), row('b'), row('c'), row('d')], null, []);
    expect(list.selected?.id).toBe('c');
    list.update([row('c')], null, []);
    expect(list.selected?.id).toBe('c');
  });

  it('selects what has taken the place of a row that is gone, and finds it again when it is back', () => {
    const list = listOf([row('a'), row('b'), row('c')]);
    list.move(1);
    list.update([row('a'), row('c')], null, []);
    expect(list.selected?.id).toBe('c');
    list.update([row('a'), row('b'), row('c')], null, []);
    expect(list.selected?.id).toBe('b');
  });

  it('follows the row through a new order', () => {
    const list = listOf([row('a', 2), row('b', 1)]);
    list.sortByNext(80);
    list.update([row('a', 2), row('b', 1)], null, []);
    expect(list.rows.map(({ id }) => id)).toEqual(['b', 'a']);
    expect(list.selected?.id).toBe('a');
    list.turnSort();
    list.update([row('a', 2), row('b', 1)], null, []);
    expect(list.rows.map(({ id }) => id)).toEqual(['a', 'b']);
  });

  it('orders numbers in names as people do', () => {
    expect(listOf([row('gw-10'), row('gw-9')]).rows.map(({ id }) => id)).toEqual(['gw-9', 'gw-10']);
  });

  it('stays inside its rows whatever is asked', () => {
    const list = listOf([row('a'), row('b')]);
    list.move(100);
    expect(list.selected?.id).toBe('b');
    list.move(-100);
    expect(list.selected?.id).toBe('a');
    list.update([], null, []);
    expect(list.selected).toBeNull();
    list.move(1);
    expect(list.selected).toBeNull();
  });

  it('shows a window that holds the selection and moves no further than it must', () => {
    const list = listOf(Array.from({ length: 20 }, (_, at) => row(String(at).padStart(2, '0'))));
    expect(list.window(5).first).toBe(0);
    list.moveTo(5);
    expect(list.window(5).first).toBe(1);
    list.move(-1);
    expect(list.window(5).first).toBe(1);
    list.moveTo(19);
    expect(list.window(5)).toMatchObject({ first: 15 });
    expect(list.window(30).first).toBe(0);
  });

  it('does not arrange rows again that are the same', () => {
    const rows = [row('b'), row('a')];
    const list = listOf(rows);
    const before = list.rows;
    list.update(rows, null, []);
    expect(list.rows).toBe(before);
    list.update(rows, null, ['other']);
    expect(list.rows).not.toBe(before);
  });
});

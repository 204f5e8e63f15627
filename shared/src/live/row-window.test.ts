import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RowWindow } from './row-window.ts';

interface Thing {
  readonly id: string;
  readonly rank: number;
  readonly at: number;
}

const thing = fc.record({ id: fc.constantFrom(...'abcdefgh'), rank: fc.nat(5), at: fc.nat(20) });
const compare = (a: Thing, b: Thing): number => a.rank - b.rank || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);
const rules = { key: (row: Thing) => row.id, compare };

describe('a window of rows', () => {
  it('equals a sorted map after any sequence of changes', () => {
    const step = fc.oneof(
      thing.map((row) => ({ put: row })),
      thing.map((row) => ({ remove: row.id })),
      fc.uniqueArray(thing, { selector: (row) => row.id }).map((rows) => ({ replace: rows })),
      fc.constant('read' as const),
    );
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const window = new RowWindow(rules);
        const model = new Map<string, Thing>();
        for (const one of steps) {
          if (one === 'read') window.rows();
          else if ('put' in one) {
            window.put(one.put);
            model.set(one.put.id, one.put);
          } else if ('remove' in one) {
            expect(window.remove(one.remove)).toBe(model.delete(one.remove));
          } else {
            window.replace(one.replace);
            model.clear();
            for (const row of one.replace) model.set(row.id, row);
          }
        }
        expect(window.rows()).toEqual([...model.values()].sort(compare));
      }),
    );
  });

  it('keeps the first rows and no more than its limit', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(thing, { selector: (row) => row.id }),
        fc.integer({ min: 1, max: 4 }),
        (rows, limit) => {
          const window = new RowWindow({ ...rules, limit });
          for (const row of rows) window.put(row);
          expect(window.rows()).toEqual([...rows].sort(compare).slice(0, limit));
        },
      ),
    );
  });

  it('never returns to an older state of a row', () => {
    const window = new RowWindow({ ...rules, version: (row) => row.at });
    window.put({ id: 'a', rank: 1, at: 2 });
    expect(window.put({ id: 'a', rank: 9, at: 1 })).toBe(false);
    expect(window.rows()).toEqual([{ id: 'a', rank: 1, at: 2 }]);
    expect(window.put({ id: 'a', rank: 3, at: 2 })).toBe(true);
    expect(window.rows()).toEqual([{ id: 'a', rank: 3, at: 2 }]);
  });

  it('returns the same array and the same rows without a change', () => {
    const window = new RowWindow(rules);
    window.replace([
      { id: 'a', rank: 1, at: 1 },
      { id: 'b', rank: 2, at: 1 },
    ]);
    const before = window.rows();
    expect(window.rows()).toBe(before);
    window.replace([
      { id: 'a', rank: 1, at: 1 },
      { id: 'b', rank: 2, at: 2 },
    ]);
    expect(window.rows()[0]).toBe(before[0]);
    expect(window.rows()[1]).not.toBe(before[1]);
  });

  it('returns the rows that a fresh read changed, without those that moved up into a full window', () => {
    const window = new RowWindow({ ...rules, limit: 2 });
    window.replace([
      { id: 'a', rank: 1, at: 1 },
      { id: 'b', rank: 2, at: 1 },
    ]);
    const changed = window.replace([
      { id: 'b', rank: 2, at: 5 },
      { id: 'c', rank: 3, at: 1 },
    ]);
    expect([...changed]).toEqual(['b']);
  });
});

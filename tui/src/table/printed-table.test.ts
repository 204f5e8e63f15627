import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { widthOf } from './cell.ts';
import type { Column } from './column.ts';
import { tableLines } from './printed-table.ts';

interface Thing {
  readonly name: string;
  readonly count: number;
  readonly about: string;
}

const columns: Column<Thing, null>[] = [
  { header: 'NAME', value: (row) => row.name, cutTo: 6 },
  { header: 'COUNT', value: (row) => String(row.count), align: 'right' },
  { header: 'ABOUT', value: (row) => row.about, cutTo: 8 },
];
const unpainted = (_tone: string, text: string): string => text;
const thing = fc.record({
  name: fc.string({ unit: 'grapheme', maxLength: 60 }),
  count: fc.nat(9999),
  about: fc.string({ unit: 'binary', maxLength: 200 }),
});

describe('a printed table', () => {
  it('is never wider than its limit, whatever its cells hold', () => {
    fc.assert(
      fc.property(fc.array(thing), fc.integer({ min: 30, max: 200 }), (rows, width) => {
        const lines = tableLines(rows, columns, null, width, unpainted);
        expect(lines).toHaveLength(rows.length + 1);
        for (const line of lines) expect(widthOf(line)).toBeLessThanOrEqual(width);
      }),
    );
  });

  it('aligns its columns, wide characters too, and cuts nothing without a limit', () => {
    const rows = [
      { name: '日本', count: 7, about: 'short' },
      { name: 'a-long-name-that-stays', count: 1234, about: 'x'.repeat(300) },
    ];
    const lines = tableLines(rows, columns, null, null, unpainted);
    expect(lines[0]).toBe('NAME                    COUNT  ABOUT');
    expect(lines[1]).toBe('日本                        7  short');
    expect(lines[2]).toBe(`a-long-name-that-stays   1234  ${'x'.repeat(300)}`);
  });

  it('cuts the widest column first', () => {
    const rows = [{ name: 'name-of-16-chars', count: 1, about: 'x'.repeat(100) }];
    const [, line] = tableLines(rows, columns, null, 60, unpainted);
    expect(line).toMatch(/^name-of-16-chars {6}1 {2}x+…$/);
  });
});

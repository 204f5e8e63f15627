import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { widthOf } from '../ui/cell.ts';
import { type Column, table } from './table.ts';

interface Thing {
  readonly name: string;
  readonly count: number;
  readonly about: string;
}

const columns: Column<Thing>[] = [
  { title: 'NAME', text: (row) => row.name, least: 6 },
  { title: 'COUNT', text: (row) => String(row.count), align: 'right' },
  { title: 'ABOUT', text: (row) => row.about, least: 8 },
];
const unpainted = (_tone: string, text: string): string => text;
const thing = fc.record({
  name: fc.string({ unit: 'grapheme', maxLength: 60 }),
  count: fc.nat(9999),
  about: fc.string({ unit: 'binary', maxLength: 200 }),
});

describe('a table', () => {
  it('never is wider than it may be, whatever its cells hold', () => {
    fc.assert(
      fc.property(fc.array(thing), fc.integer({ min: 30, max: 200 }), (rows, width) => {
        const lines = table(rows, columns, width, unpainted);
        expect(lines).toHaveLength(rows.length + 1);
        for (const line of lines) expect(widthOf(line)).toBeLessThanOrEqual(width);
      }),
    );
  });

  it('aligns its columns, wide characters too, and cuts nothing where nobody counts', () => {
    const rows = [
      { name: '日本', count: 7, about: 'short' },
      { name: 'a-long-name-that-stays', count: 1234, about: 'x'.repeat(300) },
    ];
    const lines = table(rows, columns, null, unpainted);
    expect(lines[0]).toBe('NAME                    COUNT  ABOUT');
    expect(lines[1]).toBe('日本                        7  short');
    expect(lines[2]).toBe(`a-long-name-that-stays   1234  ${'x'.repeat(300)}`);
  });

  it('takes from the widest column first', () => {
    const rows = [{ name: 'name-of-16-chars', count: 1, about: 'x'.repeat(100) }];
    const [, line] = table(rows, columns, 60, unpainted);
    expect(line).toMatch(/^name-of-16-chars {6}1 {2}x+…$/);
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createTheme } from '../theme/theme.ts';
import { Arrangement } from '../widgets/arrangement.ts';
import { widthOf } from './cell.ts';
import type { Table } from './column.ts';
import { fitColumns } from './layout.ts';
import { headerText, rowSentence, rowText } from './row-text.ts';

interface Thing {
  readonly id: string;
  readonly about: string;
  readonly count: number;
}

const table: Table<Thing, unknown> = {
  mark: () => ({ mark: 'good', tone: 'good' }),
  searched: ({ about }) => [about],
  columns: [
    { header: 'ID', value: ({ id }) => id, width: { min: 8, max: 12, flex: 1 }, tone: 'strong' },
    { header: 'STATE', value: () => 'ready', width: { min: 6 }, dropOrder: 1 },
    { header: 'COUNT', value: ({ count }) => `${count}`, align: 'right', dropOrder: 3 },
    { header: 'ABOUT', value: ({ about }) => about, width: { min: 10, flex: 2 }, dropOrder: 2 },
  ],
};
const theme = createTheme({ colours: 16, ground: null, unicode: true });
const thing = fc.record({
  id: fc.string({ unit: 'grapheme', maxLength: 30 }),
  about: fc.string({ unit: 'binary', maxLength: 200 }),
  count: fc.nat(99_999_999),
});

describe('a row', () => {
  it('has exactly the width of its screen, whatever its cells hold', () => {
    fc.assert(
      fc.property(thing, fc.integer({ min: 11, max: 220 }), fc.boolean(), (row, width, selected) => {
        const columns = fitColumns(table.columns, width);
        expect(widthOf(rowText(table, columns, row, null, { selected, width, theme }))).toBe(width);
        expect(widthOf(headerText(columns, { column: 'ID', descending: true }, width, theme))).toBe(width);
      }),
    );
  });

  it('shows no escape sequence of its cells', () => {
    const row = { id: 'a\u001b[2J', about: '\u001b]0;owned\u0007\u202eevil', count: 1 };
    const line = rowText(table, fitColumns(table.columns, 80), row, null, {
      selected: false,
      width: 80,
      theme,
    });
    expect(line).toContain('evil');
    for (const trick of ['\u001b[2J', '\u001b]', '\u0007', '\u202e']) expect(line).not.toContain(trick);
  });

  it('is read out with its name and its state first', () => {
    expect(rowSentence(table, { id: 'ada', about: '', count: 3 }, null, true)).toBe(
      'selected: ada, ready, count 3',
    );
  });

  it('cuts a cell that fills screens', () => {
    const sentence = rowSentence(table, { id: 'ada', about: '漢'.repeat(10_000), count: 3 }, null, false);
    expect(sentence.length).toBeLessThan(200);
    expect(sentence).toContain('漢…');
  });
});

describe('the columns of a screen', () => {
  const fitted = (width: number): readonly string[] =>
    fitColumns(table.columns, width).map(
      ({ column, width: columns }) => `${column.header.toLowerCase()} ${columns}`,
    );

  it('share what is left over, up to their limits', () => {
    expect(fitted(60)).toEqual(['id 12', 'state 6', 'count 5', 'about 28']);
  });

  it('are dropped by their order where it is narrow, and never the first', () => {
    expect(fitted(34)).toEqual(['id 9', 'state 6', 'about 12']);
    expect(fitted(20)).toEqual(['id 9', 'state 6']);
    expect(fitted(5)).toEqual(['id 8']);
  });
});

it('a filter matches the text that is shown, without escape sequences', () => {
  const rows = [{ id: 'a', about: 're\u001b[31mady', count: 1 }];
  const context = { lookups: null };
  const arranged = new Arrangement<Thing, typeof context>().of(table, rows, context, {
    filter: '^ready$',
    sort: null,
    moment: 0,
  });
  expect(arranged).toEqual(rows);
});

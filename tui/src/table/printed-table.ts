import type { Tone } from '../theme/theme.ts';
import { cut, fill } from './cell.ts';
import { type Column, cellText, cellTone } from './column.ts';
import { gap, measureColumns } from './layout.ts';

/** Emphasis belongs to screens: a printed table colours states alone. */
const unprinted: ReadonlySet<Tone> = new Set(['strong', 'dim']);

/** Returns a table as lines, the headers first, at most `width` columns wide; a null width cuts nothing. */
export function tableLines<Row, Context>(
  rows: readonly Row[],
  columns: readonly Column<Row, Context>[],
  context: Context,
  width: number | null,
  paint: (tone: Tone, text: string) => string,
): string[] {
  const cells = rows.map((row) =>
    columns.map((column) => cellText(column, row, context) || (column.placeholder ?? '')),
  );
  const sized = measureColumns(columns, cells, width);
  const last = sized.length - 1;
  const line = (texts: readonly string[], toneOf: (column: Column<Row, Context>) => Tone): string =>
    sized
      .map(({ column, width: columnWidth }, at) => {
        const text = texts[at] ?? '';
        const { align = 'left' } = column;
        // The last cell is not filled: a line ends with its text.
        const shown =
          at === last && align === 'left' ? cut(text, columnWidth) : fill(text, columnWidth, align);
        return paint(toneOf(column), shown);
      })
      .join(' '.repeat(gap))
      .trimEnd();
  return [
    line(
      columns.map(({ header }) => header),
      () => 'dim',
    ),
    ...rows.map((row, at) =>
      line(cells[at] ?? [], (column) => {
        const tone = cellTone(column, row, context);
        return unprinted.has(tone) ? 'plain' : tone;
      }),
    ),
  ];
}

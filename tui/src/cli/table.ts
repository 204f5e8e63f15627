import { plain } from '@hq/shared/text';
import type { Tone } from '../theme/theme.ts';
import { cut, fill, widthOf } from '../ui/cell.ts';

export interface Column<Row> {
  readonly title: string;
  readonly text: (row: Row) => string;
  readonly tone?: (row: Row) => Tone;
  readonly align?: 'left' | 'right';
  /** May be cut down to this many columns where the line is too long; never cut where left out. */
  readonly least?: number;
}

const gap = '  ';

/** Lines with a heading, aligned, at most `columns` wide. What comes from outside is cleaned here. */
export function table<Row>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  width: number | null,
  paint: (tone: Tone, text: string) => string,
): string[] {
  const cells = rows.map((row) => columns.map((column) => plain(column.text(row))));
  const widths = columns.map((column, at) =>
    Math.max(widthOf(column.title), ...cells.map((line) => widthOf(line[at] ?? ''))),
  );
  shrink(widths, columns, width);
  const last = columns.length - 1;
  const line = (texts: readonly string[], tones: readonly Tone[]): string =>
    texts
      .map((text, at) => {
        const room = widths[at] ?? 0;
        const align = columns[at]?.align ?? 'left';
        const shown = at === last && align === 'left' ? cut(text, room) : fill(text, room, align);
        return paint(tones[at] ?? 'plain', shown);
      })
      .join(gap)
      .trimEnd();
  return [
    line(
      columns.map((column) => column.title),
      columns.map(() => 'dim'),
    ),
    ...rows.map((row, at) =>
      line(
        cells[at] ?? [],
        columns.map((column) => column.tone?.(row) ?? 'plain'),
      ),
    ),
  ];
}

/** Takes columns away where they are widest, one by one, until the line fits or nothing more may be taken. */
function shrink<Row>(widths: number[], columns: readonly Column<Row>[], width: number | null): void {
  if (width === null) return;
  const gaps = gap.length * (columns.length - 1);
  let over = widths.reduce((sum, one) => sum + one, gaps) - width;
  while (over > 0) {
    let widest = -1;
    for (const [at, { least }] of columns.entries()) {
      const isOpen = least !== undefined && (widths[at] ?? 0) > least;
      if (isOpen && (widest < 0 || (widths[at] ?? 0) > (widths[widest] ?? 0))) widest = at;
    }
    if (widest < 0) return;
    widths[widest] = (widths[widest] ?? 0) - 1;
    over -= 1;
  }
}

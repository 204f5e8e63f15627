import { widthOf } from './cell.ts';
import type { Column } from './column.ts';

export interface SizedColumn<Row, Context> {
  readonly column: Column<Row, Context>;
  readonly width: number;
}

/** Columns before the first cell on a screen: the selection bar, the mark and a space. */
export const gutter = 3;
/** Columns between two cells. */
export const gap = 2;

/** Chooses the columns that a screen has space for, and their widths. Rows do not count, so that nothing moves when they change. */
export function fitColumns<Row, Context>(
  columns: readonly Column<Row, Context>[],
  width: number,
): readonly SizedColumn<Row, Context>[] {
  let kept = [...columns];
  while (neededWidth(kept) > width) {
    const first = firstToDrop(kept);
    if (first === null) break;
    kept = kept.filter((column) => column !== first);
  }
  const widths = new Map(kept.map((column) => [column, minWidth(column)]));
  distribute(widths, Math.max(0, width - neededWidth(kept)));
  return kept.map((column) => ({ column, width: widths.get(column) ?? minWidth(column) }));
}

/**
 * Gives every column the width of its longest cell, `cells` being the texts of each row. Where the line is longer than `width`,
 * cuts the widest columns first, as far as they allow; a null width cuts nothing.
 */
export function measureColumns<Row, Context>(
  columns: readonly Column<Row, Context>[],
  cells: readonly (readonly string[])[],
  width: number | null,
): readonly SizedColumn<Row, Context>[] {
  const widths = columns.map((column, at) =>
    Math.max(widthOf(column.header), ...cells.map((line) => widthOf(line[at] ?? ''))),
  );
  const total = widths.reduce((sum, one) => sum + one, gap * (columns.length - 1));
  for (let over = width === null ? 0 : total - width; over > 0; over -= 1) {
    let widest = -1;
    for (const [at, { cutTo }] of columns.entries()) {
      const isOpen = cutTo !== undefined && (widths[at] ?? 0) > cutTo;
      if (isOpen && (widest < 0 || (widths[at] ?? 0) > (widths[widest] ?? 0))) widest = at;
    }
    if (widest < 0) break;
    widths[widest] = (widths[widest] ?? 0) - 1;
  }
  return columns.map((column, at) => ({ column, width: widths[at] ?? 0 }));
}

function minWidth<Row, Context>({ width, header }: Column<Row, Context>): number {
  return width?.min ?? header.length;
}

function neededWidth<Row, Context>(columns: readonly Column<Row, Context>[]): number {
  const cells = columns.reduce((sum, column) => sum + minWidth(column), 0);
  return gutter + cells + gap * Math.max(0, columns.length - 1);
}

function firstToDrop<Row, Context>(columns: readonly Column<Row, Context>[]): Column<Row, Context> | null {
  return columns.reduce<Column<Row, Context> | null>(
    (first, column) => ((column.dropOrder ?? 0) > (first?.dropOrder ?? 0) ? column : first),
    null,
  );
}

/** Adds the spare columns to those that grow, by their shares. What a full column leaves is shared again. */
function distribute<Row, Context>(widths: Map<Column<Row, Context>, number>, spare: number): void {
  let left = spare;
  for (let round = 0; round < 3 && left > 0; round++) {
    const growing = [...widths].filter(
      ([{ width }, now]) => width?.flex !== undefined && now < (width.max ?? Number.POSITIVE_INFINITY),
    );
    const shares = growing.reduce((sum, [{ width }]) => sum + (width?.flex ?? 0), 0);
    if (shares === 0) break;
    const toShare = left;
    for (const [column, now] of growing) {
      const share = Math.floor((toShare * (column.width?.flex ?? 0)) / shares);
      const next = Math.min(column.width?.max ?? Number.POSITIVE_INFINITY, now + share);
      widths.set(column, next);
      left -= next - now;
    }
  }
}

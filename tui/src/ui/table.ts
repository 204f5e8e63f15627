import type { Mark, Theme, Tone } from '../theme/theme.ts';
import { fill } from './cell.ts';

interface Cell {
  readonly text: string;
  readonly tone?: Tone;
}

export interface Column<Row, Context> {
  readonly key: string;
  readonly title: string;
  /** Columns it needs at least. */
  readonly width: number;
  /** Its share of what is left over; none where left out. */
  readonly grow?: number;
  /** Never wider than this, whatever is left over. */
  readonly max?: number;
  /** Columns of lower worth give way first; 0 never does. */
  readonly giveWay: number;
  readonly align?: 'left' | 'right';
  /** The text must already be plain. */
  readonly cell: (row: Row, context: Context) => Cell;
  /** What the rows are ordered by; the cell's text where left out. */
  readonly order?: (row: Row, context: Context) => string | number;
}

export interface Table<Row, Context> {
  readonly id: (row: Row) => string;
  readonly mark: (row: Row, context: Context) => { readonly mark: Mark; readonly tone: Tone };
  readonly columns: readonly Column<Row, Context>[];
  /** What a filter looks at. */
  readonly text: (row: Row, context: Context) => string;
}

export interface Sized<Row, Context> {
  readonly column: Column<Row, Context>;
  readonly width: number;
}

/** The bar, the mark and the space between them and the first column. */
const gutter = 3;
const gap = 2;

/** Which columns a width has room for, and how wide each is. It does not depend on the rows, so that nothing jumps. */
export function sizeColumns<Row, Context>(
  columns: readonly Column<Row, Context>[],
  width: number,
): readonly Sized<Row, Context>[] {
  let chosen = [...columns];
  const needed = (): number =>
    gutter + chosen.reduce((sum, column) => sum + column.width, 0) + gap * Math.max(0, chosen.length - 1);
  while (needed() > width) {
    const least = chosen.reduce<Column<Row, Context> | null>(
      (worst, column) => (column.giveWay > (worst?.giveWay ?? 0) ? column : worst),
      null,
    );
    if (least === null) break;
    chosen = chosen.filter((column) => column !== least);
  }
  let spare = Math.max(0, width - needed());
  const widths = new Map(chosen.map((column) => [column, column.width]));
  for (let round = 0; round < 3 && spare > 0; round++) {
    const growing = chosen.filter(
      (column) =>
        column.grow !== undefined && (widths.get(column) ?? 0) < (column.max ?? Number.POSITIVE_INFINITY),
    );
    const shares = growing.reduce((sum, column) => sum + (column.grow ?? 0), 0);
    if (shares === 0) break;
    const toShare = spare;
    for (const column of growing) {
      const now = widths.get(column) ?? 0;
      const share = Math.floor((toShare * (column.grow ?? 0)) / shares);
      const next = Math.min(column.max ?? Number.POSITIVE_INFINITY, now + share);
      widths.set(column, next);
      spare -= next - now;
    }
  }
  return chosen.map((column) => ({ column, width: widths.get(column) ?? column.width }));
}

export function headerLine<Row, Context>(
  sized: readonly Sized<Row, Context>[],
  sort: { readonly column: string; readonly descending: boolean } | null,
  width: number,
  theme: Theme,
): string {
  const titles = sized.map(({ column, width: columns }) => {
    const arrow = column.key === sort?.column ? ` ${sort?.descending ? theme.down : theme.up}` : '';
    return fill(column.title + arrow, columns, column.align, theme.ellipsis);
  });
  return theme.paint('dim', fill(' '.repeat(gutter) + titles.join(' '.repeat(gap)), width));
}

export function rowLine<Row, Context>(
  table: Table<Row, Context>,
  sized: readonly Sized<Row, Context>[],
  row: Row,
  context: Context,
  options: { readonly selected: boolean; readonly width: number; readonly theme: Theme },
): string {
  const { selected, width, theme } = options;
  const state = table.mark(row, context);
  let line = theme.paint(state.tone, theme.mark(state.mark));
  let used = gutter;
  line += ' ';
  sized.forEach(({ column, width: columns }, index) => {
    const cell = column.cell(row, context);
    const shown = fill(cell.text, columns, column.align, theme.ellipsis);
    line += (index === 0 ? '' : ' '.repeat(gap)) + theme.paint(cell.tone ?? 'plain', shown);
    used += columns + (index === 0 ? 0 : gap);
  });
  line += ' '.repeat(Math.max(0, width - used));
  return selected ? theme.select(theme.paint('accent', theme.bar) + line) : ` ${line}`;
}

/** One row as a sentence, its name and its state first: what a screen reader says. */
export function spokenRow<Row, Context>(
  table: Table<Row, Context>,
  row: Row,
  context: Context,
  selected: boolean,
): string {
  const told = table.columns
    .map(({ key, title, cell }) => ({ key, title: title.toLowerCase(), text: cell(row, context).text }))
    .filter(({ text }) => text !== '');
  const state = told.find(({ key }) => key === 'state');
  const [name, ...others] = told.filter((part) => part !== state);
  const rest = others.map(({ title, text }) => `${title} ${text}`);
  const sentence = [name?.text ?? '', ...(state === undefined ? [] : [state.text]), ...rest].join(', ');
  return `${selected ? 'selected: ' : ''}${sentence}`;
}

/** The rows that a filter lets through, in order. Equal ones keep the order that the feed has. */
export function arrange<Row, Context>(
  table: Table<Row, Context>,
  rows: readonly Row[],
  context: Context,
  options: {
    readonly matches: ((text: string) => boolean) | null;
    readonly sort: { readonly column: string; readonly descending: boolean } | null;
  },
): readonly Row[] {
  const { matches, sort } = options;
  const kept = matches === null ? rows : rows.filter((row) => matches(table.text(row, context)));
  const column = table.columns.find(({ key }) => key === sort?.column);
  if (column === undefined) return kept;
  const order = column.order ?? ((row: Row) => column.cell(row, context).text);
  const turn = sort?.descending ? -1 : 1;
  const keyed = kept.map((row) => ({ row, by: order(row, context) }));
  keyed.sort((a, b) => {
    const [x, y] = [a.by, b.by];
    if (typeof x === 'number' && typeof y === 'number') return (x - y) * turn;
    return collator.compare(String(x), String(y)) * turn;
  });
  return keyed.map(({ row }) => row);
}

const collator = new Intl.Collator('en', { numeric: true });

/** The first visible row of a window of `height` rows that moves no further than it must to show `index`. */
export function scrollTo(top: number, index: number, height: number, count: number): number {
  const last = Math.max(0, count - height);
  const wanted = index < top ? index : index >= top + height ? index - height + 1 : top;
  return Math.min(Math.max(0, wanted), last);
}

import type { Theme } from '../theme/theme.ts';
import { cut, fill } from './cell.ts';
import { cellText, cellTone, type Identified, type Table } from './column.ts';
import { gap, gutter, type SizedColumn } from './layout.ts';

export interface Sort {
  /** Header of a column. */
  readonly column: string;
  readonly descending: boolean;
}

/** Returns the headers as one ANSI line of exactly `width` columns. */
export function headerText<Row, Context>(
  columns: readonly SizedColumn<Row, Context>[],
  sort: Sort | null,
  width: number,
  theme: Theme,
): string {
  const headers = columns.map(({ column, width: columnWidth }) => {
    const arrow = column.header === sort?.column ? ` ${sort?.descending ? theme.down : theme.up}` : '';
    return fill(column.header + arrow, columnWidth, column.align, theme.ellipsis);
  });
  return theme.paint('dim', fill(' '.repeat(gutter) + headers.join(' '.repeat(gap)), width));
}

/** Returns a row as one ANSI line of exactly `width` columns: the selection bar, the mark, the cells. */
export function rowText<Row extends Identified, Context>(
  table: Table<Row, Context>,
  columns: readonly SizedColumn<Row, Context>[],
  row: Row,
  context: Context,
  options: { readonly selected: boolean; readonly width: number; readonly theme: Theme },
): string {
  const { selected, width, theme } = options;
  const { mark, tone } = table.mark(row, context);
  let line = `${theme.paint(tone, theme.mark(mark))} `;
  let used = gutter;
  columns.forEach(({ column, width: columnWidth }, index) => {
    const text = fill(cellText(column, row, context), columnWidth, column.align, theme.ellipsis);
    line += (index === 0 ? '' : ' '.repeat(gap)) + theme.paint(cellTone(column, row, context), text);
    used += columnWidth + (index === 0 ? 0 : gap);
  });
  line += ' '.repeat(Math.max(0, width - used));
  return selected ? theme.select(theme.paint('accent', theme.bar) + line) : ` ${line}`;
}

/** Columns that a screen reader gets of one cell. */
const spokenColumns = 200;

/** Returns a row as a sentence for a screen reader: the first column and the state, then the others by their headers. */
export function rowSentence<Row extends Identified, Context>(
  table: Table<Row, Context>,
  row: Row,
  context: Context,
  selected: boolean,
): string {
  const cells = table.columns
    .map((column) => ({
      header: column.header.toLowerCase(),
      text: cut(cellText(column, row, context), spokenColumns),
    }))
    .filter(({ text }) => text !== '');
  const state = cells.find(({ header }) => header === 'state');
  const [name, ...others] = cells.filter((cell) => cell !== state);
  const rest = others.map(({ header, text }) => `${header} ${text}`);
  const sentence = [name?.text ?? '', ...(state === undefined ? [] : [state.text]), ...rest].join(', ');
  return `${selected ? 'selected: ' : ''}${sentence}`;
}

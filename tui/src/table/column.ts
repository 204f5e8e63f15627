import { plain } from '@hq/shared/text';
import type { Mark, Tone } from '../theme/theme.ts';

/** Width of a column on a screen, in columns of the terminal. */
interface WidthRule {
  /** A column that cannot have it is dropped. */
  readonly min: number;
  readonly max?: number;
  /** Share of the space that is left over; none by default. */
  readonly flex?: number;
}

/** One column of a list, for the screens and for the tables of the one-shot commands. */
export interface Column<Row, Context> {
  /** Its name, too: no other column of the table has it. */
  readonly header: string;
  /** Text of a cell. The table removes escape sequences and control characters from it. */
  readonly value: (row: Row, context: Context) => string | null;
  readonly tone?: Tone | ((row: Row, context: Context) => Tone);
  readonly align?: 'left' | 'right';
  /** Width on a screen; the header's by default. */
  readonly width?: WidthRule;
  /** Narrow screens drop the column with the highest number first; 0, the default, is never dropped. */
  readonly dropOrder?: number;
  /** Sort key; the text of the cell by default. */
  readonly sortKey?: (row: Row, context: Context) => string | number;
  /** Width down to which a printed table may cut the column; never cut by default. */
  readonly cutTo?: number;
  /** Printed where the text is empty. */
  readonly placeholder?: string;
}

export interface Identified {
  readonly id: string;
}

/** A list on a screen. */
export interface Table<Row extends Identified, Context> {
  readonly mark: (row: Row, context: Context) => { readonly mark: Mark; readonly tone: Tone };
  readonly columns: readonly Column<Row, Context>[];
  /** Texts that a filter is matched against. */
  readonly searched: (row: Row, context: Context) => readonly (string | null | undefined)[];
}

/** Text that `plain` returns unchanged, as nearly every cell is: printable ASCII, single spaces, none at the ends. */
const alreadyPlain = /^(?:[!-~]+(?: [!-~]+)*)?$/;

/** Returns the text of a cell, safe for a terminal. */
export function cellText<Row, Context>(column: Column<Row, Context>, row: Row, context: Context): string {
  return toPlain(column.value(row, context) ?? '');
}

/** Returns what a filter matches a row against, in the words that the screen shows. */
export function filterText<Row extends Identified, Context>(
  table: Table<Row, Context>,
  row: Row,
  context: Context,
): string {
  return toPlain(table.searched(row, context).join(' '));
}

function toPlain(text: string): string {
  return alreadyPlain.test(text) ? text : plain(text);
}

export function cellTone<Row, Context>({ tone }: Column<Row, Context>, row: Row, context: Context): Tone {
  return typeof tone === 'function' ? tone(row, context) : (tone ?? 'plain');
}

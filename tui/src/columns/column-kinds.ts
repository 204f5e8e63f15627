import type { CommandRow } from '@hq/shared/rows';
import { ageOf } from '@hq/shared/text';
import type { Column } from '../table/column.ts';
import { commandState, openCommandText, type StateLabel } from './command-state.ts';
import type { Lookups } from './lookups.ts';
import type { RowContext } from './row-context.ts';

type RowColumn<Row> = Column<Row, RowContext>;
type Look<Row> = Partial<RowColumn<Row>>;

/** A column of texts. */
export function column<Row>(
  header: string,
  value: RowColumn<Row>['value'],
  look: Look<Row> = {},
): RowColumn<Row> {
  return { header, value, ...look };
}

/** A column of states, each in its tone. */
export function stateColumn<Row>(
  stateOf: (row: Row, context: RowContext) => StateLabel,
  look: Look<Row> = {},
): RowColumn<Row> {
  return {
    header: 'STATE',
    value: (row, context) => stateOf(row, context).word,
    tone: (row, context) => stateOf(row, context).tone,
    ...look,
  };
}

/** A column of ages, ordered by the times that they come from; rows without one are the oldest. */
export function ageColumn<Row>(
  header: string,
  timeOf: (row: Row) => string | null,
  look: Look<Row> = {},
): RowColumn<Row> {
  return {
    header,
    value: (row, { now }) => ageOf(timeOf(row), now),
    tone: 'dim',
    sortKey: (row) => epochOf(timeOf(row)),
    ...look,
  };
}

/** A column of what runs on a row: the first command, and the number of the others. */
export function openCommandsColumn<Row>(
  openOf: (row: Row, lookups: Lookups) => readonly CommandRow[],
  look: Look<Row>,
): RowColumn<Row> {
  return {
    header: 'NOW',
    value: (row, { lookups, now }) => {
      const [first, ...others] = openOf(row, lookups);
      if (first === undefined) return null;
      return openCommandText(first, now) + (others.length === 0 ? '' : ` +${others.length}`);
    },
    tone: (row, { lookups }) => {
      const [first] = openOf(row, lookups);
      return first === undefined ? 'plain' : commandState(first).tone;
    },
    ...look,
  };
}

/** Milliseconds; 0 for no time. */
export function epochOf(time: string | null): number {
  return time === null ? 0 : Date.parse(time);
}

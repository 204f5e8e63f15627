import type { NotificationRow } from '@hq/shared/rows';
import type { Column, Table } from '../table/column.ts';
import { ageColumn, column, stateColumn } from './column-kinds.ts';
import type { StateLabel } from './command-state.ts';
import type { RowContext } from './row-context.ts';
import { printedId } from './short-id.ts';

function alertState(alert: NotificationRow): StateLabel {
  if (alert.resolved_at !== null) return { word: 'over', mark: 'none', tone: 'dim' };
  return alert.read_at === null
    ? { word: 'new', mark: 'warn', tone: 'warn' }
    : { word: 'seen', mark: 'none', tone: 'dim' };
}

const state = stateColumn(alertState, { width: { min: 6 } });
const when = ageColumn<NotificationRow>('WHEN', (alert) => alert.created_at, { width: { min: 7 } });
const title = column<NotificationRow>('ALERT', (alert) => alert.title, {
  tone: (alert) => (alertState(alert).word === 'new' ? 'strong' : 'plain'),
  width: { min: 30, max: 60, flex: 2 },
  cutTo: 20,
});
const body = column<NotificationRow>('WHAT HAPPENED', (alert) => alert.body, {
  width: { min: 20, flex: 3 },
  dropOrder: 1,
  cutTo: 10,
});
const kind = column<NotificationRow>('KIND', (alert) => alert.type, {
  tone: 'dim',
  width: { min: 16 },
  dropOrder: 2,
});

export const alertsTable: Table<NotificationRow, RowContext> = {
  mark: alertState,
  searched: (alert) => [alert.title, alert.body, alert.type, alertState(alert).word],
  columns: [state, when, title, body, kind],
};

export function printedAlertColumns(
  rows: readonly NotificationRow[],
  isNarrow: boolean,
): readonly Column<NotificationRow, RowContext>[] {
  return [
    printedId(rows, isNarrow),
    { ...when, header: 'AGE', align: 'right' },
    { ...title, tone: ({ read_at }) => (read_at === null ? 'warn' : 'plain') },
    { ...body, header: 'ABOUT' },
  ];
}

import type { NotificationRow } from '@hq/shared/rows';
import { ageOf } from '@hq/shared/text';
import type { Column, Table } from '../table/column.ts';
import type { StateLabel } from './command-state.ts';
import type { RowContext } from './row-context.ts';

type AlertColumn = Column<NotificationRow, RowContext>;

function alertState(alert: NotificationRow): StateLabel {
  if (alert.resolved_at !== null) return { word: 'over', mark: 'none', tone: 'dim' };
  return alert.read_at === null
    ? { word: 'new', mark: 'warn', tone: 'warn' }
    : { word: 'seen', mark: 'none', tone: 'dim' };
}

const state: AlertColumn = {
  key: 'state',
  header: 'STATE',
  value: (alert) => alertState(alert).word,
  tone: (alert) => alertState(alert).tone,
  width: { min: 6 },
};
const when: AlertColumn = {
  key: 'when',
  header: 'WHEN',
  value: ({ created_at }, { now }) => ageOf(created_at, now),
  tone: 'dim',
  width: { min: 7 },
  sortKey: ({ created_at }) => Date.parse(created_at),
};
const title: AlertColumn = {
  key: 'title',
  header: 'ALERT',
  value: (alert) => alert.title,
  tone: (alert) => (alertState(alert).word === 'new' ? 'strong' : 'plain'),
  width: { min: 30, max: 60, flex: 2 },
  cutTo: 20,
};
const body: AlertColumn = {
  key: 'body',
  header: 'WHAT HAPPENED',
  value: (alert) => alert.body ?? '',
  width: { min: 20, flex: 3 },
  dropOrder: 1,
  cutTo: 10,
};
const kind: AlertColumn = {
  key: 'type',
  header: 'KIND',
  value: ({ type }) => type,
  tone: 'dim',
  width: { min: 16 },
  dropOrder: 2,
};

export const alertsTable: Table<NotificationRow, RowContext> = {
  id: ({ id }) => id,
  mark: alertState,
  filterText: (alert) => [alert.title, alert.body ?? '', alert.type, alertState(alert).word].join(' '),
  columns: [state, when, title, body, kind],
};

export const printedAlertColumns: readonly AlertColumn[] = [
  { ...when, header: 'AGE', align: 'right' },
  { ...title, tone: ({ read_at }) => (read_at === null ? 'warn' : 'plain') },
  { ...body, header: 'ABOUT' },
];

import type { NotificationRow } from '@hq/shared/rows';
import { plain } from '@hq/shared/text';
import { ago } from '../ages.ts';
import type { Table } from '../table.ts';
import type { State } from '../told.ts';
import type { Context } from '../view.ts';

function alertState(alert: NotificationRow): State {
  if (alert.resolved_at !== null) return { word: 'over', mark: 'none', tone: 'dim' };
  return alert.read_at === null
    ? { word: 'new', mark: 'warn', tone: 'warn' }
    : { word: 'seen', mark: 'none', tone: 'dim' };
}

export const alertsTable: Table<NotificationRow, Context> = {
  id: ({ id }) => id,
  mark: alertState,
  text: (alert) => [alert.title, alert.body ?? '', alert.type, alertState(alert).word].map(plain).join(' '),
  columns: [
    {
      key: 'state',
      title: 'STATE',
      width: 6,
      giveWay: 0,
      cell: (alert) => ({ text: alertState(alert).word, tone: alertState(alert).tone }),
    },
    {
      key: 'when',
      title: 'WHEN',
      width: 7,
      giveWay: 0,
      cell: ({ created_at }, { now }) => ({ text: ago(created_at, now), tone: 'dim' }),
      order: ({ created_at }) => Date.parse(created_at),
    },
    {
      key: 'title',
      title: 'ALERT',
      width: 30,
      grow: 2,
      max: 60,
      giveWay: 0,
      cell: (alert) => ({
        text: plain(alert.title),
        tone: alertState(alert).word === 'new' ? 'strong' : 'plain',
      }),
    },
    {
      key: 'body',
      title: 'WHAT HAPPENED',
      width: 20,
      grow: 3,
      giveWay: 1,
      cell: ({ body }) => ({ text: plain(body ?? '') }),
    },
    {
      key: 'type',
      title: 'KIND',
      width: 16,
      giveWay: 2,
      cell: ({ type }) => ({ text: plain(type), tone: 'dim' }),
    },
  ],
};

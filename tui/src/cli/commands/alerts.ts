import { readNotifications } from '@hq/shared/queries';
import { Option } from 'commander';
import { printedAlertColumns } from '../../columns/alerts.ts';
import { limitOption, sinceOption } from '../arguments/options.ts';
import { alertDocument } from '../documents/records.ts';
import { listCommand, newest } from './list-command.ts';

export const addAlerts = listCommand({
  name: 'alerts',
  about: 'unread alerts',
  options: [new Option('--all', 'read and dismissed ones too'), sinceOption(), limitOption()],
  read: async ({ client }, options) => ({
    rows: await readNotifications(client, { ...newest(client, options), all: options.all }),
  }),
  document: alertDocument,
  columns: printedAlertColumns,
  whenEmpty: 'No alerts.',
});

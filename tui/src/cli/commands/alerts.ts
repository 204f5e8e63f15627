import { readNotifications } from '@hq/shared/queries';
import type { Command } from 'commander';
import { printedAlertColumns } from '../../columns/alerts.ts';
import { flag, limitOption, sinceOption, text } from '../arguments/options.ts';
import type { AddCommand } from '../command.ts';
import { connectMember } from '../connection/connect-member.ts';
import { listDocument } from '../documents/list.ts';
import { alertDocument } from '../documents/records.ts';
import { printTable, rowContext } from '../output/print-table.ts';
import { listCommand, listOptions, newest } from './list-command.ts';

const optionsOf = listOptions.extend({ all: flag, since: text, limit: text });

export const addAlerts: AddCommand = (parent, console) => {
  listCommand(parent, 'alerts', 'unread alerts')
    .option('--all', 'read and dismissed ones too')
    .addOption(sinceOption())
    .addOption(limitOption())
    .action(async (_options: unknown, self: Command) => {
      const options = optionsOf.parse(self.opts());
      const connection = await connectMember(console.env);
      const { client } = connection;
      const alerts = await readNotifications(client, { ...newest(client, options), all: options.all });
      if (options.json) {
        console.printJson(listDocument(client, { alerts: alerts.map(alertDocument) }));
        return;
      }
      printTable(console, options, alerts, printedAlertColumns, rowContext(connection), 'No alerts.');
    });
};

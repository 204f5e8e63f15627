import { readAudit } from '@hq/shared/queries';
import type { Command } from 'commander';
import { printedAuditColumns } from '../../columns/audit.ts';
import { limitOption, sinceOption, text } from '../arguments/options.ts';
import type { AddCommand } from '../command.ts';
import { connectMember } from '../connection/connect-member.ts';
import { listDocument } from '../documents/list.ts';
import { auditDocument } from '../documents/records.ts';
import { printTable, rowContext } from '../output/print-table.ts';
import { listCommand, listOptions, newest } from './list-command.ts';

const optionsOf = listOptions.extend({ since: text, limit: text });

export const addAudit: AddCommand = (parent, console) => {
  listCommand(parent, 'audit', 'the audit log: who did what')
    .addOption(sinceOption())
    .addOption(limitOption())
    .action(async (_options: unknown, self: Command) => {
      const options = optionsOf.parse(self.opts());
      const connection = await connectMember(console.env);
      const { client } = connection;
      const lines = await readAudit(client, newest(client, options));
      if (options.json) {
        console.printJson(listDocument(client, { audit: lines.map(auditDocument) }));
        return;
      }
      const context = rowContext(connection);
      printTable(console, options, lines, printedAuditColumns, context, 'Nothing was done yet.');
    });
};

import { readChatLinks } from '@hq/shared/queries';
import type { Command } from 'commander';
import { printedChatLinkColumns } from '../../../columns/chat-links.ts';
import { flag } from '../../arguments/options.ts';
import type { AddCommand } from '../../command.ts';
import { connectMember } from '../../connection/connect-member.ts';
import { chatLinkDocument } from '../../documents/chat.ts';
import { listDocument } from '../../documents/list.ts';
import { printTable, rowContext, tableWidth } from '../../output/print-table.ts';
import { listCommand, listOptions } from '../list-command.ts';

const optionsOf = listOptions.extend({ all: flag });

export const addLinks: AddCommand = (parent, console) => {
  listCommand(parent, 'links', 'chat accounts and the members that they act for')
    .option('--all', 'revoked ones too')
    .action(async (_options: unknown, self: Command) => {
      const options = optionsOf.parse(self.opts());
      const connection = await connectMember(console.env);
      const { client } = connection;
      const links = await readChatLinks(client, options.all);
      if (options.json) {
        console.printJson(listDocument(client, { links: links.map(chatLinkDocument) }));
        return;
      }
      const columns = printedChatLinkColumns(tableWidth(console, options) !== null);
      const whenEmpty = 'No chat account is linked. `hq-tui chat code` starts it.';
      printTable(console, options, links, columns, rowContext(connection), whenEmpty);
    });
};

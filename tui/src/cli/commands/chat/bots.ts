import { readChatBots } from '@hq/shared/queries';
import type { Command } from 'commander';
import { printedChatBotColumns } from '../../../columns/chat-bots.ts';
import type { AddCommand } from '../../command.ts';
import { connectMember } from '../../connection/connect-member.ts';
import { chatBotDocument } from '../../documents/chat.ts';
import { listDocument } from '../../documents/list.ts';
import { printTable, rowContext } from '../../output/print-table.ts';
import { listCommand, listOptions } from '../list-command.ts';

export const addBots: AddCommand = (parent, console) => {
  listCommand(parent, 'bots', 'state of the bots, and the times of their last messages').action(
    async (_options: unknown, self: Command) => {
      const options = listOptions.parse(self.opts());
      const connection = await connectMember(console.env);
      const { client } = connection;
      const bots = await readChatBots(client);
      const context = rowContext(connection);
      if (options.json) {
        const documents = bots.map((row) => chatBotDocument(row, context.now));
        console.printJson(listDocument(client, { bots: documents }));
        return;
      }
      printTable(console, options, bots, printedChatBotColumns, context, 'No bot has reported yet.');
    },
  );
};

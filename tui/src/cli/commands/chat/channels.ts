import { readAgents, readChatChannels, readGateways } from '@hq/shared/queries';
import type { Command } from 'commander';
import { printedChatChannelColumns } from '../../../columns/chat-channels.ts';
import type { AddCommand } from '../../command.ts';
import { connectMember } from '../../connection/connect-member.ts';
import { chatChannelDocument } from '../../documents/chat.ts';
import { listDocument } from '../../documents/list.ts';
import { slugsOf } from '../../documents/slugs.ts';
import { printTable, rowContext } from '../../output/print-table.ts';
import { listCommand, listOptions } from '../list-command.ts';

export const addChannels: AddCommand = (parent, console) => {
  listCommand(parent, 'channels', 'bound channels, and the highest role of a message there').action(
    async (_options: unknown, self: Command) => {
      const options = listOptions.parse(self.opts());
      const connection = await connectMember(console.env);
      const { client } = connection;
      const [channels, gateways, agents] = await Promise.all([
        readChatChannels(client),
        readGateways(client),
        readAgents(client),
      ]);
      if (options.json) {
        const slugs = { gateways: slugsOf(gateways), agents: slugsOf(agents) };
        const documents = channels.map((row) => chatChannelDocument(row, slugs));
        console.printJson(listDocument(client, { channels: documents }));
        return;
      }
      const context = rowContext(connection, gateways, agents);
      const whenEmpty = 'No channel is bound. An admin binds one by writing `/hq bind` in it.';
      printTable(console, options, channels, printedChatChannelColumns, context, whenEmpty);
    },
  );
};

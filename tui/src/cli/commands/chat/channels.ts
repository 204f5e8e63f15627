import { readAgents, readChatChannels, readGateways } from '@hq/shared/queries';
import { printedChatChannelColumns } from '../../../columns/chat-channels.ts';
import { chatChannelDocument } from '../../documents/chat.ts';
import { listCommand } from '../list-command.ts';

export const addChannels = listCommand({
  name: 'channels',
  about: 'bound channels, and the highest role of a message there',
  async read({ client }) {
    const [rows, gateways, agents] = await Promise.all([
      readChatChannels(client),
      readGateways(client),
      readAgents(client),
    ]);
    return { rows, gateways, agents };
  },
  document: chatChannelDocument,
  columns: () => printedChatChannelColumns,
  whenEmpty: 'No channel is bound. An admin binds one by writing `/hq bind` in it.',
});

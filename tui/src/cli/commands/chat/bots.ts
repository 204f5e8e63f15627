import { readChatBots } from '@hq/shared/queries';
import { printedChatBotColumns } from '../../../columns/chat-bots.ts';
import { chatBotDocument } from '../../documents/chat.ts';
import { listCommand } from '../list-command.ts';

export const addBots = listCommand({
  name: 'bots',
  about: 'state of the bots, and the times of their last messages',
  read: async ({ client }) => ({ rows: await readChatBots(client) }),
  document: chatBotDocument,
  columns: () => printedChatBotColumns,
  whenEmpty: 'No bot has reported yet.',
});

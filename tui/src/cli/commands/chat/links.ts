import { readChatLinks } from '@hq/shared/queries';
import { Option } from 'commander';
import { printedChatLinkColumns } from '../../../columns/chat-links.ts';
import { chatLinkDocument } from '../../documents/chat.ts';
import { listCommand } from '../list-command.ts';

export const addLinks = listCommand({
  name: 'links',
  about: 'chat accounts and the members that they act for',
  options: [new Option('--all', 'revoked ones too')],
  read: async ({ client }, { all }) => ({ rows: await readChatLinks(client, all) }),
  document: chatLinkDocument,
  columns: printedChatLinkColumns,
  whenEmpty: 'No chat account is linked. `hq-tui chat code` starts it.',
});

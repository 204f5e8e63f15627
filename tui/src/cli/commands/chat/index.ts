import type { AddCommand } from '../../command.ts';
import { addBots } from './bots.ts';
import { addChannels } from './channels.ts';
import { addCode } from './code.ts';
import { addLinks } from './links.ts';
import { addRevoke } from './revoke.ts';

/** `hq-tui chat …`. */
export const addChat: AddCommand = (parent, console) => {
  const chat = parent.command('chat').description('links to chat accounts, bound channels, and the bots');
  for (const add of [addCode, addLinks, addRevoke, addChannels, addBots]) add(chat, console);
};

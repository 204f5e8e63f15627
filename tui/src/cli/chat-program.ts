import type { Command } from 'commander';
import { z } from 'zod';
import type { Console } from './console.ts';

const flag = z.boolean().default(false);
const codeOptions = z.object({ json: flag });
const listOptions = z.object({ json: flag, wide: flag, all: flag });

/** `hq-tui chat …`: who may speak to HQ from a chat, and whether the bots are there. */
export function addChat(program: Command, console: Console, isReadonly: () => boolean): void {
  const chat = program.command('chat').description('links to chat accounts, bound channels, and the bots');
  const json = (command: Command): Command => command.option('--json', 'one JSON document');
  const list = (name: string, description: string): Command =>
    json(chat.command(name).description(description)).option(
      '--wide',
      'do not cut the table to the terminal',
    );

  json(chat.command('code').description('a code that links your chat account to you, once')).action(
    async (_options: unknown, self: Command) => {
      const { giveCode } = await import('./chat.ts');
      await giveCode(console, codeOptions.parse(self.opts()), isReadonly());
    },
  );
  list('links', 'which chat accounts speak for whom')
    .option('--all', 'those that were revoked too')
    .action(async (_options: unknown, self: Command) => {
      const { listLinks } = await import('./chat.ts');
      await listLinks(console, listOptions.parse(self.opts()));
    });
  json(chat.command('revoke').description('take a link back: that account speaks for nobody any more'))
    .argument('<link>', 'id of a link, or its start')
    .action(async (link: string, _options: unknown, self: Command) => {
      const { revokeLink } = await import('./chat.ts');
      await revokeLink(console, link, codeOptions.parse(self.opts()), isReadonly());
    });
  list('channels', 'in which channels HQ works, and how far a word carries there').action(
    async (_options: unknown, self: Command) => {
      const { listChannels } = await import('./chat.ts');
      await listChannels(console, listOptions.parse(self.opts()));
    },
  );
  list('bots', 'whether the bots are connected, and when they last heard and said something').action(
    async (_options: unknown, self: Command) => {
      const { listBots } = await import('./chat.ts');
      await listBots(console, listOptions.parse(self.opts()));
    },
  );
}

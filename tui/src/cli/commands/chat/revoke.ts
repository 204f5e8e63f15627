import { HqError } from '@hq/shared/errors';
import { readChatLinks, revokeChatLink } from '@hq/shared/queries';
import type { Command } from 'commander';
import { writeOptions } from '../../arguments/options.ts';
import { refuseWhenReadonly } from '../../arguments/readonly.ts';
import type { AddCommand } from '../../command.ts';
import { connectMember } from '../../connection/connect-member.ts';
import { chatLinkDocument } from '../../documents/chat.ts';

const idStart = /^[0-9a-f][0-9a-f-]{3,35}$/;

export const addRevoke: AddCommand = (parent, console) => {
  parent
    .command('revoke')
    .description('revoke a link: the account acts for nobody any more')
    .option('--json', 'one JSON document')
    .argument('<link>', 'id of a link, or its start')
    .action(async (text: string, _options: unknown, self: Command) => {
      const { json, readonly } = writeOptions.parse(self.optsWithGlobals());
      refuseWhenReadonly(readonly);
      const start = text.toLowerCase();
      if (!idStart.test(start)) {
        throw new HqError('usage', 'That is not the id of a link.', {
          hint: 'Give the id or its first 4 characters or more, as `hq-tui chat links` shows it.',
        });
      }
      const { client } = await connectMember(console.env);
      const [found, other] = (await readChatLinks(client)).filter(({ id }) => id.startsWith(start));
      if (found === undefined) {
        throw new HqError('not_found', `No link begins with ${start}.`, {
          hint: '`hq-tui chat links` lists them.',
        });
      }
      if (other !== undefined) {
        throw new HqError('usage', `Several links begin with ${start}.`, { hint: 'Give more of the id.' });
      }
      const link = await revokeChatLink(client, found.id);
      if (json) console.printJson({ link: chatLinkDocument(link) });
      else console.print(`${link.id} revoked`);
    });
};

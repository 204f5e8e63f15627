import { readChatLinks, revokeChatLink } from '@hq/shared/queries';
import type { Command } from 'commander';
import { findByIdStart } from '../../arguments/id-start.ts';
import { parseToWrite, writeOptions } from '../../arguments/options.ts';
import type { AddCommand } from '../../command.ts';
import { connectMember } from '../../connection/connect-member.ts';
import { chatLinkDocument } from '../../documents/chat.ts';
import { shownId } from '../../output/shown-id.ts';

export const addRevoke: AddCommand = (parent, console) => {
  parent
    .command('revoke')
    .description('revoke a link: the account acts for nobody any more')
    .option('--json', 'one JSON document')
    .argument('<link>', 'id of a link, or its start')
    .action(async (text: string, _options: unknown, self: Command) => {
      const { json } = parseToWrite(writeOptions, self);
      const { client } = await connectMember(console.env);
      const found = await findByIdStart(
        text,
        'link',
        'hq-tui chat links',
        () => readChatLinks(client),
        ({ platform, chat_user }) => `${platform} ${chat_user}`,
      );
      const link = await revokeChatLink(client, found.id);
      if (json) console.printJson({ link: chatLinkDocument(link) });
      else console.print(`${shownId(console, link.id)} revoked`);
    });
};

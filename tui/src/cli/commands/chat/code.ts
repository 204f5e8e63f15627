import { issueChatCode } from '@hq/shared/queries';
import type { Command } from 'commander';
import { linkingSteps } from '../../../actions/linking-steps.ts';
import { parseToWrite, writeOptions } from '../../arguments/options.ts';
import type { AddCommand } from '../../command.ts';
import { connectMember } from '../../connection/connect-member.ts';

export const addCode: AddCommand = (parent, console) => {
  parent
    .command('code')
    .description('a code that links your chat account to you, once')
    .option('--json', 'one JSON document')
    .action(async (_options: unknown, self: Command) => {
      const { json } = parseToWrite(writeOptions, self);
      const { client } = await connectMember(console.env);
      const { code, expires_at } = await issueChatCode(client);
      if (json) {
        console.printJson({ code, expiresAt: expires_at });
        return;
      }
      for (const step of linkingSteps(code, Date.parse(expires_at) - client.clock.now())) console.say(step);
      console.print(code);
    });
};

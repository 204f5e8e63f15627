import { plain } from '@hq/shared/text';
import type { Command } from 'commander';
import { z } from 'zod';
import { flag } from '../arguments/options.ts';
import type { AddCommand } from '../command.ts';
import { connectMember } from '../connection/connect-member.ts';
import type { SignedInBy } from '../connection/find-hq.ts';
import { memberDocument } from '../documents/records.ts';

const ways: Readonly<Record<SignedInBy, string>> = {
  login: 'by hq-tui login',
  environment: 'by HQ_EMAIL and HQ_PASSWORD',
  local: 'by npm start on this machine',
};

const optionsOf = z.object({ json: flag });

export const addWhoami: AddCommand = (parent, console) => {
  parent
    .command('whoami')
    .description('the account, its HQ and its role')
    .option('--json', 'as a JSON document')
    .action(async (_options: unknown, self: Command) => {
      const { json } = optionsOf.parse(self.opts());
      const { client, member, signedInBy } = await connectMember(console.env);
      if (json) {
        console.printJson({ ...memberDocument(member, client.host), signedInBy });
        return;
      }
      const tenant = plain(member.tenant_name ?? member.tenant_id);
      console.print(
        `${plain(member.email ?? member.user_id)} (${member.role}) in ${tenant} at ${client.host}, ${ways[signedInBy]}`,
      );
    });
};

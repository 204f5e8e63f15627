import { HqError } from '@hq/shared/errors';
import type { Command } from 'commander';
import { refuseCredential } from '../../../secrets/refuse-credential.ts';
import { checkKeyName, noteSecret } from '../../../secrets/write-secret.ts';
import { parseToWrite } from '../../arguments/options.ts';
import type { AddCommand } from '../../command.ts';
import { connectMember } from '../../connection/connect-member.ts';
import { printSecret } from './print-secret.ts';
import { findTarget, requireSecret, secretCommand, targetOptions } from './target.ts';

export const addNote: AddCommand = (parent, console) => {
  secretCommand(parent, 'note', 'write a remark on a secret')
    .argument('<key>', 'its name')
    .argument('[note]', 'the remark; an empty one removes it')
    .allowExcessArguments()
    .action(async (_key: string, _note: string, _options: unknown, self: Command) => {
      const options = parseToWrite(targetOptions, self);
      const [key = '', note, ...more] = self.args;
      checkKeyName(key);
      if (note === undefined || more.length > 0) {
        throw new HqError('usage', 'A note is one argument after the key; an empty one removes it.', {
          field: 'note',
        });
      }
      refuseCredential(note);
      const { client } = await connectMember(console.env);
      const secret = await requireSecret(client, key, await findTarget(client, options));
      const noted = await noteSecret(client, secret.id, note, 'cli');
      await printSecret(console, client, noted, 'noted', options.json);
    });
};

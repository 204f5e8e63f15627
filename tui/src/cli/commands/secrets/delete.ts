import { HqError } from '@hq/shared/errors';
import { plain } from '@hq/shared/text';
import type { Command } from 'commander';
import { checkKeyName, deleteSecret } from '../../../secrets/write-secret.ts';
import { flag, parseToWrite } from '../../arguments/options.ts';
import type { AddCommand } from '../../command.ts';
import { connectMember } from '../../connection/connect-member.ts';
import { confirmByName } from '../../prompts/confirm.ts';
import { printSecret } from './print-secret.ts';
import { findTarget, requireSecret, secretCommand, targetOptions, targetText } from './target.ts';

const optionsOf = targetOptions.extend({ yes: flag });

export const addDelete: AddCommand = (parent, console) => {
  secretCommand(parent, 'delete', 'delete a secret, and remove it from the files of the gateway')
    .argument('<key>', 'its name')
    .option('--yes', 'do not ask for confirmation')
    .allowExcessArguments()
    .action(async (_key: string, _options: unknown, self: Command) => {
      const options = parseToWrite(optionsOf, self);
      const [key = '', ...more] = self.args;
      checkKeyName(key);
      if (more.length > 0) throw new HqError('usage', 'The command takes one key.', { field: 'key' });
      const danger = `Deleting ${key} is destructive`;
      // Without a terminal the missing --yes is reported before anything is connected.
      if (!options.yes && !console.canAsk) await confirmByName(console, danger, '', key);
      const { client } = await connectMember(console.env);
      const target = await findTarget(client, options);
      const secret = await requireSecret(client, key, target);
      if (!options.yes) {
        const consequence = `${key} of ${plain(targetText(target))} is deleted; its value cannot be restored.`;
        await confirmByName(console, danger, consequence, key);
      }
      const deleted = await deleteSecret(client, secret.id, 'cli');
      await printSecret(console, client, deleted, 'deleted', options.json);
    });
};

import type { Command } from 'commander';
import { findCommandId } from '../arguments/command-id.ts';
import { parseToWrite, writeOptions } from '../arguments/options.ts';
import type { AddCommand } from '../command.ts';
import { connectMember } from '../connection/connect-member.ts';
import { printCommand } from '../output/command-result.ts';

export const addCancel: AddCommand = (parent, console) => {
  parent
    .command('cancel')
    .argument('<id>', 'id of a command, or its start')
    .description('cancel a waiting or running command')
    .option('--json', 'the command as a JSON document')
    .action(async (id: string, _options: unknown, self: Command) => {
      const { json } = parseToWrite(writeOptions, self);
      const { client } = await connectMember(console.env);
      const command = await client.cancel(await findCommandId(client, id), 'cli');
      await printCommand(console, client, command, json);
    });
};

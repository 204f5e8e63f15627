import type { Command } from 'commander';
import { z } from 'zod';
import { findCommandId } from '../arguments/command-id.ts';
import { parseSeconds } from '../arguments/numbers.ts';
import { flag, text } from '../arguments/options.ts';
import type { AddCommand } from '../command.ts';
import { connectMember } from '../connection/connect-member.ts';
import { printCommand, requireDone } from '../output/command-result.ts';
import { followCommand } from '../waiting/follow-command.ts';

const optionsOf = z.object({ json: flag, timeout: text });

export const addWatch: AddCommand = (parent, console) => {
  parent
    .command('watch')
    .argument('<id>', 'id of a command, or its start')
    .description('wait for a command; its output goes to standard error')
    .option('--timeout <seconds>', 'longest time to wait')
    .option('--json', 'the command as a JSON document')
    .action(async (id: string, _options: unknown, self: Command) => {
      const { json, timeout } = optionsOf.parse(self.opts());
      const timeoutMs = timeout === undefined ? null : parseSeconds(timeout, '--timeout');
      const { client } = await connectMember(console.env);
      const finished = await followCommand(console, client, await findCommandId(client, id), timeoutMs);
      await printCommand(console, client, finished, json);
      requireDone(finished);
    });
};

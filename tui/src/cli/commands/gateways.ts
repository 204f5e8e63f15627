import { issueGatewayToken, readAgents, readGateways } from '@hq/shared/queries';
import type { Command } from 'commander';
import { z } from 'zod';
import { printedGatewayColumns } from '../../columns/gateways.ts';
import { parseCount } from '../arguments/numbers.ts';
import { parseToWrite, text, writeOptions } from '../arguments/options.ts';
import type { AddCommand } from '../command.ts';
import { connectMember } from '../connection/connect-member.ts';
import { gatewayDocument } from '../documents/fleet.ts';
import { addImport } from './importing/import.ts';
import { addUnimport } from './importing/unimport.ts';
import { listCommand } from './list-command.ts';

export const noGateways = 'No gateway is registered yet.';

const addList = listCommand({
  name: 'gateways',
  about: 'gateways, their condition, services and agents',
  async read({ client }) {
    const [gateways, agents] = await Promise.all([readGateways(client), readAgents(client)]);
    return { rows: gateways, gateways, agents };
  },
  document: gatewayDocument,
  columns: () => printedGatewayColumns,
  whenEmpty: noGateways,
});

const tokenOptions = writeOptions.extend({ label: text, minutes: z.string() });

/** `hq-tui gateways`, and its commands `token`, `import` and `unimport`. */
export const addGateways: AddCommand = (parent, console) => {
  addList(parent, console);
  const gateways = parent.commands.find((command) => command.name() === 'gateways');
  if (gateways === undefined) return;
  addImport(gateways, console);
  addUnimport(gateways, console);
  gateways
    .command('token')
    .description('a token with which one new host registers as a gateway, once')
    .option('--label <text>', 'the name that people see')
    .option('--minutes <count>', 'minutes until it expires, 5 to 60', '15')
    .option('--json', 'one JSON document')
    .action(async (_options: unknown, self: Command) => {
      const { json, label = null, minutes } = parseToWrite(tokenOptions, self);
      const count = parseCount(minutes, 60, '--minutes');
      const { client } = await connectMember(console.env);
      const { token, expires_at } = await issueGatewayToken(client, count, label);
      if (json) {
        console.printJson({ token, expiresAt: expires_at });
        return;
      }
      console.say(
        `Set GATEWAY_REGISTRATION_TOKEN to it on the new host within ${minutes} minutes. It works once.`,
      );
      console.print(token);
    });
};

import { readCommands, readGateways } from '@hq/shared/queries';
import { commandStatuses, type GatewayRow } from '@hq/shared/rows';
import { type Command, Option } from 'commander';
import { z } from 'zod';
import { printedCommandColumns } from '../../columns/commands.ts';
import { findAgent, findGateway } from '../arguments/find-by-name.ts';
import { gatewayFilter, limitOption, sinceOption, text } from '../arguments/options.ts';
import type { AddCommand } from '../command.ts';
import { connectMember, type MemberConnection } from '../connection/connect-member.ts';
import { commandDocument } from '../documents/command.ts';
import { listDocument } from '../documents/list.ts';
import { slugsOf } from '../documents/slugs.ts';
import { printTable, rowContext, tableWidth } from '../output/print-table.ts';
import { listCommand, listOptions, newest } from './list-command.ts';

const optionsOf = listOptions.extend({
  gateway: text,
  agent: text,
  status: z.enum(commandStatuses).optional(),
  since: text,
  limit: text,
});

export const addCommands: AddCommand = (parent, console) => {
  listCommand(parent, 'commands', 'the newest commands')
    .addOption(gatewayFilter())
    .option('--agent <agent>', 'only of this agent, by slug or id')
    .addOption(new Option('--status <status>', 'only in this status').choices(commandStatuses))
    .addOption(sinceOption())
    .addOption(limitOption())
    .action(async (_options: unknown, self: Command) => {
      const options = optionsOf.parse(self.opts());
      const connection = await connectMember(console.env);
      const { client } = connection;
      const gateways = await readGateways(client);
      const commands = await readCommands(client, await filterOf(connection, gateways, options));
      if (options.json) {
        const slugs = slugsOf(gateways);
        const now = client.clock.now();
        console.printJson(
          listDocument(client, { commands: commands.map((row) => commandDocument(row, slugs, now)) }),
        );
        return;
      }
      const columns = printedCommandColumns(tableWidth(console, options) !== null);
      printTable(console, options, commands, columns, rowContext(connection, gateways), 'No commands.');
    });
};

async function filterOf(
  { client }: MemberConnection,
  gateways: readonly GatewayRow[],
  { gateway, agent, status, ...options }: z.output<typeof optionsOf>,
) {
  return {
    ...newest(client, options),
    ...(status === undefined ? {} : { status }),
    ...(agent === undefined ? {} : { agentId: (await findAgent(client, agent)).id }),
    ...(gateway === undefined ? {} : { gatewayId: findGateway(gateways, gateway).id }),
  };
}

import { readAgents, readGateways } from '@hq/shared/queries';
import type { Command } from 'commander';
import { printedGatewayColumns } from '../../columns/gateways.ts';
import type { AddCommand } from '../command.ts';
import { connectMember } from '../connection/connect-member.ts';
import { gatewayDocument } from '../documents/fleet.ts';
import { listDocument } from '../documents/list.ts';
import { printTable, rowContext } from '../output/print-table.ts';
import { listCommand, listOptions } from './list-command.ts';

export const addGateways: AddCommand = (parent, console) => {
  listCommand(parent, 'gateways', 'gateways, their condition, services and agents').action(
    async (_options: unknown, self: Command) => {
      const options = listOptions.parse(self.opts());
      const connection = await connectMember(console.env);
      const { client } = connection;
      const [gateways, agents] = await Promise.all([readGateways(client), readAgents(client)]);
      if (options.json) {
        const now = client.clock.now();
        console.printJson(
          listDocument(client, { gateways: gateways.map((row) => gatewayDocument(row, now)) }),
        );
        return;
      }
      const context = rowContext(connection, gateways, agents);
      printTable(console, options, gateways, printedGatewayColumns, context, 'No gateway is registered yet.');
    },
  );
};

import { readAgents, readGateways } from '@hq/shared/queries';
import { agentStatuses } from '@hq/shared/rows';
import { type Command, Option } from 'commander';
import { printedAgentColumns } from '../../columns/agents.ts';
import { findGateway } from '../arguments/find-by-name.ts';
import { gatewayFilter, text } from '../arguments/options.ts';
import type { AddCommand } from '../command.ts';
import { connectMember } from '../connection/connect-member.ts';
import { agentDocument } from '../documents/fleet.ts';
import { listDocument } from '../documents/list.ts';
import { slugsOf } from '../documents/slugs.ts';
import { printTable, rowContext } from '../output/print-table.ts';
import { listCommand, listOptions } from './list-command.ts';

const optionsOf = listOptions.extend({ gateway: text, status: text });

export const addAgents: AddCommand = (parent, console) => {
  listCommand(parent, 'agents', 'agents and their gateways')
    .addOption(gatewayFilter())
    .addOption(new Option('--status <status>', 'only in this status').choices(agentStatuses))
    .action(async (_options: unknown, self: Command) => {
      const options = optionsOf.parse(self.opts());
      const connection = await connectMember(console.env);
      const { client } = connection;
      const gateways = await readGateways(client);
      const gateway = options.gateway === undefined ? undefined : findGateway(gateways, options.gateway).id;
      const all = await readAgents(client, gateway);
      const agents =
        options.status === undefined ? all : all.filter(({ status }) => status === options.status);
      if (options.json) {
        const slugs = slugsOf(gateways);
        console.printJson(listDocument(client, { agents: agents.map((row) => agentDocument(row, slugs)) }));
        return;
      }
      printTable(
        console,
        options,
        agents,
        printedAgentColumns,
        rowContext(connection, gateways),
        'No agents.',
      );
    });
};

import { readCommands, readGateways } from '@hq/shared/queries';
import { commandStatuses } from '@hq/shared/rows';
import { Option } from 'commander';
import { z } from 'zod';
import { printedCommandColumns } from '../../columns/commands.ts';
import { findAgent, findGateway } from '../arguments/find-by-name.ts';
import { gatewayFilter, limitOption, sinceOption } from '../arguments/options.ts';
import { commandDocument } from '../documents/command.ts';
import { listCommand, newest } from './list-command.ts';

const statusOf = z.enum(commandStatuses);

export const addCommands = listCommand({
  name: 'commands',
  about: 'the newest commands',
  options: [
    gatewayFilter(),
    new Option('--agent <agent>', 'only of this agent, by slug or id'),
    new Option('--status <status>', 'only in this status').choices(commandStatuses),
    sinceOption(),
    limitOption(),
  ],
  async read({ client }, { gateway, agent, status, ...options }) {
    const gateways = await readGateways(client);
    const rows = await readCommands(client, {
      ...newest(client, options),
      ...(status === undefined ? {} : { status: statusOf.parse(status) }),
      ...(agent === undefined ? {} : { agentId: (await findAgent(client, agent)).id }),
      ...(gateway === undefined ? {} : { gatewayId: findGateway(gateways, gateway).id }),
    });
    return { rows, gateways };
  },
  document: commandDocument,
  columns: printedCommandColumns,
  whenEmpty: 'No commands.',
});

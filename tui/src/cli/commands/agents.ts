import { readAgents, readGateways } from '@hq/shared/queries';
import { agentStatuses } from '@hq/shared/rows';
import { Option } from 'commander';
import { printedAgentColumns } from '../../columns/agents.ts';
import { findGateway } from '../arguments/find-by-name.ts';
import { gatewayFilter } from '../arguments/options.ts';
import { agentDocument } from '../documents/fleet.ts';
import { listCommand } from './list-command.ts';

export const addAgents = listCommand({
  name: 'agents',
  about: 'agents and their gateways',
  options: [gatewayFilter(), new Option('--status <status>', 'only in this status').choices(agentStatuses)],
  async read({ client }, { gateway, status }) {
    const gateways = await readGateways(client);
    const agents = await readAgents(
      client,
      gateway === undefined ? {} : { gatewayId: findGateway(gateways, gateway).id },
    );
    return { rows: agents.filter((agent) => status === undefined || agent.status === status), gateways };
  },
  document: agentDocument,
  columns: () => printedAgentColumns,
  whenEmpty: 'No agents.',
});

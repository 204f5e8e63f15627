import { readAgentHealth, readAgents, readGateways } from '@hq/shared/queries';
import { agentStatuses, healthStates } from '@hq/shared/rows';
import { Option } from 'commander';
import { printedAgentColumns } from '../../columns/agents.ts';
import { findGateway } from '../arguments/find-by-name.ts';
import { gatewayFilter } from '../arguments/options.ts';
import { agentDocument } from '../documents/fleet.ts';
import { listCommand } from './list-command.ts';

export const addAgents = listCommand({
  name: 'agents',
  about: 'agents and their gateways',
  options: [
    gatewayFilter(),
    new Option('--status <status>', 'only in this status or state of health').choices([
      ...new Set([...agentStatuses, ...healthStates]),
    ]),
  ],
  async read({ client }, { gateway, status }) {
    const [gateways, health] = await Promise.all([readGateways(client), readAgentHealth(client)]);
    const agents = await readAgents(
      client,
      gateway === undefined ? {} : { gatewayId: findGateway(gateways, gateway).id },
    );
    const states = new Map(health.map(({ agent_id, state }) => [agent_id, state]));
    const rows = agents.filter(
      ({ id, status: own }) => status === undefined || own === status || states.get(id) === status,
    );
    return { rows, gateways, health };
  },
  document: agentDocument,
  columns: () => printedAgentColumns,
  whenEmpty: 'No agents.',
});

import { readAgents, readGateways } from '@hq/shared/queries';
import { printedGatewayColumns } from '../../columns/gateways.ts';
import { gatewayDocument } from '../documents/fleet.ts';
import { listCommand } from './list-command.ts';

export const noGateways = 'No gateway is registered yet.';

export const addGateways = listCommand({
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

import { readAgents, readGateways, readPairings } from '@hq/shared/queries';
import { isWaiting } from '@hq/shared/rows';
import { Option } from 'commander';
import { printedPairingColumns } from '../../columns/pairings.ts';
import { findAgent, findGateway } from '../arguments/find-by-name.ts';
import { gatewayFilter, limitOption, sinceOption } from '../arguments/options.ts';
import { pairingDocument } from '../documents/records.ts';
import { listCommand, newest } from './list-command.ts';

export const addPairings = listCommand({
  name: 'pairings',
  about: 'people who ask to write to agents',
  options: [
    gatewayFilter(),
    new Option('--agent <agent>', 'only of this agent, by slug or id'),
    new Option('--all', 'approved and expired ones too'),
    sinceOption(),
    limitOption(),
  ],
  async read({ client }, options) {
    const { gateway, agent, all } = options;
    const [gateways, agents] = await Promise.all([readGateways(client), readAgents(client)]);
    const { limit, since } = newest(client, options);
    const rows = await readPairings(client, {
      ...(gateway === undefined ? {} : { gatewayId: findGateway(gateways, gateway).id }),
      ...(agent === undefined ? {} : { agentId: (await findAgent(client, agent)).id }),
      ...(all ? {} : { status: 'pending' as const }),
      ...(since === undefined ? {} : { since }),
      limit,
    });
    const now = client.clock.now();
    return { rows: rows.filter((row) => all || isWaiting(row, now)), gateways, agents };
  },
  document: pairingDocument,
  columns: () => printedPairingColumns,
  whenEmpty: 'Nobody waits for an approval. Operators and admins see the codes.',
});

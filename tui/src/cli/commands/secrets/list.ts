import { readAgents, readGateways, readSecrets } from '@hq/shared/queries';
import { Option } from 'commander';
import { printedSecretColumns } from '../../../columns/secrets.ts';
import { withOverrides } from '../../../secrets/secret-overrides.ts';
import { findAgent, findGateway } from '../../arguments/find-by-name.ts';
import { gatewayFilter } from '../../arguments/options.ts';
import { secretDocument } from '../../documents/secret.ts';
import { listCommand } from '../list-command.ts';

export const addList = listCommand({
  name: 'list',
  about: 'secrets, and whether they are on their gateways',
  options: [
    gatewayFilter(),
    new Option('--agent <agent>', 'only of this agent and its gateway, by slug or id'),
  ],
  documentName: 'secrets',
  async read({ client }, options) {
    const [gateways, agents, secrets] = await Promise.all([
      readGateways(client),
      readAgents(client),
      readSecrets(client),
    ]);
    const agent = options.agent === undefined ? null : await findAgent(client, options.agent);
    const gatewayId =
      options.gateway === undefined ? agent?.gateway_id : findGateway(gateways, options.gateway).id;
    // An agent has its own secrets and those of its gateway.
    const rows = withOverrides(secrets).filter(
      ({ gateway_id, agent_id }) =>
        (gatewayId == null || gateway_id === gatewayId) &&
        (agent === null || agent_id === null || agent_id === agent.id),
    );
    return { rows, gateways, agents };
  },
  document: secretDocument,
  columns: () => printedSecretColumns,
  whenEmpty: 'No secrets.',
});

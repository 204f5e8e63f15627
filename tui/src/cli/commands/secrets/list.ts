import { readAgents, readGateways, readSecrets } from '@hq/shared/queries';
import type { Command } from 'commander';
import { printedSecretColumns } from '../../../columns/secrets.ts';
import { withOverrides } from '../../../secrets/secret-overrides.ts';
import { findAgent, findGateway } from '../../arguments/find-by-name.ts';
import { text } from '../../arguments/options.ts';
import type { AddCommand } from '../../command.ts';
import { connectMember } from '../../connection/connect-member.ts';
import { listDocument } from '../../documents/list.ts';
import { secretDocument } from '../../documents/secret.ts';
import { slugsOf } from '../../documents/slugs.ts';
import { printTable, rowContext } from '../../output/print-table.ts';
import { listOptions } from '../list-command.ts';
import { secretCommand } from './target.ts';

const optionsOf = listOptions.extend({ gateway: text, agent: text });

export const addList: AddCommand = (parent, console) => {
  secretCommand(parent, 'list', 'secrets, and whether they are on their gateways')
    .option('--wide', 'do not cut the table to the terminal')
    .action(async (_options: unknown, self: Command) => {
      const options = optionsOf.parse(self.opts());
      const connection = await connectMember(console.env);
      const { client } = connection;
      const [gateways, agents, secrets] = await Promise.all([
        readGateways(client),
        readAgents(client),
        readSecrets(client),
      ]);
      const agent = options.agent === undefined ? null : await findAgent(client, options.agent);
      const gatewayId =
        options.gateway === undefined
          ? (agent?.gateway_id ?? null)
          : findGateway(gateways, options.gateway).id;
      // An agent has its own secrets and those of its gateway.
      const shown = withOverrides(secrets).filter(
        ({ gateway_id, agent_id }) =>
          (gatewayId === null || gateway_id === gatewayId) &&
          (agent === null || agent_id === null || agent_id === agent.id),
      );
      if (options.json) {
        const slugs = { gateways: slugsOf(gateways), agents: slugsOf(agents) };
        console.printJson(listDocument(client, { secrets: shown.map((row) => secretDocument(row, slugs)) }));
        return;
      }
      const context = rowContext(connection, gateways, agents);
      printTable(console, options, shown, printedSecretColumns, context, 'No secrets.');
    });
};

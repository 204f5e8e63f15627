import { needsAttention } from '@hq/shared/fleet';
import {
  countCommands,
  readAgentHealth,
  readAgents,
  readCommands,
  readGateways,
  readNotifications,
  readWorkspace,
} from '@hq/shared/queries';
import { plain } from '@hq/shared/text';
import type { Command } from 'commander';
import { healthCounts } from '../../columns/agent-health.ts';
import { printedAttentionColumns } from '../../columns/attention.ts';
import { printedGatewayColumns } from '../../columns/gateways.ts';
import { stoppedText } from '../../columns/stopped.ts';
import type { AddCommand } from '../command.ts';
import { connectMember, type MemberConnection } from '../connection/connect-member.ts';
import { listDocument } from '../documents/document.ts';
import { attentionDocument, gatewayDocument, healthDocument } from '../documents/fleet.ts';
import { memberDocument } from '../documents/records.ts';
import type { Console } from '../output/console.ts';
import { printTable, rowContext } from '../output/print-table.ts';
import { noGateways } from './gateways.ts';
import { addList, type ListOptions, parseListOptions } from './list-command.ts';

export const addStatus: AddCommand = (parent, console) => {
  addList(parent, 'status', 'the fleet and what needs attention').action((_options: unknown, self: Command) =>
    printStatus(console, parseListOptions(self)),
  );
};

export async function printStatus(
  console: Console,
  options: Pick<ListOptions, 'json' | 'wide'>,
): Promise<void> {
  const connection = await connectMember(console.env);
  const { client, member } = connection;
  const fleet = await readFleet(connection);
  const { gateways, agents, health } = fleet;
  const now = client.clock.now();
  const attention = needsAttention(fleet, now);
  if (options.json) {
    console.printJson(await statusDocument(connection, fleet, attention));
    return;
  }
  const tenant = plain(member.tenant_name ?? 'HQ');
  console.print(
    `${console.paint('strong', tenant)}  ${plain(member.email ?? '')} (${member.role})  ${client.host}`,
  );
  const stopped = stoppedText(fleet.workspaces, member, now);
  if (stopped !== null)
    console.print(console.paint('bad', `${stopped}: hq-tui resume-all lets agents work again`));
  console.print('');
  const context = rowContext(connection, gateways, agents, health);
  printTable(console, options, gateways, printedGatewayColumns, context, noGateways);
  console.print('');
  if (health.length > 0) console.print(`Agents: ${healthCounts(health)}`);
  if (attention.length === 0) {
    console.print(console.paint('good', 'Nothing needs attention.'));
    return;
  }
  console.print(console.paint('strong', 'Needs attention'));
  printTable(console, options, attention, printedAttentionColumns, context, '');
}

type Fleet = Awaited<ReturnType<typeof readFleet>>;

async function readFleet({ client }: MemberConnection) {
  const [gateways, agents, health, commands, notifications, workspaces] = await Promise.all([
    readGateways(client),
    readAgents(client),
    readAgentHealth(client),
    readCommands(client),
    readNotifications(client, { all: true }),
    readWorkspace(client),
  ]);
  return { gateways, agents, health, commands, notifications, workspaces };
}

async function statusDocument(
  { client, member }: MemberConnection,
  { gateways, agents, health, workspaces }: Fleet,
  attention: ReturnType<typeof needsAttention>,
) {
  const now = client.clock.now();
  const [pending, running] = await Promise.all([
    countCommands(client, 'pending'),
    countCommands(client, 'running'),
  ]);
  return listDocument(client, {
    member: memberDocument(member, client.host),
    gateways: gateways.map((row) => gatewayDocument(row, { now })),
    stopped: stoppedDocument(workspaces, member),
    agents: { total: agents.length, ready: agents.filter(({ status }) => status === 'ready').length },
    health: health.map((row) => ({ agent: row.agent, ...healthDocument(row) })),
    commands: { pending, running },
    attention: attention.map(attentionDocument),
  });
}

function stoppedDocument([workspace]: Fleet['workspaces'], { people }: MemberConnection['member']) {
  if (workspace?.stopped_at == null) return null;
  const { stopped_at: since, stopped_by: id } = workspace;
  return { since, by: id === null ? null : (people?.get(id) ?? id) };
}

import type { HqClient } from '@hq/shared/client';
import { HqError } from '@hq/shared/errors';
import { needsAttention } from '@hq/shared/fleet';
import { readAgents, readAudit, readCommands, readGateways, readNotifications } from '@hq/shared/queries';
import { type CommandStatus, commandStatuses, type GatewayRow } from '@hq/shared/rows';
import { plain } from '@hq/shared/text';
import { printedAgentColumns } from '../columns/agents.ts';
import { printedAlertColumns } from '../columns/alerts.ts';
import { printedAttentionColumns } from '../columns/attention.ts';
import { printedAuditColumns } from '../columns/audit.ts';
import { printedCommandColumns } from '../columns/commands.ts';
import { printedGatewayColumns } from '../columns/gateways.ts';
import type { Console } from './console.ts';
import { type Entered, enter } from './enter.ts';
import { findAgent, findGateway } from './find-by-name.ts';
import { parseLimit, parseSince } from './moment.ts';
import { printTable, rowContext, tableWidth } from './print-table.ts';
import {
  agentShape,
  alertShape,
  attentionShape,
  auditShape,
  commandShape,
  gatewayShape,
  memberShape,
  namesOf,
} from './shapes.ts';

interface ListOptions {
  readonly json: boolean;
  readonly wide: boolean;
  readonly gateway?: string | undefined;
  readonly agent?: string | undefined;
  readonly status?: string | undefined;
  readonly since?: string | undefined;
  readonly limit?: string | undefined;
  readonly all?: boolean | undefined;
}

/** Reads one list and tells it as a table or as a document. */
export type List = (console: Console, options: ListOptions) => Promise<void>;

const defaultLimit = 50;
const noGateway = 'No gateway is registered yet.';

export const listGateways: List = async (console, options) => {
  const entered = await enter(console.env);
  const { client } = entered;
  const [gateways, agents] = await Promise.all([readGateways(client), readAgents(client)]);
  const now = client.clock.now();
  if (options.json) {
    console.printJson(document(client, { gateways: gateways.map((row) => gatewayShape(row, now)) }));
  } else {
    const context = rowContext(entered, gateways, agents);
    printTable(console, options, gateways, printedGatewayColumns, context, noGateway);
  }
};

export const listAgents: List = async (console, options) => {
  const entered = await enter(console.env);
  const { client } = entered;
  const gateways = await readGateways(client);
  const only = options.gateway === undefined ? undefined : findGateway(gateways, options.gateway).id;
  const all = await readAgents(client, only);
  const agents = options.status === undefined ? all : all.filter((agent) => agent.status === options.status);
  const names = namesOf(gateways);
  if (options.json) {
    console.printJson(document(client, { agents: agents.map((row) => agentShape(row, names)) }));
  } else {
    printTable(console, options, agents, printedAgentColumns, rowContext(entered, gateways), 'No agents.');
  }
};

export const listCommands: List = async (console, options) => {
  const entered = await enter(console.env);
  const { client } = entered;
  const gateways = await readGateways(client);
  const commands = await readCommands(client, await commandsFilter(entered, gateways, options));
  const now = client.clock.now();
  if (options.json) {
    const names = namesOf(gateways);
    console.printJson(document(client, { commands: commands.map((row) => commandShape(row, names, now)) }));
  } else {
    const columns = printedCommandColumns(tableWidth(console, options) !== null);
    printTable(console, options, commands, columns, rowContext(entered, gateways), 'No commands.');
  }
};

export const listAlerts: List = async (console, options) => {
  const entered = await enter(console.env);
  const { client } = entered;
  const alerts = await readNotifications(client, {
    ...newest(client, options),
    all: options.all === true,
  });
  if (options.json) {
    console.printJson(document(client, { alerts: alerts.map(alertShape) }));
  } else {
    printTable(console, options, alerts, printedAlertColumns, rowContext(entered), 'No alerts.');
  }
};

export const listAudit: List = async (console, options) => {
  const entered = await enter(console.env);
  const { client } = entered;
  const lines = await readAudit(client, newest(client, options));
  if (options.json) {
    console.printJson(document(client, { audit: lines.map(auditShape) }));
  } else {
    printTable(console, options, lines, printedAuditColumns, rowContext(entered), 'Nothing was done yet.');
  }
};

export const showStatus: List = async (console, options) => {
  const entered = await enter(console.env);
  const { client, member } = entered;
  const [gateways, agents, commands, notifications] = await Promise.all([
    readGateways(client),
    readAgents(client),
    readCommands(client),
    readNotifications(client, { all: true }),
  ]);
  const now = client.clock.now();
  const attention = needsAttention({ gateways, agents, commands, notifications }, now);
  if (options.json) {
    console.printJson(
      document(client, {
        member: memberShape(member, client.host),
        gateways: gateways.map((row) => gatewayShape(row, now)),
        agents: { total: agents.length, ready: agents.filter((agent) => agent.status === 'ready').length },
        commands: {
          pending: commands.filter((command) => command.status === 'pending').length,
          running: commands.filter((command) => command.status === 'running').length,
        },
        attention: attention.map(attentionShape),
      }),
    );
    return;
  }
  const tenant = plain(member.tenant_name ?? 'HQ');
  console.print(
    `${console.paint('strong', tenant)}  ${plain(member.email ?? '')} (${member.role})  ${client.host}`,
  );
  console.print('');
  const context = rowContext(entered, gateways, agents);
  printTable(console, options, gateways, printedGatewayColumns, context, noGateway);
  console.print('');
  if (attention.length === 0) {
    console.print(console.paint('good', 'Nothing needs attention.'));
    return;
  }
  console.print(console.paint('strong', 'Needs attention'));
  printTable(console, options, attention, printedAttentionColumns, context, '');
};

async function commandsFilter({ client }: Entered, gateways: readonly GatewayRow[], options: ListOptions) {
  const status = options.status === undefined ? undefined : parseStatus(options.status);
  const agentId = options.agent === undefined ? undefined : (await findAgent(client, options.agent)).id;
  const gatewayId = options.gateway === undefined ? undefined : findGateway(gateways, options.gateway).id;
  return {
    ...newest(client, options),
    ...(status === undefined ? {} : { status }),
    ...(agentId === undefined ? {} : { agentId }),
    ...(gatewayId === undefined ? {} : { gatewayId }),
  };
}

function newest(client: HqClient, options: ListOptions): { limit: number; since?: string } {
  return {
    limit: options.limit === undefined ? defaultLimit : parseLimit(options.limit),
    ...(options.since === undefined ? {} : { since: parseSince(options.since, client.clock.now()) }),
  };
}

function parseStatus(text: string): CommandStatus {
  const status = commandStatuses.find((one) => one === text);
  if (status === undefined) {
    throw new HqError('usage', `“${text}” is no status of a command.`, {
      field: '--status',
      hint: `Give one of ${commandStatuses.join(', ')}.`,
    });
  }
  return status;
}

export function document<Content extends object>(
  client: HqClient,
  content: Content,
): { asOf: string } & Content {
  return { asOf: new Date(client.clock.now()).toISOString(), ...content };
}

import type { HqClient } from '@hq/shared/client';
import { HqError } from '@hq/shared/errors';
import { needsAttention } from '@hq/shared/fleet';
import { readAgents, readAudit, readCommands, readGateways, readNotifications } from '@hq/shared/queries';
import { type CommandStatus, commandStatuses, type GatewayRow } from '@hq/shared/rows';
import { plain } from '@hq/shared/text';
import { agentColumns, alertColumns, auditColumns, commandColumns, gatewayColumns } from './columns.ts';
import type { Console } from './console.ts';
import { type Entered, enter } from './enter.ts';
import { findAgent, findGateway } from './find-by-name.ts';
import { parseLimit, parseSince } from './moment.ts';
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
import { type Column, table } from './table.ts';

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

export const listGateways: List = async (console, options) => {
  const { client } = await enter(console.env);
  const [gateways, agents] = await Promise.all([readGateways(client), readAgents(client)]);
  const now = client.clock.now();
  if (options.json) {
    console.printJson(document(client, { gateways: gateways.map((row) => gatewayShape(row, now)) }));
  } else {
    printTable(console, options, gateways, gatewayColumns(now, agents), 'No gateway is registered yet.');
  }
};

export const listAgents: List = async (console, options) => {
  const { client } = await enter(console.env);
  const gateways = await readGateways(client);
  const only = options.gateway === undefined ? undefined : findGateway(gateways, options.gateway).id;
  const all = await readAgents(client, only);
  const agents = options.status === undefined ? all : all.filter((agent) => agent.status === options.status);
  const names = namesOf(gateways);
  if (options.json) {
    console.printJson(document(client, { agents: agents.map((row) => agentShape(row, names)) }));
  } else {
    printTable(console, options, agents, agentColumns(client.clock.now(), names), 'No agents.');
  }
};

export const listCommands: List = async (console, options) => {
  const entered = await enter(console.env);
  const { client, member } = entered;
  const gateways = await readGateways(client);
  const commands = await readCommands(client, await commandsFilter(entered, gateways, options));
  const now = client.clock.now();
  const names = namesOf(gateways);
  if (options.json) {
    console.printJson(document(client, { commands: commands.map((row) => commandShape(row, names, now)) }));
  } else {
    const isNarrow = widthFor(console, options) !== null;
    printTable(console, options, commands, commandColumns(now, names, member, isNarrow), 'No commands.');
  }
};

export const listAlerts: List = async (console, options) => {
  const { client } = await enter(console.env);
  const alerts = await readNotifications(client, {
    ...newest(client, options),
    all: options.all === true,
  });
  if (options.json) {
    console.printJson(document(client, { alerts: alerts.map(alertShape) }));
  } else {
    printTable(console, options, alerts, alertColumns(client.clock.now()), 'No alerts.');
  }
};

export const listAudit: List = async (console, options) => {
  const { client, member } = await enter(console.env);
  const lines = await readAudit(client, newest(client, options));
  if (options.json) {
    console.printJson(document(client, { audit: lines.map(auditShape) }));
  } else {
    printTable(console, options, lines, auditColumns(client.clock.now(), member), 'Nothing was done yet.');
  }
};

export const showStatus: List = async (console, options) => {
  const { client, member } = await enter(console.env);
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
  printTable(console, options, gateways, gatewayColumns(now, agents), 'No gateway is registered yet.');
  console.print('');
  if (attention.length === 0) {
    console.print(console.paint('good', 'Nothing needs attention.'));
    return;
  }
  console.print(console.paint('strong', 'Needs attention'));
  const columns: Column<(typeof attention)[number]>[] = [
    { title: 'WHAT', text: (row) => row.name, tone: () => 'bad', least: 16 },
    { title: 'WHY', text: (row) => row.reason, least: 16 },
  ];
  for (const line of table(attention, columns, widthFor(console, options), console.paint))
    console.print(line);
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

export function printTable<Row>(
  console: Console,
  options: ListOptions,
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  whenEmpty: string,
): void {
  if (rows.length === 0) {
    console.say(whenEmpty);
    return;
  }
  for (const line of table(rows, columns, widthFor(console, options), console.paint)) console.print(line);
}

export function widthFor(console: Console, options: ListOptions): number | null {
  return options.wide ? null : console.columns;
}

import { gatewayCondition } from '@hq/shared/fleet';
import { agentHealth, agentStatuses, gatewayRow, healthStates, isTrouble } from '@hq/shared/rows';
import { utcTime } from '@hq/shared/text';
import { z } from 'zod';
import { fieldsOf, joinParts, linesOf, moment, strong, text } from '../../cards/card-parts.ts';
import { agentArgument, gatewayArgument, humanize, statusArgument } from '../arguments.ts';
import type { Command, CommandContext } from '../command.ts';
import { defineCommand } from '../define-command.ts';
import { actionButtons } from './action-buttons.ts';
import { budget, formatBudget } from './budgets.ts';
import { lineOf, listCommand } from './list-command.ts';
import { recordCommand } from './record-command.ts';

const counts = z.record(z.string(), z.number()).catch({});
const seenGateway = gatewayRow.pick({ slug: true, status: true, last_seen_at: true }).extend({
  services: gatewayRow.shape.meta.unwrap().shape.services,
  agents: z.number(),
  commands: z.object({ pending: z.number(), running: z.number() }),
});
type SeenGateway = z.output<typeof seenGateway>;
const fleet = z.object({
  now: z.string(),
  gateways: z.array(seenGateway),
  agents: counts,
  tasks: counts,
  failed: z.number(),
  alerts: z.number(),
  /** The member who stopped all agents, and the time; null while they may work. */
  stopped: z.object({ since: z.string(), by: z.string().nullable() }).nullish(),
});
const agent = z.object({
  slug: z.string(),
  name: z.string().nullable(),
  status: z.string(),
  description: z.string().nullish(),
  model: z.string().nullish(),
  thinking: z.string().nullish(),
  gateway: z.string().nullish(),
  health: agentHealth,
});
const wholeAgent = agent.extend({ tasks: z.number(), inbox: z.number(), budget: budget.nullish() });

function conditionOf(gateway: SeenGateway, now: number): string {
  const { services } = gateway;
  return gatewayCondition({ ...gateway, meta: services === undefined ? {} : { services } }, now);
}

function gatewayEntry(gateway: SeenGateway, now: number) {
  const { slug, last_seen_at, agents, commands } = gateway;
  return [
    strong(slug),
    conditionOf(gateway, now),
    last_seen_at === null ? 'never seen' : [text('seen '), moment(last_seen_at, now)],
    `${agents} ${agents === 1 ? 'agent' : 'agents'}`,
    commands.running > 0 && `${commands.running} running`,
    commands.pending > 0 && `${commands.pending} waiting`,
  ] as const;
}

/** Agents without an answer that the status names, and those that it counts. */
const mostNamed = 5;
const mostCounted = 100;
const troubled = new Set(['stale', 'error', 'unhealthy', 'unseen']);

const gateways = listCommand({
  name: 'gateways',
  aliases: ['gateway', 'show gateway'],
  title: 'Gateways',
  summary: 'Lists the gateways with their state.',
  arguments: [gatewayArgument('Only this one')],
  rank: 2,
  row: seenGateway,
  entry: gatewayEntry,
  emptyText: 'No gateway is registered yet.',
});

const status = defineCommand({
  name: 'status',
  aliases: ['fleet', 'overview'],
  title: 'Status of the fleet',
  summary: 'Shows the state of the fleet in one message.',
  arguments: [gatewayArgument('Only this gateway')],
  rank: 1,
  async run(context) {
    const { delivery, services, values, responder } = context;
    if (values.gateway !== undefined) return gateways.run(context);
    const [found] = await services.api.read(delivery, 'fleet', {}, fleet);
    if (found === undefined) return undefined;
    const now = Date.parse(found.now);
    const bad = found.gateways.filter((gateway) => troubled.has(conditionOf(gateway, now)));
    const silent = await silentAgents(context);
    const needs = bad.length + found.failed + found.alerts + silent.length;
    await responder.replace({
      title: 'Status of the fleet',
      tone: bad.length > 0 || found.stopped != null ? 'bad' : needs > 0 ? 'warning' : 'good',
      state: needs === 0 ? 'nothing needs attention' : `${needs} to look at`,
      fields: fieldsOf(
        ['Stopped', stoppedText(found.stopped)],
        ['Agents', formatCounts(found.agents) || 'none yet'],
        ['Do not answer', namesOf(silent)],
        ['Open tasks', formatCounts(found.tasks) || 'none'],
        ['Failed in the last hour', String(found.failed)],
        ['Open alerts', String(found.alerts)],
      ),
      body: linesOf(found.gateways.map((gateway) => lineOf(gatewayEntry(gateway, now)))),
      buttons: actionButtons(context, {}, ['Refresh', 'status'], found.alerts > 0 && ['Alerts', 'alerts']),
      footer: `${new Date(now).toISOString().slice(0, 16).replace('T', ' ')} UTC`,
    });
    return undefined;
  },
});

function stoppedText(stopped: z.output<typeof fleet>['stopped']): string {
  if (stopped == null) return '';
  return `by ${stopped.by ?? 'a member without an address'} since ${utcTime(stopped.since)}: resume-all lets agents work again`;
}

/** Returns the agents that do not answer, without those whose gateway is away: it is named itself. */
async function silentAgents({ delivery, services }: CommandContext) {
  const rows = await services.api.read(delivery, 'agents', { status: 'trouble', limit: mostCounted }, agent);
  return rows.filter(({ health, gateway }) => health.state !== 'offline' || gateway == null);
}

function namesOf(rows: readonly z.output<typeof agent>[]): string {
  const named = rows.slice(0, mostNamed).map(({ slug, health }) => `${slug} (${humanize(health.state)})`);
  const more = rows.length - named.length;
  return `${named.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

/** Returns the state of an agent with the reason and its age. */
function healthParts({ state, reason, since }: z.output<typeof agentHealth>, now: number) {
  const isQuiet = state === 'idle' || since === null;
  return [humanize(state), reason, !isQuiet && ([moment(since, now)] as const)] as const;
}

/** Returns the button of the one action that helps. */
function helpingButtons(context: CommandContext, offered: z.output<typeof agentHealth>['action']) {
  if (offered === null) return [];
  const { action, title, payload, agent: slug, gateway } = offered;
  const values = {
    ...(slug !== null && { agent: slug }),
    ...(gateway !== null && { gateway }),
    ...Object.fromEntries(Object.entries(payload).map(([key, value]) => [key, String(value)])),
  };
  return actionButtons(context, values, [title, action]);
}

function formatCounts(found: Readonly<Record<string, number>>): string {
  return joinParts(...Object.entries(found).map(([name, count]) => `${count} ${humanize(name)}`));
}

export const fleetCommands: readonly Command[] = [
  status,
  gateways,
  listCommand({
    name: 'agents',
    title: 'Agents',
    summary: 'Lists what each agent does, or why it does not answer.',
    arguments: [
      gatewayArgument('Only those on this gateway'),
      statusArgument(...new Set(['trouble', ...agentStatuses, ...healthStates])),
    ],
    rank: 3,
    row: agent,
    entry: ({ slug, gateway, health }, now) => [strong(slug), ...healthParts(health, now), gateway],
    emptyText: 'There are no agents.',
  }),
  recordCommand({
    name: 'agent',
    title: 'One agent',
    summary: 'Shows what one agent does or lacks, its tasks, inbox and budget.',
    arguments: [agentArgument('The agent')],
    rank: 4,
    row: wholeAgent,
    card: (row, context) => ({
      title: row.name === null || row.name === row.slug ? row.slug : `${row.name} (${row.slug})`,
      tone: isTrouble(row.health) ? 'bad' : row.status === 'ready' ? 'good' : 'warning',
      state: humanize(row.health.state),
      fields: fieldsOf(
        ['Because', row.health.reason],
        ['Since', row.health.since === null ? '' : utcTime(row.health.since)],
        ['What helps', row.health.help ?? ''],
        ['Gateway', row.gateway ?? 'none'],
        ['Model', joinParts(row.model ?? 'the default', row.thinking && `thinking ${row.thinking}`)],
        ['Open tasks', String(row.tasks)],
        ['Inbox', String(row.inbox)],
        ['Budget', row.budget ? formatBudget(row.budget) : 'not metered'],
      ),
      body: row.description ? [text(row.description)] : [],
      buttons: [
        ...helpingButtons(context, row.health.action),
        ...actionButtons(
          context,
          { agent: row.slug },
          row.status === 'paused' &&
            row.health.action?.action !== 'resume_agent' && ['Resume', 'resume_agent'],
          row.status === 'ready' && ['Pause', 'pause_agent'],
          ['Tasks', 'tasks'],
        ),
      ],
    }),
  }),
];

import { gatewayCondition } from '@hq/shared/fleet';
import { gatewayRow } from '@hq/shared/rows';
import { agoOf } from '@hq/shared/text';
import { z } from 'zod';
import type { Card } from '../../../contract/card.ts';
import type { Command } from '../command.ts';
import { actionButtons } from './action-buttons.ts';
import { listCommand } from './list-command.ts';

import {
  choiceArgument,
  listAliases,
  queryArguments,
  queryDefaults,
  textArgument,
} from './query-defaults.ts';
import { joinParts, pageArgument, strong, text } from './show-list.ts';

const counts = z.record(z.string(), z.number()).catch({});
const seenGateway = gatewayRow
  .pick({ id: true, slug: true, label: true, status: true, last_seen_at: true })
  .extend({
    services: gatewayRow.shape.meta.unwrap().shape.services,
    version: z.string().nullish(),
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
});
const agent = z.object({
  id: z.string(),
  slug: z.string(),
  name: z.string().nullable(),
  status: z.string(),
  description: z.string().nullish(),
  model: z.string().nullish(),
  thinking: z.string().nullish(),
  last_seen_at: z.string().nullish(),
  gateway: z.string().nullish(),
});
const wholeAgent = agent.extend({
  tasks: z.number(),
  inbox: z.number(),
  budget: z.object({ spent_usd: z.number(), limit_usd: z.number().nullable(), status: z.string() }).nullish(),
});

function conditionOf(gateway: SeenGateway, now: number): string {
  const { services } = gateway;
  return gatewayCondition({ ...gateway, meta: services === undefined ? {} : { services } }, now);
}

function formatGateway(gateway: SeenGateway, now: number): string {
  const condition = conditionOf(gateway, now);
  const seen = gateway.last_seen_at === null ? 'never seen' : `seen ${agoOf(gateway.last_seen_at, now)}`;
  const { pending, running } = gateway.commands;
  return joinParts(
    condition,
    seen,
    `${gateway.agents} ${gateway.agents === 1 ? 'agent' : 'agents'}`,
    running > 0 && `${running} running`,
    pending > 0 && `${pending} waiting`,
  );
}

/** Agents in error that the status names. */
const mostNamed = 5;
const troubled = new Set(['stale', 'error', 'unhealthy', 'unseen']);

const gateways = listCommand({
  name: 'gateways',
  aliases: [...listAliases('gateways'), 'gateway', 'show gateway'],
  title: 'Gateways',
  summary: 'Lists the gateways with their state.',
  arguments: [textArgument('gateway', 'gateway', 'Only this one')],
  rank: 2,
  row: seenGateway,
  line: (row, now) => [strong(row.slug), text(`  ${formatGateway(row, now)}`)],
  emptyText: 'No gateway is registered yet.',
});

export const fleetCommands: readonly Command[] = [
  {
    ...queryDefaults,
    name: 'status',
    aliases: ['fleet', 'overview'],
    title: 'Status of the fleet',
    summary: 'Shows the state of the fleet in one message.',
    arguments: [textArgument('gateway', 'gateway', 'Only this gateway')],
    rank: 1,
    async run(context) {
      const { delivery, services, values, responder } = context;
      if (values.gateway !== undefined) return gateways.run(context);
      const [found] = await services.api.read(delivery, 'fleet', {}, fleet);
      if (found === undefined) return undefined;
      const now = Date.parse(found.now);
      const bad = found.gateways.filter((gateway) => troubled.has(conditionOf(gateway, now)));
      const needs = bad.length + found.failed + found.alerts + (found.agents.error ?? 0);
      const inError =
        found.agents.error === undefined
          ? []
          : await services.api.read(delivery, 'agents', { status: 'error', limit: mostNamed }, agent);
      const card: Card = {
        title: 'Status of the fleet',
        tone: bad.length > 0 ? 'bad' : needs > 0 ? 'warning' : 'good',
        state: needs === 0 ? 'nothing needs attention' : `${needs} to look at`,
        fields: [
          { label: 'Agents', value: formatCounts(found.agents, 'none yet') },
          ...(inError.length === 0
            ? []
            : [{ label: 'In error', value: formatNames(inError, found.agents.error) }]),
          { label: 'Open tasks', value: formatCounts(found.tasks, 'none') },
          { label: 'Failed in the last hour', value: String(found.failed) },
          { label: 'Open alerts', value: String(found.alerts) },
        ],
        body: found.gateways.flatMap((gateway, at) => [
          text(at === 0 ? '' : '\n'),
          strong(gateway.slug),
          text(`  ${formatGateway(gateway, now)}`),
        ]),
        buttons: actionButtons(
          context,
          [['Refresh', 'status'], found.alerts > 0 && ['Alerts', 'alerts']],
          {},
        ),
        footer: `${new Date(now).toISOString().slice(0, 16).replace('T', ' ')} UTC`,
      };
      await responder.replace(card);
      return undefined;
    },
  },
  gateways,
  listCommand({
    name: 'agents',
    aliases: listAliases('agents'),
    title: 'Agents',
    summary: 'Lists the agents with their state.',
    arguments: [
      textArgument('gateway', 'gateway', 'Only those on this gateway'),
      choiceArgument('status', 'Only these', ['ready', 'paused', 'error', 'provisioning', 'hibernating']),
    ],
    rank: 3,
    row: agent,
    line: (row) => [strong(row.slug), text(`  ${joinParts(row.status, row.gateway, row.model)}`)],
    emptyText: 'There are no agents.',
  }),
  {
    ...queryDefaults,
    name: 'agent',
    group: 'show',
    aliases: ['show agent'],
    title: 'One agent',
    summary: 'Shows one agent with its tasks, inbox and budget.',
    arguments: [textArgument('agent', 'agent', 'The agent'), pageArgument],
    rank: 4,
    async run(context) {
      const { delivery, services, values } = context;
      const [row] = await services.api.read(delivery, 'agent', queryArguments(values), wholeAgent);
      if (row === undefined) return;
      const { budget } = row;
      await context.responder.replace({
        title: row.name === null || row.name === row.slug ? row.slug : `${row.name} (${row.slug})`,
        tone: row.status === 'error' ? 'bad' : row.status === 'ready' ? 'good' : 'warning',
        state: row.status,
        fields: [
          { label: 'Gateway', value: row.gateway ?? 'none' },
          {
            label: 'Model',
            value: joinParts(row.model ?? 'the default', row.thinking && `thinking ${row.thinking}`),
          },
          { label: 'Open tasks', value: String(row.tasks) },
          { label: 'Inbox', value: String(row.inbox) },
          {
            label: 'Budget',
            value: budget ? formatBudget(budget) : 'not metered',
          },
        ],
        body: row.description ? [text(row.description)] : [],
        buttons: actionButtons(
          context,
          [
            row.status === 'paused' && ['Resume', 'resume_agent'],
            row.status === 'ready' && ['Pause', 'pause_agent'],
            ['Tasks', 'tasks'],
          ],
          { agent: row.slug },
        ),
      });
    },
  },
];

export function formatBudget(budget: {
  readonly spent_usd: number;
  readonly limit_usd: number | null;
  readonly status: string;
}): string {
  const spent = budget.spent_usd.toFixed(2);
  return budget.limit_usd === null
    ? `${spent} USD this month, no limit`
    : `${spent} of ${budget.limit_usd.toFixed(2)} USD this month, ${budget.status}`;
}

function formatNames(rows: readonly { readonly slug: string }[], count = rows.length): string {
  const more = count - rows.length;
  return `${rows.map(({ slug }) => slug).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

function formatCounts(found: Readonly<Record<string, number>>, none: string): string {
  const parts = Object.entries(found).map(([status, count]) => `${count} ${status.replaceAll('_', ' ')}`);
  return parts.length === 0 ? none : parts.join(', ');
}

import type { Member } from '@hq/shared/client';
import { gatewayCondition } from '@hq/shared/fleet';
import type { AgentRow, AuditRow, CommandRow, GatewayRow, NotificationRow } from '@hq/shared/rows';
import type { LayeredSecret } from '../secrets/layers.ts';
import { ago, clockTime } from '../ui/ages.ts';
import { whoAsked } from '../ui/people.ts';
import { commandOutcome, commandState, commandTime } from '../ui/told.ts';
import type { Names, SecretNames } from './shapes.ts';
import type { Column } from './table.ts';
import { toneOfAgent, toneOfCommand, toneOfCondition, toneOfSecret } from './tones.ts';

const nothing = '–';

export function gatewayColumns(now: number, agents: readonly AgentRow[] | null): Column<GatewayRow>[] {
  return [
    { title: 'GATEWAY', text: (row) => row.slug, least: 12 },
    {
      title: 'CONDITION',
      text: (row) => gatewayCondition(row, now),
      tone: (row) => toneOfCondition[gatewayCondition(row, now)],
    },
    { title: 'SEEN', text: (row) => ago(row.last_seen_at, now), align: 'right' },
    ...(agents === null
      ? []
      : [
          {
            title: 'AGENTS',
            text: (row: GatewayRow) => String(agents.filter((agent) => agent.gateway_id === row.id).length),
            align: 'right' as const,
          },
        ]),
    {
      title: 'SERVICES',
      text: (row) =>
        (row.meta.services ?? []).map((service) => `${service.name} ${service.health}`).join(', ') || nothing,
      least: 16,
    },
    { title: 'LABEL', text: (row) => row.label ?? nothing, least: 8 },
  ];
}

export function agentColumns(now: number, names: Names): Column<AgentRow>[] {
  return [
    { title: 'AGENT', text: (row) => row.slug, least: 12 },
    { title: 'STATUS', text: (row) => row.status, tone: (row) => toneOfAgent[row.status] },
    {
      title: 'GATEWAY',
      text: (row) => (row.gateway_id === null ? nothing : (names.get(row.gateway_id) ?? nothing)),
      least: 10,
    },
    { title: 'SEEN', text: (row) => ago(row.last_seen_at, now), align: 'right' },
    { title: 'MODEL', text: (row) => row.model ?? nothing, least: 8 },
    { title: 'NAME', text: (row) => row.name ?? nothing, least: 8 },
  ];
}

/** An id is shown whole where there is room; `watch` and `cancel` take its start too. */
export function commandColumns(
  now: number,
  names: Names,
  member: Member,
  isNarrow: boolean,
): Column<CommandRow>[] {
  return [
    { title: 'ID', text: (row) => (isNarrow ? row.id.slice(0, 8) : row.id) },
    { title: 'ACTION', text: (row) => row.action, least: 10 },
    {
      title: 'ON',
      text: (row) =>
        row.agent_slug ?? (row.gateway_id === null ? nothing : (names.get(row.gateway_id) ?? nothing)),
      least: 7,
    },
    { title: 'STATUS', text: (row) => commandState(row).word, tone: (row) => toneOfCommand[row.status] },
    { title: 'AGE', text: (row) => ago(row.created_at, now), align: 'right' },
    { title: 'TOOK', text: (row) => commandTime(row, now), align: 'right' },
    { title: 'BY', text: (row) => whoAsked(row.requested_by, member), least: 3 },
    { title: 'OUTCOME', text: commandOutcome, least: 0 },
  ];
}

export function alertColumns(now: number): Column<NotificationRow>[] {
  return [
    { title: 'AGE', text: (row) => ago(row.created_at, now), align: 'right' },
    {
      title: 'ALERT',
      text: (row) => row.title,
      tone: (row) => (row.read_at === null ? 'warn' : 'plain'),
      least: 20,
    },
    { title: 'ABOUT', text: (row) => row.body ?? '', least: 10 },
  ];
}

export function auditColumns(now: number, member: Member): Column<AuditRow>[] {
  return [
    { title: 'WHEN', text: (row) => clockTime(row.created_at, now) },
    {
      title: 'WHO',
      text: (row) => (row.actor_agent_id === null ? whoAsked(row.actor_user_id, member) : 'an agent'),
    },
    { title: 'ACTION', text: (row) => row.action, least: 12 },
    { title: 'WHAT', text: (row) => row.summary ?? '', least: 20 },
  ];
}

export function secretColumns(now: number, { gateways, agents }: SecretNames): Column<LayeredSecret>[] {
  const agentOf = (id: string): string => agents.get(id) ?? id.slice(0, 8);
  return [
    { title: 'KEY', text: (row) => row.key, least: 12 },
    {
      title: 'OF',
      text: (row) => {
        const gateway = gateways.get(row.gateway_id) ?? nothing;
        return row.agent_id === null ? gateway : `${gateway}/${agentOf(row.agent_id)}`;
      },
      least: 8,
    },
    { title: 'STATE', text: (row) => row.sync_status, tone: (row) => toneOfSecret[row.sync_status] },
    { title: 'CATEGORY', text: (row) => row.category },
    { title: 'AGE', text: (row) => ago(row.value_since, now), align: 'right' },
    { title: 'SYNCED', text: (row) => ago(row.last_synced_at, now), align: 'right' },
    {
      title: 'OVERRIDES',
      text: (row) => {
        if (row.overrides) return 'the gateway’s';
        return row.overriddenFor.length === 0
          ? nothing
          : `not for ${row.overriddenFor.map(agentOf).join(', ')}`;
      },
      least: 6,
    },
    { title: 'NOTE', text: (row) => row.sync_error ?? row.note ?? '', least: 4 },
  ];
}

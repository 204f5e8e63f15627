import { catalogue, isActionName } from '../actions/index.ts';
import {
  type AgentRow,
  type CommandRow,
  type GatewayRow,
  isFinished,
  type NotificationRow,
} from '../rows/index.ts';
import { agoOf, msSince } from '../text/index.ts';
import { gatewayCondition, isUnwell } from './condition.ts';

export interface Fleet {
  readonly gateways: readonly GatewayRow[];
  readonly agents: readonly AgentRow[];
  readonly commands: readonly CommandRow[];
  readonly notifications: readonly NotificationRow[];
}

/** The row that each kind is about, in the order of the list: problems that stop work come first. */
const subjects = {
  'stale-gateway': 'gateway',
  'gateway-error': 'gateway',
  'unhealthy-service': 'gateway',
  'runner-lost': 'command',
  'failed-command': 'command',
  'agent-error': 'agent',
  'unread-alert': 'notification',
} as const;
export type AttentionKind = keyof typeof subjects;
const order = Object.keys(subjects);

/** One problem that needs an operator. */
export interface Attention {
  readonly kind: AttentionKind;
  /** The kind of the row with this id. */
  readonly about: (typeof subjects)[AttentionKind];
  readonly id: string;
  /** The name on screen, such as a slug. It comes from outside: sanitize it before it is shown. */
  readonly name: string;
  /** The problem, without the name. */
  readonly reason: string;
  /** The beginning, a database time, if it is known. */
  readonly at: string | null;
}

const hourMs = 3_600_000;
type Problem = Omit<Attention, 'about'>;

/** Returns the problems of a fleet, the worst first, then the newest. Every client shows this list. */
export function needsAttention(fleet: Fleet, databaseNow: number): Attention[] {
  const nameOfGateway = new Map(fleet.gateways.map((gateway) => [gateway.id, gateway.slug]));
  const failed = failedCommands(fleet, databaseNow);
  const failedIds = new Set(failed.map(({ id }) => id));
  const all: Problem[] = [
    ...fleet.gateways.flatMap((gateway) => gatewayAttention(gateway, databaseNow)),
    ...fleet.commands
      .filter((command) => isRunnerLost(command, databaseNow))
      .map(
        (command): Problem => ({
          kind: 'runner-lost',
          id: command.id,
          name: commandName(command, nameOfGateway),
          reason: `its runner was lost ${agoOf(command.leased_until, databaseNow)}`,
          at: command.leased_until,
        }),
      ),
    ...failed.map(
      (command): Problem => ({
        kind: 'failed-command',
        id: command.id,
        name: commandName(command, nameOfGateway),
        reason: command.error_message ?? 'failed',
        at: command.completed_at,
      }),
    ),
    ...fleet.agents
      .filter((agent) => agent.status === 'error')
      .map(
        (agent): Problem => ({
          kind: 'agent-error',
          id: agent.id,
          name: agent.slug,
          reason: 'the agent is in error',
          at: agent.updated_at,
        }),
      ),
    ...fleet.notifications
      .filter((alert) => isOpen(alert) && !isCovered(alert, fleet, failedIds))
      .map(
        (alert): Problem => ({
          kind: 'unread-alert',
          id: alert.id,
          name: alert.title,
          reason: 'not read yet',
          at: alert.created_at,
        }),
      ),
  ];
  return all
    .map((problem) => ({ ...problem, about: subjects[problem.kind] }))
    .sort(
      (a, b) =>
        order.indexOf(a.kind) - order.indexOf(b.kind) ||
        timeOf(b.at) - timeOf(a.at) ||
        (a.id < b.id ? -1 : 1),
    );
}

/** A running command with an expired lease. The next exchange of a runner returns or fails it. */
export function isRunnerLost(command: CommandRow, databaseNow: number): boolean {
  if (isFinished(command) || command.status === 'pending' || command.leased_until === null) return false;
  return Date.parse(command.leased_until) < databaseNow;
}

function failedCommands({ commands, notifications }: Fleet, databaseNow: number): CommandRow[] {
  const acknowledged = new Set(
    notifications.filter((alert) => !isOpen(alert)).map((alert) => alert.entity_id),
  );
  return commands.filter((command) => {
    const failedFor = msSince(command.completed_at, databaseNow);
    return (
      command.status === 'failed' &&
      failedFor !== null &&
      failedFor <= hourMs &&
      !acknowledged.has(command.id)
    );
  });
}

function gatewayAttention(gateway: GatewayRow, databaseNow: number): Problem[] {
  const condition = gatewayCondition(gateway, databaseNow);
  const one = (kind: AttentionKind, reason: string, at: string | null): Problem[] => [
    { kind, id: gateway.id, name: gateway.slug, reason, at },
  ];
  if (condition === 'stale') {
    const seen = agoOf(gateway.last_seen_at, databaseNow);
    return one('stale-gateway', `last seen ${seen}`, gateway.last_seen_at);
  }
  if (condition === 'unseen') return one('stale-gateway', 'never seen', gateway.created_at);
  if (condition === 'error') return one('gateway-error', 'the gateway is in error', gateway.updated_at);
  const { services = [], problem, gateway_problem: ofGateway } = gateway.meta;
  const unwell = services.filter((service) => isUnwell(service.health));
  const reasons = [
    ...unwell.map((service) => `${service.name} is ${service.health}`),
    ...(problem ? [problem] : []),
    ...(ofGateway ? [ofGateway] : []),
  ];
  if (reasons.length === 0 || condition === 'hibernating') return [];
  return one('unhealthy-service', reasons.join(', '), gateway.last_seen_at);
}

function commandName(command: CommandRow, nameOfGateway: ReadonlyMap<string, string>): string {
  const title = isActionName(command.action) ? catalogue[command.action].title : command.action;
  const target =
    command.agent_slug ?? (command.gateway_id === null ? null : nameOfGateway.get(command.gateway_id));
  return target === null || target === undefined ? title : `${title} (${target})`;
}

function isOpen(alert: NotificationRow): boolean {
  return alert.read_at === null && alert.dismissed_at === null && alert.resolved_at === null;
}

/** An alert about a row of the list would repeat it. Only open alerts ask: a set of all agents would cost more than the list. */
function isCovered(
  { type, entity_id }: NotificationRow,
  { gateways, agents }: Fleet,
  failed: ReadonlySet<string>,
): boolean {
  if (entity_id === null) return false;
  const rows = type === 'gateway_stale' ? gateways : type === 'agent_error' ? agents : [];
  return failed.has(entity_id) || rows.some(({ id }) => id === entity_id);
}

function timeOf(databaseTime: string | null): number {
  return databaseTime === null ? 0 : Date.parse(databaseTime);
}

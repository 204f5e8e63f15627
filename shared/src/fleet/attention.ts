import { catalogue, isActionName } from '../actions/index.ts';
import { type CommandRow, type GatewayRow, isFinished, type NotificationRow } from '../rows/index.ts';
import { agoOf, msSince } from '../text/index.ts';
import { type AgentsOfFleet, agentAttention, isCoveredByAgent } from './agent-attention.ts';
import { gatewayCondition, isUnwell } from './condition.ts';

export interface Fleet extends AgentsOfFleet {
  readonly gateways: readonly GatewayRow[];
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
  'agent-trouble': 'agent',
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
    ...agentAttention(fleet),
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

/** Returns true for a failure that was made good since: the same succeeded later, or the agent works. */
function isRepaired(failed: CommandRow, { commands, agents }: Fleet): boolean {
  const { action, agent_id, agent_slug, gateway_id, completed_at } = failed;
  const isOfAgent = action === 'provision' || action === 'update';
  const agent = isOfAgent ? agents.find(({ id, slug }) => id === agent_id || slug === agent_slug) : undefined;
  if (agent?.status === 'ready') return true;
  return commands.some(
    (command) =>
      command.status === 'done' &&
      command.action === action &&
      command.agent_id === agent_id &&
      command.gateway_id === gateway_id &&
      timeOf(command.completed_at) > timeOf(completed_at),
  );
}

function failedCommands(fleet: Fleet, databaseNow: number): CommandRow[] {
  const { commands, notifications } = fleet;
  const acknowledged = new Set(
    notifications.filter((alert) => !isOpen(alert)).map((alert) => alert.entity_id),
  );
  return commands.filter((command) => {
    const failedFor = msSince(command.completed_at, databaseNow);
    return (
      command.status === 'failed' &&
      failedFor !== null &&
      failedFor <= hourMs &&
      !acknowledged.has(command.id) &&
      !isRepaired(command, fleet)
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
function isCovered({ type, entity_id }: NotificationRow, fleet: Fleet, failed: ReadonlySet<string>): boolean {
  if (entity_id === null) return false;
  if (failed.has(entity_id)) return true;
  if (type === 'gateway_stale') return fleet.gateways.some(({ id }) => id === entity_id);
  return isCoveredByAgent(type, entity_id, fleet);
}

function timeOf(databaseTime: string | null): number {
  return databaseTime === null ? 0 : Date.parse(databaseTime);
}

import { describeResult } from '@hq/shared/actions';
import type { Member } from '@hq/shared/client';
import { type Attention, gatewayCondition, isRunnerLost } from '@hq/shared/fleet';
import type { AgentRow, AuditRow, CommandRow, GatewayRow, NotificationRow } from '@hq/shared/rows';
import { msSince } from '@hq/shared/text';
import type { LayeredSecret } from '../secrets/layers.ts';

// The documents that `--json` gives. They may grow, but nothing in them is renamed or taken away: docs/cli.md.

/** Slugs by id. */
export type Names = ReadonlyMap<string, string>;

export function namesOf(rows: readonly { readonly id: string; readonly slug: string }[]): Names {
  return new Map(rows.map(({ id, slug }) => [id, slug]));
}

export interface SecretNames {
  readonly gateways: Names;
  readonly agents: Names;
}

function nameOf(id: string | null, names: Names): string | null {
  return id === null ? null : (names.get(id) ?? null);
}

export function gatewayShape(gateway: GatewayRow, now: number) {
  const seen = msSince(gateway.last_seen_at, now);
  return {
    id: gateway.id,
    slug: gateway.slug,
    label: gateway.label,
    status: gateway.status,
    condition: gatewayCondition(gateway, now),
    lastSeenAt: gateway.last_seen_at,
    lastSeenSeconds: seen === null ? null : Math.floor(seen / 1000),
    version: gateway.meta.version ?? null,
    runner: gateway.meta.runner ?? null,
    services: gateway.meta.services ?? [],
  };
}

export function agentShape(agent: AgentRow, names: Names) {
  return {
    id: agent.id,
    slug: agent.slug,
    name: agent.name,
    status: agent.status,
    gateway: nameOf(agent.gateway_id, names),
    gatewayId: agent.gateway_id,
    model: agent.model,
    thinking: agent.thinking,
    lastSeenAt: agent.last_seen_at,
  };
}

export function commandShape(command: CommandRow, names: Names, now: number) {
  return {
    id: command.id,
    action: command.action,
    status: command.status,
    gateway: nameOf(command.gateway_id, names),
    gatewayId: command.gateway_id,
    agent: command.agent_slug,
    payload: command.payload,
    origin: command.origin,
    requestedBy: command.requested_by,
    attempt: command.attempt,
    createdAt: command.created_at,
    startedAt: command.started_at,
    completedAt: command.completed_at,
    cancelRequestedAt: command.cancel_requested_at,
    runnerLost: isRunnerLost(command, now),
    progress: command.progress,
    exitCode: command.exit_code,
    errorMessage: command.error_message,
    result: command.result ?? null,
    outcome: command.status === 'done' ? describeResult(command.action, command.result) : null,
  };
}

export function secretShape(secret: LayeredSecret, names: SecretNames) {
  return {
    id: secret.id,
    key: secret.key,
    name: secret.name,
    gateway: nameOf(secret.gateway_id, names.gateways),
    gatewayId: secret.gateway_id,
    agent: nameOf(secret.agent_id, names.agents),
    agentId: secret.agent_id,
    category: secret.category,
    note: secret.note,
    state: secret.sync_status,
    error: secret.sync_error,
    overrides: secret.overrides,
    overriddenFor: secret.overriddenFor.map((id) => names.agents.get(id) ?? id),
    revision: secret.revision,
    createdAt: secret.created_at,
    valueSince: secret.value_since,
    lastSyncedAt: secret.last_synced_at,
    updatedBy: secret.updated_by,
  };
}

export function alertShape(alert: NotificationRow) {
  return {
    id: alert.id,
    type: alert.type,
    title: alert.title,
    body: alert.body,
    createdAt: alert.created_at,
    readAt: alert.read_at,
    dismissedAt: alert.dismissed_at,
    resolvedAt: alert.resolved_at,
    entityType: alert.entity_type,
    entityId: alert.entity_id,
  };
}

export function auditShape(line: AuditRow) {
  return {
    id: line.id,
    createdAt: line.created_at,
    actorType: line.actor_type,
    actorUserId: line.actor_user_id,
    actorAgentId: line.actor_agent_id,
    module: line.module,
    action: line.action,
    entityType: line.entity_type,
    entityId: line.entity_id,
    summary: line.summary,
  };
}

export function attentionShape({ kind, about, id, name, reason, at }: Attention) {
  return { kind, about, id, name, reason, at };
}

export function memberShape(member: Member, host: string) {
  return {
    host,
    userId: member.user_id,
    email: member.email,
    role: member.role,
    tenantId: member.tenant_id,
    tenantName: member.tenant_name,
  };
}

import { type Attention, gatewayCondition } from '@hq/shared/fleet';
import type { AgentHealthRow, AgentRow, GatewayRow } from '@hq/shared/rows';
import { msSince } from '@hq/shared/text';
import { type DocumentContext, fieldsOf, slugOf } from './document.ts';

export function gatewayDocument(gateway: GatewayRow, { now }: Pick<DocumentContext, 'now'>) {
  const seen = msSince(gateway.last_seen_at, now);
  return {
    ...fieldsOf(gateway, ['id', 'slug', 'label', 'status', 'last_seen_at']),
    condition: gatewayCondition(gateway, now),
    lastSeenSeconds: seen === null ? null : Math.floor(seen / 1000),
    version: gateway.meta.version ?? null,
    runner: gateway.meta.runner ?? null,
    services: gateway.meta.services ?? [],
  };
}

/** Returns a health, with its action as `hq-tui run` takes it; null where it is not known. */
export function healthDocument(health: AgentHealthRow | undefined) {
  if (health === undefined) return null;
  return fieldsOf(health, ['state', 'reason', 'since', 'until', 'help', 'action', 'queued', 'needs']);
}

export function agentDocument(agent: AgentRow, { gateways, health }: DocumentContext) {
  const own = ['id', 'slug', 'name', 'status', 'gateway_id', 'model', 'thinking', 'last_seen_at'] as const;
  return {
    ...fieldsOf(agent, own),
    gateway: slugOf(agent.gateway_id, gateways),
    health: healthDocument(health.get(agent.id)),
  };
}

export function attentionDocument(attention: Attention) {
  return fieldsOf(attention, ['kind', 'about', 'id', 'name', 'reason', 'at']);
}

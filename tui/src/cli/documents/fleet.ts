import { type Attention, gatewayCondition } from '@hq/shared/fleet';
import type { AgentRow, GatewayRow } from '@hq/shared/rows';
import { msSince } from '@hq/shared/text';
import { type Slugs, slugOf } from './slugs.ts';

export function gatewayDocument(gateway: GatewayRow, now: number) {
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

export function agentDocument(agent: AgentRow, slugs: Slugs) {
  return {
    id: agent.id,
    slug: agent.slug,
    name: agent.name,
    status: agent.status,
    gateway: slugOf(agent.gateway_id, slugs),
    gatewayId: agent.gateway_id,
    model: agent.model,
    thinking: agent.thinking,
    lastSeenAt: agent.last_seen_at,
  };
}

export function attentionDocument({ kind, about, id, name, reason, at }: Attention) {
  return { kind, about, id, name, reason, at };
}

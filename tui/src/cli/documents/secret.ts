import type { SecretWithOverrides } from '../../secrets/secret-overrides.ts';
import { type FleetSlugs, slugOf } from './slugs.ts';

export function secretDocument(secret: SecretWithOverrides, slugs: FleetSlugs) {
  return {
    id: secret.id,
    key: secret.key,
    name: secret.name,
    gateway: slugOf(secret.gateway_id, slugs.gateways),
    gatewayId: secret.gateway_id,
    agent: slugOf(secret.agent_id, slugs.agents),
    agentId: secret.agent_id,
    category: secret.category,
    note: secret.note,
    state: secret.sync_status,
    error: secret.sync_error,
    overrides: secret.overrides,
    overriddenFor: secret.overriddenFor.map((id) => slugs.agents.get(id) ?? id),
    revision: secret.revision,
    createdAt: secret.created_at,
    valueSince: secret.value_since,
    lastSyncedAt: secret.last_synced_at,
    updatedBy: secret.updated_by,
  };
}

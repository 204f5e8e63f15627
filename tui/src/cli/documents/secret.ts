import type { SecretWithOverrides } from '../../secrets/secret-overrides.ts';
import { type DocumentContext, fieldsOf, slugOf } from './document.ts';

export function secretDocument(
  secret: SecretWithOverrides,
  { gateways, agents }: Pick<DocumentContext, 'gateways' | 'agents'>,
) {
  const owner = ['gateway_id', 'agent_id'] as const;
  const value = ['revision', 'created_at', 'value_since', 'last_synced_at', 'updated_by'] as const;
  return {
    ...fieldsOf(secret, ['id', 'key', 'name', ...owner, 'category', 'note', 'overrides', ...value]),
    gateway: slugOf(secret.gateway_id, gateways),
    agent: slugOf(secret.agent_id, agents),
    state: secret.sync_status,
    error: secret.sync_error,
    overriddenFor: secret.overriddenFor.map((id) => agents.get(id) ?? id),
  };
}

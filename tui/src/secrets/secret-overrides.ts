import type { SecretRow } from '@hq/shared/rows';

/** A secret, with its relation to the others of the same key on its gateway. */
export interface SecretWithOverrides extends SecretRow {
  /** For a secret of one agent: the gateway has one of this key too, and the agent does not see it. */
  readonly overrides: boolean;
  /** For a secret of a gateway: the ids of the agents that have one of their own. */
  readonly overriddenFor: readonly string[];
}

/** Adds to each secret the ones that it overrides or that override it. */
export function withOverrides(secrets: readonly SecretRow[]): readonly SecretWithOverrides[] {
  const ofGateways = new Set<string>();
  const agentsOf = new Map<string, string[]>();
  for (const secret of secrets) {
    const layer = layerKey(secret);
    if (secret.agent_id === null) ofGateways.add(layer);
    else agentsOf.set(layer, [...(agentsOf.get(layer) ?? []), secret.agent_id]);
  }
  return secrets.map((secret) => ({
    ...secret,
    overrides: secret.agent_id !== null && ofGateways.has(layerKey(secret)),
    overriddenFor: secret.agent_id === null ? (agentsOf.get(layerKey(secret)) ?? []) : [],
  }));
}

function layerKey({ gateway_id, key }: SecretRow): string {
  return `${gateway_id}/${key}`;
}

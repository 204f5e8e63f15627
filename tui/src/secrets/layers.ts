import type { SecretRow } from '@hq/shared/rows';

/** A secret and the ones of the same key above and below it on its gateway. */
export interface LayeredSecret extends SecretRow {
  /** For a secret of one agent: the gateway has one of this key too, and the agent does not see it. */
  readonly overrides: boolean;
  /** For a secret of a gateway: the ids of the agents that have one of their own. */
  readonly overriddenFor: readonly string[];
}

/** Which secrets win over which. */
export function layered(secrets: readonly SecretRow[]): readonly LayeredSecret[] {
  const ofGateways = new Set<string>();
  const agentsOf = new Map<string, string[]>();
  for (const secret of secrets) {
    const place = placeOf(secret);
    if (secret.agent_id === null) ofGateways.add(place);
    else agentsOf.set(place, [...(agentsOf.get(place) ?? []), secret.agent_id]);
  }
  return secrets.map((secret) => ({
    ...secret,
    overrides: secret.agent_id !== null && ofGateways.has(placeOf(secret)),
    overriddenFor: secret.agent_id === null ? (agentsOf.get(placeOf(secret)) ?? []) : [],
  }));
}

function placeOf({ gateway_id, key }: SecretRow): string {
  return `${gateway_id}/${key}`;
}

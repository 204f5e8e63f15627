import type { ServiceHealth } from '../actions/index.ts';
import type { GatewayRow } from '../rows/index.ts';
import { msSince } from '../text/index.ts';

/** A gateway that was not seen for longer than this is stale, whatever its status. */
export const staleAfterMs = 90_000;

/**
 * The condition of a gateway, the same in every client. `unseen`: it never reported. `unhealthy`: one of its services is
 * not healthy. `healthy`: ready, seen lately, and every service is healthy.
 */
export type GatewayCondition =
  | 'healthy'
  | 'starting'
  | 'unhealthy'
  | 'error'
  | 'stale'
  | 'unseen'
  | 'provisioning'
  | 'paused'
  | 'hibernating';

const unwell = new Set<ServiceHealth>(['unhealthy', 'stopped', 'missing']);

export function isUnwell(health: ServiceHealth): boolean {
  return unwell.has(health);
}

/** `databaseNow` is epoch milliseconds by the database's clock, never the local one. */
export function gatewayCondition(
  gateway: Pick<GatewayRow, 'status' | 'last_seen_at' | 'meta'>,
  databaseNow: number,
): GatewayCondition {
  const unseenFor = msSince(gateway.last_seen_at, databaseNow);
  if (gateway.status === 'hibernating') return 'hibernating';
  if (unseenFor === null) return gateway.status === 'provisioning' ? 'provisioning' : 'unseen';
  if (unseenFor > staleAfterMs) return 'stale';
  if (gateway.status === 'error' || gateway.status === 'paused' || gateway.status === 'provisioning') {
    return gateway.status;
  }
  const services = gateway.meta.services ?? [];
  if (services.some((service) => isUnwell(service.health))) return 'unhealthy';
  return services.some((service) => service.health === 'starting') ? 'starting' : 'healthy';
}

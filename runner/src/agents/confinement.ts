import type { GatewayStatus } from '@hq/shared/gateway';

/** Report of what agents of the gateway may do in jails of their own, as a heartbeat has it. */
export interface Confinement {
  readonly exec: boolean;
  readonly browser: boolean;
  readonly findings: NonNullable<GatewayStatus['confinement']['findings']>;
}

/** Without findings of the gateway its reason is the only one. */
export function confinementOf({
  exec,
  browser,
  reason,
  findings,
}: GatewayStatus['confinement']): Confinement {
  const fromReason = reason === null ? [] : [{ isThere: false, sentence: reason }];
  return { exec, browser, findings: findings ?? fromReason };
}

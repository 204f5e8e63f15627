import type { GatewayStatus } from '@hq/shared/gateway';

/** Report of what agents of the gateway may do in jails of their own, as a heartbeat has it. */
export interface Confinement {
  readonly exec: boolean;
  readonly browser: boolean;
  readonly findings: readonly { readonly isThere: boolean; readonly sentence: string }[];
}

export function confinementOf({ exec, browser, reason }: GatewayStatus['confinement']): Confinement {
  return { exec, browser, findings: reason === null ? [] : [{ isThere: false, sentence: reason }] };
}

import { backoffMs } from '@hq/shared/program';
import type { GatewayControl } from '../gateway-control.ts';

/** For how long an answer holds. */
const freshMs = 1_000;
const limitMs = 5_000;
const retry = { firstMs: 500, longestMs: 5_000 };

/** Asks the gateway whether it takes turns, at most once a second while it does. */
export class ReadyGateway {
  readonly #gateway: Pick<GatewayControl, 'status'>;
  #readyAt = Number.NEGATIVE_INFINITY;
  #failures = 0;

  constructor(gateway: Pick<GatewayControl, 'status'>) {
    this.#gateway = gateway;
  }

  async isReady(signal: AbortSignal): Promise<boolean> {
    if (performance.now() - this.#readyAt < freshMs) return true;
    const limit = AbortSignal.any([signal, AbortSignal.timeout(limitMs)]);
    // A gateway that does not answer is not ready.
    const status = await this.#gateway.status(limit).catch(() => null);
    if (status?.ready !== true) {
      this.#failures += 1;
      return false;
    }
    this.#failures = 0;
    this.#readyAt = performance.now();
    return true;
  }

  /** Returns the milliseconds after which a gateway that was not ready is asked again. */
  retryMs(): number {
    return backoffMs(this.#failures, retry);
  }

  forget(): void {
    this.#readyAt = Number.NEGATIVE_INFINITY;
  }
}

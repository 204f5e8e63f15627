import type { Log } from '@hq/shared/log';
import { DueLoop } from '@hq/shared/program';
import type { GatewayControl } from './gateway-control.ts';

/** Milliseconds between two looks. A gateway that keeps ending answers for some seconds of each start. */
const lookEveryMs = 10_000;
const lookLimitMs = 5_000;

/** Keeps what a gateway last said about a problem of its own; one that does not answer has not changed it. */
export class GatewayWatch {
  readonly #gateway: Pick<GatewayControl, 'status'>;
  readonly #log: Log;
  readonly #onChange: () => void;
  readonly #closed = new AbortController();
  readonly #loop = new DueLoop(() => this.#look());
  #problem: string | null = null;

  constructor(gateway: Pick<GatewayControl, 'status'>, log: Log, onChange: () => void) {
    this.#gateway = gateway;
    this.#log = log;
    this.#onChange = onChange;
    this.#loop.dueIn(0);
  }

  problem(): string | null {
    return this.#problem;
  }

  lookSoon(): void {
    this.#loop.dueIn(0);
  }

  async close(): Promise<void> {
    this.#closed.abort();
    await this.#loop.close();
  }

  /** Returns the milliseconds until the next look. */
  async #look(): Promise<number> {
    const signal = AbortSignal.any([this.#closed.signal, AbortSignal.timeout(lookLimitMs)]);
    const status = await this.#gateway.status(signal).catch(() => null);
    const problem = status === null ? this.#problem : (status.problem ?? null);
    if (problem !== this.#problem && !this.#closed.signal.aborted) {
      this.#problem = problem;
      if (problem === null) this.#log.info('the gateway runs again');
      else this.#log.warn(problem);
      this.#onChange();
    }
    return lookEveryMs;
  }
}

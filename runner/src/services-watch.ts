import type { ServiceStatus } from '@hq/shared/actions';
import type { Log } from '@hq/shared/log';
import { DueLoop } from '@hq/shared/program';
import type { Stack } from './stack.ts';

/** Milliseconds between two looks at the stack without a reported change. */
const pollEveryMs = 25_000;
const pollTimeoutMs = 10_000;
/** Milliseconds that gather the changes of a service that goes down and up again. */
const gatherMs = 300;

/** Caches the state of the stack's services, so that a heartbeat need not ask the engine. */
export class ServicesWatch {
  readonly #stack: Stack;
  readonly #log: Log;
  readonly #onChange: () => void;
  readonly #unwatch: () => void;
  readonly #closed = new AbortController();
  readonly #loop = new DueLoop(() => this.#look());
  #services: readonly ServiceStatus[] | null = null;
  #shape = '';
  #fault: string | null = null;

  constructor(stack: Stack, log: Log, onChange: () => void) {
    this.#stack = stack;
    this.#log = log;
    this.#onChange = onChange;
    this.#unwatch = stack.watch(() => this.#loop.dueIn(gatherMs));
    this.#loop.dueIn(0);
  }

  /** Returns null before the first look; empty while the engine does not answer. */
  services(): readonly ServiceStatus[] | null {
    return this.#services;
  }

  fault(): string | null {
    return this.#fault;
  }

  close(): void {
    this.#unwatch();
    void this.#loop.close();
    this.#closed.abort();
  }

  /** Returns the milliseconds until the next look. */
  async #look(): Promise<number> {
    let seen: readonly ServiceStatus[] = [];
    try {
      seen = await this.#stack.services(
        AbortSignal.any([this.#closed.signal, AbortSignal.timeout(pollTimeoutMs)]),
      );
      if (this.#fault !== null) this.#log.info('the stack answers again');
      this.#fault = null;
    } catch (error) {
      const sentence = error instanceof Error ? error.message : 'the stack does not answer';
      if (this.#fault !== sentence && !this.#closed.signal.aborted) this.#log.warn(sentence);
      this.#fault = sentence;
    }
    if (this.#closed.signal.aborted) return pollEveryMs;
    this.#services = seen;
    const shape = JSON.stringify(seen);
    if (shape !== this.#shape) {
      this.#shape = shape;
      this.#onChange();
    }
    return pollEveryMs;
  }
}

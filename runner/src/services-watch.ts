import type { ServiceStatus } from '@hq/shared/actions';
import type { Log } from '@hq/shared/log';
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
  #services: readonly ServiceStatus[] | null = null;
  #shape = '';
  #timer: NodeJS.Timeout | undefined;
  #looking = false;
  #again = false;
  #fault: string | null = null;

  constructor(stack: Stack, log: Log, onChange: () => void) {
    this.#stack = stack;
    this.#log = log;
    this.#onChange = onChange;
    this.#unwatch = stack.watch(() => this.#schedule(gatherMs));
    this.#schedule(0);
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
    clearTimeout(this.#timer);
    this.#closed.abort();
  }

  #schedule(afterMs: number): void {
    if (this.#closed.signal.aborted) return;
    if (this.#looking) {
      this.#again ||= afterMs < pollEveryMs;
      return;
    }
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#look(), afterMs);
  }

  async #look(): Promise<void> {
    this.#looking = true;
    this.#again = false;
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
    this.#looking = false;
    if (this.#closed.signal.aborted) return;
    this.#services = seen;
    const shape = JSON.stringify(seen);
    if (shape !== this.#shape) {
      this.#shape = shape;
      this.#onChange();
    }
    this.#schedule(this.#again ? gatherMs : pollEveryMs);
  }
}

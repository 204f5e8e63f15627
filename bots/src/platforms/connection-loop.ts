import { once } from 'node:events';
import { HqError } from '@hq/shared/errors';
import { backoffMs, sleep, withinLimit } from '@hq/shared/program';
import type { Logger } from 'pino';
import type { ConnectionHealth } from '../contract/adapter.ts';

export type ConnectionStatus = Pick<ConnectionHealth, 'state' | 'detail'>;

/** The reason why an attempt failed. */
export interface ConnectionProblem {
  readonly state: 'reconnecting' | 'revoked' | 'conflict';
  readonly detail: string;
  /** The next step for the operator. */
  readonly hint?: string | undefined;
  /** Milliseconds before the next attempt, at least. */
  readonly afterMs?: number;
}

/** Takes the reports of an attempt while it lasts. */
export interface ConnectionReport {
  connected(limitation?: string | null): void;
  /** The library connects again by itself. */
  lost(detail: string): void;
  /** The connection has served: its end is no failure. */
  proven(): void;
}

export interface ConnectionOptions {
  readonly log: Logger;
  /** Connects and stays; ends with the connection, and soon after the signal aborts. */
  attempt(signal: AbortSignal, report: ConnectionReport): Promise<void>;
  /** Explains any error but an `HqError`, which explains itself. */
  explain(error: unknown): ConnectionProblem;
  readonly lostDetail: string;
  /** Milliseconds after the first failure, by default `firstMs`; the pauses grow with each further one. */
  readonly gapMs?: number;
  readonly firstMs: number;
  readonly longestMs: number;
}

/** Milliseconds after which a refused token is tried again: it may be allowed by then. */
export const refusedRetryMs = 300_000;
/** Milliseconds after which the end of a connection is no failure. */
const provenAfterMs = 10_000;
/** Milliseconds for which a start waits for the first attempt, and a stop for the last one. */
const settleWithinMs = 10_000;

/** Keeps one connection: connects, and connects again after each end, with pauses that grow between failures in a row. */
export class ConnectionLoop {
  readonly #options: ConnectionOptions;
  #status: ConnectionStatus = { state: 'starting', detail: null };
  #isStopped = true;
  #running: Promise<void> = Promise.resolve();
  /** Ends the present attempt, or the pause after it. */
  #attempt = new AbortController();
  #refusal: ConnectionProblem | null = null;

  constructor(options: ConnectionOptions) {
    this.#options = options;
  }

  get status(): ConnectionStatus {
    return this.#status;
  }

  get isStopped(): boolean {
    return this.#isStopped;
  }

  /** Resolves after the first attempt, whatever its outcome, or when it takes long. */
  async start(): Promise<void> {
    await this.#running;
    this.#isStopped = false;
    this.#status = { state: 'starting', detail: null };
    const first = Promise.withResolvers<void>();
    this.#running = this.#run(first.resolve);
    await withinLimit(settleWithinMs, first.promise);
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#attempt.abort();
    await withinLimit(settleWithinMs, this.#running);
    this.#status = { state: 'stopped', detail: null };
  }

  /** Records that the platform refused the token. A new attempt after the pause verifies it. */
  revoke(detail: string, afterMs = 0): void {
    if (this.#isStopped || this.#status.state === 'revoked') return;
    this.#refusal = { state: 'revoked', detail, afterMs };
    this.#set(this.#refusal);
    this.#attempt.abort();
  }

  async #run(onAttempted: () => void): Promise<void> {
    const { firstMs, longestMs, gapMs = firstMs, lostDetail } = this.#options;
    for (let failures = 0; !this.#isStopped; ) {
      this.#attempt = new AbortController();
      this.#refusal = null;
      const startedAt = performance.now();
      let isProven = false;
      const failed = await this.#try(this.#attempt.signal, onAttempted, () => {
        isProven = true;
      });
      if (this.#isStopped) break;
      isProven ||= this.#status.state === 'connected' && performance.now() - startedAt > provenAfterMs;
      failures = isProven ? 0 : failures + 1;
      const problem = this.#refusal ?? failed ?? { state: 'reconnecting', detail: lostDetail };
      this.#set(problem);
      onAttempted();
      const grown = failures <= 1 ? gapMs : backoffMs(failures - 1, { firstMs, longestMs });
      this.#attempt = new AbortController();
      await sleep(Math.max(problem.afterMs ?? 0, grown), this.#attempt.signal);
    }
    onAttempted();
  }

  /** Returns the problem of a failed attempt; null for a connection that has ended. */
  async #try(
    signal: AbortSignal,
    onConnected: () => void,
    onProven: () => void,
  ): Promise<ConnectionProblem | null> {
    try {
      await this.#options.attempt(signal, {
        connected: (limitation = null) => {
          if (signal.aborted) return;
          this.#set({ state: 'connected', detail: limitation });
          onConnected();
        },
        lost: (detail) => {
          if (!signal.aborted) this.#set({ state: 'reconnecting', detail });
        },
        proven: onProven,
      });
      return null;
    } catch (error) {
      if (!(error instanceof HqError)) return this.#options.explain(error);
      return { state: 'reconnecting', detail: error.message, hint: error.hint };
    }
  }

  #set({ state, detail, hint }: ConnectionStatus & Pick<ConnectionProblem, 'hint'>): void {
    const level = state === 'connected' ? 'info' : state === 'revoked' ? 'error' : 'warn';
    if (state !== this.#status.state) this.#options.log[level]({ state, hint }, detail ?? 'Connected');
    this.#status = { state, detail };
  }
}

/** Resolves when the signal aborts. */
export async function untilAborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await once(signal, 'abort');
}

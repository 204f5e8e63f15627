import { once } from 'node:events';
import { HqError } from '@hq/shared/errors';
import { backoffMs, sleep, withinLimit } from '@hq/shared/program';
import type { Logger } from 'pino';
import type { AdapterState } from '../contract/adapter.ts';

export interface ConnectionStatus {
  readonly state: AdapterState;
  /** One sentence for an operator: the reason of another state than `connected`, or a limitation. */
  readonly detail: string | null;
}

/** The reason why an attempt failed. */
export interface ConnectionProblem {
  readonly state: 'reconnecting' | 'revoked' | 'conflict';
  readonly detail: string;
  /** The next step for the operator. */
  readonly hint?: string;
  /** Milliseconds before the next attempt, at least. */
  readonly afterMs?: number;
}

/** Receives the events of an attempt while it lasts. */
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
  #pauseMs: number | null = null;

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
  revoke(detail: string, pauseMs = 0): void {
    if (this.#isStopped || this.#status.state === 'revoked') return;
    this.#set('revoked', detail);
    this.#pauseMs = pauseMs;
    this.#attempt.abort();
  }

  async #run(onAttempted: () => void): Promise<void> {
    const { firstMs, longestMs, gapMs = firstMs, lostDetail } = this.#options;
    for (let failures = 0; !this.#isStopped; ) {
      const attempt = new AbortController();
      this.#attempt = attempt;
      this.#pauseMs = null;
      const startedAt = performance.now();
      let isProven = false;
      const problem = await this.#try(attempt.signal, onAttempted, () => {
        isProven = true;
      });
      if (this.#isStopped) break;
      isProven ||= this.#status.state === 'connected' && performance.now() - startedAt > provenAfterMs;
      failures = isProven ? 0 : failures + 1;
      if (this.#pauseMs === null)
        this.#set(problem?.state ?? 'reconnecting', problem?.detail ?? lostDetail, problem?.hint);
      onAttempted();
      const grown = failures <= 1 ? gapMs : backoffMs(failures - 1, { firstMs, longestMs });
      if (this.#pauseMs !== null) this.#attempt = new AbortController();
      await sleep(this.#pauseMs ?? Math.max(problem?.afterMs ?? 0, grown), this.#attempt.signal);
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
          this.#set('connected', limitation);
          onConnected();
        },
        lost: (detail) => {
          if (!signal.aborted) this.#set('reconnecting', detail);
        },
        proven: onProven,
      });
      return null;
    } catch (error) {
      if (!(error instanceof HqError)) return this.#options.explain(error);
      const { message: detail, hint } = error;
      return { state: 'reconnecting', detail, ...(hint !== undefined && { hint }) };
    }
  }

  #set(state: AdapterState, detail: string | null, hint?: string): void {
    const { log } = this.#options;
    if (state === 'connected' && this.#status.state !== state) log.info('Connected');
    else if (state !== this.#status.state) {
      log[state === 'revoked' ? 'error' : 'warn']({ state, hint }, detail ?? 'Not connected');
    }
    this.#status = { state, detail };
  }
}

/** Resolves when the signal aborts. */
export async function untilAborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await once(signal, 'abort');
}

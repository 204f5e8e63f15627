import { HqError } from '@hq/shared/errors';
import type { Log } from '@hq/shared/log';
import type { Database } from './database.ts';
import type { ClaimedCommand, ExchangeResponse, Heartbeat } from './exchange.ts';
import { LeasedCommand, type LeasedCommandOptions } from './leased-command.ts';
import { type Batch, Outbox } from './outbox.ts';
import { hintDelay, nextExchangeAt, retryDelay } from './schedule.ts';
import { WakeSignal } from './wake-signal.ts';

export interface SyncLoopOptions {
  readonly database: Database;
  readonly gatewayId: string;
  readonly runnerId: string;
  readonly slots: number;
  readonly leaseSeconds: number;
  readonly heartbeatEveryMs: number;
  readonly log: Log;
  /** The heartbeat to send: what changed since the last one that arrived, given back by `beatArrived`. */
  readonly heartbeat: () => Heartbeat;
  readonly onHeartbeatStored: (beat: Heartbeat, sentAt: number) => void;
  /** What one command needs beside itself. */
  readonly command: Omit<LeasedCommandOptions, 'command' | 'onOutput'>;
  /** Every answered turn, for whoever judges Realtime. */
  readonly onExchange: (answer: ExchangeResponse) => void;
}

export interface SyncLoopState {
  readonly held: number;
  readonly unsent: number;
  /** Milliseconds since the database last answered; null before it ever did. */
  readonly answeredMsAgo: number | null;
  readonly gatewayStatus: string | null;
  readonly fault: string | null;
}

/** How long a stopping runner waits for its handlers, and then for the database to take what they came to. */
const finishMs = 10_000;
const handInMs = 10_000;
/** Behind the moment at which another runner's lease runs out. */
const sweepMarginMs = 50;

/**
 * Takes turns with the database, one after the other: each carries all there is to tell and brings new commands back.
 * A hint, a result, output, a lease that needs renewal or the next heartbeat make a turn due.
 */
export class SyncLoop {
  readonly #options: SyncLoopOptions;
  readonly #wake = new WakeSignal();
  readonly #outbox = new Outbox();
  readonly #running = new Map<string, LeasedCommand>();
  /** Leases that this process gave up: should the database hand one over again, it is not for us. */
  readonly #abandoned = new Set<string>();
  readonly #quit = new AbortController();
  #pollEveryMs: number;
  #lastExchangeAt = Number.NEGATIVE_INFINITY;
  #lastHeartbeatAt = Number.NEGATIVE_INFINITY;
  #lastOutputAt = Number.NEGATIVE_INFINITY;
  #retryAt = Number.NEGATIVE_INFINITY;
  #outputSince: number | null = null;
  #hintedAt: number | null = null;
  #sweepAt: number | null = null;
  #emptyHints = 0;
  #failures = 0;
  #gatewayStatus: string | null = null;
  #fault: string | null = null;
  #stopping = false;
  #heartbeatNow = false;

  constructor(options: SyncLoopOptions, pollEveryMs: number) {
    this.#options = options;
    this.#pollEveryMs = pollEveryMs;
  }

  /** There may be work. Many hints make one turn. */
  hint(): void {
    this.#hintedAt ??= performance.now() + hintDelay(this.#emptyHints);
    this.#wake.wake();
  }

  /** The stack changed: the next heartbeat need not wait. */
  heartbeatSoon(): void {
    this.#heartbeatNow = true;
    this.#wake.wake();
  }

  setPollInterval(milliseconds: number): void {
    this.#pollEveryMs = milliseconds;
    this.#wake.wake();
  }

  state(): SyncLoopState {
    return {
      held: this.#running.size,
      unsent: this.#outbox.hasResults ? 1 : 0,
      answeredMsAgo: Number.isFinite(this.#lastExchangeAt)
        ? Math.round(performance.now() - this.#lastExchangeAt)
        : null,
      gatewayStatus: this.#gatewayStatus,
      fault: this.#fault,
    };
  }

  /** Runs until `stop`; throws only what no retry can mend. */
  async run(): Promise<void> {
    for (;;) {
      if (this.#stopping && this.#running.size === 0 && !this.#outbox.hasResults) return;
      if (this.#quit.signal.aborted) return;
      const wait = this.#dueAt() - performance.now();
      if (wait > 0) await this.#wake.sleep(wait);
      // Handlers that end together are told together.
      else await new Promise(setImmediate);
      if (this.#dueAt() <= performance.now()) await this.#exchange();
    }
  }

  /**
   * Takes no more commands, lets short ones finish, hands back or fails the others. Resolves to the ids of the commands
   * whose end the database could not be told.
   */
  async stop(): Promise<readonly string[]> {
    this.#stopping = true;
    const untilDone = (limitMs: number, isDone: () => boolean) => this.#waitUntil(limitMs, isDone);
    await untilDone(finishMs, () => this.#running.size === 0);
    for (const held of this.#running.values()) held.stop('stopping');
    this.#retryAt = Number.NEGATIVE_INFINITY;
    this.#wake.wake();
    await untilDone(handInMs, () => this.#running.size === 0 && !this.#outbox.hasResults);
    const left = [...this.#running.values()].map((held) => held.command.id).concat(this.#outbox.commandIds());
    this.#quit.abort(new HqError('cancelled', 'the runner stops'));
    this.#wake.wake();
    return left;
  }

  async #waitUntil(limitMs: number, isDone: () => boolean): Promise<void> {
    const until = performance.now() + limitMs;
    this.#wake.wake();
    while (!isDone() && performance.now() < until) await new Promise((resolve) => setTimeout(resolve, 20));
  }

  #dueAt(): number {
    const leases = [...this.#running.values()].map((held) => held.command.lease_seconds * 1000);
    const free = this.#free() > 0;
    return nextExchangeAt({
      now: performance.now(),
      lastExchangeAt: this.#lastExchangeAt,
      lastHeartbeatAt: this.#heartbeatNow ? Number.NEGATIVE_INFINITY : this.#lastHeartbeatAt,
      retryAt: this.#retryAt,
      pollEveryMs: this.#pollEveryMs,
      heartbeatEveryMs: this.#options.heartbeatEveryMs,
      hasResults: this.#outbox.hasResults,
      hintedAt: free || this.#running.size > 0 ? this.#hintedAt : null,
      outputSince: this.#outputSince,
      lastOutputAt: this.#lastOutputAt,
      sweepAt: this.#sweepAt,
      leaseMs: leases.length === 0 ? null : Math.min(...leases),
    });
  }

  #free(): number {
    return this.#stopping ? 0 : Math.max(0, this.#options.slots - this.#running.size);
  }

  async #exchange(): Promise<void> {
    const { database, gatewayId, runnerId, leaseSeconds, heartbeatEveryMs } = this.#options;
    const startedAt = performance.now();
    const hinted = this.#hintedAt !== null;
    this.#hintedAt = null;
    const batch = this.#outbox.takeBatch(this.#running.values());
    const heartbeatIsDue = this.#heartbeatNow || startedAt - this.#lastHeartbeatAt >= heartbeatEveryMs * 0.9;
    this.#heartbeatNow = false;
    const heartbeat = heartbeatIsDue ? this.#options.heartbeat() : null;
    const claim = this.#free();
    const renewed = [...this.#running.values()];
    try {
      const answer = await database.exchange(
        gatewayId,
        runnerId,
        {
          claim,
          leaseSeconds,
          renew: [...renewed.map((held) => held.token), ...this.#outbox.tokens()],
          output: batch.chunks.flatMap(({ held, chunks }) =>
            chunks.map((chunk) => ({ token: held.token, ...chunk })),
          ),
          progress: batch.progress,
          results: batch.finished.map(({ result }) => result),
          heartbeat,
        },
        this.#quit.signal,
      );
      this.#onResponse(startedAt, batch, renewed, answer);
      if (heartbeat !== null) {
        this.#lastHeartbeatAt = startedAt;
        this.#options.onHeartbeatStored(heartbeat, startedAt);
      }
      const claimed = this.#startClaimed(answer, startedAt);
      if (hinted) this.#emptyHints = claimed === 0 ? this.#emptyHints + 1 : 0;
      // A full hand may mean that there is more.
      if (claim > 0 && claimed === claim) this.hint();
      this.#options.onExchange(answer);
    } catch (error) {
      if (hinted) this.#hintedAt = startedAt;
      if (heartbeatIsDue) this.#heartbeatNow = true;
      this.#onFailure(error, batch);
    }
  }

  #onResponse(
    startedAt: number,
    batch: Batch,
    renewed: readonly LeasedCommand[],
    answer: ExchangeResponse,
  ): void {
    const { log } = this.#options;
    if (this.#fault !== null) log.info({ failures: this.#failures }, 'the database answers again');
    this.#fault = null;
    this.#failures = 0;
    this.#lastExchangeAt = startedAt;
    this.#gatewayStatus = answer.gateway_status;
    this.#sweepAt =
      answer.sweep_in_ms === null
        ? null
        : performance.now() + Math.max(0, answer.sweep_in_ms) + sweepMarginMs;
    if (answer.gateway_status === null) {
      throw new HqError('not_found', 'The gateway that this runner serves is not in the database any more.', {
        hint: 'Set GATEWAY_ID to the id or the slug of a gateway that exists.',
      });
    }
    if (batch.chunks.length > 0 || batch.progress.length > 0) this.#lastOutputAt = startedAt;
    this.#outbox.onAccepted(batch);
    this.#outputSince = [...this.#running.values()].some((held) => held.hasOutput) ? startedAt : null;
    const lost = new Set(answer.lost);
    for (const { held, result } of batch.finished) {
      if (lost.has(result.token) && result.status !== 'pending') {
        log.warn(
          { command: held.command.id, status: result.status },
          'the result came after its lease was given away',
        );
      }
    }
    for (const held of renewed) {
      if (lost.has(held.token)) held.stop('lost');
      else held.extendLease(startedAt + held.command.lease_seconds * 1000 - performance.now());
    }
    for (const token of answer.cancel) this.#running.get(token)?.stop('cancelled');
  }

  #startClaimed(answer: ExchangeResponse, startedAt: number): number {
    let started = 0;
    const ended = new Set([...this.#outbox.tokens(), ...this.#abandoned]);
    for (const command of answer.claimed) {
      if (this.#running.has(command.lease_token) || ended.has(command.lease_token)) continue;
      this.#run(command, startedAt);
      started += 1;
    }
    return started;
  }

  #run(command: ClaimedCommand, startedAt: number): void {
    const { log } = this.#options;
    const held = new LeasedCommand({
      ...this.#options.command,
      command,
      onOutput: () => {
        if (this.#outputSince !== null) return;
        this.#outputSince = performance.now();
        this.#wake.wake();
      },
    });
    if (this.#stopping) {
      // It was claimed by a turn that was under way already.
      this.#outbox.add(held, held.release());
      return;
    }
    this.#running.set(held.token, held);
    held.extendLease(startedAt + command.lease_seconds * 1000 - performance.now());
    log.info({ command: command.id, action: command.action, attempt: command.attempt }, 'started');
    const beganAt = performance.now();
    void held.run().then((result) => {
      this.#running.delete(held.token);
      const tookMs = Math.round(performance.now() - beganAt);
      if (result === null) {
        this.#abandoned.add(held.token);
        log.warn({ command: command.id, action: command.action, tookMs }, 'given up: its lease was lost');
      } else {
        this.#outbox.add(held, result);
        log.info(
          {
            command: command.id,
            action: command.action,
            status: result.status,
            tookMs,
            error: result.error_message,
          },
          'ended',
        );
      }
      this.#wake.wake();
    });
  }

  #onFailure(error: unknown, batch: Batch): void {
    if (this.#quit.signal.aborted) return;
    const fault =
      error instanceof HqError
        ? error
        : new HqError('unreachable', 'The turn could not be taken.', { cause: error });
    if (fault.code === 'not_found') throw fault;
    if (fault.code === 'failed') {
      for (const lost of this.#outbox.onRefused(batch, fault.message)) {
        this.#options.log.error({ token: lost.token }, 'the database takes no result for this command');
      }
    }
    this.#failures += 1;
    this.#retryAt = performance.now() + retryDelay(this.#failures, fault.code === 'unauthenticated');
    if (this.#fault !== fault.message) {
      const cause = fault.cause instanceof Error ? fault.cause.message : undefined;
      this.#options.log.error({ code: fault.code, hint: fault.hint, cause }, fault.message);
    }
    this.#fault = fault.message;
  }
}

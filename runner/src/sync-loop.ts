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
  readonly timings: Partial<SyncLoopTimings>;
  /** Returns the parts of the heartbeat that changed since the last one passed to `onHeartbeatStored`. */
  readonly heartbeat: () => Heartbeat;
  readonly onHeartbeatStored: (heartbeat: Heartbeat, sentAt: number) => void;
  readonly command: Omit<LeasedCommandOptions, 'command' | 'onOutput'>;
  readonly onResponse: (response: ExchangeResponse) => void;
}

/** Milliseconds that a stopping runner waits for its handlers, then for the database to accept their results. */
export interface SyncLoopTimings {
  readonly finishMs: number;
  readonly deliverMs: number;
}
const defaultTimings: SyncLoopTimings = { finishMs: 10_000, deliverMs: 10_000 };
/** Added to the time at which another runner's lease expires. */
const sweepMarginMs = 50;

/**
 * Exchanges state with the database, one request at a time: each sends everything that waits and returns new commands.
 * A hint, a result, output, a lease to renew or the next heartbeat make an exchange due.
 */
export class SyncLoop {
  readonly #options: SyncLoopOptions;
  readonly #wake = new WakeSignal();
  readonly #outbox = new Outbox();
  readonly #running = new Map<string, LeasedCommand>();
  /** Tokens of leases that this process lost; a command that comes with one is ignored. */
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

  /** Makes an exchange due because there may be work; several hints lead to one exchange. */
  hint(): void {
    this.#hintedAt ??= performance.now() + hintDelay(this.#emptyHints);
    this.#wake.wake();
  }

  /** Makes the next heartbeat due at once. */
  heartbeatSoon(): void {
    this.#heartbeatNow = true;
    this.#wake.wake();
  }

  setPollInterval(milliseconds: number): void {
    this.#pollEveryMs = milliseconds;
    this.#wake.wake();
  }

  state() {
    return {
      /** Number of commands that run now. */
      held: this.#running.size,
      /** 1 while results wait to be accepted, else 0. */
      unsent: this.#outbox.hasResults ? 1 : 0,
      /** Milliseconds since the database last answered; null before it ever did. */
      answeredMsAgo: Number.isFinite(this.#lastExchangeAt)
        ? Math.round(performance.now() - this.#lastExchangeAt)
        : null,
      gatewayStatus: this.#gatewayStatus,
      /** Message of the last failed exchange; null once one succeeded. */
      fault: this.#fault,
    };
  }

  /** Runs until `stop`; throws only errors that no retry can fix. */
  async run(): Promise<void> {
    for (;;) {
      if (this.#stopping && this.#running.size === 0 && !this.#outbox.hasResults) return;
      if (this.#quit.signal.aborted) return;
      const wait = this.#dueAt() - performance.now();
      if (wait > 0) await this.#wake.sleep(wait);
      // Commands that end in the same tick share one exchange.
      else await new Promise(setImmediate);
      if (this.#dueAt() <= performance.now()) await this.#exchange();
    }
  }

  /**
   * Claims no more commands, lets short ones finish, releases or fails the others. Resolves to the ids of the commands
   * whose result the database did not accept.
   */
  async stop(): Promise<readonly string[]> {
    const { finishMs, deliverMs } = { ...defaultTimings, ...this.#options.timings };
    this.#stopping = true;
    await this.#waitUntil(finishMs, () => this.#running.size === 0);
    for (const leased of this.#running.values()) leased.stop('stopping');
    this.#retryAt = Number.NEGATIVE_INFINITY;
    this.#wake.wake();
    await this.#waitUntil(deliverMs, () => this.#running.size === 0 && !this.#outbox.hasResults);
    const left = [...this.#running.values()].map(({ command }) => command.id);
    this.#quit.abort(new HqError('cancelled', 'the runner stops'));
    this.#wake.wake();
    return [...left, ...this.#outbox.commandIds()];
  }

  async #waitUntil(limitMs: number, isDone: () => boolean): Promise<void> {
    const until = performance.now() + limitMs;
    this.#wake.wake();
    while (!isDone() && performance.now() < until) await new Promise((resolve) => setTimeout(resolve, 20));
  }

  #dueAt(): number {
    const leases = [...this.#running.values()].map(({ command }) => command.lease_seconds * 1000);
    const canUseHint = this.#freeSlots() > 0 || this.#running.size > 0;
    return nextExchangeAt({
      now: performance.now(),
      lastExchangeAt: this.#lastExchangeAt,
      lastHeartbeatAt: this.#heartbeatNow ? Number.NEGATIVE_INFINITY : this.#lastHeartbeatAt,
      retryAt: this.#retryAt,
      pollEveryMs: this.#pollEveryMs,
      heartbeatEveryMs: this.#options.heartbeatEveryMs,
      hasResults: this.#outbox.hasResults,
      hintedAt: canUseHint ? this.#hintedAt : null,
      outputSince: this.#outputSince,
      lastOutputAt: this.#lastOutputAt,
      sweepAt: this.#sweepAt,
      leaseMs: leases.length === 0 ? null : Math.min(...leases),
    });
  }

  #freeSlots(): number {
    return this.#stopping ? 0 : Math.max(0, this.#options.slots - this.#running.size);
  }

  async #exchange(): Promise<void> {
    const { database, gatewayId, runnerId, leaseSeconds, heartbeatEveryMs } = this.#options;
    const startedAt = performance.now();
    const hinted = this.#hintedAt !== null;
    this.#hintedAt = null;
    const batch = this.#outbox.takeBatch(this.#running.values());
    const isHeartbeatDue = this.#heartbeatNow || startedAt - this.#lastHeartbeatAt >= heartbeatEveryMs * 0.9;
    this.#heartbeatNow = false;
    const heartbeat = isHeartbeatDue ? this.#options.heartbeat() : null;
    const claim = this.#freeSlots();
    const renewed = [...this.#running.values()];
    const request = {
      claim,
      leaseSeconds,
      renew: [...renewed.map(({ token }) => token), ...this.#outbox.tokens()],
      output: batch.chunks.flatMap(({ leased: { token }, chunks }) =>
        chunks.map((chunk) => ({ token, ...chunk })),
      ),
      progress: batch.progress,
      results: batch.finished.map(({ result }) => result),
      heartbeat,
    };
    try {
      const response = await database.exchange(gatewayId, runnerId, request, this.#quit.signal);
      this.#onResponse(startedAt, batch, renewed, response);
      if (heartbeat !== null) {
        this.#lastHeartbeatAt = startedAt;
        this.#options.onHeartbeatStored(heartbeat, startedAt);
      }
      const claimed = this.#startClaimed(response, startedAt);
      if (hinted) this.#emptyHints = claimed === 0 ? this.#emptyHints + 1 : 0;
      // Every free slot was filled: more commands may wait.
      if (claim > 0 && claimed === claim) this.hint();
      this.#options.onResponse(response);
    } catch (error) {
      if (hinted) this.#hintedAt = startedAt;
      if (isHeartbeatDue) this.#heartbeatNow = true;
      this.#onFailure(error, batch);
    }
  }

  #onResponse(
    startedAt: number,
    batch: Batch,
    renewed: readonly LeasedCommand[],
    response: ExchangeResponse,
  ): void {
    const { log } = this.#options;
    const { gateway_status: gatewayStatus, sweep_in_ms: sweepInMs } = response;
    if (this.#fault !== null) log.info({ failures: this.#failures }, 'the database answers again');
    this.#fault = null;
    this.#failures = 0;
    this.#lastExchangeAt = startedAt;
    this.#gatewayStatus = gatewayStatus;
    this.#sweepAt = sweepInMs === null ? null : performance.now() + Math.max(0, sweepInMs) + sweepMarginMs;
    if (gatewayStatus === null) {
      throw new HqError('not_found', 'The gateway that this runner serves is not in the database any more.', {
        hint: 'Set GATEWAY_ID to the id or the slug of a gateway that exists.',
      });
    }
    if (batch.chunks.length > 0 || batch.progress.length > 0) this.#lastOutputAt = startedAt;
    this.#outbox.onAccepted(batch);
    this.#outputSince = [...this.#running.values()].some(({ hasOutput }) => hasOutput) ? startedAt : null;
    const lost = new Set(response.lost);
    for (const { leased, result } of batch.finished) {
      if (!lost.has(result.token) || result.status === 'pending') continue;
      const { id } = leased.command;
      log.warn({ command: id, status: result.status }, 'the result came after its lease was lost');
    }
    for (const leased of renewed) {
      if (lost.has(leased.token)) leased.stop('lost');
      else leased.extendLease(startedAt + leased.command.lease_seconds * 1000 - performance.now());
    }
    for (const token of response.cancel) this.#running.get(token)?.stop('cancelled');
  }

  #startClaimed(response: ExchangeResponse, startedAt: number): number {
    let started = 0;
    const ended = new Set([...this.#outbox.tokens(), ...this.#abandoned]);
    for (const command of response.claimed) {
      if (this.#running.has(command.lease_token) || ended.has(command.lease_token)) continue;
      this.#start(command, startedAt);
      started += 1;
    }
    return started;
  }

  #start(command: ClaimedCommand, startedAt: number): void {
    const leased = new LeasedCommand({
      ...this.#options.command,
      command,
      onOutput: () => {
        if (this.#outputSince !== null) return;
        this.#outputSince = performance.now();
        this.#wake.wake();
      },
    });
    if (this.#stopping) {
      // An exchange that was in flight when the stop began claimed it.
      this.#outbox.add(leased, leased.release());
      return;
    }
    this.#running.set(leased.token, leased);
    leased.extendLease(startedAt + command.lease_seconds * 1000 - performance.now());
    void this.#run(leased);
  }

  async #run(leased: LeasedCommand): Promise<void> {
    const { log } = this.#options;
    const { id: command, action, attempt } = leased.command;
    log.info({ command, action, attempt }, 'started');
    const startedAt = performance.now();
    const result = await leased.run();
    this.#running.delete(leased.token);
    const tookMs = Math.round(performance.now() - startedAt);
    if (result === null) {
      this.#abandoned.add(leased.token);
      log.warn({ command, action, tookMs }, 'abandoned: its lease was lost');
    } else {
      this.#outbox.add(leased, result);
      const { status, error_message: error } = result;
      log.info({ command, action, status, tookMs, error }, 'ended');
    }
    this.#wake.wake();
  }

  #onFailure(error: unknown, batch: Batch): void {
    if (this.#quit.signal.aborted) return;
    const { log } = this.#options;
    const fault =
      error instanceof HqError
        ? error
        : new HqError('unreachable', 'The exchange with the database failed.', { cause: error });
    if (fault.code === 'not_found') throw fault;
    if (fault.code === 'failed') {
      for (const { token } of this.#outbox.onRefused(batch, fault.message)) {
        log.error({ token }, 'the database refuses every result of this command');
      }
    }
    this.#failures += 1;
    this.#retryAt = performance.now() + retryDelay(this.#failures, fault.code === 'unauthenticated');
    if (this.#fault !== fault.message) {
      const cause = fault.cause instanceof Error ? fault.cause.message : undefined;
      log.error({ code: fault.code, hint: fault.hint, cause }, fault.message);
    }
    this.#fault = fault.message;
  }
}

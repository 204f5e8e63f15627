import { HqError } from '@hq/shared/errors';
import type { Log } from '@hq/shared/log';
import { Bell } from './bell.ts';
import type { Database } from './database.ts';
import { HeldCommand, type HeldCommandOptions } from './held-command.ts';
import { Outbox, type Parcel } from './outbox.ts';
import { hintDelay, nextTurnAt, retryDelay } from './pace.ts';
import type { Beat, ClaimedCommand, TurnAnswer } from './turn.ts';

export interface TurnLoopOptions {
  readonly database: Database;
  readonly gatewayId: string;
  readonly runnerId: string;
  readonly slots: number;
  readonly leaseSeconds: number;
  readonly beatEveryMs: number;
  readonly log: Log;
  /** The heartbeat to send: what changed since the last one that arrived, given back by `beatArrived`. */
  readonly beat: () => Beat;
  readonly beatArrived: (beat: Beat, sentAt: number) => void;
  /** What one command needs beside itself. */
  readonly held: Omit<HeldCommandOptions, 'command' | 'onNews'>;
  /** Every answered turn, for whoever judges Realtime. */
  readonly onTurn: (answer: TurnAnswer) => void;
}

export interface TurnLoopState {
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
export class TurnLoop {
  readonly #options: TurnLoopOptions;
  readonly #bell = new Bell();
  readonly #outbox = new Outbox();
  readonly #held = new Map<string, HeldCommand>();
  /** Leases that this process gave up: should the database hand one over again, it is not for us. */
  readonly #givenUp = new Set<string>();
  readonly #quit = new AbortController();
  #pollEveryMs: number;
  #lastTurnAt = Number.NEGATIVE_INFINITY;
  #lastBeatAt = Number.NEGATIVE_INFINITY;
  #lastNewsAt = Number.NEGATIVE_INFINITY;
  #retryAt = Number.NEGATIVE_INFINITY;
  #newsSince: number | null = null;
  #hintedAt: number | null = null;
  #sweepAt: number | null = null;
  #emptyHints = 0;
  #failures = 0;
  #gatewayStatus: string | null = null;
  #fault: string | null = null;
  #stopping = false;
  #beatNow = false;

  constructor(options: TurnLoopOptions, pollEveryMs: number) {
    this.#options = options;
    this.#pollEveryMs = pollEveryMs;
  }

  /** There may be work. Many hints make one turn. */
  hint(): void {
    this.#hintedAt ??= performance.now() + hintDelay(this.#emptyHints);
    this.#bell.ring();
  }

  /** The stack changed: the next heartbeat need not wait. */
  beatSoon(): void {
    this.#beatNow = true;
    this.#bell.ring();
  }

  pollEvery(milliseconds: number): void {
    this.#pollEveryMs = milliseconds;
    this.#bell.ring();
  }

  state(): TurnLoopState {
    return {
      held: this.#held.size,
      unsent: this.#outbox.hasResults ? 1 : 0,
      answeredMsAgo: Number.isFinite(this.#lastTurnAt)
        ? Math.round(performance.now() - this.#lastTurnAt)
        : null,
      gatewayStatus: this.#gatewayStatus,
      fault: this.#fault,
    };
  }

  /** Runs until `stop`; throws only what no retry can mend. */
  async run(): Promise<void> {
    for (;;) {
      if (this.#stopping && this.#held.size === 0 && !this.#outbox.hasResults) return;
      if (this.#quit.signal.aborted) return;
      const wait = this.#dueAt() - performance.now();
      if (wait > 0) await this.#bell.sleep(wait);
      // Handlers that end together are told together.
      else await new Promise(setImmediate);
      if (this.#dueAt() <= performance.now()) await this.#turn();
    }
  }

  /**
   * Takes no more commands, lets short ones finish, hands back or fails the others. Resolves to the ids of the commands
   * whose end the database could not be told.
   */
  async stop(): Promise<readonly string[]> {
    this.#stopping = true;
    const untilDone = (limitMs: number, isDone: () => boolean) => this.#waitUntil(limitMs, isDone);
    await untilDone(finishMs, () => this.#held.size === 0);
    for (const held of this.#held.values()) held.end('stopping');
    this.#retryAt = Number.NEGATIVE_INFINITY;
    this.#bell.ring();
    await untilDone(handInMs, () => this.#held.size === 0 && !this.#outbox.hasResults);
    const left = [...this.#held.values()].map((held) => held.command.id).concat(this.#outbox.commandIds());
    this.#quit.abort(new HqError('cancelled', 'the runner stops'));
    this.#bell.ring();
    return left;
  }

  async #waitUntil(limitMs: number, isDone: () => boolean): Promise<void> {
    const until = performance.now() + limitMs;
    this.#bell.ring();
    while (!isDone() && performance.now() < until) await new Promise((resolve) => setTimeout(resolve, 20));
  }

  #dueAt(): number {
    const leases = [...this.#held.values()].map((held) => held.command.lease_seconds * 1000);
    const free = this.#free() > 0;
    return nextTurnAt({
      now: performance.now(),
      lastTurnAt: this.#lastTurnAt,
      lastBeatAt: this.#beatNow ? Number.NEGATIVE_INFINITY : this.#lastBeatAt,
      retryAt: this.#retryAt,
      pollEveryMs: this.#pollEveryMs,
      beatEveryMs: this.#options.beatEveryMs,
      hasResults: this.#outbox.hasResults,
      hintedAt: free || this.#held.size > 0 ? this.#hintedAt : null,
      newsSince: this.#newsSince,
      lastNewsAt: this.#lastNewsAt,
      sweepAt: this.#sweepAt,
      leaseMs: leases.length === 0 ? null : Math.min(...leases),
    });
  }

  #free(): number {
    return this.#stopping ? 0 : Math.max(0, this.#options.slots - this.#held.size);
  }

  async #turn(): Promise<void> {
    const { database, gatewayId, runnerId, leaseSeconds, beatEveryMs } = this.#options;
    const startedAt = performance.now();
    const hinted = this.#hintedAt !== null;
    this.#hintedAt = null;
    const parcel = this.#outbox.pack(this.#held.values());
    const beatIsDue = this.#beatNow || startedAt - this.#lastBeatAt >= beatEveryMs * 0.9;
    this.#beatNow = false;
    const beat = beatIsDue ? this.#options.beat() : null;
    const claim = this.#free();
    const renewed = [...this.#held.values()];
    try {
      const answer = await database.turn(
        gatewayId,
        runnerId,
        {
          claim,
          leaseSeconds,
          renew: [...renewed.map((held) => held.token), ...this.#outbox.tokens()],
          output: parcel.chunks.flatMap(({ held, chunks }) =>
            chunks.map((chunk) => ({ token: held.token, ...chunk })),
          ),
          progress: parcel.progress,
          results: parcel.finished.map(({ result }) => result),
          beat,
        },
        this.#quit.signal,
      );
      this.#answered(startedAt, parcel, renewed, answer);
      if (beat !== null) {
        this.#lastBeatAt = startedAt;
        this.#options.beatArrived(beat, startedAt);
      }
      const claimed = this.#start(answer, startedAt);
      if (hinted) this.#emptyHints = claimed === 0 ? this.#emptyHints + 1 : 0;
      // A full hand may mean that there is more.
      if (claim > 0 && claimed === claim) this.hint();
      this.#options.onTurn(answer);
    } catch (error) {
      if (hinted) this.#hintedAt = startedAt;
      if (beatIsDue) this.#beatNow = true;
      this.#failed(error, parcel);
    }
  }

  #answered(startedAt: number, parcel: Parcel, renewed: readonly HeldCommand[], answer: TurnAnswer): void {
    const { log } = this.#options;
    if (this.#fault !== null) log.info({ failures: this.#failures }, 'the database answers again');
    this.#fault = null;
    this.#failures = 0;
    this.#lastTurnAt = startedAt;
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
    if (parcel.chunks.length > 0 || parcel.progress.length > 0) this.#lastNewsAt = startedAt;
    this.#outbox.accepted(parcel);
    this.#newsSince = [...this.#held.values()].some((held) => held.hasNews) ? startedAt : null;
    const lost = new Set(answer.lost);
    for (const { held, result } of parcel.finished) {
      if (lost.has(result.token) && result.status !== 'pending') {
        log.warn(
          { command: held.command.id, status: result.status },
          'the result came after its lease was given away',
        );
      }
    }
    for (const held of renewed) {
      if (lost.has(held.token)) held.end('lost');
      else held.extendLease(startedAt + held.command.lease_seconds * 1000 - performance.now());
    }
    for (const token of answer.cancel) this.#held.get(token)?.end('cancelled');
  }

  #start(answer: TurnAnswer, startedAt: number): number {
    let started = 0;
    const ended = new Set([...this.#outbox.tokens(), ...this.#givenUp]);
    for (const command of answer.claimed) {
      if (this.#held.has(command.lease_token) || ended.has(command.lease_token)) continue;
      this.#hold(command, startedAt);
      started += 1;
    }
    return started;
  }

  #hold(command: ClaimedCommand, startedAt: number): void {
    const { log } = this.#options;
    const held = new HeldCommand({
      ...this.#options.held,
      command,
      onNews: () => {
        if (this.#newsSince !== null) return;
        this.#newsSince = performance.now();
        this.#bell.ring();
      },
    });
    if (this.#stopping) {
      // It was claimed by a turn that was under way already.
      this.#outbox.add(held, held.handBack());
      return;
    }
    this.#held.set(held.token, held);
    held.extendLease(startedAt + command.lease_seconds * 1000 - performance.now());
    log.info({ command: command.id, action: command.action, attempt: command.attempt }, 'started');
    const beganAt = performance.now();
    void held.run().then((result) => {
      this.#held.delete(held.token);
      const tookMs = Math.round(performance.now() - beganAt);
      if (result === null) {
        this.#givenUp.add(held.token);
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
      this.#bell.ring();
    });
  }

  #failed(error: unknown, parcel: Parcel): void {
    if (this.#quit.signal.aborted) return;
    const fault =
      error instanceof HqError
        ? error
        : new HqError('unreachable', 'The turn could not be taken.', { cause: error });
    if (fault.code === 'not_found') throw fault;
    if (fault.code === 'failed') {
      for (const lost of this.#outbox.refused(parcel, fault.message)) {
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

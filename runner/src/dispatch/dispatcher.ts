import { HqError } from '@hq/shared/errors';
import type { Log } from '@hq/shared/log';
import type { Database } from '../database.ts';
import type { GatewayControl } from '../gateway-control.ts';
import { retryDelay } from '../schedule.ts';
import { WakeSignal } from '../wake-signal.ts';
import { activityEveryMs, type DispatchTimes, nextDispatchAt, nextTellingAt } from './dispatch-schedule.ts';
import { DispatchedTurn } from './dispatched-turn.ts';
import type {
  DispatchLimits,
  DispatchRequest,
  DispatchResponse,
  LeasedTurn,
  TurnOutcome,
} from './exchange.ts';
import { ReadyGateway } from './ready-gateway.ts';
import { ReportOutbox } from './report-outbox.ts';

export interface DispatcherOptions {
  readonly database: Pick<Database, 'dispatch'>;
  readonly gatewayId: string;
  readonly runnerId: string;
  readonly gateway: Pick<GatewayControl, 'turn' | 'followTurn' | 'abortTurn' | 'status'>;
  readonly limits: DispatchLimits;
  /** Milliseconds between two looks for work of which nothing was heard. */
  readonly sweepMs: number;
  /** True where the gateway runs on when the runner stops: the next runner follows its turns. */
  readonly gatewayStays: boolean;
  readonly log: Log;
  readonly leaseSeconds?: number | undefined;
}

const usualLeaseSeconds = 60;
/** Milliseconds that turns may take to end when the runner stops, and the database to take their reports. */
const stopMs = 15_000;
/** A gate that opens in this moment may be closed still by the clock of the database. */
const leastPauseMs = 100;
const never = Number.NEGATIVE_INFINITY;

/**
 * Wakes agents for the items of their inboxes. The database decides who may wake, and holds a lease for each turn; this runs
 * the turns and reports how they ended. One request runs at a time.
 */
export class Dispatcher {
  readonly #options: DispatcherOptions;
  readonly #wake = new WakeSignal();
  readonly #outbox = new ReportOutbox();
  readonly #turns = new Map<string, DispatchedTurn>();
  readonly #quit = new AbortController();
  readonly #gateway: ReadyGateway;
  #ended: Promise<void> = Promise.resolve();
  #version = never;
  #lastExchangeAt = never;
  #lastActivityAt = never;
  #hintedAt: number | null = performance.now();
  #activitySince: number | null = null;
  #nextAt: number | null = null;
  #lookAt = never;
  #retryAt = never;
  #failures = 0;
  #fault: string | null = null;
  #isStopping = false;

  constructor(options: DispatcherOptions) {
    this.#options = options;
    this.#gateway = new ReadyGateway(options.gateway);
  }

  start(): void {
    this.#ended = this.#run();
  }

  /** Looks for work if `version`, which the database announced, is newer than the last answer. */
  onVersion(version: unknown): void {
    if (typeof version === 'number' && version > this.#version) this.hint();
  }

  hint(): void {
    this.#hintedAt ??= performance.now();
    this.#wake.wake();
  }

  state() {
    return {
      /** Number of turns that run now. */
      turns: this.#turns.size,
      /** 1 while reports wait to be accepted, else 0. */
      unsentTurns: this.#outbox.isEmpty ? 0 : 1,
      fault: this.#fault,
    };
  }

  /** Follows every turn anew, as a new runner would. Turns go on meanwhile. Returns how many were given up. */
  restart(): number {
    const count = this.#turns.size;
    this.#detachAll();
    this.#retryAt = never;
    this.#failures = 0;
    this.hint();
    return count;
  }

  /**
   * Begins no more turns. Where the gateway stays, the turns go on and their leases end at once, so that the next runner
   * follows them; otherwise they are aborted and given back.
   */
  async stop(): Promise<void> {
    this.#isStopping = true;
    const until = performance.now() + stopMs;
    this.#retryAt = never;
    if (this.#options.gatewayStays) await this.#handOver();
    else for (const turn of this.#turns.values()) turn.stop();
    this.#wake.wake();
    const isDone = () => this.#turns.size === 0 && this.#outbox.isEmpty;
    while (!isDone() && performance.now() < until) await new Promise((resolve) => setTimeout(resolve, 20));
    this.#detachAll();
    this.#quit.abort(new HqError('cancelled', 'the runner stops'));
    this.#wake.wake();
    await this.#ended;
  }

  async #handOver(): Promise<void> {
    const renew = [...this.#turns.values()].map(({ token }) => ({ token }));
    this.#detachAll();
    if (renew.length === 0) return;
    const request = { ...this.#request([], 0, false), renew, lease_seconds: 1 };
    // Without an answer the leases end by themselves.
    await this.#send(request, AbortSignal.timeout(stopMs / 3)).catch(() => undefined);
  }

  #detachAll(): void {
    for (const turn of this.#turns.values()) turn.detach();
    this.#turns.clear();
  }

  async #run(): Promise<void> {
    while (!this.#quit.signal.aborted) {
      const wait = this.#dueAt() - performance.now();
      if (wait > 0) await this.#wake.sleep(wait);
      // Turns that end in the same tick share one request.
      else await new Promise(setImmediate);
      if (this.#dueAt() <= performance.now() && !this.#quit.signal.aborted) await this.#exchange();
    }
  }

  #times(): DispatchTimes {
    return {
      now: performance.now(),
      lastExchangeAt: this.#lastExchangeAt,
      lastActivityAt: this.#lastActivityAt,
      hintedAt: this.#hintedAt,
      nextAt: this.#nextAt,
      lookAt: this.#isStopping ? Number.POSITIVE_INFINITY : this.#lookAt,
      activitySince: this.#activitySince,
      retryAt: this.#retryAt,
      hasReports: !this.#outbox.isEmpty,
      hasTurns: this.#turns.size > 0,
      sweepMs: this.#options.sweepMs,
      leaseMs: this.#leaseSeconds * 1_000,
    };
  }

  #dueAt(): number {
    return nextDispatchAt(this.#times());
  }

  get #leaseSeconds(): number {
    return this.#options.leaseSeconds ?? usualLeaseSeconds;
  }

  #request(results: DispatchRequest['results'], claim: number, adopt: boolean): DispatchRequest {
    const now = performance.now();
    const tells = this.#activitySince !== null && now - this.#lastActivityAt >= activityEveryMs;
    if (tells) {
      this.#activitySince = null;
      this.#lastActivityAt = now;
    }
    return {
      runner: this.#options.runnerId,
      claim,
      lease_seconds: this.#leaseSeconds,
      renew: [
        ...[...this.#turns.values()].map((turn) => {
          const activity = tells ? turn.takeActivity() : null;
          return { token: turn.token, ...(activity !== null && { activity }) };
        }),
        ...this.#outbox.tokensBeside(results).map((token) => ({ token })),
      ],
      results,
      adopt,
      settings: this.#options.limits,
    };
  }

  #send(request: DispatchRequest, signal: AbortSignal): Promise<DispatchResponse> {
    return this.#options.database.dispatch(this.#options.gatewayId, request, signal);
  }

  async #exchange(): Promise<void> {
    const free = Math.max(0, this.#options.limits.max_concurrent_wakes - this.#turns.size);
    const isReady = !this.#isStopping && (await this.#gateway.isReady(this.#quit.signal));
    if (!isReady) {
      this.#lookAt = performance.now() + this.#gateway.retryMs();
      if (nextTellingAt(this.#times()) > performance.now()) return;
    }
    const startedAt = performance.now();
    const { hintedAt, nextAt } = this.#times();
    if (isReady) {
      this.#hintedAt = null;
      this.#nextAt = null;
    }
    const batch = this.#outbox.takeBatch();
    const request = this.#request(batch, isReady ? free : 0, isReady);
    try {
      const response = await this.#send(request, this.#quit.signal);
      this.#outbox.onAccepted(batch);
      this.#onResponse(response, startedAt);
    } catch (error) {
      this.#hintedAt ??= hintedAt;
      this.#nextAt ??= nextAt;
      this.#onFailure(error, batch);
    }
  }

  #onResponse(response: DispatchResponse, startedAt: number): void {
    if (this.#fault !== null) this.#options.log.info({ failures: this.#failures }, 'dispatching again');
    this.#fault = null;
    this.#failures = 0;
    this.#lastExchangeAt = startedAt;
    this.#version = Math.max(this.#version, response.dispatch_version ?? never);
    const { next_in_ms: nextInMs } = response;
    if (nextInMs != null) this.#nextAt = performance.now() + Math.max(leastPauseMs, nextInMs);
    const cancelled = new Map(response.cancel.map(({ token, reason }) => [token, reason]));
    for (const leased of response.adopted) this.#adopt(leased, cancelled.get(leased.token));
    for (const leased of response.claimed) this.#begin(leased, false, cancelled.get(leased.token));
    if (response.claimed.length > 0) this.#lastActivityAt = performance.now();
    for (const token of response.lost) this.#lose(token);
    for (const [token, reason] of cancelled) this.#turns.get(token)?.cancel(reason);
  }

  /** Takes over a turn; one that this process follows already has only a new token. */
  #adopt(leased: LeasedTurn, cancelled: string | undefined): void {
    const known = [...this.#turns.values()].find((turn) => turn.leased.run_id === leased.run_id);
    if (known === undefined) {
      this.#begin(leased, true, cancelled);
      return;
    }
    this.#turns.delete(known.token);
    known.token = leased.token;
    this.#turns.set(known.token, known);
  }

  #lose(token: string): void {
    const turn = this.#turns.get(token);
    if (turn === undefined) return;
    turn.detach();
    this.#turns.delete(token);
    this.#options.log.warn({ agent: turn.leased.agent_slug, run: turn.leased.run_id }, 'the lease was lost');
  }

  #begin(leased: LeasedTurn, isAdopted: boolean, cancelled: string | undefined): void {
    if (this.#turns.has(leased.token)) return;
    const turn = new DispatchedTurn({
      leased,
      isAdopted,
      gateway: this.#options.gateway,
      onActivity: () => {
        if (this.#activitySince !== null) return;
        this.#activitySince = performance.now();
        this.#wake.wake();
      },
    });
    this.#turns.set(leased.token, turn);
    if (this.#isStopping) turn.stop();
    if (cancelled !== undefined) turn.cancel(cancelled);
    void this.#follow(turn, isAdopted);
  }

  async #follow(turn: DispatchedTurn, isAdopted: boolean): Promise<void> {
    const { log } = this.#options;
    const { agent_slug: agent, item_id: item, run_id: run } = turn.leased;
    log.info({ agent, item, run }, isAdopted ? 'follows a turn' : 'wakes');
    const report = await turn.run().catch((error: unknown): TurnOutcome => {
      log.error({ err: error, agent, run }, 'a turn failed unexpectedly');
      return { outcome: 'failed', error: 'The dispatcher failed; the log of the runner has the reason.' };
    });
    if (this.#turns.get(turn.token) === turn) this.#turns.delete(turn.token);
    if (report !== null) {
      this.#outbox.add({ ...report, token: turn.token });
      const { outcome, error, duration_ms: tookMs } = report;
      log.info({ agent, item, run, outcome, tookMs, error }, 'the turn ended');
      // The gateway may have gone: it is asked before the next turn.
      if (outcome === 'released') this.#gateway.forget();
    }
    this.#wake.wake();
  }

  #onFailure(error: unknown, batch: DispatchRequest['results']): void {
    if (this.#quit.signal.aborted) return;
    const { log } = this.#options;
    const fault =
      error instanceof HqError
        ? error
        : new HqError('unreachable', 'The dispatcher failed.', { cause: error });
    if (fault.code === 'failed') {
      const token = this.#outbox.onRefused(batch, fault.message);
      if (token !== null) log.error({ token }, 'the database refuses every report of this turn');
    }
    this.#failures += 1;
    const isSlow = fault.code !== 'unreachable' || this.#failures > 20;
    this.#retryAt = performance.now() + retryDelay(this.#failures, isSlow);
    if (this.#fault !== fault.message) log.error({ code: fault.code, hint: fault.hint }, fault.message);
    this.#fault = fault.message;
  }
}

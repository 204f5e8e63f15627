import { HqError } from '@hq/shared/errors';
import type { TurnLine, TurnState } from '@hq/shared/gateway';
import { backoffMs, sleep } from '@hq/shared/program';
import { truncateStart } from '@hq/shared/text';
import type { GatewayControl } from '../gateway-control.ts';
import type { LeasedTurn, TurnActivity, TurnOutcome } from './exchange.ts';
import { turnMessage } from './message.ts';
import { outcomeOf } from './outcome.ts';

export interface DispatchedTurnOptions {
  readonly leased: LeasedTurn;
  /** True for a turn that may run already. */
  readonly isAdopted: boolean;
  readonly gateway: Pick<GatewayControl, 'turn' | 'followTurn' | 'abortTurn'>;
  /** Called when the agent says something or uses a tool. */
  readonly onActivity: () => void;
}

/** Reasons to end a turn before it ends by itself. */
type Stop =
  | { readonly kind: 'cancelled'; readonly reason: string }
  | { readonly kind: 'overdue' | 'stopping' };

/** The gateway ends the turn at its time limit, and knows why it took so long; this comes where the gateway does not. */
const deadlineGraceMs = 30_000;
const longestActivity = 500;
/** Milliseconds of one request to abort a turn. */
const abortMs = 30_000;
const retry = { firstMs: 250, longestMs: 2_000 };
/** Seconds until an agent that the gateway does not have yet is tried again. */
const unknownAgentSeconds = 15;

/**
 * One turn from its lease to its outcome. It goes on in the gateway whatever happens to this process or to the gateway: what a
 * connection loses is looked up, and nothing begins twice.
 */
export class DispatchedTurn {
  readonly leased: LeasedTurn;
  /** Fencing token of the lease; an adoption changes it. */
  token: string;
  readonly #options: DispatchedTurnOptions;
  readonly #stopped = new AbortController();
  #stop: Stop | null = null;
  #isDetached = false;
  #tool: string | null = null;
  #text = '';
  #hasActivity = false;

  constructor(options: DispatchedTurnOptions) {
    this.#options = options;
    this.leased = options.leased;
    this.token = options.leased.token;
  }

  /** Aborts the turn. The first reason counts. */
  cancel(reason: string): void {
    this.#end({ kind: 'cancelled', reason });
  }

  /** Aborts the turn because the runner and its gateway stop. */
  stop(): void {
    this.#end({ kind: 'stopping' });
  }

  /** Follows the turn no more, and leaves it as it is. */
  detach(): void {
    this.#isDetached = true;
    this.#stopped.abort(new HqError('cancelled', 'The turn is followed by another runner.'));
  }

  get hasActivity(): boolean {
    return this.#hasActivity;
  }

  /** Returns what the agent does, if that has changed since the last call. */
  takeActivity(): TurnActivity | null {
    if (!this.#hasActivity) return null;
    this.#hasActivity = false;
    const text = this.#text === '' ? null : truncateStart(this.#text, longestActivity);
    return { tool: this.#tool, text, model: this.leased.model ?? null };
  }

  /** Returns the outcome; null once it was detached, or where a stop left it to the next runner. */
  async run(): Promise<TurnOutcome | null> {
    const limitMs = this.leased.timeout_seconds * 1_000 + deadlineGraceMs;
    const overdue = setTimeout(() => this.#end({ kind: 'overdue' }), limitMs);
    try {
      return await this.#runToOutcome();
    } finally {
      clearTimeout(overdue);
    }
  }

  async #runToOutcome(): Promise<TurnOutcome | null> {
    let mayRun = this.#options.isAdopted;
    for (let failures = 0; ; ) {
      if (this.#isDetached) return null;
      if (this.#stop !== null) return this.#abort(this.#stop, mayRun);
      try {
        const end = await this.#follow(mayRun);
        return this.#isDetached ? null : outcomeOf(end);
      } catch (error) {
        if (this.#stopped.signal.aborted) {
          mayRun = true;
          continue;
        }
        const refused = outcomeOfRefusal(error);
        if (refused !== null) return refused;
        // The request may have reached OpenClaw: from now on it is looked up.
        mayRun = true;
        failures += 1;
        await sleep(backoffMs(failures, retry), this.#stopped.signal);
      }
    }
  }

  #follow(mayRun: boolean): Promise<TurnState> {
    const { gateway } = this.#options;
    const { item, agent_slug: agent, session_key: sessionKey, run_id: runId, ...turn } = this.leased;
    const onLine = (line: TurnLine) => this.#add(line);
    const { signal } = this.#stopped;
    if (mayRun || item == null) return gateway.followTurn({ runId, sessionKey }, onLine, signal);
    const request = {
      agent,
      message: turnMessage(item),
      runId,
      sessionKey,
      model: turn.model ?? null,
      thinking: turn.thinking ?? null,
      timeoutSeconds: turn.timeout_seconds,
      detached: true,
    };
    return gateway.turn(request, onLine, signal).then((result) => ({ state: 'ended', result }));
  }

  /**
   * Ends the turn in OpenClaw, which could resume it otherwise, before it says so. While the gateway is away it tries again;
   * a runner that stops leaves the turn to the next one then.
   */
  async #abort(stop: Stop, mayRun: boolean): Promise<TurnOutcome | null> {
    const { session_key: sessionKey, run_id: runId } = this.leased;
    for (let failures = 1; mayRun; failures += 1) {
      if (this.#isDetached) return null;
      try {
        await this.#options.gateway.abortTurn({ runId, sessionKey }, AbortSignal.timeout(abortMs));
        break;
      } catch (error) {
        if (stop.kind === 'stopping') return null;
        if (!isAway(error)) break;
        await sleep(backoffMs(failures, retry));
      }
    }
    return this.#outcomeOfStop(stop);
  }

  #outcomeOfStop(stop: Stop): TurnOutcome {
    switch (stop.kind) {
      case 'cancelled':
        return { outcome: 'aborted', error: `The turn was aborted: ${stop.reason.replaceAll('_', ' ')}.` };
      case 'stopping':
        return { outcome: 'released', error: 'The runner stopped.' };
      case 'overdue':
        return {
          outcome: 'failed',
          error: `The turn did not end within ${this.leased.timeout_seconds} s.`,
          hint: 'Look at the model of the agent, or set AGENT_PROCESS_TIMEOUT of the runner higher.',
        };
    }
  }

  #end(stop: Stop): void {
    if (this.#stop !== null) return;
    this.#stop = stop;
    this.#stopped.abort(new HqError('cancelled', 'The turn is aborted.'));
  }

  #add(line: TurnLine): void {
    if ('tool' in line) this.#tool = line.tool.phase === 'start' ? line.tool.name : null;
    else this.#text = line.replace === true ? line.text : this.#text + line.text;
    this.#hasActivity = true;
    this.#options.onActivity();
  }
}

/** Returns true where the gateway may have the turn, and could not be asked. */
function isAway(error: unknown): boolean {
  return error instanceof HqError ? ['unreachable', 'timed_out', 'cancelled'].includes(error.code) : true;
}

/** Returns the outcome of a turn that the gateway refused; null where it is not known what became of it. */
function outcomeOfRefusal(error: unknown): TurnOutcome | null {
  if (isAway(error) || !(error instanceof HqError)) return null;
  const sentence = error.message;
  // An agent whose row is newer than the gateway is there soon.
  if (error.code === 'not_found') {
    return { outcome: 'held', error: sentence, hold_reason: sentence, hold_seconds: unknownAgentSeconds };
  }
  return { outcome: 'failed', error: sentence, ...(error.hint === undefined ? {} : { hint: error.hint }) };
}

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { HqError } from '@hq/shared/errors';
import { writePrivate } from '@hq/shared/program';
import { parseJson } from '@hq/shared/text';
import { z } from 'zod';
import { type AgentRecords, readSmallFile } from '../agent-records.ts';
import type { AgentApi } from '../hq-api/agent-api.ts';
import type { Outbox } from '../hq-api/outbox.ts';
import {
  type Budget,
  budgetAnswer,
  closedBecause,
  crowded,
  unanswered,
  unusable,
  type Verdict,
  verdictOf,
} from './budget-verdict.ts';
import { type CallsInFlight, callsInFlight } from './calls-in-flight.ts';

const knownAnswer = z.object({ budget: budgetAnswer, askedAt: z.number() });

type Known = z.output<typeof knownAnswer>;

/** State when HQ was asked: its answer counts neither the calls in flight then nor what was not sent yet. */
interface Asked {
  readonly beside: ReadonlySet<string>;
  readonly unsentUsd: number;
}

interface Answer extends Asked {
  readonly refusal: Verdict;
  /** Undefined where nothing is known of the limit. */
  readonly budget: Budget | undefined;
  readonly isAway: boolean;
}

interface GateOptions {
  readonly stateDir: string;
  readonly api: AgentApi | null;
  readonly records: AgentRecords;
  readonly outbox: Pick<Outbox, 'unsentUsd'>;
  readonly now?: () => number;
  readonly calls?: CallsInFlight;
  readonly longestWaitMs?: number;
}

/** For how long the last answer holds while the database is away. Then agents rest. */
const graceMs = 15 * 60_000;
/** For how long it holds while the credential is unknown: HQ issues a new one before the gateway has it. */
const renewalMs = 60_000;
/** For how long an answer holds between two tool calls of a run. */
const freshMs = 5_000;
const timeoutMs = 4_000;
/** For how long nobody is asked after the database did not answer: every tool call would else wait for its time limit. */
const restMs = 10_000;
const storeEveryMs = 30_000;
/** For how long a run near its limit waits for the calls of others: it keeps a place among OpenClaw's turns meanwhile. */
export const longestWaitMs = 30_000;
/** For how long it waits for the end of one, before it asks again. */
const lookEveryMs = 500;
/** Factor by which a call may cost more than the most expensive of the last ones. */
const growth = 2;
/** For how long a place is kept for a run whose model call does not begin: it was aborted while it waited. */
const beginMs = 2 * 60_000;
/** For how long it is kept for a tool, or for a model call. */
const longestCallMs = 10 * 60_000;
const largestFile = 16 * 1024;

/**
 * Decides whether an agent may spend: asked before each run and each tool call. HQ's answer counts. While the database is
 * away the last answer holds for 15 minutes, also after a restart; then, and without any answer, the gate is closed.
 *
 * Near a limit an agent makes one call at a time, however many turns it has: so many calls begin beside each other as would
 * fit into what is left, and else each waits until the ones before it are charged. One call at most goes above the limit.
 */
export class BudgetGate {
  readonly #options: GateOptions;
  readonly #now: () => number;
  readonly #directory: string;
  readonly #known = new Map<string, Known>();
  readonly #asking = new Map<string, Promise<Answer>>();
  readonly #calls: CallsInFlight;
  readonly #storedAt = new Map<string, number>();
  #awayAt = Number.NEGATIVE_INFINITY;

  constructor(options: GateOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
    this.#calls = options.calls ?? callsInFlight;
    this.#directory = join(options.stateDir, 'hq', 'budgets');
  }

  /**
   * Asks HQ, and takes a place for the next model call of the run, until `callEnded`. An agent that HQ does not manage may
   * always work: HQ knows no budget for it.
   */
  beforeRun(agentId: string | undefined, run?: string): Promise<Verdict> {
    return this.#admit(agentId, run, beginMs);
  }

  async #admit(agentId: string | undefined, run: string | undefined, placeMs: number): Promise<Verdict> {
    const { api, records } = this.#options;
    const record = records.find(agentId);
    if (api === null || agentId === undefined) return null;
    if (record === null) return records.ids().includes(agentId) ? unusable : null;
    const waitUntil = performance.now() + (this.#options.longestWaitMs ?? longestWaitMs);
    for (;;) {
      const answer = await this.#answer(api, record.token, agentId);
      if (answer.refusal !== null || run === undefined) return answer.refusal;
      if (this.#mayBegin(agentId, run, answer)) {
        this.#calls.begin(agentId, run, placeMs);
        return null;
      }
      if (answer.isAway && (answer.budget?.left_usd ?? 0) <= answer.unsentUsd) return unanswered;
      if (performance.now() > waitUntil) return crowded;
      await this.#calls.changed(lookEveryMs);
    }
  }

  /** Asks HQ unless it answered a few seconds ago, and takes a place for the model call after the tool. */
  async beforeTool(agentId: string | undefined, run?: string): Promise<Verdict> {
    const known = agentId === undefined ? undefined : this.#known.get(agentId);
    const hasPlace = agentId === undefined || run === undefined || this.#calls.of(agentId).has(run);
    if (hasPlace && known !== undefined && this.#isWithin(known.askedAt, freshMs))
      return verdictOf(known.budget);
    return this.#admit(agentId, run, longestCallMs);
  }

  callStarted(agentId: string, run: string): void {
    this.#calls.extend(agentId, run, longestCallMs);
  }

  /** Gives the place of the run back: its answer is stored and on its way to HQ, or the run is over. */
  callEnded(agentId: string, run: string): void {
    this.forget(agentId);
    this.#calls.end(agentId, run);
  }

  #mayBegin(agentId: string, run: string, { budget, beside: before, unsentUsd }: Answer): boolean {
    const others = new Set([...before, ...this.#calls.of(agentId)]);
    others.delete(run);
    const left = budget?.left_usd == null ? null : budget.left_usd - unsentUsd;
    const dearest = budget?.dearest_call_usd;
    const isFar =
      left === null || (dearest != null && left > (others.size + 1) * Math.max(dearest, 0) * growth);
    return isFar || (others.size === 0 && left > 0);
  }

  /** Turns that begin together share one question. */
  async #answer(api: AgentApi, token: string, agentId: string): Promise<Answer> {
    if (this.#isWithin(this.#awayAt, restMs)) {
      return this.#lastAnswer(agentId, graceMs, unanswered, this.#asked(agentId));
    }
    const asking = this.#asking.get(agentId) ?? this.#ask(api, token, agentId);
    this.#asking.set(agentId, asking);
    try {
      return await asking;
    } finally {
      if (this.#asking.get(agentId) === asking) this.#asking.delete(agentId);
    }
  }

  #asked(agentId: string): Asked {
    const known = this.#known.get(agentId);
    const isUnlimited = known !== undefined && known.budget.left_usd == null;
    // While the database is away the outbox has thousands of files.
    const unsentUsd = isUnlimited ? 0 : this.#options.outbox.unsentUsd(agentId);
    return { beside: this.#calls.of(agentId), unsentUsd };
  }

  /** Lets the next tool call ask again, because the agent has spent. */
  forget(agentId: string): void {
    const known = this.#known.get(agentId);
    if (known === undefined) return;
    const staleAt = this.#now() - freshMs;
    this.#known.set(agentId, { ...known, askedAt: Math.min(known.askedAt, staleAt) });
  }

  async #ask(api: AgentApi, token: string, agentId: string): Promise<Answer> {
    const asked = this.#asked(agentId);
    const closed = (refusal: string): Answer => ({ ...asked, refusal, budget: undefined, isAway: false });
    try {
      const answer = await api.call(token, 'budget', {}, { timeoutMs, attempts: 2 });
      const budget = budgetAnswer.parse(answer);
      await this.#remember(agentId, { budget, askedAt: this.#now() });
      return { ...asked, refusal: verdictOf(budget), budget, isAway: false };
    } catch (error) {
      const code = error instanceof HqError ? error.code : 'failed';
      if (code === 'unauthenticated') {
        return this.#lastAnswer(agentId, renewalMs, closedBecause(error), asked);
      }
      if (code !== 'unreachable' && code !== 'timed_out') return closed(closedBecause(error));
      this.#awayAt = this.#now();
      return this.#lastAnswer(agentId, graceMs, unanswered, asked);
    }
  }

  /** Returns what HQ said last, if that is not older than the limit. */
  #lastAnswer(agentId: string, limitMs: number, otherwise: string, asked: Asked): Answer {
    const known = this.#known.get(agentId) ?? this.#stored(agentId);
    const isKnown = known !== undefined && this.#isWithin(known.askedAt, limitMs);
    return {
      ...asked,
      refusal: isKnown ? verdictOf(known.budget) : otherwise,
      budget: isKnown ? known.budget : undefined,
      isAway: true,
    };
  }

  #isWithin(at: number, limitMs: number): boolean {
    const age = this.#now() - at;
    return age >= 0 && age < limitMs;
  }

  /** Stores the answer for other instances and the next start; a full disk costs only that. */
  async #remember(agentId: string, known: Known): Promise<void> {
    const before = this.#known.get(agentId);
    this.#known.set(agentId, known);
    const isSame = before !== undefined && isDeepStrictEqual(before.budget, known.budget);
    if (isSame && known.askedAt - (this.#storedAt.get(agentId) ?? 0) < storeEveryMs) return;
    this.#storedAt.set(agentId, known.askedAt);
    await mkdir(this.#directory, { recursive: true, mode: 0o700 })
      .then(() => writePrivate(this.#fileOf(agentId), JSON.stringify(known)))
      .catch(() => undefined);
  }

  #stored(agentId: string): Known | undefined {
    try {
      return knownAnswer.safeParse(parseJson(readSmallFile(this.#fileOf(agentId), largestFile) ?? '')).data;
    } catch {
      // An answer that cannot be read is none: the gate stays closed.
      return undefined;
    }
  }

  #fileOf(agentId: string): string {
    return join(this.#directory, `${agentId}.json`);
  }
}

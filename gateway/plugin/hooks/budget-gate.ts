import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { HqError } from '@hq/shared/errors';
import { writePrivate } from '@hq/shared/program';
import { parseJson } from '@hq/shared/text';
import { z } from 'zod';
import { type AgentRecords, readSmallFile } from '../agent-records.ts';
import type { AgentApi } from '../hq-api/agent-api.ts';

const budgetAnswer = z.object({
  allowed: z.boolean(),
  reason: z.string().nullable(),
  limit_usd: z.coerce.number().nullish(),
  spent_usd: z.coerce.number().nullish(),
});

type Budget = z.output<typeof budgetAnswer>;

/** A sentence why the agent may not work now, or null. */
export type Verdict = string | null;

const knownAnswer = z.object({ budget: budgetAnswer, askedAt: z.number() });

type Known = z.output<typeof knownAnswer>;

interface GateOptions {
  readonly stateDir: string;
  readonly api: AgentApi | null;
  readonly records: AgentRecords;
  readonly now?: () => number;
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
const largestFile = 16 * 1024;

/**
 * Decides whether an agent may spend: asked before each run and each tool call. HQ's answer counts. While the database is
 * away the last answer holds for 15 minutes, also after a restart; then, and without any answer, the gate is closed.
 */
export class BudgetGate {
  readonly #options: GateOptions;
  readonly #now: () => number;
  readonly #directory: string;
  readonly #known = new Map<string, Known>();
  readonly #asking = new Map<string, Promise<Verdict>>();
  readonly #storedAt = new Map<string, number>();
  #awayAt = Number.NEGATIVE_INFINITY;

  constructor(options: GateOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
    this.#directory = join(options.stateDir, 'hq', 'budgets');
  }

  /** Asks HQ. An agent that HQ does not manage may always work: HQ knows no budget for it. */
  async beforeRun(agentId: string | undefined): Promise<Verdict> {
    const { api, records } = this.#options;
    const record = records.find(agentId);
    if (api === null || agentId === undefined) return null;
    if (record === null) return records.ids().includes(agentId) ? unusable : null;
    if (this.#isWithin(this.#awayAt, restMs)) return this.#lastVerdict(agentId, graceMs, unanswered);
    // Turns that begin together share one question.
    const asking = this.#asking.get(agentId) ?? this.#ask(api, record.token, agentId);
    this.#asking.set(agentId, asking);
    try {
      return await asking;
    } finally {
      this.#asking.delete(agentId);
    }
  }

  /** Asks HQ unless it answered a few seconds ago. */
  async beforeTool(agentId: string | undefined): Promise<Verdict> {
    const known = agentId === undefined ? undefined : this.#known.get(agentId);
    if (known !== undefined && this.#isWithin(known.askedAt, freshMs)) return verdictOf(known.budget);
    return this.beforeRun(agentId);
  }

  /** Lets the next tool call ask again, because the agent has spent. */
  forget(agentId: string): void {
    const known = this.#known.get(agentId);
    if (known === undefined) return;
    const staleAt = this.#now() - freshMs;
    this.#known.set(agentId, { ...known, askedAt: Math.min(known.askedAt, staleAt) });
  }

  async #ask(api: AgentApi, token: string, agentId: string): Promise<Verdict> {
    try {
      const answer = await api.call(token, 'budget', {}, { timeoutMs, attempts: 2 });
      const budget = budgetAnswer.parse(answer);
      await this.#remember(agentId, { budget, askedAt: this.#now() });
      return verdictOf(budget);
    } catch (error) {
      const code = error instanceof HqError ? error.code : 'failed';
      if (code === 'unauthenticated') return this.#lastVerdict(agentId, renewalMs, closedBecause(error));
      if (code !== 'unreachable' && code !== 'timed_out') return closedBecause(error);
      this.#awayAt = this.#now();
      return this.#lastVerdict(agentId, graceMs, unanswered);
    }
  }

  /** Returns what HQ said last, if that is not older than the limit. */
  #lastVerdict(agentId: string, limitMs: number, otherwise: string): Verdict {
    const known = this.#known.get(agentId) ?? this.#stored(agentId);
    return known !== undefined && this.#isWithin(known.askedAt, limitMs)
      ? verdictOf(known.budget)
      : otherwise;
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

/** Beginnings and ends of the sentences below. */
const refusal =
  /nobody can tell whether this agent may spend|Until an operator has looked at it, this agent rests|An operator has (?:paused this|stopped all) |This agent has spent what it may in an hour|Budget exceeded: this agent has spent|HQ does not allow this agent to work now/;

/** Returns true for the error of a run that this gate has refused. */
export const isGateRefusal = (text: string): boolean => refusal.test(text);

const unanswered =
  'HQ’s database does not answer, so nobody can tell whether this agent may spend. Try again later.';

const unusable =
  'HQ’s record of this agent cannot be read, so nobody can tell whether it may spend. Update the agent in HQ.';

function closedBecause(error: unknown): string {
  const reason =
    error instanceof HqError ? error.message : 'HQ’s database gave an answer of another version.';
  return `${reason} Until an operator has looked at it, this agent rests.`;
}

function verdictOf({ allowed, reason, limit_usd: limit, spent_usd: spent }: Budget): Verdict {
  if (allowed) return null;
  if (reason === 'agent_paused') return 'An operator has paused this agent.';
  if (reason === 'workspace_stopped') return 'An operator has stopped all agents.';
  if (reason === 'hourly_brake')
    return 'This agent has spent what it may in an hour. It rests until the hour is over.';
  if (reason === 'gateway_paused') return 'An operator has paused this gateway.';
  if (reason === 'budget_exceeded') {
    const figures = limit == null || spent == null ? '' : ` (${dollars(spent)} of ${dollars(limit)})`;
    return `Budget exceeded: this agent has spent its budget of this month${figures}.`;
  }
  return 'HQ does not allow this agent to work now.';
}

const dollars = (amount: number): string => `$${amount.toFixed(2)}`;

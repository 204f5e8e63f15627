import { z } from 'zod';
import type { OutboxEntry } from '../hq-api/outbox.ts';

const amount = z.number().nonnegative().catch(0);
const tokens = amount.transform(Math.round);
const cost = z
  .object({ input: amount, output: amount, cacheRead: amount, cacheWrite: amount, total: amount })
  .catch({ input: 0, output: 0, cacheRead: 0, cacheWrite: 0, total: 0 });

const assistantMessage = z.object({
  role: z.literal('assistant'),
  provider: z.string(),
  model: z.string(),
  timestamp: z.number().optional(),
  usage: z.object({
    input: tokens,
    output: tokens,
    cacheRead: tokens,
    cacheWrite: tokens,
    totalTokens: tokens,
    cost,
  }),
});

const totalUsage = z.object({
  input: tokens,
  output: tokens,
  cacheRead: tokens,
  cacheWrite: tokens,
  total: tokens,
  cost: z.object({ total: amount }).catch({ total: 0 }),
});

/** Tokens, and dollars. `components` are the costs of input, output and cache, where they are known. */
interface Usage {
  readonly input: number;
  readonly output: number;
  readonly cacheRead: number;
  readonly cacheWrite: number;
  readonly total: number;
  readonly costTotal: number;
  readonly components: z.output<typeof cost> | null;
}

const nothing: Usage = {
  input: 0,
  output: 0,
  cacheRead: 0,
  cacheWrite: 0,
  total: 0,
  costTotal: 0,
  components: null,
};

interface Call {
  readonly runId: string;
  readonly sessionId: string | undefined;
}

interface Charged extends Call {
  readonly agentId: string;
}

interface RunEnd extends Call {
  readonly agentId: string | undefined;
  readonly provider: string;
  readonly model: string;
  readonly usage: unknown;
}

/** Runs and sessions that are remembered at most; the oldest is forgotten first. */
const mostRemembered = 500;

/**
 * Meters each model call as soon as its answer is stored, so that a run is charged while it works and a kill loses no call
 * that was observed. At the end of an attempt, what its total has beyond that (compactions, answers that were not stored)
 * is one more row.
 */
export class UsageMeter {
  readonly #record: (entry: OutboxEntry) => void;
  readonly #now: () => number;
  /** The model call of each session whose answer was not stored yet. */
  readonly #calls = new Map<string, Call>();
  /** Usage recorded of each run since its last attempt ended. */
  readonly #recorded = new Map<string, Usage>();

  constructor(record: (entry: OutboxEntry) => void, now: () => number = Date.now) {
    this.#record = record;
    this.#now = now;
  }

  callStarted(sessionKey: string, call: Call): void {
    remember(this.#calls, sessionKey, call);
  }

  /**
   * Records the answer of the session's model call. Messages that no model call wrote, such as copies, are left out. Returns
   * true for an answer that cost something: the call is over then, and not tried again.
   */
  messageStored(sessionKey: string, agentId: string, message: unknown): boolean {
    const call = this.#calls.get(sessionKey);
    const parsed = assistantMessage.safeParse(message);
    if (call === undefined || !parsed.success) return false;
    this.#calls.delete(sessionKey);
    const { provider, model, timestamp, usage } = parsed.data;
    const used: Usage = {
      ...usage,
      total: usage.totalTokens,
      costTotal: usage.cost.total,
      components: usage.cost,
    };
    remember(this.#recorded, call.runId, sum(this.#recorded.get(call.runId) ?? nothing, used));
    this.#add({ ...call, agentId }, provider, model, used, timestamp ?? this.#now());
    return used.total > 0;
  }

  attemptEnded({ runId, agentId, sessionId, provider, model, usage }: RunEnd): void {
    const recorded = this.#recorded.get(runId) ?? nothing;
    this.#recorded.delete(runId);
    const parsed = totalUsage.safeParse(usage);
    if (!parsed.success || agentId === undefined) return;
    const { cost: total, ...counts } = parsed.data;
    const rest = difference({ ...counts, costTotal: total.total, components: null }, recorded);
    this.#add({ runId, agentId, sessionId }, provider, model, rest, this.#now());
  }

  #add(call: Charged, provider: string, model: string, usage: Usage, occurredAt: number): void {
    if (usage.total === 0 && usage.costTotal === 0) return;
    this.#record({
      agent: call.agentId,
      operation: 'record_usage',
      args: {
        run_id: call.runId,
        session_id: call.sessionId ?? null,
        provider,
        model,
        input_tokens: usage.input,
        output_tokens: usage.output,
        cache_read: usage.cacheRead,
        cache_write: usage.cacheWrite,
        total_tokens: usage.total,
        cost_input_usd: dollars(usage.components?.input),
        cost_output_usd: dollars(usage.components?.output),
        cost_cache_read_usd: dollars(usage.components?.cacheRead),
        cost_cache_write_usd: dollars(usage.components?.cacheWrite),
        cost_total_usd: dollars(usage.costTotal),
        occurred_at: new Date(occurredAt).toISOString(),
      },
    });
  }
}

function remember<Value>(map: Map<string, Value>, key: string, value: Value): void {
  map.delete(key);
  map.set(key, value);
  const [oldest] = map.keys();
  if (map.size > mostRemembered && oldest !== undefined) map.delete(oldest);
}

const combined = (a: Usage, b: Usage, combine: (a: number, b: number) => number): Usage => ({
  input: combine(a.input, b.input),
  output: combine(a.output, b.output),
  cacheRead: combine(a.cacheRead, b.cacheRead),
  cacheWrite: combine(a.cacheWrite, b.cacheWrite),
  total: combine(a.total, b.total),
  costTotal: combine(a.costTotal, b.costTotal),
  components: null,
});

const sum = (a: Usage, b: Usage): Usage => combined(a, b, (x, y) => x + y);

/** A cost below a ten-thousandth of a cent is a rounding error of the sum. */
const rounding = 1e-6;

function difference(a: Usage, b: Usage): Usage {
  const rest = combined(a, b, (x, y) => Math.max(0, x - y));
  return rest.costTotal < rounding ? { ...rest, costTotal: 0 } : rest;
}

/** Six places, as the database stores them. */
const dollars = (amount = 0): number => Number(amount.toFixed(6));

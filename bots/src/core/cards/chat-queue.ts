import { backoffMs } from '@hq/shared/program';
import type { LRUCache } from 'lru-cache';
import type { SendProblem, SendResult } from '../../contract/inbound.ts';
import type { TokenBucket } from '../token-bucket.ts';

export interface QueuedMessage {
  /** The message that this edits; null for a new one. */
  readonly key: string | null;
  /** Milliseconds after the last edit of that message. */
  readonly afterEditMs: number;
  /** A person waits for it, so it goes before what is not urgent. */
  readonly urgent: boolean;
  readonly attempt: () => Promise<SendResult>;
}

interface Item extends QueuedMessage {
  readonly queuedAt: number;
  settle: (result: SendResult) => void;
  tries: number;
  notBefore: number;
}

/** Shared by all chats of one platform. Times are those of `performance.now()`. */
export interface QueueContext {
  readonly rate: TokenBucket;
  /** When each message was last edited. */
  readonly editedAt: LRUCache<string, number>;
  /** Milliseconds between two messages of a chat. */
  readonly chatEveryMs: number;
  readonly onQueued: () => void;
  readonly onSettled: () => void;
}

const retry = { firstMs: 1_000, longestMs: 60_000, jitter: 'equal' } as const;
/** Milliseconds, twice a platform's usual outage. A message that waited longer is no news any more. */
const giveUpAfterMs = 600_000;
/** Messages of one chat; the alert engine keeps what is more. */
const maxQueued = 1_000;

/** Sends the messages of one chat in order, no faster than the chat allows. */
export class ChatQueue {
  readonly #context: QueueContext;
  readonly #onIdle: () => void;
  readonly #items: Item[] = [];
  #nextAt = 0;
  #isSending = false;
  #timer: NodeJS.Timeout | null = null;

  constructor(context: QueueContext, onIdle: () => void) {
    this.#context = context;
    this.#onIdle = onIdle;
  }

  /** Resolves when the message is sent or given up. A waiting edit of the same message shares the newer one's result. */
  put(message: QueuedMessage): Promise<SendResult> {
    return new Promise((settle) => {
      this.#add({ ...message, queuedAt: performance.now(), settle, tries: 0, notBefore: 0 });
      this.#work();
    });
  }

  #add(item: Item): void {
    const at =
      item.key === null ? -1 : this.#items.findIndex(({ key, tries }) => key === item.key && tries === 0);
    const superseded = this.#items[at];
    if (superseded !== undefined) {
      this.#items[at] = { ...item, settle: both(superseded.settle, item.settle) };
      return;
    }
    if (this.#items.length >= maxQueued) {
      item.settle({ ok: false, problem: { kind: 'away', reason: 'too many messages wait for this chat' } });
      return;
    }
    const before = item.urgent ? this.#items.findIndex(({ urgent }) => !urgent) : -1;
    this.#items.splice(before < 0 ? this.#items.length : before, 0, item);
    this.#context.onQueued();
  }

  #work(): void {
    if (this.#isSending) return;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    const now = performance.now();
    // New messages keep their order; an edit that has to wait holds nobody up.
    const firstNew = this.#items.find(({ key }) => key === null);
    const candidates = this.#items.filter((item) => item.key !== null || item === firstNew);
    const next = candidates.find((item) => this.#readyAt(item) <= now);
    if (next === undefined || this.#nextAt > now) {
      if (candidates.length === 0) {
        if (this.#nextAt < now) this.#onIdle();
        return;
      }
      const soonest = next === undefined ? Math.min(...candidates.map((item) => this.#readyAt(item))) : 0;
      this.#workIn(Math.max(soonest, this.#nextAt) - now);
      return;
    }
    const pauseMs = this.#context.rate.take();
    if (pauseMs > 0) {
      this.#workIn(pauseMs);
      return;
    }
    this.#items.splice(this.#items.indexOf(next), 1);
    this.#isSending = true;
    void this.#send(next);
  }

  #workIn(pauseMs: number): void {
    this.#timer = setTimeout(() => this.#work(), Math.max(1, pauseMs));
  }

  #readyAt({ key, notBefore, afterEditMs }: Item): number {
    const editedAt = key === null ? undefined : this.#context.editedAt.get(key);
    return Math.max(notBefore, editedAt === undefined ? 0 : editedAt + afterEditMs);
  }

  async #send(item: Item): Promise<void> {
    const result = await item.attempt().catch(
      (cause: unknown): SendResult => ({
        ok: false,
        problem: { kind: 'away', reason: cause instanceof Error ? cause.message : 'the adapter failed' },
      }),
    );
    this.#isSending = false;
    const now = performance.now();
    this.#nextAt = now + this.#context.chatEveryMs;
    if (!result.ok && isRetryable(result.problem)) this.#retry(item, result.problem, now);
    else this.#settle(item, result, now);
    this.#work();
  }

  #settle(item: Item, result: SendResult, now: number): void {
    if (item.key !== null) this.#context.editedAt.set(item.key, now);
    this.#context.onSettled();
    item.settle(result);
  }

  #retry(item: Item, problem: RetryableProblem, now: number): void {
    if (now - item.queuedAt > giveUpAfterMs) {
      const reason = 'it could not be sent for too long';
      this.#settle(item, { ok: false, problem: { kind: 'refused', reason } }, now);
      return;
    }
    item.tries += 1;
    const pauseMs = problem.kind === 'wait' ? problem.afterMs : backoffMs(item.tries, retry);
    if (problem.kind === 'wait') this.#nextAt = Math.max(this.#nextAt, now + pauseMs);
    const newer = item.key === null ? undefined : this.#items.find(({ key }) => key === item.key);
    if (newer === undefined) {
      item.notBefore = now + pauseMs;
      this.#items.unshift(item);
      return;
    }
    newer.notBefore = now + pauseMs;
    newer.settle = both(item.settle, newer.settle);
    this.#context.onSettled();
  }
}

type RetryableProblem = Extract<SendProblem, { kind: 'wait' | 'away' }>;

/** The same message may be sent later. */
export function isRetryable(problem: SendProblem): problem is RetryableProblem {
  return problem.kind === 'wait' || problem.kind === 'away';
}

function both(one: Item['settle'], other: Item['settle']): Item['settle'] {
  return (result) => {
    one(result);
    other(result);
  };
}

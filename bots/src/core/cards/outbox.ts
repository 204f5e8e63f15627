import { backoffMs, sleep } from '@hq/shared/program';
import { LRUCache } from 'lru-cache';
import type { Adapter, Capabilities, TextFile } from '../../contract/adapter.ts';
import type { Card, Handle } from '../../contract/card.ts';
import type { ChatLocation, Reply, ReplyOptions, SendResult } from '../../contract/inbound.ts';
import { createTokenBucket } from '../token-bucket.ts';
import { ChatQueue, isRetryable, type QueueContext } from './chat-queue.ts';
import { handleKey } from './handle-key.ts';
import type { Sanitizer } from './sanitizer.ts';
import { shortenCard } from './shorten-card.ts';

export interface OutboxOptions {
  readonly adapter: Pick<Adapter, 'send' | 'edit' | 'file' | 'capabilities'>;
  readonly sanitizer: Pick<Sanitizer, 'card' | 'file'>;
}

/** Milliseconds; platforms take no answer much later. */
const replyLimitMs = 60_000;
const replyRetry = { firstMs: 1_000, longestMs: 60_000, jitter: 'none' } as const;
const maxRecentEdits = 10_000;

/** Milliseconds between two edits of one message there, at least. */
export function editEveryMs(
  { editEveryMs: everywhere, directEditEveryMs = everywhere }: Capabilities,
  { kind }: Pick<ChatLocation, 'kind'>,
): number {
  return kind === 'direct' ? directEditEveryMs : everywhere;
}

/** Sends one platform's messages, in the order of each chat and no faster than the platform allows. */
export class Outbox {
  readonly #options: OutboxOptions;
  readonly #context: QueueContext;
  readonly #queues = new Map<string, ChatQueue>();
  readonly #drained = new Set<() => void>();
  #waiting = 0;

  constructor(options: OutboxOptions) {
    const { perSecond, chatEveryMs, editEveryMs: editMs } = options.adapter.capabilities;
    this.#options = options;
    this.#context = {
      rate: createTokenBucket(Math.max(1, perSecond), perSecond),
      editedAt: new LRUCache({ max: maxRecentEdits, ttl: Math.max(1, editMs) }),
      chatEveryMs,
      onQueued: () => {
        this.#waiting += 1;
      },
      onSettled: () => {
        this.#waiting -= 1;
        if (this.#waiting === 0) for (const resolve of this.#drained) resolve();
      },
    };
  }

  /** Answers a delivery at once, before the chat's queue. */
  async reply(reply: Reply, card: Card, options: ReplyOptions): Promise<SendResult> {
    const sanitized = this.#options.sanitizer.card(card);
    const until = performance.now() + replyLimitMs;
    for (let failures = 1; ; failures += 1) {
      const sent = await orShorter(sanitized, (one) => reply.send(one, options));
      if (sent.ok || !isRetryable(sent.problem) || performance.now() > until) return sent;
      const pauseMs = sent.problem.kind === 'wait' ? sent.problem.afterMs : backoffMs(failures, replyRetry);
      await sleep(Math.min(pauseMs, replyRetry.longestMs));
    }
  }

  /** Resolves when the card is sent or given up. `urgent`: a person waits for it. */
  send(
    location: ChatLocation,
    card: Card,
    { urgent = false }: { readonly urgent?: boolean } = {},
  ): Promise<SendResult> {
    const { adapter, sanitizer } = this.#options;
    const attempt = (): Promise<SendResult> =>
      orShorter(sanitizer.card(card), (one) => adapter.send(location, one));
    return this.#queueOf(location).put({ key: null, afterEditMs: 0, urgent, attempt });
  }

  /** Replaces a message. An edit that still waits when a newer one comes is dropped and shares its result. */
  edit(location: ChatLocation, handle: Handle, card: Card): Promise<SendResult> {
    const { adapter, sanitizer } = this.#options;
    return this.#queueOf(location).put({
      key: handleKey(handle),
      afterEditMs: editEveryMs(adapter.capabilities, location),
      urgent: true,
      attempt: () => orShorter(sanitizer.card(card), (one) => adapter.edit(handle, one)),
    });
  }

  file(location: ChatLocation, file: TextFile): Promise<SendResult> {
    const { adapter, sanitizer } = this.#options;
    const attempt = (): Promise<SendResult> => adapter.file(location, sanitizer.file(file));
    return this.#queueOf(location).put({ key: null, afterEditMs: 0, urgent: true, attempt });
  }

  /** The number of messages that wait. */
  size(): number {
    return this.#waiting;
  }

  /** Resolves when no message waits, or after the limit. */
  async drain(limitMs: number): Promise<void> {
    if (this.#waiting === 0) return;
    await new Promise<void>((resolve) => {
      const limit = setTimeout(resolve, limitMs);
      this.#drained.add(() => {
        clearTimeout(limit);
        resolve();
      });
    });
  }

  #queueOf({ install, channel }: ChatLocation): ChatQueue {
    const key = JSON.stringify([install, channel]);
    const known = this.#queues.get(key);
    if (known !== undefined) return known;
    const queue = new ChatQueue(this.#context, () => this.#queues.delete(key));
    this.#queues.set(key, queue);
    return queue;
  }
}

/** Sends a shorter card if the platform will never accept the whole one. */
async function orShorter(card: Card, send: (card: Card) => Promise<SendResult>): Promise<SendResult> {
  const sent = await send(card);
  return !sent.ok && sent.problem.kind === 'refused' ? send(shortenCard(card)) : sent;
}

import { backoffMs, sleep } from '@hq/shared/program';
import type { Adapter, Capabilities } from '../../contract/adapter.ts';
import type { Card, Handle } from '../../contract/card.ts';
import type { ChatLocation, Reply, SendResult } from '../../contract/inbound.ts';
import { createTokenBucket } from '../token-bucket.ts';

/** What one platform is sent, in the order of each chat and no faster than the platform takes it. */
export interface Outbox {
  /** Answers somebody at once, past the chat's queue; waits where the platform says so. */
  reply(reply: Reply, card: Card, isPrivate: boolean): Promise<SendResult>;
  /** Resolves when it is sent, or when that was given up. `urgent`: somebody waits for it. */
  send(location: ChatLocation, card: Card, options?: { readonly urgent?: boolean }): Promise<SendResult>;
  /**
   * Replaces a message. An edit that still waits when the next one for the same message comes is dropped, and resolves with
   * that one's outcome.
   */
  edit(location: ChatLocation, handle: Handle, card: Card): Promise<SendResult>;
  file(
    location: ChatLocation,
    file: { readonly name: string; readonly text: string; readonly note: string },
  ): Promise<SendResult>;
  /** How much waits. */
  size(): number;
  /** Sends what waits, for so long at most. */
  drain(limitMs: number): Promise<void>;
}

interface Item {
  /** Of the message that it edits; null for a new one. */
  readonly key: string | null;
  /** After the last edit of that message. */
  readonly afterEditMs: number;
  readonly urgent: boolean;
  attempt: () => Promise<SendResult>;
  settle: (sent: SendResult) => void;
  tries: number;
  notBefore: number;
}

interface Chat {
  readonly items: Item[];
  nextAt: number;
  isBusy: boolean;
  timer: NodeJS.Timeout | null;
}

const retry = { firstMs: 1_000, longestMs: 60_000 };
/** Twice the time that a platform is usually gone for. What nobody could be told in that time is no news any more. */
const giveUpAfterMs = 600_000;
/** A platform lets nobody answer for much longer. */
const sayPatienceMs = 60_000;
/** What one chat may have waiting. An alert engine keeps what is more. */
const longestQueue = 1_000;

/** The least time between two edits of one message there. */
export function editEveryMs(
  { editEveryMs: everywhere, directEditEveryMs = everywhere }: Capabilities,
  { kind }: Pick<ChatLocation, 'kind'>,
): number {
  return kind === 'direct' ? directEditEveryMs : everywhere;
}

export interface OutboxOptions {
  readonly adapter: Pick<Adapter, 'send' | 'edit' | 'file' | 'capabilities'>;
  /** What has to be known of every card before it leaves. */
  readonly sanitize: (card: Card) => Card;
  readonly sanitizeText: (text: string) => string;
}

export function createOutbox({ adapter, sanitize, sanitizeText }: OutboxOptions): Outbox {
  const { capabilities } = adapter;
  const chats = new Map<string, Chat>();
  const editedAt = new Map<string, number>();
  const pace = createTokenBucket(Math.max(1, capabilities.perSecond), capabilities.perSecond);
  let waiting = 0;
  const drained = new Set<() => void>();

  function chatOf(location: ChatLocation): Chat {
    const key = JSON.stringify([location.install, location.channel]);
    const before = chats.get(key);
    if (before !== undefined) return before;
    const chat: Chat = { items: [], nextAt: 0, isBusy: false, timer: null };
    chats.set(key, chat);
    return chat;
  }

  function put(
    location: ChatLocation,
    item: Omit<Item, 'settle' | 'tries' | 'notBefore'>,
  ): Promise<SendResult> {
    const chat = chatOf(location);
    return new Promise((resolve) => {
      const startedAt = performance.now();
      const full: Item = {
        ...item,
        tries: 0,
        notBefore: 0,
        settle: resolve,
      };
      const attempt = item.attempt;
      full.attempt = async () => {
        const sent = await attempt();
        const mayPass = !sent.ok && (sent.problem.kind === 'wait' || sent.problem.kind === 'away');
        return mayPass && performance.now() - startedAt > giveUpAfterMs
          ? { ok: false, problem: { kind: 'refused', reason: 'it could not be sent for too long' } }
          : sent;
      };
      const superseded =
        item.key === null ? -1 : chat.items.findIndex((other) => other.key === item.key && other.tries === 0);
      const old = chat.items[superseded];
      if (old !== undefined) {
        const { settle } = old;
        chat.items[superseded] = {
          ...full,
          settle: (sent) => {
            settle(sent);
            resolve(sent);
          },
        };
      } else {
        if (chat.items.length >= longestQueue) {
          resolve({ ok: false, problem: { kind: 'away', reason: 'too much waits for this chat' } });
          return;
        }
        // Who waits for an answer does not wait behind alerts.
        const at = item.urgent ? chat.items.findIndex(({ urgent }) => !urgent) : -1;
        if (at < 0) chat.items.push(full);
        else chat.items.splice(at, 0, full);
        waiting += 1;
      }
      work(chat);
    });
  }

  function work(chat: Chat): void {
    if (chat.isBusy) return;
    if (chat.timer !== null) clearTimeout(chat.timer);
    chat.timer = null;
    const now = performance.now();
    // New messages keep their order; an edit that must wait for its message's turn holds nobody up.
    const readyAt = (item: Item): number =>
      Math.max(
        item.notBefore,
        item.key === null ? 0 : (editedAt.get(item.key) ?? Number.NEGATIVE_INFINITY) + item.afterEditMs,
      );
    const firstNew = chat.items.find(({ key }) => key === null);
    const candidates = chat.items.filter((item) => item.key !== null || item === firstNew);
    const next = candidates.find((item) => readyAt(item) <= now);
    if (next === undefined || chat.nextAt > now) {
      if (candidates.length === 0) {
        forgetIfIdle(chat);
        return;
      }
      const soonest = next === undefined ? Math.min(...candidates.map(readyAt)) : 0;
      chat.timer = setTimeout(() => work(chat), Math.max(1, Math.max(soonest, chat.nextAt) - now));
      return;
    }
    const pause = pace.take();
    if (pause > 0) {
      chat.timer = setTimeout(() => work(chat), pause);
      return;
    }
    chat.items.splice(chat.items.indexOf(next), 1);
    chat.isBusy = true;
    void run(chat, next);
  }

  async function run(chat: Chat, item: Item): Promise<void> {
    const sent = await item.attempt().catch(
      (cause: unknown): SendResult => ({
        ok: false,
        problem: { kind: 'away', reason: cause instanceof Error ? cause.message : 'the adapter failed' },
      }),
    );
    chat.isBusy = false;
    const now = performance.now();
    chat.nextAt = now + capabilities.chatEveryMs;
    if (!sent.ok && (sent.problem.kind === 'wait' || sent.problem.kind === 'away')) {
      item.tries += 1;
      const pause = sent.problem.kind === 'wait' ? sent.problem.afterMs : backoffMs(item.tries, retry);
      const superseding = item.key === null ? undefined : chat.items.find((other) => other.key === item.key);
      if (sent.problem.kind === 'wait') chat.nextAt = Math.max(chat.nextAt, now + pause);
      if (superseding === undefined) {
        item.notBefore = now + pause;
        chat.items.unshift(item);
      } else {
        const { settle } = superseding;
        superseding.notBefore = now + pause;
        superseding.settle = (outcome) => {
          item.settle(outcome);
          settle(outcome);
        };
        done();
      }
    } else {
      if (item.key !== null) editedAt.set(item.key, now);
      done();
      item.settle(sent);
    }
    work(chat);
  }

  function done(): void {
    waiting -= 1;
    if (waiting === 0) for (const resolve of drained) resolve();
  }

  function forgetIfIdle(chat: Chat): void {
    for (const [key, other] of chats) {
      if (other === chat && chat.nextAt < performance.now()) chats.delete(key);
    }
    if (editedAt.size < longestQueue) return;
    const old = performance.now() - capabilities.editEveryMs;
    for (const [key, at] of editedAt) if (at < old) editedAt.delete(key);
  }

  return {
    async reply(reply, card, isPrivate) {
      const cleaned = sanitize(card);
      const until = performance.now() + sayPatienceMs;
      for (let failures = 1; ; failures += 1) {
        const sent = await reply.send(cleaned, { private: isPrivate });
        const again = !sent.ok && (sent.problem.kind === 'wait' || sent.problem.kind === 'away');
        if (!again || performance.now() > until) return sent;
        const pause = sent.problem.kind === 'wait' ? sent.problem.afterMs : backoffMs(failures, retry);
        await sleep(Math.min(pause, retry.longestMs));
      }
    },
    send: (location, card, { urgent = false } = {}) =>
      put(location, {
        key: null,
        afterEditMs: 0,
        urgent,
        attempt: () => adapter.send(location, sanitize(card)),
      }),
    edit: (location, handle, card) =>
      put(location, {
        key: JSON.stringify(handle),
        afterEditMs: editEveryMs(capabilities, location),
        urgent: true,
        attempt: () => adapter.edit(handle, sanitize(card)),
      }),
    file: (location, { name, text, note }) =>
      put(location, {
        key: null,
        afterEditMs: 0,
        urgent: true,
        attempt: () => adapter.file(location, { name, text: sanitizeText(text), note: sanitizeText(note) }),
      }),
    size: () => waiting,
    async drain(limitMs) {
      if (waiting === 0) return;
      await new Promise<void>((resolve) => {
        const limit = setTimeout(resolve, limitMs);
        drained.add(() => {
          clearTimeout(limit);
          resolve();
        });
      });
    },
  };
}

import type { Log } from '@hq/shared/log';
import type { Card, Handle } from '../../contract/card.ts';
import type { ChatLocation, Platform } from '../../contract/inbound.ts';
import { type ChatApi, whileUnreachable } from '../api/chat-api.ts';
import { handleKey } from './handle-key.ts';
import type { Outbox } from './outbox.ts';

interface ExpiringCardsOptions {
  readonly api: Pick<ChatApi, 'storeQuestion' | 'forgetQuestion' | 'openQuestions'>;
  readonly outbox: (platform: Platform) => Pick<Outbox, 'edit'>;
  /** The database's clock. */
  readonly now: () => number;
  readonly log: Log;
}

interface Question {
  readonly title: string;
  readonly expiresAt: string;
  /** Names it in the database; null for one that a restart closes. */
  readonly key: { readonly token: string } | { readonly id: string } | null;
}

const pause = { firstMs: 500, longestMs: 15_000 } as const;
const storeWithinMs = 120_000;

export type ExpiringCards = ReturnType<typeof createExpiringCards>;

/** Replaces questions that nobody answers in time, also those of an earlier process. */
export function createExpiringCards({ api, outbox, now, log }: ExpiringCardsOptions) {
  const timers = new Map<string, NodeJS.Timeout>();
  const stopped = new AbortController();

  function expireLater(location: ChatLocation, handle: Handle, { title, expiresAt, key }: Question): void {
    const expire = async (): Promise<void> => {
      timers.delete(handleKey(handle));
      await outbox(location.platform).edit(location, handle, expiredCard(title));
      if (key !== null) await api.forgetQuestion(key);
    };
    const timer = setTimeout(
      () => void expire().catch((error: unknown) => log.warn({ err: error }, 'a question did not expire')),
      Math.max(0, Date.parse(expiresAt) - now()),
    );
    timer.unref();
    timers.set(handleKey(handle), timer);
  }

  return {
    put(
      location: ChatLocation,
      handle: Handle,
      { token, ...question }: Omit<Question, 'key'> & { readonly token: string },
    ): void {
      expireLater(location, handle, { ...question, key: { token } });
      const { thread, kind } = location;
      const stored = { token, thread, kind, handle, title: question.title };
      const limits = { limitMs: storeWithinMs, signal: stopped.signal };
      whileUnreachable(() => api.storeQuestion(stored), pause, limits).catch((error: unknown) => {
        log.warn({ err: error }, 'the message of a question could not be stored');
      });
    },
    /** For a question whose answer is kept in memory only. */
    hold(location: ChatLocation, handle: Handle, { title, forMs }: { title: string; forMs: number }): void {
      const expiresAt = new Date(now() + forMs).toISOString();
      expireLater(location, handle, { title, expiresAt, key: null });
    },
    /** Follows the questions of an earlier process. */
    async resume(platform: Platform): Promise<void> {
      for (const { id, expires_at, handle, title, ...place } of await api.openQuestions(platform)) {
        if (timers.has(handleKey(handle))) continue;
        expireLater({ platform, ...place }, handle, { title, expiresAt: expires_at, key: { id } });
      }
    },
    /** Call it before another card takes the place. */
    forget(handle: Handle): void {
      const key = handleKey(handle);
      clearTimeout(timers.get(key));
      timers.delete(key);
    },
    stop(): void {
      stopped.abort();
      for (const timer of timers.values()) clearTimeout(timer);
    },
  };
}

function expiredCard(title: string): Card {
  return {
    title,
    tone: 'neutral',
    state: 'expired, nothing was done',
    footer: 'Send the request again if you still need it.',
  };
}

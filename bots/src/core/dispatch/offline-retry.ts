import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { HqError } from '@hq/shared/errors';
import type { Card } from '../../contract/card.ts';
import { isUnreachable } from '../api/chat-api.ts';
import { errorCard } from '../cards/error-card.ts';
import type { Responder } from './responder.ts';

/** Keeps what was asked for while the database is away, and lets who asked take it back. */
export interface OfflineRetry {
  /** Does it again and again until the database has answered. What is no matter of patience is thrown. */
  run(user: string, responder: Responder, work: () => Promise<void>): Promise<void>;
  /** Whether a button takes something back that is kept. */
  isCancelToken(token: string): boolean;
  /** Whether it was still kept; it is only taken back by who asked for it. */
  cancel(token: string, user: string): boolean;
  /** Keeps nothing any more: all that waits is told that it was not done. */
  stop(): void;
}

const defaultLimitMs = 600_000;
const firstPauseMs = 1_000;
const longestPauseMs = 10_000;
const taking = 'later:';

interface Waiting {
  readonly user: string;
  readonly taken: AbortController;
}

export function createOfflineRetry(limitMs: number = defaultLimitMs): OfflineRetry {
  const waiting = new Map<string, Waiting>();
  let isStopped = false;

  async function keepTrying(
    user: string,
    responder: Responder,
    work: () => Promise<void>,
    until: number,
  ): Promise<void> {
    const token = `${taking}${randomBytes(9).toString('base64url')}`;
    const taken = new AbortController();
    waiting.set(token, { user, taken });
    try {
      responder.replaceNext(await responder.answer(stillTrying(token, limitMs)));
      for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(longestPauseMs, pauseMs * 2)) {
        const jittered = pauseMs * (0.75 + Math.random() / 2);
        await delay(jittered, undefined, { signal: taken.signal }).catch(() => undefined);
        if (taken.signal.aborted) {
          await responder.answer({ title: 'Cancelled', tone: 'neutral', state: 'nothing was done' });
          return;
        }
        try {
          await work();
          return;
        } catch (error) {
          if (!isUnreachable(error) || isStopped) throw error;
          if (Date.now() < until) continue;
          await responder.answer(errorCard(gaveUp()));
          return;
        }
      }
    } finally {
      waiting.delete(token);
    }
  }

  return {
    async run(user, responder, work) {
      const until = Date.now() + limitMs;
      try {
        await work();
      } catch (error) {
        if (!isUnreachable(error) || isStopped) throw error;
        await keepTrying(user, responder, work, until);
      }
    },
    isCancelToken: (token) => token.startsWith(taking),
    cancel(token, user) {
      const found = waiting.get(token);
      if (found?.user === user) found.taken.abort();
      return found !== undefined;
    },
    stop() {
      isStopped = true;
      for (const { taken } of waiting.values()) taken.abort();
    },
  };
}

function gaveUp(): HqError {
  return new HqError('unreachable', 'The database could not be reached; nothing was done.', {
    hint: 'Say it again later.',
  });
}

function stillTrying(token: string, limitMs: number): Card {
  return {
    title: 'The database cannot be reached',
    tone: 'warning',
    state: 'still trying',
    footer: `Gives up in ${Math.round(limitMs / 60_000)} min.`,
    buttons: [{ token, label: 'Cancel', style: 'plain' }],
  };
}

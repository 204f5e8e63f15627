import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { HqError } from '@hq/shared/errors';
import type { Card } from '../../contract/card.ts';
import { isAway } from '../api/chat-api.ts';
import { failureCard } from '../cards/error-card.ts';
import type { WayBack } from './responder.ts';

/** Keeps what was asked for while the database is away, and lets who asked take it back. */
export interface Patience {
  /** Does it again and again until the database has answered. What is no matter of patience is thrown. */
  through(user: string, way: WayBack, work: () => Promise<void>): Promise<void>;
  /** Whether a button takes something back that is kept. */
  isTakingBack(token: string): boolean;
  /** Whether it was still kept; it is only taken back by who asked for it. */
  takeBack(token: string, user: string): boolean;
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

export function createPatience(limitMs: number = defaultLimitMs): Patience {
  const waiting = new Map<string, Waiting>();
  let isStopped = false;

  async function keepTrying(
    user: string,
    way: WayBack,
    work: () => Promise<void>,
    until: number,
  ): Promise<void> {
    const token = `${taking}${randomBytes(9).toString('base64url')}`;
    const taken = new AbortController();
    waiting.set(token, { user, taken });
    try {
      way.settleOn(await way.answer(stillTrying(token, limitMs)));
      for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(longestPauseMs, pauseMs * 2)) {
        const jittered = pauseMs * (0.75 + Math.random() / 2);
        await delay(jittered, undefined, { signal: taken.signal }).catch(() => undefined);
        if (taken.signal.aborted) {
          await way.answer({ title: 'Cancelled', tone: 'neutral', state: 'nothing was done' });
          return;
        }
        try {
          await work();
          return;
        } catch (error) {
          if (!isAway(error) || isStopped) throw error;
          if (Date.now() < until) continue;
          await way.answer(failureCard(gaveUp()));
          return;
        }
      }
    } finally {
      waiting.delete(token);
    }
  }

  return {
    async through(user, way, work) {
      const until = Date.now() + limitMs;
      try {
        await work();
      } catch (error) {
        if (!isAway(error) || isStopped) throw error;
        await keepTrying(user, way, work, until);
      }
    },
    isTakingBack: (token) => token.startsWith(taking),
    takeBack(token, user) {
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

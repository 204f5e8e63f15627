import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { HqError } from '@hq/shared/errors';
import { sleep, timedOut, withinLimit } from '@hq/shared/program';
import type { Card } from '../../contract/card.ts';
import { isUnreachable, whileUnreachable } from '../api/chat-api.ts';
import type { Responder } from '../cards/responder.ts';
import type { Turn } from './turns.ts';

const defaultLimitMs = 600_000;
const pause = { firstMs: 1_000, longestMs: 10_000 } as const;
/** Milliseconds after which a request shows that it waits for an earlier one. */
const shownAfterMs = 2_000;
const tokenPrefix = 'later:';

interface WaitingRequest {
  readonly user: string;
  readonly cancelled: AbortController;
}

export type OfflineRetry = ReturnType<typeof createOfflineRetry>;

/**
 * Runs each request in its turn, and retries it while the database is unreachable. The sender of one that waits can cancel
 * it with a button.
 */
export function createOfflineRetry(limitMs: number = defaultLimitMs) {
  const waiting = new Map<string, WaitingRequest>();
  let isStopped = false;

  async function wait(
    responder: Responder,
    turn: Turn,
    work: () => Promise<void>,
    card: Card,
    until: number,
  ) {
    const token = `${tokenPrefix}${randomBytes(9).toString('base64url')}`;
    const cancelled = new AbortController();
    const { signal } = cancelled;
    waiting.set(token, { user: responder.sender.user, cancelled });
    try {
      const buttons = [{ token, label: 'Cancel', style: 'plain' as const }];
      responder.replaceNext(await responder.answer({ ...card, buttons }));
      if (!signal.aborted) await Promise.race([turn.come, once(signal, 'abort')]);
      await sleep(pause.firstMs, signal);
      const limitMs = Math.max(0, until - performance.now());
      if (!signal.aborted) return await whileUnreachable(work, pause, { limitMs, signal });
    } catch (error) {
      if (!isUnreachable(error)) throw error;
      if (!signal.aborted) throw gaveUp(error);
    } finally {
      waiting.delete(token);
    }
    await responder.answer({ title: 'Cancelled', tone: 'neutral', state: 'nothing was done' });
  }

  return {
    /** Repeats the work until the database answers. Throws every other error, and the last one after the limit. */
    async run(responder: Responder, turn: Turn, work: () => Promise<void>): Promise<void> {
      const until = performance.now() + limitMs;
      if ((await withinLimit(shownAfterMs, turn.come)) === timedOut) {
        return wait(responder, turn, work, behindAnother, until);
      }
      try {
        await work();
      } catch (error) {
        if (!isUnreachable(error) || isStopped) throw error;
        await wait(responder, turn, work, stillTrying(limitMs), until);
      }
    },
    isCancelToken: (token: string): boolean => token.startsWith(tokenPrefix),
    /** Cancels the sender's own request; false if it is no longer waiting. */
    cancel(token: string, user: string): boolean {
      const request = waiting.get(token);
      if (request?.user === user) request.cancelled.abort();
      return request !== undefined;
    },
    /** Ends all waiting: each sender sees that nothing was done. */
    stop(): void {
      isStopped = true;
      for (const { cancelled } of waiting.values()) cancelled.abort();
    },
  };
}

function gaveUp(cause: HqError): HqError {
  return new HqError('unreachable', 'The database could not be reached; nothing was done.', {
    hint: 'Try again later.',
    cause,
  });
}

function stillTrying(limitMs: number): Card {
  return {
    title: 'The database cannot be reached',
    tone: 'warning',
    state: 'still trying',
    footer: `Gives up in ${Math.round(limitMs / 60_000)} min.`,
  };
}

const behindAnother: Card = {
  title: 'An earlier request of yours is not done yet',
  tone: 'neutral',
  state: 'waiting for its turn',
};

import { setTimeout as delay } from 'node:timers/promises';
import type { Log } from '@hq/shared/log';
import { type AlertDelivery, type ChatApi, isUnreachable } from '../api/chat-api.ts';
import type { AlertTiming } from './alert-timing.ts';

/**
 * Keeps in the database what was told. Many chats are kept with one request, and the next one begins when it has ended: what a
 * crash could have told twice is what was told within one such request.
 */
export interface DeliveryLog {
  record(row: AlertDelivery): void;
  forget(subscriptionId: string): void;
  /** Resolves when everything is kept, or the database is away. */
  flush(): Promise<void>;
}

const mostAtOnce = 200;

export function createDeliveryLog(
  api: Pick<ChatApi, 'recordAlerts'>,
  { saveMs, pollMs }: Pick<AlertTiming, 'saveMs' | 'pollMs'>,
  log: Log,
): DeliveryLog {
  const unkept = new Map<string, AlertDelivery>();
  let isSaving = false;
  let saved: Promise<boolean> = Promise.resolve(true);

  function add(row: AlertDelivery): void {
    const before = unkept.get(row.subscription_id);
    unkept.set(row.subscription_id, before === undefined ? row : joined(before, row));
  }

  /** Gives whether the database answered. */
  async function saveAll(): Promise<boolean> {
    while (unkept.size > 0) {
      const some = [...unkept.values()].slice(0, mostAtOnce);
      for (const { subscription_id } of some) unkept.delete(subscription_id);
      try {
        await api.recordAlerts(some);
      } catch (error) {
        if (!isUnreachable(error)) {
          log.error({ err: error }, 'what was told could not be kept');
          continue;
        }
        for (const row of some) {
          const later = unkept.get(row.subscription_id);
          unkept.set(row.subscription_id, later === undefined ? row : joined(row, later));
        }
        return false;
      }
    }
    return true;
  }

  /** One at a time: whoever comes meanwhile waits for what is under way. */
  function inTurn(): Promise<boolean> {
    saved = saved.then(saveAll);
    return saved;
  }

  async function saveSoon(): Promise<void> {
    isSaving = true;
    while (unkept.size > 0) {
      await delay(saveMs, undefined, { ref: false });
      if (!(await inTurn())) await delay(pollMs, undefined, { ref: false });
    }
    isSaving = false;
  }

  return {
    record(row) {
      add(row);
      if (!isSaving) void saveSoon();
    },
    forget(subscriptionId) {
      unkept.delete(subscriptionId);
    },
    async flush() {
      await inTurn();
    },
  };
}

function joined(before: AlertDelivery, later: AlertDelivery): AlertDelivery {
  return {
    ...before,
    ...later,
    // No cursor leaves the one that is kept.
    cursor: later.cursor === '' ? before.cursor : later.cursor,
    messages: [...before.messages, ...later.messages],
  };
}

import type { Log } from '@hq/shared/log';
import { type AlertDelivery, type ChatApi, isUnreachable } from '../api/chat-api.ts';
import { createRepeater } from '../repeater.ts';
import type { AlertTiming } from './alert-timing.ts';

const maxPerRequest = 200;

export type DeliveryLog = ReturnType<typeof createDeliveryLog>;

/**
 * Records in the database which alerts each chat has got. One request records many chats, and the next one begins when
 * it has ended: after a crash only the alerts of one such request can be sent twice.
 */
export function createDeliveryLog(
  api: Pick<ChatApi, 'recordAlerts'>,
  { saveMs, pollMs }: Pick<AlertTiming, 'saveMs' | 'pollMs'>,
  log: Log,
) {
  const unsaved = new Map<string, AlertDelivery>();
  let saved: Promise<boolean> = Promise.resolve(true);
  const saving = createRepeater(async () => ((await saveInTurn()) ? null : pollMs));

  /** One request at a time. Resolves to false if the database is unreachable. */
  function saveInTurn(): Promise<boolean> {
    saved = saved.then(saveAll);
    return saved;
  }

  async function saveAll(): Promise<boolean> {
    while (unsaved.size > 0) {
      const rows = [...unsaved.values()].slice(0, maxPerRequest);
      for (const { subscription_id } of rows) unsaved.delete(subscription_id);
      try {
        await api.recordAlerts(rows);
      } catch (error) {
        if (!isUnreachable(error)) {
          log.error({ err: error }, 'the delivery of alerts could not be recorded');
          continue;
        }
        for (const row of rows)
          unsaved.set(row.subscription_id, merge(row, unsaved.get(row.subscription_id)));
        return false;
      }
    }
    return true;
  }

  return {
    record(row: AlertDelivery): void {
      const before = unsaved.get(row.subscription_id);
      unsaved.set(row.subscription_id, before === undefined ? row : merge(before, row));
      saving.request(saveMs);
    },
    forget(subscriptionId: string): void {
      unsaved.delete(subscriptionId);
    },
    /** Resolves when everything is saved, or the database is unreachable. */
    async flush(): Promise<void> {
      await saveInTurn();
    },
  };
}

function merge(before: AlertDelivery, later: AlertDelivery | undefined): AlertDelivery {
  if (later === undefined) return before;
  // An empty cursor leaves the stored one.
  const cursor = later.cursor === '' ? before.cursor : later.cursor;
  return { ...before, ...later, cursor, messages: [...before.messages, ...later.messages] };
}

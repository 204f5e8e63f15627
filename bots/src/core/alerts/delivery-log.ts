import { setTimeout as delay } from 'node:timers/promises';
import type { Log } from '@hq/shared/log';
import { type AlertDelivery, type ChatApi, isUnreachable } from '../api/chat-api.ts';
import type { AlertTiming } from './alert-timing.ts';

const maxPerRequest = 200;

/**
 * Records in the database which alerts each chat has got. One request records many chats, and the next one begins when
 * it has ended: after a crash only the alerts of one such request can be sent twice.
 */
export class DeliveryLog {
  readonly #api: Pick<ChatApi, 'recordAlerts'>;
  readonly #timing: Pick<AlertTiming, 'saveMs' | 'pollMs'>;
  readonly #log: Log;
  readonly #unsaved = new Map<string, AlertDelivery>();
  #isSaving = false;
  #saved: Promise<boolean> = Promise.resolve(true);

  constructor(api: Pick<ChatApi, 'recordAlerts'>, timing: Pick<AlertTiming, 'saveMs' | 'pollMs'>, log: Log) {
    this.#api = api;
    this.#timing = timing;
    this.#log = log;
  }

  record(row: AlertDelivery): void {
    const before = this.#unsaved.get(row.subscription_id);
    this.#unsaved.set(row.subscription_id, before === undefined ? row : merge(before, row));
    if (!this.#isSaving) void this.#saveSoon();
  }

  forget(subscriptionId: string): void {
    this.#unsaved.delete(subscriptionId);
  }

  /** Resolves when everything is saved, or the database is unreachable. */
  async flush(): Promise<void> {
    await this.#saveInTurn();
  }

  async #saveSoon(): Promise<void> {
    this.#isSaving = true;
    while (this.#unsaved.size > 0) {
      await delay(this.#timing.saveMs, undefined, { ref: false });
      if (!(await this.#saveInTurn())) await delay(this.#timing.pollMs, undefined, { ref: false });
    }
    this.#isSaving = false;
  }

  /** One request at a time. Resolves to false if the database is unreachable. */
  #saveInTurn(): Promise<boolean> {
    this.#saved = this.#saved.then(() => this.#saveAll());
    return this.#saved;
  }

  async #saveAll(): Promise<boolean> {
    while (this.#unsaved.size > 0) {
      const rows = [...this.#unsaved.values()].slice(0, maxPerRequest);
      for (const { subscription_id } of rows) this.#unsaved.delete(subscription_id);
      try {
        await this.#api.recordAlerts(rows);
      } catch (error) {
        if (!isUnreachable(error)) {
          this.#log.error({ err: error }, 'the delivery of alerts could not be recorded');
          continue;
        }
        for (const row of rows) {
          const later = this.#unsaved.get(row.subscription_id);
          this.#unsaved.set(row.subscription_id, later === undefined ? row : merge(row, later));
        }
        return false;
      }
    }
    return true;
  }
}

function merge(before: AlertDelivery, later: AlertDelivery): AlertDelivery {
  return {
    ...before,
    ...later,
    // An empty cursor leaves the stored one.
    cursor: later.cursor === '' ? before.cursor : later.cursor,
    messages: [...before.messages, ...later.messages],
  };
}

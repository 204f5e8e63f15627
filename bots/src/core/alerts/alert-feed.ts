import { setTimeout as delay } from 'node:timers/promises';
import type { HqClient } from '@hq/shared/client';
import { type Watch, watchChanges } from '@hq/shared/live';
import type { Log } from '@hq/shared/log';
import { LRUCache } from 'lru-cache';
import { isUnreachable } from '../api/chat-api.ts';
import { createRepeater } from '../repeater.ts';
import { type AlertRow, alertsSince } from './alert-row.ts';
import { type AlertTiming, oldestMs, overlapMs } from './alert-timing.ts';

export interface AlertFeedOptions {
  readonly client: HqClient;
  readonly log: Log;
  readonly timing: AlertTiming;
  /** Epoch milliseconds by the database's clock. */
  readonly now: () => number;
  /** False while no chat is subscribed. */
  readonly isWanted: () => boolean;
  /** Gets the same alerts again if it rejects. */
  readonly onAlerts: (rows: readonly AlertRow[]) => Promise<void>;
}

const maxSeen = 50_000;

/** Reads every changed alert, in the order of the changes, each change once. */
export class AlertFeed {
  readonly #options: AlertFeedOptions;
  /** The version of each alert that was handed over; the overlap reads it again. */
  readonly #seen = new LRUCache<string, string>({ max: maxSeen });
  #since: number;
  #watch: Watch | null = null;
  #isJoined = false;
  readonly #reading = createRepeater(() => this.#readAll());

  constructor(options: AlertFeedOptions) {
    this.#options = options;
    this.#since = options.now();
  }

  start(): void {
    this.#watch = watchChanges(this.#options.client.supabase, {
      bindings: [{ table: 'notifications' }],
      onChange: () => this.refresh(),
      onState: (state) => {
        this.#isJoined = state === 'joined';
        this.refresh();
      },
    });
  }

  /** Reads the alerts now; repeats it if a read is in progress. */
  refresh(): void {
    this.#reading.request(0);
  }

  stop(): void {
    this.#reading.stop();
    void this.#watch?.close();
  }

  /** Returns the milliseconds until the next read. */
  async #readAll(): Promise<number> {
    const { log, timing } = this.#options;
    try {
      await this.#read();
    } catch (error) {
      if (!isUnreachable(error)) log.warn({ err: error }, 'the alerts could not be read');
    }
    // Changes that come one after another are read together.
    await delay(timing.gatherMs / 2, undefined, { ref: false });
    return this.#isJoined ? timing.resyncMs : timing.pollMs;
  }

  async #read(): Promise<void> {
    const { client, now, isWanted, onAlerts } = this.#options;
    if (!isWanted()) {
      this.#since = now();
      return;
    }
    const from = new Date(Math.max(this.#since - overlapMs, now() - oldestMs)).toISOString();
    for await (const rows of alertsSince(client, from)) {
      const fresh = rows.filter((row) => this.#seen.get(row.id) !== versionOf(row));
      await onAlerts(fresh);
      for (const row of fresh) this.#seen.set(row.id, versionOf(row));
      this.#since = Math.max(this.#since, Date.parse(rows.at(-1)?.last_at ?? '') || 0);
    }
  }
}

function versionOf({ last_at, resolved_at, read_at, dismissed_at }: AlertRow): string {
  return `${last_at}${resolved_at}${read_at}${dismissed_at}`;
}

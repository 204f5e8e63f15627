import { setTimeout as pause } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Update } from 'telegraf/types';
import { TelegramError } from '../errors.ts';
import type { TelegramApi } from '../outbound/bot-api.ts';
import { allowedUpdates, type ConnectionTiming, defaultTiming, type Transport } from './transport.ts';
import { UpdateLedger } from './update-ledger.ts';

/** Between polls that bring what is known already. */
const firstWaitMs = 20;
const longestWaitMs = 100;

/** Fetches updates. */
export class Polling implements Transport {
  readonly #api: TelegramApi;
  readonly #deliver: (update: Update) => Promise<void>;
  readonly #log: Logger;
  readonly #timing: ConnectionTiming;
  readonly #ledger = new UpdateLedger();
  #waitMs = firstWaitMs;
  #lastUpdateAt = performance.now();
  /** The next update may have a lower number than the last: the server may be another one by now, or has been silent for long. */
  #mayBeAnew = false;

  constructor(
    api: TelegramApi,
    deliver: (update: Update) => Promise<void>,
    log: Logger,
    timing: ConnectionTiming = defaultTiming,
  ) {
    this.#api = api;
    this.#deliver = deliver;
    this.#log = log;
    this.#timing = timing;
  }

  async open(): Promise<void> {
    try {
      await this.#api.call('deleteWebhook', { drop_pending_updates: false });
    } catch (error) {
      if (error instanceof TelegramError && error.code === 401) throw error;
      // If one stands, the first poll says so.
      this.#log.debug({ reason: String(error) }, 'the webhook was not taken away');
    }
  }

  async turn(isProbe: boolean, signal: AbortSignal): Promise<void> {
    const timeout = isProbe ? 0 : this.#timing.pollSeconds;
    const begun = performance.now();
    if (isProbe || begun - this.#lastUpdateAt > this.#timing.anewMs) this.#mayBeAnew = true;
    const updates = await this.#api.call(
      'getUpdates',
      { offset: this.#offset, timeout, allowed_updates: allowedUpdates },
      { ms: timeout * 1000 + this.#timing.slackMs, signal },
    );
    if (updates.length > 0) {
      this.#lastUpdateAt = performance.now();
      this.#mayBeAnew = false;
    }
    const fresh = updates.filter(({ update_id }) => this.#ledger.take(update_id));
    // None waits for another: a slow answer to one person must not delay the next.
    for (const update of fresh) void this.#settle(update);
    if (fresh.length > 0) this.#waitMs = firstWaitMs;
    if (!this.#ledger.isSettled) {
      await this.#ledger.settled(this.#waitMs);
      this.#waitMs = Math.min(longestWaitMs, this.#waitMs * 2);
    } else if (updates.length === 0 && !isProbe && performance.now() - begun < 500) {
      // A server that does not hold polls would be asked as fast as it answers.
      await pause(2 * longestWaitMs, undefined, { signal });
    }
  }

  /** Confirms what was taken, so that the next process does not get it again. */
  async close(): Promise<void> {
    const { offset } = this.#ledger;
    if (offset === 0) return;
    try {
      await this.#api.call('getUpdates', { offset, limit: 1, timeout: 0 }, { ms: 3_000 });
    } catch (error) {
      this.#log.debug({ reason: String(error) }, 'the last updates were not confirmed; they come again');
    }
  }

  /** An offset above the next number would confirm what nobody has seen. Without one, what comes twice is known. */
  get #offset(): number {
    return this.#mayBeAnew && this.#ledger.isSettled ? 0 : this.#ledger.offset;
  }

  async #settle(update: Update): Promise<void> {
    try {
      await this.#deliver(update);
    } catch (error) {
      this.#log.error({ err: error }, 'an update could not be handled');
    } finally {
      this.#ledger.settle(update.update_id);
    }
  }
}

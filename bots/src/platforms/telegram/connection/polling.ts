import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Update } from 'telegraf/types';
import { TelegramError } from '../errors.ts';
import type { BotApi } from '../outbound/bot-api.ts';
import { allowedUpdates, type ConnectionTiming, type Transport } from './transport.ts';
import { UpdateLedger } from './update-ledger.ts';

/** Pause between polls that only repeat known updates. */
const firstPauseMs = 20;
const longestPauseMs = 100;
/** Answers on their way get this time at a stop. */
const settleWithinMs = 200;
const confirmWithinMs = 3_000;

/** Fetches updates by long polling. */
export class Polling implements Transport {
  readonly #api: BotApi;
  readonly #deliver: (update: Update) => Promise<void>;
  readonly #log: Logger;
  readonly #timing: ConnectionTiming;
  readonly #ledger = new UpdateLedger();
  #pauseMs = firstPauseMs;
  #lastUpdateAt = performance.now();
  /** The next update may have a lower id: the server may have changed, or was silent for long. */
  #mayHaveNewIds = false;

  constructor(
    api: BotApi,
    deliver: (update: Update) => Promise<void>,
    log: Logger,
    timing: ConnectionTiming,
  ) {
    this.#api = api;
    this.#deliver = deliver;
    this.#log = log;
    this.#timing = timing;
  }

  async open(): Promise<void> {
    try {
      await this.#api('deleteWebhook', { drop_pending_updates: false });
    } catch (error) {
      if (error instanceof TelegramError && error.code === 401) throw error;
      // The first poll reports a remaining webhook.
      this.#log.debug({ reason: String(error) }, 'The webhook was not deleted');
    }
  }

  async poll(isProbe: boolean, signal: AbortSignal): Promise<void> {
    const timeout = isProbe ? 0 : this.#timing.pollSeconds;
    const startedAt = performance.now();
    if (isProbe || startedAt - this.#lastUpdateAt > this.#timing.idsResetMs) this.#mayHaveNewIds = true;
    const updates = await this.#api(
      'getUpdates',
      { offset: this.#offset, timeout, allowed_updates: allowedUpdates },
      { limitMs: timeout * 1000 + this.#timing.slackMs, signal },
    );
    if (updates.length > 0) {
      this.#lastUpdateAt = performance.now();
      this.#mayHaveNewIds = false;
    }
    const fresh = updates.filter(({ update_id }) => this.#ledger.take(update_id));
    // In parallel: a slow answer must not delay the next user.
    for (const update of fresh) void this.#handle(update);
    if (fresh.length > 0) this.#pauseMs = firstPauseMs;
    if (!this.#ledger.isSettled) {
      await this.#ledger.settled(this.#pauseMs);
      this.#pauseMs = Math.min(longestPauseMs, this.#pauseMs * 2);
    } else if (updates.length === 0 && !isProbe && performance.now() - startedAt < 500) {
      // Slows down polls of a server that does not hold them.
      await delay(2 * longestPauseMs, undefined, { signal });
    }
  }

  /** Confirms the handled updates, so that the next process does not get them again. */
  async close(): Promise<void> {
    await this.#ledger.settled(settleWithinMs);
    const { offset } = this.#ledger;
    if (offset === 0) return;
    try {
      await this.#api('getUpdates', { offset, limit: 1, timeout: 0 }, { limitMs: confirmWithinMs });
    } catch (error) {
      this.#log.debug({ reason: String(error) }, 'The last updates were not confirmed; they come again');
    }
  }

  /** An offset above the next id would confirm unseen updates. Without an offset, the ledger drops known ones. */
  get #offset(): number {
    return this.#mayHaveNewIds && this.#ledger.isSettled ? 0 : this.#ledger.offset;
  }

  async #handle(update: Update): Promise<void> {
    try {
      await this.#deliver(update);
    } catch (error) {
      this.#log.error({ err: error }, 'An update could not be handled');
    } finally {
      this.#ledger.settle(update.update_id);
    }
  }
}

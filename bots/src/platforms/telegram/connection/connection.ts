import { setTimeout as pause } from 'node:timers/promises';
import { HqError } from '@hq/shared/errors';
import type { Logger } from 'pino';
import type { UserFromGetMe } from 'telegraf/types';
import type { AdapterState } from '../../../contract/adapter.ts';
import { TelegramError } from '../errors.ts';
import type { Bot } from '../inbound/inbound.ts';
import type { TelegramApi } from '../outbound/bot-api.ts';
import { type ConnectionTiming, defaultTiming, type Transport } from './transport.ts';

/** Keeps the bot connected: signs in, takes updates in, and begins again after whatever ends that. */
export class Connection {
  readonly #api: TelegramApi;
  readonly #transport: Transport;
  readonly #log: Logger;
  readonly #timing: ConnectionTiming;
  readonly #ending = new AbortController();
  #running: Promise<void> = Promise.resolve();
  #me: UserFromGetMe | null = null;
  #isOpen = false;
  #state: AdapterState = 'starting';
  #detail: string | null = null;
  #failures = 0;
  #conflicts = 0;

  constructor(api: TelegramApi, transport: Transport, log: Logger, timing: ConnectionTiming = defaultTiming) {
    this.#api = api;
    this.#transport = transport;
    this.#log = log;
    this.#timing = timing;
  }

  get bot(): Bot | null {
    return this.#me === null ? null : { id: String(this.#me.id), name: this.#me.username ?? null };
  }

  /** The bot in Telegram's words. */
  get me(): UserFromGetMe | null {
    return this.#me;
  }

  get state(): AdapterState {
    return this.#state;
  }

  get detail(): string | null {
    return this.#detail;
  }

  get hasEnded(): boolean {
    return this.#ending.signal.aborted;
  }

  /** Resolves with the first round, well or not; rejects where Telegram does not know the token. */
  async start(): Promise<void> {
    const first = Promise.withResolvers<void>();
    this.#running = this.#run(first.resolve);
    await first.promise;
    if (this.#state === 'revoked') {
      this.#ending.abort();
      throw new HqError('unauthenticated', 'Telegram does not accept the bot token.', {
        field: 'TELEGRAM_BOT_TOKEN',
        hint: 'Take the token that BotFather shows with /token.',
      });
    }
  }

  async stop(): Promise<void> {
    this.#ending.abort();
    await this.#running;
    await this.#transport.close();
    this.#state = 'stopped';
    this.#detail = null;
  }

  /** The token is no longer accepted. Where only sending has shown it, the next round says whether that is so. */
  revoked(): void {
    this.#set('revoked', 'Telegram does not accept the bot token any more.');
  }

  async #run(tellFirst: () => void): Promise<void> {
    const { signal } = this.#ending;
    while (!signal.aborted) {
      let restMs = 0;
      try {
        await this.#round(signal);
        this.#failures = 0;
        this.#conflicts = 0;
        this.#set('connected', null);
      } catch (error) {
        if (signal.aborted) break;
        restMs = this.#explain(error);
      }
      tellFirst();
      if (restMs > 0) await pause(restMs, undefined, { signal }).catch(() => undefined);
    }
    tellFirst();
  }

  async #round(signal: AbortSignal): Promise<void> {
    this.#me ??= await this.#api.call('getMe', {}, { signal });
    if (!this.#isOpen) {
      await this.#transport.open();
      this.#isOpen = true;
    }
    await this.#transport.turn(this.#state !== 'connected', signal);
  }

  /** Says what went wrong, and for how long to rest. */
  #explain(error: unknown): number {
    const failure = error instanceof TelegramError ? error : new TelegramError('taking updates in failed');
    if (!(error instanceof TelegramError)) this.#log.error({ err: error }, 'taking updates in failed');
    // A token of the wrong shape is a path that Telegram does not have.
    if (failure.code === 401 || (failure.code === 404 && this.#me === null)) {
      this.revoked();
      // It may have been something in between that refused it.
      return this.#timing.revokedMs;
    }
    if (failure.code === 409) {
      this.#conflicts += 1;
      // One may be the last poll of the process before, or somebody who only looked.
      if (this.#conflicts === 1) {
        this.#set('reconnecting', 'Another program took updates of this bot; trying again.');
        return this.#timing.firstMs;
      }
      this.#set(
        'conflict',
        /webhook/iu.test(failure.message)
          ? 'Another program has set a webhook for this bot; give HQ a bot of its own.'
          : 'Another process polls this bot; give HQ a bot of its own, or stop the other one.',
      );
      return this.#timing.conflictMs;
    }
    this.#failures += 1;
    const reason = /^Telegram /u.test(failure.message) ? failure.message : `Telegram: ${failure.message}`;
    this.#set('reconnecting', `${reason}; trying again.`);
    const growing = Math.min(this.#timing.longestMs, this.#timing.firstMs * 2 ** (this.#failures - 1));
    return Math.max(failure.retryAfterMs ?? 0, growing * (0.75 + 0.25 * Math.random()));
  }

  #set(state: AdapterState, detail: string | null): void {
    if (state !== this.#state) {
      if (state === 'connected') this.#log.info({ bot: this.#me?.id }, 'connected to Telegram');
      else this.#log.warn({ state, detail }, 'not connected to Telegram');
    }
    this.#state = state;
    this.#detail = detail;
  }
}

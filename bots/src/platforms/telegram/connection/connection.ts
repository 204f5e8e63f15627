import { HqError } from '@hq/shared/errors';
import { backoffMs, sleep } from '@hq/shared/program';
import type { Logger } from 'pino';
import type { UserFromGetMe } from 'telegraf/types';
import type { AdapterState } from '../../../contract/adapter.ts';
import { TelegramError } from '../errors.ts';
import type { Bot } from '../inbound/inbound.ts';
import type { BotApi } from '../outbound/bot-api.ts';
import type { ConnectionTiming, Transport } from './transport.ts';

/** Keeps the bot connected: asks for its identity, polls the transport, and retries after every failure. */
export class UpdateConnection {
  readonly #api: BotApi;
  readonly #transport: Transport;
  readonly #log: Logger;
  readonly #timing: ConnectionTiming;
  readonly #stopping = new AbortController();
  #running: Promise<void> = Promise.resolve();
  #me: UserFromGetMe | null = null;
  #isOpen = false;
  #state: AdapterState = 'starting';
  #detail: string | null = null;
  #failures = 0;
  #conflicts = 0;

  constructor(api: BotApi, transport: Transport, log: Logger, timing: ConnectionTiming) {
    this.#api = api;
    this.#transport = transport;
    this.#log = log;
    this.#timing = timing;
  }

  get bot(): Bot | null {
    return this.#me === null ? null : { id: String(this.#me.id), name: this.#me.username ?? null };
  }

  /** Telegram's description of the bot. */
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
    return this.#stopping.signal.aborted;
  }

  /** Resolves after the first poll, whatever its outcome; rejects if Telegram does not accept the token. */
  async start(): Promise<void> {
    const first = Promise.withResolvers<void>();
    this.#running = this.#run(first.resolve);
    await first.promise;
    if (this.#state === 'revoked') {
      this.#stopping.abort();
      throw new HqError('unauthenticated', 'Telegram does not accept the bot token.', {
        field: 'TELEGRAM_BOT_TOKEN',
        hint: 'Copy the token that BotFather shows with /token.',
      });
    }
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
    await this.#transport.close();
    this.#state = 'stopped';
    this.#detail = null;
  }

  /** Records that Telegram refused the token. After a refused message, the next poll verifies it. */
  revoke(): void {
    this.#set('revoked', 'Telegram no longer accepts the bot token.');
  }

  async #run(onAttempted: () => void): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      let pauseMs = 0;
      try {
        await this.#poll(signal);
        this.#failures = 0;
        this.#conflicts = 0;
        this.#set('connected', null);
      } catch (error) {
        if (signal.aborted) break;
        pauseMs = this.#onError(error);
      }
      onAttempted();
      if (pauseMs > 0) await sleep(pauseMs, signal);
    }
    onAttempted();
  }

  async #poll(signal: AbortSignal): Promise<void> {
    this.#me ??= await this.#api('getMe', {}, { signal });
    if (!this.#isOpen) {
      await this.#transport.open();
      this.#isOpen = true;
    }
    await this.#transport.poll(this.#state !== 'connected', signal);
  }

  /** Records the failure and returns the milliseconds until the next poll. */
  #onError(error: unknown): number {
    if (!(error instanceof TelegramError)) this.#log.error({ err: error }, 'Updates could not be received');
    const failure =
      error instanceof TelegramError ? error : new TelegramError('updates could not be received');
    // Telegram answers 404 to a token of the wrong format, because it is part of the path.
    if (failure.code === 401 || (failure.code === 404 && this.#me === null)) {
      this.revoke();
      // A proxy may have refused it.
      return this.#timing.revokedMs;
    }
    if (failure.code === 409) return this.#onConflict(failure);
    this.#failures += 1;
    const reason = /^Telegram /u.test(failure.message) ? failure.message : `Telegram: ${failure.message}`;
    this.#set('reconnecting', `${reason}; retrying.`);
    return Math.max(failure.retryAfterMs ?? 0, backoffMs(this.#failures, this.#timing));
  }

  #onConflict({ message }: TelegramError): number {
    this.#conflicts += 1;
    // A single conflict may be the last poll of the process before, or a check.
    if (this.#conflicts === 1) {
      this.#set('reconnecting', 'Another program polled the updates of this bot; retrying.');
      return this.#timing.firstMs;
    }
    this.#set(
      'conflict',
      /webhook/iu.test(message)
        ? 'Another program has set a webhook for this bot; create a separate bot for HQ.'
        : 'Another process polls this bot; create a separate bot for HQ, or stop the other process.',
    );
    return this.#timing.conflictMs;
  }

  #set(state: AdapterState, detail: string | null): void {
    if (state !== this.#state) {
      if (state === 'connected') this.#log.info({ bot: this.#me?.id }, 'Connected to Telegram');
      else this.#log.warn({ state, detail }, 'Not connected to Telegram');
    }
    this.#state = state;
    this.#detail = detail;
  }
}

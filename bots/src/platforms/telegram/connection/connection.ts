import type { UserFromGetMe } from 'telegraf/types';
import { ConnectionLoop, type ConnectionOptions, type ConnectionProblem } from '../../connection-loop.ts';
import { TelegramError } from '../errors.ts';
import type { Bot } from '../inbound/inbound.ts';
import type { BotApi } from '../outbound/bot-api.ts';
import type { ConnectionTiming, Transport } from './transport.ts';

interface UpdateConnectionOptions extends Pick<ConnectionOptions, 'log'> {
  readonly api: BotApi;
  readonly createTransport: () => Transport;
  readonly timing: ConnectionTiming;
}

const hint = 'Copy the token that BotFather shows with /token.';

/** Keeps the bot connected: asks for its identity and polls the transport. */
export class UpdateConnection {
  readonly loop: ConnectionLoop;
  readonly #options: UpdateConnectionOptions;
  #transport: Transport | null = null;
  #isOpen = false;
  #me: UserFromGetMe | null = null;
  #conflicts = 0;

  constructor(options: UpdateConnectionOptions) {
    const { log, timing } = options;
    this.#options = options;
    this.loop = new ConnectionLoop({
      ...timing,
      log,
      attempt: async (signal, report) => {
        this.#me ??= await options.api('getMe', {}, { signal });
        this.#transport ??= options.createTransport();
        const transport = this.#transport;
        if (!this.#isOpen) await transport.open();
        this.#isOpen = true;
        for (let isProbe = true; !signal.aborted; isProbe = false) {
          await transport.poll(isProbe, signal);
          this.#conflicts = 0;
          report.connected();
          report.proven();
        }
      },
      explain: (error) => this.#explain(error),
      lostDetail: 'The connection to Telegram is lost; reconnecting.',
    });
  }

  get bot(): Bot | null {
    return this.#me === null ? null : { id: String(this.#me.id), name: this.#me.username ?? null };
  }

  /** Telegram's description of the bot. */
  get me(): UserFromGetMe | null {
    return this.#me;
  }

  async stop(): Promise<void> {
    await this.loop.stop();
    await this.#transport?.close();
    this.#transport = null;
    this.#isOpen = false;
  }

  #explain(error: unknown): ConnectionProblem {
    const { log, timing } = this.#options;
    if (!(error instanceof TelegramError)) log.error({ err: error }, 'Updates could not be received');
    const failure =
      error instanceof TelegramError ? error : new TelegramError('updates could not be received');
    // Telegram answers 404 to a token of the wrong format, because it is part of the path.
    if (failure.code === 401 || (failure.code === 404 && this.#me === null)) {
      const detail = 'Telegram does not accept the bot token.';
      // A proxy may have refused it.
      return { state: 'revoked', detail, hint, afterMs: timing.revokedMs };
    }
    if (failure.code === 409) return this.#explainConflict(failure);
    const reason = /^Telegram /u.test(failure.message) ? failure.message : `Telegram: ${failure.message}`;
    return { state: 'reconnecting', detail: `${reason}; retrying.`, afterMs: failure.retryAfterMs ?? 0 };
  }

  #explainConflict({ message }: TelegramError): ConnectionProblem {
    this.#conflicts += 1;
    // A single conflict may be the last poll of the process before, or a check.
    if (this.#conflicts === 1) {
      const detail = 'Another program polled the updates of this bot; retrying.';
      return { state: 'reconnecting', detail };
    }
    const detail = /webhook/iu.test(message)
      ? 'Another program has set a webhook for this bot; create a separate bot for HQ.'
      : 'Another process polls this bot; create a separate bot for HQ, or stop the other process.';
    return { state: 'conflict', detail, afterMs: this.#options.timing.conflictMs };
  }
}

import type { Logger } from 'pino';
import { Telegraf } from 'telegraf';
import type { Update } from 'telegraf/types';
import type {
  Adapter,
  Capabilities,
  CommandDescription,
  ConnectionHealth,
  TextFile,
} from '../../contract/adapter.ts';
import type { Card, Handle } from '../../contract/card.ts';
import type { ChatLocation, Receiver, SendResult } from '../../contract/inbound.ts';
import { describeProblem } from '../send-attempts.ts';
import { UpdateConnection } from './connection/connection.ts';
import { createWebhookEndpoint } from './connection/http-endpoint.ts';
import { Polling } from './connection/polling.ts';
import { type ConnectionTiming, defaultTiming } from './connection/transport.ts';
import { readMigration } from './inbound/inbound.ts';
import { createInboundHandler, type InboundHandler } from './inbound/inbound-handler.ts';
import { type BotApi, clientOptions, createBotApi } from './outbound/bot-api.ts';
import { announceMigration } from './outbound/group-migration.ts';
import { TelegramOutbound } from './outbound/outbound.ts';
import { renderCommands } from './render/commands-menu.ts';
import { maxButtons } from './render/keyboard.ts';
import { maxBody } from './render/render.ts';
import type { TelegramSettings } from './settings.ts';

const capabilities: Capabilities = {
  private: false,
  forms: false,
  formErrors: false,
  commands: { prefix: '/hq' },
  completion: false,
  files: true,
  redelivers: true,
  maxText: maxBody,
  maxButtons,
  // A group takes twenty messages a minute, a direct chat one a second; a card shares them with others.
  editEveryMs: 3_000,
  directEditEveryMs: 1_500,
  chatEveryMs: 1_000,
  perSecond: 25,
};

const drainWithinMs = 10_000;

export class TelegramAdapter implements Adapter {
  readonly platform = 'telegram';
  readonly capabilities = capabilities;
  readonly #bot: Telegraf;
  readonly #api: BotApi;
  readonly #outbound: TelegramOutbound;
  readonly #handler: InboundHandler;
  readonly #connection: UpdateConnection;
  #receiver: Receiver | null = null;
  #menu: ReadonlyMap<string, string> = new Map();
  #menuError: string | null = null;

  constructor(settings: TelegramSettings, log: Logger, timing: ConnectionTiming = defaultTiming) {
    this.#bot = new Telegraf(settings.token, {
      telegram: { ...clientOptions(settings.apiRoot), webhookReply: false },
      handlerTimeout: Number.POSITIVE_INFINITY,
    });
    this.#bot.use((context) => this.#onUpdate(context.update));
    this.#bot.catch((error) => log.error({ err: error }, 'An update could not be handled'));
    this.#api = createBotApi(this.#bot.telegram, settings.token);
    this.#outbound = new TelegramOutbound(this.#api, log, {
      onRevoked: () => this.#connection.loop.revoke('Telegram does not accept the bot token.'),
      onMigrated: (channel) => void this.#announceMigration(channel),
    });
    this.#handler = createInboundHandler(this.#outbound);
    const deliver = (update: Update): Promise<void> => {
      // Without this the library calls getMe before the first update.
      const { me } = this.#connection;
      if (me !== null) this.#bot.botInfo = me;
      return this.#bot.handleUpdate(update);
    };
    this.#connection = new UpdateConnection({
      api: this.#api,
      createTransport: () =>
        settings.webhook === null
          ? new Polling(this.#api, deliver, log, timing)
          : createWebhookEndpoint(this.#api, settings.webhook, deliver, log),
      timing,
      log,
    });
  }

  async start(receiver: Receiver): Promise<void> {
    this.#receiver = receiver;
    await this.#connection.loop.start();
  }

  async stop(): Promise<void> {
    // The receiver still gets the updates of the last poll, because the next poll confirms them.
    await this.#connection.stop();
    this.#receiver = null;
    await this.#outbound.drain(drainWithinMs);
  }

  health(): ConnectionHealth {
    const { loop, bot } = this.#connection;
    const { state, detail } = loop.status;
    return { state, detail: detail ?? this.#menuError, install: bot?.id ?? null };
  }

  send(location: ChatLocation, card: Card): Promise<SendResult> {
    return this.#outbound.send(location, card);
  }

  async edit(handle: Handle, card: Card): Promise<SendResult> {
    const sent = await this.#outbound.edit(handle, card);
    if (!sent.ok) return sent;
    this.#handler.onEdited(handle);
    return { ok: true, handle };
  }

  file(location: ChatLocation, file: TextFile): Promise<SendResult> {
    return this.#outbound.file(location, file);
  }

  async describeCommands(
    descriptions: readonly CommandDescription[],
    chat?: ChatLocation,
  ): Promise<SendResult> {
    const { commands, paths } = renderCommands(descriptions, { isOwn: chat !== undefined });
    if (chat !== undefined) return this.#outbound.setCommands(commands, chat);
    this.#menu = paths;
    const sent = await this.#outbound.setCommands(commands);
    this.#menuError = sent.ok ? null : `The command menu could not be set: ${describeProblem(sent.problem)}.`;
    return sent;
  }

  /** Resolves once Telegram need not deliver the update again. */
  async #onUpdate(update: Update): Promise<void> {
    const now = Date.now();
    const migration = readMigration(update);
    if (migration !== null && this.#outbound.migrate(migration)) await this.#announceMigration(migration.to);
    const { bot } = this.#connection;
    if (bot !== null && this.#receiver !== null) {
      await this.#handler.onUpdate(update, { bot, menu: this.#menu, now }, this.#receiver);
    }
  }

  async #announceMigration(channel: string): Promise<void> {
    const install = this.#connection.bot?.id ?? '';
    const location: ChatLocation = { platform: 'telegram', install, channel, kind: 'group', thread: null };
    await announceMigration(this.#outbound, location, () => this.#receiver === null);
  }
}

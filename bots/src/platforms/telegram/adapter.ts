import type { Logger } from 'pino';
import { Telegraf } from 'telegraf';
import type { Update } from 'telegraf/types';
import type { Adapter, AdapterHealth, Capabilities, CommandDescription } from '../../contract/adapter.ts';
import type { Card, Handle } from '../../contract/card.ts';
import type { ChatLocation, Receiver, SendResult } from '../../contract/inbound.ts';
import { Connection } from './connection/connection.ts';
import { WebhookEndpoint } from './connection/http-endpoint.ts';
import { Polling } from './connection/polling.ts';
import type { ConnectionTiming } from './connection/transport.ts';
import { TelegramError, toProblem } from './errors.ts';
import { readMove, readUpdate, type UpdateDelivery } from './inbound/inbound.ts';
import { clientOptions, TelegramApi } from './outbound/bot-api.ts';
import { announceMigration } from './outbound/group-migration.ts';
import { TelegramOutbound, type TextFile } from './outbound/outbound.ts';
import { TelegramReply } from './outbound/reply.ts';
import { renderMenu } from './render/commands-menu.ts';
import { maxButtons } from './render/keyboard.ts';
import { maxBody } from './render/render.ts';
import type { TelegramSettings } from './settings.ts';

/** A delivery that brings no answer is taken for done after this time: words were not for HQ, or the answer went another way. */
const openForMs = { words: 10_000, press: 2_000 };
const drainMs = 10_000;

const capabilities: Capabilities = {
  private: false,
  forms: false,
  completion: false,
  threads: true,
  files: true,
  redelivers: true,
  maxText: maxBody,
  maxButtons: maxButtons,
  // A group takes twenty a minute and a direct chat one a second, and neither is for one card alone.
  editEveryMs: 3_000,
  directEditEveryMs: 1_500,
  chatEveryMs: 1_000,
  perSecond: 25,
};

export interface TelegramAdapterOptions {
  readonly settings: TelegramSettings;
  readonly log: Logger;
  readonly timing?: ConnectionTiming;
}

export class TelegramAdapter implements Adapter {
  readonly platform = 'telegram';
  readonly capabilities = capabilities;
  readonly #log: Logger;
  readonly #bot: Telegraf;
  readonly #api: TelegramApi;
  readonly #sender: TelegramOutbound;
  readonly #connect: () => Connection;
  #connection: Connection;
  readonly #openPresses = new Map<string, () => void>();
  #receiver: Receiver | null = null;
  #menu: ReadonlyMap<string, string> = new Map();
  #menuError: string | null = null;
  #lastInboundAt: number | null = null;

  constructor({ settings, log, timing }: TelegramAdapterOptions) {
    this.#log = log;
    this.#bot = new Telegraf(settings.token, {
      telegram: { ...clientOptions(settings.apiRoot), webhookReply: false },
      handlerTimeout: Number.POSITIVE_INFINITY,
    });
    this.#bot.use((context) => this.#take(context.update));
    this.#bot.catch((error) => log.error({ err: error }, 'an update could not be handled'));
    this.#api = new TelegramApi(this.#bot.telegram, settings.token);
    this.#sender = new TelegramOutbound(this.#api, log, {
      revoked: () => this.#connection.revoked(),
      moved: (channel) => void this.#announceMove(channel),
    });
    const deliver = (update: Update): Promise<void> => {
      // The library asks who it is before it hands anything on, unless it is told.
      const { me } = this.#connection;
      if (me !== null) this.#bot.botInfo = me;
      return this.#bot.handleUpdate(update);
    };
    this.#connect = () => {
      const transport =
        settings.webhook === null
          ? new Polling(this.#api, deliver, log, timing)
          : new WebhookEndpoint(this.#api, settings.webhook, deliver);
      return new Connection(this.#api, transport, log, timing);
    };
    this.#connection = this.#connect();
  }

  async start(receiver: Receiver): Promise<void> {
    this.#receiver = receiver;
    // It may have been stopped before, or the token refused.
    if (this.#connection.hasEnded) this.#connection = this.#connect();
    await this.#connection.start();
  }

  async stop(): Promise<void> {
    // What the last poll brought is still handed over: it would be confirmed with it.
    await this.#connection.stop();
    this.#receiver = null;
    await this.#sender.drain(drainMs);
  }

  health(): AdapterHealth {
    return {
      state: this.#connection.state,
      detail: this.#connection.detail ?? this.#menuError,
      install: this.#connection.bot?.id ?? null,
      lastInboundAt: this.#lastInboundAt,
      lastOutboundAt: this.#sender.lastAt,
    };
  }

  send(location: ChatLocation, card: Card): Promise<SendResult> {
    return this.#sender.send(location, card);
  }

  async edit(handle: Handle, card: Card): Promise<SendResult> {
    const sent = await this.#sender.edit(handle, card);
    if (sent.ok) this.#openPresses.get(pressKey(handle))?.();
    return sent.ok ? { ok: true, handle } : sent;
  }

  file(location: ChatLocation, file: TextFile): Promise<SendResult> {
    return this.#sender.file(location, file);
  }

  async describeCommands(descriptions: readonly CommandDescription[]): Promise<SendResult> {
    const { commands, meanings } = renderMenu(descriptions);
    this.#menu = meanings;
    try {
      for (const type of ['all_private_chats', 'all_group_chats'] as const) {
        await this.#api.call('setMyCommands', { commands: [...commands], scope: { type } });
      }
      this.#menuError = null;
      return { ok: true, handle: null };
    } catch (error) {
      const failure =
        error instanceof TelegramError ? error : new TelegramError('the menu could not be made');
      this.#menuError = `The command menu could not be set: ${failure.message}.`;
      this.#log.warn({ reason: failure.message }, 'the command menu could not be set');
      const problem = toProblem(failure);
      return problem === null ? { ok: true, handle: null } : { ok: false, problem };
    }
  }

  /** Resolves when the update needs not to come again. */
  async #take(update: unknown): Promise<void> {
    this.#lastInboundAt = Date.now();
    const move = readMove(update);
    if (move !== null && this.#sender.moved(move.from, move.to)) await this.#announceMove(move.to);
    const { bot } = this.#connection;
    const receiver = this.#receiver;
    if (bot === null || receiver === null) return;
    const delivery = readUpdate(update, { bot, menu: this.#menu, now: this.#lastInboundAt });
    if (delivery === null) return;
    if (delivery.callback !== null) void this.#sender.answerPress(delivery.callback);
    await this.#deliver(delivery, receiver);
  }

  async #announceMove(channel: string): Promise<void> {
    const install = this.#connection.bot?.id ?? '';
    const location: ChatLocation = { platform: 'telegram', install, channel, kind: 'group', thread: null };
    await announceMigration(this.#sender, location, () => this.#receiver === null);
  }

  async #deliver({ inbound, message }: UpdateDelivery, receiver: Receiver): Promise<void> {
    const isPress = inbound.input.kind === 'button';
    const done = Promise.withResolvers<void>();
    const answer = new TelegramReply(this.#sender, inbound, message, done.resolve);
    const acknowledgement = await receiver.receive(inbound, answer);
    if (acknowledgement.kind === 'working') answer.work();
    if (acknowledgement.kind === 'quiet' && !isPress) return;
    const key = message === null ? null : pressKey({ chat: inbound.channel, message });
    if (isPress && key !== null) this.#openPresses.set(key, done.resolve);
    const patience = setTimeout(done.resolve, isPress ? openForMs.press : openForMs.words);
    await done.promise;
    clearTimeout(patience);
    if (key !== null && this.#openPresses.get(key) === done.resolve) this.#openPresses.delete(key);
  }
}

function pressKey({ chat, message }: Handle): string {
  return `${chat}/${message}`;
}

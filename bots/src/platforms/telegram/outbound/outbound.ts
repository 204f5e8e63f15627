import type { Logger } from 'pino';
import type { Opts } from 'telegraf/types';
import type { Card, Handle } from '../../../contract/card.ts';
import type { ChatLocation, SendProblem, SendResult } from '../../../contract/inbound.ts';
import { TelegramError, toProblem } from '../errors.ts';
import { fieldsOf, idOf } from '../inbound/json-fields.ts';
import { toKeyboard } from '../render/keyboard.ts';
import { defuseMentions } from '../render/markup.ts';
import { renderCard } from '../render/render.ts';
import { truncateEnd } from '../truncate.ts';
import type { TelegramApi } from './bot-api.ts';
import { ChatRateLimit } from './chat-rate-limit.ts';

const mostCaption = 1024;
const mostPlaceholder = 64;

export interface TextFile {
  readonly name: string;
  readonly text: string;
  readonly note: string;
}

/** What sending shows besides. */
export interface OutboundListener {
  /** The token is no longer accepted. */
  revoked(): void;
  /** A group is found under another id. */
  moved(channel: string): void;
}

/** Sends and edits messages, within Telegram's measures. Nothing here rejects. */
export class TelegramOutbound {
  readonly #api: TelegramApi;
  readonly #log: Logger;
  readonly #listener: OutboundListener;
  readonly #timing = new ChatRateLimit();
  /** Groups that became supergroups: old id → new id. */
  readonly #moved = new Map<string, string>();
  readonly #sending = new Set<Promise<SendResult>>();
  #lastAt: number | null = null;

  constructor(api: TelegramApi, log: Logger, listener: OutboundListener) {
    this.#api = api;
    this.#log = log;
    this.#listener = listener;
  }

  get lastAt(): number | null {
    return this.#lastAt;
  }

  /** Whether what is not needed had better be left unsaid. */
  get isBusy(): boolean {
    return this.#timing.isBusy(performance.now());
  }

  /** `replyTo`: in a group, the message that this answers. */
  send(location: ChatLocation, card: Card, replyTo: string | null = null): Promise<SendResult> {
    const { text, entities } = renderCard(card);
    return this.#paced(location.channel, 'new', async () => {
      const message = await this.#api.call('sendMessage', {
        chat_id: number(location.channel),
        text,
        ...(entities.length === 0 ? {} : { entities: [...entities] }),
        link_preview_options: { is_disabled: true },
        ...inThread(location),
        ...(replyTo === null || location.kind === 'direct'
          ? {}
          : { reply_parameters: { message_id: Number(replyTo), allow_sending_without_reply: true } }),
        ...markup(card, replyTo !== null),
      });
      return handleOf(location, message);
    });
  }

  edit(handle: Handle, card: Card): Promise<SendResult> {
    const { chat = '', message = '' } = handle;
    const { text, entities } = renderCard(card, { isEdit: true });
    const buttons = card.buttons ?? [];
    return this.#paced(chat, 'edit', async () => {
      await this.#api.call('editMessageText', {
        chat_id: number(chat),
        message_id: Number(message),
        text,
        ...(entities.length === 0 ? {} : { entities: [...entities] }),
        link_preview_options: { is_disabled: true },
        ...(buttons.length === 0 ? {} : { reply_markup: keyboard(card) }),
      });
      return handle;
    });
  }

  file(location: ChatLocation, { name, text, note }: TextFile): Promise<SendResult> {
    const caption = truncateEnd(defuseMentions(note), mostCaption);
    return this.#paced(location.channel, 'new', async () => {
      const message = await this.#api.call(
        'sendDocument',
        {
          chat_id: number(location.channel),
          document: { source: Buffer.from(text === '' ? '(empty)\n' : text), filename: fileName(name) },
          ...(caption.trim() === '' ? {} : { caption }),
          ...inThread(location),
        },
        { ms: 60_000 },
      );
      return handleOf(location, message);
    });
  }

  /** Takes a message away if it can; it was only in the way. */
  async remove({ chat = '', message = '' }: Handle): Promise<void> {
    await this.#outcome(chat, async () => {
      await this.#api.call('deleteMessage', { chat_id: number(chat), message_id: Number(message) });
      return null;
    });
  }

  /** "typing …" beside the name of the bot. */
  async typing(location: ChatLocation): Promise<void> {
    await this.#outcome(location.channel, async () => {
      await this.#api.call('sendChatAction', {
        chat_id: number(location.channel),
        action: 'typing',
        ...inThread(location),
      });
      return null;
    });
  }

  /** Ends the spinner on a pressed button. */
  async answerPress(callback: string): Promise<void> {
    await this.#outcome('', async () => {
      await this.#api.call('answerCallbackQuery', { callback_query_id: callback });
      return null;
    });
  }

  /** A group has another id. False where that was known. */
  moved(from: string, to: string): boolean {
    if (this.#moved.get(from) === to) return false;
    this.#moved.set(from, to);
    return true;
  }

  /** Lets what is being sent end. */
  async drain(limitMs: number): Promise<void> {
    if (this.#sending.size === 0) return;
    let timer: NodeJS.Timeout | undefined;
    const limit = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, limitMs);
    });
    await Promise.race([Promise.all(this.#sending), limit]);
    clearTimeout(timer);
  }

  #paced(chat: string, what: 'new' | 'edit', call: () => Promise<Handle | null>): Promise<SendResult> {
    const to = this.#moved.get(chat);
    if (to !== undefined) return Promise.resolve(not({ kind: 'moved', channel: to }));
    const kind = { isGroup: chat.startsWith('-'), isEdit: what === 'edit' };
    const waitMs = this.#timing.take(chat, kind, performance.now());
    if (waitMs > 0) return Promise.resolve(not({ kind: 'wait', afterMs: waitMs }));
    const sending = this.#outcome(chat, call);
    this.#sending.add(sending);
    return sending.finally(() => this.#sending.delete(sending));
  }

  async #outcome(chat: string, call: () => Promise<Handle | null>): Promise<SendResult> {
    try {
      const handle = await call();
      this.#lastAt = Date.now();
      return { ok: true, handle };
    } catch (error) {
      if (!(error instanceof TelegramError)) this.#log.error({ err: error }, 'a message could not be made');
      const failure =
        error instanceof TelegramError ? error : new TelegramError('the message could not be made');
      if (failure.code === 401) this.#listener.revoked();
      const problem = toProblem(failure);
      if (problem === null) return { ok: true, handle: null };
      if (problem.kind === 'wait') this.#timing.hold(chat, performance.now() + problem.afterMs);
      if (problem.kind === 'moved' && this.moved(chat, problem.channel)) {
        this.#listener.moved(problem.channel);
      }
      this.#log.debug({ chat, problem: problem.kind, reason: failure.message }, 'Telegram did not take it');
      return not(problem);
    }
  }
}

function not(problem: SendProblem): SendResult {
  return { ok: false, problem };
}

/** Null: sent, but what came back does not say where it is. */
function handleOf({ channel }: ChatLocation, message: unknown): Handle | null {
  const number = idOf(fieldsOf(message)?.message_id);
  return number === undefined ? null : { chat: channel, message: number };
}

/** Ids are numbers on the wire; a channel's `@name` is not. */
function number(chat: string): number | string {
  return /^-?\d{1,15}$/u.test(chat) ? Number(chat) : chat;
}

function inThread({ thread }: ChatLocation): { message_thread_id?: number } {
  return thread === null ? {} : { message_thread_id: Number(thread) };
}

function keyboard(card: Card) {
  const { inline_keyboard } = toKeyboard(card.buttons ?? []);
  return { inline_keyboard: inline_keyboard.map((row) => [...row]) };
}

/** Buttons, or else the keyboard pointed at the question; Telegram takes one of the two. */
function markup(card: Card, isReply: boolean): Pick<Opts<'sendMessage'>, 'reply_markup'> {
  if ((card.buttons ?? []).length > 0) return { reply_markup: keyboard(card) };
  if (card.question === undefined) return {};
  const placeholder = truncateEnd(
    defuseMentions(card.question.placeholder).replaceAll('\n', ' ').trim(),
    mostPlaceholder,
  );
  return {
    reply_markup: {
      force_reply: true,
      // Only for who is answered, where that is known.
      ...(isReply ? { selective: true } : {}),
      ...(placeholder === '' ? {} : { input_field_placeholder: placeholder }),
    },
  };
}

/** It is written into a header as it is. */
function fileName(name: string): string {
  return (
    name
      .replace(/[^\w.-]+/gu, '_')
      .replace(/^\.+/u, '')
      .slice(-80) || 'output.txt'
  );
}

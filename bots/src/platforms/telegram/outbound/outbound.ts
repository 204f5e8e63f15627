import { truncate } from '@hq/shared/text';
import type { Logger } from 'pino';
import type { BotCommand, Opts } from 'telegraf/types';
import type { TextFile } from '../../../contract/adapter.ts';
import type { Card, Handle } from '../../../contract/card.ts';
import type { ChatLocation, SendProblem, SendResult } from '../../../contract/inbound.ts';
import { createInFlight } from '../../in-flight.ts';
import { createSendAttempt, type SendAttempt } from '../../send-attempts.ts';
import { isTopicLost, TelegramError, toProblem } from '../errors.ts';
import type { GroupMigration } from '../inbound/inbound.ts';
import { fieldsOf, idOf } from '../inbound/json-fields.ts';
import { messageHandle } from '../message-handle.ts';
import { renderKeyboard } from '../render/keyboard.ts';
import { defuseMentions } from '../render/markup.ts';
import { renderCard } from '../render/render.ts';
import type { BotApi } from './bot-api.ts';
import { ChatRateLimit } from './chat-rate-limit.ts';

const maxCaption = 1024;
const maxPlaceholder = 64;
const uploadWithinMs = 60_000;

interface OutboundListener {
  /** Telegram no longer accepts the token. */
  onRevoked(): void;
  /** A group has become a supergroup with this id. */
  onMigrated(channel: string): void;
}

type Call = () => Promise<Handle | null>;

/** Sends and edits messages within Telegram's rate limits. Nothing here rejects. */
export class TelegramOutbound {
  readonly #api: BotApi;
  readonly #listener: OutboundListener;
  readonly #rateLimit = new ChatRateLimit();
  /** Groups that became supergroups: old id → new id. */
  readonly #migrated = new Map<string, string>();
  readonly #inFlight = createInFlight();
  readonly #attempt: SendAttempt;

  constructor(api: BotApi, log: Logger, listener: OutboundListener) {
    this.#api = api;
    this.#listener = listener;
    this.#attempt = createSendAttempt({
      toProblem: (error) => {
        if (!(error instanceof TelegramError)) log.error({ err: error }, 'A message could not be sent');
        return toProblem(
          error instanceof TelegramError ? error : new TelegramError('the message is invalid'),
        );
      },
      isRevoked: (error) => error instanceof TelegramError && error.code === 401,
      onRevoked: listener.onRevoked,
      inFlight: this.#inFlight,
      log,
    });
  }

  /** True if optional messages are better left out. */
  get isBusy(): boolean {
    return this.#rateLimit.isBusy(performance.now());
  }

  /** `replyTo` is the message that this answers in a group. */
  send(location: ChatLocation, card: Card, replyTo: string | null = null): Promise<SendResult> {
    return this.#limited(location.channel, { isEdit: false }, () =>
      inTopicOrGroup(location, async (place, note) => {
        const footer = [card.footer, note].filter(Boolean).join('\n');
        const message = await this.#api('sendMessage', {
          chat_id: toChatId(location.channel),
          ...content({ ...card, footer }),
          ...inThread(place),
          ...(replyTo !== null &&
            location.kind !== 'direct' && {
              reply_parameters: { message_id: Number(replyTo), allow_sending_without_reply: true },
            }),
          ...replyMarkup(card, replyTo !== null),
        });
        return handleOf(location, message);
      }),
    );
  }

  edit(handle: Handle, card: Card): Promise<SendResult> {
    const { chat = '', message = '' } = handle;
    const keyboard = renderKeyboard(card.buttons ?? []);
    const edit = async (): Promise<Handle> => {
      await this.#api('editMessageText', {
        chat_id: toChatId(chat),
        message_id: Number(message),
        ...content(card, { isEdit: true }),
        ...(keyboard.inline_keyboard.length > 0 && { reply_markup: keyboard }),
      });
      return handle;
    };
    return this.#limited(chat, { isEdit: true }, () =>
      // Its message is lost with a topic, the chat is not.
      edit().catch((error: unknown) => {
        throw isTopicLost(error) ? new TelegramError('message to edit not found', { code: 400 }) : error;
      }),
    );
  }

  file(location: ChatLocation, { name, text, note }: TextFile): Promise<SendResult> {
    return this.#limited(location.channel, { isEdit: false }, () =>
      inTopicOrGroup(location, async (place, moved) => {
        const caption = truncate(defuseMentions([note, moved].filter(Boolean).join('\n')), maxCaption);
        const message = await this.#api(
          'sendDocument',
          {
            chat_id: toChatId(location.channel),
            document: { source: Buffer.from(text === '' ? '(empty)\n' : text), filename: toFileName(name) },
            ...(caption.trim() !== '' && { caption }),
            ...inThread(place),
          },
          { limitMs: uploadWithinMs },
        );
        return handleOf(location, message);
      }),
    );
  }

  /** Deletes a message that is no longer needed, if possible. */
  async remove({ chat = '', message = '' }: Handle): Promise<void> {
    const payload = { chat_id: toChatId(chat), message_id: Number(message) };
    await this.#attempt(() => this.#api('deleteMessage', payload).then(() => null));
  }

  /** Shows "typing …" beside the bot's name. */
  async typing(location: ChatLocation): Promise<void> {
    const payload = { chat_id: toChatId(location.channel), action: 'typing', ...inThread(location) } as const;
    await this.#attempt(() => this.#api('sendChatAction', payload).then(() => null));
  }

  /** Sets the command menu, of one chat if it is given. */
  setCommands(commands: readonly BotCommand[], chat?: ChatLocation): Promise<SendResult> {
    const everywhere = [{ type: 'all_private_chats' }, { type: 'all_group_chats' }] as const;
    const scopes =
      chat === undefined ? everywhere : [{ type: 'chat', chat_id: toChatId(chat.channel) } as const];
    return this.#attempt(async () => {
      for (const scope of scopes) await this.#api('setMyCommands', { commands: [...commands], scope });
      return null;
    });
  }

  /** Ends the spinner on a pressed button. */
  async answerCallback(callback_query_id: string): Promise<void> {
    await this.#attempt(() => this.#api('answerCallbackQuery', { callback_query_id }).then(() => null));
  }

  /** Records the new id of a group; false if it was known. */
  migrate({ from, to }: GroupMigration): boolean {
    if (this.#migrated.get(from) === to) return false;
    this.#migrated.set(from, to);
    return true;
  }

  /** Waits for messages that are being sent. */
  drain(limitMs: number): Promise<void> {
    return this.#inFlight.drain(limitMs);
  }

  async #limited(chat: string, { isEdit }: { readonly isEdit: boolean }, call: Call): Promise<SendResult> {
    const channel = this.#migrated.get(chat);
    if (channel !== undefined) return failed({ kind: 'moved', channel });
    const afterMs = this.#rateLimit.take(chat, { isGroup: chat.startsWith('-'), isEdit }, performance.now());
    if (afterMs > 0) return failed({ kind: 'wait', afterMs });
    const sent = await this.#attempt(call);
    if (sent.ok) return sent;
    const { problem } = sent;
    if (problem.kind === 'wait') this.#rateLimit.block(chat, performance.now() + problem.afterMs);
    if (problem.kind === 'moved' && this.migrate({ from: chat, to: problem.channel })) {
      this.#listener.onMigrated(problem.channel);
    }
    return sent;
  }
}

const topicNote = 'Its topic is closed or deleted. Type subscribe where alerts shall come instead.';

/** Sends to the group itself, with a note, if the topic is closed or deleted. */
async function inTopicOrGroup(
  location: ChatLocation,
  send: (place: ChatLocation, note: string) => Promise<Handle | null>,
): Promise<Handle | null> {
  try {
    return await send(location, '');
  } catch (error) {
    if (location.thread === null || !isTopicLost(error)) throw error;
    return send({ ...location, thread: null }, topicNote);
  }
}

function failed(problem: SendProblem): SendResult {
  return { ok: false, problem };
}

/** Null if Telegram's answer does not hold the id of the message. */
function handleOf({ channel }: ChatLocation, message: unknown): Handle | null {
  const id = idOf(fieldsOf(message)?.message_id);
  return id === undefined ? null : messageHandle(channel, id);
}

/** Ids are numbers in the Bot API; the `@name` of a channel is text. */
function toChatId(chat: string): number | string {
  return /^-?\d{1,15}$/u.test(chat) ? Number(chat) : chat;
}

function inThread({ thread }: ChatLocation): { message_thread_id?: number } {
  return thread === null ? {} : { message_thread_id: Number(thread) };
}

function content(card: Card, options?: { readonly isEdit: boolean }) {
  const { text, entities } = renderCard(card, options);
  return {
    text,
    ...(entities.length > 0 && { entities: [...entities] }),
    link_preview_options: { is_disabled: true },
  };
}

/** Returns the buttons, else the request for a reply to a question: Telegram takes one of the two. */
function replyMarkup(card: Card, isReply: boolean): Pick<Opts<'sendMessage'>, 'reply_markup'> {
  if ((card.buttons ?? []).length > 0) return { reply_markup: renderKeyboard(card.buttons ?? []) };
  if (card.question === undefined) return {};
  const placeholder = defuseMentions(card.question.placeholder).replaceAll('\n', ' ').trim();
  return {
    reply_markup: {
      force_reply: true,
      // Asks only the user who is answered.
      ...(isReply && { selective: true }),
      ...(placeholder !== '' && { input_field_placeholder: truncate(placeholder, maxPlaceholder) }),
    },
  };
}

/** The library writes the name into a header unescaped. */
function toFileName(name: string): string {
  const safe = name.replace(/[^\w.-]+/gu, '_').replace(/^\.+/u, '');
  return safe.slice(-80) || 'output.txt';
}

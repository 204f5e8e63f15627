import type { Inbound, Speaker } from '../../contract/inbound.ts';
import { readAddressed } from './addressed.ts';
import { wordJoiner } from './defuse-mentions.ts';
import { type Fields, fields, id, whole, words } from './json-fields.ts';

/** Those that stand for somebody who hides: an anonymous administrator, a channel, Telegram itself. */
const masks = new Set(['1087968824', '136817688', '777000']);

export interface Bot {
  readonly id: string;
  readonly name: string | null;
}

/** What an update means for HQ. */
export interface Delivery {
  readonly inbound: Inbound;
  /** The message that is answered or that bears the button. */
  readonly message: string | null;
  /** Waits for an answer, which ends the spinner on the button. */
  readonly callback: string | null;
}

/** Null: nothing that is said to this bot. */
export function readUpdate(
  update: unknown,
  about: { readonly bot: Bot; readonly menu: ReadonlyMap<string, string>; readonly now: number },
): Delivery | null {
  const all = fields(update);
  const updateId = whole(all?.update_id);
  if (all === undefined || updateId === undefined) return null;
  const common = { delivery: `tg:${about.bot.id}:${updateId}`, receivedAt: about.now };
  const press = fields(all.callback_query);
  if (press !== undefined) return readPress(press, about.bot, common);
  const message = fields(all.message) ?? fields(all.channel_post);
  return message === undefined ? null : readMessage(message, about, common);
}

/** A group that became a supergroup has another id from then on. It is told in the old chat and in the new one. */
export function readMove(update: unknown): { readonly from: string; readonly to: string } | null {
  const message = fields(fields(update)?.message);
  const here = id(fields(message?.chat)?.id);
  const to = id(message?.migrate_to_chat_id);
  const from = id(message?.migrate_from_chat_id);
  if (here === undefined) return null;
  if (to !== undefined) return { from: here, to };
  return from === undefined ? null : { from, to: here };
}

type Common = Pick<Inbound, 'delivery' | 'receivedAt'>;

function readPress(press: Fields, bot: Bot, common: Common): Delivery | null {
  const message = fields(press.message);
  const token = words(press.data);
  const speaker = message === undefined ? null : readSpeaker(message, press, bot);
  if (message === undefined || speaker === null || token === undefined) return null;
  const messageId = id(message.message_id) ?? null;
  const handle = messageId === null ? null : { chat: speaker.channel, message: messageId };
  return {
    inbound: { ...speaker, ...common, input: { kind: 'button', token, message: handle } },
    message: messageId,
    callback: id(press.id) ?? null,
  };
}

function readMessage(
  message: Fields,
  { bot, menu }: { readonly bot: Bot; readonly menu: ReadonlyMap<string, string> },
  common: Common,
): Delivery | null {
  // What was copied from a message of HQ may hold the sign that takes the meaning from others.
  const text = words(message.text)?.replaceAll(wordJoiner, '');
  const speaker = readSpeaker(message, message, bot);
  if (text === undefined || speaker === null) return null;
  const addressed = readAddressed({
    text,
    botName: bot.name,
    isDirect: speaker.kind === 'direct',
    isReplyToBot: isReplyTo(bot, fields(message.reply_to_message)),
    menu,
  });
  if (addressed === null) return null;
  const stranger = readStranger(message);
  return {
    inbound: {
      ...speaker,
      ...(stranger === null ? {} : { stranger }),
      ...common,
      input: { kind: 'words', text: addressed.text, ...(addressed.answer ? { answer: true } : {}) },
    },
    message: id(message.message_id) ?? null,
    callback: null,
  };
}

function readSpeaker(message: Fields, said: Fields, bot: Bot): Speaker | null {
  const chat = fields(message.chat);
  const channel = id(chat?.id);
  // Who writes as a chat is that chat, whoever Telegram fills in as the user.
  const mask = fields(said.sender_chat);
  const from = fields(said.from);
  const user = id(mask?.id) ?? id(from?.id) ?? channel;
  if (channel === undefined || user === undefined) return null;
  const isDirect = words(chat?.type) === 'private' || (chat?.type === undefined && !channel.startsWith('-'));
  const userName = words(mask?.title) ?? words(from?.first_name);
  const locale = words(from?.language_code);
  return {
    platform: 'telegram',
    install: bot.id,
    channel,
    kind: isDirect ? 'direct' : 'group',
    // Groups without topics number their threads of replies, and take no message for such a number.
    thread: message.is_topic_message === true ? (id(message.message_thread_id) ?? null) : null,
    user,
    ...(userName === undefined ? {} : { userName }),
    ...(locale === undefined ? {} : { locale }),
    ...(from?.is_bot === true && !masks.has(user) ? { stranger: 'bot' as const } : {}),
  };
}

function readStranger(message: Fields): 'bot' | 'anonymous' | null {
  const from = fields(message.from);
  const user = id(from?.id);
  if (user === undefined || masks.has(user) || message.sender_chat !== undefined) return 'anonymous';
  if (from?.is_bot === true || message.via_bot !== undefined) return 'bot';
  // Who forwards words has not said them.
  const isForwarded =
    message.forward_origin !== undefined ||
    message.forward_date !== undefined ||
    message.is_automatic_forward === true;
  return isForwarded ? 'anonymous' : null;
}

function isReplyTo(bot: Bot, message: Fields | undefined): boolean {
  // Everything in a topic is a reply to the message that opened it.
  return id(fields(message?.from)?.id) === bot.id && message?.forum_topic_created === undefined;
}

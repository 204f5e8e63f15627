import type { Inbound, Sender } from '../../../contract/inbound.ts';
import { wordJoiner } from '../render/markup.ts';
import { readAddressed } from './addressed.ts';
import { fieldsOf, idOf, integerOf, type JsonFields, textOf } from './json-fields.ts';

/** Those that stand for somebody who hides: an anonymous administrator, a channel, Telegram itself. */
const masks = new Set(['1087968824', '136817688', '777000']);

export interface Bot {
  readonly id: string;
  readonly name: string | null;
}

/** What an update means for HQ. */
export interface UpdateDelivery {
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
): UpdateDelivery | null {
  const all = fieldsOf(update);
  const updateId = integerOf(all?.update_id);
  if (all === undefined || updateId === undefined) return null;
  const common = { deliveryId: `tg:${about.bot.id}:${updateId}`, receivedAt: about.now };
  const press = fieldsOf(all.callback_query);
  if (press !== undefined) return readPress(press, about.bot, common);
  const message = fieldsOf(all.message) ?? fieldsOf(all.channel_post);
  return message === undefined ? null : readMessage(message, about, common);
}

/** A group that became a supergroup has another id from then on. It is told in the old chat and in the new one. */
export function readMove(update: unknown): { readonly from: string; readonly to: string } | null {
  const message = fieldsOf(fieldsOf(update)?.message);
  const here = idOf(fieldsOf(message?.chat)?.id);
  const to = idOf(message?.migrate_to_chat_id);
  const from = idOf(message?.migrate_from_chat_id);
  if (here === undefined) return null;
  if (to !== undefined) return { from: here, to };
  return from === undefined ? null : { from, to: here };
}

type Common = Pick<Inbound, 'deliveryId' | 'receivedAt'>;

function readPress(press: JsonFields, bot: Bot, common: Common): UpdateDelivery | null {
  const message = fieldsOf(press.message);
  const token = textOf(press.data);
  const sender = message === undefined ? null : readSender(message, press, bot);
  if (message === undefined || sender === null || token === undefined) return null;
  const messageId = idOf(message.message_id) ?? null;
  const handle = messageId === null ? null : { chat: sender.channel, message: messageId };
  return {
    inbound: { ...sender, ...common, input: { kind: 'button', token, message: handle } },
    message: messageId,
    callback: idOf(press.id) ?? null,
  };
}

function readMessage(
  message: JsonFields,
  { bot, menu }: { readonly bot: Bot; readonly menu: ReadonlyMap<string, string> },
  common: Common,
): UpdateDelivery | null {
  // What was copied from a message of HQ may hold the sign that takes the meaning from others.
  const text = textOf(message.text)?.replaceAll(wordJoiner, '');
  const sender = readSender(message, message, bot);
  if (text === undefined || sender === null) return null;
  const addressed = readAddressed({
    text,
    botName: bot.name,
    isDirect: sender.kind === 'direct',
    isReplyToBot: isReplyTo(bot, fieldsOf(message.reply_to_message)),
    menu,
  });
  if (addressed === null) return null;
  const stranger = readStranger(message);
  return {
    inbound: {
      ...sender,
      ...(stranger === null ? {} : { stranger }),
      ...common,
      input: { kind: 'words', text: addressed.text, ...(addressed.answer ? { answer: true } : {}) },
    },
    message: idOf(message.message_id) ?? null,
    callback: null,
  };
}

function readSender(message: JsonFields, said: JsonFields, bot: Bot): Sender | null {
  const chat = fieldsOf(message.chat);
  const channel = idOf(chat?.id);
  // Who writes as a chat is that chat, whoever Telegram fills in as the user.
  const mask = fieldsOf(said.sender_chat);
  const from = fieldsOf(said.from);
  const user = idOf(mask?.id) ?? idOf(from?.id) ?? channel;
  if (channel === undefined || user === undefined) return null;
  const isDirect = textOf(chat?.type) === 'private' || (chat?.type === undefined && !channel.startsWith('-'));
  const userName = textOf(mask?.title) ?? textOf(from?.first_name);
  const locale = textOf(from?.language_code);
  return {
    platform: 'telegram',
    install: bot.id,
    channel,
    kind: isDirect ? 'direct' : 'group',
    // Groups without topics number their threads of replies, and take no message for such a number.
    thread: message.is_topic_message === true ? (idOf(message.message_thread_id) ?? null) : null,
    user,
    ...(userName === undefined ? {} : { userName }),
    ...(locale === undefined ? {} : { locale }),
    ...(from?.is_bot === true && !masks.has(user) ? { stranger: 'bot' as const } : {}),
  };
}

function readStranger(message: JsonFields): 'bot' | 'anonymous' | null {
  const from = fieldsOf(message.from);
  const user = idOf(from?.id);
  if (user === undefined || masks.has(user) || message.sender_chat !== undefined) return 'anonymous';
  if (from?.is_bot === true || message.via_bot !== undefined) return 'bot';
  // Who forwards words has not said them.
  const isForwarded =
    message.forward_origin !== undefined ||
    message.forward_date !== undefined ||
    message.is_automatic_forward === true;
  return isForwarded ? 'anonymous' : null;
}

function isReplyTo(bot: Bot, message: JsonFields | undefined): boolean {
  // Everything in a topic is a reply to the message that opened it.
  return idOf(fieldsOf(message?.from)?.id) === bot.id && message?.forum_topic_created === undefined;
}

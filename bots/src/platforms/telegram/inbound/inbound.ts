import type { Inbound, Sender } from '../../../contract/inbound.ts';
import { messageHandle } from '../message-handle.ts';
import { wordJoiner } from '../render/markup.ts';
import { readAddressedText } from './addressed-text.ts';
import { fieldsOf, idOf, integerOf, type JsonFields, textOf } from './json-fields.ts';

/** Accounts that hide the sender: an anonymous administrator, a channel, Telegram itself. */
const maskAccounts = new Set(['1087968824', '136817688', '777000']);

export interface Bot {
  readonly id: string;
  readonly name: string | null;
}

export interface UpdateContext {
  readonly bot: Bot;
  /** Command names of the menu → the command's path in words. */
  readonly menu: ReadonlyMap<string, string>;
  readonly now: number;
}

export interface UpdateDelivery {
  readonly inbound: Inbound;
  /** The message to reply to, or the one with the pressed button. */
  readonly message: string | null;
  /** The button shows a spinner until this callback query is answered. */
  readonly callback: string | null;
}

export interface GroupMigration {
  readonly from: string;
  readonly to: string;
}

/** Null if the update is not for this bot. */
export function readUpdate(update: unknown, context: UpdateContext): UpdateDelivery | null {
  const fields = fieldsOf(update);
  const updateId = integerOf(fields?.update_id);
  if (fields === undefined || updateId === undefined) return null;
  const common = { deliveryId: `tg:${context.bot.id}:${updateId}`, receivedAt: context.now };
  const query = fieldsOf(fields.callback_query);
  if (query !== undefined) return readPress(query, context.bot, common);
  const message = fieldsOf(fields.message) ?? fieldsOf(fields.channel_post);
  return message === undefined ? null : readMessage(message, context, common);
}

/** Reads the new id of a group that became a supergroup, from the message in the old or the new chat. */
export function readMigration(update: unknown): GroupMigration | null {
  const message = fieldsOf(fieldsOf(update)?.message);
  const chat = idOf(fieldsOf(message?.chat)?.id);
  const to = idOf(message?.migrate_to_chat_id);
  const from = idOf(message?.migrate_from_chat_id);
  if (chat === undefined) return null;
  if (to !== undefined) return { from: chat, to };
  return from === undefined ? null : { from, to: chat };
}

type Common = Pick<Inbound, 'deliveryId' | 'receivedAt'>;

function readPress(query: JsonFields, bot: Bot, common: Common): UpdateDelivery | null {
  const message = fieldsOf(query.message);
  const token = textOf(query.data);
  const sender = message === undefined ? null : readSender(message, query, bot);
  if (message === undefined || sender === null || token === undefined) return null;
  const messageId = idOf(message.message_id) ?? null;
  const handle = messageId === null ? null : messageHandle(sender.channel, messageId);
  return {
    inbound: { ...sender, ...common, input: { kind: 'button', token, message: handle } },
    message: messageId,
    callback: idOf(query.id) ?? null,
  };
}

function readMessage(
  message: JsonFields,
  { bot, menu }: UpdateContext,
  common: Common,
): UpdateDelivery | null {
  // Text that was copied from a message of HQ may hold the sign that defuses mentions.
  const text = (textOf(message.text) ?? textOf(message.caption))?.replaceAll(wordJoiner, '');
  const sender = readSender(message, message, bot);
  if (text === undefined || sender === null) return null;
  const addressed = readAddressedText({
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
      ...(stranger && { stranger }),
      ...common,
      input: { kind: 'words', text: addressed.text, ...(addressed.isAnswer && { answer: true }) },
    },
    message: idOf(message.message_id) ?? null,
    callback: null,
  };
}

/** `source` is the message, or the callback query of a press on it. */
function readSender(message: JsonFields, source: JsonFields, bot: Bot): Sender | null {
  const chat = fieldsOf(message.chat);
  const channel = idOf(chat?.id);
  // A message sent as a chat has that chat as its sender, whatever its user field holds.
  const senderChat = fieldsOf(source.sender_chat);
  const from = fieldsOf(source.from);
  const user = idOf(senderChat?.id) ?? idOf(from?.id) ?? channel;
  if (channel === undefined || user === undefined) return null;
  const isDirect = textOf(chat?.type) === 'private' || (chat?.type === undefined && !channel.startsWith('-'));
  return {
    platform: 'telegram',
    install: bot.id,
    channel,
    kind: isDirect ? 'direct' : 'group',
    // Groups without topics also number threads of replies, but accept no message for such a number.
    thread: message.is_topic_message === true ? (idOf(message.message_thread_id) ?? null) : null,
    user,
    ...(from?.is_bot === true && !maskAccounts.has(user) && { stranger: 'bot' as const }),
  };
}

function readStranger(message: JsonFields): 'bot' | 'anonymous' | undefined {
  const from = fieldsOf(message.from);
  const user = idOf(from?.id);
  if (user === undefined || maskAccounts.has(user) || message.sender_chat !== undefined) return 'anonymous';
  if (from?.is_bot === true || message.via_bot !== undefined) return 'bot';
  // The forwarder is not the author.
  const isForwarded =
    message.forward_origin !== undefined ||
    message.forward_date !== undefined ||
    message.is_automatic_forward === true;
  return isForwarded ? 'anonymous' : undefined;
}

function isReplyTo(bot: Bot, message: JsonFields | undefined): boolean {
  // Every message in a topic replies to the message that opened the topic.
  return idOf(fieldsOf(message?.from)?.id) === bot.id && message?.forum_topic_created === undefined;
}

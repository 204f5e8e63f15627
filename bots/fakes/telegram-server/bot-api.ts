import { z } from 'zod';
import { ApiError, badRequest } from './api-error.ts';
import type { ChatState, Message, Person } from './chat-state.ts';
import { checkEntities, entity } from './entities.ts';
import type { UpdateQueue } from './update-queue.ts';

/** The state that methods read and change. */
export interface ServerState {
  readonly bot: Person;
  readonly updates: UpdateQueue;
  readonly queries: Map<string, CallbackQuery>;
  readonly commands: Map<string, readonly BotCommand[]>;
  webhook: Webhook | undefined;
  chatState(chatId: number): ChatState;
}

export interface CallbackQuery {
  readonly id: string;
  isOld: boolean;
  answer: { readonly text: string | undefined; readonly isAlert: boolean } | undefined;
}

export interface BotCommand {
  readonly command: string;
  readonly description: string;
}

export interface Webhook {
  readonly url: string;
  readonly secretToken: string | undefined;
  lastError: string | undefined;
}

export interface Call {
  readonly params: Readonly<Record<string, unknown>>;
  readonly files: ReadonlyMap<string, { readonly name: string; readonly content: string }>;
  readonly signal: AbortSignal;
}

type Method = (server: ServerState, call: Call) => unknown;

const chatId = z.coerce.number().int();
const button = z
  .looseObject({
    text: z.string().min(1),
    callback_data: z.string().optional(),
    url: z.url({ protocol: /^https?$/u }).optional(),
  })
  .refine(
    (each) => (each.callback_data === undefined) !== (each.url === undefined),
    'button type is unclear',
  );
const inlineKeyboard = z.looseObject({ inline_keyboard: z.array(z.array(button).min(1).max(8)) });
const forceReply = z.looseObject({
  force_reply: z.literal(true),
  selective: z.boolean().optional(),
  input_field_placeholder: z.string().min(1).max(64).optional(),
});
const removeKeyboard = z.looseObject({ remove_keyboard: z.literal(true) });
const markup = z.union([inlineKeyboard, forceReply, removeKeyboard]);

const messagePart = z.object({
  chat_id: chatId,
  text: z.string(),
  entities: z.array(entity).default([]),
  parse_mode: z.undefined('this server takes entities, not markup').optional(),
  message_thread_id: z.int().optional(),
  reply_markup: markup.optional(),
  reply_parameters: z
    .looseObject({ message_id: z.int(), allow_sending_without_reply: z.boolean().optional() })
    .optional(),
  reply_to_message_id: z.int().optional(),
  link_preview_options: z.looseObject({ is_disabled: z.boolean().optional() }).optional(),
});

const commandList = z.array(
  z.object({
    command: z.string().regex(/^[a-z0-9_]{1,32}$/u),
    description: z.string().min(1).max(256),
  }),
);

function checkText(text: string, most: number): void {
  if (text.trim() === '') throw badRequest('message text is empty');
  if (text !== text.trim()) throw badRequest('message text has white space around it');
  if (text.length > most) throw badRequest('message is too long');
}

function keyboard(value: z.infer<typeof markup> | undefined): Pick<Message, 'reply_markup'> {
  if (value === undefined || !('inline_keyboard' in value)) return {};
  const parsed = inlineKeyboard.parse(value);
  if (parsed.inline_keyboard.flat().length > 100) throw badRequest('reply markup is too long');
  for (const { callback_data } of parsed.inline_keyboard.flat()) {
    const bytes = Buffer.byteLength(callback_data ?? 'url');
    if (bytes < 1 || bytes > 64) throw badRequest('BUTTON_DATA_INVALID');
  }
  return {
    reply_markup: {
      inline_keyboard: parsed.inline_keyboard.map((row) =>
        row.map(({ text, callback_data, url }) => ({ text, callback_data, url })),
      ),
    },
  };
}

function repliedTo(
  chat: ChatState,
  { reply_parameters, reply_to_message_id }: z.infer<typeof messagePart> | z.infer<typeof documentPart>,
): Pick<Message, 'reply_to_message'> {
  const id = reply_parameters?.message_id ?? reply_to_message_id;
  if (id === undefined) return {};
  const message = chat.get(id);
  if (message !== undefined) return { reply_to_message: message };
  if (reply_parameters?.allow_sending_without_reply === true) return {};
  throw badRequest('message to be replied not found');
}

function thread(id: number | undefined): Pick<Message, 'message_thread_id'> {
  return id === undefined ? {} : { message_thread_id: id };
}

const documentPart = messagePart.omit({ text: true, entities: true }).extend({
  caption: z.string().optional(),
  caption_entities: z.array(entity).default([]),
});

export const botMethods: Readonly<Record<string, Method>> = {
  getme: ({ bot }) => ({ ...bot, can_join_groups: true, can_read_all_group_messages: false }),

  getupdates: async ({ updates, webhook }, { params, signal }) => {
    if (webhook !== undefined) {
      throw new ApiError(
        409,
        "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first",
      );
    }
    const { offset, limit, timeout } = z
      .object({
        offset: z.coerce.number().int().default(0),
        limit: z.coerce.number().int().min(1).max(100).default(100),
        timeout: z.coerce.number().int().nonnegative().default(0),
      })
      .parse(params);
    return await updates.poll(offset, limit, Math.min(timeout, 50), signal);
  },

  setwebhook: (server, { params }) => {
    const { url, secret_token } = z
      .object({
        url: z.union([z.literal(''), z.url()]),
        secret_token: z
          .string()
          .regex(/^[A-Za-z0-9_-]{1,256}$/u)
          .optional(),
      })
      .parse(params);
    server.webhook = url === '' ? undefined : { url, secretToken: secret_token, lastError: undefined };
    return true;
  },

  deletewebhook: (server, { params }) => {
    if (params.drop_pending_updates === true) server.updates.confirm(Number.POSITIVE_INFINITY);
    server.webhook = undefined;
    return true;
  },

  getwebhookinfo: ({ webhook, updates }) => ({
    url: webhook?.url ?? '',
    has_custom_certificate: false,
    pending_update_count: updates.unconfirmed.length,
    ...(webhook?.lastError === undefined
      ? {}
      : { last_error_message: webhook.lastError, last_error_date: 1 }),
  }),

  sendmessage: (server, { params }) => {
    const part = messagePart.parse(params);
    const chat = server.chatState(part.chat_id);
    chat.checkOpen();
    chat.checkTopic(part.message_thread_id);
    checkText(part.text, 4096);
    checkEntities(part.text, part.entities);
    const message = chat.add({
      from: server.bot,
      text: part.text,
      entities: part.entities,
      ...thread(part.message_thread_id),
      ...repliedTo(chat, part),
      ...keyboard(part.reply_markup),
    });
    if (part.reply_markup !== undefined && 'force_reply' in part.reply_markup) {
      chat.asksForReply(message.message_id);
    }
    return message;
  },

  senddocument: (server, { params, files }) => {
    const part = documentPart.parse(params);
    const file = files.get('document');
    if (file === undefined || file.content === '') throw badRequest('file must be non-empty');
    const chat = server.chatState(part.chat_id);
    chat.checkOpen();
    chat.checkTopic(part.message_thread_id);
    if ((part.caption ?? '').length > 1024) throw badRequest('message caption is too long');
    checkEntities(part.caption ?? '', part.caption_entities);
    const message = chat.add({
      from: server.bot,
      ...(part.caption === undefined ? {} : { caption: part.caption }),
      document: {
        file_id: `file-${part.chat_id}-${file.name}`,
        file_name: file.name,
        file_size: file.content.length,
      },
      ...thread(part.message_thread_id),
      ...repliedTo(chat, part),
      ...keyboard(part.reply_markup),
    });
    chat.attach(message.message_id, file);
    return message;
  },

  editmessagetext: (server, { params }) => {
    const part = messagePart.extend({ message_id: z.int() }).parse(params);
    const chat = server.chatState(part.chat_id);
    chat.checkOpen();
    checkText(part.text, 4096);
    checkEntities(part.text, part.entities);
    const next = keyboard(part.reply_markup);
    return chat.edit(part.message_id, server.bot.id, (message) => {
      message.text = part.text;
      message.entities = part.entities;
      // An edit removes omitted parts, the buttons too.
      delete message.reply_markup;
      Object.assign(message, next);
    });
  },

  editmessagereplymarkup: (server, { params }) => {
    const part = z
      .object({ chat_id: chatId, message_id: z.int(), reply_markup: inlineKeyboard.optional() })
      .parse(params);
    const chat = server.chatState(part.chat_id);
    chat.checkOpen();
    const next = keyboard(part.reply_markup);
    return chat.edit(part.message_id, server.bot.id, (message) => {
      delete message.reply_markup;
      Object.assign(message, next);
    });
  },

  deletemessage: (server, { params }) => {
    const part = z.object({ chat_id: chatId, message_id: z.int() }).parse(params);
    server.chatState(part.chat_id).delete(part.message_id, server.bot.id);
    return true;
  },

  answercallbackquery: ({ queries }, { params }) => {
    const part = z
      .object({
        callback_query_id: z.string(),
        text: z.string().max(200).optional(),
        show_alert: z.boolean().default(false),
      })
      .parse(params);
    const query = queries.get(part.callback_query_id);
    if (query === undefined || query.isOld) {
      throw badRequest('query is too old and response timeout expired or query ID is invalid');
    }
    query.answer = { text: part.text, isAlert: part.show_alert };
    return true;
  },

  setmycommands: (server, { params }) => {
    const { commands } = server;
    const part = z
      .object({
        commands: commandList.max(100),
        scope: z
          .discriminatedUnion('type', [
            z.looseObject({ type: z.enum(['default', 'all_private_chats', 'all_group_chats']) }),
            z.looseObject({ type: z.literal('chat'), chat_id: chatId }),
          ])
          .default({ type: 'default' }),
        language_code: z.string().optional(),
      })
      .parse(params);
    const { scope } = part;
    if (scope.type === 'chat') server.chatState(scope.chat_id).checkOpen();
    commands.set(scope.type === 'chat' ? `chat ${scope.chat_id}` : scope.type, part.commands);
    return true;
  },

  sendchataction: (server, { params }) => {
    const part = z.object({ chat_id: chatId, action: z.string().min(1) }).parse(params);
    server.chatState(part.chat_id).checkOpen();
    return true;
  },
};

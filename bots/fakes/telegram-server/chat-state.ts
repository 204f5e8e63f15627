import { ApiError, badRequest } from './api-error.ts';
import { type Entity, findEntities } from './entities.ts';

export interface Person {
  readonly id: number;
  readonly is_bot: boolean;
  readonly first_name: string;
  readonly username?: string;
  readonly language_code?: string;
}

export interface Chat {
  readonly id: number;
  readonly type: 'private' | 'group' | 'supergroup' | 'channel';
  readonly title?: string;
  readonly first_name?: string;
}

export interface Button {
  readonly text: string;
  readonly callback_data?: string | undefined;
  readonly url?: string | undefined;
}

export interface Message {
  readonly message_id: number;
  readonly date: number;
  readonly chat: Chat;
  readonly from?: Person;
  readonly sender_chat?: Chat;
  readonly message_thread_id?: number;
  text?: string;
  entities?: Entity[];
  caption?: string;
  document?: { readonly file_id: string; readonly file_name: string; readonly file_size: number };
  reply_to_message?: Message;
  reply_markup?: { inline_keyboard: Button[][] };
  edit_date?: number;
  readonly [more: string]: unknown;
}

/** A message of the bot as the people in the chat see it. */
export interface RenderedMessage {
  readonly chat: number;
  readonly id: number;
  readonly text: string;
  /** The labels, row by row. */
  readonly buttons: readonly (readonly string[])[];
  /** What has a meaning in the text, what Telegram finds by itself included. */
  readonly entities: readonly Entity[];
  readonly asksForReply: boolean;
  readonly replyTo: number | undefined;
  readonly thread: number | undefined;
  readonly file: { readonly name: string; readonly content: string } | undefined;
  readonly edits: number;
}

interface StoredMessage {
  readonly message: Message;
  edits: number;
  asksForReply: boolean;
  file: RenderedMessage['file'];
  /** Every button that the message ever had: a slow finger presses one that is gone. */
  readonly pastButtons: Button[];
}

/** One chat with all that was said in it. */
export class ChatState {
  readonly chat: Chat;
  readonly members = new Set<number>();
  /** The topics of a forum by the id of the message that opened each, and whether they take messages. */
  readonly #topics = new Map<number, { readonly root: Message; isClosed: boolean }>();
  readonly #kept = new Map<number, StoredMessage>();
  #lastId = 100;
  #bar: ApiError | undefined;

  constructor(chat: Chat) {
    this.chat = chat;
  }

  /** Why the bot may not write here; undefined opens the chat again. */
  setClosed(reason: ApiError | undefined): void {
    this.#bar = reason;
  }

  checkOpen(): void {
    if (this.#bar !== undefined) throw this.#bar;
  }

  /** Opens a topic, or gives the message that opened it. */
  topic(id: number, by: Person): Message {
    const root: Message = this.#topics.get(id)?.root ?? {
      message_id: id,
      date: Math.floor(Date.now() / 1000),
      chat: this.chat,
      from: by,
      message_thread_id: id,
      forum_topic_created: { name: `Topic ${id}`, icon_color: 1 },
    };
    this.#topics.set(id, { root, isClosed: false });
    return root;
  }

  closeTopic(id: number): void {
    const topic = this.#topics.get(id);
    if (topic !== undefined) topic.isClosed = true;
  }

  deleteTopic(id: number): void {
    this.#topics.delete(id);
  }

  checkTopic(id: number | undefined): void {
    if (id === undefined) return;
    const topic = this.#topics.get(id);
    if (topic === undefined) throw badRequest('message thread not found');
    if (topic.isClosed) throw badRequest('TOPIC_CLOSED');
  }

  add(part: Omit<Message, 'message_id' | 'date' | 'chat'>): Message {
    this.#lastId += 1;
    const message: Message = {
      message_id: this.#lastId,
      date: Math.floor(Date.now() / 1000),
      chat: this.chat,
      ...part,
    };
    this.#kept.set(message.message_id, {
      message,
      edits: 0,
      asksForReply: false,
      file: undefined,
      pastButtons: (message.reply_markup?.inline_keyboard ?? []).flat(),
    });
    return message;
  }

  get(id: number): Message | undefined {
    return this.#kept.get(id)?.message;
  }

  asksForReply(id: number): void {
    const kept = this.#kept.get(id);
    if (kept !== undefined) kept.asksForReply = true;
  }

  attach(id: number, file: NonNullable<RenderedMessage['file']>): void {
    const kept = this.#kept.get(id);
    if (kept !== undefined) kept.file = file;
  }

  /** A bot that is no administrator takes away what it has written itself. */
  delete(id: number, botId: number): void {
    const kept = this.#kept.get(id);
    if (kept === undefined) throw badRequest('message to delete not found');
    if (kept.message.from?.id !== botId && this.chat.type !== 'private') {
      throw badRequest("message can't be deleted");
    }
    this.#kept.delete(id);
  }

  edit(id: number, botId: number, change: (message: Message) => void): Message {
    const kept = this.#kept.get(id);
    if (kept === undefined) throw badRequest('message to edit not found');
    if (kept.message.from?.id !== botId) throw badRequest("message can't be edited");
    if (kept.message.document !== undefined) throw badRequest('there is no text in the message to edit');
    const before = worded(kept.message);
    change(kept.message);
    if (worded(kept.message) === before) {
      throw badRequest(
        'message is not modified: specified new message content and reply markup are exactly the same as a current content and reply markup of the message',
      );
    }
    kept.message.edit_date = Math.floor(Date.now() / 1000);
    kept.edits += 1;
    kept.pastButtons.push(...(kept.message.reply_markup?.inline_keyboard ?? []).flat());
    return kept.message;
  }

  button(id: number, label: string, isStale: boolean): Button | undefined {
    const kept = this.#kept.get(id);
    const now = (kept?.message.reply_markup?.inline_keyboard ?? []).flat();
    return (isStale ? (kept?.pastButtons ?? []) : now).find(({ text }) => text === label);
  }

  /** What the bot has written, oldest first. */
  renderedMessages(botId: number): RenderedMessage[] {
    return [...this.#kept.values()].filter(({ message }) => message.from?.id === botId).map(toSeen);
  }

  /** A group that became a supergroup goes on under another id. */
  migratedTo(chat: Chat): ChatState {
    const next = new ChatState(chat);
    for (const member of this.members) next.members.add(member);
    this.setClosed(
      new ApiError(400, 'Bad Request: group chat was upgraded to a supergroup chat', {
        migrate_to_chat_id: chat.id,
      }),
    );
    return next;
  }
}

function worded({ text, entities, caption, reply_markup }: Message): string {
  return JSON.stringify([text, entities ?? [], caption, reply_markup?.inline_keyboard ?? []]);
}

function toSeen({ message, edits, asksForReply, file }: StoredMessage): RenderedMessage {
  const text = message.text ?? message.caption ?? '';
  const given = message.entities ?? [];
  return {
    chat: message.chat.id,
    id: message.message_id,
    text,
    buttons: (message.reply_markup?.inline_keyboard ?? []).map((row) => row.map((button) => button.text)),
    entities: [...given, ...findEntities(text, given)],
    asksForReply,
    replyTo: message.reply_to_message?.message_id,
    thread: message.message_thread_id,
    file,
    edits,
  };
}

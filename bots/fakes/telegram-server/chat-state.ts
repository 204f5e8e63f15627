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

/** A message of the bot as users see it. */
export interface RenderedMessage {
  readonly chat: number;
  readonly id: number;
  readonly text: string;
  /** The labels, by row. */
  readonly buttons: readonly (readonly string[])[];
  /** The entities of the text, with those that Telegram finds by itself. */
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
  /** Every button that the message ever had: a late press may hit a removed one. */
  readonly pastButtons: Button[];
}

/** One chat with its messages. */
export class ChatState {
  readonly chat: Chat;
  readonly members = new Set<number>();
  /** The topics of a forum, by the id of the message that opened each. */
  readonly #topics = new Map<number, { readonly root: Message; isClosed: boolean }>();
  readonly #stored = new Map<number, StoredMessage>();
  #lastId = 100;
  #closedBy: ApiError | undefined;

  constructor(chat: Chat) {
    this.chat = chat;
  }

  /** Sets the error for messages of the bot; undefined opens the chat again. */
  setClosed(reason: ApiError | undefined): void {
    this.#closedBy = reason;
  }

  checkOpen(): void {
    if (this.#closedBy !== undefined) throw this.#closedBy;
  }

  /** Opens a topic if necessary, and returns its first message. */
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
    this.#stored.set(message.message_id, {
      message,
      edits: 0,
      asksForReply: false,
      file: undefined,
      pastButtons: (message.reply_markup?.inline_keyboard ?? []).flat(),
    });
    return message;
  }

  get(id: number): Message | undefined {
    return this.#stored.get(id)?.message;
  }

  asksForReply(id: number): void {
    const stored = this.#stored.get(id);
    if (stored !== undefined) stored.asksForReply = true;
  }

  attach(id: number, file: NonNullable<RenderedMessage['file']>): void {
    const stored = this.#stored.get(id);
    if (stored !== undefined) stored.file = file;
  }

  /** A bot without administrator rights deletes only its own messages. */
  delete(id: number, botId: number): void {
    const stored = this.#stored.get(id);
    if (stored === undefined) throw badRequest('message to delete not found');
    if (stored.message.from?.id !== botId && this.chat.type !== 'private') {
      throw badRequest("message can't be deleted");
    }
    this.#stored.delete(id);
  }

  edit(id: number, botId: number, change: (message: Message) => void): Message {
    const stored = this.#stored.get(id);
    if (stored === undefined) throw badRequest('message to edit not found');
    if (stored.message.from?.id !== botId) throw badRequest("message can't be edited");
    if (stored.message.document !== undefined) throw badRequest('there is no text in the message to edit');
    const before = contentOf(stored.message);
    change(stored.message);
    if (contentOf(stored.message) === before) {
      throw badRequest(
        'message is not modified: specified new message content and reply markup are exactly the same as a current content and reply markup of the message',
      );
    }
    stored.message.edit_date = Math.floor(Date.now() / 1000);
    stored.edits += 1;
    stored.pastButtons.push(...(stored.message.reply_markup?.inline_keyboard ?? []).flat());
    return stored.message;
  }

  button(id: number, label: string, isStale: boolean): Button | undefined {
    const stored = this.#stored.get(id);
    const now = (stored?.message.reply_markup?.inline_keyboard ?? []).flat();
    return (isStale ? (stored?.pastButtons ?? []) : now).find(({ text }) => text === label);
  }

  /** Returns the bot's messages, oldest first. */
  renderedMessages(botId: number): RenderedMessage[] {
    return [...this.#stored.values()].filter(({ message }) => message.from?.id === botId).map(toRendered);
  }

  /** Turns the group into a supergroup with another id. */
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

function contentOf({ text, entities, caption, reply_markup }: Message): string {
  return JSON.stringify([text, entities ?? [], caption, reply_markup?.inline_keyboard ?? []]);
}

function toRendered({ message, edits, asksForReply, file }: StoredMessage): RenderedMessage {
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

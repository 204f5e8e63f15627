import { randomInt } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { ApiError, badRequest } from './api-error.ts';
import {
  type BotCommand,
  botMethods,
  type Call,
  type CallbackQuery,
  type ServerState,
  type Webhook,
} from './bot-api.ts';
import { type Chat, ChatState, type Message, type Person, type RenderedMessage } from './chat-state.ts';
import { findEntities } from './entities.ts';
import { type Fault, Faults } from './faults.ts';
import { readCall } from './request-parameters.ts';
import { type Update, UpdateQueue } from './update-queue.ts';
import { sendToWebhook } from './webhook-sender.ts';

export interface TelegramServerOptions {
  /** The path of the API, as behind a proxy: `/telegram`. */
  readonly path?: string;
  /** Takes texts with markup of HTML and white space around them, too: OpenClaw sends such ones. HQ sends entities. */
  readonly acceptsHtml?: boolean;
}

export interface WriteOptions {
  readonly replyTo?: Pick<RenderedMessage, 'id'>;
  readonly thread?: number;
  /** `anonymous`: as an anonymous administrator of the group. A chat: as that channel. */
  readonly as?: 'anonymous' | Chat;
  readonly isForwarded?: boolean;
}

/** A press and the answer to its callback query. */
export interface Press {
  readonly id: string;
  answer(): CallbackQuery['answer'];
}

export interface RecordedCall extends Call {
  readonly method: string;
  readonly at: number;
}

const anonymousAdmin: Person = {
  id: 1087968824,
  is_bot: true,
  first_name: 'Group',
  username: 'GroupAnonymousBot',
};

export class TelegramServer {
  readonly token = '7000001:AAFakeTokenOfTheTestServer_0123456789';
  readonly bot: Person = { id: 7000001, is_bot: true, first_name: 'HQ', username: 'hq_test_bot' };
  /** Every call, in order. */
  readonly calls: RecordedCall[] = [];
  readonly #server: Server;
  readonly #path: string;
  readonly #acceptsHtml: boolean;
  readonly #ending = new AbortController();
  readonly #faults = new Faults();
  readonly #chats = new Map<number, ChatState>();
  readonly #state: ServerState;
  readonly #webhook: Promise<void>;
  #isRevoked = false;
  // Ids that no other server uses: tests share one database.
  #lastPerson = randomInt(1_000_000, 4_000_000_000);
  #lastGroup = -randomInt(1_000_000, 4_000_000_000);
  #lastUpdate = randomInt(1_000_000, 900_000_000);
  #lastQuery = 0;

  constructor(server: Server, { path = '', acceptsHtml = false }: TelegramServerOptions) {
    this.#server = server;
    this.#path = path;
    this.#acceptsHtml = acceptsHtml;
    this.#state = {
      bot: this.bot,
      updates: new UpdateQueue(),
      queries: new Map(),
      commands: new Map(),
      webhook: undefined,
      chatState: (id) => this.#chat(id),
    };
    server.on('request', (request, response) => void this.#serve(request, response));
    this.#webhook = sendToWebhook(this.#state, this.#ending.signal);
  }

  /** The API root, without a slash at the end. */
  get url(): string {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('The server does not listen.');
    return `http://127.0.0.1:${address.port}${this.#path}`;
  }

  get isPolled(): boolean {
    return this.#state.updates.isPolled;
  }

  /** Updates that no poll has confirmed and no webhook has accepted. */
  get unconfirmed(): readonly Update[] {
    return this.#state.updates.unconfirmed;
  }

  get webhook(): Readonly<Webhook> | undefined {
    return this.#state.webhook;
  }

  /** The command menu of a scope, such as `all_private_chats`. */
  commands(scope: string): readonly BotCommand[] {
    return this.#state.commands.get(scope) ?? [];
  }

  person(name: string, isBot = false): Person {
    this.#lastPerson += 1;
    return {
      id: this.#lastPerson,
      is_bot: isBot,
      first_name: name,
      username: name.toLowerCase(),
      language_code: 'en',
    };
  }

  /** Returns the direct chat of a user with the bot. */
  direct(person: Person): Chat {
    return this.#open({ id: person.id, type: 'private', first_name: person.first_name }, [person]);
  }

  group(title: string, members: readonly Person[], type: 'group' | 'supergroup' | 'channel' = 'group'): Chat {
    this.#lastGroup -= 1;
    const id = type === 'group' ? this.#lastGroup : this.#lastGroup - 1_000_000_000_000;
    return this.#open({ id, type, title }, members);
  }

  /** Sends a message of a user. In groups, privacy mode passes commands and replies to the bot only. */
  write(person: Person, chat: Chat, text: string, options: WriteOptions = {}): Message {
    const chatState = this.#chat(chat.id);
    const { replyTo, thread, as, isForwarded } = options;
    // A message in a topic replies to the first message of the topic by default.
    const topic = thread === undefined ? undefined : chatState.topic(thread, person);
    const repliedTo = replyTo === undefined ? topic : chatState.get(replyTo.id);
    const senderChat = as === 'anonymous' ? chat : as;
    const message = chatState.add({
      from: as === 'anonymous' ? anonymousAdmin : person,
      text,
      entities: findEntities(text, []),
      ...(senderChat === undefined ? {} : { sender_chat: senderChat }),
      ...(thread === undefined ? {} : { message_thread_id: thread, is_topic_message: true }),
      ...(repliedTo === undefined ? {} : { reply_to_message: repliedTo }),
      ...(isForwarded === true
        ? { forward_origin: { type: 'user', date: 1, sender_user: this.person('Stranger') } }
        : {}),
    });
    if (chat.type === 'private') chatState.setClosed(undefined);
    if (this.#isVisibleToBot(message))
      this.#update(chat.type === 'channel' ? 'channel_post' : 'message', message);
    return message;
  }

  /** Presses a button by its label. `isStale`: a removed one too. */
  press(
    person: Person,
    message: Pick<RenderedMessage, 'chat' | 'id'>,
    label: string,
    isStale = false,
  ): Press {
    const chatState = this.#chat(message.chat);
    const button = chatState.button(message.id, label, isStale);
    if (button?.callback_data === undefined) {
      throw new Error(`Message ${message.id} has no button "${label}".`);
    }
    return this.#query(person, chatState.get(message.id), button.callback_data);
  }

  /** Sends data of no button, as a manipulated client can. */
  forge(person: Person, message: Pick<RenderedMessage, 'chat' | 'id'>, data: string): Press {
    return this.#query(person, this.#chat(message.chat).get(message.id), data);
  }

  /** Returns the bot's messages, oldest first. */
  messages(chat: Chat): RenderedMessage[] {
    return this.#chat(chat.id).renderedMessages(this.bot.id);
  }

  last(chat: Chat): RenderedMessage {
    const last = this.messages(chat).at(-1);
    if (last === undefined) throw new Error(`The bot has written nothing to chat ${chat.id}.`);
    return last;
  }

  /** Turns the group into a supergroup, a chat with another id. */
  migrate(group: Chat): Chat {
    this.#lastGroup -= 1;
    const next: Chat = { ...group, type: 'supergroup', id: this.#lastGroup - 1_000_000_000_000 };
    const chatState = this.#chat(group.id);
    this.#chats.set(next.id, chatState.migratedTo(next));
    this.#update('message', chatState.add({ migrate_to_chat_id: next.id }));
    this.#update('message', this.#chat(next.id).add({ migrate_from_chat_id: group.id }));
    return next;
  }

  /** Blocks the bot for a user, or removes it from a group. */
  closeChat(chat: Chat, person: Person): void {
    const isDirect = chat.type === 'private';
    const reason = isDirect ? 'bot was blocked by the user' : `bot was kicked from the ${chat.type} chat`;
    this.#chat(chat.id).setClosed(new ApiError(403, `Forbidden: ${reason}`));
    this.#update('my_chat_member', {
      chat,
      from: person,
      date: 1,
      old_chat_member: { user: this.bot, status: 'member' },
      new_chat_member: { user: this.bot, status: 'kicked' },
    });
  }

  /** Closes a topic of a forum. */
  closeTopic(chat: Chat, thread: number): void {
    this.#chat(chat.id).closeTopic(thread);
  }

  deleteTopic(chat: Chat, thread: number): void {
    this.#chat(chat.id).deleteTopic(thread);
  }

  /** Continues with lower update ids, as after a week without updates. */
  resetUpdateIds(): void {
    this.#lastUpdate = randomInt(1, 900_000);
  }

  /** Refuses every further call with 401, until the token is restored. */
  revoke(isRevoked = true): void {
    this.#isRevoked = isRevoked;
    this.#state.updates.close();
  }

  pollElsewhere(isPolled: boolean): void {
    this.#state.updates.setPolledElsewhere(isPolled);
  }

  /** Adds a fault to the next answers of a method. */
  fail(method: string, fault: Fault, times = 1): void {
    this.#faults.add(method.toLowerCase(), fault, times);
  }

  clearFaults(): void {
    this.#faults.clear();
  }

  /** Expires all callback queries. */
  expireQueries(): void {
    for (const query of this.#state.queries.values()) query.isOld = true;
  }

  /** Delivers an update again, as after a crash. */
  redeliver(update: Update): void {
    this.#state.updates.repeat(update);
  }

  /** Adds an update of any kind. */
  update(kind: string, body: unknown): Update {
    return this.#update(kind, body);
  }

  called(method: string): RecordedCall[] {
    return this.calls.filter((call) => call.method === method.toLowerCase());
  }

  async close(): Promise<void> {
    this.#ending.abort();
    this.#state.updates.close();
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
    await this.#webhook;
  }

  #open(chat: Chat, members: readonly Person[]): Chat {
    const chatState = this.#chats.get(chat.id) ?? new ChatState(chat);
    if (!this.#chats.has(chat.id) && chat.type === 'private') {
      chatState.setClosed(new ApiError(403, "Forbidden: bot can't initiate conversation with a user"));
    }
    for (const { id } of members) chatState.members.add(id);
    this.#chats.set(chat.id, chatState);
    return chat;
  }

  #chat(id: number): ChatState {
    const chatState = this.#chats.get(id);
    if (chatState === undefined) throw badRequest('chat not found');
    return chatState;
  }

  #isVisibleToBot({ chat, text, entities, reply_to_message }: Message): boolean {
    if (chat.type === 'private' || chat.type === 'channel') return true;
    if (reply_to_message?.from?.id === this.bot.id) return true;
    return (entities ?? []).some(({ type, offset, length }) => {
      const [, named] = (text ?? '').slice(offset, offset + length).split('@');
      return type === 'bot_command' && (named === undefined || named.toLowerCase() === this.bot.username);
    });
  }

  #query(person: Person, message: Message | undefined, data: string): Press {
    if (message === undefined) throw new Error('There is no such message.');
    this.#lastQuery += 1;
    const query: CallbackQuery = { id: `query-${this.#lastQuery}`, isOld: false, answer: undefined };
    this.#state.queries.set(query.id, query);
    this.#update('callback_query', { id: query.id, from: person, chat_instance: '1', data, message });
    return { id: query.id, answer: () => query.answer };
  }

  #update(kind: string, body: unknown): Update {
    this.#lastUpdate += 1;
    // A copy: later changes of the message must not show in the update.
    const update: Update = { update_id: this.#lastUpdate, [kind]: structuredClone(body) };
    this.#state.updates.add(update);
    return update;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const closed = new AbortController();
    response.on('close', () => closed.abort());
    try {
      const path = (request.url ?? '/').replace(/\?.*$/u, '');
      const [, token, name] = /^\/bot([^/]+)\/(\w+)$/u.exec(path.slice(this.#path.length)) ?? [];
      const call = await readCall(request, AbortSignal.any([closed.signal, this.#ending.signal]));
      if (!path.startsWith(this.#path) || name === undefined) throw new ApiError(404, 'Not Found');
      const method = name.toLowerCase();
      this.calls.push({ ...call, method, at: performance.now() });
      if (token !== this.token || this.#isRevoked) throw new ApiError(401, 'Unauthorized');
      await this.#answer(method, call, response);
    } catch (error) {
      refuse(response, error);
    }
  }

  async #answer(method: string, call: Call, response: ServerResponse): Promise<void> {
    const fault = this.#faults.take(method);
    if (fault?.kind === 'hang') return;
    if (fault?.kind === 'refuse') {
      throw new ApiError(fault.status, fault.description ?? 'Internal Server Error', fault.parameters);
    }
    if (fault?.kind === 'html') {
      response.writeHead(fault.status ?? 200, { 'content-type': 'text/html' });
      response.end('<html><body><h1>Please sign in to the hotel network</h1></body></html>');
      return;
    }
    const run = botMethods[method];
    if (run === undefined) throw new ApiError(404, 'Not Found');
    const result = await run(this.#state, this.#acceptsHtml ? withoutHtml(call) : call);
    if (this.#isRevoked) throw new ApiError(401, 'Unauthorized');
    if (fault?.kind === 'slow') await delay(fault.ms);
    if (fault?.kind === 'lost') response.destroy();
    else if (fault?.kind === 'stall') {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.write('{"ok":true,"result":');
    } else send(response, 200, { ok: true, result });
  }
}

export async function startTelegramServer(options: TelegramServerOptions = {}): Promise<TelegramServer> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return new TelegramServer(server, options);
}

/** Returns the call with the text that people would see: without its markup, and trimmed as Telegram does it. */
function withoutHtml(call: Call): Call {
  const { parse_mode: mode, text, ...others } = call.params;
  if (typeof text !== 'string') return call;
  if (mode === undefined) return { ...call, params: { ...others, text: text.trim() } };
  if (mode !== 'HTML') return call;
  return { ...call, params: { ...others, text: text.replaceAll(/<[^>]*>/g, '').trim() } };
}

function refuse(response: ServerResponse, error: unknown): void {
  const refusal =
    error instanceof ApiError
      ? error
      : error instanceof z.ZodError
        ? badRequest(`${error.issues[0]?.path.join('.')}: ${error.issues[0]?.message}`)
        : new ApiError(500, `Internal Server Error: ${String(error)}`);
  send(response, refusal.status, {
    ok: false,
    error_code: refusal.status,
    description: refusal.message,
    ...(refusal.parameters === undefined ? {} : { parameters: refusal.parameters }),
  });
}

function send(response: ServerResponse, status: number, body: unknown): void {
  if (response.destroyed) return;
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}

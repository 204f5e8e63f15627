import { randomBytes } from 'node:crypto';
import type { RegisteredCommand } from './command-schemas.ts';
import type { Embed, MessageBody, MessageRow, Modal } from './message-schemas.ts';

export interface DiscordUser {
  readonly id: string;
  readonly username: string;
  readonly bot: boolean;
  readonly system: boolean;
  readonly locale: string;
}

/** Where something is said: a channel of a guild, or the bot's direct messages with one user. */
export interface ChannelRef {
  readonly guild: string | null;
  readonly channel: string;
}

export interface Channel extends ChannelRef {
  readonly name: string;
  /** Whose direct messages these are. */
  readonly recipient: string | null;
  /** `forbidden`: the bot may not see it. `closed`: the user takes no direct messages. */
  access: 'open' | 'forbidden' | 'closed';
}

export interface Attachment {
  readonly filename: string;
  readonly text: string;
}

export interface Message {
  readonly id: string;
  readonly channel: string;
  readonly guild: string | null;
  content: string;
  embeds: readonly Embed[];
  components: readonly MessageRow[];
  attachments: readonly Attachment[];
  /** Who alone sees it; null for everybody in the channel. */
  readonly onlyFor: string | null;
  /** "… is thinking": an answer was promised and is not there yet. */
  loading: boolean;
  deleted: boolean;
  edits: number;
  /** Who would have got a notification: `everyone`, `here`, and the ids of users and roles. */
  readonly pings: string[];
  readonly nonce: string | null;
  readonly suppressEmbeds: boolean;
}

/** One interaction from the user's act to the end of its token. */
export interface Interaction {
  readonly id: string;
  readonly token: string;
  readonly type: number;
  readonly user: DiscordUser;
  readonly where: ChannelRef;
  /** The message whose button was pressed. */
  readonly source: Message | null;
  /** What was, or is to be, sent to the bot. */
  readonly payload: Readonly<Record<string, unknown>>;
  readonly startedAt: number;
  /** The callback's type: 4, 5, 6, 7, 8 or 9; null before it came. */
  answered: number | null;
  answeredInMs: number | null;
  original: Message | null;
  readonly followUps: Message[];
  modal: Modal | null;
  choices: readonly { readonly name: string; readonly value: string | number }[];
}

export interface Session {
  readonly id: string;
  readonly intents: number;
  sequence: number;
  /** What was dispatched, so that a resume can tell it again. */
  readonly sent: { readonly sequence: number; readonly text: string }[];
  deliver: ((text: string) => void) | null;
}

/** What a rule about faults says of one request; the first that matches is used up. */
export interface ScriptedResponse {
  readonly method: string;
  readonly path: RegExp;
  readonly status: number;
  readonly body: unknown;
  readonly headers: Readonly<Record<string, string>>;
  /** Whether the request takes its effect all the same: an answer that is lost on its way. */
  readonly afterwards: boolean;
  /** What takes effect instead, as if another program had said it a moment earlier. */
  readonly rival?: unknown;
  times: number;
}

export interface GuildState {
  readonly applicationId: string;
  readonly botUser: DiscordUser;
  /** The token that holds; another one is answered with 401 and 4004. */
  token: string;
  readonly channels: Map<string, Channel>;
  readonly users: Map<string, DiscordUser>;
  readonly messages: Message[];
  readonly interactions: Map<string, Interaction>;
  readonly sessions: Map<string, Session>;
  commands: readonly RegisteredCommand[];
  readonly scripted: ScriptedResponse[];
  /** Milliseconds that the server's clock is ahead, for tokens that run out. */
  aheadMs: number;
  /** Something changed that somebody may wait for. */
  changed(): void;
}

let lastId = 0n;

/** A snowflake: the time and a counter, unique in this process. */
export function snowflake(): string {
  const next = (BigInt(Date.now()) - 1_420_070_400_000n) << 22n;
  lastId = next > lastId ? next : lastId + 1n;
  return lastId.toString();
}

export const newToken = (): string => randomBytes(32).toString('base64url');

/** A bot token of Discord's form: the bot's id, a time and a signature. */
export const newBotToken = (userId: string): string =>
  `${Buffer.from(userId).toString('base64url')}.${randomBytes(4).toString('base64url')}.${randomBytes(27).toString('base64url')}`;

const ephemeral = 64;
const suppressed = 4;

export function newMessage(
  world: GuildState,
  where: ChannelRef,
  body: MessageBody,
  {
    attachments = [],
    onlyFor = null,
    loading = false,
  }: Partial<Pick<Message, 'attachments' | 'onlyFor' | 'loading'>> = {},
): Message {
  const message: Message = {
    id: snowflake(),
    channel: where.channel,
    guild: where.guild,
    content: '',
    embeds: [],
    components: [],
    attachments,
    onlyFor,
    loading,
    deleted: false,
    edits: 0,
    pings: [],
    nonce: body.nonce === undefined ? null : String(body.nonce),
    suppressEmbeds: ((body.flags ?? 0) & suppressed) !== 0,
  };
  applyBody(message, body);
  world.messages.push(message);
  return message;
}

/** Puts what is named in the body into the message; what is not named stays as it is. */
export function applyBody(message: Message, body: MessageBody): void {
  if (body.content !== undefined) message.content = (body.content ?? '').trim();
  if (body.embeds !== undefined) message.embeds = body.embeds ?? [];
  if (body.components !== undefined) message.components = body.components ?? [];
  message.pings.push(...pingsOf(message.content, body.allowed_mentions));
}

/** Nobody is mentioned by what is in an embed, nor in an edit; an edit counts here all the same, to be strict. */
function pingsOf(content: string, allowed: MessageBody['allowed_mentions']): string[] {
  const parse = allowed ? (allowed.parse ?? []) : ['everyone', 'users', 'roles'];
  const found: string[] = [];
  if (parse.includes('everyone')) {
    for (const [, who] of content.matchAll(/(?<!\\)@(everyone|here)/gu)) if (who) found.push(who);
  }
  for (const [, sign, id] of content.matchAll(/(?<!\\)<@(!?|&)(\d+)>/gu)) {
    const kind = sign === '&' ? 'roles' : 'users';
    const named = allowed?.[kind] ?? [];
    if (id && (parse.includes(kind) || named.includes(id))) found.push(id);
  }
  return found;
}

/** The message as the API gives it. */
export function messageJson(world: GuildState, message: Message): Record<string, unknown> {
  return {
    id: message.id,
    type: 0,
    channel_id: message.channel,
    author: userJson(world.botUser),
    content: message.content,
    embeds: message.embeds.map((one) => ({ type: 'rich', ...one })),
    components: message.components,
    attachments: message.attachments.map((one, index) => ({
      id: String(index),
      filename: one.filename,
      size: Buffer.byteLength(one.text),
      url: `https://cdn.example.test/${index}/${one.filename}`,
      proxy_url: `https://media.example.test/${index}/${one.filename}`,
    })),
    mentions: [],
    mention_roles: [],
    mention_everyone: false,
    pinned: false,
    tts: false,
    timestamp: new Date().toISOString(),
    edited_timestamp: message.edits > 0 ? new Date().toISOString() : null,
    flags:
      (message.onlyFor ? ephemeral : 0) |
      (message.loading ? 128 : 0) |
      (message.suppressEmbeds ? suppressed : 0),
    application_id: world.applicationId,
  };
}

export function userJson(user: DiscordUser): Record<string, unknown> {
  return {
    id: user.id,
    username: user.username,
    discriminator: '0',
    global_name: null,
    avatar: null,
    ...(user.bot && { bot: true }),
    ...(user.system && { system: true }),
  };
}

/** All words that a person reads on it. */
export function renderedText(message: Message): string {
  return [
    message.content,
    ...message.embeds.flatMap((one) => [
      one.author?.name,
      one.title,
      one.description,
      ...(one.fields ?? []).map(({ name, value }) => `${name}: ${value}`),
      one.footer?.text,
    ]),
    ...message.components.flatMap(({ components }) =>
      components.map((one) => (one.type === 2 ? `[${one.label ?? ''}]` : `(${one.placeholder ?? ''})`)),
    ),
    ...message.attachments.map(({ filename }) => `file ${filename}`),
  ]
    .filter((text) => text)
    .join('\n');
}

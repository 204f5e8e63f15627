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

/** A channel of a guild, or the bot's direct messages with one user. */
export interface ChannelRef {
  readonly guild: string | null;
  readonly channel: string;
}

export interface Channel extends ChannelRef {
  readonly name: string;
  /** The user of direct messages. */
  readonly recipient: string | null;
  /** The channel of a thread. */
  readonly parent: string | null;
  /** `forbidden`: the bot may not see it. `closed`: the user accepts no direct messages. */
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
  /** The only user who sees it; null for everybody in the channel. */
  readonly onlyFor: string | null;
  /** Shows "… is thinking" until the answer. */
  loading: boolean;
  deleted: boolean;
  edits: number;
  /** Notified targets: `everyone`, `here`, and the ids of users and roles. */
  readonly pings: string[];
  readonly nonce: string | null;
  readonly suppressEmbeds: boolean;
}

/** One interaction from the user's action to the end of its token. */
export interface Interaction {
  readonly id: string;
  readonly token: string;
  readonly type: number;
  readonly user: DiscordUser;
  readonly where: ChannelRef;
  /** The message with the pressed button. */
  readonly source: Message | null;
  /** The payload for the bot. */
  readonly payload: Readonly<Record<string, unknown>>;
  readonly startedAt: number;
  /** The callback's type: 4, 5, 6, 7, 8 or 9; null before it. */
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
  /** Dispatched events, which a resume sends again. */
  readonly sent: { readonly sequence: number; readonly text: string }[];
  deliver: ((text: string) => void) | null;
}

/** A scripted response; the first matching one is used up. */
export interface ScriptedResponse {
  readonly method: string;
  readonly path: RegExp;
  readonly status: number;
  readonly body: unknown;
  readonly headers: Readonly<Record<string, string>>;
  /** The request takes effect, as if only its answer was lost. */
  readonly afterwards: boolean;
  /** A body that takes effect instead, as if another program had sent it a moment earlier. */
  readonly rival?: unknown;
  times: number;
}

export interface GuildState {
  readonly applicationId: string;
  readonly botUser: DiscordUser;
  /** The valid token; any other is answered with 401 and 4004. */
  token: string;
  readonly channels: Map<string, Channel>;
  readonly users: Map<string, DiscordUser>;
  readonly messages: Message[];
  readonly interactions: Map<string, Interaction>;
  readonly sessions: Map<string, Session>;
  commands: readonly RegisteredCommand[];
  readonly scripted: ScriptedResponse[];
  /** Milliseconds that the server's clock is ahead, for tokens that expire. */
  aheadMs: number;
  /** Runs the checks that wait for a change. */
  changed(): void;
}

let lastId = 0n;

/** Returns a snowflake of time and counter, unique in this process. */
export function snowflake(): string {
  const next = (BigInt(Date.now()) - 1_420_070_400_000n) << 22n;
  lastId = next > lastId ? next : lastId + 1n;
  return lastId.toString();
}

export const newToken = (): string => randomBytes(32).toString('base64url');

/** Returns a token in Discord's format: the bot's id, a time and a signature. */
export const newBotToken = (userId: string): string =>
  `${Buffer.from(userId).toString('base64url')}.${randomBytes(4).toString('base64url')}.${randomBytes(27).toString('base64url')}`;

const ephemeral = 64;
const suppressed = 4;

export function newMessage(
  state: GuildState,
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
  state.messages.push(message);
  return message;
}

/** Applies the parts of the body to the message; missing parts stay unchanged. */
export function applyBody(message: Message, body: MessageBody): void {
  if (body.content !== undefined) message.content = (body.content ?? '').trim();
  if (body.embeds !== undefined) message.embeds = body.embeds ?? [];
  if (body.components !== undefined) message.components = body.components ?? [];
  message.pings.push(...pingsOf(message.content, body.allowed_mentions));
}

/** Discord notifies nobody for embeds and edits; edits count here to be strict. */
function pingsOf(content: string, allowed: MessageBody['allowed_mentions']): string[] {
  const parse = allowed ? (allowed.parse ?? []) : ['everyone', 'users', 'roles'];
  const found: string[] = [];
  if (parse.includes('everyone')) {
    for (const [, audience] of content.matchAll(/(?<!\\)@(everyone|here)/gu))
      if (audience) found.push(audience);
  }
  for (const [, sign, id] of content.matchAll(/(?<!\\)<@(!?|&)(\d+)>/gu)) {
    const kind = sign === '&' ? 'roles' : 'users';
    const named = allowed?.[kind] ?? [];
    if (id && (parse.includes(kind) || named.includes(id))) found.push(id);
  }
  return found;
}

/** Returns the message in the format of the API. */
export function messageJson(state: GuildState, message: Message): Record<string, unknown> {
  return {
    id: message.id,
    type: 0,
    channel_id: message.channel,
    author: userJson(state.botUser),
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
    application_id: state.applicationId,
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

/** Returns all visible text. */
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

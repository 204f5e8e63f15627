import type { IncomingMessage, ServerResponse } from 'node:http';
import { z } from 'zod';
import {
  ApiError,
  closedToDirectMessages,
  missingAccess,
  parseBody,
  unauthorized,
  unknownChannel,
  unknownMessage,
} from './api-error.ts';
import { parseCommands } from './command-schemas.ts';
import {
  type Attachment,
  applyBody,
  type Channel,
  type GuildState,
  type Message,
  messageJson,
  newMessage,
  snowflake,
  userJson,
} from './guild-state.ts';
import { type InteractionResponses, requireContent } from './interaction-responses.ts';
import { messageBody } from './message-schemas.ts';
import type { RateLimits } from './rate-limits.ts';

export interface RecordedRequest {
  readonly method: string;
  /** Without `/api/v10` and the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: unknown;
  readonly attachments: readonly Attachment[];
  readonly authorization: string | null;
}

interface Route {
  readonly method: string;
  readonly path: RegExp;
  /** Authorized by the token in its path instead of the bot's. */
  readonly open?: boolean;
  /** The bucket of the rate limit, from the ids of the path. */
  readonly bucket?: (ids: readonly string[]) => string;
  /** Undefined is answered with 204 and no content type. */
  readonly answer: (recorded: RecordedRequest, ...ids: string[]) => unknown;
}

/** The endpoints of the REST API that a bot like this one can use. Others are answered with 404, as on Discord. */
export class RestApi {
  readonly #state: GuildState;
  readonly #callbacks: InteractionResponses;
  readonly #limits: RateLimits;
  readonly #gatewayAddress: () => string;
  readonly #routes: readonly Route[];
  /** Every request, in order. */
  readonly requests: RecordedRequest[] = [];

  constructor(
    state: GuildState,
    callbacks: InteractionResponses,
    limits: RateLimits,
    gatewayAddress: () => string,
  ) {
    this.#state = state;
    this.#callbacks = callbacks;
    this.#limits = limits;
    this.#gatewayAddress = gatewayAddress;
    this.#routes = [...this.#ownRoutes(), ...this.#channelRoutes(), ...this.#interactionRoutes()];
  }

  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const recorded = await read(request);
    this.requests.push(recorded);
    const rule = this.#state.scripted.find(
      (one) => one.times > 0 && one.method === recorded.method && one.path.test(recorded.path),
    );
    if (rule) {
      rule.times -= 1;
      if (rule.afterwards)
        this.#answer(rule.rival === undefined ? recorded : { ...recorded, body: rule.rival });
      send(response, rule.status, rule.body, rule.headers);
    } else {
      const { status, body, headers } = this.#answer(recorded);
      send(response, status, body, headers);
    }
    this.#state.changed();
  }

  #answer(recorded: RecordedRequest): {
    status: number;
    body: unknown;
    headers: Readonly<Record<string, string>>;
  } {
    let headers: Readonly<Record<string, string>> = {};
    try {
      for (const route of this.#routes) {
        if (route.method !== recorded.method) continue;
        const match = route.path.exec(recorded.path);
        if (!match) continue;
        const ids = match.slice(1).map(decodeURIComponent);
        if (!route.open && recorded.authorization !== `Bot ${this.#state.token}`) throw unauthorized();
        const rate = this.#limits.take(route.bucket?.(ids) ?? null, !route.open);
        headers = rate.headers;
        if (rate.retryAfter !== null) {
          const body = {
            message: 'You are being rate limited.',
            retry_after: rate.retryAfter,
            global: rate.global,
          };
          return { status: 429, body, headers };
        }
        const body = route.answer(recorded, ...ids);
        return { status: body === undefined ? 204 : 200, body, headers };
      }
      throw new ApiError(404, 0, '404: Not Found');
    } catch (error) {
      if (error instanceof ApiError) return { status: error.status, body: error.toJSON(), headers };
      throw error;
    }
  }

  #ownRoutes(): Route[] {
    const state = this.#state;
    const application = (): unknown => applicationJson(state);
    const commands = (): unknown =>
      state.commands.map((one) => ({
        ...one,
        id: snowflake(),
        application_id: state.applicationId,
        version: snowflake(),
      }));
    const register = ({ body }: RecordedRequest, application: string): unknown => {
      if (application !== state.applicationId) throw missingAccess();
      state.commands = parseCommands(body);
      return commands();
    };
    return [
      {
        method: 'GET',
        path: /^\/gateway\/bot$/u,
        answer: () => ({
          url: this.#gatewayAddress(),
          shards: 1,
          session_start_limit: { total: 1000, remaining: 999, reset_after: 14_400_000, max_concurrency: 1 },
        }),
      },
      { method: 'GET', path: /^\/users\/@me$/u, answer: () => userJson(state.botUser) },
      { method: 'GET', path: /^\/applications\/@me$/u, answer: application },
      { method: 'GET', path: /^\/oauth2\/applications\/@me$/u, answer: application },
      {
        method: 'GET',
        path: /^\/users\/@me\/guilds$/u,
        answer: () =>
          [...new Set([...state.channels.values()].flatMap(({ guild }) => guild ?? []))].map((id) => ({
            id,
            name: 'Lab',
            owner: false,
            permissions: '274878024704',
          })),
      },
      { method: 'GET', path: /^\/applications\/(\d+)\/commands$/u, answer: commands },
      { method: 'PUT', path: /^\/applications\/(\d+)\/commands$/u, answer: register },
      { method: 'PUT', path: /^\/applications\/(\d+)\/guilds\/\d+\/commands$/u, answer: register },
      {
        method: 'POST',
        path: /^\/users\/@me\/channels$/u,
        answer: ({ body }) => {
          const { recipient_id: recipient } = parseBody(z.object({ recipient_id: z.string() }), body);
          const channel = [...state.channels.values()].find((one) => one.recipient === recipient);
          if (!channel) throw new ApiError(400, 50_033, 'Invalid Recipient(s)');
          return { id: channel.channel, type: 1, recipients: [{ id: recipient }] };
        },
      },
    ];
  }

  #channelRoutes(): Route[] {
    const messages = /^\/channels\/(\d+)\/messages$/u;
    const message = /^\/channels\/(\d+)\/messages\/(\d+)$/u;
    return [
      {
        method: 'GET',
        path: /^\/channels\/(\d+)$/u,
        answer: (_, id = '') => {
          const channel = this.#channel(id);
          return {
            id,
            type: channel.recipient ? 1 : 0,
            ...(channel.guild && { guild_id: channel.guild, name: channel.name }),
          };
        },
      },
      {
        method: 'POST',
        path: messages,
        bucket: ([channel]) => `messages ${channel}`,
        answer: ({ body, attachments }, id = '') => {
          const channel = this.#channel(id);
          const message = parseBody(messageBody.extend({ enforce_nonce: z.boolean().optional() }), body);
          requireContent(message, attachments);
          const nonce = message.nonce === undefined ? null : String(message.nonce);
          const known =
            message.enforce_nonce && nonce !== null
              ? this.#state.messages.find((one) => one.channel === id && one.nonce === nonce)
              : undefined;
          return messageJson(
            this.#state,
            known ?? newMessage(this.#state, channel, message, { attachments }),
          );
        },
      },
      {
        method: 'GET',
        path: message,
        answer: (_, channel = '', id = '') => messageJson(this.#state, this.#message(channel, id)),
      },
      {
        method: 'PATCH',
        path: message,
        bucket: ([channel]) => `edits ${channel}`,
        answer: ({ body }, channel = '', id = '') => {
          const found = this.#message(channel, id);
          applyBody(found, parseBody(messageBody, body));
          found.edits += 1;
          return messageJson(this.#state, found);
        },
      },
      {
        method: 'DELETE',
        path: message,
        answer: (_, channel = '', id = '') => {
          this.#message(channel, id).deleted = true;
        },
      },
    ];
  }

  #interactionRoutes(): Route[] {
    const state = this.#state;
    const callbacks = this.#callbacks;
    const webhook = /^\/webhooks\/\d+\/([\w-]+)$/u;
    const webhookMessage = /^\/webhooks\/\d+\/([\w-]+)\/messages\/([^/]+)$/u;
    const bucket = ([token]: readonly string[]): string => `webhook ${token}`;
    return [
      {
        method: 'POST',
        path: /^\/interactions\/(\d+)\/([\w-]+)\/callback$/u,
        open: true,
        answer: ({ body, attachments, query }, id = '', token = '') => {
          const { type, original } = callbacks.answer(id, token, body, attachments);
          if (query.get('with_response') !== 'true') return undefined;
          return {
            interaction: { id, type, ...(original && { response_message_id: original.id }) },
            ...(original && { resource: { type: 4, message: messageJson(state, original) } }),
          };
        },
      },
      {
        method: 'POST',
        path: webhook,
        open: true,
        bucket,
        answer: ({ body, attachments }, token = '') =>
          messageJson(state, callbacks.followUp(token, body, attachments)),
      },
      {
        method: 'PATCH',
        path: webhookMessage,
        open: true,
        bucket,
        answer: ({ body, attachments }, token = '', id = '') =>
          messageJson(state, callbacks.editByToken(token, id, body, attachments)),
      },
      {
        method: 'GET',
        path: webhookMessage,
        open: true,
        answer: (_, token = '', id = '') => messageJson(state, callbacks.messageByToken(token, id)),
      },
      {
        method: 'DELETE',
        path: webhookMessage,
        open: true,
        answer: (_, token = '', id = '') => callbacks.deleteByToken(token, id),
      },
    ];
  }

  #channel(id: string): Channel {
    const channel = this.#state.channels.get(id);
    if (!channel) throw unknownChannel();
    if (channel.access === 'forbidden') throw missingAccess();
    if (channel.access === 'closed') throw closedToDirectMessages();
    return channel;
  }

  /** A private message cannot be reached by the bot's token, as on Discord. */
  #message(channel: string, id: string): Message {
    this.#channel(channel);
    const found = this.#state.messages.find((one) => one.channel === channel && one.id === id);
    if (!found || found.deleted || found.onlyFor) throw unknownMessage();
    return found;
  }
}

function applicationJson(state: GuildState): unknown {
  return {
    id: state.applicationId,
    name: 'HQ',
    description: '',
    bot_public: false,
    bot_require_code_grant: false,
    flags: 0,
    verify_key: '',
    bot: userJson(state.botUser),
  };
}

async function read(request: IncomingMessage): Promise<RecordedRequest> {
  const url = new URL(request.url ?? '/', 'http://discord.test');
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  const raw = Buffer.concat(chunks);
  const type = request.headers['content-type'] ?? '';
  const attachments: Attachment[] = [];
  let body: unknown = null;
  if (type.startsWith('multipart/form-data')) {
    const form = await new Response(raw, { headers: { 'content-type': type } }).formData();
    for (const [name, part] of form) {
      if (typeof part === 'string') {
        if (name === 'payload_json') body = JSON.parse(part);
      } else attachments.push({ filename: part.name, text: await part.text() });
    }
  } else if (raw.length > 0) body = JSON.parse(raw.toString('utf8'));
  return {
    method: request.method ?? 'GET',
    path: url.pathname.replace(/^\/api(?:\/v\d+)?/u, ''),
    query: url.searchParams,
    body,
    attachments,
    authorization: request.headers.authorization ?? null,
  };
}

function send(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>>,
): void {
  if (body === undefined) {
    response.writeHead(status, headers).end();
    return;
  }
  const isText = typeof body === 'string';
  const type = isText ? 'text/html' : 'application/json';
  response.writeHead(status, { ...headers, 'content-type': type }).end(isText ? body : JSON.stringify(body));
}

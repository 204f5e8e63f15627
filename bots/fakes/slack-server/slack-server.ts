import { randomBytes, randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type WebSocket, WebSocketServer } from 'ws';
import { z } from 'zod';
import {
  type Delivery,
  deliverOverHttp,
  type Receipt,
  type Signature,
  SocketConnections,
} from './deliveries.ts';
import { type Answer, ApiError, type Arguments, content, type MethodContext, methods } from './web-api.ts';
import { type SlackMessage, Workspace } from './workspace.ts';

/** The bot scopes of the manifest in docs/chat.md. */
const manifestScopes = ['commands', 'chat:write', 'files:write', 'app_mentions:read'];
const triggerLivesMs = 3000;
const responseUses = 5;

export interface Call {
  readonly method: string;
  readonly arguments: Arguments;
  readonly answer: Answer;
  readonly at: number;
}

interface ResponseUrl {
  readonly channel: string;
  readonly user: string;
  usesLeft: number;
  /** The message that `replace_original` replaces. */
  original: SlackMessage | undefined;
}

interface Fault {
  readonly method: string;
  times: number;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly delayMs: number;
  /** The connection breaks instead of an answer. */
  readonly hangsUp: boolean;
}

/** Slack's servers: Web API, Socket Mode, response URLs, uploads. `user-actions.ts` holds the actions of users. */
export class SlackServer {
  readonly workspace = new Workspace();
  readonly sockets = new SocketConnections();
  readonly botToken = `xoxb-${digits()}-${digits()}-${randomBytes(12).toString('hex')}`;
  readonly appToken = `xapp-1-${this.workspace.appId}-${digits()}-${randomBytes(32).toString('hex')}`;
  readonly signingSecret = randomBytes(16).toString('hex');
  /** The scopes of the bot token; tests may remove one. */
  readonly scopes = new Set(manifestScopes);
  /** Every call of the Web API and of response URLs (`response_url`), with its answer. */
  readonly calls: Call[] = [];
  /** Requests with a token that must not be sent there. */
  readonly leakedTokens: string[] = [];
  /** Set to deliver over HTTP instead of Socket Mode. */
  requestUrl: string | undefined;
  /** The number of answers that are being delayed. */
  delayed = 0;
  /** The number of requests that the app aborted before the answer. */
  abandoned = 0;

  readonly #http = createServer((request, response) => {
    response.once('close', () => {
      if (!response.writableFinished) this.abandoned += 1;
    });
    void this.#serve(request, response);
  });
  readonly #sockets = new WebSocketServer({ noServer: true });
  readonly #tickets = new Set<string>();
  readonly #triggers = new Map<string, { user: string; madeAt: number; used: boolean }>();
  readonly #responses = new Map<string, ResponseUrl>();
  readonly #revoked = new Set<string>();
  #faults: Fault[] = [];
  #origin = '';

  get apiUrl(): string {
    return `${this.#origin}/api/`;
  }

  async listen(port: number): Promise<void> {
    this.#http.on('upgrade', (request, socket, head) => {
      const ticket = new URL(request.url ?? '/', this.#origin).searchParams.get('ticket');
      // A ticket opens one connection, once.
      if (ticket === null || !this.#tickets.delete(ticket)) {
        socket.end('HTTP/1.1 401 Unauthorized\r\nconnection: close\r\n\r\n');
        return;
      }
      this.#sockets.handleUpgrade(request, socket, head, (link: WebSocket) =>
        this.sockets.open(link, this.workspace.appId),
      );
    });
    await new Promise<void>((resolve, reject) => {
      this.#http.once('error', reject);
      this.#http.listen(port, '127.0.0.1', resolve);
    });
    const address = this.#http.address();
    if (address === null || typeof address === 'string') throw new Error('the server has no port');
    this.#origin = `http://127.0.0.1:${address.port}`;
  }

  async close(): Promise<void> {
    this.sockets.drop();
    this.#sockets.close();
    this.#http.closeAllConnections();
    await new Promise((resolve) => this.#http.close(resolve));
  }

  /** Revokes a token. */
  revoke(token: string): void {
    this.#revoked.add(token);
    if (token === this.appToken) this.sockets.recycle('link_disabled');
  }

  restore(token: string): void {
    this.#revoked.delete(token);
  }

  /** Rate-limits the next `times` calls of this method. */
  limitRate(method: string, retryAfterSeconds: number, times = 1): void {
    this.fail(method, {
      times,
      status: 429,
      headers: { 'retry-after': String(retryAfterSeconds) },
      body: JSON.stringify({ ok: false, error: 'ratelimited' }),
    });
  }

  /** Replaces the answers to the next `times` calls of this method (`*`: of any). */
  fail(method: string, fault: Partial<Omit<Fault, 'method'>>): void {
    this.#faults.push({
      method,
      times: 1,
      status: 200,
      headers: {},
      body: '',
      delayMs: 0,
      hangsUp: false,
      ...fault,
    });
  }

  /** Frees all messages and records, for tests that run for long. */
  clearHistory(): void {
    this.calls.length = 0;
    this.workspace.messages.length = 0;
    this.sockets.acknowledgements.length = 0;
    this.#faults = this.#faults.filter(({ times }) => times > 0);
    this.#triggers.clear();
    this.#responses.clear();
  }

  called(method: string): Call[] {
    return this.calls.filter((call) => call.method === method);
  }

  /** Delivers over the configured transport. `signed` makes the signature invalid. */
  async deliver(delivery: Delivery, signed?: Partial<Signature>): Promise<Receipt> {
    return this.requestUrl === undefined
      ? this.sockets.deliver(delivery)
      : deliverOverHttp(this.requestUrl, delivery, { secret: this.signingSecret, ...signed });
  }

  newTrigger(user: string): string {
    const id = `${digits()}.${digits()}.${randomBytes(16).toString('hex')}`;
    this.#triggers.set(id, { user, madeAt: Date.now(), used: false });
    return id;
  }

  newResponseUrl(channel: string, user: string, original?: SlackMessage): string {
    const path = `/response/${randomUUID()}`;
    this.#responses.set(path, { channel, user, usesLeft: responseUses, original });
    return `${this.#origin}${path}`;
  }

  /** Posts the message of an acknowledgement or a response URL. */
  respond(to: Pick<ResponseUrl, 'channel' | 'user'>, given: Arguments): SlackMessage {
    return this.workspace.post({
      channel: to.channel,
      thread: typeof given.thread_ts === 'string' ? given.thread_ts : undefined,
      author: this.workspace.botUser,
      onlyFor: given.response_type === 'in_channel' ? undefined : to.user,
      ...content(given),
    });
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = new URL(request.url ?? '/', this.#origin).pathname;
    const body = await bodyOf(request);
    const method = path.startsWith('/api/') ? path.slice('/api/'.length) : (path.split('/')[1] ?? '');
    const fault = this.#faults.find((one) => one.times > 0 && (one.method === method || one.method === '*'));
    if (fault !== undefined) {
      fault.times -= 1;
      this.delayed += 1;
      await new Promise((resolve) => setTimeout(resolve, fault.delayMs));
      this.delayed -= 1;
      if (fault.hangsUp) {
        request.socket.destroy();
        return;
      }
      if (fault.body !== '') {
        response.writeHead(fault.status, { 'content-type': 'application/json', ...fault.headers });
        response.end(fault.body);
        return;
      }
    }
    if (path.startsWith('/api/')) return this.#answerMethod(method, request, body, response);
    if (request.headers.authorization !== undefined) this.leakedTokens.push(path);
    if (path.startsWith('/response/')) return this.#answerResponse(path, body, response);
    if (path.startsWith('/upload/')) return this.#takeUpload(path, request, body, response);
    response.writeHead(404).end();
  }

  #answerMethod(name: string, request: IncomingMessage, body: Buffer, response: ServerResponse): void {
    const given = argumentsOf(request, body);
    const answer = this.#run(name, request, given);
    const { token: _token, ...recorded } = given;
    this.calls.push({ method: name, arguments: recorded, answer, at: Date.now() });
    response.writeHead(200, {
      'content-type': 'application/json; charset=utf-8',
      'x-oauth-scopes': [...this.scopes].join(','),
    });
    response.end(JSON.stringify(answer));
  }

  #run(name: string, request: IncomingMessage, given: Arguments): Answer {
    try {
      const bearer = request.headers.authorization?.replace(/^Bearer /u, '');
      const token = bearer ?? (typeof given.token === 'string' ? given.token : undefined);
      if (token === undefined) throw new ApiError('not_authed');
      if (token !== this.botToken && token !== this.appToken) throw new ApiError('invalid_auth');
      if (this.#revoked.has(token)) throw new ApiError('token_revoked');
      const kind = token === this.appToken ? 'app' : 'bot';
      const method = methods[name];
      if (method === undefined) throw new ApiError('unknown_method', { req_method: name });
      if (method.for !== 'both' && method.for !== kind) throw new ApiError('not_allowed_token_type');
      if (kind === 'bot' && method.scope !== undefined && !this.scopes.has(method.scope))
        throw new ApiError('missing_scope', { needed: method.scope, provided: [...this.scopes].join(',') });
      return { ok: true, ...method.run(given, this.#methodContext(), { kind }) };
    } catch (error) {
      if (error instanceof ApiError) return error.answer;
      throw error;
    }
  }

  #methodContext(): MethodContext {
    return {
      workspace: this.workspace,
      origin: this.#origin,
      scopes: this.scopes,
      sockets: this.sockets,
      newTicket: () => {
        const ticket = randomUUID();
        this.#tickets.add(ticket);
        return ticket;
      },
      useTrigger: (id) => {
        const trigger = this.#triggers.get(id);
        if (trigger === undefined) throw new ApiError('invalid_trigger_id');
        if (trigger.used) throw new ApiError('exchanged_trigger_id');
        if (Date.now() - trigger.madeAt > triggerLivesMs) throw new ApiError('expired_trigger_id');
        trigger.used = true;
        return trigger.user;
      },
    };
  }

  #answerResponse(path: string, body: Buffer, response: ServerResponse): void {
    const given = z.record(z.string(), z.unknown()).parse(JSON.parse(body.toString('utf8')));
    const answer = this.#throughResponseUrl(path, given);
    this.calls.push({ method: 'response_url', arguments: given, answer, at: Date.now() });
    response.writeHead(answer.ok === true ? 200 : 404, { 'content-type': 'application/json' });
    response.end(JSON.stringify(answer));
  }

  #throughResponseUrl(path: string, given: Arguments): Answer {
    const to = this.#responses.get(path);
    if (to === undefined || to.usesLeft === 0) return { ok: false, error: 'used_url' };
    to.usesLeft -= 1;
    try {
      if (given.delete_original === true) {
        if (to.original !== undefined) to.original.deleted = true;
        to.original = undefined;
      } else if (given.replace_original === true && to.original !== undefined) {
        Object.assign(to.original, content(given));
        to.original.edits += 1;
      } else {
        const shown = this.respond(to, given);
        to.original ??= shown;
      }
      return { ok: true };
    } catch (error) {
      if (error instanceof ApiError) return error.answer;
      throw error;
    }
  }

  async #takeUpload(
    path: string,
    request: IncomingMessage,
    body: Buffer,
    response: ServerResponse,
  ): Promise<void> {
    const file = this.workspace.files.find((one) => one.uploadPath === path);
    const type = request.headers['content-type'] ?? '';
    const sent = type.startsWith('multipart/form-data')
      ? await firstFile(new Response(new Uint8Array(body), { headers: { 'content-type': type } }))
      : body;
    if (file === undefined || sent?.length !== file.length) {
      response.writeHead(400).end('the length of the file does not match');
      return;
    }
    file.content = sent;
    response.writeHead(200).end(`OK - ${sent.length}`);
  }
}

async function firstFile(form: Response): Promise<Buffer | undefined> {
  for (const part of (await form.formData()).values()) {
    if (typeof part !== 'string') return Buffer.from(await part.arrayBuffer());
  }
  return undefined;
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}

const json = /^[[{]/u;

/** Form fields are strings; structured ones hold JSON. */
function argumentsOf(request: IncomingMessage, body: Buffer): Arguments {
  const text = body.toString('utf8');
  if (request.headers['content-type']?.startsWith('application/json') === true)
    return z.record(z.string(), z.unknown()).parse(JSON.parse(text === '' ? '{}' : text));
  const structured = new Set(['blocks', 'view', 'files', 'attachments', 'metadata']);
  return Object.fromEntries(
    [...new URLSearchParams(text)].map(([name, value]) => [
      name,
      structured.has(name) && json.test(value) ? JSON.parse(value) : value,
    ]),
  );
}

function digits(): string {
  return String(randomBytes(6).readUIntBE(0, 6)).padStart(12, '1').slice(0, 12);
}

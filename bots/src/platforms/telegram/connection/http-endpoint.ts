import { createHash, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import type { Update } from 'telegraf/types';
import { TelegramError } from '../errors.ts';
import { fieldsOf, integerOf } from '../inbound/json-fields.ts';
import type { TelegramApi } from '../outbound/bot-api.ts';
import type { WebhookSettings } from '../settings.ts';
import { allowedUpdates, type Transport } from './transport.ts';

const mostBytes = 1024 * 1024;
/** Telegram uses a hundred at most; each has to say all that it says within this time. */
const mostConnections = 200;
const requestMs = 10_000;
const mostKnown = 1_000;
/** Telegram sends again what is not answered; until then the update is the answer's to lose. */
const answerWithinMs = 5_000;
const lookEveryMs = 300_000;

/** Is brought updates. Listens on loopback unless told otherwise; what ends TLS stands before it. */
export class WebhookEndpoint implements Transport {
  readonly #api: TelegramApi;
  readonly #settings: WebhookSettings;
  readonly #deliver: (update: Update) => Promise<void>;
  readonly #known = new Map<number, Promise<void>>();
  #server: Server | null = null;

  constructor(api: TelegramApi, settings: WebhookSettings, deliver: (update: Update) => Promise<void>) {
    this.#api = api;
    this.#settings = settings;
    this.#deliver = deliver;
  }

  async open(): Promise<void> {
    this.#server ??= await this.#listen();
    await this.#api.call('setWebhook', {
      url: this.#settings.url,
      secret_token: this.#settings.secret,
      allowed_updates: allowedUpdates,
    });
  }

  async turn(isProbe: boolean, signal: AbortSignal): Promise<void> {
    if (!isProbe) await pause(lookEveryMs, undefined, { signal });
    const { url } = await this.#api.call('getWebhookInfo', {}, { signal });
    if (url !== undefined && url !== this.#settings.url) {
      throw new TelegramError('another program has set another webhook for this bot', { code: 409 });
    }
  }

  /** The webhook stays set: Telegram keeps what comes meanwhile for the next process. */
  async close(): Promise<void> {
    const server = this.#server;
    this.#server = null;
    if (server === null) return;
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    server.closeIdleConnections();
    const patience = setTimeout(() => server.closeAllConnections(), answerWithinMs);
    await closed;
    clearTimeout(patience);
  }

  #listen(): Promise<Server> {
    const { host, port } = this.#settings;
    const server = createServer(
      { requestTimeout: requestMs, headersTimeout: requestMs / 2, connectionsCheckingInterval: 1_000 },
      (request, response) => void this.#serve(request, response),
    );
    server.maxConnections = mostConnections;
    return new Promise((resolve, reject) => {
      server.once('error', (error: NodeJS.ErrnoException) => {
        reject(
          new TelegramError(`${host}:${port} cannot be listened on (${error.code ?? 'unknown reason'})`),
        );
      });
      server.listen(port, host, () => resolve(server));
    });
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const end = (status: number): void => {
      // Who is turned away may still be sending.
      response.writeHead(status, status === 200 ? {} : { connection: 'close' }).end();
    };
    const [path] = (request.url ?? '').split('?');
    if (path !== this.#settings.path || request.method !== 'POST') return end(404);
    if (!isSame(String(request.headers['x-telegram-bot-api-secret-token'] ?? ''), this.#settings.secret)) {
      return end(403);
    }
    const body = await readBody(request);
    if (body === null) return end(413);
    const update = readUpdate(body);
    if (update === null) return end(400);
    end((await this.#isTaken(update)) ? 200 : 503);
  }

  async #isTaken(update: Update): Promise<boolean> {
    const patience = new AbortController();
    const tooLong = pause(answerWithinMs, false, { signal: patience.signal }).catch(() => false);
    const taken = this.#take(update).then(
      () => true,
      () => false,
    );
    const isTaken = await Promise.race([taken, tooLong]);
    patience.abort();
    return isTaken;
  }

  /** One that comes again while the first is still on its way waits with it. */
  #take(update: Update): Promise<void> {
    const known = this.#known.get(update.update_id);
    if (known !== undefined) return known;
    const taken = this.#deliver(update);
    this.#known.set(update.update_id, taken);
    const [oldest] = this.#known.keys();
    if (this.#known.size > mostKnown && oldest !== undefined) this.#known.delete(oldest);
    return taken;
  }
}

/** Null where it is longer than anything that Telegram sends, or breaks off. */
async function readBody(request: IncomingMessage): Promise<string | null> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of request) {
      size += chunk.length;
      if (size > mostBytes) return null;
      chunks.push(chunk);
    }
  } catch {
    return null;
  }
  return Buffer.concat(chunks).toString('utf8');
}

function readUpdate(body: string): Update | null {
  try {
    const update = JSON.parse(body);
    return integerOf(fieldsOf(update)?.update_id) === undefined ? null : update;
  } catch {
    return null;
  }
}

function isSame(given: string, expected: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(expected));
}

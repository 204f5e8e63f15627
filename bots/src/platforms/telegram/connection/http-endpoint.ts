import { createHash, timingSafeEqual } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { withinLimit } from '@hq/shared/program';
import { LRUCache } from 'lru-cache';
import type { Logger } from 'pino';
import type { Update } from 'telegraf/types';
import {
  HttpError,
  type HttpRequest,
  type HttpResponse,
  type HttpServer,
  parseJson,
  serveHttp,
} from '../../http-server.ts';
import { TelegramError } from '../errors.ts';
import { fieldsOf, integerOf } from '../inbound/json-fields.ts';
import type { BotApi } from '../outbound/bot-api.ts';
import type { WebhookSettings } from '../settings.ts';
import { allowedUpdates, type Transport } from './transport.ts';

const maxKnown = 1_000;
/** Telegram delivers an update again without an answer in this time. */
const answerWithinMs = 5_000;
const verifyEveryMs = 300_000;

/** Takes updates from Telegram's webhook. A proxy in front ends TLS. */
export class WebhookEndpoint implements Transport {
  readonly #api: BotApi;
  readonly #settings: WebhookSettings;
  readonly #deliver: (update: Update) => Promise<void>;
  readonly #log: Logger;
  readonly #known = new LRUCache<number, Promise<boolean>>({ max: maxKnown });
  #server: HttpServer | null = null;

  constructor(
    api: BotApi,
    settings: WebhookSettings,
    deliver: (update: Update) => Promise<void>,
    log: Logger,
  ) {
    this.#api = api;
    this.#settings = settings;
    this.#deliver = deliver;
    this.#log = log;
  }

  async open(): Promise<void> {
    this.#server ??= await this.#listen();
    await this.#api('setWebhook', {
      url: this.#settings.url,
      secret_token: this.#settings.secret,
      allowed_updates: allowedUpdates,
    });
  }

  async poll(isProbe: boolean, signal: AbortSignal): Promise<void> {
    if (!isProbe) await delay(verifyEveryMs, undefined, { signal });
    const { url } = await this.#api('getWebhookInfo', {}, { signal });
    if (url !== undefined && url !== this.#settings.url) {
      throw new TelegramError('another program has set another webhook for this bot', { code: 409 });
    }
  }

  /** Leaves the webhook set: Telegram keeps updates for the next process. */
  async close(): Promise<void> {
    const server = this.#server;
    this.#server = null;
    await server?.close();
  }

  async #listen(): Promise<HttpServer> {
    const { host, port } = this.#settings;
    const onError = (error: unknown): void =>
      this.#log.warn(
        { problem: error instanceof Error ? error.name : 'unknown' },
        'A request could not be read',
      );
    try {
      return await serveHttp(this.#settings, (request) => this.#serve(request), onError);
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown reason';
      throw new TelegramError(`HQ cannot listen on ${host}:${port} (${code})`);
    }
  }

  async #serve(request: HttpRequest): Promise<HttpResponse> {
    const { path, secret } = this.#settings;
    if (request.path !== path || request.method !== 'POST') return { status: 404 };
    if (!isEqual(String(request.headers['x-telegram-bot-api-secret-token'] ?? ''), secret)) {
      return { status: 403 };
    }
    const update = parseJson(await request.body());
    if (!isUpdate(update)) throw new HttpError(400, 'The body is not an update');
    return { status: (await withinLimit(answerWithinMs, this.#handle(update))) === true ? 200 : 503 };
  }

  /** Resolves with true once handled. A repeated update waits for the first one. */
  #handle(update: Update): Promise<boolean> {
    const known = this.#known.get(update.update_id);
    if (known !== undefined) return known;
    const handled = this.#deliver(update).then(
      () => true,
      () => false,
    );
    this.#known.set(update.update_id, handled);
    return handled;
  }
}

function isUpdate(value: unknown): value is Update {
  return integerOf(fieldsOf(value)?.update_id) !== undefined;
}

function isEqual(given: string, expected: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(expected));
}

import { createHash, timingSafeEqual } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { withinLimit } from '@hq/shared/program';
import { LRUCache } from 'lru-cache';
import type { Logger } from 'pino';
import type { Update } from 'telegraf/types';
import { type HttpRequest, type HttpResponse, type HttpServer, serveHttp } from '../../http-server.ts';
import { TelegramError } from '../errors.ts';
import { fieldsOf, integerOf } from '../inbound/json-fields.ts';
import type { BotApi } from '../outbound/bot-api.ts';
import type { WebhookSettings } from '../settings.ts';
import { allowedUpdates, type Transport } from './transport.ts';

const maxDeliveries = 1_000;
/** Telegram delivers an update again without an answer in this time. */
const answerWithinMs = 5_000;
const verifyEveryMs = 300_000;

/** Takes updates from Telegram's webhook. A proxy in front ends TLS. */
export function createWebhookEndpoint(
  api: BotApi,
  settings: WebhookSettings,
  deliver: (update: Update) => Promise<void>,
  log: Logger,
): Transport {
  const deliveries = new LRUCache<number, Promise<boolean>>({ max: maxDeliveries });
  let server: HttpServer | null = null;

  /** Resolves with true once handled. A repeated update waits for the first one. */
  function handle(update: Update): Promise<boolean> {
    const known = deliveries.get(update.update_id);
    if (known !== undefined) return known;
    const handled = deliver(update).then(
      () => true,
      () => false,
    );
    deliveries.set(update.update_id, handled);
    return handled;
  }

  return {
    async open() {
      server ??= await listen(settings, handle, log);
      await api('setWebhook', {
        url: settings.url,
        secret_token: settings.secret,
        allowed_updates: allowedUpdates,
      });
    },
    async poll(isProbe, signal) {
      if (!isProbe) await delay(verifyEveryMs, undefined, { signal });
      const { url } = await api('getWebhookInfo', {}, { signal });
      if (url !== undefined && url !== settings.url) {
        throw new TelegramError('another program has set another webhook for this bot', { code: 409 });
      }
    },
    /** Leaves the webhook set: Telegram keeps updates for the next process. */
    async close() {
      await server?.close();
      server = null;
    },
  };
}

function listen(
  settings: WebhookSettings,
  handle: (update: Update) => Promise<boolean>,
  log: Logger,
): Promise<HttpServer> {
  const { path, secret } = settings;
  const serve = async (request: HttpRequest): Promise<HttpResponse> => {
    if (request.path !== path || request.method !== 'POST') return { status: 404 };
    if (!isEqual(String(request.headers['x-telegram-bot-api-secret-token'] ?? ''), secret)) {
      return { status: 403 };
    }
    const body = await request.body();
    if (body === null) return { status: 413 };
    const update: unknown = JSON.parse(body.toString());
    if (!isUpdate(update)) return { status: 400 };
    return { status: (await withinLimit(answerWithinMs, handle(update))) === true ? 200 : 503 };
  };
  return serveHttp(settings, serve, log);
}

function isUpdate(value: unknown): value is Update {
  return integerOf(fieldsOf(value)?.update_id) !== undefined;
}

function isEqual(given: string, expected: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(expected));
}

import { createHmac } from 'node:crypto';
import { HqError } from '@hq/shared/errors';

export const variables = [
  'TELEGRAM_BOT_TOKEN',
  'TELEGRAM_API_ROOT',
  'TELEGRAM_WEBHOOK_URL',
  'TELEGRAM_WEBHOOK_SECRET',
  'TELEGRAM_WEBHOOK_LISTEN',
] as const;

export interface TelegramSettings {
  readonly token: string;
  /** Ends with a slash, so that a path in it is kept. */
  readonly apiRoot: string;
  /** Null: updates are fetched. */
  readonly webhook: WebhookSettings | null;
}

export interface WebhookSettings {
  /** Where Telegram finds it. */
  readonly url: string;
  /** The path of that address, which is the one that is served. */
  readonly path: string;
  readonly secret: string;
  readonly host: string;
  readonly port: number;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** What the environment says, or null where it says nothing of Telegram. */
export function readSettings(env: Environment): TelegramSettings | null {
  const given = (name: (typeof variables)[number]): string | null => env[name]?.trim() || null;
  if (variables.every((name) => given(name) === null)) return null;
  const token = given('TELEGRAM_BOT_TOKEN');
  if (token === null) {
    throw wrong(
      'TELEGRAM_BOT_TOKEN',
      'is missing',
      'BotFather shows it after /newbot, and again with /token.',
    );
  }
  if (/[\s/?#\\]/u.test(token)) {
    throw wrong('TELEGRAM_BOT_TOKEN', 'is not a bot token', 'It looks like 123456789:AA… and has no spaces.');
  }
  const apiRoot = parseUrl('TELEGRAM_API_ROOT', given('TELEGRAM_API_ROOT') ?? 'https://api.telegram.org');
  return {
    token,
    apiRoot: `${apiRoot.origin}${apiRoot.pathname.replace(/\/*$/u, '/')}`,
    webhook: readWebhook(token, given),
  };
}

function readWebhook(
  token: string,
  given: (name: (typeof variables)[number]) => string | null,
): WebhookSettings | null {
  const address = given('TELEGRAM_WEBHOOK_URL');
  if (address === null) return null;
  const url = parseUrl('TELEGRAM_WEBHOOK_URL', address);
  // From the token, so that it stays the same over restarts and is not one more thing to keep.
  const derived = (): string => createHmac('sha256', token).update('hq webhook').digest('hex');
  const secret = given('TELEGRAM_WEBHOOK_SECRET') ?? derived();
  if (!/^[A-Za-z0-9_-]{16,256}$/u.test(secret)) {
    throw wrong(
      'TELEGRAM_WEBHOOK_SECRET',
      'must be 16 to 256 characters of A-Z, a-z, 0-9, _ and -',
      'Leave it out to have one made from the token.',
    );
  }
  const listen = given('TELEGRAM_WEBHOOK_LISTEN') ?? '127.0.0.1:8443';
  const [, host, port] = /^(.+):(\d{1,5})$/u.exec(listen) ?? [];
  if (host === undefined || Number(port) > 65_535) {
    throw wrong('TELEGRAM_WEBHOOK_LISTEN', 'is no HOST:PORT', 'Such as 127.0.0.1:8443.');
  }
  return { url: url.href, path: url.pathname, secret, host, port: Number(port) };
}

function parseUrl(field: string, text: string): URL {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/u.test(url.protocol)) {
    throw wrong(field, 'is no http(s) address', 'Such as https://example.org/telegram.');
  }
  return url;
}

function wrong(field: string, what: string, hint: string): HqError {
  return new HqError('usage', `${field} ${what}.`, { field, hint });
}

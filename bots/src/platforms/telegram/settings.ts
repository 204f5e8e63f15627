import { createHmac } from 'node:crypto';
import {
  type Environment,
  invalidSetting,
  type ListenAddress,
  parseListenAddress,
  readVariables,
} from '../environment.ts';

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
  /** Null: the adapter polls for updates. */
  readonly webhook: WebhookSettings | null;
}

export interface WebhookSettings extends ListenAddress {
  /** The public address. */
  readonly url: string;
  /** The path of the public address, which the endpoint serves. */
  readonly path: string;
  readonly secret: string;
}

/** Null if none of the variables is set. */
export function readSettings(env: Environment): TelegramSettings | null {
  const given = readVariables(env, variables);
  if (Object.keys(given).length === 0) return null;
  const { TELEGRAM_BOT_TOKEN: token, TELEGRAM_API_ROOT: root = 'https://api.telegram.org' } = given;
  if (token === undefined || /[\s/?#\\]/u.test(token)) {
    throw invalidSetting(
      'TELEGRAM_BOT_TOKEN',
      token === undefined ? 'is missing' : 'is not a bot token',
      'BotFather shows it after /newbot and /token. It looks like 123456789:AA… and has no spaces.',
    );
  }
  const { origin, pathname } = parseUrl('TELEGRAM_API_ROOT', root);
  return {
    token,
    apiRoot: `${origin}${pathname.replace(/\/*$/u, '/')}`,
    webhook: readWebhook(token, given),
  };
}

function readWebhook(
  token: string,
  given: Partial<Record<(typeof variables)[number], string>>,
): WebhookSettings | null {
  if (given.TELEGRAM_WEBHOOK_URL === undefined) return null;
  const url = parseUrl('TELEGRAM_WEBHOOK_URL', given.TELEGRAM_WEBHOOK_URL);
  // Derived from the token, it stays the same over restarts without being stored.
  const derived = createHmac('sha256', token).update('hq webhook').digest('hex');
  const secret = given.TELEGRAM_WEBHOOK_SECRET ?? derived;
  if (!/^[A-Za-z0-9_-]{16,256}$/u.test(secret)) {
    throw invalidSetting(
      'TELEGRAM_WEBHOOK_SECRET',
      'must be 16 to 256 characters of A-Z, a-z, 0-9, _ and -',
      'Leave it unset to derive one from the token.',
    );
  }
  const listen = given.TELEGRAM_WEBHOOK_LISTEN ?? '127.0.0.1:8443';
  const address = parseListenAddress('TELEGRAM_WEBHOOK_LISTEN', listen);
  return { url: url.href, path: url.pathname, secret, ...address };
}

function parseUrl(field: string, text: string): URL {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/u.test(url.protocol)) {
    throw invalidSetting(field, 'is not an http(s) address', 'Use one such as https://example.org/telegram.');
  }
  return url;
}

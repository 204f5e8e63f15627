import { createHmac } from 'node:crypto';
import {
  anyText,
  type Environment,
  httpAddress,
  invalidSetting,
  type ListenAddress,
  parseListenAddress,
  readVariables,
} from '../environment.ts';

const tokenHint =
  'BotFather shows it after /newbot and /token. It looks like 123456789:AA… and has no spaces.';
const addressHint = 'Use one such as https://example.org/telegram.';

export const variables = {
  TELEGRAM_BOT_TOKEN: [/^[^\s/?#\\]+$/u, 'is not a bot token', tokenHint],
  TELEGRAM_API_ROOT: [httpAddress, 'is not an http(s) address', addressHint],
  TELEGRAM_WEBHOOK_URL: [httpAddress, 'is not an http(s) address', addressHint],
  TELEGRAM_WEBHOOK_SECRET: [
    /^[A-Za-z0-9_-]{16,256}$/u,
    'must be 16 to 256 characters of A-Z, a-z, 0-9, _ and -',
    'Leave it unset to derive one from the token.',
  ],
  TELEGRAM_WEBHOOK_LISTEN: anyText,
} as const;

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
  if (token === undefined) throw invalidSetting('TELEGRAM_BOT_TOKEN', 'is missing', tokenHint);
  const { origin, pathname } = new URL(root);
  return {
    token,
    apiRoot: `${origin}${pathname.replace(/\/*$/u, '/')}`,
    webhook: readWebhook(token, given),
  };
}

function readWebhook(
  token: string,
  given: Partial<Record<keyof typeof variables, string>>,
): WebhookSettings | null {
  if (given.TELEGRAM_WEBHOOK_URL === undefined) return null;
  const { href: url, pathname: path } = new URL(given.TELEGRAM_WEBHOOK_URL);
  // Derived from the token, it stays the same over restarts without being stored.
  const derived = createHmac('sha256', token).update('hq webhook').digest('hex');
  const { TELEGRAM_WEBHOOK_SECRET: secret = derived, TELEGRAM_WEBHOOK_LISTEN = '127.0.0.1:8443' } = given;
  return { url, path, secret, ...parseListenAddress('TELEGRAM_WEBHOOK_LISTEN', TELEGRAM_WEBHOOK_LISTEN) };
}

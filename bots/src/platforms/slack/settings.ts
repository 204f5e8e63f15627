import {
  type Environment,
  invalidSetting,
  type ListenAddress,
  parseListenAddress,
  readVariables,
} from '../environment.ts';

export const variables = [
  'SLACK_BOT_TOKEN',
  'SLACK_APP_TOKEN',
  'SLACK_SIGNING_SECRET',
  'SLACK_API_URL',
  'SLACK_LISTEN',
] as const;

/** Deliveries come over a WebSocket that the bot opens, or as signed requests to a port of the bot. */
type TransportSettings =
  | { readonly kind: 'socket'; readonly appToken: string }
  | (ListenAddress & { readonly kind: 'http'; readonly signingSecret: string });

export interface SlackSettings {
  readonly botToken: string;
  readonly transport: TransportSettings;
  /** Ends with a slash. */
  readonly apiUrl: string;
}

/** Null if none of the credentials is set. */
export function readSettings(env: Environment): SlackSettings | null {
  const given = readVariables(env, variables);
  const { SLACK_BOT_TOKEN: botToken, SLACK_APP_TOKEN: appToken, SLACK_SIGNING_SECRET: signingSecret } = given;
  if (botToken === undefined && appToken === undefined && signingSecret === undefined) return null;
  if (botToken === undefined) {
    throw invalidSetting(
      'SLACK_BOT_TOKEN',
      'is missing',
      'Copy it from OAuth & Permissions; it begins with xoxb-.',
    );
  }
  if (/^x(?:app|oxp|oxe)[-.]/u.test(botToken)) {
    throw invalidSetting(
      'SLACK_BOT_TOKEN',
      'holds another kind of token',
      'The bot token begins with xoxb-.',
    );
  }
  if (appToken?.startsWith('xox') === true) {
    throw invalidSetting(
      'SLACK_APP_TOKEN',
      'holds another kind of token',
      'The app-level token begins with xapp-.',
    );
  }
  const transport = readTransport(appToken, signingSecret, given.SLACK_LISTEN);
  return { botToken, transport, apiUrl: readApiUrl(given.SLACK_API_URL) };
}

function readTransport(appToken?: string, signingSecret?: string, listen = '3000'): TransportSettings {
  if (appToken !== undefined) return { kind: 'socket', appToken };
  if (signingSecret === undefined) {
    throw invalidSetting(
      'SLACK_APP_TOKEN',
      'is missing, and so is SLACK_SIGNING_SECRET',
      'Set SLACK_APP_TOKEN for Socket Mode (recommended), or SLACK_SIGNING_SECRET to take requests over HTTP.',
    );
  }
  return { kind: 'http', signingSecret, ...parseListenAddress('SLACK_LISTEN', listen, '127.0.0.1') };
}

/** The bot token is sent there, so it must be https or this machine. */
function readApiUrl(text = 'https://slack.com/api/'): string {
  const url = URL.parse(text);
  const isLoopback = url !== null && /^(?:localhost|127\..*|\[::1\])$/u.test(url.hostname);
  if (url?.protocol !== 'https:' && !(url?.protocol === 'http:' && isLoopback)) {
    throw invalidSetting(
      'SLACK_API_URL',
      'is neither an https address nor one on this machine',
      'Leave it unset for Slack itself.',
    );
  }
  return url.href.replace(/\/*$/u, '/');
}

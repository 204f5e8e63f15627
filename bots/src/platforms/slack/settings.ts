import {
  anyText,
  type Environment,
  invalidSetting,
  type ListenAddress,
  parseListenAddress,
  readVariables,
} from '../environment.ts';

const botTokenHint = 'Copy it from OAuth & Permissions; it begins with xoxb-.';

export const variables = {
  SLACK_BOT_TOKEN: [/^(?!x(?:app|oxp|oxe)[-.])/u, 'holds another kind of token', botTokenHint],
  SLACK_APP_TOKEN: [/^(?!xox)/u, 'holds another kind of token', 'The app-level token begins with xapp-.'],
  SLACK_SIGNING_SECRET: anyText,
  // The bot token is sent there.
  SLACK_API_URL: [
    /^https:\/\/[^\s/]|^http:\/\/(?:localhost|127\.[\d.]+|\[::1\])(?:[:/]|$)/u,
    'is neither an https address nor one on this machine',
    'Leave it unset for Slack itself.',
  ],
  SLACK_LISTEN: anyText,
} as const;

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
  if (botToken === undefined) throw invalidSetting('SLACK_BOT_TOKEN', 'is missing', botTokenHint);
  const transport = readTransport(appToken, signingSecret, given.SLACK_LISTEN);
  const { href } = new URL(given.SLACK_API_URL ?? 'https://slack.com/api/');
  return { botToken, transport, apiUrl: href.replace(/\/*$/u, '/') };
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

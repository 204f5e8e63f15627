import { HqError } from '@hq/shared/errors';

export const variables = [
  'SLACK_BOT_TOKEN',
  'SLACK_APP_TOKEN',
  'SLACK_SIGNING_SECRET',
  'SLACK_API_URL',
  'SLACK_LISTEN',
] as const;
type Variable = (typeof variables)[number];

/** How deliveries come: over a WebSocket that the bot opens, or as signed requests to a port of it. */
type Ingress =
  | { readonly kind: 'socket'; readonly appToken: string }
  | {
      readonly kind: 'http';
      readonly signingSecret: string;
      readonly host: string;
      readonly port: number;
    };

export interface SlackSettings {
  readonly botToken: string;
  readonly transport: Ingress;
  readonly apiUrl: string;
}

/** Null where none of the credentials is set. */
export function readSettings(env: Readonly<Record<string, string | undefined>>): SlackSettings | null {
  const value = (name: Variable): string | undefined => env[name]?.trim() || undefined;
  const botToken = value('SLACK_BOT_TOKEN');
  const appToken = value('SLACK_APP_TOKEN');
  const signingSecret = value('SLACK_SIGNING_SECRET');
  if (botToken === undefined && appToken === undefined && signingSecret === undefined) return null;

  if (botToken === undefined)
    throw wrong(
      'SLACK_BOT_TOKEN',
      'The Slack bot token is missing.',
      'It begins with xoxb- and stands under OAuth & Permissions.',
    );
  if (/^x(?:app|oxp|oxe)[-.]/u.test(botToken))
    throw wrong(
      'SLACK_BOT_TOKEN',
      'SLACK_BOT_TOKEN holds another kind of token.',
      'The bot token begins with xoxb-.',
    );
  if (appToken?.startsWith('xox') === true)
    throw wrong(
      'SLACK_APP_TOKEN',
      'SLACK_APP_TOKEN holds another kind of token.',
      'The app-level token begins with xapp-.',
    );
  return {
    botToken,
    transport: ingressOf(appToken, signingSecret, value('SLACK_LISTEN')),
    apiUrl: apiUrl(value('SLACK_API_URL')),
  };
}

function ingressOf(
  appToken: string | undefined,
  signingSecret: string | undefined,
  listen: string | undefined,
): Ingress {
  if (appToken !== undefined) return { kind: 'socket', appToken };
  if (signingSecret === undefined)
    throw wrong(
      'SLACK_APP_TOKEN',
      'Slack has no way to reach the bot: neither an app-level token nor a signing secret is set.',
      'Set SLACK_APP_TOKEN for Socket Mode (the usual way), or SLACK_SIGNING_SECRET to take requests over HTTP.',
    );
  const [, host, port] = /^(?:(.*):)?(\d{1,5})$/u.exec(listen ?? '3000') ?? [];
  if (port === undefined || Number(port) > 65_535)
    throw wrong(
      'SLACK_LISTEN',
      'SLACK_LISTEN is no address to listen on.',
      'Write a port, or host:port; 127.0.0.1:3000 is the default.',
    );
  return { kind: 'http', signingSecret, host: host || '127.0.0.1', port: Number(port) };
}

/** The token goes there, so it is https or this machine. */
function apiUrl(given: string | undefined): string {
  if (given === undefined) return 'https://slack.com/api/';
  const url = URL.canParse(given) ? new URL(given) : undefined;
  const isLoopback = url !== undefined && /^(?:localhost|127\..*|\[::1\])$/u.test(url.hostname);
  if (url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopback))
    return url.href.endsWith('/') ? url.href : `${url.href}/`;
  throw wrong(
    'SLACK_API_URL',
    'SLACK_API_URL is neither an https address nor one on this machine.',
    'Leave it out for Slack itself.',
  );
}

function wrong(field: Variable, message: string, hint: string): HqError {
  return new HqError('usage', message, { field, hint });
}

import { type Logger, pino } from 'pino';
import type { Finding } from '../../contract/adapter.ts';
import { problemOf, slackError } from './errors.ts';
import { webClient } from './outbound/web-client.ts';
import type { SlackSettings } from './settings.ts';

/** What each scope of the manifest is for, in the words of its absence. */
export const neededScopes: Readonly<Record<string, string>> = {
  commands: 'nobody can write /hq',
  'chat:write': 'HQ cannot answer',
  'files:write': 'long output cannot be sent as a file',
  'app_mentions:read': 'mentions in threads are not heard',
};

/** Scopes that would let the token read what is none of HQ's business. */
const tooWide = /^(?:channels|groups|mpim):history$|^users:read\.email$|^chat:write\.customize$|^admin/u;

const settingsPage = 'https://api.slack.com/apps';

/** What is wrong with the tokens and scopes, a sentence for each thing. Nothing is changed in Slack. */
export async function checkSlack(settings: SlackSettings): Promise<Finding[]> {
  const log = pino({ level: 'silent' });
  return [...(await checkBotToken(settings, log)), await checkIngress(settings, log)];
}

async function checkBotToken({ botToken, apiUrl }: SlackSettings, log: Logger): Promise<Finding[]> {
  try {
    const us = await webClient(botToken, apiUrl, log).auth.test();
    return [
      {
        ok: true,
        sentence: `The bot token belongs to ${us.user ?? 'HQ'} in the workspace ${us.team ?? us.team_id}.`,
      },
      ...checkScopes(us.response_metadata?.scopes),
    ];
  } catch (error) {
    return [failed('bot token', error, 'Copy the Bot User OAuth Token (xoxb-…) from OAuth & Permissions.')];
  }
}

function checkScopes(scopes: readonly string[] | undefined): Finding[] {
  if (scopes === undefined)
    return [{ ok: true, sentence: 'Slack did not say which scopes the bot token has.' }];
  const missing = Object.entries(neededScopes).filter(([scope]) => !scopes.includes(scope));
  const wide = scopes.filter((scope) => tooWide.test(scope));
  return [
    ...missing.map(
      ([scope, absence]): Finding => ({
        ok: false,
        sentence: `The scope ${scope} is missing, so ${absence}.`,
        hint: `Add it under OAuth & Permissions at ${settingsPage} and install the app again.`,
      }),
    ),
    ...(missing.length > 0 ? [] : [{ ok: true, sentence: 'The bot token has every scope that HQ needs.' }]),
    ...wide.map(
      (scope): Finding => ({
        ok: true,
        sentence: `The scope ${scope} is not needed by HQ.`,
        hint: 'Take it away: what a token cannot do cannot be misused.',
      }),
    ),
  ];
}

async function checkIngress({ transport, apiUrl }: SlackSettings, log: Logger): Promise<Finding> {
  if (transport.kind === 'http') {
    const isPlausible = /^[0-9a-f]{32}$/u.test(transport.signingSecret);
    return isPlausible
      ? { ok: true, sentence: `Slack's signed requests are taken on ${transport.host}:${transport.port}.` }
      : {
          ok: false,
          sentence: 'The signing secret does not look like one of Slack’s.',
          hint: 'It has 32 characters of 0-9 and a-f, and stands under Basic Information.',
        };
  }
  try {
    await webClient(transport.appToken, apiUrl, log).apps.connections.open({});
    return { ok: true, sentence: 'The app-level token opens Socket Mode.' };
  } catch (error) {
    return failed(
      'app-level token',
      error,
      'Under Basic Information, make an app-level token (xapp-…) with connections:write; under Socket Mode, switch it on.',
    );
  }
}

function failed(what: string, error: unknown, hint: string): Finding {
  const said = slackError(error);
  if (said !== undefined)
    return { ok: false, sentence: `Slack does not accept the ${what} (${said}).`, hint };
  const problem = problemOf(error);
  return problem.kind === 'wait'
    ? { ok: false, sentence: `Slack asks to wait before the ${what} can be looked at.` }
    : {
        ok: false,
        sentence: `The ${what} could not be looked at. ${'reason' in problem ? problem.reason : ''}`.trim(),
        hint: 'Look whether this machine reaches slack.com.',
      };
}

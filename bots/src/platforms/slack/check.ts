import { type Logger, pino } from 'pino';
import type { Finding } from '../../contract/adapter.ts';
import { failed, passed } from '../finding.ts';
import { describeProblem } from '../send-attempts.ts';
import { slackErrorCode, toProblem } from './errors.ts';
import { createWebClient } from './outbound/web-client.ts';
import type { SlackSettings } from './settings.ts';

/** The scopes of the manifest, each with the effect of its absence. */
export const neededScopes: Readonly<Record<string, string>> = {
  commands: 'nobody can use /hq',
  'chat:write': 'HQ cannot answer',
  'files:write': 'long output cannot be sent as a file',
  'app_mentions:read': 'mentions in threads do not reach HQ',
};

/** Scopes that let the token read or do more than HQ needs. */
const excessiveScope =
  /^(?:channels|groups|mpim):history$|^users:read\.email$|^chat:write\.customize$|^admin/u;

const settingsPage = 'https://api.slack.com/apps';

/** Checks the tokens and their scopes without changing anything in Slack. */
export async function checkSlack(settings: SlackSettings): Promise<readonly Finding[]> {
  const log = pino({ level: 'silent' });
  return [...(await checkBotToken(settings, log)), await checkTransport(settings, log)];
}

async function checkBotToken({ botToken, apiUrl }: SlackSettings, log: Logger): Promise<Finding[]> {
  try {
    const identity = await createWebClient(botToken, apiUrl, log).auth.test();
    const workspace = identity.team ?? identity.team_id;
    return [
      passed(`The bot token belongs to ${identity.user ?? 'HQ'} in the workspace ${workspace}.`),
      ...checkScopes(identity.response_metadata?.scopes),
    ];
  } catch (error) {
    return [explain('bot token', error, 'Copy the Bot User OAuth Token (xoxb-…) from OAuth & Permissions.')];
  }
}

function checkScopes(scopes: readonly string[] | undefined): Finding[] {
  if (scopes === undefined) return [passed('Slack did not list the scopes of the bot token.')];
  const missing = Object.entries(neededScopes).filter(([scope]) => !scopes.includes(scope));
  return [
    ...missing.map(([scope, effect]) =>
      failed(
        `The scope ${scope} is missing, so ${effect}.`,
        `Add it under OAuth & Permissions at ${settingsPage} and reinstall the app.`,
      ),
    ),
    ...(missing.length > 0 ? [] : [passed('The bot token has every scope that HQ needs.')]),
    ...scopes
      .filter((scope) => excessiveScope.test(scope))
      .map((scope) =>
        passed(`The scope ${scope} is not needed by HQ.`, 'Remove it to limit the damage of a leaked token.'),
      ),
  ];
}

async function checkTransport({ transport, apiUrl }: SlackSettings, log: Logger): Promise<Finding> {
  if (transport.kind === 'http') {
    return /^[0-9a-f]{32}$/u.test(transport.signingSecret)
      ? passed(`HQ takes the signed requests of Slack on ${transport.host}:${transport.port}.`)
      : failed(
          'SLACK_SIGNING_SECRET does not have the format of a signing secret.',
          'Copy the 32 characters of 0-9 and a-f from Basic Information.',
        );
  }
  try {
    await createWebClient(transport.appToken, apiUrl, log).apps.connections.open({});
    return passed('The app-level token opens Socket Mode.');
  } catch (error) {
    return explain(
      'app-level token',
      error,
      'Create an app-level token (xapp-…) with connections:write under Basic Information, and switch Socket Mode on.',
    );
  }
}

function explain(token: string, error: unknown, hint: string): Finding {
  const code = slackErrorCode(error);
  if (code !== undefined) return failed(`Slack does not accept the ${token} (${code}).`, hint);
  const problem = toProblem(error);
  return failed(
    `The ${token} could not be checked: ${describeProblem(problem)}`,
    problem.kind === 'wait' ? 'Try again in a minute.' : 'Check that this machine reaches slack.com.',
  );
}

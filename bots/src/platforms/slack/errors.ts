import { webApi } from '@slack/bolt';
import type { SendProblem } from '../../contract/inbound.ts';
import { type ConnectionProblem, refusedRetryMs } from '../connection-loop.ts';
import { describeProblem } from '../send-attempts.ts';

/** The library reports an answer that is not JSON as an error code with arbitrary text. */
const unreadable = 'not_understood';

/** Slack does not accept the token, and a retry is useless. */
const revoked = new Set([
  'invalid_auth',
  'not_authed',
  'token_revoked',
  'token_expired',
  'account_inactive',
  'not_allowed_token_type',
  'user_removed_from_team',
  'team_access_not_granted',
  'org_login_required',
]);

const closedChat = new Set([
  'channel_not_found',
  'not_in_channel',
  'is_archived',
  'user_not_in_channel',
  'user_not_found',
  'messages_tab_disabled',
  'cannot_reply_to_message',
  'no_permission',
  'access_denied',
]);

const lostMessage = new Set([
  'thread_not_found',
  'message_not_found',
  'cant_update_message',
  'edit_window_closed',
  'used_url',
  'expired_url',
]);

const transient = new Set([
  unreadable,
  'internal_error',
  'fatal_error',
  'service_unavailable',
  'request_timeout',
  'team_added_to_org',
]);

/** Slack would accept the text of the message without its blocks. */
export const refusedBlocks: ReadonlySet<string> = new Set(['invalid_blocks', 'invalid_blocks_format']);

/** Used if Slack does not return a time. */
const defaultWaitMs = 5000;

/** Returns the error code if Slack answered. */
export function slackErrorCode(error: unknown): string | undefined {
  if (!(error instanceof webApi.WebAPIPlatformError)) return undefined;
  const code: unknown = error.data.error;
  return typeof code === 'string' && /^[a-z][a-z0-9_]{0,59}$/u.test(code) ? code : unreadable;
}

/** Slack does not accept the token. */
export function isRevoked(error: unknown): boolean {
  return revoked.has(slackErrorCode(error) ?? '');
}

export function toProblem(error: unknown): SendProblem {
  if (error instanceof webApi.WebAPIRateLimitedError)
    return { kind: 'wait', afterMs: error.retryAfter * 1000 };
  const code = slackErrorCode(error);
  if (code !== undefined) return codeToProblem(code);
  if (error instanceof webApi.WebAPIHTTPError)
    return error.statusCode === 429
      ? { kind: 'wait', afterMs: defaultWaitMs }
      : { kind: 'away', reason: `Slack answered with status ${error.statusCode}.` };
  return { kind: 'away', reason: 'Slack did not answer.' };
}

function codeToProblem(code: string): SendProblem {
  if (code === 'ratelimited' || code === 'rate_limited') return { kind: 'wait', afterMs: defaultWaitMs };
  // The chat itself is fine: the message can go out once there is a valid token.
  if (revoked.has(code)) return { kind: 'away', reason: `Slack does not accept the bot token (${code}).` };
  if (closedChat.has(code) || code.startsWith('restricted_action'))
    return { kind: 'closed', reason: `Slack does not let HQ write there (${code}).` };
  if (lostMessage.has(code)) return { kind: 'gone' };
  if (transient.has(code)) return { kind: 'away', reason: `Slack failed (${code}).` };
  return { kind: 'refused', reason: `Slack refused the request (${code}).` };
}

/** Slack does not accept a token, and a retry is useless for a while. */
class RefusedToken extends Error {}

/** Names the token that a request uses, if Slack refuses it. */
export async function withToken<Answer>(name: string, request: Promise<Answer>): Promise<Answer> {
  try {
    return await request;
  } catch (error) {
    if (!isRevoked(error)) throw error;
    throw new RefusedToken(`Slack does not accept the ${name} (${slackErrorCode(error)}).`);
  }
}

export function explainConnection(error: unknown): ConnectionProblem {
  if (error instanceof RefusedToken) {
    const hint = 'Create a new token in the settings of the app and start hq-bots with it.';
    return { state: 'revoked', detail: error.message, hint, afterMs: refusedRetryMs };
  }
  const problem = toProblem(error);
  return {
    state: 'reconnecting',
    detail: describeProblem(problem),
    ...(problem.kind === 'wait' && { afterMs: problem.afterMs }),
  };
}

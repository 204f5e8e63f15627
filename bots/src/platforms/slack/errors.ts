import { webApi } from '@slack/bolt';
import type { SendProblem } from '../../contract/inbound.ts';

/**
 * Slack's word for what went wrong, where Slack answered at all. An answer that is no JSON comes from the library as
 * such a word, whatever stands in it.
 */
export function slackError(error: unknown): string | undefined {
  if (!(error instanceof webApi.WebAPIPlatformError)) return undefined;
  const said: unknown = error.data.error;
  return typeof said === 'string' && /^[a-z][a-z0-9_]{0,59}$/u.test(said) ? said : noWord;
}

const noWord = 'not_understood';

/** The token itself is not accepted, and will not be. */
const deadToken = new Set([
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
  'restricted_action',
  'restricted_action_read_only_channel',
  'restricted_action_thread_only_channel',
  'restricted_action_non_threadable_channel',
  'restricted_action_thread_locked',
  'no_permission',
  'access_denied',
]);

const lostMessage = new Set([
  'message_not_found',
  'cant_update_message',
  'edit_window_closed',
  'used_url',
  'expired_url',
]);

const passing = new Set([
  noWord,
  'internal_error',
  'fatal_error',
  'service_unavailable',
  'request_timeout',
  'team_added_to_org',
]);

/** Slack would take the words of this message, but not its blocks. */
export const notTheseBlocks: ReadonlySet<string> = new Set([
  'invalid_blocks',
  'invalid_blocks_format',
  'msg_blocks_too_long',
]);

/** Asked for where Slack does not say how long to wait. */
const waitMs = 5000;

export function isDeadToken(error: unknown): boolean {
  const said = slackError(error);
  return said !== undefined && deadToken.has(said);
}

export function problemOf(error: unknown): SendProblem {
  if (error instanceof webApi.WebAPIRateLimitedError)
    return { kind: 'wait', afterMs: error.retryAfter * 1000 };
  const said = slackError(error);
  if (said !== undefined) return problemNamed(said);
  if (error instanceof webApi.WebAPIHTTPError)
    return error.statusCode === 429
      ? { kind: 'wait', afterMs: waitMs }
      : { kind: 'away', reason: `Slack answered with status ${error.statusCode}.` };
  return { kind: 'away', reason: 'Slack did not answer.' };
}

function problemNamed(said: string): SendProblem {
  if (said === 'ratelimited' || said === 'rate_limited') return { kind: 'wait', afterMs: waitMs };
  // The chat is as it was: what is to be told can be told when there is a token again.
  if (deadToken.has(said)) return { kind: 'away', reason: `Slack does not accept the bot token (${said}).` };
  if (closedChat.has(said)) return { kind: 'closed', reason: `Slack does not let HQ write there (${said}).` };
  if (lostMessage.has(said)) return { kind: 'gone' };
  if (passing.has(said)) return { kind: 'away', reason: `Slack failed (${said}).` };
  return { kind: 'refused', reason: `Slack refused it (${said}).` };
}

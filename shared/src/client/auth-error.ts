import type { AuthError } from '@supabase/supabase-js';
import { HqError } from '../errors.ts';
import { unansweredError } from './database-error.ts';

/** Turns a failed sign-in, refresh or sign-out into an `HqError`. */
export function authError(fault: AuthError, host: string): HqError {
  const status = fault.status ?? 0;
  if (fault.code === 'invalid_credentials' || /invalid login credentials/i.test(fault.message)) {
    return new HqError('unauthenticated', 'The email or the password is wrong.', {
      hint: `Enter the email and the password of your account at ${host}.`,
    });
  }
  if (fault.code === 'user_banned') {
    return new HqError('unauthenticated', 'This account is banned.', { hint: `Ask an admin of ${host}.` });
  }
  if (fault.name === 'AuthSessionMissingError') {
    return new HqError('unauthenticated', 'You are not signed in.', { hint: 'Sign in with `hq-tui login`.' });
  }
  if (status === 0 && fault.name === 'AuthRetryableFetchError') return unansweredError(fault.message, host);
  if (status === 429 || status >= 500) {
    return new HqError('unreachable', `${host} failed to check the sign-in (HTTP ${status}).`, {
      hint: 'HQ may be restarting; try again in a moment.',
    });
  }
  if (status === 401 && /api key/i.test(fault.message)) {
    return new HqError('unauthenticated', `${host} does not accept this anon key.`, {
      hint: 'Set SUPABASE_ANON_KEY to the anon key of this HQ.',
    });
  }
  return new HqError('unauthenticated', 'Your session has ended.', {
    hint: 'Sign in again with `hq-tui login`.',
  });
}

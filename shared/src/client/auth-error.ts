import type { AuthError } from '@supabase/supabase-js';
import { HqError } from '../errors.ts';
import { unansweredError } from './database-error.ts';

/** Turns a failed sign-in, refresh or sign-out into an `HqError`. */
export function authError(fault: AuthError, host: string): HqError {
  const status = fault.status ?? 0;
  if (fault.code === 'invalid_credentials' || /invalid login credentials/i.test(fault.message)) {
    return new HqError('unauthenticated', 'The email or the password is wrong.', {
      hint: `Check both; they belong to the HQ at ${host}.`,
    });
  }
  if (fault.name === 'AuthSessionMissingError') {
    return new HqError('unauthenticated', 'Nobody is signed in.', { hint: 'Sign in with `hq-tui login`.' });
  }
  if (status === 0 && fault.name === 'AuthRetryableFetchError') return unansweredError(fault.message, host);
  if (status === 429 || status >= 500) {
    return new HqError('unreachable', `${host} could not check the sign-in (HTTP ${status}).`, {
      hint: 'It may be restarting; try again in a moment.',
    });
  }
  if (status === 401 && /api key/i.test(fault.message)) {
    return new HqError('unauthenticated', `${host} does not know this anon key.`, {
      hint: 'Check SUPABASE_ANON_KEY.',
    });
  }
  return new HqError('unauthenticated', 'The session has ended.', { hint: 'Sign in with `hq-tui login`.' });
}

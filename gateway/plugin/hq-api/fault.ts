import { type ErrorCode, HqError } from '@hq/shared/errors';
import { withoutShapes } from '@hq/shared/text';
import { z } from 'zod';

/** Error body of PostgREST. Its details are ignored: Postgres puts whole rows into them. */
const errorBody = z
  .object({
    message: z.string().catch(''),
    code: z.string().nullish().catch(null),
    hint: z.string().nullish().catch(null),
  })
  .catch({ message: '', code: null, hint: null });

const codeOfSqlState: Readonly<Record<string, ErrorCode>> = {
  '42501': 'refused',
  P0002: 'not_found',
  '23503': 'not_found',
  '23505': 'conflict',
  '22023': 'usage',
  '22P02': 'usage',
  '23502': 'usage',
  '23514': 'usage',
  '57014': 'timed_out',
};

/** Converts a response with an error status. Its sentences are for an agent or for the gateway's log. */
export function faultOfResponse(status: number, body: unknown): HqError {
  const { message, code, hint } = errorBody.parse(body);
  const sqlState = code ?? '';
  if (sqlState === '28000') {
    return new HqError('unauthenticated', 'HQ does not accept the credential of this agent.', {
      hint: 'An operator can update the agent in HQ, which issues a new one.',
    });
  }
  const known = codeOfSqlState[sqlState];
  if (known !== undefined) {
    return new HqError(known, oneLine(message), hint ? { hint: oneLine(hint) } : {});
  }
  if (status === 401 || status === 403) {
    return new HqError('unreachable', 'HQ’s database does not accept the anon key of this gateway.', {
      hint: 'An operator has to set SUPABASE_ANON_KEY to the key of the project.',
    });
  }
  if (status >= 400 && status < 500 && status !== 408 && status !== 429) {
    return new HqError(
      'failed',
      `HQ’s database does not know this request (${sqlState || `HTTP ${status}`}).`,
      {
        hint: 'An operator has to bring database and gateway to the same version of HQ.',
      },
    );
  }
  return new HqError('unreachable', `HQ’s database failed to answer (HTTP ${status}).`, {
    hint: 'Go on without it, and try again later.',
  });
}

export function faultWithoutResponse(cause: unknown): HqError {
  const isLate = cause instanceof Error && cause.name === 'TimeoutError';
  return new HqError(
    isLate ? 'timed_out' : 'unreachable',
    isLate ? 'HQ’s database did not answer in time.' : 'HQ’s database cannot be reached.',
    { hint: 'Go on without it, and try again later.' },
  );
}

function oneLine(text: string): string {
  return withoutShapes(text.split('\n', 1)[0] ?? '').slice(0, 500);
}

import { type ErrorCode, HqError } from '../errors.ts';
import { proxyHint } from '../program/proxy.ts';
import { withoutShapes } from '../text/index.ts';

/** The error of a failed request as PostgREST returns it. */
export interface DatabaseFault {
  readonly message: string;
  readonly code?: string | null;
  readonly hint?: string | null;
}

const codeOfSqlState: Readonly<Record<string, ErrorCode>> = {
  '28000': 'unauthenticated',
  '42501': 'refused',
  P0002: 'not_found',
  PGRST116: 'not_found',
  '23503': 'not_found',
  '23505': 'conflict',
  '22023': 'usage',
  '22P02': 'usage',
  '23502': 'usage',
  '23514': 'usage',
  '57014': 'timed_out',
  PGRST301: 'unauthenticated',
  PGRST302: 'unauthenticated',
  PGRST303: 'unauthenticated',
};

/** An unknown table, column or function: the schema is older than this program, or not HQ's. */
const unknownToSchema = new Set(['PGRST200', 'PGRST202', 'PGRST204', 'PGRST205', '42P01', '42703', '42883']);

const signInHint = 'Sign in again with `hq-tui login`.';

/**
 * Turns a failed request into an `HqError`. `status` is the HTTP status, 0 without any answer. The error's details are
 * left out, because Postgres puts whole rows into them.
 */
export function databaseError(fault: DatabaseFault, status: number, host: string): HqError {
  if (status === 0) return unansweredError(fault.message, host);
  if (status === 401) {
    return new HqError('unauthenticated', `${host} does not accept this session.`, { hint: signInHint });
  }
  const sqlState = fault.code ?? '';
  // PostgREST answers P0002 and 57014 with 500, as it does a failure.
  if (status === 429 || (status >= 500 && !(sqlState in codeOfSqlState))) {
    return new HqError('unreachable', `${host} failed to answer (HTTP ${status}).`, {
      hint: 'HQ may be restarting; try again in a moment.',
    });
  }
  if (unknownToSchema.has(sqlState)) return versionError(host, new Error(firstLine(fault.message)));
  const code =
    codeOfSqlState[sqlState] ?? (status === 403 ? 'refused' : status === 404 ? 'not_found' : 'failed');
  return new HqError(
    code,
    firstLine(fault.message),
    hinted(fault.hint ?? (code === 'unauthenticated' ? signInHint : '')),
  );
}

/** The database and this program have different versions of HQ. */
export function versionError(host: string, cause: Error): HqError {
  return new HqError('failed', `The database at ${host} has another version of HQ than this program.`, {
    hint: 'Update the database with `hq-db migrate`, or this program.',
    cause,
  });
}

/** No answer came: a refused connection, an unknown host, a time limit. */
export function unansweredError(message: string, host: string): HqError {
  const tooSlow = /timeout|timed out|aborted/i.test(message);
  return new HqError(
    'unreachable',
    tooSlow ? `${host} did not answer in time.` : `${host} cannot be reached.`,
    {
      hint: `Check that HQ runs there and that this machine may connect to it.${proxyHint()}`,
    },
  );
}

function firstLine(text: string): string {
  return withoutShapes(text.split('\n', 1)[0] ?? '').slice(0, 500);
}

function hinted(hint: string): { hint?: string } {
  return hint === '' ? {} : { hint: firstLine(hint) };
}

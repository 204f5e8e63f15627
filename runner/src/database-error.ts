import { HqError } from '@hq/shared/errors';
import { z } from 'zod';

/** What PostgREST says about a request that did not work. Its details are left out: Postgres puts whole rows into them. */
const answer = z
  .object({ message: z.string().catch(''), code: z.string().nullish().catch(null) })
  .catch({ message: '', code: null });

/** PostgREST does not know the function, a parameter or a column: the schema is older than this runner. */
const unknownToSchema = new Set(['PGRST202', 'PGRST204', 'PGRST205', '42P01', '42703', '42883']);

/**
 * What an answer with an error status means for the runner: `unreachable` is worth trying again soon, `unauthenticated` needs
 * another key, `not_found` means that the gateway is gone, `failed` that the database will not take what was sent.
 */
export function errorFromResponse(status: number, body: unknown, host: string): HqError {
  const { message, code } = answer.parse(body);
  if (status === 401 || status === 403) {
    return new HqError('unauthenticated', `${host} does not accept the runner’s key (HTTP ${status}).`, {
      hint: 'Set SUPABASE_SERVICE_ROLE_KEY to the project’s present service-role key and start the runner again.',
    });
  }
  if (code === 'P0002') {
    return new HqError('not_found', `The database at ${host} has no such gateway.`, {
      hint: 'Set GATEWAY_ID to the id or the slug of a gateway that exists.',
    });
  }
  if (typeof code === 'string' && unknownToSchema.has(code)) {
    return new HqError(
      'unreachable',
      `The database at ${host} does not have what this runner needs (${code}).`,
      {
        hint: 'Bring it up to date with `hq-db migrate`.',
      },
    );
  }
  if (status >= 400 && status < 500 && status !== 404 && status !== 408 && status !== 429) {
    return new HqError(
      'failed',
      `${host} refused what it was asked (${code ?? `HTTP ${status}`}): ${firstLine(message)}`,
    );
  }
  return new HqError('unreachable', `${host} answered with an error of its own (HTTP ${status}).`, {
    hint: 'It may be restarting; the runner keeps trying.',
  });
}

export function unreachableError(cause: unknown, host: string): HqError {
  const late = cause instanceof Error && cause.name === 'TimeoutError';
  return new HqError('unreachable', late ? `${host} did not answer in time.` : `${host} cannot be reached.`, {
    hint: 'Check that HQ runs there and that this machine may connect to it; the runner keeps trying.',
    cause,
  });
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0]?.slice(0, 300) ?? '';
}

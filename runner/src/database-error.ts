import { HqError } from '@hq/shared/errors';
import { proxyHint } from '@hq/shared/program';
import { withoutShapes } from '@hq/shared/text';
import { z } from 'zod';

/** Error body of PostgREST. Its details are ignored: Postgres puts whole rows into them. */
const errorBody = z
  .object({ message: z.string().catch(''), code: z.string().nullish().catch(null) })
  .catch({ message: '', code: null });

/** Codes for an unknown function, parameter or column: the schema is older than this runner. */
const unknownToSchema = new Set(['PGRST202', 'PGRST204', 'PGRST205', '42P01', '42703', '42883']);

/**
 * Converts a response with an error status. `unreachable` is worth a retry, `unauthenticated` needs another key,
 * `not_found` means that the gateway is gone, `failed` that the database rejects the request itself.
 */
export function errorFromResponse(status: number, body: unknown, host: string): HqError {
  const { message, code } = errorBody.parse(body);
  if (code === '28000' && /^(invalid_token|token_expired)$/.test(message)) {
    return new HqError('usage', `${host} refused the registration token: ${message}.`, {
      hint: 'Issue a new one with `hq-tui gateways token`.',
      field: 'GATEWAY_REGISTRATION_TOKEN',
    });
  }
  if (status === 401 || status === 403) {
    return new HqError('unauthenticated', `${host} does not accept the runner’s key (HTTP ${status}).`, {
      hint: 'Set SUPABASE_SERVICE_ROLE_KEY to the current service-role key of the project and restart the runner.',
    });
  }
  if (code === 'P0002') {
    return new HqError('not_found', `The database at ${host} has no such gateway.`, {
      hint: 'Set GATEWAY_ID to the id or the slug of a gateway that exists.',
    });
  }
  if (typeof code === 'string' && unknownToSchema.has(code)) {
    return new HqError('unreachable', `The schema of the database at ${host} is too old (${code}).`, {
      hint: 'Bring it up to date with `hq-db migrate`.',
    });
  }
  if (status >= 400 && status < 500 && status !== 404 && status !== 408 && status !== 429) {
    const reason = `${code ?? `HTTP ${status}`}): ${firstLine(message)}`;
    return new HqError('failed', `${host} refused the request (${reason}`);
  }
  return new HqError('unreachable', `${host} answered with a server error (HTTP ${status}).`, {
    hint: 'It may be restarting; the runner keeps trying.',
  });
}

export function unreachableError(cause: unknown, host: string): HqError {
  const isTimeout = cause instanceof Error && cause.name === 'TimeoutError';
  const sentence = isTimeout ? `${host} did not answer in time.` : `${host} cannot be reached.`;
  return new HqError('unreachable', sentence, {
    hint: `Check that HQ runs there and that this machine may connect to it; the runner keeps trying.${proxyHint()}`,
    cause,
  });
}

function firstLine(text: string): string {
  return withoutShapes(text.split('\n', 1)[0] ?? '').slice(0, 300);
}

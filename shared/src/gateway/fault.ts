import { z } from 'zod';
import { type ErrorCode, HqError } from '../errors.ts';

/** HTTP status of each code in answers of the control API. */
const statuses: Readonly<Record<ErrorCode, number>> = {
  usage: 400,
  unauthenticated: 401,
  refused: 403,
  not_found: 404,
  conflict: 409,
  cancelled: 409,
  failed: 500,
  unreachable: 503,
  timed_out: 504,
};
const codes = z.enum([
  'usage',
  'unauthenticated',
  'refused',
  'not_found',
  'conflict',
  'cancelled',
  'failed',
  'unreachable',
  'timed_out',
]);

/** Form of every error of the control API, also as the last line of a stream. */
export const gatewayFault = z.object({
  error: z.object({
    code: codes,
    message: z.string(),
    hint: z.string().optional(),
    field: z.string().optional(),
  }),
});
export type GatewayFault = z.output<typeof gatewayFault>;

/** Returns the answer for an error. The text of an error that is no `HqError` stays in the log of the gateway. */
export function faultOf(error: unknown): { readonly status: number; readonly body: GatewayFault } {
  const known = error instanceof HqError ? error : new HqError('failed', 'hq-gateway failed.', hintLog);
  const { code, message, hint, field } = known;
  return {
    status: statuses[code],
    body: {
      error: {
        code,
        message,
        ...(hint === undefined ? {} : { hint }),
        ...(field === undefined ? {} : { field }),
      },
    },
  };
}
const hintLog = { hint: 'Its log has the reason.' };

/** Returns the error that a client of the control API throws. */
export function errorOfFault({ error }: GatewayFault): HqError {
  const { code, message, hint, field } = error;
  return new HqError(code, message, {
    ...(hint === undefined ? {} : { hint }),
    ...(field === undefined ? {} : { field }),
  });
}

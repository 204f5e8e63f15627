import { z } from 'zod';
import { HqError } from '../errors.ts';

const refusal = z.object({
  refused: z.object({
    code: z.enum(['unauthenticated', 'refused', 'not_found', 'conflict', 'usage']).catch('refused'),
    message: z.string(),
    hint: z.string().nullish(),
    field: z.string().nullish(),
  }),
});

/**
 * Reads the answer of a function that may refuse. A refusal is thrown with its reason; so is an answer that another version
 * of the database gave.
 */
export function readAnswer<Schema extends z.ZodType>(
  schema: Schema,
  answer: unknown,
  host: string,
): z.output<Schema> {
  const refused = refusal.safeParse(answer);
  if (refused.success) {
    const { code, message, hint, field } = refused.data.refused;
    throw new HqError(code, message, { ...(hint ? { hint } : {}), ...(field ? { field } : {}) });
  }
  const taken = schema.safeParse(answer);
  if (taken.success) return taken.data;
  throw new HqError('failed', `${host} answered in a way that this program does not understand.`, {
    hint: 'Bring the database up to date with `hq-db migrate`.',
    cause: taken.error,
  });
}

import { z } from 'zod';
import { HqError } from '../errors.ts';
import { versionError } from './database-error.ts';

const refusal = z.object({
  refused: z.object({
    code: z.enum(['unauthenticated', 'refused', 'not_found', 'conflict', 'usage']).catch('refused'),
    message: z.string(),
    hint: z.string().nullish(),
    field: z.string().nullish(),
  }),
});

/** Parses the answer of a function that may refuse. Throws a refusal with its reason, and `failed` for an unknown form. */
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
  const parsed = schema.safeParse(answer);
  if (parsed.success) return parsed.data;
  throw versionError(host, parsed.error);
}

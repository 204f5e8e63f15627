import { z } from 'zod';
import { HqError } from '../errors.ts';
import { addressRule, isSafeAddress } from './port-owner.ts';

export type Variables = Readonly<Record<string, string | undefined>>;

export const supabaseUrl = z
  .url({ protocol: /^https?$/, error: 'must be the http(s) address of the Supabase project' })
  .refine((url) => isSafeAddress(url), addressRule)
  .transform((url) => url.replace(/\/+$/, ''));

/** The channel to a parent whose end is this program's end. */
export const parentChannel = z.enum(['ipc', 'stdin'], 'must be "ipc", "stdin" or unset').optional();

/** Parses a number of a range; `schema` is a number of any or of whole value. */
export function inRange(schema: z.ZodNumber, min: number, max: number, fallback: number, unit = '') {
  const text = schema.min(min, `must be at least ${min}${unit}`).max(max, `must be at most ${max}${unit}`);
  return z.string().transform(Number).pipe(text).default(fallback);
}

export function count(min: number, max: number, fallback: number) {
  return inRange(z.int(`must be a whole number from ${min} to ${max}`), min, max, fallback);
}

/** Parses the variables of a program. Throws `usage` with the names of those that cannot be used. */
export function parseEnvironment<Settings>(
  schema: z.ZodType<Settings>,
  variables: Variables,
  hint: string,
): Settings {
  // An empty variable is an unset one.
  const set = Object.entries(variables).filter(([, value]) => value !== '');
  const parsed = schema.safeParse(Object.fromEntries(set));
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map((issue) => `${issue.path.join('.')} ${issue.message}`);
  const [first] = parsed.error.issues;
  throw new HqError('usage', `${faults.join('; ')}.`, {
    hint,
    ...(first === undefined ? {} : { field: first.path.join('.') }),
  });
}

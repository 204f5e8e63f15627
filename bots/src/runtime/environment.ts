import { HqError } from '@hq/shared/errors';
import { addressRule, isSafeAddress } from '@hq/shared/program';
import { z } from 'zod';

const unset = (text: unknown): unknown => (text === '' ? undefined : text);
const anonKeyIs = 'must be the anon (publishable) key of the Supabase project';
const needed = (what: string) => z.preprocess(unset, z.string(what));

const environment = z.object({
  SUPABASE_URL: z
    .preprocess(
      unset,
      z
        .url({ protocol: /^https?$/, error: 'must be the http(s) address of the Supabase project' })
        .refine((url) => isSafeAddress(url), addressRule),
    )
    .transform((url) => url.replace(/\/+$/, '')),
  SUPABASE_ANON_KEY: needed(anonKeyIs).refine((key) => !isServiceKey(key), anonKeyIs),
  HQ_BOT_EMAIL: needed('must be the address of the bot’s own account'),
  HQ_BOT_PASSWORD: needed('must be the password of the bot’s own account'),
  HEALTH_PORT: z.preprocess(
    (text) => (text === undefined || text === '' ? 0 : Number(text)),
    z
      .int('must be a whole number from 0 to 65535')
      .min(0, 'must be at least 0')
      .max(65_535, 'must be at most 65535'),
  ),
  LOG_LEVEL: z.preprocess(
    (text) => unset(text) ?? 'info',
    z.enum(['debug', 'info', 'warn', 'error', 'silent'], 'must be debug, info, warn, error or silent'),
  ),
  HQ_PARENT: z.preprocess(unset, z.enum(['ipc', 'stdin'], 'must be "ipc", "stdin" or unset').optional()),
});

export type Environment = z.output<typeof environment>;

/** The keys that pass every policy have no place in a program that speaks to strangers. */
function isServiceKey(key: string): boolean {
  const [, claims = ''] = key.split('.');
  const text = Buffer.from(claims, 'base64url').toString();
  return key.startsWith('sb_secret_') || /"role"\s*:\s*"service_role"/.test(text);
}

/** Reads what `hq-bots` is told of HQ at its start; a value that cannot be used is an error that names its variable. */
export function readEnvironment(variables: Readonly<Record<string, string | undefined>>): Environment {
  if (variables.SUPABASE_SERVICE_ROLE_KEY) {
    throw new HqError('usage', 'SUPABASE_SERVICE_ROLE_KEY must not be given to hq-bots.', {
      field: 'SUPABASE_SERVICE_ROLE_KEY',
      hint: 'The bots sign in as a member of their own, with HQ_BOT_EMAIL and HQ_BOT_PASSWORD.',
    });
  }
  const parsed = environment.safeParse(variables);
  if (parsed.success) return parsed.data;
  const [first] = parsed.error.issues;
  throw new HqError(
    'usage',
    `${parsed.error.issues.map((issue) => `${issue.path.join('.')} ${issue.message}`).join('; ')}.`,
    {
      hint: 'Set it in the environment of hq-bots and start again; docs/chat.md lists every variable.',
      ...(first === undefined ? {} : { field: first.path.join('.') }),
    },
  );
}

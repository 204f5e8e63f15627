import { count, parentChannel, parseEnvironment, supabaseUrl, type Variables } from '@hq/shared/environment';
import { HqError } from '@hq/shared/errors';
import { z } from 'zod';

const anonKeyIs = 'must be the anon (publishable) key of the Supabase project';

const environment = z.object({
  SUPABASE_URL: supabaseUrl,
  SUPABASE_ANON_KEY: z.string(anonKeyIs).refine((key) => !isServiceKey(key), anonKeyIs),
  HQ_BOT_EMAIL: z.string('must be the address of the bot’s own account'),
  HQ_BOT_PASSWORD: z.string('must be the password of the bot’s own account'),
  HEALTH_PORT: count(0, 65_535, 0),
  LOG_LEVEL: z
    .enum(['debug', 'info', 'warn', 'error', 'silent'], 'must be debug, info, warn, error or silent')
    .default('info'),
  HQ_PARENT: parentChannel,
});

export type Environment = z.output<typeof environment>;

/** The keys that pass every policy have no place in a program that speaks to strangers. */
function isServiceKey(key: string): boolean {
  const [, claims = ''] = key.split('.');
  const text = Buffer.from(claims, 'base64url').toString();
  return key.startsWith('sb_secret_') || /"role"\s*:\s*"service_role"/.test(text);
}

/** Reads what `hq-bots` is told of HQ at its start; a value that cannot be used is an error that names its variable. */
export function readEnvironment(variables: Variables): Environment {
  if (variables.SUPABASE_SERVICE_ROLE_KEY) {
    throw new HqError('usage', 'SUPABASE_SERVICE_ROLE_KEY must not be given to hq-bots.', {
      field: 'SUPABASE_SERVICE_ROLE_KEY',
      hint: 'The bots sign in as a member of their own, with HQ_BOT_EMAIL and HQ_BOT_PASSWORD.',
    });
  }
  const hint = 'Set it in the environment of hq-bots and start again; docs/chat.md lists every variable.';
  return parseEnvironment(environment, variables, hint);
}

import { join } from 'node:path';
import { HqError } from '@hq/shared/errors';
import { z } from 'zod';

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

function seconds(min: number, max: number, fallback: number) {
  return z.preprocess(
    (text) => (text === undefined || text === '' ? fallback : Number(text)),
    z
      .number(`must be a number of seconds from ${min} to ${max}`)
      .min(min, `must be at least ${min} seconds`)
      .max(max, `must be at most ${max} seconds`),
  );
}

function count(min: number, max: number, fallback: number) {
  return z.preprocess(
    (text) => (text === undefined || text === '' ? fallback : Number(text)),
    z
      .int(`must be a whole number from ${min} to ${max}`)
      .min(min, `must be at least ${min}`)
      .max(max, `must be at most ${max}`),
  );
}

const emptyAsUndefined = (text: unknown) => (text === '' ? undefined : text);

const environment = z
  .object({
    SUPABASE_URL: z
      .preprocess(
        emptyAsUndefined,
        z.url({ protocol: /^https?$/, error: 'must be the http(s) address of the Supabase project' }),
      )
      .transform((url) => url.replace(/\/+$/, '')),
    SUPABASE_SERVICE_ROLE_KEY: z
      .preprocess(emptyAsUndefined, z.string('must be the service-role key of the Supabase project'))
      .refine(
        (key) => key.length >= 20 && !/\s/.test(key),
        'must be one key of at min 20 characters without spaces',
      ),
    GATEWAY_ID: z
      .preprocess(
        emptyAsUndefined,
        z.string('must be the id or the slug of the gateway that this runner serves'),
      )
      .refine(
        (id) => uuid.test(id.toLowerCase()) || /^[a-z0-9]+(?:-[a-z0-9]+)*$/.test(id),
        'must be a gateway id (a UUID) or a slug of lower-case letters, digits and single hyphens',
      ),
    RUNTIME_MODE: z.preprocess(
      (text) => emptyAsUndefined(text) ?? 'docker',
      z.enum(['docker', 'process'], 'must be "docker" or "process"'),
    ),
    COMPOSE_PROJECT: z.preprocess(
      emptyAsUndefined,
      z
        .string()
        .regex(/^[a-z0-9][a-z0-9_-]*$/, 'must be the name of a compose project')
        .optional(),
    ),
    DOCKER_HOST: z.preprocess(
      emptyAsUndefined,
      z
        .string()
        .regex(/^(unix|tcp|http|https):\/\/.+/, 'must start with unix:// or tcp://')
        .optional(),
    ),
    GATEWAY_HOME: z.preprocess(
      emptyAsUndefined,
      z.string().regex(/^\//, 'must be an absolute path').optional(),
    ),
    SECRETS_DIR: z.preprocess(
      emptyAsUndefined,
      z.string().regex(/^\//, 'must be an absolute path').optional(),
    ),
    GATEWAY_CONFIG: z.preprocess(
      emptyAsUndefined,
      z.string().regex(/^\//, 'must be an absolute path').optional(),
    ),
    POLL_INTERVAL: seconds(1, 60, 30),
    COMMAND_TIMEOUT: seconds(1, 86_400, 3600),
    HEALTH_PORT: count(0, 65_535, 0),
    RUNNER_SLOTS: count(2, 64, 16),
    LOG_LEVEL: z.preprocess(
      (text) => emptyAsUndefined(text) ?? 'info',
      z.enum(['debug', 'info', 'warn', 'error'], 'must be debug, info, warn or error'),
    ),
    HQ_PARENT: z.preprocess(
      emptyAsUndefined,
      z.enum(['ipc', 'stdin'], 'must be "ipc", "stdin" or unset').optional(),
    ),
  })
  .superRefine((env, context) => {
    if (env.RUNTIME_MODE === 'docker' && env.COMPOSE_PROJECT === undefined) {
      context.addIssue({
        code: 'custom',
        path: ['COMPOSE_PROJECT'],
        message: 'must name the compose project in docker mode',
      });
    }
    if (env.RUNTIME_MODE === 'process' && env.GATEWAY_HOME === undefined) {
      context.addIssue({
        code: 'custom',
        path: ['GATEWAY_HOME'],
        message: 'must be the directory of the gateway’s state in process mode',
      });
    }
  })
  .transform((env) => ({ ...env, SECRETS_DIR: env.SECRETS_DIR ?? secretsDirectory(env) }));

/** Returns a volume of its own in docker mode, a directory of the gateway's state in process mode. */
function secretsDirectory({
  RUNTIME_MODE,
  GATEWAY_HOME = '',
}: {
  readonly RUNTIME_MODE: 'docker' | 'process';
  readonly GATEWAY_HOME?: string | undefined;
}): string {
  return RUNTIME_MODE === 'docker' ? '/var/lib/hq/secrets' : join(GATEWAY_HOME, '.openclaw', 'secrets');
}

export type Environment = z.output<typeof environment>;

/** Reads the runner's settings. Throws `usage` with the name of the variable for an invalid value. */
export function readEnvironment(variables: Readonly<Record<string, string | undefined>>): Environment {
  const parsed = environment.safeParse(variables);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map((issue) => `${issue.path.join('.')} ${issue.message}`);
  const [first] = parsed.error.issues;
  throw new HqError('usage', faults.join('; '), {
    hint: 'Set it in the runner’s environment and start again; docs/runner.md lists every variable.',
    ...(first === undefined ? {} : { field: first.path.join('.') }),
  });
}

export function isGatewayId(text: string): boolean {
  return uuid.test(text.toLowerCase());
}

const secretName = /(KEY|TOKEN|SECRET|PASSWORD|CREDENTIAL)(?!S_DIR$)/;

/** Returns the values of the environment that must never appear in output, logs or errors. */
export function secretValues(variables: Readonly<Record<string, string | undefined>>): readonly string[] {
  return Object.entries(variables).flatMap(([name, value]) =>
    value !== undefined && value.length >= 8 && secretName.test(name) ? [value] : [],
  );
}

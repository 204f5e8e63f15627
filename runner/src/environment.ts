import { join } from 'node:path';
import { HqError } from '@hq/shared/errors';
import { addressRule, isSafeAddress } from '@hq/shared/program';
import { z } from 'zod';

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** Parses a number of a range; `schema` is a number of any or of whole value. */
function inRange(schema: z.ZodNumber, min: number, max: number, fallback: number, unit = '') {
  const text = schema.min(min, `must be at least ${min}${unit}`).max(max, `must be at most ${max}${unit}`);
  return z.string().transform(Number).pipe(text).default(fallback);
}

function seconds(min: number, max: number, fallback: number) {
  const any = z.number(`must be a number of seconds from ${min} to ${max}`);
  return inRange(any, min, max, fallback, ' seconds');
}

function count(min: number, max: number, fallback: number) {
  return inRange(z.int(`must be a whole number from ${min} to ${max}`), min, max, fallback);
}

const text = (pattern: RegExp, sentence: string) => z.string().regex(pattern, sentence).optional();
const absolutePath = text(/^\//, 'must be an absolute path');

const environment = z
  .object({
    SUPABASE_URL: z
      .url({ protocol: /^https?$/, error: 'must be the http(s) address of the Supabase project' })
      .refine((url) => isSafeAddress(url), addressRule)
      .transform((url) => url.replace(/\/+$/, '')),
    SUPABASE_SERVICE_ROLE_KEY: z
      .string('must be the service-role key of the Supabase project')
      .regex(/^\S{20,}$/, 'must be one key of at least 20 characters without spaces'),
    GATEWAY_ID: z
      .string('must be the id or the slug of the gateway that this runner serves')
      .refine(
        (id) => isGatewayId(id) || /^[a-z0-9]+(?:-[a-z0-9]+)*$/.test(id),
        'must be a gateway id (a UUID) or a slug of lower-case letters, digits and single hyphens',
      ),
    RUNTIME_MODE: z.enum(['docker', 'process'], 'must be "docker" or "process"').default('docker'),
    COMPOSE_PROJECT: text(/^[a-z0-9][a-z0-9_-]*$/, 'must be the name of a compose project'),
    DOCKER_HOST: text(/^(unix|tcp|http|https):\/\/.+/, 'must start with unix:// or tcp://'),
    GATEWAY_HOME: absolutePath,
    SECRETS_DIR: absolutePath,
    GATEWAY_CONFIG: absolutePath,
    POLL_INTERVAL: seconds(1, 60, 30),
    COMMAND_TIMEOUT: seconds(1, 86_400, 3600),
    HEALTH_PORT: count(0, 65_535, 0),
    RUNNER_SLOTS: count(2, 64, 16),
    LOG_LEVEL: z
      .enum(['debug', 'info', 'warn', 'error'], 'must be debug, info, warn or error')
      .default('info'),
    HQ_PARENT: z.enum(['ipc', 'stdin'], 'must be "ipc", "stdin" or unset').optional(),
  })
  .refine(({ RUNTIME_MODE, COMPOSE_PROJECT }) => RUNTIME_MODE !== 'docker' || COMPOSE_PROJECT !== undefined, {
    path: ['COMPOSE_PROJECT'],
    error: 'must name the compose project in docker mode',
  })
  .refine(({ RUNTIME_MODE, GATEWAY_HOME }) => RUNTIME_MODE !== 'process' || GATEWAY_HOME !== undefined, {
    path: ['GATEWAY_HOME'],
    error: 'must be the directory of the gateway’s state in process mode',
  })
  .transform((env) => ({ ...env, SECRETS_DIR: env.SECRETS_DIR ?? secretsDirectory(env) }));

/** Returns a volume of its own in docker mode, a directory of the gateway's state in process mode. */
function secretsDirectory(env: { RUNTIME_MODE: string; GATEWAY_HOME?: string | undefined }): string {
  return env.RUNTIME_MODE === 'docker'
    ? '/var/lib/hq/secrets'
    : join(env.GATEWAY_HOME ?? '', '.openclaw', 'secrets');
}

export type Environment = z.output<typeof environment>;

/** Reads the runner's settings. Throws `usage` with the name of the variable for an invalid value. */
export function readEnvironment(variables: Readonly<Record<string, string | undefined>>): Environment {
  // An empty variable is an unset one.
  const set = Object.entries(variables).filter(([, value]) => value !== '');
  const parsed = environment.safeParse(Object.fromEntries(set));
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

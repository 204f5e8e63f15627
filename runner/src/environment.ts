import { join } from 'node:path';
import {
  count,
  inRange,
  parentChannel,
  parseEnvironment,
  supabaseUrl,
  type Variables,
} from '@hq/shared/environment';
import { z } from 'zod';
import type { DispatchLimits } from './dispatch/exchange.ts';

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

function seconds(min: number, max: number, fallback: number) {
  const any = z.number(`must be a number of seconds from ${min} to ${max}`);
  return inRange(any, min, max, fallback, ' seconds');
}

const text = (pattern: RegExp, sentence: string) => z.string().regex(pattern, sentence).optional();
const absolutePath = text(/^\//, 'must be an absolute path');

const environment = z
  .object({
    SUPABASE_URL: supabaseUrl,
    SUPABASE_SERVICE_ROLE_KEY: z
      .string('must be the service-role key of the Supabase project')
      .regex(/^\S{20,}$/, 'must be one key of at least 20 characters without spaces'),
    GATEWAY_ID: z
      .string()
      .refine(
        (id) => isUuid(id) || /^[a-z0-9]+(?:-[a-z0-9]+)*$/.test(id),
        'must be a gateway id (a UUID) or a slug of lower-case letters, digits and single hyphens',
      )
      .optional(),
    GATEWAY_REGISTRATION_TOKEN: text(/^[0-9a-f]{48}$/, 'must be a token of 48 hexadecimal digits'),
    GATEWAY_NAME: text(/^.{1,100}$/, 'must be at most 100 characters'),
    RUNTIME_MODE: z.enum(['docker', 'process'], 'must be "docker" or "process"').default('docker'),
    COMPOSE_PROJECT: text(/^[a-z0-9][a-z0-9_-]*$/, 'must be the name of a compose project'),
    DOCKER_HOST: text(/^(unix|tcp|http|https):\/\/.+/, 'must start with unix:// or tcp://'),
    GATEWAY_HOME: absolutePath,
    SECRETS_DIR: absolutePath,
    CONTROL_SOCKET: absolutePath,
    /** Passed on to the gateway of process mode, whose agents use it. */
    SUPABASE_ANON_KEY: z.string().optional(),
    HQ_REHEARSAL: z.string().optional(),
    OPENAI_BASE_URL: z.string().optional(),
    OPENAI_MODEL: z.string().optional(),
    POLL_INTERVAL: seconds(1, 60, 30),
    COMMAND_TIMEOUT: seconds(1, 86_400, 3600),
    HEALTH_PORT: count(0, 65_535, 0),
    RUNNER_SLOTS: count(2, 64, 16),
    MAX_CONCURRENT_WAKES: count(0, 100, 2),
    WAKE_COOLDOWN: seconds(0, 3600, 30),
    MAX_WAKE_COOLDOWN: seconds(1, 86_400, 900),
    MAX_CONSECUTIVE_FAILURES: count(1, 100, 5),
    AGENT_PROCESS_TIMEOUT: seconds(1, 86_400, 300),
    RECONCILE_INTERVAL: seconds(1, 3600, 60),
    STALE_ITEM_AGE_HOURS: count(1, 8760, 24),
    LOG_LEVEL: z
      .enum(['debug', 'info', 'warn', 'error'], 'must be debug, info, warn or error')
      .default('info'),
    HQ_PARENT: parentChannel,
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

/** Returns the limits of the dispatcher. */
export function dispatchLimits(env: Environment): DispatchLimits {
  return {
    max_concurrent_wakes: env.MAX_CONCURRENT_WAKES,
    wake_cooldown: env.WAKE_COOLDOWN,
    max_wake_cooldown: env.MAX_WAKE_COOLDOWN,
    max_consecutive_failures: env.MAX_CONSECUTIVE_FAILURES,
    agent_process_timeout: env.AGENT_PROCESS_TIMEOUT,
    stale_item_age_hours: env.STALE_ITEM_AGE_HOURS,
  };
}

/** Reads the runner's settings. Throws `usage` with the name of the variable for an invalid value. */
export function readEnvironment(variables: Variables): Environment {
  const hint = 'Set it in the runner’s environment and start again; docs/runner.md lists every variable.';
  return parseEnvironment(environment, variables, hint);
}

export function isUuid(text: string): boolean {
  return uuid.test(text.toLowerCase());
}

const secretName = /(KEY|TOKEN|SECRET|PASSWORD|CREDENTIAL)(?!S_DIR$)/;

/** Returns the values of the environment that must never appear in output, logs or errors. */
export function secretValues(variables: Variables): readonly string[] {
  return Object.entries(variables).flatMap(([name, value]) =>
    value !== undefined && value.length >= 8 && secretName.test(name) ? [value] : [],
  );
}

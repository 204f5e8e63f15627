import { dirname, isAbsolute, join } from 'node:path';
import {
  count,
  inRange,
  parentChannel,
  parseEnvironment,
  supabaseUrl,
  type Variables,
} from '@hq/shared/environment';
import { HqError } from '@hq/shared/errors';
import { environmentFlag } from '@hq/shared/program';
import { z } from 'zod';

const absolutePath = z.string().refine(isAbsolute, 'must be an absolute path');
const seconds = z.number('must be a number of seconds from 0 to 300');

const environment = z.object({
  OPENCLAW_STATE_DIR: absolutePath.default(() => join(process.env.HOME ?? '/', '.openclaw')),
  GATEWAY_PORT: count(1, 65_535, 18_789),
  CONTROL_SOCKET: absolutePath.optional(),
  SUPABASE_URL: supabaseUrl.optional(),
  SUPABASE_ANON_KEY: z.string().optional(),
  /** Server with OpenAI's protocol, such as Ollama, whose model agents use by default. */
  OPENAI_BASE_URL: z
    .string()
    .regex(/^https?:\/\/[^\s/@?#]+(\/[^\s?#]*)?$/, 'must be an http(s) address without a password')
    .optional(),
  OPENAI_MODEL: z.string().max(200).optional(),
  /** Another repository with templates: `git+<url>`. */
  TEMPLATES_SOURCE: z
    .string()
    .regex(/^git\+.+/, 'must begin with git+')
    .optional(),
  /** Seconds that running turns may take to end after SIGTERM. */
  TURN_GRACE: inRange(seconds, 0, 300, 20, ' seconds'),
  LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error'], 'must be debug, info, warn or error').default('info'),
  HQ_PARENT: parentChannel,
});

/** Settings of hq-gateway. */
export interface Settings {
  readonly paths: GatewayPaths;
  readonly port: number;
  /** The address and public key of HQ's API; null where agents get no tools of HQ. */
  readonly api: { readonly url: string; readonly anonKey: string } | null;
  readonly isRehearsal: boolean;
  readonly modelServer: { readonly baseUrl: string; readonly model: string } | null;
  readonly templatesSource: string | undefined;
  readonly turnGraceMs: number;
  readonly logLevel: string;
  readonly parent: 'ipc' | 'stdin' | undefined;
}

/** Reads the settings. Throws `usage` with the name of the variable for an invalid value. */
export function readSettings(variables: Variables): Settings {
  const hint =
    'Set it in the environment of hq-gateway and start again; docs/gateway.md lists every variable.';
  const env = parseEnvironment(environment, variables, hint);
  const {
    SUPABASE_URL: url,
    SUPABASE_ANON_KEY: anonKey,
    OPENAI_BASE_URL: baseUrl,
    OPENAI_MODEL: model,
  } = env;
  if (baseUrl !== undefined && model === undefined)
    throw new HqError('usage', 'OPENAI_MODEL must name the model of OPENAI_BASE_URL.', {
      hint,
      field: 'OPENAI_MODEL',
    });
  return {
    paths: gatewayPaths(env.OPENCLAW_STATE_DIR, env.CONTROL_SOCKET),
    port: env.GATEWAY_PORT,
    api: url === undefined || anonKey === undefined ? null : { url, anonKey },
    isRehearsal: environmentFlag({ ...variables }, 'HQ_REHEARSAL'),
    modelServer: baseUrl === undefined || model === undefined ? null : { baseUrl, model },
    templatesSource: env.TEMPLATES_SOURCE,
    turnGraceMs: env.TURN_GRACE * 1_000,
    logLevel: env.LOG_LEVEL,
    parent: env.HQ_PARENT,
  };
}

export type GatewayPaths = Readonly<ReturnType<typeof gatewayPaths>>;

/** Paths in the state directory that hq-gateway knows. */
export function gatewayPaths(state: string, controlSocket?: string) {
  const hq = join(state, 'hq');
  return {
    state,
    config: join(state, 'openclaw.json'),
    /** Token of OpenClaw's port. */
    token: join(state, 'gateway-token'),
    /** HQ's own directory. */
    hq,
    agents: join(hq, 'agents'),
    lock: join(hq, 'lock.sqlite'),
    lockOwner: join(hq, 'lock-owner.json'),
    starts: join(hq, 'starts.json'),
    openClawProcess: join(hq, 'openclaw.pid'),
    controlSocket: controlSocket ?? join(hq, 'control.sock'),
    controlDirectory: dirname(controlSocket ?? join(hq, 'control.sock')),
    browsers: join(state, 'browser'),
    browserPort: join(hq, 'browser-port'),
  };
}

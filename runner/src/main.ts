import { setTimeout as sleep } from 'node:timers/promises';
import { HqError } from '@hq/shared/errors';
import { createLog, type Log, logOutput } from '@hq/shared/log';
import { proxySettings, untilShutdownSignal, useProxy } from '@hq/shared/program';
import { readSecretsKeys } from '@hq/shared/secrets';
import { createRedactor, type Redactor } from '@hq/shared/text';
import { connectDatabase } from './database.ts';
import { openDockerStack } from './docker/docker-stack.ts';
import { dispatchLimits, type Environment, readEnvironment, secretValues } from './environment.ts';
import { type IdentityOptions, identifyGateway } from './gateway-identity.ts';
import { handlers } from './handlers/index.ts';
import { prepareGatewayHome } from './process/gateway-home.ts';
import { ProcessStack } from './process/process-stack.ts';
import { type RunnerOptions, startRunner } from './runner.ts';
import { retryDelay } from './schedule.ts';
import { ProviderKeys } from './secrets/provider-keys.ts';
import { SecretsSync } from './secrets/secrets-sync.ts';
import type { Stack } from './stack.ts';
import { version } from './version.ts';

/** Listed in docs/runner.md. */
const exitCodes = { stopped: 0, failed: 1, usage: 2, noGateway: 3, notHandedBack: 4 } as const;

/** A start waits this long for its secrets, then goes on with the files that exist. */
const firstSecretsMs = 10_000;

/** Socket on the volume that the containers of runner and gateway share. */
const dockerControlSocket = '/var/lib/hq/control/control.sock';

type OpenStack = (log: Log, redactor: Redactor) => Promise<Stack>;

async function prepareStack(env: Environment): Promise<OpenStack> {
  if (env.RUNTIME_MODE === 'docker') {
    const { COMPOSE_PROJECT: project = '', DOCKER_HOST: dockerHost } = env;
    const controlSocket = env.CONTROL_SOCKET ?? dockerControlSocket;
    return (_log, redactor) => openDockerStack({ project, redactor, controlSocket, dockerHost });
  }
  const { SUPABASE_URL, SUPABASE_ANON_KEY = '', HQ_REHEARSAL = '', LOG_LEVEL } = env;
  const { OPENAI_BASE_URL = '', OPENAI_MODEL = '' } = env;
  const home = await prepareGatewayHome(env.GATEWAY_HOME ?? '', {
    // Without the public key agents have no tools of HQ, and the address is of no use.
    ...(SUPABASE_ANON_KEY === '' ? {} : { SUPABASE_URL, SUPABASE_ANON_KEY }),
    HQ_REHEARSAL,
    OPENAI_BASE_URL,
    OPENAI_MODEL,
    LOG_LEVEL,
  });
  return (log, redactor) => ProcessStack.open(home, log, redactor);
}

/** Retries until the database answers: the runner may start before it. */
async function findGateway(options: IdentityOptions, signal: AbortSignal): Promise<string> {
  const { log } = options;
  for (let failures = 1; ; failures += 1) {
    try {
      return await identifyGateway(options, signal);
    } catch (error) {
      const mayPass =
        error instanceof HqError && (error.code === 'unreachable' || error.code === 'unauthenticated');
      if (!mayPass || signal.aborted) throw error;
      if (failures === 1) log.error({ code: error.code, hint: error.hint }, error.message);
      await sleep(retryDelay(failures, error.code === 'unauthenticated'), undefined, { signal });
    }
  }
}

function exitCodeOf(error: unknown): number {
  if (!(error instanceof HqError)) return exitCodes.failed;
  if (error.code === 'usage') return exitCodes.usage;
  return error.code === 'not_found' || error.code === 'conflict' ? exitCodes.noGateway : exitCodes.failed;
}

async function main(): Promise<number> {
  const redactor = createRedactor(secretValues(process.env));
  let log = createLog('info', redactor);
  try {
    const env = readEnvironment(process.env);
    useProxy(process.env);
    log = createLog(env.LOG_LEVEL, redactor);
    return await serve(env, redactor, log, await prepareStack(env));
  } catch (error) {
    const fault =
      error instanceof HqError ? { code: error.code, hint: error.hint, field: error.field } : { err: error };
    log.fatal(fault, error instanceof Error ? error.message : 'the runner failed');
    return exitCodeOf(error);
  }
}

async function serve(env: Environment, redactor: Redactor, log: Log, openStack: OpenStack): Promise<number> {
  const stopped = new AbortController();
  const stopRequest = untilShutdownSignal(env.HQ_PARENT, (why) => log.info({ why }, 'stopping'));
  void stopRequest.then(() =>
    stopped.abort(new HqError('cancelled', 'the runner was stopped before it was ready')),
  );
  const unlessStopped = (error: unknown): null => {
    if (stopped.signal.aborted) return null;
    throw error;
  };

  const keys = readSecretsKeys(process.env);
  const database = connectDatabase({
    url: env.SUPABASE_URL,
    serviceRoleKey: env.SUPABASE_SERVICE_ROLE_KEY,
    proxy: proxySettings(process.env),
  });
  const identity: IdentityOptions = {
    database,
    directory: env.SECRETS_DIR,
    gatewayId: env.GATEWAY_ID,
    token: env.GATEWAY_REGISTRATION_TOKEN,
    name: env.GATEWAY_NAME,
    log,
  };
  const prepared = findGateway(identity, stopped.signal).then(async (gatewayId) => {
    const secrets = new SecretsSync({ database, gatewayId, keys, path: env.SECRETS_DIR, redactor, log });
    stopped.signal.addEventListener('abort', () => void secrets.close());
    await secrets.start(firstSecretsMs);
    return { gatewayId, secrets };
  });
  // The gateway starts with its secrets in place where the database answers, and without it where it does not.
  if ((await Promise.race([prepared, sleep(firstSecretsMs)]).catch(unlessStopped)) === null)
    return exitCodes.stopped;

  const stack = await openStack(log, redactor);
  try {
    const ready = await prepared.catch(unlessStopped);
    if (ready === null) return exitCodes.stopped;
    return await runCommands(env, { redactor, log, database, stack, ...ready }, stopRequest);
  } finally {
    await stack.close();
    log.info('stopped');
  }
}

async function runCommands(
  env: Environment,
  parts: Pick<RunnerOptions, 'redactor' | 'log' | 'database' | 'stack' | 'gatewayId' | 'secrets'>,
  stopRequest: Promise<unknown>,
): Promise<number> {
  const { SUPABASE_URL: url, SUPABASE_SERVICE_ROLE_KEY: serviceRoleKey } = env;
  const { stack, secrets, log } = parts;
  const providerKeys = new ProviderKeys({
    gateway: stack.gateway,
    path: env.SECRETS_DIR,
    hashKey: serviceRoleKey,
    log,
  });
  secrets.addListener(providerKeys);
  const runner = await startRunner({
    ...parts,
    url,
    serviceRoleKey,
    handlers,
    version,
    slots: env.RUNNER_SLOTS,
    pollInterval: env.POLL_INTERVAL,
    commandTimeout: env.COMMAND_TIMEOUT,
    healthPort: env.HEALTH_PORT,
    dispatch: dispatchLimits(env),
    reconcileInterval: env.RECONCILE_INTERVAL,
  });
  const stopped = stopRequest.then(() => runner.stop());
  // Rejects earlier with an error that no retry can fix.
  await Promise.race([runner.ended, stopped]);
  const left = await stopped;
  await providerKeys.close();
  if (left.length === 0) return exitCodes.stopped;
  log.error({ commands: left }, 'stopped before the database accepted the results of these commands');
  return exitCodes.notHandedBack;
}

process.exitCode = await main();
await logOutput.flush();
// A handler that does not stop, or a timer of a library, must not keep a stopped runner alive.
process.exit();

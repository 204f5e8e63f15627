import { setTimeout as sleep } from 'node:timers/promises';
import { HqError } from '@hq/shared/errors';
import { createLog, type Log } from '@hq/shared/log';
import { untilShutdownSignal } from '@hq/shared/program';
import { readSecretsKeys } from '@hq/shared/secrets';
import { createRedactor, type Redactor } from '@hq/shared/text';
import { connectDatabase, type Database } from './database.ts';
import { openDockerStack } from './docker/docker-stack.ts';
import { type Environment, readEnvironment, secretValues } from './environment.ts';
import { handlers } from './handlers/index.ts';
import { prepareGatewayHome } from './process/gateway-home.ts';
import { ProcessStack } from './process/process-stack.ts';
import { startRunner } from './runner.ts';
import { retryDelay } from './schedule.ts';
import { ProviderKeys } from './secrets/provider-keys.ts';
import { SecretsSync } from './secrets/secrets-sync.ts';
import type { Stack } from './stack.ts';
import { version } from './version.ts';

/** Exit codes, as docs/runner.md tells them. */
const exitCodes = { stopped: 0, failed: 1, usage: 2, noGateway: 3, notHandedBack: 4 } as const;

/** How long a start waits for its secrets before it goes on with those that stand. */
const secretsFirstMs = 10_000;

async function openStack(
  env: Environment,
): Promise<{ secrets: readonly string[]; open: (log: Log) => Promise<Stack> }> {
  if (env.RUNTIME_MODE === 'docker') {
    const { COMPOSE_PROJECT: project = '', DOCKER_HOST: dockerHost } = env;
    return { secrets: [], open: () => openDockerStack({ project, dockerHost }) };
  }
  const home = await prepareGatewayHome({ directory: env.GATEWAY_HOME ?? '', config: env.GATEWAY_CONFIG });
  return { secrets: [home.token], open: (log) => ProcessStack.open(home, log) };
}

/** The runner may come up before its database does. */
async function findGateway(
  database: Database,
  idOrSlug: string,
  log: Log,
  signal: AbortSignal,
): Promise<string> {
  for (let failures = 1; ; failures += 1) {
    try {
      return await database.findGateway(idOrSlug, signal);
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
  let redactor: Redactor = createRedactor(secretValues(process.env));
  let log = createLog('info', redactor);
  try {
    const env = readEnvironment(process.env);
    const { secrets, open } = await openStack(env);
    redactor = createRedactor([...secretValues(process.env), ...secrets]);
    log = createLog(env.LOG_LEVEL, redactor);
    return await serve(env, redactor, log, open);
  } catch (error) {
    const fault =
      error instanceof HqError ? { code: error.code, hint: error.hint, field: error.field } : { err: error };
    log.fatal(fault, error instanceof Error ? error.message : 'the runner failed');
    return exitCodeOf(error);
  }
}

async function serve(
  env: Environment,
  redactor: Redactor,
  log: Log,
  open: (log: Log) => Promise<Stack>,
): Promise<number> {
  const asked = new AbortController();
  const stopAsked = untilShutdownSignal(env.HQ_PARENT, (why) => log.info({ why }, 'stopping'));
  void stopAsked.then(() =>
    asked.abort(new HqError('cancelled', 'the runner was stopped before it was ready')),
  );

  const keys = readSecretsKeys(process.env);
  const database = connectDatabase({ url: env.SUPABASE_URL, serviceRoleKey: env.SUPABASE_SERVICE_ROLE_KEY });
  const begun = findGateway(database, env.GATEWAY_ID, log, asked.signal).then(async (gatewayId) => {
    const secrets = new SecretsSync({ database, gatewayId, keys, path: env.SECRETS_DIR, redactor, log });
    asked.signal.addEventListener('abort', () => void secrets.close());
    await secrets.start(secretsFirstMs);
    return { gatewayId, secrets };
  });
  // A gateway starts with its secrets in place; but it starts, whatever became of the database.
  const isGone = await Promise.race([begun.then(() => false), sleep(secretsFirstMs, false)]).catch(
    (error: unknown) => {
      if (asked.signal.aborted) return true;
      throw error;
    },
  );
  if (isGone) return exitCodes.stopped;

  const stack = await open(log);
  try {
    const ready = await begun.catch((error: unknown) => {
      if (asked.signal.aborted) return null;
      throw error;
    });
    if (ready === null) return exitCodes.stopped;
    const { gatewayId, secrets } = ready;
    const providerKeys = new ProviderKeys({
      stack,
      path: env.SECRETS_DIR,
      hashKey: env.SUPABASE_SERVICE_ROLE_KEY,
      log,
    });
    secrets.addListener(providerKeys);
    const runner = await startRunner({
      url: env.SUPABASE_URL,
      serviceRoleKey: env.SUPABASE_SERVICE_ROLE_KEY,
      gatewayId,
      database,
      handlers,
      stack,
      secrets,
      redactor,
      log,
      version,
      slots: env.RUNNER_SLOTS,
      pollInterval: env.POLL_INTERVAL,
      commandTimeout: env.COMMAND_TIMEOUT,
      healthPort: env.HEALTH_PORT,
    });
    const stopped = stopAsked.then(() => runner.stop());
    // Ends earlier only by what no retry can mend.
    await Promise.race([runner.ended, stopped]);
    const left = await stopped;
    await providerKeys.close();
    if (left.length === 0) return exitCodes.stopped;
    log.error({ commands: left }, 'stopped without telling the database what became of these commands');
    return exitCodes.notHandedBack;
  } finally {
    await stack.close();
    log.info('stopped');
  }
}

process.exitCode = await main();
// A handler that does not stop, or a library's timer, must not keep a stopped runner alive.
process.exit();

import { mkdir } from 'node:fs/promises';
import type { LocalApiOptions } from './api/local-api.ts';
import type { DataDirectory } from './data-directory.ts';
import { botEmail, botPassword, type InstallKeys, installKeys } from './install-keys.ts';
import { keepPort, lastPort } from './last-port.ts';
import type { Messages } from './messages.ts';
import type { StartOptions } from './options.ts';
import { type SupervisedPostgres, supervisePostgres } from './postgres/supervised-postgres.ts';
import { buildTui, runnerProgram } from './programs.ts';
import { type RunningStack, removeRunFile, writeRunFile } from './run-file.ts';
import { SupervisedRunner } from './supervised-runner.ts';

const runnerStopMs = 20_000;
const errorReportMs = 60_000;

/**
 * Starts Postgres, migrations, seed, API and runner, in parallel where possible. A failure stops the parts that had
 * started.
 */
export async function startHq(options: StartOptions, directory: DataDirectory, { report }: Messages) {
  const stops: (() => Promise<void>)[] = [];
  /** Stops the runner with its gateway, the API and the database, in this order, within about half a minute. */
  const stop = async (): Promise<void> => {
    for (const step of stops.splice(0).reverse()) await step();
  };
  try {
    const keys = await installKeys(directory.keys);
    await mkdir(directory.gateway, { recursive: true, mode: 0o700 });
    // Loading the API's libraries and bundling take as long as starting Postgres.
    const apiModule = withoutUnhandledRejection(import('./api/local-api.ts'));
    const agentModule = withoutUnhandledRejection(import('./first-agent.ts'));
    const built = withoutUnhandledRejection(
      Promise.all([runnerProgram(), options.tui ? buildTui() : undefined]),
    );

    const { postgres, databaseUrl, gatewayId } = await startDatabase(options, directory, keys, report);
    if (postgres) stops.push(() => postgres.stop());

    report('Starting the API');
    const { startLocalApi, apiKeysFor } = await apiModule;
    const apiKeys = await apiKeysFor(keys.jwtSecret);
    const api = await startLocalApi({
      databaseUrl,
      keys: apiKeys,
      port: options.port ?? (await lastPort(directory.port)),
      onError: reportErrors(report),
    });
    stops.push(() => api.close());
    await keepPort(directory.port, api.port);

    const stack: RunningStack = {
      url: api.url,
      ...apiKeys,
      email: keys.email,
      password: keys.password,
      botEmail,
      botPassword: botPassword(keys),
      gatewayHome: directory.gateway,
      pid: process.pid,
    };
    await writeRunFile(directory.run, stack);
    stops.push(() => removeRunFile(directory.run));

    const { serviceRoleKey } = apiKeys;
    const { prepareFirstAgent } = await agentModule;
    const forAgent = { gatewayId, serviceRoleKey, variables: process.env, report };
    const models = await prepareFirstAgent(databaseUrl, forAgent);
    const [program] = await built;
    const { runnerLog: logFile } = directory;
    const runner = new SupervisedRunner({ program, stack, gatewayId, models, logFile, report });
    stops.push(() => {
      report('Waiting for the runner and its gateway to stop');
      return runner.stop(runnerStopMs);
    });
    return { stack, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function startDatabase(
  { databaseUrl: externalUrl }: StartOptions,
  directory: DataDirectory,
  keys: InstallKeys,
  report: Messages['report'],
): Promise<{ postgres: SupervisedPostgres | undefined; databaseUrl: string; gatewayId: string }> {
  const module = withoutUnhandledRejection(import('./prepare-database.ts'));
  if (externalUrl !== undefined) {
    const { bootstrapExternal, prepareDatabase } = await module;
    await bootstrapExternal(externalUrl);
    const { gatewayId } = await prepareDatabase(externalUrl, keys, report);
    return { postgres: undefined, databaseUrl: externalUrl, gatewayId };
  }
  report('Starting the database');
  const { superuserPassword } = keys;
  const postgres = await supervisePostgres({ directory: directory.postgres, superuserPassword, report });
  try {
    const { bootstrapEmbedded, prepareDatabase } = await module;
    const { databaseUrl } = await bootstrapEmbedded(directory.postgres, keys);
    return { postgres, databaseUrl, ...(await prepareDatabase(databaseUrl, keys, report)) };
  } catch (error) {
    await postgres.stop();
    throw error;
  }
}

/** Reports the same error once a minute: clients retry while the database is unavailable. */
function reportErrors(report: Messages['report']): NonNullable<LocalApiOptions['onError']> {
  const reportedAt = new Map<string, number>();
  return ({ status, route, codes }) => {
    const line = `API: ${status} for ${route} (${codes.join(', ')})`;
    const now = Date.now();
    if (now - (reportedAt.get(line) ?? 0) < errorReportMs) return;
    reportedAt.set(line, now);
    report(line);
  };
}

/** Prevents an unhandled rejection before the promise is awaited. */
function withoutUnhandledRejection<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  return promise;
}

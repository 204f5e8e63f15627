import { mkdir } from 'node:fs/promises';
import type { LocalApiOptions } from './api/local-api.ts';
import type { DataDirectory } from './data-directory.ts';
import { botEmail, botPassword, installKeys } from './install-keys.ts';
import type { Messages } from './messages.ts';
import type { StartOptions } from './options.ts';
import { type SupervisedPostgres, supervisePostgres } from './postgres/supervised-postgres.ts';
import { buildTui, runnerProgram } from './programs.ts';
import { type RunningStack, removeRunFile, writeRunFile } from './run-file.ts';
import { type SupervisedRunner, superviseRunner } from './supervised-runner.ts';

export interface RunningHq {
  readonly stack: RunningStack;
  /** Stops the runner with its gateway, the API and the database, in this order, within about half a minute. */
  stop(): Promise<void>;
}

const runnerStopMs = 20_000;
const errorReportMs = 60_000;

/**
 * Starts Postgres, migrations, seed, API and runner, in parallel where possible. A failure stops the parts that had
 * started.
 */
export async function startHq(
  options: StartOptions,
  directory: DataDirectory,
  { report }: Messages,
): Promise<RunningHq> {
  const stops: (() => Promise<void>)[] = [];
  const stop = async (): Promise<void> => {
    for (const step of stops.splice(0).reverse()) await step();
  };
  try {
    const keys = await installKeys(directory.keys);
    await mkdir(directory.gateway, { recursive: true, mode: 0o700 });
    // Loading the API's libraries and bundling take as long as starting Postgres.
    const modules = withoutUnhandledRejection(
      Promise.all([import('./api/local-api.ts'), import('./prepare-database.ts')]),
    );
    const built = withoutUnhandledRejection(
      Promise.all([runnerProgram(), options.tui ? buildTui() : undefined]),
    );

    let postgres: SupervisedPostgres | undefined;
    if (options.databaseUrl === undefined) {
      report('Starting the database');
      postgres = await supervisePostgres({
        directory: directory.postgres,
        superuserPassword: keys.superuserPassword,
        report,
      });
      stops.push(() => postgres?.stop() ?? Promise.resolve());
    }

    const [{ startLocalApi, apiKeysFor }, { bootstrapEmbedded, bootstrapExternal, prepareDatabase }] =
      await modules;
    let databaseUrl = options.databaseUrl ?? '';
    if (postgres) ({ databaseUrl } = await bootstrapEmbedded(postgres.port, keys));
    else await bootstrapExternal(databaseUrl);
    const { gatewayId } = await prepareDatabase(databaseUrl, keys, report);

    report('Starting the API');
    const apiKeys = await apiKeysFor(keys.jwtSecret);
    const api = await startLocalApi({
      databaseUrl,
      keys: apiKeys,
      port: options.port,
      onError: reportErrors(report),
    });
    stops.push(() => api.close());

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

    const [program] = await built;
    const runner: SupervisedRunner = superviseRunner({
      program,
      stack,
      gatewayId,
      logFile: directory.runnerLog,
      report,
    });
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

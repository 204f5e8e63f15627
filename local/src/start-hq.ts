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
  /** Stops the runner with its gateway, the API, the database, in this order, within about half a minute. */
  stop(): Promise<void>;
}

const runnerStopMs = 20_000;
const errorReportMs = 60_000;

/**
 * Starts everything but a face: Postgres, migrations, seed, API, runner. What can be done beside something else is.
 * A failure stops what had been started.
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
    // Loading the API's libraries and building take as long as starting Postgres does.
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

/** Clients ask again and again while a database is away: the same fault is told once a minute. */
function reportErrors(tell: Messages['report']): NonNullable<LocalApiOptions['onError']> {
  const toldAt = new Map<string, number>();
  return ({ status, route, codes }) => {
    const line = `API: ${status} for ${route} (${codes.join(', ')})`;
    const now = Date.now();
    if (now - (toldAt.get(line) ?? 0) < errorReportMs) return;
    toldAt.set(line, now);
    tell(line);
  };
}

/** Its failure is told when it is awaited, not as one that nobody handled. */
function withoutUnhandledRejection<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  return promise;
}

import { existsSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { HqError } from '@hq/shared/errors';
import { type Backoff, backoffMs, sleep } from '@hq/shared/program';
import {
  type Cluster,
  findPostgres,
  initCluster,
  postgresAccount,
  startPostgres,
  stopOrphan,
} from './postgres.ts';

export type SupervisedPostgres = Awaited<ReturnType<typeof supervisePostgres>>;

export interface SuperviseOptions {
  readonly directory: string;
  readonly superuserPassword: string;
  /** Receives messages for the operator. */
  readonly report: (line: string) => void;
}

export const embeddedSuperuser = 'supabase_admin';

const backoff: Backoff = { firstMs: 50, longestMs: 5_000, jitter: 'none' };
/** Failed restarts after which each error is reported; the first ones are expected while memory is released. */
const silentFailures = 7;

/**
 * Runs the bundled Postgres on its directory: creates the cluster if it is new, stops the server of a killed process, and
 * restarts the server when it exits.
 */
export async function supervisePostgres({ directory, superuserPassword, report }: SuperviseOptions) {
  const account = await postgresAccount();
  const binaries = await findPostgres(account, report);
  const cluster: Cluster = { directory, binaries, account };
  if (account) report(`Postgres refuses to run as root: it runs under the account ${account.name}`);
  if (existsSync(directory)) {
    if (await stopOrphan(cluster)) report('Stopped the database that an earlier start left behind');
  } else {
    // Renamed when complete, so that a partial cluster is never used.
    const unfinished = `${directory}.new`;
    await rm(unfinished, { recursive: true, force: true });
    await initCluster(
      { ...cluster, directory: unfinished },
      { password: superuserPassword, superuser: embeddedSuperuser, sync: true },
    );
    await rename(unfinished, directory);
  }

  let stopping = false;
  let running = await startPostgres(cluster, settings);

  const restartOnExit = async (): Promise<void> => {
    await running.exited;
    if (stopping) return;
    report('The database exited; restarting it');
    for (let failures = 1; !stopping; failures += 1) {
      try {
        running = await startPostgres(cluster, settings);
        report('The database is running again');
        if (stopping) await running.stop();
        else void restartOnExit();
        return;
      } catch (error) {
        // The last processes of its predecessor may still hold its shared memory.
        if (failures > silentFailures)
          report(error instanceof HqError ? `${error.message} ${error.hint}` : String(error));
        await sleep(backoffMs(failures, backoff));
      }
    }
  };
  void restartOnExit();

  return {
    stop: async (): Promise<void> => {
      stopping = true;
      await running.stop();
    },
  };
}

const settings = {
  max_connections: '60',
  shared_buffers: '64MB',
  wal_level: 'minimal',
  max_wal_senders: '0',
};

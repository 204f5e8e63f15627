import { existsSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { HqError } from '@hq/shared/errors';
import { freePort } from '../free-port.ts';
import {
  type Cluster,
  findPostgres,
  initCluster,
  postgresAccount,
  type RunningPostgres,
  startPostgres,
  stopOrphan,
} from './postgres.ts';

export interface SupervisedPostgres {
  readonly port: number;
  /** Ends it for good. */
  stop(): Promise<void>;
}

export interface SuperviseOptions {
  readonly directory: string;
  readonly superuserPassword: string;
  /** What an operator should know: which account it runs under, that it came back. */
  readonly report: (line: string) => void;
}

export const embeddedSuperuser = 'supabase_admin';

const firstRetryMs = 50;
const lastRetryMs = 5_000;

/**
 * The bundled Postgres on its directory: made if it is new, freed of a server that a dead starter left, started, and
 * started again on the same port whenever it ends unasked.
 */
export async function supervisePostgres({
  directory,
  superuserPassword,
  report,
}: SuperviseOptions): Promise<SupervisedPostgres> {
  const account = await postgresAccount();
  const binaries = await findPostgres(account, report);
  const cluster: Cluster = { directory, binaries, account };
  if (account) report(`Postgres refuses to run as root: it runs under the account ${account.name}`);
  if (existsSync(directory)) {
    if (await stopOrphan(cluster)) report('Stopped the database that an earlier start left behind');
  } else {
    // Made beside its place and renamed, so that one that was cut short is never used.
    const unfinished = `${directory}.new`;
    await rm(unfinished, { recursive: true, force: true });
    await initCluster(
      { ...cluster, directory: unfinished },
      { password: superuserPassword, superuser: embeddedSuperuser, sync: true },
    );
    await rename(unfinished, directory);
  }

  let stopping = false;
  let running = await startOnFreePort(cluster);
  const { port } = running;

  const keep = async (): Promise<void> => {
    await running.exited;
    if (stopping) return;
    report('The database ended unasked; starting it again');
    for (let retryMs = firstRetryMs; !stopping; retryMs = Math.min(retryMs * 2, lastRetryMs)) {
      try {
        running = await startPostgres(cluster, { port, settings });
        report('The database is back');
        if (stopping) await running.stop();
        else void keep();
        return;
      } catch (error) {
        // Its predecessor's last processes may still hold its memory for a moment.
        if (retryMs === lastRetryMs)
          report(error instanceof HqError ? `${error.message} ${error.hint}` : String(error));
        await new Promise((resolve) => setTimeout(resolve, retryMs));
      }
    }
  };
  void keep();

  return {
    port,
    stop: async () => {
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

async function startOnFreePort(cluster: Cluster): Promise<RunningPostgres> {
  try {
    return await startPostgres(cluster, { port: await freePort(), settings });
  } catch (error) {
    // Somebody else may have taken the port between the question and the start.
    if (!(error instanceof HqError && error.code === 'conflict')) throw error;
    return startPostgres(cluster, { port: await freePort(), settings });
  }
}

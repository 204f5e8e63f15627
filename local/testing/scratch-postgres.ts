import { chown, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '@hq/shared/program';
import pg from 'pg';
import {
  findPostgres,
  initCluster,
  isAlive,
  postgresAccount,
  startPostgres,
  stopOrphan,
} from '../src/postgres/postgres.ts';
import type { PostgresAccount } from '../src/postgres/postgres-account.ts';
import type { PostgresBinaries } from '../src/postgres/postgres-binaries.ts';

/** Temporary Postgres 17. `postgres` owns HQ there but is no superuser, as on Supabase. */
export interface ScratchPostgres {
  /** Returns `postgres://role:password@host:port/database` for any database of the cluster. */
  readonly urlFor: (database: string, role?: 'postgres' | 'supabase_admin') => string;
  /** Stops the server and removes its directory. */
  readonly stop: () => Promise<void>;
}

/** Database in the state of a new Supabase project, before the first migration. */
export const freshProject = 'hq_fresh';

const password = 'scratch';
const prefix = 'hq-scratch-';
/** File in each cluster's folder with the pid of the process that started it. */
const starterFile = 'starter.pid';
const bootstrapFile = join(import.meta.dirname, '../../db/bootstrap/supabase.sql');

export async function runStatements(url: string, ...statements: readonly string[]): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    for (const statement of statements) await client.query(statement);
  } finally {
    await client.end();
  }
}

/** Removes the clusters of killed processes. */
async function sweepOrphans(account: PostgresAccount | undefined, binaries: PostgresBinaries): Promise<void> {
  const folders = (await readdir(tmpdir())).filter((name) => name.startsWith(prefix));
  for (const folder of folders) {
    const home = join(tmpdir(), folder);
    // Without the file the cluster is being created, or belongs to another account.
    const starter = Number(await readFile(join(home, starterFile), 'utf8').catch(() => 'none'));
    if (!Number.isInteger(starter) || isAlive(starter)) continue;
    await stopOrphan({ directory: join(home, 'data'), binaries, account });
    await rm(home, { recursive: true, force: true });
  }
}

/** Takes about a second. Nothing is synced to the disk. */
export async function startScratchPostgres(): Promise<ScratchPostgres> {
  const account = await postgresAccount();
  const binaries = await findPostgres(account, (line) => process.stderr.write(`${line}\n`));
  await sweepOrphans(account, binaries);
  const home = await mkdtemp(join(tmpdir(), prefix));
  await writeFile(join(home, starterFile), String(process.pid));
  if (account) await chown(home, account.uid, account.gid);
  const cluster = { directory: join(home, 'data'), binaries, account };
  await initCluster(cluster, { password, sync: false });
  const port = await freePort();
  const server = await startPostgres(cluster, {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    port: String(port),
    fsync: 'off',
    synchronous_commit: 'off',
    full_page_writes: 'off',
    max_connections: '200',
  });
  const urlFor: ScratchPostgres['urlFor'] = (database, role = 'postgres') =>
    `postgres://${role}:${password}@127.0.0.1:${port}/${database}`;
  const stop = async () => {
    await server.stop();
    await rm(home, { recursive: true, force: true });
  };
  try {
    // Renames initdb's superuser, so that `postgres` has the rights that it has on Supabase.
    await runStatements(
      urlFor('postgres'),
      `create role supabase_admin superuser login password '${password}'`,
    );
    await runStatements(
      urlFor('postgres', 'supabase_admin'),
      'alter role postgres rename to cluster_owner',
      `create role postgres login createdb createrole bypassrls replication password '${password}'`,
      `create database ${freshProject} owner postgres`,
    );
    await runStatements(urlFor(freshProject, 'supabase_admin'), await readFile(bootstrapFile, 'utf8'));
  } catch (error) {
    await stop();
    throw error;
  }
  return { urlFor, stop };
}

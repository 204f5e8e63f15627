import { chown, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { freePort } from './free-port.ts';
import { findPostgres, initCluster, postgresAccount, startPostgres } from './postgres.ts';

/** A Postgres 17 that is thrown away. `postgres` owns HQ there but is no superuser, as on Supabase. */
export interface ScratchPostgres {
  /** `postgres://role:password@host:port/database`, for any database of the cluster. */
  readonly urlFor: (database: string, role?: 'postgres' | 'supabase_admin') => string;
  /** Stops the server and removes its directory. */
  readonly stop: () => Promise<void>;
}

/** A database that stands as a fresh Supabase project does, before the first migration. */
export const freshProject = 'hq_fresh';

const password = 'scratch';
const bootstrapFile = join(import.meta.dirname, '..', 'bootstrap', 'supabase.sql');

export async function runStatements(url: string, ...statements: readonly string[]): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    for (const statement of statements) await client.query(statement);
  } finally {
    await client.end();
  }
}

/** About a second. Nothing is synced to the disk: its data does not outlive the machine's next sneeze. */
export async function startScratchPostgres(): Promise<ScratchPostgres> {
  const account = await postgresAccount();
  const binaries = await findPostgres(account, (line) => process.stderr.write(`${line}\n`));
  const home = await mkdtemp(join(tmpdir(), 'hq-scratch-'));
  if (account) await chown(home, account.uid, account.gid);
  const cluster = { directory: join(home, 'data'), binaries, account };
  await initCluster(cluster, { password, sync: false });
  const server = await startPostgres(cluster, {
    port: await freePort(),
    settings: { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off', max_connections: '200' },
  });
  const urlFor: ScratchPostgres['urlFor'] = (database, role = 'postgres') =>
    `postgres://${role}:${password}@127.0.0.1:${server.port}/${database}`;
  const stop = async () => {
    await server.stop();
    await rm(home, { recursive: true, force: true });
  };
  try {
    // initdb's superuser steps aside, so that `postgres` has Supabase's rights and no more.
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

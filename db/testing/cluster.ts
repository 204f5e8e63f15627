import { chown, mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { freePort } from '../local/free-port.ts';
import { findPostgres, initCluster, postgresAccount, startPostgres } from '../local/postgres.ts';
import { migrate } from '../src/migrate.ts';

/** A throw-away Postgres 17 that looks like a Supabase project: `postgres` owns HQ there but is no superuser. */
export interface TestCluster {
  /** `postgres://role:password@host:port/database`, for any database of the cluster. */
  readonly urlFor: (database: string, role?: 'postgres' | 'supabase_admin') => string;
  /** Stops the server and removes its directory. */
  readonly stop: () => Promise<void>;
}

export const emptyTemplate = 'hq_empty';
export const migratedTemplate = 'hq_migrated';

const password = 'test';
const bootstrapFile = join(import.meta.dirname, '..', 'bootstrap', 'supabase.sql');

async function run(url: string, ...statements: readonly string[]): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    for (const statement of statements) await client.query(statement);
  } finally {
    await client.end();
  }
}

/** Starts the cluster with two templates: one as a fresh project stands, one with every migration. */
export async function startTestCluster(): Promise<TestCluster> {
  const account = await postgresAccount();
  const binaries = await findPostgres(account, (line) => process.stderr.write(`${line}\n`));
  const home = await mkdtemp(join(tmpdir(), 'hq-test-postgres-'));
  const directory = join(home, 'data');
  await mkdir(directory, { mode: 0o700 });
  if (account) await chown(home, account.uid, account.gid);
  const cluster = { directory, binaries, account };
  await initCluster(cluster, { password, sync: false });
  const server = await startPostgres(cluster, {
    port: await freePort(),
    settings: { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off', max_connections: '200' },
  });
  const urlFor: TestCluster['urlFor'] = (database, role = 'postgres') =>
    `postgres://${role}:${password}@127.0.0.1:${server.port}/${database}`;
  const stop = async () => {
    await server.stop();
    await rm(home, { recursive: true, force: true });
  };
  try {
    // initdb's superuser steps aside, so that `postgres` has Supabase's rights and no more.
    await run(urlFor('postgres'), `create role supabase_admin superuser login password '${password}'`);
    await run(
      urlFor('postgres', 'supabase_admin'),
      'alter role postgres rename to cluster_owner',
      `create role postgres login createdb createrole bypassrls replication password '${password}'`,
      `create database ${emptyTemplate} owner postgres`,
    );
    await run(urlFor(emptyTemplate, 'supabase_admin'), await readFile(bootstrapFile, 'utf8'));
    await run(
      urlFor('postgres', 'supabase_admin'),
      `create database ${migratedTemplate} owner postgres template ${emptyTemplate}`,
    );
    await migrate(urlFor(migratedTemplate));
  } catch (error) {
    await stop();
    throw error;
  }
  return { urlFor, stop };
}

import { setTimeout as sleep } from 'node:timers/promises';
import { HqError } from '@hq/shared/errors';
import pg from 'pg';
import { withConnection } from './connection.ts';
import { type MigrationFile, readMigrationFiles } from './migration-files.ts';
import { findPolicyDrift, type PolicyDrift, syncPolicy } from './policy-sync.ts';

interface AppliedMigration {
  readonly name: string;
  readonly checksum: string;
  readonly applied_at: Date;
}

export interface MigrationState {
  readonly applied: readonly AppliedMigration[];
  readonly pending: readonly string[];
  /** Applied, but the file has changed since. */
  readonly changed: readonly string[];
  /** Applied, and no file here has the name: the database is newer than this program, or another HQ's. */
  readonly unknown: readonly string[];
  readonly policy: readonly PolicyDrift[];
}

export interface MigrateOptions {
  /** Says what would be applied and changes nothing. */
  readonly dryRun?: boolean;
  /** Called before each step with the migration's name, or `catalogue of actions`. */
  readonly onStep?: (step: string) => void;
  /** Another folder of migrations, for tests. */
  readonly directory?: string;
}

/** One migrator at a time per database. The number is arbitrary but fixed. */
const lockKey = 4_770_118_201;
const lockWaitMs = 60_000;

async function withMigrationLock<T>(client: pg.Client, work: () => Promise<T>): Promise<T> {
  const deadline = Date.now() + lockWaitMs;
  for (;;) {
    const { rows } = await client.query<{ locked: boolean }>('select pg_try_advisory_lock($1) as locked', [
      lockKey,
    ]);
    if (rows[0]?.locked) break;
    if (Date.now() > deadline) {
      throw new HqError('timed_out', 'another migration of this database has been running for a minute', {
        hint: 'Wait for it, or end the connection that holds the advisory lock.',
      });
    }
    await sleep(200);
  }
  try {
    return await work();
  } finally {
    await client.query('select pg_advisory_unlock($1)', [lockKey]);
  }
}

async function readState(client: pg.Client, files: readonly MigrationFile[]): Promise<MigrationState> {
  const { rows } = await client.query<{ there: boolean; policy: boolean }>(
    `select to_regclass('hq.migrations') is not null as there, to_regclass('hq.actions') is not null
       and to_regtype('public.command_action') is not null as policy`,
  );
  const applied = rows[0]?.there
    ? (
        await client.query<AppliedMigration>(
          'select name, checksum, applied_at from hq.migrations order by name',
        )
      ).rows
    : [];
  const byName = new Map(files.map((file) => [file.name, file]));
  const done = new Set(applied.map(({ name }) => name));
  return {
    applied,
    pending: files.filter(({ name }) => !done.has(name)).map(({ name }) => name),
    changed: applied
      .filter(({ name, checksum }) => (byName.get(name)?.checksum ?? checksum) !== checksum)
      .map(({ name }) => name),
    unknown: applied.filter(({ name }) => !byName.has(name)).map(({ name }) => name),
    policy: rows[0]?.policy ? await findPolicyDrift(client) : [],
  };
}

function refuseDrift({ changed, unknown }: MigrationState): void {
  if (unknown.length > 0) {
    throw new HqError('conflict', `the database is newer than this hq-db: it has ${unknown.join(', ')}`, {
      hint: 'Use the hq-db of the release that migrated it.',
    });
  }
  if (changed.length > 0) {
    throw new HqError('conflict', `migrations were edited after they were applied: ${changed.join(', ')}`, {
      hint: 'Restore the files as they were; say the change in a new migration.',
    });
  }
}

async function apply(client: pg.Client, { name, sql, checksum }: MigrationFile): Promise<void> {
  try {
    await client.query('begin');
    await client.query(sql);
    await client.query('insert into hq.migrations (name, checksum) values ($1, $2)', [name, checksum]);
    await client.query('commit');
  } catch (cause) {
    await client.query('rollback');
    const reason = cause instanceof Error ? cause.message : 'no reason was given';
    const where = cause instanceof pg.DatabaseError && cause.where ? ` (${cause.where.split('\n')[0]})` : '';
    throw new HqError('failed', `migration ${name} failed and was rolled back: ${reason}${where}`, {
      hint: 'The migrations before it stand. Correct the cause and run hq-db migrate again.',
      cause,
    });
  }
}

/**
 * Brings a database to this release: each migration in a transaction of its own, then the catalogue's policy rows. Resolves to the
 * names of what was (or would be) applied. Throws `conflict` on drift or a newer database, `failed` when a migration does.
 */
export async function migrate(databaseUrl: string, options: MigrateOptions = {}): Promise<string[]> {
  const files = await readMigrationFiles(options.directory);
  return withConnection(databaseUrl, (client) =>
    withMigrationLock(client, async () => {
      if (options.dryRun) {
        const state = await readState(client, files);
        refuseDrift(state);
        for (const name of state.pending) options.onStep?.(name);
        return [...state.pending];
      }
      await client.query(`set client_min_messages = warning`);
      await client.query(`create schema if not exists hq`);
      await client.query(`create table if not exists hq.migrations (
        name text primary key, checksum text not null, applied_at timestamptz not null default clock_timestamp())`);
      const state = await readState(client, files);
      refuseDrift(state);
      const pending = new Set(state.pending);
      for (const file of files) {
        if (!pending.has(file.name)) continue;
        options.onStep?.(file.name);
        await apply(client, file);
      }
      if ((await findPolicyDrift(client)).length > 0) {
        options.onStep?.('catalogue of actions');
        await syncPolicy(client);
      }
      return [...state.pending];
    }),
  );
}

/** How a database stands to this release. Changes nothing. */
export async function migrationState(databaseUrl: string, directory?: string): Promise<MigrationState> {
  const files = await readMigrationFiles(directory);
  return withConnection(databaseUrl, (client) => readState(client, files));
}

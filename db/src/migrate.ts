import { setTimeout as sleep } from 'node:timers/promises';
import { HqError } from '@hq/shared/errors';
import type pg from 'pg';
import {
  createAppliedFilesTables,
  type MigrationState,
  readState,
  recordApplied,
  repeatableFiles,
} from './applied-files.ts';
import { applyFiles } from './apply-file.ts';
import { applyRepeatable } from './apply-repeatable.ts';
import { withConnection } from './connection.ts';
import { findPlatformDrift, syncPlatforms } from './platform-sync.ts';
import { findPolicyDrift, syncPolicy } from './policy-sync.ts';
import { readSchemaFiles, type SchemaFiles } from './schema-files.ts';
import { findBreaches } from './schema-rules.ts';
import { takeOver } from './takeover.ts';

export interface MigrateOptions {
  /** Says what would be applied and changes nothing. */
  readonly dryRun?: boolean;
  /** Called before each step with the file's name, `catalogue of actions`, `chat platforms`, or the broken rule that it mends. */
  readonly onStep?: (step: string) => void;
  /** Another folder with `schema/`, `migrations/` and `takeover/`, for tests. */
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

function refuseDrift({ changed, unknown }: MigrationState): void {
  if (unknown.length > 0) {
    throw new HqError('conflict', `the database is newer than this hq-db: it has ${unknown.join(', ')}`, {
      hint: 'Use the hq-db of the release that migrated it.',
    });
  }
  if (changed.length > 0) {
    throw new HqError('conflict', `migrations were edited after they were applied: ${changed.join(', ')}`, {
      hint: 'Restore the files as they were. Put the change into a new migration.',
    });
  }
}

/**
 * Closes the tables that this transaction created in `public`: a Supabase project grants every new table to everybody, and their
 * rights come in a later transaction, which may fail.
 */
const closeNewTables = `do $$
declare
  v_table regclass;
begin
  for v_table in
    select c.oid::regclass from pg_class c join pg_type t on t.oid = c.reltype
    where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relrowsecurity
      and t.xmin = pg_current_xact_id()::xid
  loop
    execute format('revoke all on %s from public, anon, authenticated', v_table);
    execute format('alter table %s enable row level security', v_table);
  end loop;
end
$$`;

/** Applies what runs once: the takeover of an older database, else the tables; then the migrations. */
async function applyPending(
  client: pg.Client,
  files: SchemaFiles,
  state: MigrationState,
  onStep: (step: string) => void,
): Promise<void> {
  const pending = new Set(state.pending);
  if (state.beforeBaseline) {
    await takeOver(client, files, (name) => pending.has(name), onStep);
  } else if (files.tables.some(({ name }) => pending.has(name))) {
    // Defaults and checks of the tables call these functions.
    await applyFiles(client, files.functions.slice(0, 1), () => Promise.resolve());
  }
  for (const file of state.beforeBaseline ? files.migrations : [...files.tables, ...files.migrations]) {
    if (!pending.has(file.name)) continue;
    onStep(file.name);
    await applyFiles(client, [file], async () => {
      await client.query(closeNewTables);
      await recordApplied(client, file);
    });
  }
}

/**
 * Brings a database to this release: tables and migrations that it lacks, each in a transaction of its own; the rows of the catalogue and
 * of the chat platforms; then, where a file changed or a rule of `hq-db verify` is broken, all functions, triggers and rights in one transaction.
 * Resolves to the names of what was (or would be) applied. Throws `conflict` on drift or a newer database, `failed` when a file does.
 */
export async function migrate(databaseUrl: string, options: MigrateOptions = {}): Promise<string[]> {
  const { onStep = () => undefined } = options;
  const files = await readSchemaFiles(options.directory);
  return withConnection(databaseUrl, (client) =>
    withMigrationLock(client, async () => {
      if (!options.dryRun) {
        await client.query(`set client_min_messages = warning`);
        await createAppliedFilesTables(client);
      }
      const state = await readState(client, files);
      refuseDrift(state);
      const steps = [...state.pending, ...state.outdated];
      if (options.dryRun) {
        const wouldApply = [
          ...(steps.length > 0 ? steps : await findBreaches(client)),
          ...(state.policy.length > 0 ? ['catalogue of actions'] : []),
          ...(state.platforms.length > 0 ? ['chat platforms'] : []),
        ];
        for (const step of wouldApply) onStep(step);
        return wouldApply;
      }
      const repeatable = new Set(repeatableFiles(files).map(({ name }) => name));
      await applyPending(client, files, state, onStep);
      if ((await findPolicyDrift(client)).length > 0) {
        onStep('catalogue of actions');
        await syncPolicy(client);
      }
      if ((await findPlatformDrift(client)).length > 0) {
        onStep('chat platforms');
        await syncPlatforms(client);
      }
      const changed = steps.filter((step) => repeatable.has(step) || state.outdated.includes(step));
      const breaches = steps.length === 0 ? await findBreaches(client) : [];
      if (steps.length > 0 || breaches.length > 0) {
        for (const step of changed) onStep(step);
        for (const breach of breaches) onStep(`functions and rights again: ${breach}`);
        await applyRepeatable(client, files);
      }
      return [...steps, ...breaches];
    }),
  );
}

/** Compares a database with this release. Changes nothing. */
export async function migrationState(databaseUrl: string, directory?: string): Promise<MigrationState> {
  const files = await readSchemaFiles(directory);
  return withConnection(databaseUrl, (client) => readState(client, files));
}

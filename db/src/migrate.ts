import { HqError } from '@hq/shared/errors';
import type pg from 'pg';
import {
  createAppliedFilesTables,
  type MigrationState,
  readFilesState,
  readState,
  recordApplied,
} from './applied-files.ts';
import { applyFile, runFiles } from './apply-file.ts';
import { applyRepeatable } from './apply-repeatable.ts';
import { recordBefore } from './before-hq.ts';
import { withConnection } from './connection.ts';
import { inMigration } from './migration-lock.ts';
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
  /** Called with a sentence for each account that this migration made an admin. */
  readonly onNote?: (note: string) => void;
  /** Another folder with `schema/`, `migrations/` and `takeover/`, for tests. */
  readonly directory?: string;
}

function refuseDrift({ changed, unknown, newerRelease }: MigrationState): void {
  if (unknown.length > 0 || newerRelease !== null) {
    const what = unknown.length > 0 ? unknown.join(', ') : `functions and rights of ${newerRelease}`;
    throw new HqError('conflict', `the database is newer than this hq-db: it has ${what}`, {
      hint: 'Use the hq-db of that release, or a newer one.',
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
  { beforeBaseline }: MigrationState,
  onStep: (step: string) => void,
): Promise<string[]> {
  const applied = new Set<string>();
  // Asked again before each file: another migrator may have applied it meanwhile.
  const isPending = async (name: string) => {
    const isMissing = (await readFilesState(client, files)).pending.includes(name);
    if (isMissing && !applied.has(name)) onStep(name);
    if (isMissing) applied.add(name);
    return isMissing;
  };
  if (beforeBaseline) await takeOver(client, files, isPending);
  const once = beforeBaseline ? files.migrations : [...files.tables, ...files.migrations];
  for (const file of once) {
    await applyFile(client, file, {
      isPending: async () => {
        const isMissing = await isPending(file.name);
        // Defaults and checks of the tables call these functions.
        if (isMissing && file === once[0]) await runFiles(client, files.functions.slice(0, 1));
        return isMissing;
      },
      record: async () => {
        await client.query(closeNewTables);
        await recordApplied(client, file);
      },
    });
  }
  return [...applied];
}

async function readAdmins(client: pg.Client): Promise<string[]> {
  const { rows } = await client.query<{ note: string }>(
    `select format('%s is admin of %s', coalesce(u.email, u.id::text), t.slug) as note from public.tenant_members m
     join auth.users u on u.id = m.user_id join public.tenants t on t.id = m.tenant_id where m.role = 'admin' order by 1`,
  );
  return rows.map(({ note }) => note);
}

/** Writes the rows of the catalogue and of the chat platforms where they differ. */
async function syncRows(client: pg.Client, onStep: (step: string) => void): Promise<void> {
  await inMigration(client, async () => {
    if ((await findPolicyDrift(client)).length > 0) {
      onStep('catalogue of actions');
      await syncPolicy(client);
    }
    if ((await findPlatformDrift(client)).length > 0) {
      onStep('chat platforms');
      await syncPlatforms(client);
    }
  });
}

/**
 * Brings a database to this release: tables and migrations that it lacks, each in a transaction of its own; the rows of the catalogue and
 * of the chat platforms; then, where a file changed or a rule of `hq-db verify` is broken, all functions, triggers and rights in one transaction.
 * Resolves to the names of what was (or would be) applied. Throws `conflict` on drift or a newer database, `failed` when a file does.
 */
export async function migrate(databaseUrl: string, options: MigrateOptions = {}): Promise<string[]> {
  const { onStep = () => undefined } = options;
  const files = await readSchemaFiles(options.directory);
  return withConnection(databaseUrl, async (client) => {
    if (!options.dryRun)
      await inMigration(client, async () => {
        await recordBefore(client);
        await createAppliedFilesTables(client);
      });
    const state = await readState(client, files);
    refuseDrift(state);
    if (options.dryRun) return wouldApply(client, state, onStep);
    const once = state.pending.length > 0 ? await applyPending(client, files, state, onStep) : [];
    if (once.includes('tenancy/tables')) for (const note of await readAdmins(client)) options.onNote?.(note);
    await syncRows(client, onStep);
    const again = await applyAgain(client, files, once.length > 0, onStep);
    return [...once, ...again];
  });
}

/** Applies functions, triggers and rights where it is needed. Returns the reasons: files and broken rules. */
async function applyAgain(
  client: pg.Client,
  files: SchemaFiles,
  hasNewTables: boolean,
  onStep: (step: string) => void,
): Promise<string[]> {
  const { pending, outdated } = await readFilesState(client, files);
  const breaches = hasNewTables || pending.length + outdated.length > 0 ? [] : await findBreaches(client);
  for (const breach of breaches) onStep(`functions and rights again: ${breach}`);
  const changed = new Set<string>();
  await applyRepeatable(client, files, async () => {
    const now = await readFilesState(client, files);
    for (const name of [...now.pending, ...now.outdated].filter((name) => !changed.has(name))) {
      changed.add(name);
      onStep(name);
    }
    return hasNewTables || breaches.length > 0 || changed.size > 0;
  });
  return [...changed, ...breaches];
}

async function wouldApply(
  client: pg.Client,
  state: MigrationState,
  onStep: (step: string) => void,
): Promise<string[]> {
  const files = [...state.pending, ...state.outdated];
  const steps = [
    ...(files.length > 0 ? files : await findBreaches(client)),
    ...(state.policy.length > 0 ? ['catalogue of actions'] : []),
    ...(state.platforms.length > 0 ? ['chat platforms'] : []),
  ];
  for (const step of steps) onStep(step);
  return steps;
}

/** Compares a database with this release. Changes nothing. */
export async function migrationState(databaseUrl: string, directory?: string): Promise<MigrationState> {
  const files = await readSchemaFiles(directory);
  return withConnection(databaseUrl, (client) => readState(client, files));
}

import { HqError } from '@hq/shared/errors';
import pg from 'pg';
import { recordRepeatable, repeatableFiles } from './applied-files.ts';
import { explainFailure, FileError, runFiles } from './apply-file.ts';
import { inMigration, lockTables } from './migration-lock.ts';
import { recordChecksums } from './object-checksums.ts';
import type { SchemaFiles } from './schema-files.ts';

/** Names the functions that the files define; those of `hq.define_unless_foreign` are indented and not among them. */
function definedNames({ functions }: SchemaFiles): string[] {
  return functions.flatMap(({ sql }) =>
    [...sql.matchAll(/^create or replace function ([a-z_.]+)\(/gm)].map(([, name = '']) => name),
  );
}

/** Records what this transaction has defined, and returns what an earlier release defined and no file does any more. */
async function recordDefined(
  client: pg.Client,
  files: SchemaFiles,
): Promise<{ kind: string; identity: string }[]> {
  const { rows } = await client.query<{ kind: string; identity: string }>(
    `with defined as (
       select 'function' as kind, hq.function_identity(p.oid) as identity from pg_proc p
       where p.xmin = pg_current_xact_id()::xid and format('%s.%s', p.pronamespace::regnamespace, p.proname) = any ($1)
       union all
       select 'trigger', format('%I on %I.%I', g.tgname, c.relnamespace::regnamespace, c.relname)
       from pg_trigger g join pg_class c on c.oid = g.tgrelid
       where g.xmin = pg_current_xact_id()::xid and not g.tgisinternal and g.tgparentid = 0
     ), gone as (
       delete from hq.defined_objects o
       where o.kind in ('function', 'trigger') and not exists (select from defined d where d.kind = o.kind and d.identity = o.identity)
       returning o.kind, o.identity
     ), added as (
       insert into hq.defined_objects (kind, identity) select distinct kind, identity from defined on conflict do nothing
     )
     select kind, identity from gone order by kind desc, identity`,
    [definedNames(files)],
  );
  return rows;
}

/** Drops functions with HQ's own policies that call them; the rights create those again in the same transaction. */
async function dropFunctions(client: pg.Client, identities: readonly string[]): Promise<void> {
  for (const identity of identities) {
    const { rows } = await client.query<{ policy: string }>(
      `select distinct format('%I on %s', p.polname, p.polrelid::regclass) as policy from pg_policy p join pg_depend d on d.objid = p.oid
       where d.classid = 'pg_policy'::regclass and d.refclassid = 'pg_proc'::regclass and d.refobjid = to_regprocedure($1)
         and starts_with(p.polname, 'hq_')`,
      [identity],
    );
    for (const { policy } of rows) await client.query(`drop policy ${policy}`);
    await client.query(`drop function ${identity}`);
  }
}

async function applyOnce(client: pg.Client, files: SchemaFiles, dropFirst: readonly string[]): Promise<void> {
  await lockTables(client);
  await dropFunctions(client, dropFirst);
  await runFiles(client, files.functions);
  const gone = await recordDefined(client, files);
  await runFiles(client, files.rights);
  // A policy may have called a function that is gone: the rights have replaced it by now.
  for (const { kind, identity } of gone) await client.query(`drop ${kind} if exists ${identity}`);
  await recordRepeatable(client, files);
  await recordChecksums(client);
}

/** The function of HQ's own that has to be dropped before the statement can succeed: its result or argument names changed. */
async function functionInTheWay(client: pg.Client, { cause }: FileError): Promise<string | null> {
  if (!(cause instanceof pg.DatabaseError) || cause.code !== '42P13') return null;
  const signature = /DROP FUNCTION (.+) first/.exec(cause.hint ?? '')?.[1];
  if (signature === undefined) return null;
  const { rows } = await client.query<{ identity: string }>(
    `select o.identity from hq.defined_objects o
     where o.kind = 'function' and to_regprocedure(o.identity) = to_regprocedure($1)`,
    [signature],
  );
  return rows[0]?.identity ?? null;
}

/**
 * Applies every function, trigger and right in one transaction, where that is still needed then, and drops the functions and triggers
 * of earlier releases that no file defines any more. Throws `failed` with the statement at fault, `timed_out` where others hold the tables.
 */
export async function applyRepeatable(
  client: pg.Client,
  files: SchemaFiles,
  isNeeded: () => Promise<boolean>,
): Promise<void> {
  const dropFirst: string[] = [];
  for (;;) {
    try {
      return await inMigration(client, async () => {
        if (await isNeeded()) await applyOnce(client, files, dropFirst);
      });
    } catch (error) {
      if (!(error instanceof FileError)) throw describeDrop(error);
      const inTheWay = await functionInTheWay(client, error);
      if (inTheWay !== null && !dropFirst.includes(inTheWay)) {
        dropFirst.push(inTheWay);
        continue;
      }
      const all = repeatableFiles(files);
      throw await explainFailure(client, error, async () => {
        await dropFunctions(client, dropFirst);
        await runFiles(client, all.slice(0, all.indexOf(error.file)));
      });
    }
  }
}

/** Something that HQ did not create depends on a function that this release drops or changes. */
function describeDrop(error: unknown): unknown {
  if (!(error instanceof pg.DatabaseError) || error.code !== '2BP01') return error;
  return new HqError('conflict', `${error.message}: ${error.detail ?? 'no detail was given'}`, {
    hint: 'Drop what depends on it, or let it call another function, then run hq-db migrate again.',
    cause: error,
  });
}

import { setTimeout as sleep } from 'node:timers/promises';
import { HqError } from '@hq/shared/errors';
import pg from 'pg';
import { repeatableFiles } from './applied-files.ts';
import { explainFailure, FileError, inTransaction, runFiles } from './apply-file.ts';
import type { SchemaFiles } from './schema-files.ts';

const attempts = 4;
/** A migration holds every table; one that cannot have them must not keep others waiting behind it. */
const lockTimeout = '10s';

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
       where g.xmin = pg_current_xact_id()::xid and not g.tgisinternal
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

async function applyOnce(client: pg.Client, files: SchemaFiles, dropFirst: readonly string[]): Promise<void> {
  await inTransaction(client, async () => {
    await client.query(`set local lock_timeout = '${lockTimeout}'`);
    for (const identity of dropFirst) await client.query(`drop function ${identity}`);
    await runFiles(client, files.functions);
    const gone = await recordDefined(client, files);
    await runFiles(client, files.rights);
    // A policy may have called a function that is gone: the rights have replaced it by now.
    for (const { kind, identity } of gone) await client.query(`drop ${kind} if exists ${identity}`);
    await client.query('delete from hq.repeatable_files');
    for (const { name, checksum } of repeatableFiles(files)) {
      await client.query('insert into hq.repeatable_files (name, checksum) values ($1, $2)', [
        name,
        checksum,
      ]);
    }
  });
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

const isLockFailure = (error: unknown) =>
  error instanceof pg.DatabaseError && (error.code === '40P01' || error.code === '55P03');

/**
 * Applies every function, trigger and right in one transaction, and drops the functions and triggers of earlier releases that no
 * file defines any more. Throws `failed` with the statement at fault, `timed_out` where others hold the tables.
 */
export async function applyRepeatable(client: pg.Client, files: SchemaFiles): Promise<void> {
  const dropFirst: string[] = [];
  for (let attempt = 1; ; ) {
    try {
      return await applyOnce(client, files, dropFirst);
    } catch (error) {
      const reason = error instanceof FileError ? error.cause : error;
      if (isLockFailure(reason)) {
        if (attempt === attempts) {
          throw new HqError('timed_out', 'other connections hold tables that the migration needs', {
            hint: 'End long transactions (see pg_stat_activity) and run hq-db migrate again.',
            cause: reason,
          });
        }
        await sleep(500 * attempt);
        attempt += 1;
        continue;
      }
      if (!(error instanceof FileError)) throw describeDrop(error);
      const inTheWay = await functionInTheWay(client, error);
      if (inTheWay !== null && !dropFirst.includes(inTheWay)) {
        dropFirst.push(inTheWay);
        continue;
      }
      const all = repeatableFiles(files);
      throw await explainFailure(client, error, all.slice(0, all.indexOf(error.file)));
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

import { HqError } from '@hq/shared/errors';
import pg from 'pg';
import { type FilesState, readFilesState } from './applied-files.ts';
import { readBefore, readQualifiedObjects } from './before-hq.ts';
import { withConnection } from './connection.ts';
import { inMigration, lockTables } from './migration-lock.ts';
import { restore } from './restore-object.ts';
import { readSchemaFiles, type SchemaFiles } from './schema-files.ts';
import type { SchemaObject } from './schema-text.ts';

export interface UnadoptOptions {
  /** Tables whose rows may be lost. */
  readonly lose?: readonly string[];
}

/** Returns the names that the files of this release create in `public`. An older HQ may have had some of them before. */
function createdBy({ tables, migrations }: SchemaFiles) {
  const sql = [...tables, ...migrations].map((file) => file.sql).join('\n');
  const all = (pattern: RegExp) => [...sql.matchAll(pattern)].map(([, name = '']) => name);
  return {
    tables: all(/create table (?:if not exists )?(public\.\w+)/g),
    types: all(/create type (public\.\w+)/g),
    indexes: all(/create (?:unique )?index if not exists (\w+)/g),
    columns: [...sql.matchAll(/alter table public\.(\w+) add column if not exists (\w+)/g)].map(
      ([, table = '', column = '']): [string, string] => [table, column],
    ),
  };
}

/** Refuses to delete rows that the caller has not named. */
async function refuseLosses(
  client: pg.Client,
  tables: readonly string[],
  lose: readonly string[],
): Promise<void> {
  const unknown = lose.filter((name) => !tables.includes(`public.${name}`));
  if (unknown.length > 0) {
    throw new HqError('usage', `--lose names what is no table of HQ here: ${unknown.join(', ')}`, {
      hint: `Its tables: ${tables.map((name) => name.replace('public.', '')).join(', ')}.`,
    });
  }
  const losses: { table: string; count: number }[] = [];
  for (const table of tables) {
    const { rows } = await client.query<{ count: number }>(`select count(*)::int from ${table}`);
    const [row] = rows;
    if (row && row.count > 0) losses.push({ table: table.replace('public.', ''), count: row.count });
  }
  if (losses.every(({ table }) => lose.includes(table))) return;
  const what = losses.map(({ table, count }) => `${count} ${count === 1 ? 'row' : 'rows'} of ${table}`);
  throw new HqError('conflict', `going back would lose ${what.join(', ')}`, {
    hint: `Copy what you need. Then: hq-db unadopt --lose ${losses.map(({ table }) => table).join(',')}`,
  });
}

/** Drops what can be dropped of these functions: some take rows of a table, others are called by a table's defaults. */
const dropFree = (client: pg.Client, functions: readonly string[]) =>
  client.query(`do $$ declare f text; begin
    foreach f in array array[${functions.map((name) => client.escapeLiteral(name)).join(', ')}] loop
      begin execute 'drop function ' || f; exception when dependent_objects_still_exist then null; end;
    end loop; end $$`);

/** Drops what HQ made, without CASCADE, so that what others made on top of it is not lost. */
async function dropOwn(
  client: pg.Client,
  created: ReturnType<typeof createdBy>,
  before: readonly SchemaObject[],
  own: { readonly tables: readonly string[]; readonly functions: readonly string[] },
): Promise<void> {
  const wasThere = (pattern: string) => before.some(({ text }) => new RegExp(pattern, 'm').test(text));
  const hadColumn = (table: string, column: string) =>
    before.some(
      ({ name, text }) => name === `public.${table}` && new RegExp(`^  ${column} `, 'm').test(text),
    );
  const run = async (sql: string, values: readonly unknown[] = []) => {
    const { rows } = await client.query<{ statement: string }>(sql, [...values]);
    for (const { statement } of rows) await client.query(statement);
  };
  for (const { section, name, text } of await readQualifiedObjects(client)) {
    const isOurs =
      section === 'Realtime publication' &&
      before.some((object) => object.section === 'Tables' && object.name === name) &&
      !before.some((object) => object.text === text);
    if (isOurs) await client.query(`alter publication supabase_realtime drop table ${name}`);
  }
  await run(
    `select format('drop policy %I on %s', polname, polrelid::regclass) as statement from pg_policy where starts_with(polname, 'hq_')
     union all
     select format('drop trigger %I on %s', tgname, tgrelid::regclass) from pg_trigger where starts_with(tgname, 'hq_') and not tgisinternal
       and tgparentid = 0`,
  );
  await dropFree(client, own.functions);
  await client.query(`drop table ${own.tables.join(', ')}`);
  await run(
    `select format('drop index public.%I', relname) as statement from pg_class
     where relnamespace = 'public'::regnamespace and relkind = 'i' and relname = any ($1)`,
    [created.indexes.filter((name) => !wasThere(` INDEX ${name} `))],
  );
  await run(
    `select format('alter table %s drop column %I', a.attrelid::regclass, a.attname) as statement from pg_attribute a
     join pg_class c on c.oid = a.attrelid and c.relnamespace = 'public'::regnamespace
     where a.attnum > 0 and not a.attisdropped and c.relname || '.' || a.attname = any ($1)`,
    [
      created.columns
        .filter(([table, column]) => !hadColumn(table, column))
        .map((column) => column.join('.')),
    ],
  );
  await run(
    `select 'drop function ' || f as statement from unnest($1::text[]) f where to_regprocedure(f) is not null`,
    [own.functions],
  );
  await run(
    `select 'drop type ' || oid::regtype as statement from pg_type where typnamespace = 'hq'::regnamespace and typtype = 'c'
     union all select 'drop type ' || t from unnest($1::text[]) t where to_regtype(t) is not null`,
    [created.types.filter((name) => !wasThere(`^create type ${name} `))],
  );
  await client.query('drop schema hq');
}

interface Own {
  readonly tables: readonly string[];
  readonly functions: readonly string[];
  /** Functions of others in whose place HQ's are. */
  readonly replaced: readonly string[];
}

/** Reads what is HQ's now: the schema `hq`, and what `public` has of it and had not before. */
async function readOwn(
  client: pg.Client,
  tables: readonly string[],
  before: readonly SchemaObject[],
): Promise<Own> {
  const { rows } = await client.query<Own>(
    `with functions as (
       select to_regprocedure(o.identity)::text as name from hq.defined_objects o where o.kind <> 'trigger' and to_regprocedure(o.identity) is not null
       union select oid::regprocedure::text from pg_proc where pronamespace = 'hq'::regnamespace)
     select array(select name from functions where name <> all ($2)) as functions, array(select name from functions where name = any ($2)) as replaced,
       array(select c.oid::regclass::text from pg_class c where c.relnamespace = 'hq'::regnamespace and c.relkind = 'r'
         union all select t from unnest($1::text[]) t where to_regclass(t) is not null and t <> all ($2)) as tables`,
    [tables, before.map(({ name }) => name)],
  );
  return rows[0] ?? { tables: [], functions: [], replaced: [] };
}

/**
 * Takes HQ out of a database: its tables, columns, functions, triggers, policies and grants. What was there before is as it was, and what
 * others made since stays. Words that enums have got stay, because Postgres cannot remove them. Throws `conflict`, and changes
 * nothing, where rows would be lost that are not named, or where objects of others depend on HQ. Resolves to the names of what is not as it
 * was: types with words that stay, and what somebody changed since.
 */
export async function unadopt(databaseUrl: string, { lose = [] }: UnadoptOptions = {}): Promise<string[]> {
  const files = await readSchemaFiles();
  const created = createdBy(files);
  return withConnection(databaseUrl, async (client) => {
    const before = await readBefore(client);
    if (before === null) {
      throw new HqError('conflict', 'hq-db did not record how this database was before HQ', {
        hint: 'Restore a backup from before the adoption.',
      });
    }
    refuseOtherRelease(await readFilesState(client, files));
    try {
      return await inMigration(client, async () => {
        await lockTables(client);
        await client.query(`set local search_path = ''`);
        const own = await readOwn(client, created.tables, before);
        await refuseLosses(client, own.tables.filter((name) => name.startsWith('public.')).sort(), lose);
        await dropOwn(client, created, before, own);
        return restore(client, before, new Set(own.replaced));
      });
    } catch (error) {
      throw error instanceof pg.DatabaseError && error.code === '2BP01'
        ? new HqError('conflict', `${error.message}: ${error.detail ?? ''}`, {
            hint: 'Drop or change what depends on it, then run hq-db unadopt again.',
            cause: error,
          })
        : error;
    }
  });
}

function refuseOtherRelease({ pending, outdated, unknown, newerRelease }: FilesState): void {
  if (pending.length + outdated.length + unknown.length === 0 && newerRelease === null) return;
  throw new HqError('conflict', 'another release of hq-db migrated this database', {
    hint: 'Use the hq-db of that release, or run hq-db migrate first.',
  });
}

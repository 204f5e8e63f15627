import type pg from 'pg';
import { recordApplied } from './applied-files.ts';
import { applyFile } from './apply-file.ts';
import type { SchemaFiles, SqlFile } from './schema-files.ts';

/** Signatures of the functions that the old migrations create, such as `hq.head(text, int)`. */
function signaturesOf(migrations: readonly SqlFile[]): string[] {
  const definition = /create or replace function ((?:hq|public)\.[a-z_]+)\(([^)]*)\)/g;
  return migrations.flatMap(({ sql }) =>
    [...sql.matchAll(definition)].map(([, name = '', parameters = '']) => {
      const types = parameters
        .split(',')
        .map((parameter) => parameter.trim().replace(/ default .*$/, ''))
        .filter((parameter) => parameter !== '' && !parameter.startsWith('out '))
        .map((parameter) => parameter.replace(/^[a-z_]+ /, ''));
      return `${name}(${types.join(', ')})`;
    }),
  );
}

/**
 * Brings a database from before the baseline to it: the old migrations that it lacks, then the renames since. Afterwards its
 * tables are recorded as this release's, and the functions and triggers of the old migrations as HQ's own, so that those which no
 * file defines any more can be dropped. `isPending` says which files are missing at the moment.
 */
export async function takeOver(
  client: pg.Client,
  { takeover, tables }: SchemaFiles,
  isPending: (name: string) => Promise<boolean>,
): Promise<void> {
  for (const file of takeover.migrations) {
    await applyFile(client, file, {
      isPending: () => isPending(file.name),
      record: () => recordApplied(client, file),
    });
  }
  const record = async () => {
    // As in hq.function_identity, every type is named with its schema.
    await client.query(`set local search_path = ''`);
    await client.query(
      `insert into hq.defined_objects (kind, identity)
       select 'function', format('%I.%I(%s)', p.pronamespace::regnamespace, p.proname, (select string_agg(format_type(t, null), ', ' order by n)
         from unnest(p.proargtypes) with ordinality a (t, n)))
       from pg_proc p
       where p.oid in (select to_regprocedure(s) from unnest($1::text[]) s)
       union all
       select 'trigger', format('%I on %I.%I', g.tgname, c.relnamespace::regnamespace, c.relname)
       from pg_trigger g join pg_class c on c.oid = g.tgrelid join pg_proc p on p.oid = g.tgfoid
       where p.pronamespace = 'hq'::regnamespace and not g.tgisinternal and starts_with(g.tgname, 'hq_')`,
      [signaturesOf(takeover.migrations)],
    );
    await client.query('delete from hq.migrations where name = any ($1)', [
      takeover.migrations.map(({ name }) => name),
    ]);
    for (const file of tables) await recordApplied(client, file);
  };
  const { baseline } = takeover;
  await applyFile(client, baseline, { isPending: () => isPending(baseline.name), record });
}

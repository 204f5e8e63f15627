import type pg from 'pg';
import { recordApplied } from './applied-files.ts';
import { applyFiles } from './apply-file.ts';
import type { SchemaFiles } from './schema-files.ts';

/**
 * Brings a database from before the baseline to it: the old migrations that it lacks, then the renames since. Afterwards its
 * tables are recorded as this release's, and its functions and triggers as HQ's own, so that those which no file defines any
 * more can be dropped. `isPending` says which old migrations are missing.
 */
export async function takeOver(
  client: pg.Client,
  { takeover, tables }: SchemaFiles,
  isPending: (name: string) => boolean,
  onStep: (name: string) => void,
): Promise<void> {
  for (const file of takeover.migrations.filter(({ name }) => isPending(name))) {
    onStep(file.name);
    await applyFiles(client, [file], () => recordApplied(client, file));
  }
  onStep(takeover.baseline.name);
  await applyFiles(client, [takeover.baseline], async () => {
    const oldFunctions = takeover.migrations.flatMap(({ sql }) =>
      [...sql.matchAll(/create or replace function (public\.[a-z_]+)\(/g)].map(([, name = '']) => name),
    );
    // As in hq.function_identity, every type is named with its schema.
    await client.query(`set local search_path = ''`);
    await client.query(
      `insert into hq.defined_objects (kind, identity)
       select 'function', format('%I.%I(%s)', p.pronamespace::regnamespace, p.proname, (select string_agg(format_type(t, null), ', ' order by n)
         from unnest(p.proargtypes) with ordinality a (t, n)))
       from pg_proc p
       where p.pronamespace = 'hq'::regnamespace or format('%s.%s', p.pronamespace::regnamespace, p.proname) = any ($1)
       union all
       select 'trigger', format('%I on %I.%I', g.tgname, c.relnamespace::regnamespace, c.relname)
       from pg_trigger g join pg_class c on c.oid = g.tgrelid join pg_proc p on p.oid = g.tgfoid
       where p.pronamespace = 'hq'::regnamespace and not g.tgisinternal`,
      [oldFunctions],
    );
    await client.query('delete from hq.migrations where name = any ($1)', [
      takeover.migrations.map(({ name }) => name),
    ]);
    for (const file of tables) await recordApplied(client, file);
  });
}

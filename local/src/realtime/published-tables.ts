import type pg from 'pg';

export interface PublishedTable {
  readonly schema: string;
  readonly name: string;
  readonly key: readonly string[];
  /** Published columns in the table's order; `type` is Postgres's name, such as `timestamptz` or `_text`. */
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  /** Columns that each role of the API may select. */
  readonly readable: Readonly<Record<string, readonly string[]>>;
}

const query = `
select n.nspname as schema, c.relname as name,
  (select array_agg(a.attname::text order by array_position(i.indkey::int2[], a.attnum))
   from pg_index i join pg_attribute a on a.attrelid = c.oid and a.attnum = any (i.indkey)
   where i.indrelid = c.oid and i.indisprimary) as key,
  (select json_agg(json_build_object('name', a.attname, 'type', t.typname) order by a.attnum)
   from pg_attribute a join pg_type t on t.oid = a.atttypid
   where a.attrelid = c.oid and a.attnum > 0 and a.attname = any (p.attnames)) as columns,
  (select json_object_agg(r.rolname, (
     select coalesce(json_agg(a.attname order by a.attnum), '[]') from pg_attribute a
     where a.attrelid = c.oid and a.attnum > 0 and a.attname = any (p.attnames)
       and has_column_privilege(r.oid, c.oid, a.attnum, 'select')))
   from pg_roles r where r.rolname in ('anon', 'authenticated', 'service_role')) as readable
from pg_publication_tables p
join pg_namespace n on n.nspname = p.schemaname
join pg_class c on c.relnamespace = n.oid and c.relname = p.tablename
where p.pubname = 'supabase_realtime' and c.relkind = 'r'`;

/** Returns the tables whose changes are delivered. A table without a primary key is not: its rows cannot be read again. */
export async function readPublishedTables(client: pg.ClientBase): Promise<readonly PublishedTable[]> {
  const { rows } = await client.query<PublishedTable & { key: string[] | null }>(query);
  return rows.filter((row) => row.key !== null);
}

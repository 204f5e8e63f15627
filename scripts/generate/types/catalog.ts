import type pg from 'pg';

/** Input of the generated types, read from `pg_catalog`. */
export interface Catalog {
  readonly enums: readonly { readonly name: string; readonly labels: readonly string[] }[];
  readonly columns: readonly Column[];
  readonly relationships: readonly Relationship[];
  readonly functions: readonly FunctionSignature[];
}

export interface Column {
  readonly table: string;
  readonly name: string;
  readonly type: string;
  readonly nullable: boolean;
  readonly optional: boolean;
  readonly generated: boolean;
}

interface Relationship {
  readonly table: string;
  readonly name: string;
  readonly columns: readonly string[];
  readonly one_to_one: boolean;
  readonly other: string;
  readonly other_columns: readonly string[];
}

interface FunctionSignature {
  readonly name: string;
  readonly arguments: readonly { readonly name: string; readonly type: string; readonly optional: boolean }[];
  readonly returns: string;
  readonly returns_set: boolean;
  /** The columns of `returns table (…)`. */
  readonly row: readonly { readonly name: string; readonly type: string }[];
}

const enumsSql = `
  select t.typname as name, array_agg(e.enumlabel::text order by e.enumsortorder) as labels
  from pg_type t join pg_enum e on e.enumtypid = t.oid
  where t.typnamespace = 'public'::regnamespace
  group by t.typname order by t.typname`;

const columnsSql = `
  select c.relname as table, a.attname as name, t.typname as type, not a.attnotnull as nullable,
    a.atthasdef or not a.attnotnull or a.attidentity <> '' as optional, a.attgenerated <> '' as generated
  from pg_class c
  join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
  join pg_type t on t.oid = a.atttypid
  where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')
  order by c.relname, a.attname`;

const relationshipsSql = `
  select c.relname as table, k.conname as name, o.relname as other,
    (select array_agg(a.attname::text order by n) from unnest(k.conkey) with ordinality u (num, n)
      join pg_attribute a on a.attrelid = k.conrelid and a.attnum = u.num) as columns,
    (select array_agg(a.attname::text order by n) from unnest(k.confkey) with ordinality u (num, n)
      join pg_attribute a on a.attrelid = k.confrelid and a.attnum = u.num) as other_columns,
    exists (select from pg_constraint u where u.conrelid = k.conrelid and u.contype in ('p', 'u')
      and u.conkey @> k.conkey and u.conkey <@ k.conkey) as one_to_one
  from pg_constraint k
  join pg_class c on c.oid = k.conrelid
  join pg_class o on o.oid = k.confrelid
  where k.contype = 'f' and c.relnamespace = 'public'::regnamespace and o.relnamespace = 'public'::regnamespace
  order by c.relname, k.conname`;

const functionsSql = `
  select p.proname as name, r.typname as returns, p.proretset as returns_set,
    coalesce((select jsonb_agg(jsonb_build_object('name', p.proargnames[u.n], 'type', t.typname,
        'optional', u.n > p.pronargs - p.pronargdefaults) order by u.n)
      from unnest(p.proargtypes) with ordinality u (type, n) join pg_type t on t.oid = u.type), '[]') as arguments,
    coalesce((select jsonb_agg(jsonb_build_object('name', p.proargnames[u.n], 'type', t.typname) order by u.n)
      from unnest(p.proallargtypes) with ordinality u (type, n) join pg_type t on t.oid = u.type
      where p.proargmodes[u.n] = 't'), '[]') as row
  from pg_proc p
  join pg_type r on r.oid = p.prorettype
  where p.pronamespace = 'public'::regnamespace and p.prokind = 'f' and r.typname <> 'trigger'
    and not exists (select from pg_depend d where d.objid = p.oid and d.deptype = 'e')
  order by p.proname, p.oid`;

export async function readCatalog(client: pg.Client): Promise<Catalog> {
  const enums = await client.query<Catalog['enums'][number]>(enumsSql);
  const columns = await client.query<Column>(columnsSql);
  const relationships = await client.query<Relationship>(relationshipsSql);
  const functions = await client.query<FunctionSignature>(functionsSql);
  return {
    enums: enums.rows,
    columns: columns.rows,
    relationships: relationships.rows,
    functions: functions.rows,
  };
}

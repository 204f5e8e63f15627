import type pg from 'pg';

/**
 * Queries that each return one object as SQL text, in the order in which the file shows them. The text is for reading and
 * comparing: it leaves out what every object has (its owner and the owner's rights).
 */
const sections = [
  {
    title: 'Schemas and types',
    sql: `
      select n.nspname as name, format('create schema %I;', n.nspname) || g.text || coalesce(format(E'\\ncomment on schema %I is %L;', n.nspname, obj_description(n.oid)), '') as text
      from pg_namespace n, lateral (
        select coalesce(string_agg(format(E'\\ngrant %s on schema %I to %s;', lower(x.privilege_type), n.nspname, coalesce(r.rolname, 'public')), '' order by coalesce(r.rolname, 'public')), '') as text
        from aclexplode(n.nspacl) x left join pg_roles r on r.oid = x.grantee where x.grantee <> n.nspowner) g
      where n.nspname = 'hq'
      union all
      select * from (
        select format_type(t.oid, null), case t.typtype
          when 'e' then format('create type %s as enum (%s);', format_type(t.oid, null),
            (select string_agg(quote_literal(e.enumlabel), ', ' order by e.enumsortorder) from pg_enum e where e.enumtypid = t.oid))
          else format('create type %s as (%s);', format_type(t.oid, null),
            (select string_agg(format('%I %s', a.attname, format_type(a.atttypid, a.atttypmod)), ', ' order by a.attnum)
              from pg_attribute a where a.attrelid = t.typrelid and not a.attisdropped)) end
        from pg_type t left join pg_class c on c.oid = t.typrelid
        where t.typnamespace::regnamespace::text in ('hq', 'public') and (t.typtype = 'e' or c.relkind = 'c')
          and not exists (select from pg_depend d where d.objid = t.oid and d.deptype = 'e')
        order by t.typnamespace::regnamespace::text collate "C", t.typname) types`,
  },
  {
    title: 'Tables',
    sql: `
      with tables as (
        select c.*, c.relnamespace::regnamespace::text as schema, format('%I.%I', c.relnamespace::regnamespace, c.relname) as name
        from pg_class c
        where c.relnamespace::regnamespace::text in ('hq', 'public') and c.relkind in ('r', 'p', 'v', 'm')
          and not exists (select from pg_depend d where d.objid = c.oid and d.deptype = 'e')
      )
      select t.name, concat(
        case when t.relkind in ('v', 'm') then format(E'create view %s as\\n%s', t.name, pg_get_viewdef(t.oid))
        else format(E'create table %s (\\n%s\\n);', t.name, (
          select string_agg('  ' || line, E',\\n' order by place, line collate "C") from (
            select a.attnum::int as place, concat_ws(' ', quote_ident(a.attname), format_type(a.atttypid, a.atttypmod),
              'default ' || pg_get_expr(d.adbin, d.adrelid), case when a.attnotnull then 'not null' end) as line
            from pg_attribute a left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
            where a.attrelid = t.oid and a.attnum > 0 and not a.attisdropped
            union all
            select 10000, format('constraint %I %s', k.conname, pg_get_constraintdef(k.oid))
            from pg_constraint k where k.conrelid = t.oid and k.contype <> 'n'
          ) lines)) end,
        (select string_agg(E'\\n' || pg_get_indexdef(i.indexrelid) || ';', '' order by i.indexrelid::regclass::text collate "C")
          from pg_index i where i.indrelid = t.oid and not exists (select from pg_constraint k where k.conindid = i.indexrelid and k.conrelid = t.oid)),
        (select string_agg(format(E'\\nalter view %s set (%s);', t.name, o), '' order by o collate "C") from unnest(t.reloptions) o where t.relkind = 'v'),
        case when t.relreplident in ('f', 'n') then format(E'\\nalter table %s replica identity %s;', t.name,
          case t.relreplident when 'f' then 'full' else 'nothing' end) end,
        case when t.relrowsecurity then format(E'\\nalter table %s enable row level security;', t.name) end,
        (select string_agg(format(E'\\ncreate policy %I on %s as %s for %s to %s%s%s;', p.polname, t.name,
            case when p.polpermissive then 'permissive' else 'restrictive' end,
            case p.polcmd when 'r' then 'select' when 'a' then 'insert' when 'w' then 'update' when 'd' then 'delete' else 'all' end,
            (select string_agg(coalesce(r.rolname, 'public'), ', ' order by r.rolname) from unnest(p.polroles) o (oid) left join pg_roles r on r.oid = o.oid),
            ' using (' || pg_get_expr(p.polqual, p.polrelid) || ')', ' with check (' || pg_get_expr(p.polwithcheck, p.polrelid) || ')'),
            '' order by p.polname)
          from pg_policy p where p.polrelid = t.oid),
        (select string_agg(format(E'\\ngrant %s on %s to %s;', g.privileges, t.name, g.grantee), '' order by g.grantee)
          from (
            select coalesce(r.rolname, 'public') as grantee, lower(string_agg(x.privilege_type, ', ' order by x.privilege_type)) as privileges
            from aclexplode(t.relacl) x left join pg_roles r on r.oid = x.grantee where x.grantee <> t.relowner group by 1) g),
        (select string_agg(format(E'\\ngrant %s (%s) on %s to %s;', g.privilege, g.columns, t.name, g.grantee), '' order by g.grantee, g.privilege)
          from (
            select coalesce(r.rolname, 'public') as grantee, lower(x.privilege_type) as privilege, string_agg(quote_ident(a.attname), ', ' order by a.attname) as columns
            from pg_attribute a, aclexplode(a.attacl) x left join pg_roles r on r.oid = x.grantee
            where a.attrelid = t.oid and a.attnum > 0 and not a.attisdropped group by 1, 2) g),
        (select string_agg(format(E'\\n%s%s;', pg_get_triggerdef(g.oid), case g.tgenabled when 'O' then '' else ' -- ' || g.tgenabled::text end), '' order by g.tgname)
          from pg_trigger g where g.tgrelid = t.oid and not g.tgisinternal),
        case when obj_description(t.oid, 'pg_class') is not null
          then format(E'\\ncomment on table %s is %L;', t.name, obj_description(t.oid, 'pg_class')) end,
        (select string_agg(format(E'\\ncomment on column %s.%I is %L;', t.name, a.attname, col_description(t.oid, a.attnum)), '' order by a.attnum)
          from pg_attribute a where a.attrelid = t.oid and a.attnum > 0 and not a.attisdropped and col_description(t.oid, a.attnum) is not null)
      ) as text
      from tables t order by t.schema, t.relname`,
  },
  {
    title: 'Realtime publication',
    sql: `
      select format('%I.%I', p.schemaname, p.tablename) as name, format('alter publication %I add table %I.%I%s%s;', p.pubname, p.schemaname, p.tablename,
          case when cardinality(p.attnames) < (select count(*) from pg_attribute a where a.attrelid = format('%I.%I', p.schemaname, p.tablename)::regclass
            and a.attnum > 0 and not a.attisdropped) then ' (' || (select string_agg(quote_ident(n), ', ' order by n) from unnest(p.attnames) n) || ')' end,
          ' where ' || p.rowfilter) as text
      from pg_publication_tables p where p.pubname = 'supabase_realtime' and p.schemaname in ('hq', 'public')
      order by p.schemaname, p.tablename`,
  },
  {
    title: 'Functions',
    sql: `
      select p.oid::regprocedure::text as name, concat(case when p.prokind <> 'a' then rtrim(pg_get_functiondef(p.oid), E'\\n') || ';' end,
        (select string_agg(format(E'\\ngrant execute on %s %s to %s;', k.word, p.oid::regprocedure, coalesce(r.rolname, 'public')), '' order by r.rolname)
          from aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) x left join pg_roles r on r.oid = x.grantee where x.grantee <> p.proowner),
        case when obj_description(p.oid, 'pg_proc') is not null
          then format(E'\\ncomment on %s %s is %L;', k.word, p.oid::regprocedure, obj_description(p.oid, 'pg_proc')) end) as text
      from pg_proc p, lateral (select case p.prokind when 'f' then 'function' else 'routine' end as word) k
      where p.pronamespace::regnamespace::text in ('hq', 'public')
        and not exists (select from pg_depend d where d.objid = p.oid and d.deptype = 'e')
      order by p.pronamespace::regnamespace::text collate "C", p.proname, p.oid::regprocedure::text collate "C"`,
  },
] as const satisfies readonly { readonly title: string; readonly sql: string }[];

/** A table with its indexes, policies, rights and triggers, a function with its rights, a type, or a table in Realtime. */
export interface SchemaObject {
  readonly section: (typeof sections)[number]['title'];
  readonly name: string;
  readonly text: string;
}

export async function readSchemaObjects(client: pg.ClientBase): Promise<SchemaObject[]> {
  const objects: SchemaObject[] = [];
  for (const { title: section, sql } of sections) {
    const { rows } = await client.query<Omit<SchemaObject, 'section'>>(sql);
    objects.push(...rows.map((row) => ({ section, ...row })));
  }
  return objects;
}

/** Returns the whole schema as SQL: tables, columns, constraints, indexes, policies, grants, triggers, functions and comments. */
export async function readSchemaText(client: pg.ClientBase): Promise<string> {
  const objects = await readSchemaObjects(client);
  const parts = sections.flatMap(({ title }) => [
    `-- ${title}`,
    ...objects.filter(({ section }) => section === title).map(({ text }) => text),
  ]);
  return `${parts.join('\n\n')}\n`;
}

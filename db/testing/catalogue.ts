import type { TestDatabase } from './database.ts';

/** Queries that each return the texts of one kind of object of `public`, with everything that a migration can change. */
const kinds: Readonly<Record<string, string>> = {
  schemas: `select format('%s %s %s', nspname, nspowner::regrole, obj_description(oid, 'pg_namespace')) from pg_namespace
    where nspname !~ '^pg_(toast|temp)'`,
  'rights of schemas': `select format('%s %s %s', nspname, x.privilege_type, x.grantee::regrole) from pg_namespace, aclexplode(nspacl) x
    where nspname in ('public', 'auth', 'extensions')`,
  extensions: `select extname from pg_extension`,
  roles: `select format('%s %s %s', rolname, rolbypassrls, rolinherit) from pg_roles where rolname !~ '^(pg_|reader_)'`,
  relations: `select format('%s %s %s rls %s %s identity %s options %s is %s', c.oid::regclass, c.relkind, c.relowner::regrole, c.relrowsecurity,
      c.relforcerowsecurity, c.relreplident, c.reloptions, obj_description(c.oid, 'pg_class'))
    from pg_class c where c.relnamespace = 'public'::regnamespace`,
  'rights of relations': `select format('%s %s %s %s', c.oid::regclass, x.privilege_type, coalesce(r.rolname, 'public'), x.is_grantable)
    from pg_class c cross join aclexplode(coalesce(c.relacl, acldefault(case c.relkind when 'S' then 's' else 'r' end::"char", c.relowner))) x
    left join pg_roles r on r.oid = x.grantee where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'v', 'm', 'S')`,
  columns: `select format('%s %s %s %s null %s %s %s is %s', a.attrelid::regclass, a.attname, format_type(a.atttypid, a.atttypmod),
      pg_get_expr(d.adbin, d.adrelid), not a.attnotnull, a.attidentity, a.attgenerated, col_description(a.attrelid, a.attnum))
    from pg_attribute a join pg_class c on c.oid = a.attrelid left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
    where c.relnamespace = 'public'::regnamespace and a.attnum > 0 and not a.attisdropped`,
  'rights of columns': `select format('%s %s %s %s', a.attrelid::regclass, a.attname, x.privilege_type, coalesce(r.rolname, 'public'))
    from pg_attribute a join pg_class c on c.oid = a.attrelid cross join aclexplode(a.attacl) x left join pg_roles r on r.oid = x.grantee
    where c.relnamespace = 'public'::regnamespace`,
  constraints: `select format('%s %s %s %s', conrelid::regclass, conname, pg_get_constraintdef(oid), convalidated) from pg_constraint
    where connamespace = 'public'::regnamespace`,
  indexes: `select pg_get_indexdef(indexrelid) from pg_index i join pg_class c on c.oid = i.indrelid where c.relnamespace = 'public'::regnamespace`,
  views: `select format('%s %s', c.oid::regclass, pg_get_viewdef(c.oid)) from pg_class c
    where c.relnamespace = 'public'::regnamespace and c.relkind in ('v', 'm')`,
  policies: `select format('%s %s %s %s %s %s %s', polrelid::regclass, polname, polcmd, polpermissive, polroles::regrole[],
      pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid)) from pg_policy`,
  triggers: `select format('%s %s', pg_get_triggerdef(oid), tgenabled) from pg_trigger where not tgisinternal`,
  functions: `select format('%s %s is %s', p.proowner::regrole, pg_get_functiondef(p.oid), obj_description(p.oid, 'pg_proc')) from pg_proc p
    where p.pronamespace in ('public'::regnamespace, 'auth'::regnamespace) and p.prokind = 'f'`,
  'rights of functions': `select format('%s %s', p.oid::regprocedure, coalesce(r.rolname, 'public')) from pg_proc p
    cross join aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) x left join pg_roles r on r.oid = x.grantee
    where p.pronamespace = 'public'::regnamespace`,
  'default rights': `select format('%s %s %s %s', defaclrole::regrole, defaclnamespace::regnamespace, defaclobjtype, defaclacl) from pg_default_acl`,
  publications: `select format('%s %s.%s (%s) where %s', pubname, schemaname, tablename, attnames, rowfilter) from pg_publication_tables`,
  types: `select format('%s %s', format_type(t.oid, null), t.typtype) from pg_type t
    where t.typnamespace = 'public'::regnamespace and t.typtype in ('e', 'c', 'd')`,
  words: `select format('%s %s', enumtypid::regtype, enumlabel) from pg_enum`,
};

/** The catalogue of a database, in words that can be compared with those of another moment. */
export async function readCatalogue(database: TestDatabase): Promise<Record<string, string[]>> {
  const catalogue: Record<string, string[]> = {};
  for (const [kind, sql] of Object.entries(kinds)) {
    const rows = await database.query<{ text: string }>(
      `select t.text from (${sql}) t (text) order by t.text collate "C"`,
    );
    catalogue[kind] = rows.map(({ text }) => text);
  }
  return catalogue;
}

import type pg from 'pg';

/**
 * One row for each object that hq-db keeps as its files say it: functions, triggers, policies, the rights of the API's roles, and the
 * tables in Realtime. Grants to other roles belong to others and are left out.
 */
const present = `
  select o.kind, o.identity, md5(pg_get_functiondef(p.oid) || (
      select coalesce(string_agg(x.privilege_type || coalesce(r.rolname, 'public'), ' ' order by r.rolname), '')
      from aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) x left join pg_roles r on r.oid = x.grantee
      where x.grantee = 0 or r.rolname in ('anon', 'authenticated', 'service_role'))) as checksum
  from hq.defined_objects o join pg_proc p on p.oid = to_regprocedure(o.identity) where o.kind <> 'trigger'
  union all
  select o.kind, o.identity, md5(pg_get_triggerdef(g.oid) || g.tgenabled::text)
  from pg_trigger g join pg_class c on c.oid = g.tgrelid
    join hq.defined_objects o on o.kind = 'trigger' and o.identity = format('%I on %I.%I', g.tgname, c.relnamespace::regnamespace, c.relname)
  union all
  select 'policy', format('%I on %I.%I', o.polname, c.relnamespace::regnamespace, c.relname), md5(concat_ws(' ', o.polcmd::text, o.polpermissive,
    (select string_agg(coalesce(r.rolname, 'public'), ' ' order by r.rolname) from unnest(o.polroles) u (oid) left join pg_roles r on r.oid = u.oid),
    pg_get_expr(o.polqual, o.polrelid), pg_get_expr(o.polwithcheck, o.polrelid)))
  from pg_policy o join pg_class c on c.oid = o.polrelid where starts_with(o.polname, 'hq_')
  union all
  select 'rights', 'table ' || c.oid::regclass, md5(string_agg(concat_ws(' ', a.name, x.privilege_type, coalesce(r.rolname, 'public')), ','
    order by a.name, x.privilege_type, r.rolname))
  from pg_class c
    cross join lateral (
      select '' as name, c.relacl as acl union all
      select a.attname, a.attacl from pg_attribute a where a.attrelid = c.oid and not a.attisdropped and a.attacl is not null) a
    cross join lateral aclexplode(a.acl) x left join pg_roles r on r.oid = x.grantee
  where exists (select from pg_policy o where o.polrelid = c.oid and o.polname = 'hq_service')
    and (x.grantee = 0 or r.rolname in ('anon', 'authenticated', 'service_role'))
  group by c.oid
  union all
  select 'published', format('table %I.%I', t.schemaname, t.tablename), '' from pg_publication_tables t
    join pg_namespace n on n.nspname = t.schemaname join pg_class c on c.relname = t.tablename and c.relnamespace = n.oid
    join pg_policy o on o.polrelid = c.oid and o.polname = 'hq_service'
  where t.pubname = 'supabase_realtime'
  union all
  select 'rights', 'schema hq', md5(coalesce(string_agg(x.privilege_type || coalesce(r.rolname, 'public'), ' ' order by x.privilege_type, r.rolname), ''))
  from pg_namespace n cross join lateral aclexplode(n.nspacl) x left join pg_roles r on r.oid = x.grantee
  where n.nspname = 'hq' and (x.grantee = 0 or r.rolname in ('anon', 'authenticated', 'service_role'))`;

/** Definitions name types and tables by the search path, so the transaction has none. */
const withoutSearchPath = `set local search_path = ''; set local quote_all_identifiers = off`;

/** Records every object as it is, inside the transaction that has just defined them. */
export async function recordChecksums(client: pg.Client): Promise<void> {
  await client.query(withoutSearchPath);
  await client.query('delete from hq.object_checksums');
  await client.query(`insert into hq.object_checksums (kind, identity, checksum) ${present}`);
}

/** Returns one sentence for each object that was changed, dropped or added since hq-db migrate recorded them. Sets the transaction's search path. */
export async function findChangedObjects(client: pg.Client): Promise<string[]> {
  const { rows: found } = await client.query(`select where to_regclass('hq.object_checksums') is not null`);
  if (found.length === 0) return [];
  await client.query(withoutSearchPath);
  const { rows } = await client.query<{ fault: string }>(
    `select format('%s since hq-db migrate: %s %s', case when p.checksum is null then 'dropped' when c.checksum is null then 'added' else 'changed' end,
       coalesce(c.kind, p.kind), coalesce(c.identity, p.identity)) as fault
     from hq.object_checksums c full join (${present}) p using (kind, identity)
     where c.checksum is distinct from p.checksum and exists (select from hq.object_checksums)
       and not (p.kind = 'published' and c.checksum is null) -- The owner may publish more.
     order by 1`,
  );
  return rows.map(({ fault }) => fault);
}

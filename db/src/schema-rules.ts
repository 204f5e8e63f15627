import type pg from 'pg';
import { inSnapshot } from './migration-lock.ts';
import { findChangedObjects } from './object-checksums.ts';

/** Rules of a migrated database, whatever else was done to it. Each query returns one row for each breach. */
const rules: readonly { readonly says: string; readonly sql: string }[] = [
  {
    says: 'belongs to another role',
    sql: `select format('table %s to %s', c.oid::regclass, c.relowner::regrole) as what from pg_class c
          where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'v', 'm') and not pg_has_role(c.relowner, 'usage')
            and (exists (select from pg_policy o where o.polrelid = c.oid and starts_with(o.polname, 'hq_'))
              or exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'tenant_id'))
          union all
          select format('function %s to %s', p.oid::regprocedure, p.proowner::regrole) from hq.defined_objects o
          join pg_proc p on p.oid = to_regprocedure(o.identity) where o.kind <> 'trigger' and not pg_has_role(p.proowner, 'usage')`,
  },
  {
    says: 'row level security is off',
    sql: `select c.oid::regclass::text as what from pg_class c
          where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relrowsecurity
            and pg_has_role(c.relowner, 'usage')`,
  },
  {
    says: 'the trigger is missing or off',
    sql: `select t.name || ' on agent_commands' as what
          from unnest(array['hq_guard_command', 'hq_limit_command', 'hq_check_command_change', 'hq_audit_enqueued',
            'hq_execute_in_database', 'hq_notify_failed_command', 'hq_clear_key']) t (name)
          where not exists (select from pg_trigger g
            where g.tgrelid = 'public.agent_commands'::regclass and g.tgname = t.name and g.tgenabled in ('O', 'A'))
          union all
          select t.name || ' on secrets'
          from unnest(array['hq_check_secret', 'hq_count_secrets_made', 'hq_count_secrets_changed', 'hq_count_secrets_deleted',
            'hq_audit_secrets_made', 'hq_audit_secrets_changed', 'hq_audit_secrets_deleted', 'hq_alert_secrets_changed',
            'hq_alert_secrets_deleted']) t (name)
          where not exists (select from pg_trigger g
            where g.tgrelid = 'public.secrets'::regclass and g.tgname = t.name and g.tgenabled in ('O', 'A'))`,
  },
  {
    says: 'the ciphertext of secrets is open',
    sql: `select 'to ' || r as what from unnest(array['anon', 'authenticated']) r
          where has_column_privilege(r, 'public.secrets', 'encrypted_value', 'select')
          union all
          select 'to the subscribers of ' || p.pubname from pg_publication_tables t join pg_publication p on p.pubname = t.pubname
          where t.schemaname = 'public' and t.tablename = 'secrets' and 'encrypted_value' = any (t.attnames)
            and p.pubname = 'supabase_realtime'
            and not p.puballtables and not exists (select from pg_publication_namespace n where n.pnpubid = p.oid)`,
  },
  {
    says: 'the replica identity is not the key, so that no secret can change',
    sql: `select c.oid::regclass::text as what from pg_class c where c.oid = 'public.secrets'::regclass and c.relreplident <> 'd'`,
  },
  {
    says: 'the function that executes the action is missing',
    sql: `select a.name as what from hq.actions a
          where a.executor = 'database' and to_regprocedure(format('hq.%I(public.agent_commands)', 'do_' || a.name)) is null`,
  },
  {
    says: 'the restrictive policy is missing',
    sql: `select p.name || ' on ' || c.relname as what
          from pg_class c, unnest(array['hq_select_only', 'hq_insert_only', 'hq_update_only', 'hq_delete_only']) p (name)
          where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and pg_has_role(c.relowner, 'usage')
            and (hq.adopted() or exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'tenant_id' and not a.attisdropped))
            and not exists (select from pg_depend d where d.objid = c.oid and d.deptype = 'e')
            and not exists (select from pg_policy o where o.polrelid = c.oid and o.polname = p.name and not o.polpermissive)`,
  },
  {
    says: 'the view reads past the policies (set security_invoker)',
    sql: `select c.oid::regclass::text as what from pg_class c
          where c.relnamespace = 'public'::regnamespace and c.relkind = 'v' and pg_has_role(c.relowner, 'usage')
            and not coalesce(c.reloptions, '{}') && array['security_invoker=true', 'security_invoker=on', 'security_invoker=1']
            and (has_table_privilege('anon', c.oid, 'select') or has_table_privilege('authenticated', c.oid, 'select'))
            and not exists (select from pg_depend d where d.objid = c.oid and d.deptype = 'e')
          union all
          select c.oid::regclass::text from pg_class c
          where c.relnamespace = 'public'::regnamespace and c.relkind = 'm' and pg_has_role(c.relowner, 'usage') and hq.adopted()
            and has_any_column_privilege('authenticated', c.oid, 'select')
            and not exists (select from pg_depend d where d.objid = c.oid and d.deptype = 'e')`,
  },
  {
    says: 'members may change the record',
    sql: `select format('%s of %s by %s', v, t, r) as what
          from unnest(array['audit_log', 'agent_usage', 'agent_commands']) t, unnest(array['update', 'delete', 'truncate']) v,
            unnest(array['anon', 'authenticated']) r
          where has_table_privilege(r, 'public.' || t, v)`,
  },
  {
    says: 'open to the anonymous',
    sql: `select p.oid::regprocedure::text as what from pg_proc p
          where p.pronamespace = 'public'::regnamespace and has_function_privilege('anon', p.oid, 'execute')
            and not coalesce(p.oid in (to_regprocedure('public.consume_gateway_token(text,text,text)'), to_regprocedure('public.current_tenant_id()'),
              to_regprocedure('public.agent_call(text,text,jsonb)')), false)
            and pg_has_role(p.proowner, 'usage')
            and not exists (select from pg_depend d where d.objid = p.oid and d.deptype = 'e')
          union all
          select c.oid::regclass::text from pg_class c
          where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'v', 'm') and pg_has_role(c.relowner, 'usage')
            and ((c.relkind in ('r', 'p') and hq.adopted())
              or exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'tenant_id'))
            and has_any_column_privilege('anon', c.oid, 'select, insert, update')
            and not exists (select from pg_depend d where d.objid = c.oid and d.deptype = 'e')`,
  },
  {
    says: 'the function reads past the policies',
    sql: `select f::text as what from hq.unbounded_functions() f`,
  },
];

/** One sentence for each rule that the database breaks. Changes nothing. */
export function findBreaches(client: pg.Client): Promise<string[]> {
  return inSnapshot(client, async () => {
    const breaches: string[] = [];
    for (const { says, sql } of rules) {
      const { rows } = await client.query<{ what: string }>(`${sql} order by 1`);
      breaches.push(...rows.map(({ what }) => `${says}: ${what}`));
    }
    return [...breaches, ...(await findChangedObjects(client))];
  });
}

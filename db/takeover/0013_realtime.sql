-- What faces and hands watch. A change is only a hint to read again, so no row's old values are sent.

create or replace function hq.publish(p_table regclass) returns void language plpgsql
set search_path = '' as $$
begin
  if exists (select from pg_catalog.pg_publication where pubname = 'supabase_realtime' and not puballtables)
    and not exists (
      select from pg_catalog.pg_publication_rel r join pg_catalog.pg_publication p on p.oid = r.prpubid
      where p.pubname = 'supabase_realtime' and r.prrelid = p_table)
  then
    execute format('alter publication supabase_realtime add table %s', p_table);
  end if;
end
$$;

do $$
begin
  if not exists (select from pg_publication where pubname = 'supabase_realtime') then
    create publication supabase_realtime;
  end if;
end
$$;

select hq.publish(t) from unnest(array[
  'public.gateways', 'public.agents', 'public.agent_commands', 'public.agent_command_output', 'public.notifications',
  'public.audit_log', 'public.tenant_members'
]::regclass[]) t;

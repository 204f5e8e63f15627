-- Row level security by tenant alone; the grants are the defaults of a Supabase project.
do $$
declare
  v_table text;
begin
  for v_table in
    select c.table_name from information_schema.columns c where c.table_schema = 'public' and c.column_name = 'tenant_id'
      and c.table_name not like 'secret\_%'
  loop
    execute format('alter table public.%I enable row level security', v_table);
    execute format('create policy %I on public.%I for all to authenticated
      using (tenant_id = public.current_tenant_id()) with check (tenant_id = public.current_tenant_id())', v_table || ' are theirs', v_table);
    execute format('create policy "everything for the server" on public.%I for all to service_role using (true)', v_table);
  end loop;
end
$$;
alter table public.tenants enable row level security;
create policy "own tenant" on public.tenants for all using (id = public.current_tenant_id());
alter table public.collection_records enable row level security;
create policy "records are theirs" on public.collection_records for all using (
  exists (select from public.collections c where c.id = collection_id and c.tenant_id = public.current_tenant_id()));
alter publication supabase_realtime add table public.agent_commands, public.agents, public.tasks, public.notifications, public.contacts, public.secrets;

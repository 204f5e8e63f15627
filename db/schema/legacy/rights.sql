-- Runs after every other file: closes tables, views and functions of an older HQ, whatever release of it they came with.

-- Functions: nobody calls one without an account, and only the service role calls the older queue.
do $$
declare
  v_function record;
begin
  for v_function in
    select p.oid::regprocedure as signature, p.proname as name, p.oid
    from pg_proc p
    where p.pronamespace = 'public'::regnamespace and pg_has_role(p.proowner, 'usage')
      and not exists (select from pg_depend d where d.objid = p.oid and d.deptype = 'e')
  loop
    if v_function.name in ('lease_command', 'start_command', 'complete_command', 'fail_command', 'lease_inbox_item',
      'complete_inbox_item', 'fail_inbox_item', 'runner_exchange', 'set_gateway_paused')
    then
      execute format('revoke all on routine %s from public, anon, authenticated', v_function.signature);
      execute format('grant execute on routine %s to service_role', v_function.signature);
    elsif v_function.name in ('consume_gateway_token', 'current_tenant_id') then
      execute format('grant execute on routine %s to anon, authenticated, service_role', v_function.signature);
    else
      -- Members keep what they had through PUBLIC.
      if has_function_privilege('authenticated', v_function.oid, 'execute') then
        execute format('grant execute on routine %s to authenticated', v_function.signature);
      end if;
      execute format('grant execute on routine %s to service_role', v_function.signature);
      execute format('revoke all on routine %s from public, anon', v_function.signature);
    end if;
  end loop;
end
$$;

-- Tables with a tenant: their own policies stay and apply to members only; writing needs an operator.
do $$
declare
  v_table regclass;
begin
  for v_table in
    select c.oid::regclass from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant_id' and not a.attisdropped
    where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and pg_has_role(c.relowner, 'usage')
      and not exists (select from pg_policy p where p.polrelid = c.oid and p.polname = 'hq_service')
  loop
    execute format('revoke all on %s from public, anon', v_table);
    execute format('drop policy if exists hq_select_only on %s', v_table);
    execute format('create policy hq_select_only on %s as restrictive for select to authenticated
      using ((select public.member_role_of_caller()) is not null)', v_table);
    execute format('drop policy if exists hq_insert_only on %s', v_table);
    execute format('create policy hq_insert_only on %s as restrictive for insert to authenticated
      with check ((select public.member_role_of_caller()) >= ''operator'')', v_table);
    execute format('drop policy if exists hq_update_only on %s', v_table);
    execute format('create policy hq_update_only on %s as restrictive for update to authenticated
      using ((select public.member_role_of_caller()) >= ''operator'')', v_table);
    execute format('drop policy if exists hq_delete_only on %s', v_table);
    execute format('create policy hq_delete_only on %s as restrictive for delete to authenticated
      using ((select public.member_role_of_caller()) >= ''operator'')', v_table);
  end loop;
end
$$;

-- Every table: without row level security a grant alone decides, and Supabase grants everything to everybody by default.
do $$
declare
  v_table regclass;
begin
  for v_table in
    select c.oid::regclass from pg_class c
    where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relrowsecurity and pg_has_role(c.relowner, 'usage')
      and not exists (select from pg_depend d where d.objid = c.oid and d.deptype = 'e')
  loop
    execute format('revoke all on %s from public, anon', v_table);
    execute format('alter table %s enable row level security', v_table);
  end loop;
end
$$;

-- Views read with the rights of their owner, above the policies, unless security_invoker is set.
do $$
declare
  v_view record;
begin
  for v_view in
    select c.oid::regclass as name, c.relkind = 'v' as is_plain,
      exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'tenant_id') as has_tenant
    from pg_class c
    where c.relnamespace = 'public'::regnamespace and c.relkind in ('v', 'm') and pg_has_role(c.relowner, 'usage')
      and not exists (select from pg_depend d where d.objid = c.oid and d.deptype = 'e')
  loop
    if v_view.has_tenant then
      execute format('revoke all on %s from public, anon', v_view.name);
    end if;
    if v_view.is_plain and (has_table_privilege('anon', v_view.name, 'select') or has_table_privilege('authenticated', v_view.name, 'select')) then
      execute format('alter view %s set (security_invoker = true)', v_view.name);
    end if;
  end loop;
end
$$;

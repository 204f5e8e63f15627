-- Runs after every other file: closes tables, views and functions of an older HQ, whatever release of it they came with.

-- Functions: nobody calls one without an account, and only the service role calls what an older HQ has for its daemons.
do $$
declare
  v_function record;
  v_name text;
begin
  for v_function in
    select p.oid::regprocedure as signature, p.oid
    from pg_proc p
    where p.pronamespace = 'public'::regnamespace and pg_has_role(p.proowner, 'usage')
      and not exists (select from pg_depend d where d.objid = p.oid and d.deptype = 'e')
  loop
    if hq.is_for_daemons(v_function.oid) then
      execute format('revoke all on routine %s from public, anon, authenticated', v_function.signature);
      execute format('grant execute on routine %s to service_role', v_function.signature);
    elsif v_function.oid in ('public.consume_gateway_token(text,text,text)'::regprocedure, 'public.current_tenant_id()'::regprocedure,
      'public.agent_call(text,text,jsonb)'::regprocedure) then
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
  for v_name in select * from hq.unbounded_functions() loop
    execute format('alter routine %s security invoker', v_name);
    insert into hq.bounded_functions (identity) values (v_name) on conflict do nothing;
  end loop;
end
$$;

-- Tables with a tenant, and all of an older HQ: their own policies stay and apply to members only; writing needs an operator.
do $$
declare
  v_table regclass;
begin
  for v_table in
    select c.oid::regclass from pg_class c
    where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and pg_has_role(c.relowner, 'usage')
      and not exists (select from pg_policy p where p.polrelid = c.oid and p.polname = 'hq_service')
      and (hq.adopted() or exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'tenant_id' and not a.attisdropped))
      and not exists (select from pg_depend d where d.objid = c.oid and d.deptype = 'e')
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

-- Every table: without row level security a grant alone decides, and Supabase grants everything to everybody by default. On an older
-- HQ members keep such a table, of their tenant, and read the two that record its migrations.
do $$
declare
  v_table record;
begin
  for v_table in
    select c.oid::regclass as name, case when starts_with(c.relname, '_') then 'select' else 'all' end as verbs,
      case when exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'tenant_id' and not a.attisdropped)
        then 'tenant_id::text = (select public.current_tenant_id())::text' else 'true' end as test
    from pg_class c
    where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relrowsecurity and pg_has_role(c.relowner, 'usage')
      and not exists (select from pg_depend d where d.objid = c.oid and d.deptype = 'e')
  loop
    execute format('revoke all on %s from public, anon', v_table.name);
    execute format('alter table %s enable row level security', v_table.name);
    execute format('drop policy if exists hq_members on %s', v_table.name);
    if hq.adopted() then
      execute format('create policy hq_members on %s for %s to authenticated using (%s)', v_table.name, v_table.verbs, v_table.test);
    end if;
  end loop;
end
$$;

-- The web product of an older HQ writes these tables as the member, every column of them, and so do its trigger functions.
do $$
begin
  if hq.adopted() then
    perform hq.guard_table('public.notifications', 'viewer', 'operator', 'operator', 'operator');
    perform hq.guard_table('public.agent_inbox_items', 'viewer', 'operator', 'operator', 'operator');
    perform hq.guard_table('public.agent_budgets', 'viewer', 'operator', 'operator', 'operator');
    perform hq.guard_table('public.task_relations', 'viewer', 'operator', 'operator', 'operator');
    grant update on public.tasks, public.comments, public.task_relations, public.entity_links, public.agent_inbox_items,
      public.agents, public.agent_budgets, public.workspace, public.notifications to authenticated;
  end if;
end
$$;

-- Its functions that run with their owner's rights pass the policies: the rows that they write are checked instead.
do $$
declare
  v_table record;
begin
  for v_table in
    select c.oid::regclass as name, case c.relname when 'workspace' then 'admin' when 'tenants' then 'admin' when 'tenant_members' then 'admin'
      when 'notifications' then 'viewer' when 'agent_commands' then 'viewer' else 'operator' end as role
    from pg_class c
    where hq.adopted() and c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and pg_has_role(c.relowner, 'usage')
      and c.relname <> all (array['audit_log', 'agent_command_output', 'alert_mutes', 'gateway_registration_tokens'])
      and not starts_with(c.relname, 'chat_') and not c.relispartition -- A partition has the triggers of its table.
      and not exists (select from pg_depend d where d.objid = c.oid and d.deptype = 'e')
  loop
    -- Whoever has a token registers a gateway, by consume_gateway_token.
    execute format('create or replace trigger hq_check_definer_write before %s on %s for each row
      when (current_setting(''role'', true) = ''authenticated'' and current_user <> ''authenticated'')
      execute function hq.check_definer_write(%L)', case v_table.name when 'public.gateways'::regclass then 'delete'
        else 'insert or update or delete' end, v_table.name, v_table.role);
    execute format('create or replace trigger hq_check_definer_truncate before truncate on %s for each statement
      when (current_setting(''role'', true) = ''authenticated'' and current_user <> ''authenticated'')
      execute function hq.check_definer_write(%L)', v_table.name, v_table.role);
  end loop;
end
$$;

-- Views read with the rights of their owner, above the policies, unless security_invoker is set. A materialized view has no policies.
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
    if hq.adopted() and not v_view.is_plain then
      execute format('revoke all on %s from public, anon, authenticated', v_view.name);
    end if;
    if v_view.is_plain and (has_table_privilege('anon', v_view.name, 'select') or has_table_privilege('authenticated', v_view.name, 'select')) then
      execute format('alter view %s set (security_invoker = true)', v_view.name);
    end if;
  end loop;
end
$$;

comment on table hq.bounded_functions is
  'Functions of an older HQ that ran with their owner''s rights; they read with the caller''s now.';

select hq.define_unless_foreign('public.current_tenant_id()', $create$
  create or replace function public.current_tenant_id() returns uuid language sql stable set search_path = '' as $fn$
    select coalesce(
      nullif(nullif(current_setting('request.jwt.claims', true), '')::jsonb -> 'app_metadata' ->> 'tenant_id', '')::uuid,
      '00000000-0000-0000-0000-000000000000'::uuid
    )
  $fn$
$create$,
  'Returns the tenant of the caller''s token; the nil id where it names none.');

select hq.add_updated_at_trigger('public.tenants');
select hq.add_updated_at_trigger('public.tenant_members');

-- Returns the caller's role in their tenant. A chat command that runs in a channel gets at most the channel's ceiling.
create or replace function public.member_role_of_caller() returns public.member_role language sql stable security definer
set search_path = '' as $$
  select least(m.role, nullif(current_setting('hq.ceiling', true), '')::public.member_role) from public.tenant_members m
  where m.user_id = (select auth.uid()) and m.tenant_id = (select public.current_tenant_id())
$$;
select hq.open_function('public.member_role_of_caller()', 'authenticated, service_role',
  'Returns the caller''s role in their tenant, or null for somebody who is no member. Policies call it.');

-- Closes a table to everyone and opens it verb by verb, for a role and above; a null role leaves the verb to the service role. The
-- restrictive policies hold even beside the permissive ones of an older HQ.
create or replace function hq.guard_table(
  p_table regclass,
  p_select public.member_role,
  p_insert public.member_role,
  p_update public.member_role,
  p_delete public.member_role,
  p_tenant_column name default 'tenant_id'
) returns void language plpgsql set search_path = '' as $$
declare
  v_verb text;
  v_role public.member_role;
  v_test text;
  v_name text;
begin
  execute format('alter table %s enable row level security', p_table);
  execute format('revoke all on %s from public, anon, authenticated', p_table);
  execute format('grant select, insert, update, delete on %s to service_role', p_table);
  execute format('drop policy if exists hq_service on %s', p_table);
  execute format('create policy hq_service on %s for all to service_role using (true) with check (true)', p_table);
  foreach v_verb in array array['select', 'insert', 'update', 'delete'] loop
    v_role := case v_verb when 'select' then p_select when 'insert' then p_insert
      when 'update' then p_update else p_delete end;
    v_name := 'hq_' || v_verb;
    execute format('drop policy if exists %I on %s', v_name, p_table);
    execute format('drop policy if exists %I on %s', v_name || '_only', p_table);
    if v_role is null then
      v_test := 'false';
    else
      v_test := format('%I = (select public.current_tenant_id()) and (select public.member_role_of_caller()) >= %L::public.member_role',
        p_tenant_column, v_role);
    end if;
    v_test := case v_verb
      when 'insert' then format('with check (%s)', v_test)
      when 'update' then format('using (%1$s) with check (%1$s)', v_test)
      else format('using (%s)', v_test) end;
    execute format('create policy %I on %s as restrictive for %s to authenticated %s', v_name || '_only', p_table, v_verb, v_test);
    if v_role is not null then
      execute format('create policy %I on %s for %s to authenticated %s', v_name, p_table, v_verb, v_test);
      if v_verb <> 'update' then
        execute format('grant %s on %s to authenticated', v_verb, p_table);
      end if;
    end if;
  end loop;
end
$$;

-- Opens columns of a table for updates by members; hq.guard_table opens none.
create or replace function hq.open_columns(p_table regclass, p_columns name[]) returns void language plpgsql
set search_path = '' as $$
begin
  execute format('grant update (%s) on %s to authenticated',
    (select string_agg(quote_ident(c), ', ') from unnest(p_columns) c), p_table);
end
$$;

-- Opens every column except identity and the given ones: a table of an older HQ may have columns that are unknown here.
create or replace function hq.open_columns_except(p_table regclass, p_columns name[]) returns void language plpgsql
set search_path = '' as $$
begin
  perform hq.open_columns(p_table, (
    select array_agg(a.attname) from pg_catalog.pg_attribute a
    where a.attrelid = p_table and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
      and a.attname <> all (p_columns || array['id', 'tenant_id', 'created_at', 'updated_at']::name[])
  ));
end
$$;

-- Keeps at least one admin in each tenant: without one, nobody could give roles any more.
create or replace function hq.require_one_admin() returns trigger language plpgsql security definer
set search_path = '' as $$
begin
  if hq.caller_role() <> 'authenticated' then
    return null;
  end if;
  perform 1 from public.tenants where id = old.tenant_id for update;
  if not exists (select from public.tenant_members where tenant_id = old.tenant_id and role = 'admin') then
    raise exception 'a tenant keeps at least one admin'
      using errcode = '23514', hint = 'Make someone else an admin first.';
  end if;
  return null;
end
$$;
create or replace trigger hq_require_one_admin after update or delete on public.tenant_members
for each row when (old.role = 'admin') execute function hq.require_one_admin();

-- Lets an admin add accounts of their own tenant only: the member's address is shown, so any other account's could be asked for.
create or replace function hq.check_member() returns trigger language plpgsql security definer
set search_path = '' as $$
begin
  if hq.caller_role() = 'authenticated' and not exists (
    select from auth.users u
    where u.id = new.user_id and coalesce(u.raw_app_meta_data ->> 'tenant_id', hq.nil_tenant()::text) = new.tenant_id::text)
  then
    raise exception 'there is no such account' using errcode = 'P0002', column = 'user_id', table = 'tenant_members';
  end if;
  return new;
end
$$;
create or replace trigger hq_check_member before insert or update of user_id, tenant_id on public.tenant_members
for each row execute function hq.check_member();

create or replace function public.whoami() returns jsonb language sql stable security definer
set search_path = '' as $$
  select jsonb_build_object(
    'user_id', (select auth.uid()),
    'email', (select u.email from auth.users u where u.id = (select auth.uid())),
    'tenant_id', (select public.current_tenant_id()),
    'tenant_name', (select t.name from public.tenants t
      where t.id = (select public.current_tenant_id()) and (select public.member_role_of_caller()) is not null),
    'role', (select public.member_role_of_caller()),
    'now', clock_timestamp()
  )
$$;
select hq.open_function('public.whoami()', 'authenticated, service_role',
  'Returns `{user_id, email, tenant_id, tenant_name, role, now}`. `role` and `tenant_name` are null for somebody who is no member.');
select hq.add_updated_at_trigger('public.workspace');

-- Raises 42501 unless the caller has the role. Names the channel's ceiling where that is the reason, because another role would
-- not help.
create or replace function hq.require_role(p_tenant uuid, p_role public.member_role, p_what text) returns void
language plpgsql stable set search_path = '' as $$
declare
  v_ceiling public.member_role := nullif(current_setting('hq.ceiling', true), '');
  v_role public.member_role;
begin
  if hq.caller_role() not in ('authenticated', 'anon') then
    return;
  end if;
  if hq.caller_role() = 'anon' or auth.uid() is null then
    raise exception 'you are not signed in' using errcode = '28000', hint = 'Sign in and try again.';
  end if;
  v_role := public.member_role_of_caller();
  if v_role is null or p_tenant is distinct from public.current_tenant_id() then
    raise exception 'you are not a member of this tenant'
      using errcode = '42501', hint = 'Ask an admin to add you.';
  end if;
  if v_role < p_role and v_ceiling < p_role then
    raise exception '% needs the role %; this channel allows % and below', p_what, p_role, v_ceiling
      using errcode = '42501', hint = format('Try it in a direct message, or let an admin say here: bind %s.', p_role);
  end if;
  if v_role < p_role then
    raise exception '% needs the role %; yours is %', p_what, p_role, v_role
      using errcode = '42501', hint = format('Ask an admin for the role %s.', p_role);
  end if;
end
$$;

create or replace function hq.audit_member() returns trigger language plpgsql security definer
set search_path = '' as $$
declare
  v_member public.tenant_members := case when tg_op = 'DELETE' then old else new end;
  v_name text := coalesce((select u.email from auth.users u where u.id = v_member.user_id), v_member.user_id::text);
begin
  -- A deleted tenant deletes its members and its audit log.
  if exists (select from public.tenants t where t.id = v_member.tenant_id) then
    perform hq.write_audit(jsonb_build_object(
      'tenant_id', v_member.tenant_id,
      'actor_user_id', auth.uid(),
      'module', 'members',
      'entity_type', 'member',
      'entity_id', v_member.user_id,
      'action', case tg_op when 'INSERT' then 'member.added' when 'UPDATE' then 'member.changed' else 'member.removed' end,
      'summary', case tg_op when 'INSERT' then format('%s added as %s', v_name, new.role)
        when 'UPDATE' then format('%s made %s, was %s', v_name, new.role, old.role)
        else format('%s removed, was %s', v_name, old.role) end));
  end if;
  return null;
end
$$;
create or replace trigger hq_audit_member after insert or delete on public.tenant_members
for each row execute function hq.audit_member();
create or replace trigger hq_audit_member_role after update of role on public.tenant_members
for each row when (new.role <> old.role) execute function hq.audit_member();

-- Refuses rows that refer to another tenant's rows: foreign keys do not compare tenants and ignore policies.

-- The arguments are pairs of a column and the table of `public` that it refers to. The error is the same as for a row that does
-- not exist.
create or replace function hq.refuse_foreign_rows() returns trigger language plpgsql security definer
set search_path = '' as $$
declare
  v_row jsonb := to_jsonb(new);
  v_found boolean;
begin
  for n in 0 .. tg_nargs - 1 by 2 loop
    continue when v_row ->> tg_argv[n] is null;
    continue when tg_op = 'UPDATE' and v_row -> tg_argv[n] = to_jsonb(old) -> tg_argv[n]
      and v_row -> 'tenant_id' = to_jsonb(old) -> 'tenant_id';
    execute format('select exists (select from public.%I t where t.id = $1::uuid and t.tenant_id = $2::uuid)', tg_argv[n + 1])
      into v_found using v_row ->> tg_argv[n], v_row ->> 'tenant_id';
    if not v_found then
      raise exception 'there is no such row of %', tg_argv[n + 1]
        using errcode = 'P0002', column = tg_argv[n], table = tg_table_name;
    end if;
  end loop;
  return new;
end
$$;

create or replace function public.tenant_people() returns jsonb language sql stable security definer
set search_path = '' as $$
  select coalesce(jsonb_agg(jsonb_build_object('user_id', m.user_id, 'email', u.email, 'role', m.role,
    'is_bot', exists (select from public.chat_bots b where b.tenant_id = m.tenant_id and b.user_id = m.user_id))
    order by u.email, m.user_id), '[]')
  from public.tenant_members m left join auth.users u on u.id = m.user_id
  where m.tenant_id = (select public.current_tenant_id()) and (select public.member_role_of_caller()) is not null
$$;
select hq.open_function('public.tenant_people()', 'authenticated, service_role',
  'Returns the members of the caller''s tenant, `[{user_id, email, role, is_bot}]`; empty for somebody who is no member.');

-- Who belongs to a tenant and what they may do there. No row here, no rows anywhere.

do $$
begin
  if to_regtype('public.member_role') is null then
    create type public.member_role as enum ('viewer', 'operator', 'admin');
  end if;
end
$$;

-- An HQ that is being adopted: everyone who could sign in could do everything, so they keep that, once, now.
-- Later users are nobody until an admin says otherwise.
create temporary table adopted_members on commit drop as
select u.id as user_id, coalesce(t.id, hq.nil_tenant()) as tenant_id
from auth.users u
left join public.tenants t on t.id::text = u.raw_app_meta_data ->> 'tenant_id'
where to_regclass('public.tenant_members') is null
  and (u.raw_app_meta_data ->> 'tenant_id' is null or t.id is not null);

create table if not exists public.tenant_members (
  tenant_id uuid not null default hq.nil_tenant() references public.tenants (id) on delete cascade,
  user_id uuid not null references auth.users (id) on delete cascade,
  role public.member_role not null default 'viewer',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (tenant_id, user_id)
);
create index if not exists tenant_members_user on public.tenant_members (user_id);
select hq.keep_updated_at('public.tenant_members');

insert into public.tenant_members (tenant_id, user_id, role)
select tenant_id, user_id, 'admin' from adopted_members
on conflict do nothing;

-- The caller's role in the tenant of their token; null for everyone who is no member of it.
create or replace function public.member_role_of_caller() returns public.member_role language sql stable security definer
set search_path = '' as $$
  select m.role from public.tenant_members m
  where m.user_id = (select auth.uid()) and m.tenant_id = (select public.current_tenant_id())
$$;
revoke all on function public.member_role_of_caller() from public, anon;
grant execute on function public.member_role_of_caller() to authenticated, service_role;

-- A table's share of "the database decides": closed to everyone, then opened verb by verb.
-- The restrictive policies hold even where an older HQ left policies that allow everything to every user of the tenant.
-- A role of null means that nobody but the service role may do it.
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

-- Updates are opened column by column.
create or replace function hq.open_columns(p_table regclass, p_columns name[]) returns void language plpgsql
set search_path = '' as $$
begin
  execute format('grant update (%s) on %s to authenticated',
    (select string_agg(quote_ident(c), ', ') from unnest(p_columns) c), p_table);
end
$$;

-- Everything but identity: a table of an older HQ may have more columns than are known here.
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

select hq.guard_table('public.tenants', 'viewer', null, null, null, 'id');
select hq.guard_table('public.tenant_members', 'viewer', 'admin', 'admin', 'admin');
select hq.open_columns('public.tenant_members', '{role}');

-- A tenant whose last admin is gone could never be administered again.
create or replace function hq.keep_an_admin() returns trigger language plpgsql security definer
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
create or replace trigger hq_keep_an_admin after update or delete on public.tenant_members
for each row when (old.role = 'admin') execute function hq.keep_an_admin();

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
revoke all on function public.whoami() from public, anon;
grant execute on function public.whoami() to authenticated, service_role;

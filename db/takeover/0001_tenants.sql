-- The ground every other migration stands on: the closed schema `hq`, and tenants.

create schema if not exists hq;
comment on schema hq is 'HQ''s own: policy rows, the ledger and internal functions. Not for PostgREST.';
revoke all on schema hq from public, anon, authenticated, service_role;

create or replace function hq.nil_tenant() returns uuid language sql immutable parallel safe
set search_path = '' as $$ select '00000000-0000-0000-0000-000000000000'::uuid $$;

-- The role of the request, seen through security definer functions too: `set role` does not change inside them.
create or replace function hq.caller_role() returns text language sql stable
set search_path = '' as $$
  select coalesce(nullif(current_setting('role', true), 'none'), session_user::text)
$$;

-- Where a function of an older HQ stands, it is left as it is: its signature belongs to its callers.
create or replace function hq.create_unless_there(p_signature text, p_definition text) returns void language plpgsql
set search_path = 'public' as $$
begin
  if to_regprocedure(p_signature) is null then
    execute p_definition;
  end if;
end
$$;

select hq.create_unless_there('public.current_tenant_id()', $create$
  create function public.current_tenant_id() returns uuid language sql stable set search_path = '' as $fn$
    select coalesce(
      nullif(nullif(current_setting('request.jwt.claims', true), '')::jsonb -> 'app_metadata' ->> 'tenant_id', '')::uuid,
      '00000000-0000-0000-0000-000000000000'::uuid
    )
  $fn$
$create$);

create or replace function hq.touch_updated_at() returns trigger language plpgsql
set search_path = '' as $$
begin
  new.updated_at := clock_timestamp();
  return new;
end
$$;

create or replace function hq.keep_updated_at(p_table regclass) returns void language plpgsql
set search_path = '' as $$
begin
  execute format('drop trigger if exists hq_touch_updated_at on %s', p_table);
  execute format(
    'create trigger hq_touch_updated_at before update on %s for each row execute function hq.touch_updated_at()', p_table);
end
$$;

create table if not exists public.tenants (
  id uuid primary key default gen_random_uuid(),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  name text not null,
  slug text not null unique,
  status text not null default 'active',
  meta jsonb not null default '{}'
);
select hq.keep_updated_at('public.tenants');

insert into public.tenants (id, name, slug)
values (hq.nil_tenant(), 'Default', 'default')
on conflict do nothing;

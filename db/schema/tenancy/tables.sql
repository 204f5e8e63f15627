create table if not exists public.tenants (
  id uuid primary key default gen_random_uuid(),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  name text not null,
  slug text not null unique,
  status text not null default 'active',
  meta jsonb not null default '{}'
);

insert into public.tenants (id, name, slug)
values (hq.nil_tenant(), 'Default', 'default')
on conflict do nothing;

do $$
begin
  if to_regtype('public.member_role') is null then
    create type public.member_role as enum ('viewer', 'operator', 'admin');
  end if;
end
$$;

-- Adopting an older HQ: everyone with an account had every right, and becomes an admin, once. Later accounts have no role until an
-- admin gives them one. Nobody who could not sign in, or did so without a name, gets a role.
create temporary table adopted_members on commit drop as
select u.id as user_id, coalesce(t.id, hq.nil_tenant()) as tenant_id
from auth.users u
left join public.tenants t on t.id::text = u.raw_app_meta_data ->> 'tenant_id'
where to_regclass('public.tenant_members') is null
  and (u.raw_app_meta_data ->> 'tenant_id' is null or t.id is not null)
  and to_jsonb(u) ->> 'deleted_at' is null
  and coalesce((to_jsonb(u) ->> 'banned_until')::timestamptz, '-infinity') <= now()
  and not coalesce((to_jsonb(u) ->> 'is_anonymous')::boolean, false);

create table if not exists public.tenant_members (
  tenant_id uuid not null default hq.nil_tenant() references public.tenants (id) on delete cascade,
  user_id uuid not null references auth.users (id) on delete cascade,
  role public.member_role not null default 'viewer',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (tenant_id, user_id)
);

create index if not exists tenant_members_user on public.tenant_members (user_id);

insert into public.tenant_members (tenant_id, user_id, role)
select tenant_id, user_id, 'admin' from adopted_members
on conflict do nothing;

create table if not exists public.workspace (
  id uuid primary key default gen_random_uuid(),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  tenant_id uuid not null default hq.nil_tenant() unique references public.tenants (id) on delete cascade,
  name text not null default 'HQ',
  slug text,
  description text,
  initialized boolean not null default false,
  owner_name text,
  owner_preferred_name text,
  owner_timezone text,
  settings jsonb not null default '{}',
  default_agent_budget_usd numeric(10, 2),
  default_soft_threshold_pct int not null default 80,
  default_hard_cutoff boolean not null default true
);

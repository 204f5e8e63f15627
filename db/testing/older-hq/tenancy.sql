-- Tenants, the workspace with its pipeline, and the trigger that gives a new account its tenant.
create function public.current_tenant_id() returns uuid language sql stable as $$
  select coalesce((auth.jwt() -> 'app_metadata' ->> 'tenant_id')::uuid, '00000000-0000-0000-0000-000000000000'::uuid)
$$;
create function public.update_updated_at() returns trigger language plpgsql as $$
begin
  new.updated_at = now();
  return new;
end $$;

create table public.tenants (
  id uuid primary key default gen_random_uuid(), created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(), name text not null, slug text not null unique,
  status text not null default 'active', meta jsonb not null default '{}'
);
insert into public.tenants (id, name, slug) values ('00000000-0000-0000-0000-000000000000', 'Default', 'default');

create function public.set_tenant_id_on_signup() returns trigger language plpgsql security definer as $$
begin
  new.raw_app_meta_data = coalesce(new.raw_app_meta_data, '{}'::jsonb)
    || jsonb_build_object('tenant_id', coalesce(new.raw_app_meta_data ->> 'tenant_id', '00000000-0000-0000-0000-000000000000'));
  return new;
end $$;

create table public.workspace (
  id uuid primary key default gen_random_uuid(), created_at timestamptz not null default now(), updated_at timestamptz not null default now(),
  tenant_id uuid not null default '00000000-0000-0000-0000-000000000000' unique references public.tenants (id) on delete cascade,
  name text not null default 'HQ', slug text, description text, initialized boolean not null default false, owner_name text,
  owner_preferred_name text, owner_timezone text, settings jsonb not null default '{}', default_agent_budget_usd numeric(10, 2),
  default_soft_threshold_pct int not null default 80, default_hard_cutoff boolean not null default true, theme text
);

create table public.streams (
  id uuid primary key default gen_random_uuid(), created_at timestamptz not null default now(),
  tenant_id uuid not null default '00000000-0000-0000-0000-000000000000' references public.tenants (id) on delete cascade,
  name text not null, color text
);
create table public.stages (
  id uuid primary key default gen_random_uuid(),
  tenant_id uuid not null default '00000000-0000-0000-0000-000000000000' references public.tenants (id) on delete cascade,
  name text not null, position int not null default 0
);
create table public.fields (
  id uuid primary key default gen_random_uuid(),
  tenant_id uuid not null default '00000000-0000-0000-0000-000000000000' references public.tenants (id) on delete cascade,
  name text not null, kind text not null default 'text'
);

-- The end of the onboarding. It runs with its owner's rights and asks nobody who they are.
create function public.complete_setup(
  p_name text, p_description text, p_owner_name text, p_owner_preferred_name text, p_owner_timezone text, p_slug text,
  p_streams jsonb, p_stages jsonb, p_fields jsonb
) returns jsonb language plpgsql security definer as $$
declare
  v_tenant uuid := public.current_tenant_id();
begin
  delete from public.streams where tenant_id = v_tenant;
  delete from public.stages where tenant_id = v_tenant;
  delete from public.fields where tenant_id = v_tenant;
  insert into public.streams (tenant_id, name) select v_tenant, e ->> 'name' from jsonb_array_elements(p_streams) e;
  insert into public.stages (tenant_id, name) select v_tenant, e ->> 'name' from jsonb_array_elements(p_stages) e;
  insert into public.fields (tenant_id, name) select v_tenant, e ->> 'name' from jsonb_array_elements(p_fields) e;
  update public.workspace set name = p_name, description = p_description, owner_name = p_owner_name,
    owner_preferred_name = p_owner_preferred_name, owner_timezone = p_owner_timezone, slug = p_slug, initialized = true, updated_at = now()
  where tenant_id = v_tenant;
  return jsonb_build_object('initialized', true);
end $$;
create function public.reset_settings() returns void language sql security definer as $$
  update public.workspace set settings = '{}' where tenant_id = public.current_tenant_id() $$;

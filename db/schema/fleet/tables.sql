do $$
begin
  if to_regtype('public.gateway_status') is null then
    create type public.gateway_status as enum ('provisioning', 'ready', 'error', 'hibernating', 'paused');
  end if;
end
$$;

alter type public.gateway_status add value if not exists 'paused';

create table if not exists public.gateways (
  id uuid primary key default gen_random_uuid(),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  tenant_id uuid not null default hq.nil_tenant() references public.tenants (id) on delete cascade,
  slug text not null,
  label text,
  status public.gateway_status not null default 'provisioning',
  last_seen_at timestamptz,
  last_heartbeat_at timestamptz,
  meta jsonb not null default '{}',
  last_backup_at timestamptz,
  last_backup_size_bytes bigint,
  unique (tenant_id, slug)
);

insert into public.gateways (tenant_id, slug, label)
select hq.nil_tenant(), 'default', 'Primary gateway'
where not exists (select from public.gateways where tenant_id = hq.nil_tenant())
on conflict do nothing;

create table if not exists public.gateway_registration_tokens (
  id uuid primary key default gen_random_uuid(),
  created_at timestamptz not null default now(),
  tenant_id uuid not null default hq.nil_tenant() references public.tenants (id) on delete cascade,
  token_hash text not null unique,
  label text,
  expires_at timestamptz not null default now() + interval '15 minutes',
  consumed_at timestamptz,
  consumed_by_gateway_id uuid references public.gateways (id) on delete set null
);

do $$
begin
  if to_regtype('public.agent_status') is null then
    create type public.agent_status as enum ('ready', 'paused', 'error', 'provisioning', 'hibernating');
  end if;
end
$$;

create table if not exists public.agents (
  id uuid primary key default gen_random_uuid(),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  tenant_id uuid not null default hq.nil_tenant() references public.tenants (id) on delete cascade,
  gateway_id uuid references public.gateways (id) on delete set null,
  name text not null,
  slug text not null,
  description text,
  avatar_url text,
  status public.agent_status not null default 'provisioning',
  last_seen_at timestamptz,
  last_heartbeat_at timestamptz,
  model text,
  thinking text,
  reports_to_id uuid references public.agents (id) on delete set null,
  domains text[] not null default '{}',
  capabilities text[] not null default '{}',
  config jsonb not null default '{}',
  meta jsonb not null default '{}',
  unique (tenant_id, slug)
);

create index if not exists agents_gateway on public.agents (gateway_id);

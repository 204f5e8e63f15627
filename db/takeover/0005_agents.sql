-- Agents: who works on a gateway.

do $$
begin
  if to_regtype('public.agent_status') is null then
    create type public.agent_status as enum ('ready', 'paused', 'error', 'provisioning', 'hibernating');
  end if;
end
$$;

create or replace function hq.is_agent_slug(p_slug text) returns boolean language sql immutable parallel safe
set search_path = '' as $$
  select p_slug ~ '^[a-z0-9]+(?:-[a-z0-9]+)*$' and length(p_slug) between 2 and 40
    and p_slug not in ('default', 'main', 'master', 'new', 'template') and p_slug not like 'template-%'
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
select hq.keep_updated_at('public.agents');
select hq.guard_table('public.agents', 'viewer', 'operator', 'operator', 'admin');
select hq.open_columns_except('public.agents', '{gateway_id, last_seen_at, last_heartbeat_at}');

-- A trigger and not a constraint: an older HQ may hold slugs that are no longer allowed, and those rows stay.
create or replace function hq.check_agent() returns trigger language plpgsql security definer
set search_path = '' as $$
begin
  if tg_op = 'INSERT' or new.slug is distinct from old.slug then
    if not coalesce(hq.is_agent_slug(new.slug), false) then
      raise exception 'slug must be 2 to 40 lower-case letters, digits and single dashes, and no reserved word'
        using errcode = '22023', column = 'slug', table = 'agents';
    end if;
  end if;
  if new.gateway_id is not null and not exists (
    select from public.gateways g where g.id = new.gateway_id and g.tenant_id = new.tenant_id
  ) then
    raise exception 'no such gateway' using errcode = 'P0002', column = 'gateway_id', table = 'agents';
  end if;
  if new.reports_to_id is not null and not exists (
    select from public.agents a where a.id = new.reports_to_id and a.tenant_id = new.tenant_id
  ) then
    raise exception 'no such agent' using errcode = 'P0002', column = 'reports_to_id', table = 'agents';
  end if;
  return new;
end
$$;
create or replace trigger hq_check_agent before insert or update of slug, gateway_id, reports_to_id, tenant_id on public.agents
for each row execute function hq.check_agent();

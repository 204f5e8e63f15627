-- Gateways and agents. The status `paused` of a gateway is missing, although its web UI and its daemons use it.
create type public.gateway_status as enum ('provisioning', 'ready', 'error', 'hibernating');
create table public.gateways (
  id uuid primary key default gen_random_uuid(), created_at timestamptz not null default now(), updated_at timestamptz not null default now(),
  tenant_id uuid not null default '00000000-0000-0000-0000-000000000000' references public.tenants (id) on delete cascade,
  slug text not null, label text not null default '', status public.gateway_status not null default 'provisioning',
  last_seen_at timestamptz, last_heartbeat_at timestamptz, meta jsonb not null default '{}', last_backup_at timestamptz,
  last_backup_size_bytes bigint, unique (tenant_id, slug)
);
create table public.gateway_registration_tokens (
  id uuid primary key default gen_random_uuid(), created_at timestamptz not null default now(),
  tenant_id uuid not null default '00000000-0000-0000-0000-000000000000' references public.tenants (id) on delete cascade,
  token_hash text not null unique, label text, expires_at timestamptz not null, consumed_at timestamptz,
  consumed_by_gateway_id uuid references public.gateways (id)
);

create type public.agent_status as enum ('ready', 'paused', 'error', 'provisioning', 'hibernating');
create table public.agents (
  id uuid primary key default gen_random_uuid(), created_at timestamptz not null default now(), updated_at timestamptz not null default now(),
  tenant_id uuid not null default '00000000-0000-0000-0000-000000000000' references public.tenants (id) on delete cascade,
  gateway_id uuid references public.gateways (id) on delete set null, name text not null, slug text not null, description text,
  avatar_url text, status public.agent_status not null default 'provisioning', last_seen_at timestamptz, last_heartbeat_at timestamptz,
  model text, thinking text, reports_to_id uuid references public.agents (id), domains text[] not null default '{}',
  capabilities text[] not null default '{}', config jsonb not null default '{}', meta jsonb not null default '{}', unique (tenant_id, slug)
);
create trigger agents_updated_at before update on public.agents for each row execute function public.update_updated_at();

create function public.consume_gateway_token(p_token text, p_label text default null, p_slug_hint text default null)
returns table (gateway_id uuid, gateway_slug text) language plpgsql security definer as $$
declare
  v_token public.gateway_registration_tokens;
  v_id uuid;
begin
  select * into v_token from public.gateway_registration_tokens t
  where t.token_hash = encode(sha256(convert_to(p_token, 'UTF8')), 'hex') and t.consumed_at is null for update;
  if not found then
    raise exception 'invalid_token' using errcode = '28000';
  end if;
  insert into public.gateways (tenant_id, slug, label) values (v_token.tenant_id, coalesce(p_slug_hint, 'gateway'), coalesce(p_label, ''))
  returning id into v_id;
  update public.gateway_registration_tokens t set consumed_at = now(), consumed_by_gateway_id = v_id where t.id = v_token.id;
  return query select v_id, coalesce(p_slug_hint, 'gateway');
end $$;

-- Broken before and after an adoption: its enum has no such word.
create function public.hq_heartbeat(p_slug text) returns void language plpgsql as $$
begin
  update public.gateways set last_seen_at = now(), status = 'online' where slug = p_slug;
end $$;

-- Chat accounts and channels. A bot is a member with a viewer's rights; an account has rights only after its owner linked it with
-- a code, in a channel only up to the ceiling that an admin has set.

create table if not exists hq.chat_platforms (
  name text primary key,
  user_scope text not null check (user_scope in ('install', 'platform')),
  direct_field text not null check (direct_field in ('channel', 'install')),
  direct_rule text not null check (direct_rule in ('starts with', 'equals', 'equals user')),
  direct_value text not null,
  shared_accounts text[] not null
);

create table if not exists public.chat_bots (
  tenant_id uuid not null default hq.nil_tenant() references public.tenants (id) on delete cascade,
  user_id uuid not null,
  created_at timestamptz not null default clock_timestamp(),
  primary key (tenant_id, user_id),
  foreign key (tenant_id, user_id) references public.tenant_members (tenant_id, user_id) on delete cascade
);

create table if not exists public.chat_identities (
  id uuid primary key default gen_random_uuid(),
  created_at timestamptz not null default clock_timestamp(),
  tenant_id uuid not null default hq.nil_tenant() references public.tenants (id) on delete cascade,
  user_id uuid not null,
  platform text not null references hq.chat_platforms (name),
  install text not null,
  chat_user text not null,
  last_seen_at timestamptz,
  revoked_at timestamptz,
  revoked_by uuid,
  foreign key (tenant_id, user_id) references public.tenant_members (tenant_id, user_id) on delete cascade
);

-- One account belongs to one member of one tenant.
create unique index if not exists chat_identities_account on public.chat_identities (platform, install, chat_user)
where revoked_at is null;
create index if not exists chat_identities_member on public.chat_identities (tenant_id, user_id);

create table if not exists public.chat_link_codes (
  id uuid primary key default gen_random_uuid(),
  created_at timestamptz not null default clock_timestamp(),
  tenant_id uuid not null default hq.nil_tenant() references public.tenants (id) on delete cascade,
  user_id uuid not null,
  code_hash text not null unique,
  expires_at timestamptz not null,
  foreign key (tenant_id, user_id) references public.tenant_members (tenant_id, user_id) on delete cascade
);

create index if not exists chat_link_codes_member on public.chat_link_codes (tenant_id, user_id);

create table if not exists public.chat_channels (
  id uuid primary key default gen_random_uuid(),
  created_at timestamptz not null default clock_timestamp(),
  tenant_id uuid not null default hq.nil_tenant() references public.tenants (id) on delete cascade,
  platform text not null references hq.chat_platforms (name),
  install text not null,
  channel text not null,
  ceiling public.member_role not null,
  gateway_id uuid references public.gateways (id) on delete set null,
  agent_id uuid references public.agents (id) on delete set null,
  bound_by uuid,
  unique (tenant_id, platform, install, channel)
);

create index if not exists chat_channels_gateway on public.chat_channels (gateway_id);
create index if not exists chat_channels_agent on public.chat_channels (agent_id);

create table if not exists public.chat_deliveries (
  tenant_id uuid not null references public.tenants (id) on delete cascade,
  platform text not null,
  install text not null,
  delivery text not null,
  call text not null,
  request_hash text not null,
  created_at timestamptz not null default clock_timestamp(),
  answer jsonb,
  primary key (tenant_id, platform, install, delivery, call)
);

create index if not exists chat_deliveries_age on public.chat_deliveries (created_at);

create table if not exists hq.rate_counters (
  tenant_id uuid not null,
  who text not null,
  what text not null,
  since timestamptz not null,
  count int not null,
  primary key (tenant_id, who, what, since)
);

-- The author of a delivery. `member` and what follows from it is null for an account that is not linked.
create type hq.speaker as (
  tenant uuid, identity uuid, member uuid, member_role public.member_role,
  platform text, install text, chat_user text, channel text, thread text, is_direct boolean,
  channel_id uuid, ceiling public.member_role, gateway_id uuid, agent_id uuid, stranger text
);

-- Finds the answers whose expired tokens a sweep removes.
create index if not exists chat_deliveries_tokens on public.chat_deliveries (created_at)
where call = 'act' and answer #> '{confirm,token}' is not null;

-- Who is speaking in a chat, and how far their word carries there. A bot is a member like any other and acts for nobody until
-- somebody has linked their account with a code that HQ gave them; what is said in a channel counts as far as an admin has bound it.

-- Which members are bots, and may bring what people say. Only the owner of the database writes here (hq-db member EMAIL --bot).
create table if not exists public.chat_bots (
  tenant_id uuid not null default hq.nil_tenant() references public.tenants (id) on delete cascade,
  user_id uuid not null,
  created_at timestamptz not null default clock_timestamp(),
  primary key (tenant_id, user_id),
  foreign key (tenant_id, user_id) references public.tenant_members (tenant_id, user_id) on delete cascade
);

-- An account of a platform, by ids that never change, and the member behind it. `install` is empty where the platform numbers its
-- users for all of its installations together.
create table if not exists public.chat_identities (
  id uuid primary key default gen_random_uuid(),
  created_at timestamptz not null default clock_timestamp(),
  tenant_id uuid not null default hq.nil_tenant() references public.tenants (id) on delete cascade,
  user_id uuid not null,
  platform text not null check (platform in ('slack', 'discord', 'telegram')),
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
  platform text not null check (platform in ('slack', 'discord', 'telegram')),
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

-- What was brought once, and what was answered. A platform that delivers twice is answered twice, and obeyed once.
create table if not exists public.chat_deliveries (
  tenant_id uuid not null references public.tenants (id) on delete cascade,
  platform text not null,
  install text not null,
  delivery text not null,
  call text not null,
  said_hash text not null,
  created_at timestamptz not null default clock_timestamp(),
  answer jsonb,
  primary key (tenant_id, platform, install, delivery, call)
);

create index if not exists chat_deliveries_age on public.chat_deliveries (created_at);

-- How often somebody did something in a stretch of time: nobody guesses codes, and nobody floods the log.
create table if not exists hq.meter (
  tenant_id uuid not null,
  who text not null,
  what text not null,
  since timestamptz not null,
  count int not null,
  primary key (tenant_id, who, what, since)
);

-- Everything that is known of whoever speaks. `member` and what follows from it is null for an account that is not linked.
create type hq.speaker as (
  tenant uuid, identity uuid, member uuid, member_role public.member_role,
  platform text, install text, chat_user text, channel text, thread text, is_direct boolean,
  channel_id uuid, ceiling public.member_role, gateway_id uuid, agent_id uuid, stranger text
);

-- What nobody needs any more. One time for all of it, so that the indexes by age find it.
create index if not exists chat_deliveries_tokens on public.chat_deliveries (created_at)
where call = 'act' and answer #> '{confirm,token}' is not null;

create table if not exists public.chat_subscriptions (
  id uuid primary key default gen_random_uuid(),
  created_at timestamptz not null default clock_timestamp(),
  tenant_id uuid not null default hq.nil_tenant() references public.tenants (id) on delete cascade,
  platform text not null references hq.chat_platforms (name),
  install text not null,
  channel text not null,
  thread text,
  kind text not null check (kind in ('direct', 'group')),
  -- A direct subscription ends with its link, a channel's with its binding.
  identity_id uuid references public.chat_identities (id) on delete cascade,
  channel_id uuid references public.chat_channels (id) on delete cascade,
  filter jsonb not null default '{}',
  cursor text,
  disabled_at timestamptz,
  disabled_reason text,
  unique (tenant_id, platform, install, channel)
);

create index if not exists chat_subscriptions_identity on public.chat_subscriptions (identity_id);
create index if not exists chat_subscriptions_channel on public.chat_subscriptions (channel_id);

create table if not exists public.chat_alert_messages (
  tenant_id uuid not null references public.tenants (id) on delete cascade,
  subscription_id uuid not null references public.chat_subscriptions (id) on delete cascade,
  key text not null,
  handle jsonb not null,
  created_at timestamptz not null default clock_timestamp(),
  primary key (subscription_id, key)
);

create index if not exists chat_alert_messages_tenant on public.chat_alert_messages (tenant_id);

create table if not exists public.chat_adapters (
  platform text not null references hq.chat_platforms (name),
  fingerprint text not null,
  tenant_id uuid not null default hq.nil_tenant() references public.tenants (id) on delete cascade,
  install text,
  holder text not null,
  held_until timestamptz not null default clock_timestamp(),
  state text not null,
  state_since timestamptz not null default clock_timestamp(),
  detail text,
  last_inbound_at timestamptz,
  last_outbound_at timestamptz,
  last_beat_at timestamptz not null default clock_timestamp(),
  created_at timestamptz not null default clock_timestamp(),
  primary key (platform, fingerprint)
);

create index if not exists chat_adapters_tenant on public.chat_adapters (tenant_id);

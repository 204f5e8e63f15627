create table if not exists public.chat_confirmations (
  id uuid primary key default gen_random_uuid(),
  created_at timestamptz not null default clock_timestamp(),
  tenant_id uuid not null references public.tenants (id) on delete cascade,
  identity_id uuid not null references public.chat_identities (id) on delete cascade,
  token_hash text not null unique,
  kind text not null check (kind in ('button', 'typed', 'second')),
  expected text,
  platform text not null,
  install text not null,
  channel text not null,
  action text not null,
  payload jsonb not null,
  gateway_id uuid,
  agent_id uuid,
  expires_at timestamptz not null,
  decision text check (decision in ('confirmed', 'declined')),
  decided_at timestamptz,
  decided_by uuid,
  command_id uuid
);

create index if not exists chat_confirmations_identity on public.chat_confirmations (identity_id);
create index if not exists chat_confirmations_age on public.chat_confirmations (created_at);

create table if not exists public.chat_buttons (
  token_hash text primary key,
  created_at timestamptz not null default clock_timestamp(),
  tenant_id uuid not null references public.tenants (id) on delete cascade,
  platform text not null,
  install text not null,
  channel text not null,
  chat_user text,
  intent jsonb not null,
  once boolean not null,
  expires_at timestamptz not null,
  pressed_at timestamptz
);

create index if not exists chat_buttons_age on public.chat_buttons (expires_at);
create index if not exists chat_buttons_tenant on public.chat_buttons (tenant_id);

create table if not exists public.chat_cards (
  tenant_id uuid not null references public.tenants (id) on delete cascade,
  command_id uuid not null references public.agent_commands (id) on delete cascade,
  platform text not null,
  install text not null,
  channel text not null,
  thread text,
  handle jsonb not null,
  shown text,
  closed boolean not null default false,
  created_at timestamptz not null default clock_timestamp(),
  primary key (command_id, platform, install, channel)
);

create index if not exists chat_cards_open on public.chat_cards (tenant_id, platform) where not closed;
create index if not exists chat_cards_age on public.chat_cards (created_at) where closed;

create table if not exists hq.actions (
  name text primary key,
  title text not null,
  target text not null check (target in ('gateway', 'agent', 'workspace')),
  role public.member_role not null,
  lane text not null check (lane in ('stack', 'agent', 'none')),
  retry text not null check (retry in ('safe', 'never')),
  max_attempts int not null check (max_attempts >= 1),
  timeout_seconds int not null check (timeout_seconds >= 1),
  while_paused boolean not null,
  payload_schema jsonb not null,
  served boolean not null,
  executor text not null default 'runner' check (executor in ('runner', 'database')),
  danger text not null default 'disruptive' check (danger in ('read', 'reversible', 'disruptive', 'destructive'))
);

do $$
begin
  if to_regtype('public.command_status') is null then
    create type public.command_status as enum ('pending', 'leased', 'running', 'done', 'failed', 'cancelled');
  end if;
  if to_regtype('public.command_action') is null then
    create type public.command_action as enum (
      'provision', 'update', 'remove', 'update_all', 'restart_gateway', 'restart_dispatcher', 'update_gateway',
      'backup_gateway', 'approve_pairing', 'set_agent_model', 'list_models', 'auth_set_api_key', 'auth_start',
      'auth_paste', 'auth_list', 'auth_refresh', 'auth_remove', 'auth_set_default');
  end if;
end
$$;

alter type public.command_action add value if not exists 'backup_gateway';

create table if not exists public.agent_commands (
  id uuid primary key default gen_random_uuid(),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  tenant_id uuid not null default hq.nil_tenant() references public.tenants (id) on delete cascade,
  agent_id uuid references public.agents (id) on delete set null,
  agent_slug text,
  gateway_id uuid references public.gateways (id) on delete set null,
  action public.command_action not null,
  payload jsonb not null default '{}',
  status public.command_status not null default 'pending',
  leased_at timestamptz,
  leased_until timestamptz,
  started_at timestamptz,
  completed_at timestamptz,
  exit_code int,
  stdout text,
  stderr text,
  error_message text,
  requested_by uuid,
  meta jsonb not null default '{}'
);

alter table public.agent_commands add column if not exists lease_token uuid;
alter table public.agent_commands add column if not exists runner_id text;
alter table public.agent_commands add column if not exists attempt int not null default 0;
alter table public.agent_commands add column if not exists priority smallint not null default 0;
alter table public.agent_commands add column if not exists origin text;
alter table public.agent_commands add column if not exists idempotency_key text;
alter table public.agent_commands add column if not exists payload_hash text;
alter table public.agent_commands add column if not exists cancel_requested_at timestamptz;
alter table public.agent_commands add column if not exists progress jsonb;
alter table public.agent_commands add column if not exists result jsonb;
alter table public.agent_commands add column if not exists lease_seconds int;

-- Partial indexes: the queue reads open rows only, so history costs nothing. Executors read by action, so what others serve costs
-- them nothing.
create index if not exists agent_commands_pending on public.agent_commands (gateway_id, action, priority desc, created_at, id)
where status = 'pending';
create index if not exists agent_commands_waiting on public.agent_commands (requested_by, gateway_id)
where status = 'pending' and requested_by is not null;
create index if not exists agent_commands_held on public.agent_commands (leased_until)
where status in ('leased', 'running');
create index if not exists agent_commands_held_by_gateway on public.agent_commands (gateway_id)
where status in ('leased', 'running');
create unique index if not exists agent_commands_lease_token on public.agent_commands (lease_token)
where lease_token is not null;
create unique index if not exists agent_commands_idempotency_key on public.agent_commands (tenant_id, idempotency_key)
where idempotency_key is not null;

-- Lists of clients: the newest of a tenant, a gateway, an agent.
create index if not exists agent_commands_newest on public.agent_commands (tenant_id, created_at desc);
create index if not exists agent_commands_newest_of_gateway on public.agent_commands (gateway_id, created_at desc);
create index if not exists agent_commands_newest_of_agent on public.agent_commands (agent_id, created_at desc)
where agent_id is not null;

-- The last sign of each kind of executor on a gateway.
create table if not exists hq.executors (
  gateway_id uuid primary key references public.gateways (id) on delete cascade,
  runner_at timestamptz,
  older_daemon_at timestamptz
);

create table if not exists public.agent_command_output (
  command_id uuid not null references public.agent_commands (id) on delete cascade,
  tenant_id uuid not null references public.tenants (id) on delete cascade,
  attempt int not null,
  seq int not null,
  stream text not null check (stream in ('stdout', 'stderr')),
  text text not null,
  bytes_so_far int not null,
  created_at timestamptz not null default clock_timestamp(),
  primary key (command_id, attempt, seq)
);

create index if not exists agent_command_output_tenant on public.agent_command_output (tenant_id);

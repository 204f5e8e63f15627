-- Turns of agents that the dispatcher runs, what keeps an agent back, and what it does now.

-- Token of the turn that holds an item, and a count of its turns: a released item gets its attempt back, and never repeats a run.
alter table public.agent_inbox_items add column if not exists dispatch_token uuid;
alter table public.agent_inbox_items add column if not exists dispatch_count int not null default 0;
alter table public.gateways add column if not exists dispatch_version bigint not null default 0;
alter table public.workspace add column if not exists stopped_at timestamptz;
alter table public.workspace add column if not exists stopped_by uuid;
alter table public.agent_budgets add column if not exists hourly_limit_usd numeric(10, 2) check (hourly_limit_usd >= 0);

-- One row for an agent that was dispatched once. `token` is that of the turn in flight.
create table if not exists hq.agent_dispatch (
  agent_id uuid primary key references public.agents (id) on delete cascade,
  token uuid unique,
  gateway_id uuid,
  runner_id text,
  item_id uuid,
  lease_session text,
  lease_run text,
  started_at timestamptz,
  leased_until timestamptz,
  lease_seconds int,
  last_token uuid,
  last_wake_at timestamptz,
  failures int not null default 0,
  releases int not null default 0,
  cooldown_until timestamptz,
  stalled_at timestamptz,
  held_until timestamptz,
  held_seconds int,
  held_reason text
);

create index if not exists agent_dispatch_in_flight on hq.agent_dispatch (gateway_id) where token is not null;

-- Spending of an agent in the hour that began with its first call.
create table if not exists hq.agent_hours (
  agent_id uuid primary key references public.agents (id) on delete cascade,
  began_at timestamptz not null,
  spend_usd numeric(12, 6) not null
);

create table if not exists public.agent_activity (
  agent_id uuid primary key references public.agents (id) on delete cascade,
  tenant_id uuid not null default hq.nil_tenant() references public.tenants (id) on delete cascade,
  item_id uuid,
  run_id text,
  tool text,
  text text,
  tokens bigint,
  cost_usd numeric(12, 6),
  model text,
  since timestamptz,
  updated_at timestamptz not null default clock_timestamp()
);

create index if not exists agent_activity_tenant on public.agent_activity (tenant_id);

-- Routines of agents. An older HQ has a table named routines of its own.
create table if not exists public.agent_routines (
  id uuid primary key default gen_random_uuid(),
  created_at timestamptz not null default clock_timestamp(),
  updated_at timestamptz not null default clock_timestamp(),
  tenant_id uuid not null default hq.nil_tenant() references public.tenants (id) on delete cascade,
  agent_id uuid not null references public.agents (id) on delete cascade,
  name text not null,
  instructions text,
  schedule text,
  time_zone text not null default 'UTC',
  event text,
  creates_task boolean not null default false,
  paused_at timestamptz,
  last_run_at timestamptz,
  next_run_at timestamptz,
  last_task_id uuid,
  created_by uuid,
  unique (tenant_id, name),
  check ((schedule is null) <> (event is null))
);

create index if not exists agent_routines_due on public.agent_routines (tenant_id, next_run_at) where paused_at is null;
create index if not exists agent_routines_event on public.agent_routines (tenant_id, event) where event is not null;
create index if not exists agent_routines_agent on public.agent_routines (agent_id);

-- Times of the last look at what only time brings.
create table if not exists hq.ticks (
  tenant_id uuid primary key references public.tenants (id) on delete cascade,
  at timestamptz not null
);

select hq.add_enum_values('public.agent_inbox_items', 'event_type', '{task_overdue}');
select hq.add_enum_values('public.notifications', 'type', '{item_dead_letter,agent_stalled,workspace_stopped,hourly_brake}');
select hq.add_enum_values('public.notifications', 'entity_type', '{agent_inbox_item,workspace}');
select hq.add_enum_values('public.audit_log', 'entity_type', '{workspace}');
select hq.add_enum_values('public.audit_log', 'action', '{workspace.stopped,workspace.resumed,item.retried}');

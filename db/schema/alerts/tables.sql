create table if not exists public.notifications (
  id uuid primary key default gen_random_uuid(),
  created_at timestamptz not null default clock_timestamp(),
  tenant_id uuid not null default hq.nil_tenant() references public.tenants (id) on delete cascade,
  type text not null,
  title text not null,
  body text,
  entity_type text,
  entity_id uuid,
  actor_type text,
  actor_agent_id uuid references public.agents (id) on delete set null,
  read_at timestamptz,
  dismissed_at timestamptz,
  meta jsonb not null default '{}'
);

create index if not exists notifications_newest on public.notifications (tenant_id, created_at desc);
create index if not exists notifications_open on public.notifications (tenant_id, created_at desc) where dismissed_at is null;
select hq.add_enum_values('public.notifications', 'type', '{command_failed,budget_warned,budget_exceeded}');
select hq.add_enum_values('public.notifications', 'entity_type', '{agent_command,agent}');
select hq.add_enum_values('public.notifications', 'actor_type', '{system}');
select hq.add_enum_values('public.notifications', 'type', '{secret_sync_failed}');
select hq.add_enum_values('public.notifications', 'entity_type', '{gateway}');

-- An alert is one row from its start to its end: repeats are counted in it.
alter table public.notifications add column if not exists severity text not null default 'info'
  check (severity in ('info', 'warning', 'error', 'critical'));

-- Such as `gateway:<id>` or `agent:<id>`; a mute applies to one subject.
alter table public.notifications add column if not exists subject text;
alter table public.notifications add column if not exists dedup_key text;
alter table public.notifications add column if not exists occurrences int not null default 1;
alter table public.notifications add column if not exists last_at timestamptz not null default clock_timestamp();
alter table public.notifications add column if not exists resolved_at timestamptz;
alter table public.notifications add column if not exists muted boolean not null default false;
create unique index if not exists notifications_lasting on public.notifications (tenant_id, dedup_key)
where dedup_key is not null and resolved_at is null and dismissed_at is null;
create index if not exists notifications_unresolved on public.notifications (tenant_id, dedup_key)
where dedup_key is not null and resolved_at is null;

-- Clients that read what changed since their last read.
create index if not exists notifications_latest on public.notifications (tenant_id, last_at desc);

update public.notifications n set last_at = n.created_at,
  severity = case n.type::text when 'command_failed' then 'error' when 'budget_exceeded' then 'error' else 'warning' end
where n.severity = 'info' and n.type::text in ('command_failed', 'budget_warned', 'budget_exceeded');

create table if not exists public.alert_mutes (
  tenant_id uuid not null default hq.nil_tenant() references public.tenants (id) on delete cascade,
  type text not null,
  subject text not null,
  until timestamptz not null,
  muted_by uuid,
  created_at timestamptz not null default clock_timestamp(),
  primary key (tenant_id, type, subject)
);

-- Triggers report changes of rows. Sweeps report what only time brings; any bot may run one at any time, since it repeats nothing.
select hq.add_enum_values('public.notifications', 'type', '{gateway_stale,agent_error,task_blocked,task_overdue,deliverable_submitted,pairing_requested,bot_disconnected}');
select hq.add_enum_values('public.notifications', 'entity_type', '{gateway,task,entity_link}');

-- The persons who saw and muted an alert, and the end of the mute, the same for every client.
alter table public.notifications add column if not exists seen_by text;
alter table public.notifications add column if not exists muted_by text;
alter table public.notifications add column if not exists muted_until timestamptz;

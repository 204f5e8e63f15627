-- Commands: what an operator asked for, and what became of it.

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

-- The queue reads only what is open; history weighs nothing on it.
create index if not exists agent_commands_pending on public.agent_commands (gateway_id, priority desc, created_at, id)
where status = 'pending';
create index if not exists agent_commands_held on public.agent_commands (leased_until)
where status in ('leased', 'running');
create index if not exists agent_commands_held_by_gateway on public.agent_commands (gateway_id)
where status in ('leased', 'running');
create unique index if not exists agent_commands_lease_token on public.agent_commands (lease_token)
where lease_token is not null;
create unique index if not exists agent_commands_idempotency_key on public.agent_commands (tenant_id, idempotency_key)
where idempotency_key is not null;
-- What faces ask for: the newest of a tenant, of a gateway, of an agent.
create index if not exists agent_commands_newest on public.agent_commands (tenant_id, created_at desc);
create index if not exists agent_commands_newest_of_gateway on public.agent_commands (gateway_id, created_at desc);
create index if not exists agent_commands_newest_of_agent on public.agent_commands (agent_id, created_at desc)
where agent_id is not null;

select hq.keep_updated_at('public.agent_commands');
select hq.guard_table('public.agent_commands', 'viewer', 'viewer', null, null);

-- Which hand may move a row from where to where. What a runner holds under a token moves only inside the queue's own
-- functions, which check the token; an older daemon that knows nothing of tokens cannot overwrite it.
create or replace function hq.check_command_change() returns trigger language plpgsql
set search_path = '' as $$
begin
  if new.id <> old.id or new.tenant_id <> old.tenant_id or new.action <> old.action then
    raise exception 'a command keeps its id, its tenant and its action' using errcode = '55000';
  end if;
  if old.status in ('done', 'failed', 'cancelled') then
    if (new.status, new.exit_code, new.stdout, new.stderr, new.error_message, new.result, new.completed_at,
        new.lease_token, new.attempt, new.requested_by, new.origin)
      is distinct from
       (old.status, old.exit_code, old.stdout, old.stderr, old.error_message, old.result, old.completed_at,
        old.lease_token, old.attempt, old.requested_by, old.origin)
    then
      raise exception 'the command has already finished: %', old.status
        using errcode = '55000', hint = 'What a command came to is never changed; ask for it again.';
    end if;
    return new;
  end if;
  if coalesce(current_setting('hq.fenced', true), '') <> 'on' then
    if old.lease_token is not null
      and (new.status, new.lease_token, new.leased_until, new.runner_id, new.attempt, new.exit_code, new.stdout, new.stderr,
           new.error_message, new.result, new.completed_at, new.started_at)
        is distinct from
          (old.status, old.lease_token, old.leased_until, old.runner_id, old.attempt, old.exit_code, old.stdout, old.stderr,
           old.error_message, old.result, old.completed_at, old.started_at)
    then
      raise exception 'a runner holds this command'
        using errcode = '55000', hint = 'Cancel it; its runner obeys, or its lease runs out.';
    end if;
    if new.lease_token is distinct from old.lease_token then
      raise exception 'only the queue hands out lease tokens' using errcode = '55000';
    end if;
  end if;
  if new.status in ('done', 'failed', 'cancelled') and new.completed_at is null then
    new.completed_at := clock_timestamp();
  end if;
  return new;
end
$$;
create or replace trigger hq_check_command_change before update on public.agent_commands
for each row execute function hq.check_command_change();

-- What a command writes while it runs. Bounded where it is written (hq.take_output).
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
select hq.guard_table('public.agent_command_output', 'viewer', null, null, null);

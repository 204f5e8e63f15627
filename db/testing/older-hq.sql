-- An HQ 0.2.x as it stands at its owner's: the contract's tables and functions, with everything the contract does not fix
-- chosen differently from ours (names of policies, types of columns, return types), its wide-open grants, and rows.

create function public.current_tenant_id() returns uuid language sql stable as $$
  select coalesce((auth.jwt() -> 'app_metadata' ->> 'tenant_id')::uuid, '00000000-0000-0000-0000-000000000000'::uuid)
$$;

create table public.tenants (
  id uuid primary key default gen_random_uuid(), created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(), name text not null, slug text not null unique,
  status text not null default 'active', meta jsonb not null default '{}'
);
insert into public.tenants (id, name, slug) values ('00000000-0000-0000-0000-000000000000', 'Default', 'default');

create table public.workspace (
  id uuid primary key default gen_random_uuid(), created_at timestamptz default now(), updated_at timestamptz default now(),
  tenant_id uuid not null default '00000000-0000-0000-0000-000000000000' unique references public.tenants (id) on delete cascade,
  name text not null default 'HQ', slug text, description text, initialized boolean default false, owner_name text,
  owner_preferred_name text, owner_timezone text, settings jsonb default '{}', default_agent_budget_usd numeric(10, 2),
  default_soft_threshold_pct int default 80, default_hard_cutoff boolean default true, theme text
);

create type public.gateway_status as enum ('provisioning', 'ready', 'error', 'hibernating');
create table public.gateways (
  id uuid primary key default gen_random_uuid(), created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  tenant_id uuid not null default '00000000-0000-0000-0000-000000000000' references public.tenants (id) on delete cascade,
  slug text not null, label text not null default '', status public.gateway_status not null default 'provisioning',
  last_seen_at timestamptz, last_heartbeat_at timestamptz, meta jsonb default '{}', last_backup_at timestamptz,
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
  id uuid primary key default gen_random_uuid(), created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  tenant_id uuid not null default '00000000-0000-0000-0000-000000000000' references public.tenants (id) on delete cascade,
  gateway_id uuid references public.gateways (id) on delete set null, name text not null, slug text not null, description text,
  avatar_url text, status public.agent_status not null default 'ready', last_seen_at timestamptz, last_heartbeat_at timestamptz,
  model text, thinking text, reports_to_id uuid references public.agents (id), domains text[] default '{}',
  capabilities text[] default '{}', config jsonb default '{}', meta jsonb default '{}', unique (tenant_id, slug)
);

create type public.command_status as enum ('pending', 'leased', 'running', 'done', 'failed', 'cancelled');
create type public.command_action as enum ('provision', 'update', 'remove', 'update_all', 'restart_gateway',
  'restart_dispatcher', 'update_gateway', 'approve_pairing', 'set_agent_model', 'list_models', 'auth_set_api_key', 'auth_start',
  'auth_paste', 'auth_list', 'auth_refresh', 'auth_remove', 'auth_set_default');
create table public.agent_commands (
  id uuid primary key default gen_random_uuid(), created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  tenant_id uuid not null default '00000000-0000-0000-0000-000000000000' references public.tenants (id) on delete cascade,
  agent_id uuid references public.agents (id) on delete set null, agent_slug text,
  gateway_id uuid references public.gateways (id), action public.command_action not null, payload jsonb default '{}',
  status public.command_status not null default 'pending', leased_at timestamptz, leased_until timestamptz,
  started_at timestamptz, completed_at timestamptz, exit_code int, stdout text, stderr text, error_message text,
  requested_by uuid references auth.users (id), meta jsonb default '{}'
);

create function public.lease_command(p_lease_seconds integer default 300, p_gateway_slug text default null)
returns jsonb language plpgsql security definer as $$
declare
  v_row public.agent_commands;
begin
  select c.* into v_row from public.agent_commands c join public.gateways g on g.id = c.gateway_id
  where (p_gateway_slug is null or g.slug = p_gateway_slug) and (c.status = 'pending' or (c.status = 'leased' and c.leased_until < now()))
  order by c.created_at limit 1 for update of c skip locked;
  update public.agent_commands set status = 'leased', leased_at = now(), leased_until = now() + make_interval(secs => p_lease_seconds)
  where id = v_row.id;
  return to_jsonb(v_row);
end $$;
create function public.start_command(p_command_id uuid) returns boolean language sql security definer as $$
  update public.agent_commands set status = 'running', started_at = now() where id = p_command_id returning true $$;
create function public.complete_command(p_command_id uuid, p_exit_code integer, p_stdout text, p_stderr text)
returns void language sql security definer as $$
  update public.agent_commands set status = 'done', completed_at = now(), exit_code = p_exit_code, stdout = p_stdout,
    stderr = p_stderr where id = p_command_id $$;
create function public.fail_command(p_command_id uuid, p_exit_code integer, p_stdout text, p_stderr text, p_error text)
returns void language sql security definer as $$
  update public.agent_commands set status = 'failed', completed_at = now(), exit_code = p_exit_code, stdout = p_stdout,
    stderr = p_stderr, error_message = p_error where id = p_command_id $$;
create function public.consume_gateway_token(p_token text, p_label text default null, p_slug_hint text default null)
returns table (gateway_id uuid, gateway_slug text) language plpgsql security definer as $$
begin
  raise exception 'invalid_token' using errcode = '28000';
end $$;

create type public.actor_kind as enum ('human', 'agent', 'system');
create table public.audit_log (
  id bigint generated always as identity primary key, created_at timestamptz not null default now(),
  tenant_id uuid not null default '00000000-0000-0000-0000-000000000000' references public.tenants (id) on delete cascade,
  actor_type public.actor_kind not null, actor_agent_id uuid, module text not null, entity_type text, entity_id text,
  action text not null, summary text, changes jsonb, meta jsonb
);
create type public.notification_kind as enum ('mention', 'task_done');
create table public.notifications (
  id uuid primary key default gen_random_uuid(), created_at timestamptz not null default now(),
  tenant_id uuid not null default '00000000-0000-0000-0000-000000000000' references public.tenants (id) on delete cascade,
  type public.notification_kind not null, title text not null, body text, entity_type text, entity_id uuid,
  actor_type public.actor_kind, actor_agent_id uuid, read_at timestamptz, dismissed_at timestamptz, meta jsonb default '{}'
);

create table public.tasks (
  id uuid primary key default gen_random_uuid(), created_at timestamptz default now(), updated_at timestamptz default now(),
  tenant_id uuid not null default '00000000-0000-0000-0000-000000000000' references public.tenants (id) on delete cascade,
  title text not null, description text, status text not null default 'todo', priority text default 'medium',
  assignee_agent_id uuid references public.agents (id), due_date date, parent_id uuid, stream_id uuid, model_override text,
  thinking_override text, archived_at timestamptz, board_position double precision
);
create table public.comments (
  id uuid primary key default gen_random_uuid(), created_at timestamptz default now(),
  tenant_id uuid not null default '00000000-0000-0000-0000-000000000000' references public.tenants (id) on delete cascade,
  entity_type text not null, entity_id uuid not null, parent_id uuid, body text not null, actor_type public.actor_kind,
  actor_agent_id uuid, mentions text[]
);
create table public.task_relations (
  tenant_id uuid not null default '00000000-0000-0000-0000-000000000000' references public.tenants (id) on delete cascade,
  blocker_id uuid not null, blocked_id uuid not null, primary key (blocker_id, blocked_id)
);
create table public.entity_links (
  id uuid primary key default gen_random_uuid(),
  tenant_id uuid not null default '00000000-0000-0000-0000-000000000000' references public.tenants (id) on delete cascade,
  source_type text, source_id uuid, target_type text, target_id uuid, is_deliverable boolean default false,
  review_status text, review_note text, submitted_by_agent_id uuid, reviewed_at timestamptz
);
create type public.inbox_item_status as enum ('pending', 'leased', 'done', 'dead_letter', 'failed');
create type public.inbox_event_type as enum ('task_assignment', 'task_reassignment', 'task_comment_mention',
  'routine_schedule', 'routine_event', 'heartbeat', 'deliverable_review', 'blocker_resolved');
create table public.agent_inbox_items (
  id uuid primary key default gen_random_uuid(), created_at timestamptz default now(), updated_at timestamptz default now(),
  tenant_id uuid not null default '00000000-0000-0000-0000-000000000000' references public.tenants (id) on delete cascade,
  agent_id uuid not null references public.agents (id) on delete cascade, agent_slug text not null,
  event_type public.inbox_event_type not null, task_id uuid, comment_id uuid, contact_id uuid,
  status public.inbox_item_status not null default 'pending', leased_at timestamptz, leased_until timestamptz,
  completed_at timestamptz, failed_at timestamptz, attempt_count int default 0, max_attempts int default 3, summary text,
  context jsonb default '{}', last_wake_attempt_at timestamptz, last_wake_success_at timestamptz, dedup_key text,
  unique (tenant_id, dedup_key)
);
create function public.inbox_on_assignment() returns trigger language plpgsql security definer as $$
begin
  insert into public.agent_inbox_items (tenant_id, agent_id, agent_slug, event_type, task_id, dedup_key)
  select new.tenant_id, a.id, a.slug, 'task_assignment', new.id, 'assign:' || new.id from public.agents a
  where a.id = new.assignee_agent_id on conflict do nothing;
  return new;
end $$;
create trigger inbox_on_assignment after insert or update on public.tasks for each row execute function public.inbox_on_assignment();
create function public.lease_inbox_item(p_agent_id uuid, p_lease_seconds integer default 120) returns jsonb
language sql security definer as $$ select null::jsonb $$;
create function public.complete_inbox_item(p_item_id uuid) returns void language sql security definer as $$
  update public.agent_inbox_items set status = 'done' where id = p_item_id $$;
create function public.fail_inbox_item(p_item_id uuid, p_reason text) returns void language sql security definer as $$
  update public.agent_inbox_items set status = 'failed' where id = p_item_id $$;

create table public.agent_usage (
  id uuid primary key default gen_random_uuid(), created_at timestamptz default now(),
  tenant_id uuid not null default '00000000-0000-0000-0000-000000000000' references public.tenants (id) on delete cascade,
  agent_id uuid, run_id text not null, session_id text, provider text, model text, input_tokens int, output_tokens int,
  cache_read int, cache_write int, total_tokens int, cost_total_usd numeric(12, 6), occurred_at timestamptz not null,
  unique (run_id, provider, model, occurred_at)
);
create table public.agent_budgets (
  agent_id uuid primary key references public.agents (id) on delete cascade,
  tenant_id uuid not null default '00000000-0000-0000-0000-000000000000' references public.tenants (id) on delete cascade,
  monthly_limit_usd numeric(10, 2), soft_threshold_pct int default 80, hard_cutoff boolean default true,
  period_anchor_tz text default 'UTC', current_period_spend_usd numeric(12, 6) default 0, status text default 'unmetered'
);
create function public.roll_usage() returns trigger language plpgsql security definer as $$
begin
  update public.agent_budgets set current_period_spend_usd = current_period_spend_usd + new.cost_total_usd where agent_id = new.agent_id;
  return new;
end $$;
create trigger roll_usage after insert on public.agent_usage for each row execute function public.roll_usage();

-- Its secrets: ciphertext is published and may be read by everyone who can sign in, and a deleted agent's secrets become everybody's.
create type public.secret_category as enum ('user', 'channel', 'integration');
create type public.secret_state as enum ('pending', 'active', 'error');
create table public.secrets (
  id uuid primary key default gen_random_uuid(), created_at timestamptz default now(), updated_at timestamptz default now(),
  tenant_id uuid not null default '00000000-0000-0000-0000-000000000000' references public.tenants (id) on delete cascade,
  gateway_id uuid not null references public.gateways (id), agent_id uuid references public.agents (id) on delete set null,
  key text not null, name text, encrypted_value text, category public.secret_category not null default 'user', note text,
  sync_status public.secret_state not null default 'pending', last_synced_at timestamptz
);
create unique index secrets_key on public.secrets (tenant_id, gateway_id, key) where agent_id is null;
alter table public.secrets replica identity full;
create function public.log_secret() returns trigger language plpgsql security definer as $$
begin
  insert into public.audit_log (actor_type, module, action, entity_type, entity_id, changes)
  values ('system', 'secrets', 'changed', 'secret', new.id, jsonb_build_object('after', to_jsonb(new)));
  return new;
end $$;
create view public.secret_overview as select s.key, s.sync_status, s.encrypted_value from public.secrets s;
create view public.secret_list as select to_jsonb(o) as secret from public.secret_overview o;
create view public.secret_keys with (security_invoker) as select s.key from public.secrets s;
create trigger log_secret after insert or update on public.secrets for each row execute function public.log_secret();

-- Tables that the contract does not name.
create table public.contacts (
  id uuid primary key default gen_random_uuid(), name text not null,
  tenant_id uuid not null default '00000000-0000-0000-0000-000000000000' references public.tenants (id) on delete cascade
);
create function public.reset_settings() returns void language sql security definer as $$
  update public.workspace set settings = '{}' $$;
create function public.rename_contact(p_id uuid, p_name text) returns void language sql as $$
  update public.contacts set name = p_name where id = p_id $$;

do $$
declare
  v_table text;
begin
  for v_table in
    select c.table_name from information_schema.columns c
    where c.table_schema = 'public' and c.column_name = 'tenant_id'
  loop
    execute format('alter table public.%I enable row level security', v_table);
    execute format('create policy %I on public.%I for all to authenticated
      using (tenant_id = public.current_tenant_id()) with check (tenant_id = public.current_tenant_id())', v_table || ' are theirs', v_table);
    execute format('create policy "everything for the server" on public.%I for all to service_role using (true)', v_table);
  end loop;
end
$$;
alter table public.tenants enable row level security;
create policy "own tenant" on public.tenants for all using (id = public.current_tenant_id());
alter publication supabase_realtime add table public.agent_commands, public.agents, public.contacts, public.secrets;

-- Rows.
insert into public.tenants (id, name, slug) values ('11111111-1111-4111-8111-111111111111', 'Second', 'second');
insert into auth.users (id, email, raw_app_meta_data) values
  ('aaaaaaaa-0000-4000-8000-000000000001', 'owner@example.test', '{}'),
  ('aaaaaaaa-0000-4000-8000-000000000002', 'second@example.test', '{"tenant_id": "11111111-1111-4111-8111-111111111111"}'),
  ('aaaaaaaa-0000-4000-8000-000000000003', 'lost@example.test', '{"tenant_id": "99999999-9999-4999-8999-999999999999"}');
insert into public.workspace (name, settings) values ('HQ', '{"kept": true}');
insert into public.gateways (id, slug, label, status) values
  ('bbbbbbbb-0000-4000-8000-000000000001', 'default', 'Primary gateway', 'ready');
insert into public.gateways (id, tenant_id, slug, label, status) values
  ('bbbbbbbb-0000-4000-8000-000000000002', '11111111-1111-4111-8111-111111111111', 'default', 'Theirs', 'ready');
insert into public.agents (id, gateway_id, name, slug) values
  ('cccccccc-0000-4000-8000-000000000001', 'bbbbbbbb-0000-4000-8000-000000000001', 'Main', 'main');
insert into public.agent_commands (id, gateway_id, action, status, payload, created_at, leased_until, started_at, stdout) values
  ('dddddddd-0000-4000-8000-000000000001', 'bbbbbbbb-0000-4000-8000-000000000001', 'restart_gateway', 'pending', null, now() - interval '1 minute', null, null, null),
  ('dddddddd-0000-4000-8000-000000000002', 'bbbbbbbb-0000-4000-8000-000000000001', 'update_all', 'running', '{}', now() - interval '9 days', now() - interval '9 days', now() - interval '9 days', null),
  ('dddddddd-0000-4000-8000-000000000003', 'bbbbbbbb-0000-4000-8000-000000000001', 'provision', 'done', '{"channel": "none"}', now() - interval '8 days', null, null, 'ok'),
  ('dddddddd-0000-4000-8000-000000000004', null, 'update_all', 'pending', '{}', now() - interval '7 days', null, null, null);
insert into public.contacts (name) values ('Ada');
insert into public.tasks (title, assignee_agent_id) values ('Write', 'cccccccc-0000-4000-8000-000000000001');
insert into public.audit_log (actor_type, module, action) values ('system', 'setup', 'installed');
insert into public.secrets (id, gateway_id, agent_id, key, encrypted_value, sync_status) values
  ('eeeeeeee-0000-4000-8000-000000000001', 'bbbbbbbb-0000-4000-8000-000000000001', null, 'OPENAI_API_KEY', 'enc:v1:AAECAwQFBgcICQoL.3UOw-kVwfImm9-ejRmLEoQ.vlxHGEc', 'active'),
  ('eeeeeeee-0000-4000-8000-000000000002', 'bbbbbbbb-0000-4000-8000-000000000001', null, 'in_clear', 'plain text', 'pending'),
  ('eeeeeeee-0000-4000-8000-000000000003', 'bbbbbbbb-0000-4000-8000-000000000001', 'cccccccc-0000-4000-8000-000000000001', 'NODE_OPTIONS', 'enc:v1:AAECAwQFBgcICQoL.3UOw-kVwfImm9-ejRmLEoQ.vlxHGEc', 'active'),
  ('eeeeeeee-0000-4000-8000-000000000004', 'bbbbbbbb-0000-4000-8000-000000000001', null, 'EMPTY', null, 'pending');

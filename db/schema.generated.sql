-- The whole schema of a fresh project, made by `npm run generate` for readers and reviews; nothing runs it.

-- Schemas and types

create schema hq;
comment on schema hq is 'Policy rows, the ledger and internal functions of HQ. PostgREST does not expose it.';

create type hq.speaker as (tenant uuid, identity uuid, member uuid, member_role member_role, platform text, install text, chat_user text, channel text, thread text, is_direct boolean, channel_id uuid, ceiling member_role, gateway_id uuid, agent_id uuid, stranger text);

create type agent_status as enum ('ready', 'paused', 'error', 'provisioning', 'hibernating');

create type budget_status as enum ('ok', 'warned', 'exceeded', 'unmetered');

create type command_action as enum ('provision', 'update', 'remove', 'update_all', 'restart_gateway', 'restart_dispatcher', 'update_gateway', 'backup_gateway', 'approve_pairing', 'set_agent_model', 'list_models', 'auth_set_api_key', 'auth_start', 'auth_paste', 'auth_list', 'auth_refresh', 'auth_remove', 'auth_set_default', 'acknowledge_alert', 'allow_host', 'answer_question', 'approve_deliverable', 'assign_task', 'cancel_item', 'comment_on_task', 'create_routine', 'create_task', 'list_routines', 'mute_alert', 'pause_agent', 'pause_gateway', 'pause_routine', 'ping', 'read_session', 'reject_deliverable', 'remove_routine', 'request_revision', 'restart_session', 'resume_agent', 'resume_all', 'resume_gateway', 'resume_routine', 'retry_item', 'run_routine', 'set_allowed_hosts', 'set_budget', 'set_task_status', 'stack_status', 'stop_all', 'tail_logs', 'top_up_budget', 'wake_agent');

create type command_status as enum ('pending', 'leased', 'running', 'done', 'failed', 'cancelled');

create type gateway_status as enum ('provisioning', 'ready', 'error', 'hibernating', 'paused');

create type inbox_event_type as enum ('task_assignment', 'task_reassignment', 'task_comment_mention', 'routine_schedule', 'routine_event', 'heartbeat', 'deliverable_review', 'blocker_resolved', 'task_overdue', 'question_answer');

create type inbox_item_status as enum ('pending', 'leased', 'done', 'dead_letter', 'failed');

create type member_role as enum ('viewer', 'operator', 'admin');

create type review_status as enum ('draft', 'in_review', 'approved', 'revision_requested', 'rejected');

create type task_priority as enum ('low', 'medium', 'high', 'urgent');

create type task_status as enum ('todo', 'in_progress', 'blocked', 'done', 'cancelled', 'missed');

-- Tables

create table hq.actions (
  name text not null,
  title text not null,
  target text not null,
  role member_role not null,
  lane text not null,
  retry text not null,
  max_attempts integer not null,
  timeout_seconds integer not null,
  while_paused boolean not null,
  payload_schema jsonb not null,
  served boolean not null,
  executor text default 'runner'::text not null,
  danger text default 'disruptive'::text not null,
  constraint actions_danger_check CHECK ((danger = ANY (ARRAY['read'::text, 'reversible'::text, 'disruptive'::text, 'destructive'::text]))),
  constraint actions_executor_check CHECK ((executor = ANY (ARRAY['runner'::text, 'database'::text]))),
  constraint actions_lane_check CHECK ((lane = ANY (ARRAY['stack'::text, 'agent'::text, 'none'::text]))),
  constraint actions_max_attempts_check CHECK ((max_attempts >= 1)),
  constraint actions_pkey PRIMARY KEY (name),
  constraint actions_retry_check CHECK ((retry = ANY (ARRAY['safe'::text, 'never'::text]))),
  constraint actions_target_check CHECK ((target = ANY (ARRAY['gateway'::text, 'agent'::text, 'workspace'::text]))),
  constraint actions_timeout_seconds_check CHECK ((timeout_seconds >= 1))
);
comment on table hq.actions is 'The catalogue of actions, as the guard needs it. `hq-db migrate` writes it; nothing else does.';
comment on column hq.actions.served is 'True where HQ''s own runner leases it; others are for the daemons of an older HQ.';
comment on column hq.actions.executor is 'runner: waits for a runner. database: hq.do_<name>(agent_commands) executes it and returns the result as jsonb.';

create table hq.agent_credentials (
  agent_id uuid not null,
  token_hash text not null,
  issued_at timestamp with time zone default clock_timestamp() not null,
  constraint agent_credentials_agent_id_fkey FOREIGN KEY (agent_id) REFERENCES agents(id) ON DELETE CASCADE,
  constraint agent_credentials_pkey PRIMARY KEY (agent_id),
  constraint agent_credentials_token_hash_key UNIQUE (token_hash)
);
comment on table hq.agent_credentials is 'Hashes of the credentials with which agents call agent_call. Nobody reads a token.';

create table hq.agent_dispatch (
  agent_id uuid not null,
  token uuid,
  gateway_id uuid,
  runner_id text,
  item_id uuid,
  lease_session text,
  lease_run text,
  started_at timestamp with time zone,
  leased_until timestamp with time zone,
  lease_seconds integer,
  last_token uuid,
  last_wake_at timestamp with time zone,
  failures integer default 0 not null,
  releases integer default 0 not null,
  cooldown_until timestamp with time zone,
  stalled_at timestamp with time zone,
  held_until timestamp with time zone,
  held_seconds integer,
  held_reason text,
  constraint agent_dispatch_agent_id_fkey FOREIGN KEY (agent_id) REFERENCES agents(id) ON DELETE CASCADE,
  constraint agent_dispatch_pkey PRIMARY KEY (agent_id),
  constraint agent_dispatch_token_key UNIQUE (token)
);
CREATE INDEX agent_dispatch_in_flight ON hq.agent_dispatch USING btree (gateway_id) WHERE (token IS NOT NULL);
CREATE TRIGGER hq_note_hold AFTER UPDATE ON hq.agent_dispatch FOR EACH ROW WHEN ((new.held_reason IS DISTINCT FROM old.held_reason)) EXECUTE FUNCTION hq.note_hold();
comment on table hq.agent_dispatch is 'The turn of an agent that is in flight, and what keeps the next one back.';

create table hq.agent_hours (
  agent_id uuid not null,
  began_at timestamp with time zone not null,
  spend_usd numeric(12,6) not null,
  constraint agent_hours_agent_id_fkey FOREIGN KEY (agent_id) REFERENCES agents(id) ON DELETE CASCADE,
  constraint agent_hours_pkey PRIMARY KEY (agent_id)
);
comment on table hq.agent_hours is 'What an agent spent in its present hour.';

create table hq.before_hq (
  section text not null,
  name text not null,
  text text not null,
  constraint before_hq_pkey PRIMARY KEY (section, name)
);

create table hq.bounded_functions (
  identity text not null,
  constraint bounded_functions_pkey PRIMARY KEY (identity)
);
comment on table hq.bounded_functions is 'Functions of an older HQ that ran with their owner''s rights; they read with the caller''s now.';

create table hq.chat_platforms (
  name text not null,
  user_scope text not null,
  direct_field text not null,
  direct_rule text not null,
  direct_value text not null,
  shared_accounts text[] not null,
  constraint chat_platforms_direct_field_check CHECK ((direct_field = ANY (ARRAY['channel'::text, 'install'::text]))),
  constraint chat_platforms_direct_rule_check CHECK ((direct_rule = ANY (ARRAY['starts with'::text, 'equals'::text, 'equals user'::text]))),
  constraint chat_platforms_pkey PRIMARY KEY (name),
  constraint chat_platforms_user_scope_check CHECK ((user_scope = ANY (ARRAY['install'::text, 'platform'::text])))
);
comment on table hq.chat_platforms is 'Chat platforms and their rules. `hq-db migrate` fills it from shared/src/chat/platforms.ts.';

create table hq.created_tables (
  name text not null,
  constraint created_tables_pkey PRIMARY KEY (name)
);
comment on table hq.created_tables is 'Tables of `public` that hq-db created and an older HQ would have kept in its own way.';

create table hq.defined_objects (
  kind text not null,
  identity text not null,
  constraint defined_objects_kind_check CHECK ((kind = ANY (ARRAY['function'::text, 'trigger'::text, 'shared function'::text]))),
  constraint defined_objects_pkey PRIMARY KEY (kind, identity)
);
comment on table hq.defined_objects is 'Functions and triggers that hq-db created, so that it can drop those which no file defines any more.';

create table hq.executors (
  gateway_id uuid not null,
  runner_at timestamp with time zone,
  older_daemon_at timestamp with time zone,
  constraint executors_gateway_id_fkey FOREIGN KEY (gateway_id) REFERENCES gateways(id) ON DELETE CASCADE,
  constraint executors_pkey PRIMARY KEY (gateway_id)
);
comment on table hq.executors is 'The last sign of a runner, and of a daemon of an older HQ, on each gateway.';

create table hq.migrations (
  name text not null,
  checksum text not null,
  applied_at timestamp with time zone default clock_timestamp() not null,
  constraint migrations_pkey PRIMARY KEY (name)
);
comment on table hq.migrations is 'Files that were applied once, with their checksums.';

create table hq.object_checksums (
  kind text not null,
  identity text not null,
  checksum text not null,
  constraint object_checksums_pkey PRIMARY KEY (kind, identity)
);
comment on table hq.object_checksums is 'Functions, triggers, policies and rights as `hq-db migrate` left them, so that `hq-db verify` finds what was changed by hand.';

create table hq.rate_counters (
  tenant_id uuid not null,
  who text not null,
  what text not null,
  since timestamp with time zone not null,
  count integer not null,
  constraint rate_counters_pkey PRIMARY KEY (tenant_id, who, what, since)
);
comment on table hq.rate_counters is 'Counters of rate limits.';

create table hq.repeatable_files (
  name text not null,
  checksum text not null,
  applied_at timestamp with time zone default clock_timestamp() not null,
  release text default '0'::text not null,
  constraint repeatable_files_pkey PRIMARY KEY (name)
);
comment on table hq.repeatable_files is 'Functions and rights files as they were last applied, with their checksums.';

create table hq.ticks (
  tenant_id uuid not null,
  at timestamp with time zone not null,
  constraint ticks_pkey PRIMARY KEY (tenant_id),
  constraint ticks_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants(id) ON DELETE CASCADE
);
comment on table hq.ticks is 'When overdue tasks of a tenant were looked for last.';

create table public.agent_activity (
  agent_id uuid not null,
  tenant_id uuid default hq.nil_tenant() not null,
  item_id uuid,
  run_id text,
  tool text,
  text text,
  tokens bigint,
  cost_usd numeric(12,6),
  model text,
  since timestamp with time zone,
  updated_at timestamp with time zone default clock_timestamp() not null,
  constraint agent_activity_agent_id_fkey FOREIGN KEY (agent_id) REFERENCES agents(id) ON DELETE CASCADE,
  constraint agent_activity_pkey PRIMARY KEY (agent_id),
  constraint agent_activity_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants(id) ON DELETE CASCADE
);
CREATE INDEX agent_activity_tenant ON public.agent_activity USING btree (tenant_id);
alter table public.agent_activity enable row level security;
create policy hq_delete_only on public.agent_activity as restrictive for delete to authenticated using (false);
create policy hq_insert_only on public.agent_activity as restrictive for insert to authenticated with check (false);
create policy hq_select on public.agent_activity as permissive for select to authenticated using (((tenant_id = ( SELECT current_tenant_id() AS current_tenant_id)) AND (( SELECT member_role_of_caller() AS member_role_of_caller) >= 'viewer'::member_role)));
create policy hq_select_only on public.agent_activity as restrictive for select to authenticated using (((tenant_id = ( SELECT current_tenant_id() AS current_tenant_id)) AND (( SELECT member_role_of_caller() AS member_role_of_caller) >= 'viewer'::member_role)));
create policy hq_service on public.agent_activity as permissive for all to service_role using (true) with check (true);
create policy hq_update_only on public.agent_activity as restrictive for update to authenticated using (false) with check (false);
grant select on public.agent_activity to authenticated;
grant delete, insert, maintain, references, select, trigger, truncate, update on public.agent_activity to service_role;
CREATE TRIGGER hq_note_turn_began AFTER INSERT ON public.agent_activity FOR EACH ROW WHEN ((new.item_id IS NOT NULL)) EXECUTE FUNCTION hq.note_turn();
CREATE TRIGGER hq_note_turn_changed AFTER UPDATE ON public.agent_activity FOR EACH ROW WHEN (((new.item_id IS DISTINCT FROM old.item_id) OR (new.run_id IS DISTINCT FROM old.run_id))) EXECUTE FUNCTION hq.note_turn();
comment on table public.agent_activity is 'What agents do in their turn; without item_id an agent does nothing.';

create table public.agent_budgets (
  agent_id uuid not null,
  created_at timestamp with time zone default now() not null,
  updated_at timestamp with time zone default now() not null,
  tenant_id uuid default hq.nil_tenant() not null,
  monthly_limit_usd numeric(10,2),
  soft_threshold_pct integer default 80 not null,
  hard_cutoff boolean default true not null,
  period_anchor_tz text default 'UTC'::text not null,
  current_period_start date default (date_trunc('month'::text, (now() AT TIME ZONE 'UTC'::text)))::date not null,
  current_period_spend_usd numeric(12,6) default 0 not null,
  current_period_tokens bigint default 0 not null,
  status budget_status default 'unmetered'::budget_status not null,
  hourly_limit_usd numeric(10,2),
  constraint agent_budgets_agent_id_fkey FOREIGN KEY (agent_id) REFERENCES agents(id) ON DELETE CASCADE,
  constraint agent_budgets_hourly_limit_usd_check CHECK ((hourly_limit_usd >= (0)::numeric)),
  constraint agent_budgets_monthly_limit_usd_check CHECK ((monthly_limit_usd >= (0)::numeric)),
  constraint agent_budgets_pkey PRIMARY KEY (agent_id),
  constraint agent_budgets_soft_threshold_pct_check CHECK (((soft_threshold_pct >= 1) AND (soft_threshold_pct <= 100))),
  constraint agent_budgets_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants(id) ON DELETE CASCADE
);
CREATE INDEX agent_budgets_tenant ON public.agent_budgets USING btree (tenant_id);
alter table public.agent_budgets enable row level security;
create policy hq_delete_only on public.agent_budgets as restrictive for delete to authenticated using (false);
create policy hq_insert on public.agent_budgets as permissive for insert to authenticated with check (((tenant_id = ( SELECT current_tenant_id() AS current_tenant_id)) AND (( SELECT member_role_of_caller() AS member_role_of_caller) >= 'admin'::member_role)));
create policy hq_insert_only on public.agent_budgets as restrictive for insert to authenticated with check (((tenant_id = ( SELECT current_tenant_id() AS current_tenant_id)) AND (( SELECT member_role_of_caller() AS member_role_of_caller) >= 'admin'::member_role)));
create policy hq_select on public.agent_budgets as permissive for select to authenticated using (((tenant_id = ( SELECT current_tenant_id() AS current_tenant_id)) AND (( SELECT member_role_of_caller() AS member_role_of_caller) >= 'viewer'::member_role)));
create policy hq_select_only on public.agent_budgets as restrictive for select to authenticated using (((tenant_id = ( SELECT current_tenant_id() AS current_tenant_id)) AND (( SELECT member_role_of_caller() AS member_role_of_caller) >= 'viewer'::member_role)));
create policy hq_service on public.agent_budgets as permissive for all to service_role using (true) with check (true);
create policy hq_update on public.agent_budgets as permissive for update to authenticated using (((tenant_id = ( SELECT current_tenant_id() AS current_tenant_id)) AND (( SELECT member_role_of_caller() AS member_role_of_caller) >= 'admin'::member_role))) with check (((tenant_id = ( SELECT current_tenant_id() AS current_tenant_id)) AND (( SELECT member_role_of_caller() AS member_role_of_caller) >= 'admin'::member_role)));
create policy hq_update_only on public.agent_budgets as restrictive for update to authenticated using (((tenant_id = ( SELECT current_tenant_id() AS current_tenant_id)) AND (( SELECT member_role_of_caller() AS member_role_of_caller) >= 'admin'::member_role))) with check (((tenant_id = ( SELECT current_tenant_id() AS current_tenant_id)) AND (( SELECT member_role_of_caller() AS member_role_of_caller) >= 'admin'::member_role)));
grant insert, select on public.agent_budgets to authenticated;
grant delete, insert, maintain, references, select, trigger, truncate, update on public.agent_budgets to service_role;
grant update (hard_cutoff, monthly_limit_usd, period_anchor_tz, soft_threshold_pct) on public.agent_budgets to authenticated;
CREATE TRIGGER hq_alert_budget AFTER UPDATE ON public.agent_budgets FOR EACH ROW WHEN ((new.status IS DISTINCT FROM old.status)) EXECUTE FUNCTION hq.alert_budget();
CREATE TRIGGER hq_alert_budget_made AFTER INSERT ON public.agent_budgets FOR EACH ROW WHEN (((new.status)::text = ANY (ARRAY['warned'::text, 'exceeded'::text]))) EXECUTE FUNCTION hq.alert_budget();
CREATE TRIGGER hq_dispatch_budget_change AFTER UPDATE ON public.agent_budgets FOR EACH ROW WHEN (((((new.status IS DISTINCT FROM old.status) OR (new.hard_cutoff IS DISTINCT FROM old.hard_cutoff)) OR (new.hourly_limit_usd IS DISTINCT FROM old.hourly_limit_usd)) OR (new.monthly_limit_usd IS DISTINCT FROM old.monthly_limit_usd))) EXECUTE FUNCTION hq.dispatch_budget_change();
CREATE TRIGGER hq_set_budget_status BEFORE INSERT OR UPDATE ON public.agent_budgets FOR EACH ROW EXECUTE FUNCTION hq.set_budget_status();
CREATE TRIGGER hq_touch_updated_at BEFORE UPDATE ON public.agent_budgets FOR EACH ROW EXECUTE FUNCTION hq.touch_updated_at();
comment on table public.agent_budgets is 'Monthly limits of agents, and the amounts of the present month.';

create table public.agent_command_output (
  command_id uuid not null,
  tenant_id uuid not null,
  attempt integer not null,
  seq integer not null,
  stream text not null,
  text text not null,
  bytes_so_far integer not null,
  created_at timestamp with time zone default clock_timestamp() not null,
  constraint agent_command_output_command_id_fkey FOREIGN KEY (command_id) REFERENCES agent_commands(id) ON DELETE CASCADE,
  constraint agent_command_output_pkey PRIMARY KEY (command_id, attempt, seq),
  constraint agent_command_output_stream_check CHECK ((stream = ANY (ARRAY['stdout'::text, 'stderr'::text]))),
  constraint agent_command_output_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants(id) ON DELETE CASCADE
);
CREATE INDEX agent_command_output_tenant ON public.agent_command_output USING btree (tenant_id);
alter table public.agent_command_output enable row level security;
create policy hq_delete_only on public.agent_command_output as restrictive for delete to authenticated using (false);
create policy hq_insert_only on public.agent_command_output as restrictive for insert to authenticated with check (false);
create policy hq_select on public.agent_command_output as permissive for select to authenticated using (((tenant_id = ( SELECT current_tenant_id() AS current_tenant_id)) AND (( SELECT member_role_of_caller() AS member_role_of_caller) >= 'viewer'::member_role)));
create policy hq_select_only on public.agent_command_output as restrictive for select to authenticated using (((tenant_id = ( SELECT current_tenant_id() AS current_tenant_id)) AND (( SELECT member_role_of_caller() AS member_role_of_caller) >= 'viewer'::member_role)));
create policy hq_service on public.agent_command_output as permissive for all to service_role using (true) with check (true);
create policy hq_update_only on public.agent_command_output as restrictive for update to authenticated using (false) with check (false);
grant select on public.agent_command_output to authenticated;
grant delete, insert, maintain, references, select, trigger, truncate, update on public.agent_command_output to service_role;
comment on table public.agent_command_output is 'Output of a command in chunks, at most 256 KiB an attempt.';

create table public.agent_commands (
  id uuid default gen_random_uuid() not null,
  created_at timestamp with time zone default now() not null,
  updated_at timestamp with time zone default now() not null,
  tenant_id uuid default hq.nil_tenant() not null,
  agent_id uuid,
  agent_slug text,
  gateway_id uuid,
  action command_action not null,
  payload jsonb default '{}'::jsonb not null,
  status command_status default 'pending'::command_status not null,
  leased_at timestamp with time zone,
  leased_until timestamp with time zone,
  started_at timestamp with time zone,
  completed_at timestamp with time zone,
  exit_code integer,
  stdout text,
  stderr text,
  error_message text,
  requested_by uuid,
  meta jsonb default '{}'::jsonb not null,
  lease_token uuid,
  runner_id text,
  attempt integer default 0 not null,
  priority smallint default 0 not null,
  origin text,
  idempotency_key text,
  payload_hash text,
  cancel_requested_at timestamp with time zone,
  progress jsonb,
  result jsonb,
  lease_seconds integer,
  constraint agent_commands_agent_id_fkey FOREIGN KEY (agent_id) REFERENCES agents(id) ON DELETE SET NULL,
  constraint agent_commands_gateway_id_fkey FOREIGN KEY (gateway_id) REFERENCES gateways(id) ON DELETE SET NULL,
  constraint agent_commands_pkey PRIMARY KEY (id),
  constraint agent_commands_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants(id) ON DELETE CASCADE
);
CREATE INDEX agent_commands_held ON public.agent_commands USING btree (leased_until) WHERE (status = ANY (ARRAY['leased'::command_status, 'running'::command_status]));
CREATE INDEX agent_commands_held_by_gateway ON public.agent_commands USING btree (gateway_id) WHERE (status = ANY (ARRAY['leased'::command_status, 'running'::command_status]));
CREATE UNIQUE INDEX agent_commands_idempotency_key ON public.agent_commands USING btree (tenant_id, idempotency_key) WHERE (idempotency_key IS NOT NULL);
CREATE UNIQUE INDEX agent_commands_lease_token ON public.agent_commands USING btree (lease_token) WHERE (lease_token IS NOT NULL);
CREATE INDEX agent_commands_newest ON public.agent_commands USING btree (tenant_id, created_at DESC);
CREATE INDEX agent_commands_newest_of_agent ON public.agent_commands USING btree (agent_id, created_at DESC) WHERE (agent_id IS NOT NULL);
CREATE INDEX agent_commands_newest_of_gateway ON public.agent_commands USING btree (gateway_id, created_at DESC);
CREATE INDEX agent_commands_pending ON public.agent_commands USING btree (gateway_id, action, priority DESC, created_at, id) WHERE (status = 'pending'::command_status);
CREATE INDEX agent_commands_waiting ON public.agent_commands USING btree (requested_by, gateway_id) WHERE ((status = 'pending'::command_status) AND (requested_by IS NOT NULL));
alter table public.agent_commands enable row level security;
create policy hq_delete_only on public.agent_commands as restrictive for delete to authenticated using (false);
create policy hq_insert on public.agent_commands as permissive for insert to authenticated with check (((tenant_id = ( SELECT current_tenant_id() AS current_tenant_id)) AND (( SELECT member_role_of_caller() AS member_role_of_caller) >= 'viewer'::member_role)));
create policy hq_insert_only on public.agent_commands as restrictive for insert to authenticated with check (((tenant_id = ( SELECT current_tenant_id() AS current_tenant_id)) AND (( SELECT member_role_of_caller() AS member_role_of_caller) >= 'viewer'::member_role)));
create policy hq_select on public.agent_commands as permissive for select to authenticated using (((tenant_id = ( SELECT current_tenant_id() AS current_tenant_id)) AND (( SELECT member_role_of_caller() AS member_role_of_caller) >= 'viewer'::member_role)));
create policy hq_select_only on public.agent_commands as restrictive for select to authenticated using (((tenant_id = ( SELECT current_tenant_id() AS current_tenant_id)) AND (( SELECT member_role_of_caller() AS member_role_of_caller) >= 'viewer'::member_role)));
create policy hq_service on public.agent_commands as permissive for all to service_role using (true) with check (true);
create policy hq_update_only on public.agent_commands as restrictive for update to authenticated using (false) with check (false);
grant insert, select on public.agent_commands to authenticated;
grant delete, insert, maintain, references, select, trigger, truncate, update on public.agent_commands to service_role;
CREATE TRIGGER hq_audit_enqueued AFTER INSERT ON public.agent_commands FOR EACH ROW EXECUTE FUNCTION hq.audit_enqueued();
CREATE TRIGGER hq_check_command_change BEFORE UPDATE ON public.agent_commands FOR EACH ROW EXECUTE FUNCTION hq.check_command_change();
CREATE TRIGGER hq_clear_key BEFORE INSERT ON public.agent_commands FOR EACH ROW WHEN (((jsonb_typeof(new.payload) = 'object'::text) AND ((new.payload ->> 'api_key'::text) IS NOT NULL))) EXECUTE FUNCTION hq.refuse_clear_key();
CREATE TRIGGER hq_end_holds AFTER UPDATE OF status ON public.agent_commands FOR EACH ROW WHEN (((new.status = 'done'::command_status) AND (old.status <> 'done'::command_status) AND starts_with((new.action)::text, 'auth_'::text))) EXECUTE FUNCTION hq.end_holds();
CREATE TRIGGER hq_execute_in_database AFTER INSERT ON public.agent_commands FOR EACH ROW EXECUTE FUNCTION hq.execute_in_database();
CREATE TRIGGER hq_guard_command BEFORE INSERT ON public.agent_commands FOR EACH ROW EXECUTE FUNCTION hq.guard_command();
CREATE TRIGGER hq_limit_command BEFORE INSERT ON public.agent_commands FOR EACH ROW EXECUTE FUNCTION hq.limit_command();
CREATE TRIGGER hq_notify_failed_command AFTER UPDATE OF status ON public.agent_commands FOR EACH ROW WHEN (((new.status = 'failed'::command_status) AND (old.status IS DISTINCT FROM 'failed'::command_status) AND (COALESCE(current_setting('hq.quiet'::text, true), ''::text) <> 'on'::text))) EXECUTE FUNCTION hq.notify_failed_command();
CREATE TRIGGER hq_scrub_pasted_value BEFORE UPDATE OF status ON public.agent_commands FOR EACH ROW WHEN ((((new.action)::text = 'auth_paste'::text) AND (new.status = ANY (ARRAY['done'::command_status, 'failed'::command_status, 'cancelled'::command_status])) AND (jsonb_typeof(new.payload) = 'object'::text))) EXECUTE FUNCTION hq.scrub_pasted_value();
CREATE TRIGGER hq_set_agent_model AFTER INSERT ON public.agent_commands FOR EACH ROW WHEN ((((new.action)::text = 'set_agent_model'::text) AND (new.agent_id IS NOT NULL))) EXECUTE FUNCTION hq.set_agent_model();
CREATE TRIGGER hq_touch_updated_at BEFORE UPDATE ON public.agent_commands FOR EACH ROW EXECUTE FUNCTION hq.touch_updated_at();
comment on table public.agent_commands is 'Commands: the request of an operator, its lease and its result.';
comment on column public.agent_commands.lease_token is 'Fences every write of the runner that holds the row.';

create table public.agent_conditions (
  agent_id uuid not null,
  tenant_id uuid default hq.nil_tenant() not null,
  kind text not null,
  reason text not null,
  subject text,
  since timestamp with time zone default clock_timestamp() not null,
  constraint agent_conditions_agent_id_fkey FOREIGN KEY (agent_id) REFERENCES agents(id) ON DELETE CASCADE,
  constraint agent_conditions_kind_check CHECK ((kind = ANY (ARRAY['turn'::text, 'refused'::text, 'signed_out'::text, 'stuck'::text, 'full'::text, 'mute'::text]))),
  constraint agent_conditions_pkey PRIMARY KEY (agent_id, kind),
  constraint agent_conditions_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants(id) ON DELETE CASCADE
);
CREATE INDEX agent_conditions_tenant ON public.agent_conditions USING btree (tenant_id);
alter table public.agent_conditions enable row level security;
create policy hq_delete_only on public.agent_conditions as restrictive for delete to authenticated using (false);
create policy hq_insert_only on public.agent_conditions as restrictive for insert to authenticated with check (false);
create policy hq_select on public.agent_conditions as permissive for select to authenticated using (((tenant_id = ( SELECT current_tenant_id() AS current_tenant_id)) AND (( SELECT member_role_of_caller() AS member_role_of_caller) >= 'viewer'::member_role)));
create policy hq_select_only on public.agent_conditions as restrictive for select to authenticated using (((tenant_id = ( SELECT current_tenant_id() AS current_tenant_id)) AND (( SELECT member_role_of_caller() AS member_role_of_caller) >= 'viewer'::member_role)));
create policy hq_service on public.agent_conditions as permissive for all to service_role using (true) with check (true);
create policy hq_update_only on public.agent_conditions as restrictive for update to authenticated using (false) with check (false);
grant select on public.agent_conditions to authenticated;
grant delete, insert, maintain, references, select, trigger, truncate, update on public.agent_conditions to service_role;
CREATE TRIGGER hq_alert_condition_began AFTER INSERT ON public.agent_conditions FOR EACH ROW WHEN ((new.kind <> 'turn'::text)) EXECUTE FUNCTION hq.alert_condition();
CREATE TRIGGER hq_alert_condition_ended AFTER DELETE ON public.agent_conditions FOR EACH ROW WHEN ((old.kind <> 'turn'::text)) EXECUTE FUNCTION hq.alert_condition();
CREATE TRIGGER hq_refuse_foreign_rows BEFORE INSERT OR UPDATE OF agent_id ON public.agent_conditions FOR EACH ROW EXECUTE FUNCTION hq.refuse_foreign_rows('agent_id', 'agents');
comment on table public.agent_conditions is 'What an agent does or lacks at the moment: its turn, and what keeps it from answering.';

create table public.agent_inbox_items (
  id uuid default gen_random_uuid() not null,
  created_at timestamp with time zone default now() not null,
  updated_at timestamp with time zone default now() not null,
  tenant_id uuid default hq.nil_tenant() not null,
  agent_id uuid not null,
  agent_slug text not null,
  event_type inbox_event_type not null,
  task_id uuid,
  comment_id uuid,
  contact_id uuid,
  status inbox_item_status default 'pending'::inbox_item_status not null,
  leased_at timestamp with time zone,
  leased_until timestamp with time zone,
  completed_at timestamp with time zone,
  failed_at timestamp with time zone,
  attempt_count integer default 0 not null,
  max_attempts integer default 3 not null,
  summary text,
  context jsonb default '{}'::jsonb not null,
  last_wake_attempt_at timestamp with time zone,
  last_wake_success_at timestamp with time zone,
  dedup_key text,
  lease_session text,
  lease_run text,
  dispatch_token uuid,
  dispatch_count integer default 0 not null,
  constraint agent_inbox_items_agent_id_fkey FOREIGN KEY (agent_id) REFERENCES agents(id) ON DELETE CASCADE,
  constraint agent_inbox_items_comment_id_fkey FOREIGN KEY (comment_id) REFERENCES comments(id) ON DELETE CASCADE,
  constraint agent_inbox_items_pkey PRIMARY KEY (id),
  constraint agent_inbox_items_task_id_fkey FOREIGN KEY (task_id) REFERENCES tasks(id) ON DELETE CASCADE,
  constraint agent_inbox_items_tenant_id_dedup_key_key UNIQUE (tenant_id, dedup_key),
  constraint agent_inbox_items_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants(id) ON DELETE CASCADE,
  constraint hq_count_items_changed TRIGGER DEFERRABLE INITIALLY DEFERRED,
  constraint hq_count_items_made TRIGGER DEFERRABLE INITIALLY DEFERRED
);
CREATE INDEX agent_inbox_items_leased ON public.agent_inbox_items USING btree (agent_id) WHERE (status = 'leased'::inbox_item_status);
CREATE INDEX agent_inbox_items_newest ON public.agent_inbox_items USING btree (tenant_id, created_at DESC);
CREATE INDEX agent_inbox_items_open ON public.agent_inbox_items USING btree (agent_id, created_at) WHERE (status = ANY (ARRAY['pending'::inbox_item_status, 'leased'::inbox_item_status]));
CREATE INDEX agent_inbox_items_reason ON public.agent_inbox_items USING btree (tenant_id, dedup_key text_pattern_ops);
CREATE INDEX agent_inbox_items_task ON public.agent_inbox_items USING btree (task_id) WHERE (task_id IS NOT NULL);
alter table public.agent_inbox_items enable row level security;
create policy hq_delete_only on public.agent_inbox_items as restrictive for delete to authenticated using (false);
create policy hq_insert_only on public.agent_inbox_items as restrictive for insert to authenticated with check (false);
create policy hq_select on public.agent_inbox_items as permissive for select to authenticated using (((tenant_id = ( SELECT current_tenant_id() AS current_tenant_id)) AND (( SELECT member_role_of_caller() AS member_role_of_caller) >= 'viewer'::member_role)));
create policy hq_select_only on public.agent_inbox_items as restrictive for select to authenticated using (((tenant_id = ( SELECT current_tenant_id() AS current_tenant_id)) AND (( SELECT member_role_of_caller() AS member_role_of_caller) >= 'viewer'::member_role)));
create policy hq_service on public.agent_inbox_items as permissive for all to service_role using (true) with check (true);
create policy hq_update_only on public.agent_inbox_items as restrictive for update to authenticated using (false) with check (false);
grant select on public.agent_inbox_items to authenticated;
grant delete, insert, maintain, references, select, trigger, truncate, update on public.agent_inbox_items to service_role;
CREATE TRIGGER hq_alert_dead_letter AFTER UPDATE OF status ON public.agent_inbox_items FOR EACH ROW WHEN (((new.status IS DISTINCT FROM old.status) AND (('dead_letter'::text = (new.status)::text) OR ('dead_letter'::text = (old.status)::text)))) EXECUTE FUNCTION hq.alert_dead_letter();
CREATE CONSTRAINT TRIGGER hq_count_items_changed AFTER UPDATE OF status ON public.agent_inbox_items DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (((new.status IS DISTINCT FROM old.status) AND ((new.status = 'pending'::inbox_item_status) OR (new.context ? 'withdrawn'::text)))) EXECUTE FUNCTION hq.count_item_changes();
CREATE CONSTRAINT TRIGGER hq_count_items_made AFTER INSERT ON public.agent_inbox_items DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN ((new.status = 'pending'::inbox_item_status)) EXECUTE FUNCTION hq.count_item_changes();
CREATE TRIGGER hq_end_stall AFTER INSERT ON public.agent_inbox_items FOR EACH ROW WHEN ((new.status = 'pending'::inbox_item_status)) EXECUTE FUNCTION hq.end_stall();
CREATE TRIGGER hq_note_item_changed AFTER UPDATE OF status ON public.agent_inbox_items FOR EACH ROW WHEN (((new.status IS DISTINCT FROM old.status) AND ((new.status = 'pending'::inbox_item_status) OR (new.context ? 'withdrawn'::text)))) EXECUTE FUNCTION hq.note_item_change();
CREATE TRIGGER hq_note_item_made AFTER INSERT ON public.agent_inbox_items FOR EACH ROW WHEN ((new.status = 'pending'::inbox_item_status)) EXECUTE FUNCTION hq.note_item_change();
CREATE TRIGGER hq_refuse_foreign_rows BEFORE INSERT OR UPDATE OF task_id, comment_id, agent_id, tenant_id ON public.agent_inbox_items FOR EACH ROW EXECUTE FUNCTION hq.refuse_foreign_rows('task_id', 'tasks', 'comment_id', 'comments', 'agent_id', 'agents');
CREATE TRIGGER hq_resolve_alerts_of AFTER DELETE ON public.agent_inbox_items FOR EACH ROW WHEN ((old.status = 'dead_letter'::inbox_item_status)) EXECUTE FUNCTION hq.resolve_alerts_of('item_dead_letter');
CREATE TRIGGER hq_touch_updated_at BEFORE UPDATE ON public.agent_inbox_items FOR EACH ROW EXECUTE FUNCTION hq.touch_updated_at();
comment on table public.agent_inbox_items is 'Reasons to wake an agent. A reason has one open item at most.';
comment on column public.agent_inbox_items.dispatch_token is 'Fencing token of the turn that was dispatched last.';

create table public.agent_questions (
  id uuid default gen_random_uuid() not null,
  created_at timestamp with time zone default clock_timestamp() not null,
  updated_at timestamp with time zone default clock_timestamp() not null,
  tenant_id uuid default hq.nil_tenant() not null,
  agent_id uuid not null,
  kind text not null,
  question text not null,
  choices text[] default '{}'::text[] not null,
  free_text boolean default true not null,
  task_id uuid,
  item_id uuid,
  host text,
  status text default 'open'::text not null,
  expires_at timestamp with time zone not null,
  waits_until timestamp with time zone,
  answer text,
  answered_at timestamp with time zone,
  answered_by uuid,
  delivered_at timestamp with time zone,
  constraint agent_questions_agent_id_fkey FOREIGN KEY (agent_id) REFERENCES agents(id) ON DELETE CASCADE,
  constraint agent_questions_item_id_fkey FOREIGN KEY (item_id) REFERENCES agent_inbox_items(id) ON DELETE SET NULL,
  constraint agent_questions_kind_check CHECK ((kind = ANY (ARRAY['question'::text, 'allow_host'::text]))),
  constraint agent_questions_pkey PRIMARY KEY (id),
  constraint agent_questions_status_check CHECK ((status = ANY (ARRAY['open'::text, 'answered'::text, 'expired'::text]))),
  constraint agent_questions_task_id_fkey FOREIGN KEY (task_id) REFERENCES tasks(id) ON DELETE SET NULL,
  constraint agent_questions_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants(id) ON DELETE CASCADE,
  constraint hq_count_questions_settled TRIGGER DEFERRABLE INITIALLY DEFERRED
);
CREATE INDEX agent_questions_newest ON public.agent_questions USING btree (tenant_id, created_at DESC);
CREATE INDEX agent_questions_of_item ON public.agent_questions USING btree (item_id) WHERE (item_id IS NOT NULL);
CREATE INDEX agent_questions_open ON public.agent_questions USING btree (agent_id, created_at) WHERE (status = 'open'::text);
CREATE UNIQUE INDEX agent_questions_open_host ON public.agent_questions USING btree (agent_id, host) WHERE ((status = 'open'::text) AND (host IS NOT NULL));
CREATE INDEX agent_questions_undelivered ON public.agent_questions USING btree (tenant_id) WHERE ((status <> 'open'::text) AND (delivered_at IS NULL));
alter table public.agent_questions enable row level security;
create policy hq_delete_only on public.agent_questions as restrictive for delete to authenticated using (false);
create policy hq_insert_only on public.agent_questions as restrictive for insert to authenticated with check (false);
create policy hq_select on public.agent_questions as permissive for select to authenticated using (((tenant_id = ( SELECT current_tenant_id() AS current_tenant_id)) AND (( SELECT member_role_of_caller() AS member_role_of_caller) >= 'viewer'::member_role)));
create policy hq_select_only on public.agent_questions as restrictive for select to authenticated using (((tenant_id = ( SELECT current_tenant_id() AS current_tenant_id)) AND (( SELECT member_role_of_caller() AS member_role_of_caller) >= 'viewer'::member_role)));
create policy hq_service on public.agent_questions as permissive for all to service_role using (true) with check (true);
create policy hq_update_only on public.agent_questions as restrictive for update to authenticated using (false) with check (false);
grant select on public.agent_questions to authenticated;
grant delete, insert, maintain, references, select, trigger, truncate, update on public.agent_questions to service_role;
CREATE TRIGGER hq_alert_question_ended AFTER UPDATE OF status ON public.agent_questions FOR EACH ROW WHEN (((old.status = 'open'::text) AND (new.status <> 'open'::text))) EXECUTE FUNCTION hq.alert_question();
CREATE TRIGGER hq_alert_question_made AFTER INSERT ON public.agent_questions FOR EACH ROW EXECUTE FUNCTION hq.alert_question();
CREATE CONSTRAINT TRIGGER hq_count_questions_settled AFTER UPDATE OF status ON public.agent_questions DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (((old.status = 'open'::text) AND (new.status <> 'open'::text) AND (new.item_id IS NOT NULL))) EXECUTE FUNCTION hq.count_item_changes();
CREATE TRIGGER hq_note_question_settled AFTER UPDATE OF status ON public.agent_questions FOR EACH ROW WHEN (((old.status = 'open'::text) AND (new.status <> 'open'::text) AND (new.item_id IS NOT NULL))) EXECUTE FUNCTION hq.note_item_change();
CREATE TRIGGER hq_refuse_foreign_rows BEFORE INSERT OR UPDATE OF agent_id, task_id, item_id ON public.agent_questions FOR EACH ROW EXECUTE FUNCTION hq.refuse_foreign_rows('agent_id', 'agents', 'task_id', 'tasks', 'item_id', 'agent_inbox_items');
CREATE TRIGGER hq_resolve_alerts_of AFTER DELETE ON public.agent_questions FOR EACH ROW EXECUTE FUNCTION hq.resolve_alerts_of('agent_question');
CREATE TRIGGER hq_touch_updated_at BEFORE UPDATE ON public.agent_questions FOR EACH ROW EXECUTE FUNCTION hq.touch_updated_at();
comment on table public.agent_questions is 'What agents ask the operators. answer_question and allow_host answer; the first answer wins.';
comment on column public.agent_questions.kind is '`question`, or `allow_host` for a host that HQ refused the agent.';

create table public.agent_routines (
  id uuid default gen_random_uuid() not null,
  created_at timestamp with time zone default clock_timestamp() not null,
  updated_at timestamp with time zone default clock_timestamp() not null,
  tenant_id uuid default hq.nil_tenant() not null,
  agent_id uuid not null,
  name text not null,
  instructions text,
  schedule text,
  time_zone text default 'UTC'::text not null,
  event text,
  creates_task boolean default false not null,
  paused_at timestamp with time zone,
  last_run_at timestamp with time zone,
  next_run_at timestamp with time zone,
  last_task_id uuid,
  created_by uuid,
  constraint agent_routines_agent_id_fkey FOREIGN KEY (agent_id) REFERENCES agents(id) ON DELETE CASCADE,
  constraint agent_routines_check CHECK (((schedule IS NULL) <> (event IS NULL))),
  constraint agent_routines_pkey PRIMARY KEY (id),
  constraint agent_routines_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants(id) ON DELETE CASCADE,
  constraint agent_routines_tenant_id_name_key UNIQUE (tenant_id, name)
);
CREATE INDEX agent_routines_agent ON public.agent_routines USING btree (agent_id);
CREATE INDEX agent_routines_due ON public.agent_routines USING btree (tenant_id, next_run_at) WHERE (paused_at IS NULL);
CREATE INDEX agent_routines_event ON public.agent_routines USING btree (tenant_id, event) WHERE (event IS NOT NULL);
alter table public.agent_routines enable row level security;
create policy hq_delete_only on public.agent_routines as restrictive for delete to authenticated using (false);
create policy hq_insert_only on public.agent_routines as restrictive for insert to authenticated with check (false);
create policy hq_select on public.agent_routines as permissive for select to authenticated using (((tenant_id = ( SELECT current_tenant_id() AS current_tenant_id)) AND (( SELECT member_role_of_caller() AS member_role_of_caller) >= 'viewer'::member_role)));
create policy hq_select_only on public.agent_routines as restrictive for select to authenticated using (((tenant_id = ( SELECT current_tenant_id() AS current_tenant_id)) AND (( SELECT member_role_of_caller() AS member_role_of_caller) >= 'viewer'::member_role)));
create policy hq_service on public.agent_routines as permissive for all to service_role using (true) with check (true);
create policy hq_update_only on public.agent_routines as restrictive for update to authenticated using (false) with check (false);
grant select on public.agent_routines to authenticated;
grant delete, insert, maintain, references, select, trigger, truncate, update on public.agent_routines to service_role;
CREATE TRIGGER hq_refuse_foreign_rows BEFORE INSERT OR UPDATE ON public.agent_routines FOR EACH ROW EXECUTE FUNCTION hq.refuse_foreign_rows('agent_id', 'agents');
CREATE TRIGGER hq_touch_updated_at BEFORE UPDATE ON public.agent_routines FOR EACH ROW EXECUTE FUNCTION hq.touch_updated_at();
comment on table public.agent_routines is 'What agents do at set times or after events; each run is an inbox item or a task.';

create table public.agent_usage (
  id uuid default gen_random_uuid() not null,
  created_at timestamp with time zone default now() not null,
  tenant_id uuid default hq.nil_tenant() not null,
  agent_id uuid,
  run_id text not null,
  session_id text,
  provider text not null,
  model text not null,
  input_tokens bigint default 0 not null,
  output_tokens bigint default 0 not null,
  cache_read bigint default 0 not null,
  cache_write bigint default 0 not null,
  total_tokens bigint default 0 not null,
  cost_input_usd numeric(12,6) default 0 not null,
  cost_output_usd numeric(12,6) default 0 not null,
  cost_cache_read_usd numeric(12,6) default 0 not null,
  cost_cache_write_usd numeric(12,6) default 0 not null,
  cost_total_usd numeric(12,6) default 0 not null,
  occurred_at timestamp with time zone default now() not null,
  constraint agent_usage_agent_id_fkey FOREIGN KEY (agent_id) REFERENCES agents(id) ON DELETE SET NULL,
  constraint agent_usage_pkey PRIMARY KEY (id),
  constraint agent_usage_run_id_provider_model_occurred_at_key UNIQUE (run_id, provider, model, occurred_at),
  constraint agent_usage_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants(id) ON DELETE CASCADE
);
CREATE INDEX agent_usage_newest ON public.agent_usage USING btree (tenant_id, occurred_at DESC);
CREATE INDEX agent_usage_of_agent ON public.agent_usage USING btree (agent_id, occurred_at DESC);
alter table public.agent_usage enable row level security;
create policy hq_delete_only on public.agent_usage as restrictive for delete to authenticated using (false);
create policy hq_insert_only on public.agent_usage as restrictive for insert to authenticated with check (false);
create policy hq_select on public.agent_usage as permissive for select to authenticated using (((tenant_id = ( SELECT current_tenant_id() AS current_tenant_id)) AND (( SELECT member_role_of_caller() AS member_role_of_caller) >= 'viewer'::member_role)));
create policy hq_select_only on public.agent_usage as restrictive for select to authenticated using (((tenant_id = ( SELECT current_tenant_id() AS current_tenant_id)) AND (( SELECT member_role_of_caller() AS member_role_of_caller) >= 'viewer'::member_role)));
create policy hq_service on public.agent_usage as permissive for all to service_role using (true) with check (true);
create policy hq_update_only on public.agent_usage as restrictive for update to authenticated using (false) with check (false);
grant select on public.agent_usage to authenticated;
grant delete, insert, maintain, references, select, trigger, truncate, update on public.agent_usage to service_role;
CREATE TRIGGER hq_note_usage AFTER INSERT ON public.agent_usage FOR EACH ROW WHEN ((new.agent_id IS NOT NULL)) EXECUTE FUNCTION hq.note_usage();
CREATE TRIGGER hq_roll_up_usage AFTER INSERT ON public.agent_usage FOR EACH ROW WHEN ((new.agent_id IS NOT NULL)) EXECUTE FUNCTION hq.roll_up_usage();
CREATE TRIGGER hq_roll_up_usage_hour AFTER INSERT ON public.agent_usage FOR EACH ROW WHEN (((new.agent_id IS NOT NULL) AND (new.cost_total_usd > (0)::numeric))) EXECUTE FUNCTION hq.roll_up_hour();
comment on table public.agent_usage is 'Token usage and cost of runs. Rows are only added.';

create table public.agents (
  id uuid default gen_random_uuid() not null,
  created_at timestamp with time zone default now() not null,
  updated_at timestamp with time zone default now() not null,
  tenant_id uuid default hq.nil_tenant() not null,
  gateway_id uuid,
  name text not null,
  slug text not null,
  description text,
  avatar_url text,
  status agent_status default 'provisioning'::agent_status not null,
  last_seen_at timestamp with time zone,
  last_heartbeat_at timestamp with time zone,
  model text,
  thinking text,
  reports_to_id uuid,
  domains text[] default '{}'::text[] not null,
  capabilities text[] default '{}'::text[] not null,
  config jsonb default '{}'::jsonb not null,
  meta jsonb default '{}'::jsonb not null,
  branch text,
  openclaw_id text,
  constraint agents_gateway_id_fkey FOREIGN KEY (gateway_id) REFERENCES gateways(id) ON DELETE SET NULL,
  constraint agents_pkey PRIMARY KEY (id),
  constraint agents_reports_to_id_fkey FOREIGN KEY (reports_to_id) REFERENCES agents(id) ON DELETE SET NULL,
  constraint agents_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants(id) ON DELETE CASCADE,
  constraint agents_tenant_id_slug_key UNIQUE (tenant_id, slug)
);
CREATE INDEX agents_gateway ON public.agents USING btree (gateway_id);
alter table public.agents enable row level security;
create policy hq_delete on public.agents as permissive for delete to authenticated using (((tenant_id = ( SELECT current_tenant_id() AS current_tenant_id)) AND (( SELECT member_role_of_caller() AS member_role_of_caller) >= 'admin'::member_role)));
create policy hq_delete_only on public.agents as restrictive for delete to authenticated using (((tenant_id = ( SELECT current_tenant_id() AS current_tenant_id)) AND (( SELECT member_role_of_caller() AS member_role_of_caller) >= 'admin'::member_role)));
create policy hq_insert on public.agents as permissive for insert to authenticated with check (((tenant_id = ( SELECT current_tenant_id() AS current_tenant_id)) AND (( SELECT member_role_of_caller() AS member_role_of_caller) >= 'operator'::member_role)));
create policy hq_insert_only on public.agents as restrictive for insert to authenticated with check (((tenant_id = ( SELECT current_tenant_id() AS current_tenant_id)) AND (( SELECT member_role_of_caller() AS member_role_of_caller) >= 'operator'::member_role)));
create policy hq_select on public.agents as permissive for select to authenticated using (((tenant_id = ( SELECT current_tenant_id() AS current_tenant_id)) AND (( SELECT member_role_of_caller() AS member_role_of_caller) >= 'viewer'::member_role)));
create policy hq_select_only on public.agents as restrictive for select to authenticated using (((tenant_id = ( SELECT current_tenant_id() AS current_tenant_id)) AND (( SELECT member_role_of_caller() AS member_role_of_caller) >= 'viewer'::member_role)));
create policy hq_service on public.agents as permissive for all to service_role using (true) with check (true);
create policy hq_update on public.agents as permissive for update to authenticated using (((tenant_id = ( SELECT current_tenant_id() AS current_tenant_id)) AND (( SELECT member_role_of_caller() AS member_role_of_caller) >= 'operator'::member_role))) with check (((tenant_id = ( SELECT current_tenant_id() AS current_tenant_id)) AND (( SELECT member_role_of_caller() AS member_role_of_caller) >= 'operator'::member_role)));
create policy hq_update_only on public.agents as restrictive for update to authenticated using (((tenant_id = ( SELECT current_tenant_id() AS current_tenant_id)) AND (( SELECT member_role_of_caller() AS member_role_of_caller) >= 'operator'::member_role))) with check (((tenant_id = ( SELECT current_tenant_id() AS current_tenant_id)) AND (( SELECT member_role_of_caller() AS member_role_of_caller) >= 'operator'::member_role)));
grant delete, insert, select on public.agents to authenticated;
grant delete, insert, maintain, references, select, trigger, truncate, update on public.agents to service_role;
grant update (avatar_url, capabilities, config, description, domains, meta, model, name, reports_to_id, slug, status, thinking) on public.agents to authenticated;
CREATE TRIGGER hq_alert_agent AFTER UPDATE OF status ON public.agents FOR EACH ROW WHEN (((new.status IS DISTINCT FROM old.status) AND (('error'::text = (new.status)::text) OR ('error'::text = (old.status)::text)))) EXECUTE FUNCTION hq.alert_agent();
CREATE TRIGGER hq_check_agent BEFORE INSERT OR UPDATE OF slug, gateway_id, reports_to_id, tenant_id ON public.agents FOR EACH ROW EXECUTE FUNCTION hq.check_agent();
CREATE TRIGGER hq_count_agents_deleted AFTER DELETE ON public.agents REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION hq.count_agent_changes();
CREATE TRIGGER hq_count_agents_made AFTER INSERT ON public.agents REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION hq.count_agent_changes();
CREATE TRIGGER hq_count_agents_moved AFTER UPDATE ON public.agents FOR EACH ROW WHEN (((new.slug IS DISTINCT FROM old.slug) OR (new.gateway_id IS DISTINCT FROM old.gateway_id))) EXECUTE FUNCTION hq.count_agent_changes();
CREATE TRIGGER hq_count_specs_changed AFTER UPDATE ON public.agents FOR EACH ROW WHEN (((((((((((new.slug IS DISTINCT FROM old.slug) OR (new.name IS DISTINCT FROM old.name)) OR (new.description IS DISTINCT FROM old.description)) OR (new.model IS DISTINCT FROM old.model)) OR (new.thinking IS DISTINCT FROM old.thinking)) OR (new.status IS DISTINCT FROM old.status)) OR (new.gateway_id IS DISTINCT FROM old.gateway_id)) OR (new.meta IS DISTINCT FROM old.meta)) OR (new.config IS DISTINCT FROM old.config)) OR (new.branch IS DISTINCT FROM old.branch))) EXECUTE FUNCTION hq.count_spec_changes();
CREATE TRIGGER hq_count_specs_deleted AFTER DELETE ON public.agents REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION hq.count_spec_changes();
CREATE TRIGGER hq_count_specs_made AFTER INSERT ON public.agents REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION hq.count_spec_changes();
CREATE TRIGGER hq_dispatch_agent_change AFTER UPDATE ON public.agents FOR EACH ROW WHEN (((((new.status IS DISTINCT FROM old.status) OR (new.gateway_id IS DISTINCT FROM old.gateway_id)) OR (new.openclaw_id IS DISTINCT FROM old.openclaw_id)) OR (new.model IS DISTINCT FROM old.model))) EXECUTE FUNCTION hq.dispatch_agent_change();
CREATE TRIGGER hq_end_conditions AFTER UPDATE OF status, gateway_id ON public.agents FOR EACH ROW WHEN (((new.gateway_id IS DISTINCT FROM old.gateway_id) OR (((old.status)::text = 'ready'::text) AND ((new.status)::text <> 'ready'::text)))) EXECUTE FUNCTION hq.end_conditions();
CREATE TRIGGER hq_lock_gateway_of_agent BEFORE DELETE ON public.agents FOR EACH ROW EXECUTE FUNCTION hq.lock_gateway_of_agent();
CREATE TRIGGER hq_lock_gateways_shared BEFORE UPDATE OF slug, gateway_id ON public.agents FOR EACH STATEMENT EXECUTE FUNCTION hq.lock_gateway_deletes('together');
CREATE TRIGGER hq_lock_gateways_shared_to_delete BEFORE DELETE ON public.agents FOR EACH STATEMENT EXECUTE FUNCTION hq.lock_gateway_deletes('together');
CREATE TRIGGER hq_protect_columns BEFORE INSERT OR UPDATE ON public.agents FOR EACH ROW WHEN (((CURRENT_USER = ANY (ARRAY['anon'::name, 'authenticated'::name])) AND (pg_trigger_depth() = 0))) EXECUTE FUNCTION hq.protect_columns('created_at', 'last_seen_at', 'last_heartbeat_at', 'branch', 'openclaw_id');
CREATE TRIGGER hq_resolve_alerts_of AFTER DELETE ON public.agents FOR EACH ROW EXECUTE FUNCTION hq.resolve_alerts_of('agent_error', 'budget_warned', 'budget_exceeded', 'hourly_brake', 'agent_stalled');
CREATE TRIGGER hq_touch_updated_at BEFORE UPDATE ON public.agents FOR EACH ROW EXECUTE FUNCTION hq.touch_updated_at();
comment on table public.agents is 'Agents and the gateway on which they run.';
comment on column public.agents.branch is 'The branch of the gateway''s repository that holds the agent''s files.';
comment on column public.agents.openclaw_id is 'The agent''s id in OpenClaw, once it is there.';

create table public.alert_mutes (
  tenant_id uuid default hq.nil_tenant() not null,
  type text not null,
  subject text not null,
  until timestamp with time zone not null,
  muted_by uuid,
  created_at timestamp with time zone default clock_timestamp() not null,
  constraint alert_mutes_pkey PRIMARY KEY (tenant_id, type, subject),
  constraint alert_mutes_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants(id) ON DELETE CASCADE
);
alter table public.alert_mutes enable row level security;
create policy hq_delete_only on public.alert_mutes as restrictive for delete to authenticated using (false);
create policy hq_insert_only on public.alert_mutes as restrictive for insert to authenticated with check (false);
create policy hq_select on public.alert_mutes as permissive for select to authenticated using (((tenant_id = ( SELECT current_tenant_id() AS current_tenant_id)) AND (( SELECT member_role_of_caller() AS member_role_of_caller) >= 'viewer'::member_role)));
create policy hq_select_only on public.alert_mutes as restrictive for select to authenticated using (((tenant_id = ( SELECT current_tenant_id() AS current_tenant_id)) AND (( SELECT member_role_of_caller() AS member_role_of_caller) >= 'viewer'::member_role)));
create policy hq_service on public.alert_mutes as permissive for all to service_role using (true) with check (true);
create policy hq_update_only on public.alert_mutes as restrictive for update to authenticated using (false) with check (false);
grant select on public.alert_mutes to authenticated;
grant delete, insert, maintain, references, select, trigger, truncate, update on public.alert_mutes to service_role;
comment on table public.alert_mutes is 'Mutes of one type of alert for one subject.';

create table public.audit_log (
  id uuid default gen_random_uuid() not null,
  created_at timestamp with time zone default clock_timestamp() not null,
  tenant_id uuid default hq.nil_tenant() not null,
  actor_type text default 'system'::text not null,
  actor_agent_id uuid,
  module text,
  entity_type text,
  entity_id uuid,
  action text not null,
  summary text,
  changes jsonb,
  meta jsonb default '{}'::jsonb not null,
  actor_user_id uuid,
  constraint audit_log_actor_agent_id_fkey FOREIGN KEY (actor_agent_id) REFERENCES agents(id) ON DELETE SET NULL,
  constraint audit_log_actor_type_check CHECK ((actor_type = ANY (ARRAY['human'::text, 'agent'::text, 'system'::text]))),
  constraint audit_log_pkey PRIMARY KEY (id),
  constraint audit_log_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants(id) ON DELETE CASCADE
);
CREATE INDEX audit_log_newest ON public.audit_log USING btree (tenant_id, created_at DESC);
alter table public.audit_log enable row level security;
create policy hq_delete_only on public.audit_log as restrictive for delete to authenticated using (false);
create policy hq_insert on public.audit_log as permissive for insert to authenticated with check (((tenant_id = ( SELECT current_tenant_id() AS current_tenant_id)) AND (( SELECT member_role_of_caller() AS member_role_of_caller) >= 'operator'::member_role)));
create policy hq_insert_only on public.audit_log as restrictive for insert to authenticated with check (((tenant_id = ( SELECT current_tenant_id() AS current_tenant_id)) AND (( SELECT member_role_of_caller() AS member_role_of_caller) >= 'operator'::member_role)));
create policy hq_select on public.audit_log as permissive for select to authenticated using (((tenant_id = ( SELECT current_tenant_id() AS current_tenant_id)) AND (( SELECT member_role_of_caller() AS member_role_of_caller) >= 'viewer'::member_role)));
create policy hq_select_only on public.audit_log as restrictive for select to authenticated using (((tenant_id = ( SELECT current_tenant_id() AS current_tenant_id)) AND (( SELECT member_role_of_caller() AS member_role_of_caller) >= 'viewer'::member_role)));
create policy hq_service on public.audit_log as permissive for all to service_role using (true) with check (true);
create policy hq_update_only on public.audit_log as restrictive for update to authenticated using (false) with check (false);
grant insert, select on public.audit_log to authenticated;
grant delete, insert, maintain, references, select, trigger, truncate, update on public.audit_log to service_role;
CREATE TRIGGER hq_limit_refusals BEFORE INSERT ON public.audit_log FOR EACH ROW WHEN (((new.action = 'command.refused'::text) AND (new.actor_user_id IS NOT NULL))) EXECUTE FUNCTION hq.limit_refusals();
CREATE TRIGGER hq_redact_ciphertext BEFORE INSERT ON public.audit_log FOR EACH ROW WHEN ((strpos(concat(new.summary, new.changes, new.meta), 'enc:v1:'::text) > 0)) EXECUTE FUNCTION hq.redact_ciphertext();
CREATE TRIGGER hq_sign_audit_line BEFORE INSERT ON public.audit_log FOR EACH ROW EXECUTE FUNCTION hq.sign_audit_line();
comment on table public.audit_log is 'Actions of people, agents and the database. Nobody but the service role changes or deletes a line.';

create table public.chat_adapters (
  platform text not null,
  fingerprint text not null,
  tenant_id uuid default hq.nil_tenant() not null,
  install text,
  holder text not null,
  held_until timestamp with time zone default clock_timestamp() not null,
  state text not null,
  state_since timestamp with time zone default clock_timestamp() not null,
  detail text,
  last_inbound_at timestamp with time zone,
  last_outbound_at timestamp with time zone,
  last_beat_at timestamp with time zone default clock_timestamp() not null,
  created_at timestamp with time zone default clock_timestamp() not null,
  constraint chat_adapters_pkey PRIMARY KEY (platform, fingerprint),
  constraint chat_adapters_platform_fkey FOREIGN KEY (platform) REFERENCES hq.chat_platforms(name),
  constraint chat_adapters_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants(id) ON DELETE CASCADE
);
CREATE INDEX chat_adapters_tenant ON public.chat_adapters USING btree (tenant_id);
alter table public.chat_adapters enable row level security;
create policy hq_delete_only on public.chat_adapters as restrictive for delete to authenticated using (false);
create policy hq_insert_only on public.chat_adapters as restrictive for insert to authenticated with check (false);
create policy hq_select on public.chat_adapters as permissive for select to authenticated using (((tenant_id = ( SELECT current_tenant_id() AS current_tenant_id)) AND (( SELECT member_role_of_caller() AS member_role_of_caller) >= 'viewer'::member_role)));
create policy hq_select_only on public.chat_adapters as restrictive for select to authenticated using (((tenant_id = ( SELECT current_tenant_id() AS current_tenant_id)) AND (( SELECT member_role_of_caller() AS member_role_of_caller) >= 'viewer'::member_role)));
create policy hq_service on public.chat_adapters as permissive for all to service_role using (true) with check (true);
create policy hq_update_only on public.chat_adapters as restrictive for update to authenticated using (false) with check (false);
grant select on public.chat_adapters to authenticated;
grant delete, insert, maintain, references, select, trigger, truncate, update on public.chat_adapters to service_role;
comment on table public.chat_adapters is 'State of each platform adapter, and the process that holds its token.';

create table public.chat_alert_messages (
  tenant_id uuid not null,
  subscription_id uuid not null,
  key text not null,
  handle jsonb not null,
  created_at timestamp with time zone default clock_timestamp() not null,
  constraint chat_alert_messages_pkey PRIMARY KEY (subscription_id, key),
  constraint chat_alert_messages_subscription_id_fkey FOREIGN KEY (subscription_id) REFERENCES chat_subscriptions(id) ON DELETE CASCADE,
  constraint chat_alert_messages_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants(id) ON DELETE CASCADE
);
CREATE INDEX chat_alert_messages_tenant ON public.chat_alert_messages USING btree (tenant_id);
alter table public.chat_alert_messages enable row level security;
create policy hq_delete_only on public.chat_alert_messages as restrictive for delete to authenticated using (false);
create policy hq_insert_only on public.chat_alert_messages as restrictive for insert to authenticated with check (false);
create policy hq_select_only on public.chat_alert_messages as restrictive for select to authenticated using (false);
create policy hq_service on public.chat_alert_messages as permissive for all to service_role using (true) with check (true);
create policy hq_update_only on public.chat_alert_messages as restrictive for update to authenticated using (false) with check (false);
grant delete, insert, maintain, references, select, trigger, truncate, update on public.chat_alert_messages to service_role;
comment on table public.chat_alert_messages is 'Messages of open alerts, which are edited when the alert ends.';

create table public.chat_bots (
  tenant_id uuid default hq.nil_tenant() not null,
  user_id uuid not null,
  created_at timestamp with time zone default clock_timestamp() not null,
  constraint chat_bots_pkey PRIMARY KEY (tenant_id, user_id),
  constraint chat_bots_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants(id) ON DELETE CASCADE,
  constraint chat_bots_tenant_id_user_id_fkey FOREIGN KEY (tenant_id, user_id) REFERENCES tenant_members(tenant_id, user_id) ON DELETE CASCADE
);
alter table public.chat_bots enable row level security;
create policy hq_delete_only on public.chat_bots as restrictive for delete to authenticated using (false);
create policy hq_insert_only on public.chat_bots as restrictive for insert to authenticated with check (false);
create policy hq_select_only on public.chat_bots as restrictive for select to authenticated using (false);
create policy hq_service on public.chat_bots as permissive for all to service_role using (true) with check (true);
create policy hq_update_only on public.chat_bots as restrictive for update to authenticated using (false) with check (false);
grant delete, insert, maintain, references, select, trigger, truncate, update on public.chat_bots to service_role;
comment on table public.chat_bots is 'Members that are chat bots. Only the owner of the database writes it (hq-db member EMAIL viewer --bot).';

create table public.chat_buttons (
  token_hash text not null,
  created_at timestamp with time zone default clock_timestamp() not null,
  tenant_id uuid not null,
  platform text not null,
  install text not null,
  channel text not null,
  chat_user text,
  intent jsonb not null,
  once boolean not null,
  expires_at timestamp with time zone not null,
  pressed_at timestamp with time zone,
  constraint chat_buttons_pkey PRIMARY KEY (token_hash),
  constraint chat_buttons_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants(id) ON DELETE CASCADE
);
CREATE INDEX chat_buttons_age ON public.chat_buttons USING btree (expires_at);
CREATE INDEX chat_buttons_tenant ON public.chat_buttons USING btree (tenant_id);
alter table public.chat_buttons enable row level security;
create policy hq_delete_only on public.chat_buttons as restrictive for delete to authenticated using (false);
create policy hq_insert_only on public.chat_buttons as restrictive for insert to authenticated with check (false);
create policy hq_select_only on public.chat_buttons as restrictive for select to authenticated using (false);
create policy hq_service on public.chat_buttons as permissive for all to service_role using (true) with check (true);
create policy hq_update_only on public.chat_buttons as restrictive for update to authenticated using (false) with check (false);
grant delete, insert, maintain, references, select, trigger, truncate, update on public.chat_buttons to service_role;
comment on table public.chat_buttons is 'Meanings of buttons. The platform has an opaque token only.';

create table public.chat_cards (
  tenant_id uuid not null,
  command_id uuid not null,
  platform text not null,
  install text not null,
  channel text not null,
  thread text,
  handle jsonb not null,
  shown text,
  closed boolean default false not null,
  created_at timestamp with time zone default clock_timestamp() not null,
  constraint chat_cards_command_id_fkey FOREIGN KEY (command_id) REFERENCES agent_commands(id) ON DELETE CASCADE,
  constraint chat_cards_pkey PRIMARY KEY (command_id, platform, install, channel),
  constraint chat_cards_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants(id) ON DELETE CASCADE
);
CREATE INDEX chat_cards_age ON public.chat_cards USING btree (created_at) WHERE closed;
CREATE INDEX chat_cards_open ON public.chat_cards USING btree (tenant_id, platform) WHERE (NOT closed);
alter table public.chat_cards enable row level security;
create policy hq_delete_only on public.chat_cards as restrictive for delete to authenticated using (false);
create policy hq_insert_only on public.chat_cards as restrictive for insert to authenticated with check (false);
create policy hq_select_only on public.chat_cards as restrictive for select to authenticated using (false);
create policy hq_service on public.chat_cards as permissive for all to service_role using (true) with check (true);
create policy hq_update_only on public.chat_cards as restrictive for update to authenticated using (false) with check (false);
grant delete, insert, maintain, references, select, trigger, truncate, update on public.chat_cards to service_role;
comment on table public.chat_cards is 'Messages that show a command, so that any process can edit them until the command ends.';

create table public.chat_channels (
  id uuid default gen_random_uuid() not null,
  created_at timestamp with time zone default clock_timestamp() not null,
  tenant_id uuid default hq.nil_tenant() not null,
  platform text not null,
  install text not null,
  channel text not null,
  ceiling member_role not null,
  gateway_id uuid,
  agent_id uuid,
  bound_by uuid,
  constraint chat_channels_agent_id_fkey FOREIGN KEY (agent_id) REFERENCES agents(id) ON DELETE SET NULL,
  constraint chat_channels_gateway_id_fkey FOREIGN KEY (gateway_id) REFERENCES gateways(id) ON DELETE SET NULL,
  constraint chat_channels_pkey PRIMARY KEY (id),
  constraint chat_channels_platform_fkey FOREIGN KEY (platform) REFERENCES hq.chat_platforms(name),
  constraint chat_channels_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants(id) ON DELETE CASCADE,
  constraint chat_channels_tenant_id_platform_install_channel_key UNIQUE (tenant_id, platform, install, channel)
);
CREATE INDEX chat_channels_agent ON public.chat_channels USING btree (agent_id);
CREATE INDEX chat_channels_gateway ON public.chat_channels USING btree (gateway_id);
alter table public.chat_channels enable row level security;
create policy hq_delete_only on public.chat_channels as restrictive for delete to authenticated using (false);
create policy hq_insert_only on public.chat_channels as restrictive for insert to authenticated with check (false);
create policy hq_select on public.chat_channels as permissive for select to authenticated using (((tenant_id = ( SELECT current_tenant_id() AS current_tenant_id)) AND (( SELECT member_role_of_caller() AS member_role_of_caller) >= 'viewer'::member_role)));
create policy hq_select_only on public.chat_channels as restrictive for select to authenticated using (((tenant_id = ( SELECT current_tenant_id() AS current_tenant_id)) AND (( SELECT member_role_of_caller() AS member_role_of_caller) >= 'viewer'::member_role)));
create policy hq_service on public.chat_channels as permissive for all to service_role using (true) with check (true);
create policy hq_update_only on public.chat_channels as restrictive for update to authenticated using (false) with check (false);
grant select on public.chat_channels to authenticated;
grant delete, insert, maintain, references, select, trigger, truncate, update on public.chat_channels to service_role;
comment on table public.chat_channels is 'Channels that an admin bound, with the highest role that counts there.';

create table public.chat_confirmations (
  id uuid default gen_random_uuid() not null,
  created_at timestamp with time zone default clock_timestamp() not null,
  tenant_id uuid not null,
  identity_id uuid not null,
  token_hash text not null,
  kind text not null,
  expected text,
  platform text not null,
  install text not null,
  channel text not null,
  action text not null,
  payload jsonb not null,
  gateway_id uuid,
  agent_id uuid,
  expires_at timestamp with time zone not null,
  decision text,
  decided_at timestamp with time zone,
  decided_by uuid,
  command_id uuid,
  question jsonb,
  constraint chat_confirmations_decision_check CHECK ((decision = ANY (ARRAY['confirmed'::text, 'declined'::text]))),
  constraint chat_confirmations_identity_id_fkey FOREIGN KEY (identity_id) REFERENCES chat_identities(id) ON DELETE CASCADE,
  constraint chat_confirmations_kind_check CHECK ((kind = ANY (ARRAY['button'::text, 'typed'::text, 'second'::text]))),
  constraint chat_confirmations_pkey PRIMARY KEY (id),
  constraint chat_confirmations_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants(id) ON DELETE CASCADE,
  constraint chat_confirmations_token_hash_key UNIQUE (token_hash)
);
CREATE INDEX chat_confirmations_age ON public.chat_confirmations USING btree (created_at);
CREATE INDEX chat_confirmations_identity ON public.chat_confirmations USING btree (identity_id);
alter table public.chat_confirmations enable row level security;
create policy hq_delete_only on public.chat_confirmations as restrictive for delete to authenticated using (false);
create policy hq_insert_only on public.chat_confirmations as restrictive for insert to authenticated with check (false);
create policy hq_select_only on public.chat_confirmations as restrictive for select to authenticated using (false);
create policy hq_service on public.chat_confirmations as permissive for all to service_role using (true) with check (true);
create policy hq_update_only on public.chat_confirmations as restrictive for update to authenticated using (false) with check (false);
grant delete, insert, maintain, references, select, trigger, truncate, update on public.chat_confirmations to service_role;
comment on table public.chat_confirmations is 'Open and decided confirmations. Only the hash of a token is stored; it expires after three minutes.';

create table public.chat_deliveries (
  tenant_id uuid not null,
  platform text not null,
  install text not null,
  delivery text not null,
  call text not null,
  request_hash text not null,
  created_at timestamp with time zone default clock_timestamp() not null,
  answer jsonb,
  constraint chat_deliveries_pkey PRIMARY KEY (tenant_id, platform, install, delivery, call),
  constraint chat_deliveries_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants(id) ON DELETE CASCADE
);
CREATE INDEX chat_deliveries_age ON public.chat_deliveries USING btree (created_at);
CREATE INDEX chat_deliveries_tokens ON public.chat_deliveries USING btree (created_at) WHERE ((call = 'act'::text) AND ((answer #> '{confirm,token}'::text[]) IS NOT NULL));
alter table public.chat_deliveries enable row level security;
create policy hq_delete_only on public.chat_deliveries as restrictive for delete to authenticated using (false);
create policy hq_insert_only on public.chat_deliveries as restrictive for insert to authenticated with check (false);
create policy hq_select_only on public.chat_deliveries as restrictive for select to authenticated using (false);
create policy hq_service on public.chat_deliveries as permissive for all to service_role using (true) with check (true);
create policy hq_update_only on public.chat_deliveries as restrictive for update to authenticated using (false) with check (false);
grant delete, insert, maintain, references, select, trigger, truncate, update on public.chat_deliveries to service_role;
comment on table public.chat_deliveries is 'Deliveries and their answers, for two days: a repeated delivery gets the same answer and has no further effect.';

create table public.chat_identities (
  id uuid default gen_random_uuid() not null,
  created_at timestamp with time zone default clock_timestamp() not null,
  tenant_id uuid default hq.nil_tenant() not null,
  user_id uuid not null,
  platform text not null,
  install text not null,
  chat_user text not null,
  last_seen_at timestamp with time zone,
  revoked_at timestamp with time zone,
  revoked_by uuid,
  constraint chat_identities_pkey PRIMARY KEY (id),
  constraint chat_identities_platform_fkey FOREIGN KEY (platform) REFERENCES hq.chat_platforms(name),
  constraint chat_identities_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants(id) ON DELETE CASCADE,
  constraint chat_identities_tenant_id_user_id_fkey FOREIGN KEY (tenant_id, user_id) REFERENCES tenant_members(tenant_id, user_id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX chat_identities_account ON public.chat_identities USING btree (platform, install, chat_user) WHERE (revoked_at IS NULL);
CREATE INDEX chat_identities_member ON public.chat_identities USING btree (tenant_id, user_id);
alter table public.chat_identities enable row level security;
create policy hq_delete_only on public.chat_identities as restrictive for delete to authenticated using (false);
create policy hq_insert_only on public.chat_identities as restrictive for insert to authenticated with check (false);
create policy hq_select on public.chat_identities as permissive for select to authenticated using (((tenant_id = ( SELECT current_tenant_id() AS current_tenant_id)) AND (( SELECT member_role_of_caller() AS member_role_of_caller) >= 'viewer'::member_role)));
create policy hq_select_only on public.chat_identities as restrictive for select to authenticated using (((tenant_id = ( SELECT current_tenant_id() AS current_tenant_id)) AND (( SELECT member_role_of_caller() AS member_role_of_caller) >= 'viewer'::member_role)));
create policy hq_service on public.chat_identities as permissive for all to service_role using (true) with check (true);
create policy hq_update_only on public.chat_identities as restrictive for update to authenticated using (false) with check (false);
grant select on public.chat_identities to authenticated;
grant delete, insert, maintain, references, select, trigger, truncate, update on public.chat_identities to service_role;
CREATE TRIGGER hq_delete_open_confirmations AFTER UPDATE OF revoked_at ON public.chat_identities FOR EACH ROW WHEN (((new.revoked_at IS NOT NULL) AND (old.revoked_at IS NULL))) EXECUTE FUNCTION hq.delete_open_confirmations();
CREATE TRIGGER hq_delete_subscriptions AFTER UPDATE OF revoked_at ON public.chat_identities FOR EACH ROW WHEN (((new.revoked_at IS NOT NULL) AND (old.revoked_at IS NULL))) EXECUTE FUNCTION hq.delete_subscriptions();
comment on table public.chat_identities is 'Linked accounts of a platform and the member behind each.';
comment on column public.chat_identities.install is 'Empty where the platform numbers its users across all installs.';

create table public.chat_link_codes (
  id uuid default gen_random_uuid() not null,
  created_at timestamp with time zone default clock_timestamp() not null,
  tenant_id uuid default hq.nil_tenant() not null,
  user_id uuid not null,
  code_hash text not null,
  expires_at timestamp with time zone not null,
  constraint chat_link_codes_code_hash_key UNIQUE (code_hash),
  constraint chat_link_codes_pkey PRIMARY KEY (id),
  constraint chat_link_codes_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants(id) ON DELETE CASCADE,
  constraint chat_link_codes_tenant_id_user_id_fkey FOREIGN KEY (tenant_id, user_id) REFERENCES tenant_members(tenant_id, user_id) ON DELETE CASCADE
);
CREATE INDEX chat_link_codes_member ON public.chat_link_codes USING btree (tenant_id, user_id);
alter table public.chat_link_codes enable row level security;
create policy hq_delete_only on public.chat_link_codes as restrictive for delete to authenticated using (false);
create policy hq_insert_only on public.chat_link_codes as restrictive for insert to authenticated with check (false);
create policy hq_select_only on public.chat_link_codes as restrictive for select to authenticated using (false);
create policy hq_service on public.chat_link_codes as permissive for all to service_role using (true) with check (true);
create policy hq_update_only on public.chat_link_codes as restrictive for update to authenticated using (false) with check (false);
grant delete, insert, maintain, references, select, trigger, truncate, update on public.chat_link_codes to service_role;
comment on table public.chat_link_codes is 'Codes that link an account, stored as hashes, valid for ten minutes.';

create table public.chat_subscriptions (
  id uuid default gen_random_uuid() not null,
  created_at timestamp with time zone default clock_timestamp() not null,
  tenant_id uuid default hq.nil_tenant() not null,
  platform text not null,
  install text not null,
  channel text not null,
  thread text,
  kind text not null,
  identity_id uuid,
  channel_id uuid,
  filter jsonb default '{}'::jsonb not null,
  cursor text,
  disabled_at timestamp with time zone,
  disabled_reason text,
  constraint chat_subscriptions_channel_id_fkey FOREIGN KEY (channel_id) REFERENCES chat_channels(id) ON DELETE CASCADE,
  constraint chat_subscriptions_identity_id_fkey FOREIGN KEY (identity_id) REFERENCES chat_identities(id) ON DELETE CASCADE,
  constraint chat_subscriptions_kind_check CHECK ((kind = ANY (ARRAY['direct'::text, 'group'::text]))),
  constraint chat_subscriptions_pkey PRIMARY KEY (id),
  constraint chat_subscriptions_platform_fkey FOREIGN KEY (platform) REFERENCES hq.chat_platforms(name),
  constraint chat_subscriptions_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants(id) ON DELETE CASCADE,
  constraint chat_subscriptions_tenant_id_platform_install_channel_key UNIQUE (tenant_id, platform, install, channel)
);
CREATE INDEX chat_subscriptions_channel ON public.chat_subscriptions USING btree (channel_id);
CREATE INDEX chat_subscriptions_identity ON public.chat_subscriptions USING btree (identity_id);
alter table public.chat_subscriptions enable row level security;
create policy hq_delete_only on public.chat_subscriptions as restrictive for delete to authenticated using (false);
create policy hq_insert_only on public.chat_subscriptions as restrictive for insert to authenticated with check (false);
create policy hq_select on public.chat_subscriptions as permissive for select to authenticated using (((tenant_id = ( SELECT current_tenant_id() AS current_tenant_id)) AND (( SELECT member_role_of_caller() AS member_role_of_caller) >= 'viewer'::member_role)));
create policy hq_select_only on public.chat_subscriptions as restrictive for select to authenticated using (((tenant_id = ( SELECT current_tenant_id() AS current_tenant_id)) AND (( SELECT member_role_of_caller() AS member_role_of_caller) >= 'viewer'::member_role)));
create policy hq_service on public.chat_subscriptions as permissive for all to service_role using (true) with check (true);
create policy hq_update_only on public.chat_subscriptions as restrictive for update to authenticated using (false) with check (false);
grant select on public.chat_subscriptions to authenticated;
grant delete, insert, maintain, references, select, trigger, truncate, update on public.chat_subscriptions to service_role;
comment on table public.chat_subscriptions is 'Chats that receive alerts, with their filter and cursor.';

create table public.comments (
  id uuid default gen_random_uuid() not null,
  created_at timestamp with time zone default now() not null,
  updated_at timestamp with time zone default now() not null,
  tenant_id uuid default hq.nil_tenant() not null,
  entity_type text not null,
  entity_id uuid not null,
  parent_id uuid,
  body text not null,
  actor_type text default 'human'::text not null,
  actor_agent_id uuid,
  mentions text[] default '{}'::text[] not null,
  constraint comments_actor_agent_id_fkey FOREIGN KEY (actor_agent_id) REFERENCES agents(id) ON DELETE SET NULL,
  constraint comments_actor_type_check CHECK ((actor_type = ANY (ARRAY['human'::text, 'agent'::text, 'system'::text]))),
  constraint comments_parent_id_fkey FOREIGN KEY (parent_id) REFERENCES comments(id) ON DELETE CASCADE,
  constraint comments_pkey PRIMARY KEY (id),
  constraint comments_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants(id) ON DELETE CASCADE
);
CREATE INDEX comments_of_entity ON public.comments USING btree (tenant_id, entity_type, entity_id, created_at);
alter table public.comments enable row level security;
create policy hq_delete on public.comments as permissive for delete to authenticated using (((tenant_id = ( SELECT current_tenant_id() AS current_tenant_id)) AND (( SELECT member_role_of_caller() AS member_role_of_caller) >= 'operator'::member_role)));
create policy hq_delete_only on public.comments as restrictive for delete to authenticated using (((tenant_id = ( SELECT current_tenant_id() AS current_tenant_id)) AND (( SELECT member_role_of_caller() AS member_role_of_caller) >= 'operator'::member_role)));
create policy hq_insert on public.comments as permissive for insert to authenticated with check (((tenant_id = ( SELECT current_tenant_id() AS current_tenant_id)) AND (( SELECT member_role_of_caller() AS member_role_of_caller) >= 'operator'::member_role)));
create policy hq_insert_only on public.comments as restrictive for insert to authenticated with check (((tenant_id = ( SELECT current_tenant_id() AS current_tenant_id)) AND (( SELECT member_role_of_caller() AS member_role_of_caller) >= 'operator'::member_role)));
create policy hq_select on public.comments as permissive for select to authenticated using (((tenant_id = ( SELECT current_tenant_id() AS current_tenant_id)) AND (( SELECT member_role_of_caller() AS member_role_of_caller) >= 'viewer'::member_role)));
create policy hq_select_only on public.comments as restrictive for select to authenticated using (((tenant_id = ( SELECT current_tenant_id() AS current_tenant_id)) AND (( SELECT member_role_of_caller() AS member_role_of_caller) >= 'viewer'::member_role)));
create policy hq_service on public.comments as permissive for all to service_role using (true) with check (true);
create policy hq_update on public.comments as permissive for update to authenticated using (((tenant_id = ( SELECT current_tenant_id() AS current_tenant_id)) AND (( SELECT member_role_of_caller() AS member_role_of_caller) >= 'operator'::member_role))) with check (((tenant_id = ( SELECT current_tenant_id() AS current_tenant_id)) AND (( SELECT member_role_of_caller() AS member_role_of_caller) >= 'operator'::member_role)));
create policy hq_update_only on public.comments as restrictive for update to authenticated using (((tenant_id = ( SELECT current_tenant_id() AS current_tenant_id)) AND (( SELECT member_role_of_caller() AS member_role_of_caller) >= 'operator'::member_role))) with check (((tenant_id = ( SELECT current_tenant_id() AS current_tenant_id)) AND (( SELECT member_role_of_caller() AS member_role_of_caller) >= 'operator'::member_role)));
grant delete, insert, select on public.comments to authenticated;
grant delete, insert, maintain, references, select, trigger, truncate, update on public.comments to service_role;
grant update (body, mentions, parent_id) on public.comments to authenticated;
CREATE TRIGGER hq_inbox_for_comment AFTER INSERT ON public.comments FOR EACH ROW WHEN ((cardinality(new.mentions) > 0)) EXECUTE FUNCTION hq.inbox_for_comment();
CREATE TRIGGER hq_inbox_for_comment_edited AFTER UPDATE OF mentions ON public.comments FOR EACH ROW WHEN ((new.mentions IS DISTINCT FROM old.mentions)) EXECUTE FUNCTION hq.inbox_for_comment();
CREATE TRIGGER hq_protect_columns BEFORE INSERT OR UPDATE ON public.comments FOR EACH ROW WHEN (((CURRENT_USER = ANY (ARRAY['anon'::name, 'authenticated'::name])) AND (pg_trigger_depth() = 0))) EXECUTE FUNCTION hq.protect_columns('actor_type', 'actor_agent_id', 'created_at');
CREATE TRIGGER hq_refuse_foreign_rows BEFORE INSERT OR UPDATE ON public.comments FOR EACH ROW EXECUTE FUNCTION hq.refuse_foreign_rows('actor_agent_id', 'agents', 'parent_id', 'comments');
CREATE TRIGGER hq_touch_updated_at BEFORE UPDATE ON public.comments FOR EACH ROW EXECUTE FUNCTION hq.touch_updated_at();
comment on table public.comments is 'Comments on tasks and other entities, with mentions of agents.';

create table public.entity_links (
  id uuid default gen_random_uuid() not null,
  created_at timestamp with time zone default now() not null,
  updated_at timestamp with time zone default now() not null,
  tenant_id uuid default hq.nil_tenant() not null,
  owner_type text not null,
  owner_id uuid not null,
  label text,
  url text,
  is_deliverable boolean default false not null,
  review_status review_status,
  review_note text,
  submitted_by_agent_id uuid,
  reviewed_at timestamp with time zone,
  target_type text,
  target_id uuid,
  constraint entity_links_pkey PRIMARY KEY (id),
  constraint entity_links_submitted_by_agent_id_fkey FOREIGN KEY (submitted_by_agent_id) REFERENCES agents(id) ON DELETE SET NULL,
  constraint entity_links_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants(id) ON DELETE CASCADE
);
CREATE INDEX entity_links_deliverables ON public.entity_links USING btree (tenant_id, created_at DESC) WHERE is_deliverable;
CREATE INDEX entity_links_of_owner ON public.entity_links USING btree (tenant_id, owner_type, owner_id);
alter table public.entity_links enable row level security;
create policy hq_delete on public.entity_links as permissive for delete to authenticated using (((tenant_id = ( SELECT current_tenant_id() AS current_tenant_id)) AND (( SELECT member_role_of_caller() AS member_role_of_caller) >= 'operator'::member_role)));
create policy hq_delete_only on public.entity_links as restrictive for delete to authenticated using (((tenant_id = ( SELECT current_tenant_id() AS current_tenant_id)) AND (( SELECT member_role_of_caller() AS member_role_of_caller) >= 'operator'::member_role)));
create policy hq_insert on public.entity_links as permissive for insert to authenticated with check (((tenant_id = ( SELECT current_tenant_id() AS current_tenant_id)) AND (( SELECT member_role_of_caller() AS member_role_of_caller) >= 'operator'::member_role)));
create policy hq_insert_only on public.entity_links as restrictive for insert to authenticated with check (((tenant_id = ( SELECT current_tenant_id() AS current_tenant_id)) AND (( SELECT member_role_of_caller() AS member_role_of_caller) >= 'operator'::member_role)));
create policy hq_select on public.entity_links as permissive for select to authenticated using (((tenant_id = ( SELECT current_tenant_id() AS current_tenant_id)) AND (( SELECT member_role_of_caller() AS member_role_of_caller) >= 'viewer'::member_role)));
create policy hq_select_only on public.entity_links as restrictive for select to authenticated using (((tenant_id = ( SELECT current_tenant_id() AS current_tenant_id)) AND (( SELECT member_role_of_caller() AS member_role_of_caller) >= 'viewer'::member_role)));
create policy hq_service on public.entity_links as permissive for all to service_role using (true) with check (true);
create policy hq_update on public.entity_links as permissive for update to authenticated using (((tenant_id = ( SELECT current_tenant_id() AS current_tenant_id)) AND (( SELECT member_role_of_caller() AS member_role_of_caller) >= 'operator'::member_role))) with check (((tenant_id = ( SELECT current_tenant_id() AS current_tenant_id)) AND (( SELECT member_role_of_caller() AS member_role_of_caller) >= 'operator'::member_role)));
create policy hq_update_only on public.entity_links as restrictive for update to authenticated using (((tenant_id = ( SELECT current_tenant_id() AS current_tenant_id)) AND (( SELECT member_role_of_caller() AS member_role_of_caller) >= 'operator'::member_role))) with check (((tenant_id = ( SELECT current_tenant_id() AS current_tenant_id)) AND (( SELECT member_role_of_caller() AS member_role_of_caller) >= 'operator'::member_role)));
grant delete, insert, select on public.entity_links to authenticated;
grant delete, insert, maintain, references, select, trigger, truncate, update on public.entity_links to service_role;
grant update (is_deliverable, label, owner_id, owner_type, review_note, review_status, reviewed_at, submitted_by_agent_id, target_id, target_type, url) on public.entity_links to authenticated;
CREATE TRIGGER hq_alert_deliverable AFTER UPDATE OF review_status, is_deliverable ON public.entity_links FOR EACH ROW WHEN (((new.review_status IS DISTINCT FROM old.review_status) OR (new.is_deliverable IS DISTINCT FROM old.is_deliverable))) EXECUTE FUNCTION hq.alert_deliverable();
CREATE TRIGGER hq_alert_deliverable_made AFTER INSERT ON public.entity_links FOR EACH ROW WHEN (new.is_deliverable) EXECUTE FUNCTION hq.alert_deliverable();
CREATE TRIGGER hq_fire_deliverable_changed AFTER UPDATE OF review_status ON public.entity_links FOR EACH ROW WHEN ((new.is_deliverable AND (new.review_status IS DISTINCT FROM old.review_status) AND ((new.review_status)::text <> 'draft'::text))) EXECUTE FUNCTION hq.fire_deliverable_events();
CREATE TRIGGER hq_fire_deliverable_made AFTER INSERT ON public.entity_links FOR EACH ROW WHEN ((new.is_deliverable AND ((new.review_status)::text = 'in_review'::text))) EXECUTE FUNCTION hq.fire_deliverable_events();
CREATE TRIGGER hq_inbox_for_review AFTER UPDATE OF review_status ON public.entity_links FOR EACH ROW WHEN ((new.review_status IS DISTINCT FROM old.review_status)) EXECUTE FUNCTION hq.inbox_for_review();
CREATE TRIGGER hq_refuse_foreign_rows BEFORE INSERT OR UPDATE ON public.entity_links FOR EACH ROW EXECUTE FUNCTION hq.refuse_foreign_rows('submitted_by_agent_id', 'agents');
CREATE TRIGGER hq_resolve_alerts_of AFTER DELETE ON public.entity_links FOR EACH ROW EXECUTE FUNCTION hq.resolve_alerts_of('deliverable_submitted');
CREATE TRIGGER hq_touch_updated_at BEFORE UPDATE ON public.entity_links FOR EACH ROW EXECUTE FUNCTION hq.touch_updated_at();
comment on table public.entity_links is 'Links and deliverables of tasks and other entities.';

create table public.gateway_registration_tokens (
  id uuid default gen_random_uuid() not null,
  created_at timestamp with time zone default now() not null,
  tenant_id uuid default hq.nil_tenant() not null,
  token_hash text not null,
  label text,
  expires_at timestamp with time zone default (now() + '00:15:00'::interval) not null,
  consumed_at timestamp with time zone,
  consumed_by_gateway_id uuid,
  constraint gateway_registration_tokens_consumed_by_gateway_id_fkey FOREIGN KEY (consumed_by_gateway_id) REFERENCES gateways(id) ON DELETE SET NULL,
  constraint gateway_registration_tokens_pkey PRIMARY KEY (id),
  constraint gateway_registration_tokens_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants(id) ON DELETE CASCADE,
  constraint gateway_registration_tokens_token_hash_key UNIQUE (token_hash)
);
alter table public.gateway_registration_tokens enable row level security;
create policy hq_delete on public.gateway_registration_tokens as permissive for delete to authenticated using (((tenant_id = ( SELECT current_tenant_id() AS current_tenant_id)) AND (( SELECT member_role_of_caller() AS member_role_of_caller) >= 'admin'::member_role)));
create policy hq_delete_only on public.gateway_registration_tokens as restrictive for delete to authenticated using (((tenant_id = ( SELECT current_tenant_id() AS current_tenant_id)) AND (( SELECT member_role_of_caller() AS member_role_of_caller) >= 'admin'::member_role)));
create policy hq_insert on public.gateway_registration_tokens as permissive for insert to authenticated with check (((tenant_id = ( SELECT current_tenant_id() AS current_tenant_id)) AND (( SELECT member_role_of_caller() AS member_role_of_caller) >= 'admin'::member_role)));
create policy hq_insert_only on public.gateway_registration_tokens as restrictive for insert to authenticated with check (((tenant_id = ( SELECT current_tenant_id() AS current_tenant_id)) AND (( SELECT member_role_of_caller() AS member_role_of_caller) >= 'admin'::member_role)));
create policy hq_select on public.gateway_registration_tokens as permissive for select to authenticated using (((tenant_id = ( SELECT current_tenant_id() AS current_tenant_id)) AND (( SELECT member_role_of_caller() AS member_role_of_caller) >= 'admin'::member_role)));
create policy hq_select_only on public.gateway_registration_tokens as restrictive for select to authenticated using (((tenant_id = ( SELECT current_tenant_id() AS current_tenant_id)) AND (( SELECT member_role_of_caller() AS member_role_of_caller) >= 'admin'::member_role)));
create policy hq_service on public.gateway_registration_tokens as permissive for all to service_role using (true) with check (true);
create policy hq_update_only on public.gateway_registration_tokens as restrictive for update to authenticated using (false) with check (false);
grant delete, insert, select on public.gateway_registration_tokens to authenticated;
grant delete, insert, maintain, references, select, trigger, truncate, update on public.gateway_registration_tokens to service_role;
CREATE TRIGGER hq_refuse_foreign_rows BEFORE INSERT OR UPDATE ON public.gateway_registration_tokens FOR EACH ROW EXECUTE FUNCTION hq.refuse_foreign_rows('consumed_by_gateway_id', 'gateways');
comment on table public.gateway_registration_tokens is 'One-time tokens with which a new host registers as a gateway; only the hash is stored.';

create table public.gateways (
  id uuid default gen_random_uuid() not null,
  created_at timestamp with time zone default now() not null,
  updated_at timestamp with time zone default now() not null,
  tenant_id uuid default hq.nil_tenant() not null,
  slug text not null,
  label text,
  status gateway_status default 'provisioning'::gateway_status not null,
  last_seen_at timestamp with time zone,
  last_heartbeat_at timestamp with time zone,
  meta jsonb default '{}'::jsonb not null,
  last_backup_at timestamp with time zone,
  last_backup_size_bytes bigint,
  secrets_version bigint default 0 not null,
  agents_version bigint default 0 not null,
  dispatch_version bigint default 0 not null,
  constraint gateways_pkey PRIMARY KEY (id),
  constraint gateways_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants(id) ON DELETE CASCADE,
  constraint gateways_tenant_id_slug_key UNIQUE (tenant_id, slug)
);
alter table public.gateways enable row level security;
create policy hq_delete on public.gateways as permissive for delete to authenticated using (((tenant_id = ( SELECT current_tenant_id() AS current_tenant_id)) AND (( SELECT member_role_of_caller() AS member_role_of_caller) >= 'admin'::member_role)));
create policy hq_delete_only on public.gateways as restrictive for delete to authenticated using (((tenant_id = ( SELECT current_tenant_id() AS current_tenant_id)) AND (( SELECT member_role_of_caller() AS member_role_of_caller) >= 'admin'::member_role)));
create policy hq_insert on public.gateways as permissive for insert to authenticated with check (((tenant_id = ( SELECT current_tenant_id() AS current_tenant_id)) AND (( SELECT member_role_of_caller() AS member_role_of_caller) >= 'admin'::member_role)));
create policy hq_insert_only on public.gateways as restrictive for insert to authenticated with check (((tenant_id = ( SELECT current_tenant_id() AS current_tenant_id)) AND (( SELECT member_role_of_caller() AS member_role_of_caller) >= 'admin'::member_role)));
create policy hq_select on public.gateways as permissive for select to authenticated using (((tenant_id = ( SELECT current_tenant_id() AS current_tenant_id)) AND (( SELECT member_role_of_caller() AS member_role_of_caller) >= 'viewer'::member_role)));
create policy hq_select_only on public.gateways as restrictive for select to authenticated using (((tenant_id = ( SELECT current_tenant_id() AS current_tenant_id)) AND (( SELECT member_role_of_caller() AS member_role_of_caller) >= 'viewer'::member_role)));
create policy hq_service on public.gateways as permissive for all to service_role using (true) with check (true);
create policy hq_update on public.gateways as permissive for update to authenticated using (((tenant_id = ( SELECT current_tenant_id() AS current_tenant_id)) AND (( SELECT member_role_of_caller() AS member_role_of_caller) >= 'admin'::member_role))) with check (((tenant_id = ( SELECT current_tenant_id() AS current_tenant_id)) AND (( SELECT member_role_of_caller() AS member_role_of_caller) >= 'admin'::member_role)));
create policy hq_update_only on public.gateways as restrictive for update to authenticated using (((tenant_id = ( SELECT current_tenant_id() AS current_tenant_id)) AND (( SELECT member_role_of_caller() AS member_role_of_caller) >= 'admin'::member_role))) with check (((tenant_id = ( SELECT current_tenant_id() AS current_tenant_id)) AND (( SELECT member_role_of_caller() AS member_role_of_caller) >= 'admin'::member_role)));
grant delete, insert, select on public.gateways to authenticated;
grant delete, insert, maintain, references, select, trigger, truncate, update on public.gateways to service_role;
grant update (label, meta, slug) on public.gateways to authenticated;
CREATE TRIGGER hq_alert_gateway_back AFTER UPDATE OF last_seen_at ON public.gateways FOR EACH ROW WHEN ((old.last_seen_at < (new.last_seen_at - '00:01:30'::interval))) EXECUTE FUNCTION hq.alert_gateway_back();
CREATE TRIGGER hq_alert_gateway_problem AFTER UPDATE OF meta ON public.gateways FOR EACH ROW WHEN (((old.meta ->> 'gateway_problem'::text) IS DISTINCT FROM (new.meta ->> 'gateway_problem'::text))) EXECUTE FUNCTION hq.alert_gateway_problem();
CREATE TRIGGER hq_dispatch_gateway_change BEFORE UPDATE ON public.gateways FOR EACH ROW WHEN ((new.status IS DISTINCT FROM old.status)) EXECUTE FUNCTION hq.dispatch_gateway_change();
CREATE TRIGGER hq_lock_gateways_exclusive BEFORE DELETE ON public.gateways FOR EACH STATEMENT EXECUTE FUNCTION hq.lock_gateway_deletes('alone');
CREATE TRIGGER hq_protect_columns BEFORE INSERT ON public.gateways FOR EACH ROW WHEN (((CURRENT_USER = ANY (ARRAY['anon'::name, 'authenticated'::name])) AND (pg_trigger_depth() = 0))) EXECUTE FUNCTION hq.protect_columns('created_at', 'last_seen_at', 'last_heartbeat_at', 'last_backup_at', 'last_backup_size_bytes');
CREATE TRIGGER hq_touch_updated_at BEFORE UPDATE ON public.gateways FOR EACH ROW EXECUTE FUNCTION hq.touch_updated_at();
comment on table public.gateways is 'Gateways: the hosts where agents run. One that was not seen for 90 seconds is stale.';
comment on column public.gateways.secrets_version is 'Counts changes that may alter a secrets file of the gateway.';
comment on column public.gateways.agents_version is 'Counts changes of what gateway_agents returns for the gateway.';
comment on column public.gateways.dispatch_version is 'Counts changes that may let the dispatcher wake or abort an agent of the gateway.';

create table public.notifications (
  id uuid default gen_random_uuid() not null,
  created_at timestamp with time zone default clock_timestamp() not null,
  tenant_id uuid default hq.nil_tenant() not null,
  type text not null,
  title text not null,
  body text,
  entity_type text,
  entity_id uuid,
  actor_type text,
  actor_agent_id uuid,
  read_at timestamp with time zone,
  dismissed_at timestamp with time zone,
  meta jsonb default '{}'::jsonb not null,
  severity text default 'info'::text not null,
  subject text,
  dedup_key text,
  occurrences integer default 1 not null,
  last_at timestamp with time zone default clock_timestamp() not null,
  resolved_at timestamp with time zone,
  muted boolean default false not null,
  seen_by text,
  muted_by text,
  muted_until timestamp with time zone,
  constraint notifications_actor_agent_id_fkey FOREIGN KEY (actor_agent_id) REFERENCES agents(id) ON DELETE SET NULL,
  constraint notifications_pkey PRIMARY KEY (id),
  constraint notifications_severity_check CHECK ((severity = ANY (ARRAY['info'::text, 'warning'::text, 'error'::text, 'critical'::text]))),
  constraint notifications_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants(id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX notifications_lasting ON public.notifications USING btree (tenant_id, dedup_key) WHERE ((dedup_key IS NOT NULL) AND (resolved_at IS NULL) AND (dismissed_at IS NULL));
CREATE INDEX notifications_latest ON public.notifications USING btree (tenant_id, last_at DESC);
CREATE INDEX notifications_newest ON public.notifications USING btree (tenant_id, created_at DESC);
CREATE INDEX notifications_open ON public.notifications USING btree (tenant_id, created_at DESC) WHERE (dismissed_at IS NULL);
CREATE INDEX notifications_unresolved ON public.notifications USING btree (tenant_id, dedup_key) WHERE ((dedup_key IS NOT NULL) AND (resolved_at IS NULL));
alter table public.notifications enable row level security;
create policy hq_delete_only on public.notifications as restrictive for delete to authenticated using (false);
create policy hq_insert_only on public.notifications as restrictive for insert to authenticated with check (false);
create policy hq_select on public.notifications as permissive for select to authenticated using (((tenant_id = ( SELECT current_tenant_id() AS current_tenant_id)) AND (( SELECT member_role_of_caller() AS member_role_of_caller) >= 'viewer'::member_role)));
create policy hq_select_only on public.notifications as restrictive for select to authenticated using (((tenant_id = ( SELECT current_tenant_id() AS current_tenant_id)) AND (( SELECT member_role_of_caller() AS member_role_of_caller) >= 'viewer'::member_role)));
create policy hq_service on public.notifications as permissive for all to service_role using (true) with check (true);
create policy hq_update on public.notifications as permissive for update to authenticated using (((tenant_id = ( SELECT current_tenant_id() AS current_tenant_id)) AND (( SELECT member_role_of_caller() AS member_role_of_caller) >= 'operator'::member_role))) with check (((tenant_id = ( SELECT current_tenant_id() AS current_tenant_id)) AND (( SELECT member_role_of_caller() AS member_role_of_caller) >= 'operator'::member_role)));
create policy hq_update_only on public.notifications as restrictive for update to authenticated using (((tenant_id = ( SELECT current_tenant_id() AS current_tenant_id)) AND (( SELECT member_role_of_caller() AS member_role_of_caller) >= 'operator'::member_role))) with check (((tenant_id = ( SELECT current_tenant_id() AS current_tenant_id)) AND (( SELECT member_role_of_caller() AS member_role_of_caller) >= 'operator'::member_role)));
grant select on public.notifications to authenticated;
grant delete, insert, maintain, references, select, trigger, truncate, update on public.notifications to service_role;
grant update (dismissed_at, read_at) on public.notifications to authenticated;
CREATE TRIGGER hq_touch_alert BEFORE UPDATE ON public.notifications FOR EACH ROW WHEN (((((((new.read_at IS DISTINCT FROM old.read_at) OR (new.dismissed_at IS DISTINCT FROM old.dismissed_at)) OR (new.resolved_at IS DISTINCT FROM old.resolved_at)) OR (new.muted IS DISTINCT FROM old.muted)) OR (new.muted_until IS DISTINCT FROM old.muted_until)) OR (new.occurrences IS DISTINCT FROM old.occurrences))) EXECUTE FUNCTION hq.touch_alert();
comment on table public.notifications is 'Alerts: one row from the start of a condition to its end.';
comment on column public.notifications.subject is 'Such as gateway:<id> or agent:<id>; a mute applies to one subject.';

create table public.pairing_requests (
  id uuid default gen_random_uuid() not null,
  created_at timestamp with time zone default clock_timestamp() not null,
  updated_at timestamp with time zone default clock_timestamp() not null,
  tenant_id uuid default hq.nil_tenant() not null,
  gateway_id uuid not null,
  agent_id uuid not null,
  channel text not null,
  account text not null,
  sender text not null,
  sender_name text,
  code text not null,
  status text default 'pending'::text not null,
  expires_at timestamp with time zone not null,
  constraint pairing_requests_agent_id_fkey FOREIGN KEY (agent_id) REFERENCES agents(id) ON DELETE CASCADE,
  constraint pairing_requests_gateway_id_fkey FOREIGN KEY (gateway_id) REFERENCES gateways(id) ON DELETE CASCADE,
  constraint pairing_requests_pkey PRIMARY KEY (id),
  constraint pairing_requests_status_check CHECK ((status = ANY (ARRAY['pending'::text, 'approved'::text, 'expired'::text]))),
  constraint pairing_requests_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants(id) ON DELETE CASCADE
);
CREATE INDEX pairing_requests_newest ON public.pairing_requests USING btree (tenant_id, created_at DESC);
CREATE INDEX pairing_requests_of_agent ON public.pairing_requests USING btree (agent_id, created_at DESC);
CREATE UNIQUE INDEX pairing_requests_open ON public.pairing_requests USING btree (gateway_id, channel, code) WHERE (status = 'pending'::text);
alter table public.pairing_requests enable row level security;
create policy hq_delete_only on public.pairing_requests as restrictive for delete to authenticated using (false);
create policy hq_insert_only on public.pairing_requests as restrictive for insert to authenticated with check (false);
create policy hq_select on public.pairing_requests as permissive for select to authenticated using (((tenant_id = ( SELECT current_tenant_id() AS current_tenant_id)) AND (( SELECT member_role_of_caller() AS member_role_of_caller) >= 'operator'::member_role)));
create policy hq_select_only on public.pairing_requests as restrictive for select to authenticated using (((tenant_id = ( SELECT current_tenant_id() AS current_tenant_id)) AND (( SELECT member_role_of_caller() AS member_role_of_caller) >= 'operator'::member_role)));
create policy hq_service on public.pairing_requests as permissive for all to service_role using (true) with check (true);
create policy hq_update_only on public.pairing_requests as restrictive for update to authenticated using (false) with check (false);
grant select on public.pairing_requests to authenticated;
grant delete, insert, maintain, references, select, trigger, truncate, update on public.pairing_requests to service_role;
CREATE TRIGGER hq_alert_pairing_ended AFTER UPDATE OF status ON public.pairing_requests FOR EACH ROW WHEN (((old.status = 'pending'::text) AND (new.status <> 'pending'::text))) EXECUTE FUNCTION hq.alert_pairing();
CREATE TRIGGER hq_alert_pairing_made AFTER INSERT ON public.pairing_requests FOR EACH ROW EXECUTE FUNCTION hq.alert_pairing();
CREATE TRIGGER hq_refuse_foreign_rows BEFORE INSERT OR UPDATE ON public.pairing_requests FOR EACH ROW EXECUTE FUNCTION hq.refuse_foreign_rows('gateway_id', 'gateways', 'agent_id', 'agents');
CREATE TRIGGER hq_resolve_alerts_of AFTER DELETE ON public.pairing_requests FOR EACH ROW EXECUTE FUNCTION hq.resolve_alerts_of('pairing_requested');
CREATE TRIGGER hq_touch_updated_at BEFORE UPDATE ON public.pairing_requests FOR EACH ROW EXECUTE FUNCTION hq.touch_updated_at();
comment on table public.pairing_requests is 'People who wrote to an agent in a chat and wait for an operator. The code approves them, by approve_pairing.';

create table public.secrets (
  id uuid default gen_random_uuid() not null,
  created_at timestamp with time zone default now() not null,
  updated_at timestamp with time zone default now() not null,
  tenant_id uuid default hq.nil_tenant() not null,
  gateway_id uuid not null,
  agent_id uuid,
  key text not null,
  name text,
  encrypted_value text not null,
  category text default 'user'::text not null,
  note text,
  sync_status text default 'pending'::text not null,
  last_synced_at timestamp with time zone,
  sync_error text,
  revision bigint default 1 not null,
  updated_by uuid,
  value_since timestamp with time zone default now() not null,
  constraint secrets_agent_id_fkey FOREIGN KEY (agent_id) REFERENCES agents(id) ON DELETE CASCADE,
  constraint secrets_category_check CHECK ((category = ANY (ARRAY['user'::text, 'channel'::text, 'integration'::text]))),
  constraint secrets_gateway_id_fkey FOREIGN KEY (gateway_id) REFERENCES gateways(id) ON DELETE CASCADE,
  constraint secrets_pkey PRIMARY KEY (id),
  constraint secrets_sync_status_check CHECK ((sync_status = ANY (ARRAY['pending'::text, 'active'::text, 'error'::text, 'waiting'::text]))),
  constraint secrets_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants(id) ON DELETE CASCADE
);
CREATE INDEX hq_secrets_by_agent ON public.secrets USING btree (agent_id) WHERE (agent_id IS NOT NULL);
CREATE INDEX hq_secrets_by_gateway ON public.secrets USING btree (gateway_id);
CREATE UNIQUE INDEX hq_secrets_of_agent ON public.secrets USING btree (tenant_id, gateway_id, agent_id, key) WHERE (agent_id IS NOT NULL);
CREATE UNIQUE INDEX hq_secrets_of_gateway ON public.secrets USING btree (tenant_id, gateway_id, key) WHERE (agent_id IS NULL);
alter table public.secrets enable row level security;
create policy hq_delete on public.secrets as permissive for delete to authenticated using (((tenant_id = ( SELECT current_tenant_id() AS current_tenant_id)) AND (( SELECT member_role_of_caller() AS member_role_of_caller) >= 'operator'::member_role)));
create policy hq_delete_only on public.secrets as restrictive for delete to authenticated using (((tenant_id = ( SELECT current_tenant_id() AS current_tenant_id)) AND (( SELECT member_role_of_caller() AS member_role_of_caller) >= 'operator'::member_role)));
create policy hq_insert on public.secrets as permissive for insert to authenticated with check (((tenant_id = ( SELECT current_tenant_id() AS current_tenant_id)) AND (( SELECT member_role_of_caller() AS member_role_of_caller) >= 'operator'::member_role)));
create policy hq_insert_only on public.secrets as restrictive for insert to authenticated with check (((tenant_id = ( SELECT current_tenant_id() AS current_tenant_id)) AND (( SELECT member_role_of_caller() AS member_role_of_caller) >= 'operator'::member_role)));
create policy hq_select on public.secrets as permissive for select to authenticated using (((tenant_id = ( SELECT current_tenant_id() AS current_tenant_id)) AND (( SELECT member_role_of_caller() AS member_role_of_caller) >= 'viewer'::member_role)));
create policy hq_select_only on public.secrets as restrictive for select to authenticated using (((tenant_id = ( SELECT current_tenant_id() AS current_tenant_id)) AND (( SELECT member_role_of_caller() AS member_role_of_caller) >= 'viewer'::member_role)));
create policy hq_service on public.secrets as permissive for all to service_role using (true) with check (true);
create policy hq_update on public.secrets as permissive for update to authenticated using (((tenant_id = ( SELECT current_tenant_id() AS current_tenant_id)) AND (( SELECT member_role_of_caller() AS member_role_of_caller) >= 'operator'::member_role))) with check (((tenant_id = ( SELECT current_tenant_id() AS current_tenant_id)) AND (( SELECT member_role_of_caller() AS member_role_of_caller) >= 'operator'::member_role)));
create policy hq_update_only on public.secrets as restrictive for update to authenticated using (((tenant_id = ( SELECT current_tenant_id() AS current_tenant_id)) AND (( SELECT member_role_of_caller() AS member_role_of_caller) >= 'operator'::member_role))) with check (((tenant_id = ( SELECT current_tenant_id() AS current_tenant_id)) AND (( SELECT member_role_of_caller() AS member_role_of_caller) >= 'operator'::member_role)));
grant delete, insert on public.secrets to authenticated;
grant delete, insert, maintain, references, select, trigger, truncate, update on public.secrets to service_role;
grant select (agent_id, category, created_at, gateway_id, id, key, last_synced_at, name, note, revision, sync_error, sync_status, tenant_id, updated_at, updated_by, value_since) on public.secrets to authenticated;
grant update (category, encrypted_value, name, note) on public.secrets to authenticated;
CREATE TRIGGER hq_alert_secrets_changed AFTER UPDATE ON public.secrets REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION hq.alert_secrets();
CREATE TRIGGER hq_alert_secrets_deleted AFTER DELETE ON public.secrets REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION hq.alert_secrets();
CREATE TRIGGER hq_audit_secrets_changed AFTER UPDATE ON public.secrets REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION hq.audit_secrets();
CREATE TRIGGER hq_audit_secrets_deleted AFTER DELETE ON public.secrets REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION hq.audit_secrets();
CREATE TRIGGER hq_audit_secrets_made AFTER INSERT ON public.secrets REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION hq.audit_secrets();
CREATE TRIGGER hq_check_secret BEFORE INSERT OR UPDATE ON public.secrets FOR EACH ROW EXECUTE FUNCTION hq.check_secret();
CREATE TRIGGER hq_count_secrets_changed AFTER UPDATE ON public.secrets REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION hq.count_secret_changes();
CREATE TRIGGER hq_count_secrets_deleted AFTER DELETE ON public.secrets REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION hq.count_secret_changes();
CREATE TRIGGER hq_count_secrets_made AFTER INSERT ON public.secrets REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION hq.count_secret_changes();
CREATE TRIGGER hq_end_holds_changed AFTER UPDATE OF encrypted_value ON public.secrets FOR EACH ROW WHEN ((new.encrypted_value IS DISTINCT FROM old.encrypted_value)) EXECUTE FUNCTION hq.end_holds();
CREATE TRIGGER hq_end_holds_made AFTER INSERT ON public.secrets FOR EACH ROW EXECUTE FUNCTION hq.end_holds();
comment on table public.secrets is 'Encrypted credentials of a gateway, or of one agent of it. Only the service role reads the ciphertext.';
comment on column public.secrets.sync_error is 'The reason why it is not on its gateway, without the value.';
comment on column public.secrets.revision is 'Counts changes of the value and of its gateway or agent.';
comment on column public.secrets.value_since is 'Time of the last change of the value.';

create table public.task_relations (
  id uuid default gen_random_uuid() not null,
  created_at timestamp with time zone default now() not null,
  tenant_id uuid default hq.nil_tenant() not null,
  source_task_id uuid not null,
  target_task_id uuid not null,
  relation_type text not null,
  constraint task_relations_check CHECK ((source_task_id <> target_task_id)),
  constraint task_relations_pkey PRIMARY KEY (id),
  constraint task_relations_relation_type_check CHECK ((relation_type = ANY (ARRAY['blocks'::text, 'relates_to'::text, 'duplicates'::text]))),
  constraint task_relations_source_task_id_fkey FOREIGN KEY (source_task_id) REFERENCES tasks(id) ON DELETE CASCADE,
  constraint task_relations_source_task_id_target_task_id_relation_type_key UNIQUE (source_task_id, target_task_id, relation_type),
  constraint task_relations_target_task_id_fkey FOREIGN KEY (target_task_id) REFERENCES tasks(id) ON DELETE CASCADE,
  constraint task_relations_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants(id) ON DELETE CASCADE
);
CREATE INDEX task_relations_other_end ON public.task_relations USING btree (target_task_id);
alter table public.task_relations enable row level security;
create policy hq_delete on public.task_relations as permissive for delete to authenticated using (((tenant_id = ( SELECT current_tenant_id() AS current_tenant_id)) AND (( SELECT member_role_of_caller() AS member_role_of_caller) >= 'operator'::member_role)));
create policy hq_delete_only on public.task_relations as restrictive for delete to authenticated using (((tenant_id = ( SELECT current_tenant_id() AS current_tenant_id)) AND (( SELECT member_role_of_caller() AS member_role_of_caller) >= 'operator'::member_role)));
create policy hq_insert on public.task_relations as permissive for insert to authenticated with check (((tenant_id = ( SELECT current_tenant_id() AS current_tenant_id)) AND (( SELECT member_role_of_caller() AS member_role_of_caller) >= 'operator'::member_role)));
create policy hq_insert_only on public.task_relations as restrictive for insert to authenticated with check (((tenant_id = ( SELECT current_tenant_id() AS current_tenant_id)) AND (( SELECT member_role_of_caller() AS member_role_of_caller) >= 'operator'::member_role)));
create policy hq_select on public.task_relations as permissive for select to authenticated using (((tenant_id = ( SELECT current_tenant_id() AS current_tenant_id)) AND (( SELECT member_role_of_caller() AS member_role_of_caller) >= 'viewer'::member_role)));
create policy hq_select_only on public.task_relations as restrictive for select to authenticated using (((tenant_id = ( SELECT current_tenant_id() AS current_tenant_id)) AND (( SELECT member_role_of_caller() AS member_role_of_caller) >= 'viewer'::member_role)));
create policy hq_service on public.task_relations as permissive for all to service_role using (true) with check (true);
create policy hq_update_only on public.task_relations as restrictive for update to authenticated using (false) with check (false);
grant delete, insert, select on public.task_relations to authenticated;
grant delete, insert, maintain, references, select, trigger, truncate, update on public.task_relations to service_role;
CREATE TRIGGER hq_refuse_foreign_rows BEFORE INSERT OR UPDATE ON public.task_relations FOR EACH ROW EXECUTE FUNCTION hq.refuse_foreign_rows('source_task_id', 'tasks', 'target_task_id', 'tasks');
comment on table public.task_relations is 'Relations between tasks; a task waits for the tasks that block it.';

create table public.tasks (
  id uuid default gen_random_uuid() not null,
  created_at timestamp with time zone default now() not null,
  updated_at timestamp with time zone default now() not null,
  tenant_id uuid default hq.nil_tenant() not null,
  title text not null,
  description text,
  status task_status default 'todo'::task_status not null,
  priority task_priority default 'medium'::task_priority not null,
  assignee_agent_id uuid,
  due_date timestamp with time zone,
  parent_id uuid,
  stream_id uuid,
  model_override text,
  thinking_override text,
  archived_at timestamp with time zone,
  assignee_type text,
  constraint tasks_assignee_agent_id_fkey FOREIGN KEY (assignee_agent_id) REFERENCES agents(id) ON DELETE SET NULL,
  constraint tasks_assignee_type_check CHECK ((assignee_type = ANY (ARRAY['human'::text, 'agent'::text, 'system'::text]))),
  constraint tasks_parent_id_fkey FOREIGN KEY (parent_id) REFERENCES tasks(id) ON DELETE SET NULL,
  constraint tasks_pkey PRIMARY KEY (id),
  constraint tasks_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants(id) ON DELETE CASCADE
);
CREATE INDEX tasks_assignee ON public.tasks USING btree (assignee_agent_id) WHERE (archived_at IS NULL);
CREATE INDEX tasks_due ON public.tasks USING btree (tenant_id, due_date) WHERE ((due_date IS NOT NULL) AND (archived_at IS NULL) AND (status <> ALL (ARRAY['done'::task_status, 'cancelled'::task_status, 'missed'::task_status])));
CREATE INDEX tasks_newest ON public.tasks USING btree (tenant_id, created_at DESC);
alter table public.tasks enable row level security;
create policy hq_delete on public.tasks as permissive for delete to authenticated using (((tenant_id = ( SELECT current_tenant_id() AS current_tenant_id)) AND (( SELECT member_role_of_caller() AS member_role_of_caller) >= 'operator'::member_role)));
create policy hq_delete_only on public.tasks as restrictive for delete to authenticated using (((tenant_id = ( SELECT current_tenant_id() AS current_tenant_id)) AND (( SELECT member_role_of_caller() AS member_role_of_caller) >= 'operator'::member_role)));
create policy hq_insert on public.tasks as permissive for insert to authenticated with check (((tenant_id = ( SELECT current_tenant_id() AS current_tenant_id)) AND (( SELECT member_role_of_caller() AS member_role_of_caller) >= 'operator'::member_role)));
create policy hq_insert_only on public.tasks as restrictive for insert to authenticated with check (((tenant_id = ( SELECT current_tenant_id() AS current_tenant_id)) AND (( SELECT member_role_of_caller() AS member_role_of_caller) >= 'operator'::member_role)));
create policy hq_select on public.tasks as permissive for select to authenticated using (((tenant_id = ( SELECT current_tenant_id() AS current_tenant_id)) AND (( SELECT member_role_of_caller() AS member_role_of_caller) >= 'viewer'::member_role)));
create policy hq_select_only on public.tasks as restrictive for select to authenticated using (((tenant_id = ( SELECT current_tenant_id() AS current_tenant_id)) AND (( SELECT member_role_of_caller() AS member_role_of_caller) >= 'viewer'::member_role)));
create policy hq_service on public.tasks as permissive for all to service_role using (true) with check (true);
create policy hq_update on public.tasks as permissive for update to authenticated using (((tenant_id = ( SELECT current_tenant_id() AS current_tenant_id)) AND (( SELECT member_role_of_caller() AS member_role_of_caller) >= 'operator'::member_role))) with check (((tenant_id = ( SELECT current_tenant_id() AS current_tenant_id)) AND (( SELECT member_role_of_caller() AS member_role_of_caller) >= 'operator'::member_role)));
create policy hq_update_only on public.tasks as restrictive for update to authenticated using (((tenant_id = ( SELECT current_tenant_id() AS current_tenant_id)) AND (( SELECT member_role_of_caller() AS member_role_of_caller) >= 'operator'::member_role))) with check (((tenant_id = ( SELECT current_tenant_id() AS current_tenant_id)) AND (( SELECT member_role_of_caller() AS member_role_of_caller) >= 'operator'::member_role)));
grant delete, insert, select on public.tasks to authenticated;
grant delete, insert, maintain, references, select, trigger, truncate, update on public.tasks to service_role;
grant update (archived_at, assignee_agent_id, assignee_type, description, due_date, model_override, parent_id, priority, status, stream_id, thinking_override, title) on public.tasks to authenticated;
CREATE TRIGGER hq_alert_task AFTER INSERT OR UPDATE OF status, due_date, archived_at ON public.tasks FOR EACH ROW EXECUTE FUNCTION hq.alert_task();
CREATE TRIGGER hq_fire_task_events AFTER INSERT OR UPDATE OF status ON public.tasks FOR EACH ROW EXECUTE FUNCTION hq.fire_task_events();
CREATE TRIGGER hq_inbox_for_task AFTER INSERT OR UPDATE OF assignee_agent_id, status, archived_at ON public.tasks FOR EACH ROW EXECUTE FUNCTION hq.inbox_for_task();
CREATE TRIGGER hq_refuse_foreign_rows BEFORE INSERT OR UPDATE ON public.tasks FOR EACH ROW EXECUTE FUNCTION hq.refuse_foreign_rows('assignee_agent_id', 'agents', 'parent_id', 'tasks');
CREATE TRIGGER hq_resolve_alerts_of AFTER DELETE ON public.tasks FOR EACH ROW EXECUTE FUNCTION hq.resolve_alerts_of('task_blocked', 'task_overdue');
CREATE TRIGGER hq_set_assignee_type BEFORE INSERT OR UPDATE OF assignee_agent_id ON public.tasks FOR EACH ROW WHEN (true) EXECUTE FUNCTION hq.set_assignee_type();
CREATE TRIGGER hq_touch_updated_at BEFORE UPDATE ON public.tasks FOR EACH ROW EXECUTE FUNCTION hq.touch_updated_at();
comment on table public.tasks is 'Tasks of people and agents.';

create table public.tenant_members (
  tenant_id uuid default hq.nil_tenant() not null,
  user_id uuid not null,
  role member_role default 'viewer'::member_role not null,
  created_at timestamp with time zone default now() not null,
  updated_at timestamp with time zone default now() not null,
  constraint tenant_members_pkey PRIMARY KEY (tenant_id, user_id),
  constraint tenant_members_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants(id) ON DELETE CASCADE,
  constraint tenant_members_user_id_fkey FOREIGN KEY (user_id) REFERENCES auth.users(id) ON DELETE CASCADE
);
CREATE INDEX tenant_members_user ON public.tenant_members USING btree (user_id);
alter table public.tenant_members enable row level security;
create policy hq_delete on public.tenant_members as permissive for delete to authenticated using (((tenant_id = ( SELECT current_tenant_id() AS current_tenant_id)) AND (( SELECT member_role_of_caller() AS member_role_of_caller) >= 'admin'::member_role)));
create policy hq_delete_only on public.tenant_members as restrictive for delete to authenticated using (((tenant_id = ( SELECT current_tenant_id() AS current_tenant_id)) AND (( SELECT member_role_of_caller() AS member_role_of_caller) >= 'admin'::member_role)));
create policy hq_insert on public.tenant_members as permissive for insert to authenticated with check (((tenant_id = ( SELECT current_tenant_id() AS current_tenant_id)) AND (( SELECT member_role_of_caller() AS member_role_of_caller) >= 'admin'::member_role)));
create policy hq_insert_only on public.tenant_members as restrictive for insert to authenticated with check (((tenant_id = ( SELECT current_tenant_id() AS current_tenant_id)) AND (( SELECT member_role_of_caller() AS member_role_of_caller) >= 'admin'::member_role)));
create policy hq_select on public.tenant_members as permissive for select to authenticated using (((tenant_id = ( SELECT current_tenant_id() AS current_tenant_id)) AND (( SELECT member_role_of_caller() AS member_role_of_caller) >= 'viewer'::member_role)));
create policy hq_select_only on public.tenant_members as restrictive for select to authenticated using (((tenant_id = ( SELECT current_tenant_id() AS current_tenant_id)) AND (( SELECT member_role_of_caller() AS member_role_of_caller) >= 'viewer'::member_role)));
create policy hq_service on public.tenant_members as permissive for all to service_role using (true) with check (true);
create policy hq_update on public.tenant_members as permissive for update to authenticated using (((tenant_id = ( SELECT current_tenant_id() AS current_tenant_id)) AND (( SELECT member_role_of_caller() AS member_role_of_caller) >= 'admin'::member_role))) with check (((tenant_id = ( SELECT current_tenant_id() AS current_tenant_id)) AND (( SELECT member_role_of_caller() AS member_role_of_caller) >= 'admin'::member_role)));
create policy hq_update_only on public.tenant_members as restrictive for update to authenticated using (((tenant_id = ( SELECT current_tenant_id() AS current_tenant_id)) AND (( SELECT member_role_of_caller() AS member_role_of_caller) >= 'admin'::member_role))) with check (((tenant_id = ( SELECT current_tenant_id() AS current_tenant_id)) AND (( SELECT member_role_of_caller() AS member_role_of_caller) >= 'admin'::member_role)));
grant delete, insert, select on public.tenant_members to authenticated;
grant delete, insert, maintain, references, select, trigger, truncate, update on public.tenant_members to service_role;
grant update (role) on public.tenant_members to authenticated;
CREATE TRIGGER hq_audit_member AFTER INSERT OR DELETE ON public.tenant_members FOR EACH ROW EXECUTE FUNCTION hq.audit_member();
CREATE TRIGGER hq_audit_member_role AFTER UPDATE OF role ON public.tenant_members FOR EACH ROW WHEN ((new.role <> old.role)) EXECUTE FUNCTION hq.audit_member();
CREATE TRIGGER hq_check_member BEFORE INSERT OR UPDATE OF user_id, tenant_id ON public.tenant_members FOR EACH ROW EXECUTE FUNCTION hq.check_member();
CREATE TRIGGER hq_require_one_admin AFTER DELETE OR UPDATE ON public.tenant_members FOR EACH ROW WHEN ((old.role = 'admin'::member_role)) EXECUTE FUNCTION hq.require_one_admin();
CREATE TRIGGER hq_touch_updated_at BEFORE UPDATE ON public.tenant_members FOR EACH ROW EXECUTE FUNCTION hq.touch_updated_at();
comment on table public.tenant_members is 'Members of a tenant and their role. An account that is in no row reads nothing.';

create table public.tenants (
  id uuid default gen_random_uuid() not null,
  created_at timestamp with time zone default now() not null,
  updated_at timestamp with time zone default now() not null,
  name text not null,
  slug text not null,
  status text default 'active'::text not null,
  meta jsonb default '{}'::jsonb not null,
  constraint tenants_pkey PRIMARY KEY (id),
  constraint tenants_slug_key UNIQUE (slug)
);
alter table public.tenants enable row level security;
create policy hq_delete_only on public.tenants as restrictive for delete to authenticated using (false);
create policy hq_insert_only on public.tenants as restrictive for insert to authenticated with check (false);
create policy hq_select on public.tenants as permissive for select to authenticated using (((id = ( SELECT current_tenant_id() AS current_tenant_id)) AND (( SELECT member_role_of_caller() AS member_role_of_caller) >= 'viewer'::member_role)));
create policy hq_select_only on public.tenants as restrictive for select to authenticated using (((id = ( SELECT current_tenant_id() AS current_tenant_id)) AND (( SELECT member_role_of_caller() AS member_role_of_caller) >= 'viewer'::member_role)));
create policy hq_service on public.tenants as permissive for all to service_role using (true) with check (true);
create policy hq_update_only on public.tenants as restrictive for update to authenticated using (false) with check (false);
grant select on public.tenants to authenticated;
grant delete, insert, maintain, references, select, trigger, truncate, update on public.tenants to service_role;
CREATE TRIGGER hq_lock_gateways_exclusive BEFORE DELETE ON public.tenants FOR EACH STATEMENT EXECUTE FUNCTION hq.lock_gateway_deletes('alone');
CREATE TRIGGER hq_touch_updated_at BEFORE UPDATE ON public.tenants FOR EACH ROW EXECUTE FUNCTION hq.touch_updated_at();
comment on table public.tenants is 'Tenants. A self-hosted install has one, with the nil id.';

create table public.workspace (
  id uuid default gen_random_uuid() not null,
  created_at timestamp with time zone default now() not null,
  updated_at timestamp with time zone default now() not null,
  tenant_id uuid default hq.nil_tenant() not null,
  name text default 'HQ'::text not null,
  slug text,
  description text,
  initialized boolean default false not null,
  owner_name text,
  owner_preferred_name text,
  owner_timezone text,
  settings jsonb default '{}'::jsonb not null,
  default_agent_budget_usd numeric(10,2),
  default_soft_threshold_pct integer default 80 not null,
  default_hard_cutoff boolean default true not null,
  stopped_at timestamp with time zone,
  stopped_by uuid,
  constraint workspace_pkey PRIMARY KEY (id),
  constraint workspace_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants(id) ON DELETE CASCADE,
  constraint workspace_tenant_id_key UNIQUE (tenant_id)
);
alter table public.workspace enable row level security;
create policy hq_delete_only on public.workspace as restrictive for delete to authenticated using (false);
create policy hq_insert on public.workspace as permissive for insert to authenticated with check (((tenant_id = ( SELECT current_tenant_id() AS current_tenant_id)) AND (( SELECT member_role_of_caller() AS member_role_of_caller) >= 'admin'::member_role)));
create policy hq_insert_only on public.workspace as restrictive for insert to authenticated with check (((tenant_id = ( SELECT current_tenant_id() AS current_tenant_id)) AND (( SELECT member_role_of_caller() AS member_role_of_caller) >= 'admin'::member_role)));
create policy hq_select on public.workspace as permissive for select to authenticated using (((tenant_id = ( SELECT current_tenant_id() AS current_tenant_id)) AND (( SELECT member_role_of_caller() AS member_role_of_caller) >= 'viewer'::member_role)));
create policy hq_select_only on public.workspace as restrictive for select to authenticated using (((tenant_id = ( SELECT current_tenant_id() AS current_tenant_id)) AND (( SELECT member_role_of_caller() AS member_role_of_caller) >= 'viewer'::member_role)));
create policy hq_service on public.workspace as permissive for all to service_role using (true) with check (true);
create policy hq_update on public.workspace as permissive for update to authenticated using (((tenant_id = ( SELECT current_tenant_id() AS current_tenant_id)) AND (( SELECT member_role_of_caller() AS member_role_of_caller) >= 'admin'::member_role))) with check (((tenant_id = ( SELECT current_tenant_id() AS current_tenant_id)) AND (( SELECT member_role_of_caller() AS member_role_of_caller) >= 'admin'::member_role)));
create policy hq_update_only on public.workspace as restrictive for update to authenticated using (((tenant_id = ( SELECT current_tenant_id() AS current_tenant_id)) AND (( SELECT member_role_of_caller() AS member_role_of_caller) >= 'admin'::member_role))) with check (((tenant_id = ( SELECT current_tenant_id() AS current_tenant_id)) AND (( SELECT member_role_of_caller() AS member_role_of_caller) >= 'admin'::member_role)));
grant insert, select on public.workspace to authenticated;
grant delete, insert, maintain, references, select, trigger, truncate, update on public.workspace to service_role;
grant update (default_agent_budget_usd, default_hard_cutoff, default_soft_threshold_pct, description, initialized, name, owner_name, owner_preferred_name, owner_timezone, settings, slug) on public.workspace to authenticated;
CREATE TRIGGER hq_count_workspace_changed AFTER UPDATE ON public.workspace FOR EACH ROW WHEN (((((new.slug IS DISTINCT FROM old.slug) OR (new.owner_name IS DISTINCT FROM old.owner_name)) OR (new.owner_preferred_name IS DISTINCT FROM old.owner_preferred_name)) OR (new.owner_timezone IS DISTINCT FROM old.owner_timezone))) EXECUTE FUNCTION hq.count_workspace_changes();
CREATE TRIGGER hq_count_workspace_made AFTER INSERT ON public.workspace FOR EACH ROW EXECUTE FUNCTION hq.count_workspace_changes();
CREATE TRIGGER hq_dispatch_workspace_change AFTER INSERT OR UPDATE ON public.workspace FOR EACH ROW EXECUTE FUNCTION hq.dispatch_workspace_change();
CREATE TRIGGER hq_touch_updated_at BEFORE UPDATE ON public.workspace FOR EACH ROW EXECUTE FUNCTION hq.touch_updated_at();
comment on table public.workspace is 'Name and defaults of a tenant, one row each.';
comment on column public.workspace.stopped_at is 'Since when no agent of the tenant is woken.';

-- Realtime publication

alter publication supabase_realtime add table public.agent_activity;

alter publication supabase_realtime add table public.agent_command_output;

alter publication supabase_realtime add table public.agent_commands;

alter publication supabase_realtime add table public.agent_conditions;

alter publication supabase_realtime add table public.agent_inbox_items;

alter publication supabase_realtime add table public.agent_questions;

alter publication supabase_realtime add table public.agent_routines;

alter publication supabase_realtime add table public.agents;

alter publication supabase_realtime add table public.audit_log;

alter publication supabase_realtime add table public.chat_adapters;

alter publication supabase_realtime add table public.chat_channels;

alter publication supabase_realtime add table public.chat_identities;

alter publication supabase_realtime add table public.gateways;

alter publication supabase_realtime add table public.notifications;

alter publication supabase_realtime add table public.pairing_requests;

alter publication supabase_realtime add table public.secrets (agent_id, category, created_at, gateway_id, id, key, last_synced_at, name, note, revision, sync_error, sync_status, tenant_id, updated_at, updated_by, value_since);

alter publication supabase_realtime add table public.tenant_members;

alter publication supabase_realtime add table public.workspace;

-- Functions

CREATE OR REPLACE FUNCTION hq.abort_reason(p_turn hq.agent_dispatch)
 RETURNS text
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
declare
  v_agent public.agents;
  v_item public.agent_inbox_items;
begin
  select * into v_agent from public.agents a where a.id = p_turn.agent_id;
  select * into v_item from public.agent_inbox_items i where i.id = p_turn.item_id;
  return case
    when v_item.id is null or (v_item.status = 'done' and v_item.context ? 'withdrawn') then 'withdrawn'
    when exists (select from public.workspace w where w.tenant_id = v_agent.tenant_id and w.stopped_at is not null) then 'workspace_stopped'
    when v_agent.status::text in ('paused', 'hibernating') then 'agent_paused'
    when v_agent.gateway_id is distinct from p_turn.gateway_id then 'agent_moved'
    when exists (select from public.gateways g where g.id = p_turn.gateway_id and g.status::text in ('paused', 'hibernating')) then 'gateway_paused'
    else (select s.reason from hq.spending_gate(v_agent) s) end;
end
$function$;
grant execute on function hq.abort_reason(hq.agent_dispatch) to public;

CREATE OR REPLACE FUNCTION hq.account_install(p_platform text, p_install text)
 RETURNS text
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$
  select case when exists (select from hq.chat_platforms p where p.name = p_platform and p.user_scope = 'platform') then '' else p_install end
$function$;
grant execute on function hq.account_install(text,text) to public;

CREATE OR REPLACE FUNCTION hq.act_as(p_who hq.speaker)
 RETURNS void
 LANGUAGE sql
 SET search_path TO ''
AS $function$ select hq.act_as(p_who.member, p_who.tenant, p_who.ceiling, hq.chat_meta(p_who)) $function$;
grant execute on function hq.act_as(hq.speaker) to public;

CREATE OR REPLACE FUNCTION hq.act_as(p_member uuid, p_tenant uuid, p_ceiling member_role, p_chat jsonb)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  perform set_config('request.jwt.claims', jsonb_build_object('sub', p_member, 'role', 'authenticated',
    'app_metadata', jsonb_build_object('tenant_id', p_tenant))::text, true);
  perform set_config('request.jwt.claim.sub', p_member::text, true);
  perform set_config('hq.ceiling', coalesce(p_ceiling::text, ''), true);
  perform set_config('hq.chat', p_chat::text, true);
end
$function$;
grant execute on function hq.act_as(uuid,uuid,member_role,jsonb) to public;

CREATE OR REPLACE FUNCTION hq.add_enum_values(p_table regclass, p_column name, p_values text[])
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_type oid;
  v_value text;
begin
  select a.atttypid into v_type from pg_catalog.pg_attribute a
  join pg_catalog.pg_type t on t.oid = a.atttypid and t.typtype = 'e'
  where a.attrelid = p_table and a.attname = p_column;
  if v_type is null then
    return;
  end if;
  foreach v_value in array p_values loop
    execute format('alter type %s add value if not exists %L', v_type::regtype, v_value);
  end loop;
end
$function$;
grant execute on function hq.add_enum_values(regclass,name,text[]) to public;

CREATE OR REPLACE FUNCTION hq.add_inbox_item(p_agent_id uuid, p_event inbox_event_type, p_reason text, p_summary text, p_task_id uuid DEFAULT NULL::uuid, p_comment_id uuid DEFAULT NULL::uuid, p_context jsonb DEFAULT '{}'::jsonb)
 RETURNS uuid
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_agent public.agents;
  v_closed int;
  v_id uuid;
begin
  select * into v_agent from public.agents a where a.id = p_agent_id;
  if not found then
    return null;
  end if;
  -- A range, since a plan for every reason finds no prefix of LIKE in the index: "$" is the character after "#".
  perform from public.agent_inbox_items i
  where i.tenant_id = v_agent.tenant_id and i.dedup_key ~>=~ (p_reason || '#') and i.dedup_key ~<~ (p_reason || '$')
    and i.status in ('pending', 'leased') for no key update;
  select count(*) into v_closed from public.agent_inbox_items i
  where i.tenant_id = v_agent.tenant_id and i.dedup_key ~>=~ (p_reason || '#') and i.dedup_key ~<~ (p_reason || '$')
    and i.status not in ('pending', 'leased');
  insert into public.agent_inbox_items
    (tenant_id, created_at, agent_id, agent_slug, event_type, task_id, comment_id, summary, context, dedup_key)
  values (v_agent.tenant_id, clock_timestamp(), v_agent.id, v_agent.slug, p_event, p_task_id, p_comment_id, left(p_summary, 500), p_context,
    p_reason || '#' || v_closed)
  on conflict (tenant_id, dedup_key) do nothing
  returning id into v_id;
  return v_id;
end
$function$;
grant execute on function hq.add_inbox_item(uuid,inbox_event_type,text,text,uuid,uuid,jsonb) to public;

CREATE OR REPLACE FUNCTION hq.add_question(p_agent agents, p_question agent_questions)
 RETURNS agent_questions
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_row public.agent_questions;
begin
  insert into public.agent_questions (tenant_id, agent_id, kind, question, choices, free_text, task_id, item_id, host, expires_at, waits_until)
  values (p_agent.tenant_id, p_agent.id, p_question.kind, p_question.question, coalesce(p_question.choices, '{}'), coalesce(p_question.free_text, true),
    p_question.task_id, p_question.item_id, p_question.host, clock_timestamp() + interval '3 days', p_question.waits_until)
  returning * into v_row;
  perform hq.audit_agent(p_agent, 'question.asked', v_row.question,
    jsonb_build_object('actor_type', 'agent', 'actor_agent_id', p_agent.id, 'entity_type', 'agent_question', 'entity_id', v_row.id));
  return v_row;
end
$function$;
grant execute on function hq.add_question(agents,agent_questions) to public;

CREATE OR REPLACE FUNCTION hq.add_updated_at_trigger(p_table regclass)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  execute format('drop trigger if exists hq_touch_updated_at on %s', p_table);
  execute format(
    'create trigger hq_touch_updated_at before update on %s for each row execute function hq.touch_updated_at()', p_table);
end
$function$;
grant execute on function hq.add_updated_at_trigger(regclass) to public;

CREATE OR REPLACE FUNCTION hq.adopt_turns(p_gateway uuid, p_runner text, p_known uuid[], p_lease integer)
 RETURNS uuid[]
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_turn hq.agent_dispatch;
  v_token uuid;
  v_tokens uuid[] := '{}';
begin
  for v_turn in
    select * from hq.agent_dispatch d
    where d.gateway_id = p_gateway and d.token is not null and d.token <> all (p_known)
      and (d.runner_id = p_runner or d.leased_until <= clock_timestamp())
    order by d.agent_id
  loop
    continue when not hq.keep_agent(v_turn.agent_id);
    v_token := gen_random_uuid();
    update hq.agent_dispatch d
    set token = v_token, runner_id = p_runner, lease_seconds = p_lease, leased_until = clock_timestamp() + make_interval(secs => p_lease)
    where d.agent_id = v_turn.agent_id and d.token = v_turn.token;
    continue when not found;
    update public.agent_inbox_items i
    set dispatch_token = v_token, leased_until = greatest(i.leased_until, clock_timestamp() + make_interval(secs => p_lease))
    where i.id = v_turn.item_id and i.dispatch_token = v_turn.token and i.status = 'leased';
    v_tokens := v_tokens || v_token;
  end loop;
  return v_tokens;
end
$function$;
grant execute on function hq.adopt_turns(uuid,text,uuid[],integer) to public;

CREATE OR REPLACE FUNCTION hq.adopted()
 RETURNS boolean
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$ select not hq.owns_table('public.tasks') $function$;
grant execute on function hq.adopted() to public;

CREATE OR REPLACE FUNCTION hq.agent_answer(p_agent agents, p_arguments jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_row public.agent_questions;
begin
  select * into v_row from public.agent_questions q
  where q.id = hq.find_row('public.agent_questions', p_agent.tenant_id, p_arguments ->> 'question', 'question') and q.agent_id = p_agent.id
    and q.kind = 'question';
  if not found then
    raise exception 'there is no such question' using errcode = 'P0002', column = 'question';
  end if;
  if v_row.status = 'open' and not coalesce((p_arguments ->> 'stop')::boolean, false) then
    return hq.question_json(v_row);
  end if;
  update public.agent_questions q
  set waits_until = case when q.status <> 'open' then q.waits_until end, delivered_at = case when q.status <> 'open' then coalesce(q.delivered_at, clock_timestamp()) end
  where q.id = v_row.id
  returning * into v_row;
  return hq.question_json(v_row);
end
$function$;
grant execute on function hq.agent_answer(agents,jsonb) to public;

CREATE OR REPLACE FUNCTION hq.agent_ask(p_agent agents, p_arguments jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  c_open constant int := 5;
  c_an_hour constant int := 20;
  v_new public.agent_questions;
  v_row public.agent_questions;
begin
  v_new.kind := 'question';
  v_new.question := btrim(p_arguments ->> 'question');
  v_new.choices := array(select btrim(c #>> '{}') from hq.entries(p_arguments -> 'choices') c);
  v_new.free_text := coalesce((p_arguments ->> 'free_text')::boolean, true);
  v_new.waits_until := clock_timestamp() + make_interval(secs => (p_arguments ->> 'wait_seconds')::numeric + 10);
  if v_new.question = '' then
    raise exception 'a question needs text' using errcode = '22023', column = 'question';
  elsif '' = any (v_new.choices)
    or (select count(distinct lower(c)) from unnest(v_new.choices) c) < cardinality(v_new.choices) then
    raise exception 'choices must be different texts, none of them blank' using errcode = '22023', column = 'choices';
  elsif cardinality(v_new.choices) = 0 and not v_new.free_text then
    raise exception 'a question without choices needs free_text' using errcode = '22023', column = 'free_text';
  end if;
  perform hq.lock_agent(p_agent.id);
  if p_arguments ? 'task' then
    v_new.task_id := (hq.lock_task_of_agent(p_agent, p_arguments ->> 'task', 'task', false)).id;
  end if;
  -- The item is the named one, or the one that this session works on.
  if p_arguments ? 'item' then
    v_new.item_id := (hq.lock_inbox_item(p_agent, p_arguments)).id;
  else
    select i.id into v_new.item_id from public.agent_inbox_items i
    where i.agent_id = p_agent.id and i.status = 'leased' and i.lease_session = p_arguments ->> 'session_key'
    order by i.leased_at desc limit 1;
  end if;
  v_new.task_id := coalesce(v_new.task_id, (select i.task_id from public.agent_inbox_items i where i.id = v_new.item_id));
  update public.agent_questions q set waits_until = v_new.waits_until
  where q.agent_id = p_agent.id and q.status = 'open' and q.kind = 'question' and q.question = v_new.question
    and q.task_id is not distinct from v_new.task_id
  returning * into v_row;
  if found then
    return hq.question_json(v_row);
  end if;
  if c_open <= (select count(*) from public.agent_questions q where q.agent_id = p_agent.id and q.status = 'open' and q.kind = 'question') then
    raise exception '% of your questions wait for an answer already', c_open
      using errcode = '42501', column = 'question', hint = 'Wait for their answers, or decide yourself and say so in a comment.';
  end if;
  if not hq.within_rate_limit(p_agent.tenant_id, p_agent.id::text, 'questions of an agent', c_an_hour, 3600) then
    raise exception 'you asked % questions in this hour', c_an_hour
      using errcode = '42501', column = 'question', hint = 'Decide yourself and say so in a comment.';
  end if;
  return hq.question_json(hq.add_question(p_agent, v_new));
end
$function$;
grant execute on function hq.agent_ask(agents,jsonb) to public;

CREATE OR REPLACE FUNCTION hq.agent_branch(p_workspace_slug text, p_slug text)
 RETURNS text
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
 SET search_path TO ''
AS $function$ select concat_ws('/', hq.branch_part(p_workspace_slug), p_slug) $function$;
grant execute on function hq.agent_branch(text,text) to public;

CREATE OR REPLACE FUNCTION hq.agent_budget(p_agent agents, p_arguments jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_budget public.agent_budgets;
  v_reason text;
  v_until timestamptz;
  v_left numeric := hq.spending_left(p_agent);
begin
  if hq.owns_table('public.agent_budgets') then
    update public.agent_budgets b
    set current_period_start = hq.budget_month(b, clock_timestamp()), current_period_spend_usd = 0, current_period_tokens = 0
    where b.agent_id = p_agent.id and b.current_period_start < hq.budget_month(b, clock_timestamp());
  end if;
  select * into v_budget from public.agent_budgets b where b.agent_id = p_agent.id;
  v_reason := case when exists (select from public.workspace w where w.tenant_id = p_agent.tenant_id and w.stopped_at is not null)
      then 'workspace_stopped'
    when p_agent.status::text in ('paused', 'hibernating') then 'agent_paused'
    when exists (select from public.gateways g where g.id = p_agent.gateway_id and g.status::text in ('paused', 'hibernating')) then 'gateway_paused' end;
  if v_reason is null then
    select s.reason, s.until into v_reason, v_until from hq.spending_gate(p_agent) s;
  end if;
  return jsonb_build_object('allowed', v_reason is null, 'reason', v_reason, 'status', coalesce(v_budget.status::text, 'unmetered'),
    'limit_usd', v_budget.monthly_limit_usd, 'spent_usd', coalesce(v_budget.current_period_spend_usd, 0),
    'left_usd', v_left, 'dearest_call_usd', case when v_left is not null then hq.dearest_call(p_agent.id) end)
    || case when v_until is not null then jsonb_build_object('until', v_until) else '{}' end;
end
$function$;
grant execute on function hq.agent_budget(agents,jsonb) to public;

CREATE OR REPLACE FUNCTION hq.agent_by_slug(p_tenant uuid, p_slug text)
 RETURNS uuid
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
declare
  v_id uuid;
begin
  select a.id into v_id from public.agents a where a.tenant_id = p_tenant and a.slug = p_slug;
  if not found then
    raise exception 'there is no agent %', left(p_slug, 100) using errcode = 'P0002', column = 'agent';
  end if;
  return v_id;
end
$function$;
grant execute on function hq.agent_by_slug(uuid,text) to public;

CREATE OR REPLACE FUNCTION hq.agent_call_schema(p_operation text)
 RETURNS jsonb
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
 SET search_path TO ''
AS $function$
  with part (id, line, text, slug, time, count) as (values (
    '{"type": "string", "minLength": 8, "maxLength": 36}'::jsonb, '{"type": "string", "minLength": 1, "maxLength": 300}'::jsonb,
    '{"type": "string", "minLength": 1, "maxLength": 10000}'::jsonb, '{"type": "string", "minLength": 1, "maxLength": 100}'::jsonb,
    '{"type": "string", "pattern": "^\\d{4}-\\d{2}-\\d{2}(T\\d{2}:\\d{2}(:\\d{2}(\\.\\d{1,9})?)?(Z|[+-]\\d{2}:\\d{2}))?$"}'::jsonb,
    '{"type": "integer", "minimum": 0, "maximum": 1000000000}'::jsonb))
  select jsonb_build_object('type', 'object', 'additionalProperties', false, 'properties', o.properties, 'required', to_jsonb(o.required))
  from part, lateral (values
    ('inbox', jsonb_build_object(), '{}'::text[]),
    ('item', jsonb_build_object('item', id), '{item}'),
    ('take_item', jsonb_build_object('item', id, 'session_key', line, 'run_id', line), '{item}'),
    ('complete_item', jsonb_build_object('item', id, 'summary', text), '{item}'),
    ('fail_item', jsonb_build_object('item', id, 'reason', text), '{item,reason}'),
    ('release_items', jsonb_build_object(), '{}'),
    ('tasks', jsonb_build_object('status', '{"enum": ["todo", "in_progress", "blocked", "done", "cancelled", "missed"]}'::jsonb,
      'limit', '{"type": "integer", "minimum": 1, "maximum": 200}'::jsonb), '{}'),
    ('task', jsonb_build_object('task', id), '{task}'),
    ('create_task', jsonb_build_object('title', line, 'description', '{"type": "string", "maxLength": 10000}'::jsonb,
      'priority', '{"enum": ["low", "medium", "high", "urgent"]}'::jsonb, 'due', time, 'assignee', slug, 'parent', id), '{title}'),
    ('set_task_status', jsonb_build_object('task', id, 'status', '{"enum": ["todo", "in_progress", "blocked", "done", "cancelled"]}'::jsonb,
      'note', text), '{task,status}'),
    ('comment', jsonb_build_object('task', id, 'body', text, 'mentions', jsonb_build_object('type', 'array', 'maxItems', 10, 'items', slug)), '{task,body}'),
    ('submit_deliverable', jsonb_build_object('task', id, 'label', line, 'note', text,
      'url', '{"type": "string", "maxLength": 2000, "pattern": "^https?://"}'::jsonb), '{task,label}'),
    ('notify', jsonb_build_object('title', line, 'body', '{"type": "string", "maxLength": 4000}'::jsonb, 'task', id), '{title}'),
    ('ask', jsonb_build_object('question', '{"type": "string", "minLength": 1, "maxLength": 2000}'::jsonb, 'task', id, 'item', id, 'session_key', line,
      'choices', '{"type": "array", "maxItems": 6, "items": {"type": "string", "minLength": 1, "maxLength": 60}}'::jsonb, 'free_text', '{"type": "boolean"}'::jsonb,
      'wait_seconds', '{"type": "integer", "minimum": 0, "maximum": 120}'::jsonb), '{question}'),
    ('answer', jsonb_build_object('question', id, 'stop', '{"type": "boolean"}'::jsonb), '{question}'),
    ('host_refused', jsonb_build_object('port', '{"type": "integer", "minimum": 1, "maximum": 65535}'::jsonb, 'host',
      '{"type": "string", "maxLength": 253, "pattern": "^([A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?\\.)+[A-Za-z]([A-Za-z0-9-]*[A-Za-z0-9])?$"}'::jsonb),
      '{host,port}'),
    ('budget', jsonb_build_object(), '{}'),
    ('record_usage', jsonb_build_object('run_id', line, 'session_id', line, 'provider', line, 'model', line, 'occurred_at', time)
      || (select jsonb_object_agg(n, count) from unnest('{input_tokens,output_tokens,cache_read,cache_write,total_tokens}'::text[]) n)
      || (select jsonb_object_agg(n, '{"type": "number", "minimum": 0, "maximum": 99999}'::jsonb) from unnest('{cost_input_usd,cost_output_usd,
        cost_cache_read_usd,cost_cache_write_usd,cost_total_usd}'::text[]) n), '{run_id,provider,model,occurred_at}'),
    ('pairing_requested', jsonb_build_object('channel', slug, 'account', line, 'sender', line, 'sender_name', line, 'expires_at', time,
      'code', '{"type": "string", "maxLength": 100, "pattern": "^[A-Za-z0-9_][A-Za-z0-9_-]*$"}'::jsonb), '{channel,account,sender,code}')
  ) o (operation, properties, required)
  where o.operation = p_operation
$function$;
grant execute on function hq.agent_call_schema(text) to public;

CREATE OR REPLACE FUNCTION hq.agent_comment(p_agent agents, p_arguments jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_task public.tasks := hq.lock_task_of_agent(p_agent, p_arguments ->> 'task', 'task', false);
  v_mentions text[];
  v_unknown text;
  v_id uuid;
begin
  select m #>> '{}' into v_unknown from hq.entries(p_arguments -> 'mentions') m
  where not exists (select from public.agents a where a.tenant_id = p_agent.tenant_id and a.slug = m #>> '{}') limit 1;
  if found then
    raise exception 'there is no agent %', v_unknown using errcode = 'P0002', column = 'mentions';
  end if;
  select coalesce(array_agg(distinct a.slug order by a.slug), '{}') into v_mentions
  from public.agents a
  where a.tenant_id = p_agent.tenant_id and a.slug in (
    select m #>> '{}' from hq.entries(p_arguments -> 'mentions') m
    union select m[1] from regexp_matches(p_arguments ->> 'body', '@([a-z0-9]+(?:-[a-z0-9]+)*)', 'g') m);
  if cardinality(v_mentions) > 10 or not hq.within_rate_limit(p_agent.tenant_id, p_agent.id::text, 'comments of an agent', 120, 3600) then
    raise exception '%', case when cardinality(v_mentions) > 10 then 'a comment mentions at most 10 agents' else 'you wrote 120 comments in this hour' end
      using errcode = '42501', column = 'mentions';
  end if;
  v_id := hq.comment_by_agent(p_agent, v_task.id, p_arguments ->> 'body', v_mentions);
  perform hq.audit_by_agent(p_agent, 'task.commented', 'comment', v_id, v_task.title);
  return jsonb_build_object('id', v_id, 'task_id', v_task.id, 'mentions', v_mentions);
end
$function$;
grant execute on function hq.agent_comment(agents,jsonb) to public;

CREATE OR REPLACE FUNCTION hq.agent_complete_item(p_agent agents, p_arguments jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_item public.agent_inbox_items := hq.lock_inbox_item(p_agent, p_arguments);
begin
  if v_item.status::text in ('pending', 'leased') then
    update public.agent_inbox_items i
    set status = 'done', completed_at = clock_timestamp(), leased_until = null,
      context = coalesce(i.context, '{}') || jsonb_strip_nulls(jsonb_build_object('outcome', p_arguments ->> 'summary'))
    where i.id = v_item.id
    returning * into v_item;
    perform hq.audit_by_agent(p_agent, 'item.completed', 'agent_inbox_item', v_item.id, coalesce(p_arguments ->> 'summary', v_item.summary));
  elsif v_item.status::text <> 'done' then
    raise exception 'this item is % already', replace(v_item.status::text, '_', ' ') using errcode = '23505', column = 'item';
  end if;
  return hq.inbox_item_json(v_item);
end
$function$;
grant execute on function hq.agent_complete_item(agents,jsonb) to public;

CREATE OR REPLACE FUNCTION hq.agent_create_task(p_agent agents, p_arguments jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_assignee uuid := p_agent.id;
  v_parent public.tasks;
  v_task public.tasks;
begin
  if p_arguments ? 'assignee' then
    select a.id into v_assignee from public.agents a where a.tenant_id = p_agent.tenant_id and a.slug = p_arguments ->> 'assignee';
    if not found then
      raise exception 'there is no agent %', p_arguments ->> 'assignee' using errcode = 'P0002', column = 'assignee';
    elsif not hq.is_own_or_reports(p_agent, v_assignee) then
      raise exception '% does not report to you', p_arguments ->> 'assignee'
        using errcode = '42501', column = 'assignee', hint = 'Give tasks to yourself and to your reports. Mention others in a comment.';
    end if;
  end if;
  if p_arguments ? 'parent' then
    v_parent := hq.lock_task_of_agent(p_agent, p_arguments ->> 'parent', 'parent', false);
  end if;
  if not hq.within_rate_limit(p_agent.tenant_id, p_agent.id::text, 'tasks of an agent', 60, 3600) then
    raise exception 'you created 60 tasks in this hour' using errcode = '42501', column = 'title', hint = 'Do some of them first.';
  end if;
  v_task := jsonb_populate_record(null::public.tasks, hq.insert_fields('public.tasks', jsonb_build_object(
    'tenant_id', p_agent.tenant_id, 'title', p_arguments ->> 'title', 'description', p_arguments ->> 'description', 'status', 'todo',
    'priority', coalesce(p_arguments ->> 'priority', 'medium'), 'assignee_agent_id', v_assignee, 'assignee_type', 'agent',
    'due_date', case when length(p_arguments ->> 'due') = 10 then concat(p_arguments ->> 'due', ' 23:59:59 ', hq.time_zone_or_utc(
      (select w.owner_timezone from public.workspace w where w.tenant_id = p_agent.tenant_id))) else p_arguments ->> 'due' end,
    'parent_id', v_parent.id)));
  perform hq.audit_by_agent(p_agent, 'task.created', 'task', v_task.id, v_task.title);
  return hq.agent_task_json(v_task);
end
$function$;
grant execute on function hq.agent_create_task(agents,jsonb) to public;

CREATE OR REPLACE FUNCTION hq.agent_fail_item(p_agent agents, p_arguments jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_item public.agent_inbox_items := hq.lock_inbox_item(p_agent, p_arguments);
  v_attempts int := v_item.attempt_count + (v_item.status::text = 'pending')::int;
begin
  if v_item.status::text not in ('pending', 'leased') then
    raise exception 'this item is % already', replace(v_item.status::text, '_', ' ') using errcode = '23505', column = 'item';
  end if;
  update public.agent_inbox_items i
  set status = case when v_attempts >= i.max_attempts then 'dead_letter' else 'pending' end::public.inbox_item_status,
    attempt_count = v_attempts, failed_at = clock_timestamp(), leased_until = null, lease_session = null, lease_run = null,
    context = coalesce(i.context, '{}') || jsonb_build_object('last_failure', left(p_arguments ->> 'reason', 2000))
  where i.id = v_item.id
  returning * into v_item;
  perform hq.audit_by_agent(p_agent, 'item.failed', 'agent_inbox_item', v_item.id, p_arguments ->> 'reason');
  return hq.inbox_item_json(v_item);
end
$function$;
grant execute on function hq.agent_fail_item(agents,jsonb) to public;

CREATE OR REPLACE FUNCTION hq.agent_host_refused(p_agent agents, p_arguments jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  c_open constant int := 5;
  c_an_hour constant int := 10;
  v_host text := lower(p_arguments ->> 'host') || case when (p_arguments ->> 'port')::numeric::int not in (80, 443) then ':' || (p_arguments ->> 'port') else '' end;
  v_new public.agent_questions;
begin
  perform hq.lock_agent(p_agent.id);
  if exists (select from public.agent_questions q where q.agent_id = p_agent.id and q.kind = 'allow_host' and q.host = v_host
      and (q.status = 'open' or q.created_at > clock_timestamp() - interval '1 day'))
    or coalesce(p_agent.config -> 'allowed_hosts' ? v_host, false)
    or c_open <= (select count(*) from public.agent_questions q where q.agent_id = p_agent.id and q.status = 'open' and q.kind = 'allow_host')
    or not hq.within_rate_limit(p_agent.tenant_id, p_agent.id::text, 'hosts that an agent asks for', c_an_hour, 3600)
  then
    return jsonb_build_object('asked', false);
  end if;
  v_new.kind := 'allow_host';
  v_new.host := v_host;
  v_new.question := format('May %s reach %s? Whatever it can read, it can send there.', p_agent.slug, v_host);
  v_new.choices := '{allow,deny}';
  v_new.free_text := false;
  return jsonb_build_object('asked', true, 'id', (hq.add_question(p_agent, v_new)).id);
end
$function$;
grant execute on function hq.agent_host_refused(agents,jsonb) to public;

CREATE OR REPLACE FUNCTION hq.agent_inbox(p_agent agents, p_arguments jsonb)
 RETURNS jsonb
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$
  select jsonb_build_object('items', coalesce(jsonb_agg(hq.inbox_item_json(i) order by i.created_at, i.id), '[]'))
  from (select * from public.agent_inbox_items i where i.agent_id = p_agent.id and i.status in ('pending', 'leased')
    order by i.created_at, i.id limit 50) i
$function$;
grant execute on function hq.agent_inbox(agents,jsonb) to public;

CREATE OR REPLACE FUNCTION hq.agent_item(p_agent agents, p_arguments jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  return hq.whole_inbox_item(p_agent, hq.lock_inbox_item(p_agent, p_arguments));
end
$function$;
grant execute on function hq.agent_item(agents,jsonb) to public;

CREATE OR REPLACE FUNCTION hq.agent_notify(p_agent agents, p_arguments jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  c_an_hour constant int := 20;
  v_task public.tasks;
begin
  if p_arguments ? 'task' then
    v_task := hq.lock_task_of_agent(p_agent, p_arguments ->> 'task', 'task', false);
  end if;
  if not hq.within_rate_limit(p_agent.tenant_id, p_agent.id::text, 'notices of an agent', c_an_hour, 3600) then
    raise exception 'you notified the operators % times in this hour', c_an_hour
      using errcode = '42501', column = 'title', hint = 'Write the rest into a comment.';
  end if;
  perform hq.notify(jsonb_build_object('tenant_id', p_agent.tenant_id, 'type', 'agent_notice', 'severity', 'info', 'subject', 'agent:' || p_agent.id,
    'title', format('%s: %s', p_agent.slug, p_arguments ->> 'title'), 'body', p_arguments ->> 'body',
    'entity_type', case when v_task.id is null then 'agent' else 'task' end, 'entity_id', coalesce(v_task.id, p_agent.id),
    'actor_type', 'agent', 'actor_agent_id', p_agent.id,
    'meta', jsonb_build_object('agent_slug', p_agent.slug, 'gateway_id', p_agent.gateway_id)));
  perform hq.audit_by_agent(p_agent, 'operator.notified', 'agent', p_agent.id, p_arguments ->> 'title');
  return jsonb_build_object('notified', true);
end
$function$;
grant execute on function hq.agent_notify(agents,jsonb) to public;

CREATE OR REPLACE FUNCTION hq.agent_of_command(p_command agent_commands)
 RETURNS agents
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
declare
  v_slug text := coalesce(p_command.agent_slug, case when p_command.action::text = 'set_agent_model' and p_command.agent_id is null
    then p_command.payload ->> 'agent_slug' end);
  v_agent public.agents;
begin
  select * into v_agent from public.agents a
  where a.tenant_id = p_command.tenant_id and (p_command.agent_id is not null or v_slug is not null)
    and (p_command.agent_id is null or a.id = p_command.agent_id) and (v_slug is null or a.slug = v_slug);
  if not found and (p_command.agent_id is not null or v_slug !~ '^[a-z0-9]+(?:-[a-z0-9]+)*$') then
    raise exception 'there is no such agent' using errcode = 'P0002', column = 'agent', table = 'agent_commands';
  end if;
  return v_agent;
end
$function$;
grant execute on function hq.agent_of_command(agent_commands) to public;

CREATE OR REPLACE FUNCTION hq.agent_pairing_requested(p_agent agents, p_arguments jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  c_open constant int := 20;
  v_request public.pairing_requests;
begin
  select * into v_request from public.pairing_requests r
  where r.agent_id = p_agent.id and r.channel = p_arguments ->> 'channel' and r.code = p_arguments ->> 'code'
    and r.account = p_arguments ->> 'account' and r.sender = p_arguments ->> 'sender' and r.created_at > clock_timestamp() - interval '1 day';
  if found then
    return hq.pairing_json(v_request);
  end if;
  if p_agent.gateway_id is null then
    raise exception '% is on no gateway', p_agent.slug using errcode = '23505', column = 'agent';
  end if;
  perform hq.lock_agent(p_agent.id);
  update public.pairing_requests r set status = 'expired'
  where r.agent_id = p_agent.id and r.status = 'pending' and (r.expires_at <= clock_timestamp() or (r.channel = p_arguments ->> 'channel'
    and r.account = p_arguments ->> 'account' and r.sender = p_arguments ->> 'sender'));
  if c_open <= (select count(*) from public.pairing_requests r where r.agent_id = p_agent.id and r.status = 'pending') then
    raise exception '% people wait for % already', c_open, p_agent.slug
      using errcode = '23505', column = 'sender', hint = 'Approve them, or wait until their codes expire.';
  end if;
  insert into public.pairing_requests (tenant_id, gateway_id, agent_id, channel, account, sender, sender_name, code, expires_at)
  values (p_agent.tenant_id, p_agent.gateway_id, p_agent.id, p_arguments ->> 'channel', p_arguments ->> 'account', p_arguments ->> 'sender',
    p_arguments ->> 'sender_name', p_arguments ->> 'code', least(coalesce((p_arguments ->> 'expires_at')::timestamptz, 'infinity'),
      clock_timestamp() + interval '1 hour'))
  on conflict (gateway_id, channel, code) where status = 'pending' do nothing
  returning * into v_request;
  if not found then
    raise exception 'this code is in use' using errcode = '23505', column = 'code';
  end if;
  perform hq.audit_agent(p_agent, 'pairing.requested', format('%s on %s', hq.sender_label(v_request), v_request.channel),
    jsonb_build_object('actor_agent_id', p_agent.id, 'entity_type', 'pairing_request', 'entity_id', v_request.id));
  return hq.pairing_json(v_request);
end
$function$;
grant execute on function hq.agent_pairing_requested(agents,jsonb) to public;

CREATE OR REPLACE FUNCTION hq.agent_record_usage(p_agent agents, p_arguments jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_at timestamptz := p_arguments ->> 'occurred_at';
begin
  if v_at > clock_timestamp() + interval '10 minutes' then
    raise exception 'occurred_at is in the future' using errcode = '22023', column = 'occurred_at', hint = 'Check the clock of the gateway.';
  end if;
  return jsonb_build_object('recorded', hq.insert_fields('public.agent_usage', p_arguments || jsonb_build_object('tenant_id', p_agent.tenant_id,
    'agent_id', p_agent.id, 'occurred_at', v_at)) is not null);
end
$function$;
grant execute on function hq.agent_record_usage(agents,jsonb) to public;

CREATE OR REPLACE FUNCTION hq.agent_release_items(p_agent agents, p_arguments jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_released int;
begin
  update public.agent_inbox_items i
  set status = 'pending', attempt_count = greatest(i.attempt_count - 1, 0), leased_at = null, leased_until = null, lease_session = null,
    lease_run = null
  where i.agent_id = p_agent.id and i.status = 'leased' and i.leased_until > clock_timestamp()
    and not exists (select from hq.agent_dispatch d where d.agent_id = p_agent.id and d.token = i.dispatch_token);
  get diagnostics v_released = row_count;
  return jsonb_build_object('released', v_released);
end
$function$;
grant execute on function hq.agent_release_items(agents,jsonb) to public;

CREATE OR REPLACE FUNCTION hq.agent_row(p_agent agents)
 RETURNS jsonb
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$
  select hq.pick(to_jsonb(p_agent), '{id,slug,name,status,description,model,thinking,last_seen_at}') || jsonb_build_object(
    'emoji', p_agent.meta -> 'emoji', 'team', p_agent.meta -> 'team',
    'gateway', (select g.slug from public.gateways g where g.id = p_agent.gateway_id))
$function$;
grant execute on function hq.agent_row(agents) to public;

CREATE OR REPLACE FUNCTION hq.agent_set_task_status(p_agent agents, p_arguments jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_task public.tasks := hq.lock_task_of_agent(p_agent, p_arguments ->> 'task', 'task', true);
  v_before text := v_task.status::text;
begin
  if v_before <> p_arguments ->> 'status' then
    perform hq.check_agent_rate(p_agent, 'changes of status', 240, 'task');
    update public.tasks t set status = (jsonb_populate_record(t, jsonb_build_object('status', p_arguments ->> 'status'))).status
    where t.id = v_task.id
    returning * into v_task;
    if p_arguments ? 'note' then
      perform hq.check_agent_rate(p_agent, 'comments', 120, 'task');
      perform hq.comment_by_agent(p_agent, v_task.id, p_arguments ->> 'note');
    end if;
    perform hq.audit_by_agent(p_agent, 'task.status_set', 'task', v_task.id, format('%s: %s, was %s', v_task.title, v_task.status, v_before));
  end if;
  return hq.agent_task_json(v_task);
end
$function$;
grant execute on function hq.agent_set_task_status(agents,jsonb) to public;

CREATE OR REPLACE FUNCTION hq.agent_spec(p_agent agents)
 RETURNS jsonb
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$
  select jsonb_build_object(
    'id', p_agent.id, 'slug', p_agent.slug, 'branch', coalesce(p_agent.branch, hq.agent_branch(p.workspace_slug, p_agent.slug)),
    'name', left(coalesce(nullif(p_agent.name, ''), p_agent.slug), 100), 'description', left(nullif(p_agent.description, ''), 2000),
    'emoji', left(p_agent.meta ->> 'emoji', 32), 'model', left(nullif(p_agent.model, ''), 200),
    'thinking', case when p_agent.thinking in ('off', 'low', 'medium', 'high', 'xhigh') then p_agent.thinking end,
    'status', p_agent.status,
    'template', hq.branch_part(nullif(regexp_replace(p_agent.meta ->> 'template_branch', '^template/', ''), 'default')),
    'owner', jsonb_build_object(
      'name', left(coalesce(p_agent.meta #>> '{owner,name}', p.owner_name), 200),
      'preferredName', left(coalesce(p_agent.meta #>> '{owner,preferred_name}', p.owner_preferred_name), 200),
      'timezone', left(coalesce(p_agent.meta #>> '{owner,timezone}', p.owner_timezone), 100)),
    'workspaceSlug', hq.branch_part(p.workspace_slug),
    'channel', case when p.channel in ('telegram', 'discord', 'slack') then jsonb_strip_nulls(jsonb_build_object(
      'name', p.channel, 'tokens', jsonb_build_object(),
      'allowFrom', nullif(array(select h #>> '{}' from hq.entries(p_agent.meta -> 'allow_from') h
          where jsonb_typeof(h) = 'string' and length(h #>> '{}') between 1 and 100 limit 99)
        || case when p.channel = 'discord' and p_agent.meta ->> 'discord_user_id' <> ''
          then array[left(p_agent.meta ->> 'discord_user_id', 100)] else '{}' end, '{}'),
      'serverId', case when p.channel = 'discord' then left(p_agent.meta ->> 'discord_server_id', 100) end)) end,
    'allowedHosts', array(select h #>> '{}' from hq.entries(p_agent.config -> 'allowed_hosts') h
      where jsonb_typeof(h) = 'string' and length(h #>> '{}') between 1 and 255 limit 200),
    'importId', p_agent.meta ->> 'import_id', 'token', null)
  from (
    select w.owner_name, w.owner_preferred_name, w.owner_timezone, coalesce(p_agent.meta ->> 'workspace_slug', w.slug) as workspace_slug,
      coalesce(p_agent.meta #>> '{channel,name}', p_agent.meta ->> 'channel') as channel
    from (select) one left join public.workspace w on w.tenant_id = p_agent.tenant_id) p
$function$;
grant execute on function hq.agent_spec(agents) to public;

CREATE OR REPLACE FUNCTION hq.agent_submit_deliverable(p_agent agents, p_arguments jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_task public.tasks := hq.lock_task_of_agent(p_agent, p_arguments ->> 'task', 'task', true);
  v_id uuid;
begin
  perform hq.check_agent_rate(p_agent, 'deliverables', 60, 'task');
  v_id := hq.insert_fields('public.entity_links', jsonb_build_object('tenant_id', p_agent.tenant_id, 'owner_type', 'task', 'owner_id', v_task.id,
    'label', p_arguments ->> 'label', 'url', p_arguments ->> 'url', 'is_deliverable', true, 'review_status', 'in_review',
    'submitted_by_agent_id', p_agent.id)) ->> 'id';
  if p_arguments ? 'note' then
    perform hq.check_agent_rate(p_agent, 'comments', 120, 'task');
    perform hq.comment_by_agent(p_agent, v_task.id, format('%s: %s', p_arguments ->> 'label', p_arguments ->> 'note'));
  end if;
  perform hq.audit_by_agent(p_agent, 'deliverable.submitted', 'entity_link', v_id, p_arguments ->> 'label');
  return jsonb_build_object('id', v_id, 'review_status', 'in_review');
end
$function$;
grant execute on function hq.agent_submit_deliverable(agents,jsonb) to public;

CREATE OR REPLACE FUNCTION hq.agent_take_item(p_agent agents, p_arguments jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_item public.agent_inbox_items := hq.lock_inbox_item(p_agent, p_arguments);
  v_is_held boolean := v_item.status::text = 'leased' and v_item.leased_until > clock_timestamp();
  v_is_own boolean := v_is_held and v_item.lease_session is not distinct from p_arguments ->> 'session_key';
begin
  if v_item.status::text not in ('pending', 'leased') then
    raise exception 'this item is % already', replace(v_item.status::text, '_', ' ') using errcode = '23505', column = 'item';
  end if;
  if p_agent.status::text in ('paused', 'hibernating') then
    raise exception '% is %', p_agent.slug, p_agent.status using errcode = '42501', column = 'item', hint = 'Stop: an operator wants it so.';
  end if;
  if exists (select from public.workspace w where w.tenant_id = p_agent.tenant_id and w.stopped_at is not null) then
    raise exception 'all agents are stopped' using errcode = '42501', column = 'item', hint = 'Stop: an operator wants it so.';
  end if;
  if v_is_held and not v_is_own then
    raise exception 'another session of yours works on this item' using errcode = '23505', column = 'item', hint = 'Take another one.';
  end if;
  if not v_is_own and v_item.attempt_count >= v_item.max_attempts then
    update public.agent_inbox_items i set status = 'dead_letter', failed_at = clock_timestamp(), leased_until = null where i.id = v_item.id
    returning * into v_item;
    return hq.whole_inbox_item(p_agent, v_item);
  end if;
  update public.agent_inbox_items i
  set status = 'leased', leased_at = case when v_is_own then i.leased_at else clock_timestamp() end,
    leased_until = greatest(case when v_is_own then i.leased_until end, clock_timestamp() + interval '10 minutes'),
    attempt_count = i.attempt_count + (not v_is_own)::int, lease_session = p_arguments ->> 'session_key',
    lease_run = case when v_is_own then coalesce(i.lease_run, p_arguments ->> 'run_id') else p_arguments ->> 'run_id' end,
    dispatch_token = case when v_is_own then i.dispatch_token end
  where i.id = v_item.id
  returning * into v_item;
  if not v_is_own then
    perform hq.audit_by_agent(p_agent, 'item.taken', 'agent_inbox_item', v_item.id, v_item.summary);
  end if;
  return hq.whole_inbox_item(p_agent, v_item);
end
$function$;
grant execute on function hq.agent_take_item(agents,jsonb) to public;

CREATE OR REPLACE FUNCTION hq.agent_task(p_agent agents, p_arguments jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_task public.tasks := hq.lock_task_of_agent(p_agent, p_arguments ->> 'task', 'task', false);
begin
  return hq.agent_task_json(v_task) || jsonb_build_object(
    'comments', (select coalesce(jsonb_agg(jsonb_build_object('id', c.id, 'body', c.body, 'by', hq.author_of(c), 'created_at', c.created_at)
        order by c.created_at), '[]')
      from (select * from public.comments c where c.tenant_id = v_task.tenant_id and c.entity_type = 'task' and c.entity_id = v_task.id
        order by c.created_at desc limit 50) c),
    'relations', (select coalesce(jsonb_agg(jsonb_build_object('relation', r.relation, 'task', t.id, 'title', t.title, 'status', t.status)), '[]')
      from (select r.relation_type::text as relation, r.target_task_id as other from public.task_relations r where r.source_task_id = v_task.id
        union all select case r.relation_type::text when 'blocks' then 'blocked_by' else r.relation_type::text end, r.source_task_id
        from public.task_relations r where r.target_task_id = v_task.id) r join public.tasks t on t.id = r.other and t.tenant_id = v_task.tenant_id),
    'links', (select coalesce(jsonb_agg(jsonb_build_object('id', e.id, 'label', e.label, 'url', e.url, 'is_deliverable', e.is_deliverable,
        'review_status', e.review_status, 'review_note', e.review_note) order by e.created_at), '[]')
      from public.entity_links e where e.tenant_id = v_task.tenant_id and e.owner_type::text = 'task' and e.owner_id = v_task.id),
    'subtasks', (select coalesce(jsonb_agg(jsonb_build_object('id', s.id, 'title', s.title, 'status', s.status) order by s.created_at), '[]')
      from public.tasks s where s.tenant_id = v_task.tenant_id and s.parent_id = v_task.id and s.archived_at is null));
end
$function$;
grant execute on function hq.agent_task(agents,jsonb) to public;

CREATE OR REPLACE FUNCTION hq.agent_task_json(p_task tasks)
 RETURNS jsonb
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$
  select jsonb_build_object('id', p_task.id, 'title', p_task.title, 'description', p_task.description, 'status', p_task.status,
    'priority', p_task.priority, 'assignee', (select a.slug from public.agents a where a.id = p_task.assignee_agent_id),
    'due', p_task.due_date, 'parent_id', p_task.parent_id, 'created_at', p_task.created_at)
$function$;
grant execute on function hq.agent_task_json(tasks) to public;

CREATE OR REPLACE FUNCTION hq.agent_tasks(p_agent agents, p_arguments jsonb)
 RETURNS jsonb
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$
  select jsonb_build_object('tasks', coalesce(jsonb_agg(hq.agent_task_json(t) - 'description' order by t.created_at desc, t.id), '[]'))
  from (select t.* from public.tasks t
    where t.tenant_id = p_agent.tenant_id and t.archived_at is null and t.assignee_agent_id in (
        select a.id from public.agents a where a.id = p_agent.id or a.reports_to_id = p_agent.id)
      and case when p_arguments ? 'status' then t.status::text = p_arguments ->> 'status' else t.status in ('todo', 'in_progress', 'blocked') end
    order by t.created_at desc, t.id limit coalesce((p_arguments ->> 'limit')::numeric::int, 50)) t
$function$;
grant execute on function hq.agent_tasks(agents,jsonb) to public;

CREATE OR REPLACE FUNCTION hq.agent_to_provision(p_command agent_commands, p_gateway gateways)
 RETURNS agents
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_payload jsonb := p_command.payload;
  v_meta jsonb := hq.meta_to_provision(v_payload);
  v_agent public.agents;
  v_slug text;
  v_branch text;
  v_zone text := v_payload ->> 'owner_timezone';
begin
  if lower(hq.time_zone_or_utc(v_zone)) <> lower(v_zone) then
    raise exception 'there is no time zone %', left(v_zone, 100)
      using errcode = '22023', column = 'owner_timezone', table = 'agent_commands', hint = 'Name one such as Europe/Berlin.';
  end if;
  select * into v_agent from public.agents a where a.id = p_command.agent_id for no key update;
  if not found then
    v_slug := hq.slug_to_provision(p_command);
    select * into v_agent from public.agents a where a.tenant_id = p_command.tenant_id and a.slug = v_slug for no key update;
  end if;
  if v_agent.id is null then
    perform hq.check_room(p_gateway);
    insert into public.agents (tenant_id, gateway_id, slug, name, status) values (p_command.tenant_id, p_gateway.id, v_slug, v_slug, 'provisioning')
    returning * into v_agent;
  elsif v_agent.status::text not in ('provisioning', 'error') or v_agent.gateway_id <> p_gateway.id then
    raise exception 'there is an agent % already', v_agent.slug
      using errcode = '23505', column = 'slug', table = 'agent_commands', hint = 'Use another slug, or update that agent.';
  end if;
  v_branch := coalesce(v_agent.branch, hq.agent_branch(coalesce(v_payload ->> 'workspace_slug', v_agent.meta ->> 'workspace_slug',
    (select w.slug from public.workspace w where w.tenant_id = p_command.tenant_id)), v_agent.slug));
  if v_branch ~ '^(template|archive)(/|$)' then
    raise exception 'the branch % is one that HQ uses itself', v_branch
      using errcode = '22023', column = 'workspace_slug', table = 'agent_commands';
  end if;
  if exists (select from public.agents a
    where a.gateway_id = p_gateway.id and a.id <> v_agent.id and replace(a.branch, '/', '-') = replace(v_branch, '/', '-'))
  then
    raise exception 'another agent has the id % in OpenClaw', replace(v_branch, '/', '-')
      using errcode = '23505', column = 'slug', table = 'agent_commands', hint = 'Use another slug.';
  end if;
  update public.agents a
  set gateway_id = p_gateway.id, branch = v_branch, name = coalesce(nullif(v_payload ->> 'name', ''), a.name), meta = a.meta - 'error' || v_meta,
    description = coalesce(v_payload ->> 'description', a.description), model = coalesce(v_payload ->> 'model', a.model),
    thinking = coalesce(v_payload ->> 'thinking', a.thinking), status = (jsonb_populate_record(a, '{"status": "provisioning"}')).status
  where a.id = v_agent.id
  returning * into v_agent;
  return v_agent;
end
$function$;
grant execute on function hq.agent_to_provision(agent_commands,gateways) to public;

CREATE OR REPLACE FUNCTION hq.alert_agent()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
begin
  if new.status::text = 'error' then
    perform hq.notify(jsonb_build_object(
      'tenant_id', new.tenant_id, 'type', 'agent_error', 'severity', 'error', 'subject', 'agent:' || new.id,
      'dedup_key', 'agent_error:' || new.id, 'title', format('%s is in error', new.slug), 'body', left(new.meta ->> 'error', 2000),
      'entity_type', 'agent', 'entity_id', new.id, 'actor_type', 'system',
      'meta', jsonb_build_object('agent_slug', new.slug, 'gateway_id', new.gateway_id)));
  else
    perform hq.resolve_alert(new.tenant_id, 'agent_error:' || new.id);
  end if;
  return null;
end
$function$;
grant execute on function hq.alert_agent() to public;

CREATE OR REPLACE FUNCTION hq.alert_budget()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
declare
  v_slug text := (select a.slug from public.agents a where a.id = new.agent_id);
begin
  if tg_op = 'UPDATE' and old.status::text in ('warned', 'exceeded') then
    perform hq.resolve_alert(new.tenant_id, format('budget_%s:%s', old.status, new.agent_id));
  end if;
  if new.status::text in ('warned', 'exceeded') then
    perform hq.notify(jsonb_build_object(
      'tenant_id', new.tenant_id,
      'type', 'budget_' || new.status,
      'severity', case new.status::text when 'warned' then 'warning' else 'error' end,
      'subject', 'agent:' || new.agent_id,
      'dedup_key', format('budget_%s:%s', new.status, new.agent_id),
      'title', format('%s has %s its budget', v_slug, case new.status::text when 'warned' then 'nearly used' else 'used up' end),
      'body', format('%s of %s USD this month', round(new.current_period_spend_usd, 2), new.monthly_limit_usd),
      'entity_type', 'agent', 'entity_id', new.agent_id, 'actor_type', 'system'));
  end if;
  return null;
end
$function$;
grant execute on function hq.alert_budget() to public;

CREATE OR REPLACE FUNCTION hq.alert_condition()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
declare
  v_row public.agent_conditions := coalesce(new, old);
  v_type text := 'agent_' || case v_row.kind when 'refused' then 'signed_out' else v_row.kind end;
  v_agent public.agents;
begin
  if tg_op = 'DELETE' then
    if not exists (select from public.agent_conditions c
      where c.agent_id = old.agent_id and 'agent_' || case c.kind when 'refused' then 'signed_out' else c.kind end = v_type)
    then
      perform hq.resolve_alert(old.tenant_id, v_type || ':' || old.agent_id);
    end if;
    return null;
  end if;
  if hq.alert_is_open(new.tenant_id, v_type || ':' || new.agent_id) then
    return null;
  end if;
  select * into v_agent from public.agents a where a.id = new.agent_id;
  perform hq.notify(jsonb_build_object('tenant_id', new.tenant_id, 'type', v_type, 'severity', case new.kind when 'full' then 'warning' else 'error' end,
    'subject', 'agent:' || new.agent_id, 'dedup_key', v_type || ':' || new.agent_id,
    'title', format(case new.kind when 'mute' then '%s is mute' when 'full' then '%s is full' when 'stuck' then '%s is stuck' else '%s is signed out' end, v_agent.slug),
    'body', format('%s. %s', rtrim(new.reason, '.'), hq.condition_help(new, v_agent.slug)),
    'entity_type', 'agent', 'entity_id', new.agent_id, 'actor_type', 'system',
    'meta', jsonb_build_object('agent_slug', v_agent.slug, 'gateway_id', v_agent.gateway_id)));
  return null;
end
$function$;
grant execute on function hq.alert_condition() to public;

CREATE OR REPLACE FUNCTION hq.alert_dead_letter()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
begin
  if new.status = 'dead_letter' then
    perform hq.notify(jsonb_build_object('tenant_id', new.tenant_id, 'type', 'item_dead_letter', 'severity', 'error',
      'subject', 'agent:' || new.agent_id, 'dedup_key', 'item_dead_letter:' || new.id,
      'title', format('%s gave up: %s', new.agent_slug, left(coalesce(new.summary, replace(new.event_type::text, '_', ' ')), 200)),
      'body', format('%s failed. The last one: %s. Retry it with retry_item.',
        case new.attempt_count when 1 then '1 attempt' else new.attempt_count || ' attempts' end,
        rtrim(left(coalesce(new.context ->> 'last_failure', 'no reason was given'), 1500), '.')),
      'entity_type', 'agent_inbox_item', 'entity_id', new.id, 'actor_type', 'system',
      'meta', jsonb_strip_nulls(jsonb_build_object('agent_slug', new.agent_slug, 'item_id', new.id, 'about', new.task_id))));
  else
    perform hq.resolve_alert(new.tenant_id, 'item_dead_letter:' || new.id);
  end if;
  return null;
end
$function$;
grant execute on function hq.alert_dead_letter() to public;

CREATE OR REPLACE FUNCTION hq.alert_deliverable()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
begin
  if new.is_deliverable and new.review_status::text = 'in_review' then
    perform hq.notify(jsonb_build_object(
      'tenant_id', new.tenant_id, 'type', 'deliverable_submitted', 'severity', 'info', 'subject', 'entity_link:' || new.id,
      'dedup_key', 'deliverable_submitted:' || new.id,
      'title', format('to review: %s', left(coalesce(new.label, new.url, 'a deliverable'), 200)),
      'entity_type', 'entity_link', 'entity_id', new.id, 'actor_type', 'system', 'meta', jsonb_strip_nulls(jsonb_build_object(
        'about', new.owner_id, 'agent_slug', (select a.slug from public.agents a where a.id = new.submitted_by_agent_id)))));
  elsif tg_op = 'UPDATE' then
    perform hq.resolve_alert(new.tenant_id, 'deliverable_submitted:' || new.id);
  end if;
  return null;
end
$function$;
grant execute on function hq.alert_deliverable() to public;

CREATE OR REPLACE FUNCTION hq.alert_gateway_back()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
begin
  perform hq.resolve_alert(new.tenant_id, 'gateway_stale:' || new.id);
  return null;
end
$function$;
grant execute on function hq.alert_gateway_back() to public;

CREATE OR REPLACE FUNCTION hq.alert_gateway_problem()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
begin
  if new.meta ->> 'gateway_problem' is null then
    perform hq.resolve_alert(new.tenant_id, 'gateway_restarting:' || new.id);
  elsif not hq.alert_is_open(new.tenant_id, 'gateway_restarting:' || new.id) then
    perform hq.notify(jsonb_build_object(
      'tenant_id', new.tenant_id, 'type', 'gateway_restarting', 'severity', 'critical', 'subject', 'gateway:' || new.id,
      'dedup_key', 'gateway_restarting:' || new.id, 'title', format('%s keeps restarting', new.slug),
      'body', left(new.meta ->> 'gateway_problem', 2000),
      'entity_type', 'gateway', 'entity_id', new.id, 'actor_type', 'system', 'meta', jsonb_build_object('gateway_id', new.id)));
  end if;
  return null;
end
$function$;
grant execute on function hq.alert_gateway_problem() to public;

CREATE OR REPLACE FUNCTION hq.alert_is_open(p_tenant uuid, p_dedup_key text)
 RETURNS boolean
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$
  select exists (select from public.notifications n where n.tenant_id = p_tenant and n.dedup_key = p_dedup_key and n.resolved_at is null)
$function$;
grant execute on function hq.alert_is_open(uuid,text) to public;

CREATE OR REPLACE FUNCTION hq.alert_of_secrets(p_gateway uuid, p_tenant uuid, p_is_news boolean)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_alert text := 'secret_sync_failed:' || p_gateway;
  v_failing int;
  v_first record;
begin
  select count(*) into v_failing from public.secrets s where s.gateway_id = p_gateway and s.sync_status = 'error';
  if v_failing = 0 then
    perform hq.resolve_alert(p_tenant, v_alert);
  elsif p_is_news then
    select s.key, s.sync_error into v_first from public.secrets s
    where s.gateway_id = p_gateway and s.sync_status = 'error' order by s.key, s.id limit 1;
    perform hq.notify(jsonb_build_object(
      'tenant_id', p_tenant,
      'type', 'secret_sync_failed',
      'title', format('%s not on %s', case v_failing when 1 then v_first.key || ' is' else v_failing || ' secrets are' end,
        coalesce((select g.slug from public.gateways g where g.id = p_gateway), 'a gateway that is gone')),
      'body', concat(v_first.key, ': ', coalesce(v_first.sync_error, 'no reason was given')),
      'entity_type', 'gateway',
      'entity_id', p_gateway,
      'actor_type', 'system',
      'severity', 'error',
      'subject', 'gateway:' || p_gateway,
      'dedup_key', v_alert,
      'meta', jsonb_build_object('gateway_id', p_gateway, 'failing', v_failing)));
  end if;
end
$function$;
grant execute on function hq.alert_of_secrets(uuid,uuid,boolean) to public;

CREATE OR REPLACE FUNCTION hq.alert_pairing()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
declare
  v_slug text := (select a.slug from public.agents a where a.id = new.agent_id);
begin
  if tg_op = 'UPDATE' then
    perform hq.resolve_alert(new.tenant_id, 'pairing_requested:' || new.id);
    return null;
  end if;
  perform hq.notify(jsonb_build_object(
    'tenant_id', new.tenant_id, 'type', 'pairing_requested', 'severity', 'info', 'subject', 'agent:' || new.agent_id,
    'dedup_key', 'pairing_requested:' || new.id,
    'title', format('%s asks to write to %s on %s', hq.sender_label(new), v_slug, new.channel),
    'body', format('An operator may approve it until %s UTC.', to_char(new.expires_at at time zone 'UTC', 'HH24:MI')),
    'entity_type', 'pairing_request', 'entity_id', new.id, 'actor_type', 'system', 'meta', jsonb_build_object(
      'agent_slug', v_slug, 'gateway_id', new.gateway_id, 'channel', new.channel)));
  return null;
end
$function$;
grant execute on function hq.alert_pairing() to public;

CREATE OR REPLACE FUNCTION hq.alert_question()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
declare
  v_agent public.agents;
begin
  select * into v_agent from public.agents a where a.id = new.agent_id;
  if tg_op = 'UPDATE' then
    update public.notifications n
    set resolved_at = clock_timestamp(), meta = n.meta || jsonb_build_object('outcome', hq.question_outcome(new))
    where n.tenant_id = new.tenant_id and n.dedup_key = 'agent_question:' || new.id and n.resolved_at is null;
    return null;
  end if;
  perform hq.notify(jsonb_build_object(
    'tenant_id', new.tenant_id, 'type', 'agent_question', 'severity', 'warning', 'subject', 'agent:' || new.agent_id,
    'dedup_key', 'agent_question:' || new.id, 'title', case new.kind
      when 'allow_host' then format('%s wants to reach %s', v_agent.slug, new.host) else format('%s asks: %s', v_agent.slug, left(new.question, 200)) end,
    'body', case when new.kind = 'allow_host' or length(new.question) > 200 then new.question end,
    'entity_type', 'agent_question', 'entity_id', new.id, 'actor_type', 'agent', 'actor_agent_id', new.agent_id,
    'meta', jsonb_build_object('agent_slug', v_agent.slug, 'question_kind', new.kind, 'choices', new.choices, 'free_text', new.free_text)));
  return null;
end
$function$;
grant execute on function hq.alert_question() to public;

CREATE OR REPLACE FUNCTION hq.alert_secrets()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
begin
  if tg_op = 'DELETE' then
    perform hq.alert_of_secrets(g.gateway_id, g.tenant_id, false)
    from (select distinct o.gateway_id, o.tenant_id from old_rows o where o.sync_status::text = 'error') g
    where exists (select from public.tenants t where t.id = g.tenant_id);
  else
    perform hq.alert_of_secrets(g.gateway_id, g.tenant_id, g.is_news)
    from (
      select n.gateway_id, n.tenant_id, bool_or(n.sync_status::text = 'error' and o.sync_status::text <> 'error') as is_news
      from old_rows o join new_rows n on n.id = o.id
      where (n.sync_status::text = 'error') <> (o.sync_status::text = 'error')
      group by n.gateway_id, n.tenant_id
      order by n.gateway_id
    ) g;
  end if;
  return null;
end
$function$;
grant execute on function hq.alert_secrets() to public;

CREATE OR REPLACE FUNCTION hq.alert_task()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
begin
  if new.status::text = 'blocked' and (tg_op = 'INSERT' or old.status::text <> 'blocked') then
    perform hq.notify(jsonb_build_object(
      'tenant_id', new.tenant_id, 'type', 'task_blocked', 'severity', 'warning', 'subject', 'task:' || new.id,
      'dedup_key', 'task_blocked:' || new.id, 'title', format('blocked: %s', left(new.title, 200)),
      'entity_type', 'task', 'entity_id', new.id, 'actor_type', 'system', 'meta', jsonb_strip_nulls(jsonb_build_object(
        'agent_slug', (select a.slug from public.agents a where a.id = new.assignee_agent_id)))));
  end if;
  if tg_op = 'UPDATE' then
    if old.status::text = 'blocked' and new.status::text <> 'blocked' then
      perform hq.resolve_alert(new.tenant_id, 'task_blocked:' || new.id);
    end if;
    if not hq.is_overdue(new) then
      perform hq.resolve_alert(new.tenant_id, 'task_overdue:' || new.id);
    end if;
  end if;
  return null;
end
$function$;
grant execute on function hq.alert_task() to public;

CREATE OR REPLACE FUNCTION hq.alert_type_of(p_older_type text)
 RETURNS text
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
 SET search_path TO ''
AS $function$
  select case
    when p_older_type ~ '(^|_)blocked' then 'task_blocked'
    when p_older_type ~ '(^|_)overdue' then 'task_overdue'
    when p_older_type ~ 'deliverable|review' and p_older_type !~ 'reviewed|approved|rejected|revision' then 'deliverable_submitted'
    when p_older_type ~ 'budget' and p_older_type ~ 'warn|soft|threshold' then 'budget_warned'
    when p_older_type ~ 'budget' and p_older_type !~ 'reset|raised|restored' then 'budget_exceeded' end
$function$;
grant execute on function hq.alert_type_of(text) to public;

CREATE OR REPLACE FUNCTION hq.answer_cancel(p_args jsonb)
 RETURNS jsonb
 LANGUAGE sql
 SET search_path TO ''
AS $function$ select hq.request_cancel((p_args ->> 'command_id')::uuid, p_args ->> 'origin') $function$;
grant execute on function hq.answer_cancel(jsonb) to public;

CREATE OR REPLACE FUNCTION hq.answer_delete_secret(p_args jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_row public.secrets := hq.lock_secret(p_args, 'deleting a secret');
begin
  delete from public.secrets s where s.id = v_row.id;
  return hq.secret_json(v_row);
end
$function$;
grant execute on function hq.answer_delete_secret(jsonb) to public;

CREATE OR REPLACE FUNCTION hq.answer_enqueue(p_args jsonb)
 RETURNS jsonb
 LANGUAGE sql
 SET search_path TO ''
AS $function$
  select hq.insert_command(p_args ->> 'action', nullif(p_args -> 'payload', 'null'), p_args ->> 'gateway', p_args ->> 'agent',
    p_args ->> 'idempotency_key', p_args ->> 'origin')
$function$;
grant execute on function hq.answer_enqueue(jsonb) to public;

CREATE OR REPLACE FUNCTION hq.answer_issue_gateway_token(p_args jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_tenant uuid := public.current_tenant_id();
  v_minutes int := hq.int_or_null(p_args -> 'minutes');
  v_token text := encode(substring(sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())) for 24), 'hex');
  v_row public.gateway_registration_tokens;
begin
  perform hq.require_role(v_tenant, 'admin', 'registering a gateway');
  if v_minutes is null or v_minutes not between 5 and 60 then
    raise exception 'minutes must be 5 to 60' using errcode = '22023', column = 'minutes';
  end if;
  if length(p_args ->> 'label') > 100 then
    raise exception 'label must be at most 100 characters' using errcode = '22023', column = 'label';
  end if;
  insert into public.gateway_registration_tokens (tenant_id, token_hash, label, expires_at)
  values (v_tenant, hq.token_hash(v_token), nullif(p_args ->> 'label', ''), clock_timestamp() + make_interval(mins => v_minutes))
  returning * into v_row;
  perform hq.write_audit(jsonb_build_object('tenant_id', v_tenant, 'actor_user_id', auth.uid(), 'module', 'agents',
    'entity_type', 'gateway_registration_token', 'entity_id', v_row.id, 'action', 'gateway.token_issued',
    'summary', concat('a token to register ', coalesce(v_row.label, 'a gateway'))));
  return jsonb_build_object('id', v_row.id, 'token', v_token, 'expires_at', v_row.expires_at);
end
$function$;
grant execute on function hq.answer_issue_gateway_token(jsonb) to public;

CREATE OR REPLACE FUNCTION hq.answer_note_secret(p_args jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_row public.secrets := hq.lock_secret(p_args, 'noting a secret');
begin
  update public.secrets s set note = nullif(p_args ->> 'note', '') where s.id = v_row.id returning * into v_row;
  return hq.secret_json(v_row);
end
$function$;
grant execute on function hq.answer_note_secret(jsonb) to public;

CREATE OR REPLACE FUNCTION hq.answer_or_refusal(p_call text, p_args jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_state text;
  v_message text;
  v_hint text;
  v_field text;
  v_answer jsonb;
begin
  execute format('select hq.%I($1)', 'answer_' || p_call) into v_answer using p_args;
  return v_answer;
exception when sqlstate '28000' or sqlstate '42501' or sqlstate 'P0002' or sqlstate '23505' or sqlstate '22023' then
  get stacked diagnostics v_state = returned_sqlstate, v_message = message_text,
    v_hint = pg_exception_hint, v_field = column_name;
  v_answer := hq.refusal(v_state, v_message, v_hint, v_field);
  perform hq.audit_refused(coalesce(p_args ->> 'action', p_call), p_args, v_answer);
  return v_answer;
end
$function$;
grant execute on function hq.answer_or_refusal(text,jsonb) to public;

CREATE OR REPLACE FUNCTION hq.answer_set_secret(p_args jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_tenant uuid := public.current_tenant_id();
  v_key text := p_args ->> 'key';
  v_value text := p_args ->> 'value';
  v_category text := p_args ->> 'category';
  v_place record;
  v_fault text;
  v_row public.secrets;
begin
  perform set_config('hq.secret_origin', hq.origin_or_api(p_args ->> 'origin'), true);
  perform hq.require_role(v_tenant, 'operator', 'storing a secret');
  v_fault := hq.envelope_fault(v_value);
  if v_fault is not null then
    raise exception '%', v_fault
      using errcode = '22023', column = 'value', hint = 'Use hq-tui secrets set, which encrypts it first.';
  end if;
  if v_category is not null and v_category not in ('user', 'channel', 'integration') then
    raise exception 'category must be user, channel or integration' using errcode = '22023', column = 'category';
  end if;
  v_place := hq.secret_scope(v_tenant, p_args ->> 'gateway', p_args ->> 'agent');
  perform from public.gateways g where g.id = v_place.gateway for key share;
  -- At most two rounds: a row that somebody inserted meanwhile is found in the second.
  for attempt in 1 .. 2 loop
    select * into v_row from public.secrets s
    where s.tenant_id = v_tenant and s.gateway_id = v_place.gateway and s.agent_id is not distinct from v_place.agent and s.key = v_key
    for no key update;
    if found then
      v_row.encrypted_value := v_value;
      v_row.name := coalesce(p_args ->> 'name', v_row.name);
      v_row.note := coalesce(p_args ->> 'note', v_row.note);
      v_row.category := coalesce(v_category, v_row.category::text);
      update public.secrets s
      set encrypted_value = v_row.encrypted_value, name = v_row.name, note = v_row.note, category = v_row.category
      where s.id = v_row.id returning * into v_row;
      return hq.secret_json(v_row) || jsonb_build_object('created', false);
    end if;
    v_row.category := coalesce(v_category, 'user');
    insert into public.secrets (tenant_id, gateway_id, agent_id, key, name, encrypted_value, category, note)
    values (v_tenant, v_place.gateway, v_place.agent, v_key, coalesce(p_args ->> 'name', v_key), v_value, v_row.category, p_args ->> 'note')
    on conflict do nothing
    returning * into v_row;
    if found then
      return hq.secret_json(v_row) || jsonb_build_object('created', true);
    end if;
  end loop;
  raise exception 'this secret is being changed by someone else' using errcode = '23505', column = 'key', hint = 'Try again.';
end
$function$;
grant execute on function hq.answer_set_secret(jsonb) to public;

CREATE OR REPLACE FUNCTION hq.as_request(p_command agent_commands)
 RETURNS agent_commands
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  p_command := jsonb_populate_record(p_command, '{"status": "pending", "attempt": 0, "leased_at": null, "leased_until": null,
    "lease_seconds": null, "lease_token": null, "runner_id": null, "started_at": null, "completed_at": null,
    "cancel_requested_at": null, "exit_code": null, "stdout": null, "stderr": null, "error_message": null, "progress": null,
    "result": null}');
  p_command.created_at := clock_timestamp();
  p_command.updated_at := p_command.created_at;
  -- Only the database says from which chat a command came.
  p_command.meta := case when jsonb_typeof(p_command.meta) = 'object' then p_command.meta - 'chat' else '{}' end
    || jsonb_strip_nulls(jsonb_build_object('chat', hq.current_chat()));
  p_command.origin := hq.origin_or_api(p_command.origin);
  return p_command;
end
$function$;
grant execute on function hq.as_request(agent_commands) to public;

CREATE OR REPLACE FUNCTION hq.asked_in_turn(p_item_id uuid, p_since timestamp with time zone)
 RETURNS boolean
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$
  select exists (select from public.agent_questions q where q.item_id = p_item_id
    and (q.status = 'open' or (q.delivered_at >= p_since and coalesce(q.waits_until, '-infinity') < q.delivered_at)))
$function$;
grant execute on function hq.asked_in_turn(uuid,timestamp with time zone) to public;

CREATE OR REPLACE FUNCTION hq.audit_agent(p_agent agents, p_action text, p_summary text, p_line jsonb DEFAULT '{}'::jsonb)
 RETURNS void
 LANGUAGE sql
 SET search_path TO ''
AS $function$
  select hq.write_audit(jsonb_build_object('tenant_id', p_agent.tenant_id, 'module', 'agents', 'entity_type', 'agent', 'entity_id', p_agent.id,
    'action', p_action, 'summary', left(p_summary, 500), 'meta', jsonb_build_object('agent_slug', p_agent.slug, 'gateway_id', p_agent.gateway_id)) || p_line)
$function$;
grant execute on function hq.audit_agent(agents,text,text,jsonb) to public;

CREATE OR REPLACE FUNCTION hq.audit_by_agent(p_agent agents, p_action text, p_entity_type text, p_entity_id uuid, p_summary text)
 RETURNS void
 LANGUAGE sql
 SET search_path TO ''
AS $function$
  select hq.audit_agent(p_agent, p_action, p_summary,
    jsonb_build_object('actor_agent_id', p_agent.id, 'entity_type', p_entity_type, 'entity_id', p_entity_id))
$function$;
grant execute on function hq.audit_by_agent(agents,text,text,uuid,text) to public;

CREATE OR REPLACE FUNCTION hq.audit_chat(p_who hq.speaker, p_action text, p_summary text, p_entity_type text, p_entity_id uuid, p_more jsonb DEFAULT '{}'::jsonb)
 RETURNS void
 LANGUAGE sql
 SET search_path TO ''
AS $function$
  select hq.write_audit(jsonb_build_object(
    'tenant_id', p_who.tenant, 'actor_user_id', p_who.member, 'module', 'chat', 'entity_type', p_entity_type,
    'entity_id', p_entity_id, 'action', p_action, 'summary', p_summary, 'meta', hq.chat_meta(p_who) || p_more))
$function$;
grant execute on function hq.audit_chat(hq.speaker,text,text,text,uuid,jsonb) to public;

CREATE OR REPLACE FUNCTION hq.audit_chat_refusal(p_who hq.speaker, p_call text, p_refused jsonb)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  if hq.within_rate_limit(p_who.tenant, coalesce(concat_ws(':', p_who.platform, p_who.install, p_who.chat_user), ''), 'refusals', 10, 60)
    and (p_who.identity is not null or hq.within_rate_limit(p_who.tenant, '', 'refusals of strangers', 200, 60))
  then
    perform hq.audit_chat(p_who, 'chat.refused', format('%s refused: %s', p_call, p_refused ->> 'message'), 'chat_identity',
      p_who.identity, jsonb_build_object('what', p_call, 'code', p_refused ->> 'code', 'field', p_refused ->> 'field'));
  end if;
end
$function$;
grant execute on function hq.audit_chat_refusal(hq.speaker,text,jsonb) to public;

CREATE OR REPLACE FUNCTION hq.audit_command(p_command agent_commands, p_action text, p_user uuid, p_origin text)
 RETURNS void
 LANGUAGE sql
 SET search_path TO ''
AS $function$
  select hq.write_audit(jsonb_build_object(
    'tenant_id', p_command.tenant_id,
    'actor_user_id', p_user,
    'module', 'commands',
    'entity_type', 'agent_command',
    'entity_id', p_command.id,
    'action', p_action,
    'summary', concat_ws(' on ', p_command.action, nullif(concat_ws(' / ',
      (select g.slug from public.gateways g where g.id = p_command.gateway_id), p_command.agent_slug), '')),
    'meta', jsonb_build_object('command', p_command.action, 'gateway_id', p_command.gateway_id,
      'agent_slug', p_command.agent_slug, 'origin', p_origin) || jsonb_strip_nulls(jsonb_build_object('chat', hq.current_chat()))))
$function$;
grant execute on function hq.audit_command(agent_commands,text,uuid,text) to public;

CREATE OR REPLACE FUNCTION hq.audit_dispatch(p_command agent_commands, p_action text, p_type text, p_id uuid, p_summary text)
 RETURNS void
 LANGUAGE sql
 SET search_path TO ''
AS $function$
  select hq.write_audit(jsonb_build_object('tenant_id', p_command.tenant_id, 'actor_user_id', p_command.requested_by, 'module', 'agents',
    'entity_type', p_type, 'entity_id', p_id, 'action', p_action, 'summary', left(p_summary, 500),
    'meta', jsonb_build_object('origin', p_command.origin)))
$function$;
grant execute on function hq.audit_dispatch(agent_commands,text,text,uuid,text) to public;

CREATE OR REPLACE FUNCTION hq.audit_enqueued()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
begin
  perform hq.audit_command(new, 'command.enqueued', new.requested_by, new.origin);
  return null;
end
$function$;
grant execute on function hq.audit_enqueued() to public;

CREATE OR REPLACE FUNCTION hq.audit_member()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
declare
  v_member public.tenant_members := case when tg_op = 'DELETE' then old else new end;
  v_name text := coalesce((select u.email from auth.users u where u.id = v_member.user_id), v_member.user_id::text);
begin
  -- A deleted tenant deletes its members and its audit log.
  if exists (select from public.tenants t where t.id = v_member.tenant_id) then
    perform hq.write_audit(jsonb_build_object(
      'tenant_id', v_member.tenant_id,
      'actor_user_id', auth.uid(),
      'module', 'members',
      'entity_type', 'member',
      'entity_id', v_member.user_id,
      'action', case tg_op when 'INSERT' then 'member.added' when 'UPDATE' then 'member.changed' else 'member.removed' end,
      'summary', case tg_op when 'INSERT' then format('%s added as %s', v_name, new.role)
        when 'UPDATE' then format('%s made %s, was %s', v_name, new.role, old.role)
        else format('%s removed, was %s', v_name, old.role) end));
  end if;
  return null;
end
$function$;
grant execute on function hq.audit_member() to public;

CREATE OR REPLACE FUNCTION hq.audit_refused(p_what text, p_args jsonb, p_answer jsonb)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  if exists (select from public.tenants t where t.id = public.current_tenant_id()) then
    perform hq.write_audit(jsonb_build_object(
      'tenant_id', public.current_tenant_id(),
      'actor_user_id', auth.uid(),
      'module', 'commands',
      'entity_type', 'agent_command',
      'entity_id', p_args ->> 'command_id',
      'action', 'command.refused',
      'summary', format('%s refused: %s', left(p_what, 100), p_answer #>> '{refused,message}'),
      'meta', jsonb_build_object('command', left(p_what, 100), 'gateway', left(p_args ->> 'gateway', 100), 'agent', left(p_args ->> 'agent', 100),
        'origin', hq.origin_or_api(p_args ->> 'origin'), 'code', p_answer #>> '{refused,code}', 'field', p_answer #>> '{refused,field}')));
  end if;
end
$function$;
grant execute on function hq.audit_refused(text,jsonb,jsonb) to public;

CREATE OR REPLACE FUNCTION hq.audit_secret(p_action text, p_id uuid, p_tenant uuid, p_gateway uuid, p_agent uuid, p_key text, p_revision bigint, p_reason text DEFAULT NULL::text)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_agent_slug text := (select a.slug from public.agents a where a.id = p_agent);
  -- Reports of a sync come from the runner; every other change has an actor.
  v_actor uuid := case when p_action <> 'secret.sync_failed' then auth.uid() end;
begin
  -- A deleted tenant deletes its secrets and its audit log.
  if not exists (select from public.tenants t where t.id = p_tenant) then
    return;
  end if;
  perform hq.write_audit(jsonb_build_object(
    'tenant_id', p_tenant,
    'actor_user_id', v_actor,
    'module', 'secrets',
    'entity_type', 'secret',
    'entity_id', p_id,
    'action', p_action,
    'summary', format('%s on %s%s', p_key, concat_ws(' / ',
      coalesce((select g.slug from public.gateways g where g.id = p_gateway), 'a gateway that is gone'),
      case when p_agent is not null then coalesce(v_agent_slug, 'an agent that is gone') end), ': ' || p_reason),
    'meta', jsonb_build_object('key', p_key, 'gateway_id', p_gateway, 'agent_id', p_agent, 'agent_slug', v_agent_slug,
      'revision', p_revision, 'origin', hq.origin_or_api(current_setting('hq.secret_origin', true)))));
end
$function$;
grant execute on function hq.audit_secret(text,uuid,uuid,uuid,uuid,text,bigint,text) to public;

CREATE OR REPLACE FUNCTION hq.audit_secrets()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
begin
  if tg_op = 'INSERT' then
    perform hq.audit_secret('secret.created', n.id, n.tenant_id, n.gateway_id, n.agent_id, n.key, n.revision) from new_rows n;
  elsif tg_op = 'DELETE' then
    perform hq.audit_secret('secret.deleted', o.id, o.tenant_id, o.gateway_id, o.agent_id, o.key, o.revision) from old_rows o;
  elsif coalesce(current_setting('hq.rekeying', true), '') <> 'on' then
    perform hq.audit_secret(c.action, c.id, c.tenant_id, c.gateway_id, c.agent_id, c.key, c.revision, c.reason)
    from (
      select n.*, a.action, a.reason
      from old_rows o join new_rows n on n.id = o.id,
        lateral (values
          ('secret.rotated', n.encrypted_value is distinct from o.encrypted_value, null),
          ('secret.moved', (n.gateway_id, n.agent_id, n.key) is distinct from (o.gateway_id, o.agent_id, o.key), null),
          ('secret.noted', (n.note, n.name, n.category) is distinct from (o.note, o.name, o.category), null),
          ('secret.sync_failed', n.sync_status::text = 'error' and o.sync_status::text <> 'error', n.sync_error)
        ) a (action, happened, reason)
      where a.happened
    ) c;
  end if;
  return null;
end
$function$;
grant execute on function hq.audit_secrets() to public;

CREATE OR REPLACE FUNCTION hq.author_of(p_comment comments)
 RETURNS text
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$
  select coalesce((select a.slug from public.agents a where a.id = p_comment.actor_agent_id), p_comment.actor_type::text)
$function$;
grant execute on function hq.author_of(comments) to public;

CREATE OR REPLACE FUNCTION hq.awaits_answer(p_item_id uuid)
 RETURNS boolean
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$ select exists (select from public.agent_questions q where q.item_id = p_item_id and q.status = 'open') $function$;
grant execute on function hq.awaits_answer(uuid) to public;

CREATE OR REPLACE FUNCTION hq.bot_refusal()
 RETURNS jsonb
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$
  select case
    when hq.caller_role() <> 'authenticated' or auth.uid() is null then
      hq.refusal('28000', 'you are not signed in', 'Sign in as the bot and try again.', null)
    when not exists (
      select from public.chat_bots b join public.tenant_members m on m.tenant_id = b.tenant_id and m.user_id = b.user_id
      where b.user_id = auth.uid() and b.tenant_id = public.current_tenant_id()) then
      hq.refusal('42501', 'this account is no chat bot of this tenant',
        'The owner of the database makes it one: hq-db member EMAIL viewer --bot.', null)
    end
$function$;
grant execute on function hq.bot_refusal() to public;

CREATE OR REPLACE FUNCTION hq.braked_until(p_agent agents)
 RETURNS timestamp with time zone
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$
  select h.began_at + interval '1 hour' from hq.agent_hours h
  where h.agent_id = p_agent.id and h.began_at > clock_timestamp() - interval '1 hour' and h.spend_usd >= hq.hourly_limit(
    (select b from public.agent_budgets b where b.agent_id = p_agent.id),
    (select w.settings from public.workspace w where w.tenant_id = p_agent.tenant_id))
$function$;
grant execute on function hq.braked_until(agents) to public;

CREATE OR REPLACE FUNCTION hq.branch_part(p_text text)
 RETURNS text
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
 SET search_path TO ''
AS $function$
  select p_text where p_text ~ '^[a-z0-9]+(-[a-z0-9]+)*$' and length(p_text) <= 60
$function$;
grant execute on function hq.branch_part(text) to public;

CREATE OR REPLACE FUNCTION hq.budget_month(p_budget agent_budgets, p_at timestamp with time zone)
 RETURNS date
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$ select date_trunc('month', hq.local_time(p_at, p_budget.period_anchor_tz))::date $function$;
grant execute on function hq.budget_month(agent_budgets,timestamp with time zone) to public;

CREATE OR REPLACE FUNCTION hq.budget_result(p_budget agent_budgets)
 RETURNS jsonb
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$
  select jsonb_build_object('agent', (select a.slug from public.agents a where a.id = p_budget.agent_id),
    'limit_usd', p_budget.monthly_limit_usd, 'status', p_budget.status,
    'spent_usd', coalesce(p_budget.current_period_spend_usd, 0), 'hourly_limit_usd', hq.hourly_limit(p_budget,
      (select w.settings from public.workspace w where w.tenant_id = p_budget.tenant_id)))
$function$;
grant execute on function hq.budget_result(agent_budgets) to public;

CREATE OR REPLACE FUNCTION hq.budget_row(p_budget agent_budgets)
 RETURNS jsonb
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$
  select hq.budget_result(p_budget) || hq.pick(to_jsonb(p_budget), '{soft_threshold_pct,hard_cutoff,current_period_start}')
$function$;
grant execute on function hq.budget_row(agent_budgets) to public;

CREATE OR REPLACE FUNCTION hq.bump_agents_version(p_gateways uuid[])
 RETURNS void
 LANGUAGE sql
 SET search_path TO ''
AS $function$
  select from public.gateways g where g.id = any (p_gateways) order by g.id for no key update;
  update public.gateways g set agents_version = g.agents_version + 1 where g.id = any (p_gateways)
$function$;
grant execute on function hq.bump_agents_version(uuid[]) to public;

CREATE OR REPLACE FUNCTION hq.bump_dispatch_version(p_gateways uuid[])
 RETURNS void
 LANGUAGE sql
 SET search_path TO ''
AS $function$
  select from public.gateways g where g.id = any (p_gateways) order by g.id for no key update;
  update public.gateways g set dispatch_version = g.dispatch_version + 1 where g.id = any (p_gateways)
$function$;
grant execute on function hq.bump_dispatch_version(uuid[]) to public;

CREATE OR REPLACE FUNCTION hq.bump_secrets_version(p_gateways uuid[])
 RETURNS void
 LANGUAGE sql
 SET search_path TO ''
AS $function$
  -- Two statements: a single update would read the version from before the lock and wait for whoever holds it.
  select from public.gateways g where g.id = any (p_gateways) order by g.id for no key update;
  update public.gateways g set secrets_version = g.secrets_version + 1 where g.id = any (p_gateways)
$function$;
grant execute on function hq.bump_secrets_version(uuid[]) to public;

CREATE OR REPLACE FUNCTION hq.caller_role()
 RETURNS text
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$
  select coalesce(nullif(current_setting('role', true), 'none'), session_user::text)
$function$;
grant execute on function hq.caller_role() to public;

CREATE OR REPLACE FUNCTION hq.channel_json(p_channel chat_channels)
 RETURNS jsonb
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$
  select jsonb_build_object('id', p_channel.id, 'bound', true, 'ceiling', p_channel.ceiling,
    'gateway', (select g.slug from public.gateways g where g.id = p_channel.gateway_id),
    'agent', (select a.slug from public.agents a where a.id = p_channel.agent_id))
$function$;
grant execute on function hq.channel_json(chat_channels) to public;

CREATE OR REPLACE FUNCTION hq.chat_act(p_who hq.speaker, p_request jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_action hq.actions;
  v_gateway text := p_request ->> 'gateway';
  v_agent text := p_request ->> 'agent';
  v_payload jsonb := coalesce(nullif(p_request -> 'payload', 'null'), '{}');
  v_kind text;
  v_command jsonb;
  v_token text;
  v_row public.chat_confirmations;
  v_target text;
begin
  select * into v_action from hq.actions a where a.name = p_request ->> 'action';
  if found and not v_action.served then
    raise exception '% is not served here', v_action.name using errcode = '22023', column = 'action';
  end if;
  -- A channel that is bound to an agent or a gateway supplies the missing argument.
  if v_agent is null and v_action.target = 'agent' then
    select a.slug into v_agent from public.agents a where a.id = p_who.agent_id;
  end if;
  if v_gateway is null and v_action.target = 'gateway' then
    select g.slug into v_gateway from public.gateways g where g.id = p_who.gateway_id;
  end if;

  v_kind := hq.confirmation_kind(p_who.tenant, v_action);
  if v_kind = 'second' and p_who.is_direct then
    raise exception '% takes two people', v_action.name using errcode = '42501', hint = 'Ask for it in a channel, where another person can confirm it.';
  end if;
  if v_kind is null then
    return hq.insert_command(p_request ->> 'action', v_payload, v_gateway, v_agent,
        'chat:' || hq.token_hash(jsonb_build_array(p_who.platform, p_who.install, p_request ->> 'delivery')::text), p_who.platform)
      || jsonb_build_object('asked_by', hq.email_of(p_who.member));
  end if;

  v_command := hq.preview_command(p_request ->> 'action', v_payload, v_gateway, v_agent, p_who.platform);
  v_target := coalesce(v_command ->> 'agent_slug',
    (select g.slug from public.gateways g where g.id = (v_command ->> 'gateway_id')::uuid), 'the workspace');
  v_token := 'v1:' || hq.random_token(16);
  insert into public.chat_confirmations (tenant_id, identity_id, token_hash, kind, expected, platform, install, channel, action,
    payload, gateway_id, agent_id, expires_at)
  values (p_who.tenant, p_who.identity, hq.token_hash(v_token), v_kind, case v_kind when 'typed' then v_target end,
    p_who.platform, p_who.install, p_who.channel, v_action.name, v_payload, (v_command ->> 'gateway_id')::uuid,
    (v_command ->> 'agent_id')::uuid, clock_timestamp() + interval '180 seconds')
  returning * into v_row;
  return jsonb_build_object('confirm', jsonb_build_object('token', v_token, 'kind', v_kind, 'expected', v_row.expected,
    'prompt', format('%s: %s', v_action.title, v_target), 'action', v_action.name, 'danger', v_action.danger, 'target', v_target, 'asked_by', hq.email_of(p_who.member),
    'expires_at', v_row.expires_at));
end
$function$;
grant execute on function hq.chat_act(hq.speaker,jsonb) to public;

CREATE OR REPLACE FUNCTION hq.chat_bind(p_who hq.speaker, p_request jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_gateway uuid;
  v_agent public.agents;
  v_channel public.chat_channels;
begin
  perform hq.require_admin(p_who, 'bind');
  if coalesce(p_request ->> 'ceiling', '') not in ('viewer', 'operator', 'admin') then
    raise exception 'ceiling must be one of viewer, operator, admin' using errcode = '22023', column = 'ceiling';
  end if;
  v_gateway := hq.find_gateway(p_who.tenant, p_request ->> 'gateway');
  if p_request ->> 'agent' is not null then
    select * into v_agent from public.agents a where a.id = hq.agent_by_slug(p_who.tenant, p_request ->> 'agent');
  end if;
  if v_gateway <> v_agent.gateway_id then
    raise exception 'the agent % is not on that gateway', v_agent.slug using errcode = '22023', column = 'agent';
  end if;
  insert into public.chat_channels as c (tenant_id, platform, install, channel, ceiling, gateway_id, agent_id, bound_by)
  values (p_who.tenant, p_who.platform, p_who.install, p_who.channel, (p_request ->> 'ceiling')::public.member_role,
    coalesce(v_gateway, v_agent.gateway_id), v_agent.id, p_who.member)
  on conflict (tenant_id, platform, install, channel) do update
  set ceiling = excluded.ceiling, gateway_id = excluded.gateway_id, agent_id = excluded.agent_id, bound_by = excluded.bound_by
  returning * into v_channel;
  perform hq.audit_chat(p_who, 'chat.bound', format('%s channel bound: %s and below', p_who.platform, v_channel.ceiling),
    'chat_channel', v_channel.id);
  return jsonb_build_object('channel', hq.channel_json(v_channel));
end
$function$;
grant execute on function hq.chat_bind(hq.speaker,jsonb) to public;

CREATE OR REPLACE FUNCTION hq.chat_call(p_call text, p_chat jsonb, p_request jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_claims text := coalesce(current_setting('request.jwt.claims', true), '');
  v_sub text := coalesce(current_setting('request.jwt.claim.sub', true), '');
  v_tenant uuid := public.current_tenant_id();
  v_once boolean := p_call not in ('whoami', 'read', 'may', 'refuse');
  v_hash text := hq.token_hash(jsonb_build_array(case when jsonb_typeof(p_chat) = 'object' then p_chat - 'delivery' end, p_request)::text);
  v_known public.chat_deliveries;
  v_who hq.speaker;
  v_kept boolean := false;
  v_too_many boolean := false;
  v_answer jsonb := hq.refuse_unless_bot(p_call);
  v_state text;
  v_message text;
  v_hint text;
  v_field text;
begin
  if v_answer is not null then
    return v_answer;
  end if;

  begin
    perform hq.check_chat(p_chat);
  exception when sqlstate '22023' then
    get stacked diagnostics v_message = message_text, v_field = column_name;
    return hq.refusal('22023', v_message, null, v_field);
  end;

  v_who := hq.speaker_of(v_tenant, p_chat);
  if v_once then
    -- Deliveries of strangers are not stored, so that they cannot fill the table; link codes are, and counted.
    if v_who.member is not null or p_call = 'link' then
      insert into public.chat_deliveries (tenant_id, platform, install, delivery, call, request_hash)
      values (v_tenant, v_who.platform, v_who.install, p_chat ->> 'delivery', p_call, v_hash)
      on conflict do nothing;
      v_kept := found;
    end if;
    if not v_kept then
      select * into v_known from public.chat_deliveries d
      where d.tenant_id = v_tenant and d.platform = v_who.platform and d.install = v_who.install
        and d.delivery = p_chat ->> 'delivery' and d.call = p_call;
      if v_known.request_hash <> v_hash then
        return hq.refusal('23505', 'this delivery was used for something else', null, 'delivery');
      elsif v_known.request_hash is not null then
        return v_known.answer;
      end if;
    end if;
  end if;

  -- Counted and withdrawn before the block whose effects a refusal undoes: others may have read a code outside of a direct message.
  if p_call = 'link' then
    delete from public.chat_link_codes c
    where not v_who.is_direct and c.tenant_id = v_tenant and c.code_hash = hq.token_hash(trim(p_request ->> 'code'));
    v_too_many := not hq.within_rate_limit(v_tenant, concat_ws(':', v_who.platform, v_who.install, v_who.chat_user), 'link', 5, 600);
  end if;
  begin
    if v_too_many then
      raise exception 'too many codes were tried' using errcode = '42501', hint = 'Wait ten minutes.';
    end if;
    perform hq.require_speaker(v_who, p_call);
    if v_who.member is not null then
      perform hq.act_as(v_who);
    end if;
    execute format('select hq.%I($1, $2)', 'chat_' || p_call) into v_answer using v_who, p_request;
  exception when sqlstate '28000' or sqlstate '42501' or sqlstate 'P0002' or sqlstate '23505' or sqlstate '22023' then
    get stacked diagnostics v_state = returned_sqlstate, v_message = message_text,
      v_hint = pg_exception_hint, v_field = column_name;
    v_answer := hq.refusal(v_state, v_message, v_hint, v_field);
    if v_who.member is not null then
      perform hq.act_as(v_who);
    end if;
    perform hq.audit_chat_refusal(v_who, p_call, v_answer -> 'refused');
  end;
  perform set_config('request.jwt.claims', v_claims, true);
  perform set_config('request.jwt.claim.sub', v_sub, true);
  perform set_config('hq.ceiling', '', true);
  perform set_config('hq.chat', '', true);

  if v_too_many then
    delete from public.chat_deliveries d
    where d.tenant_id = v_tenant and d.platform = v_who.platform and d.install = v_who.install
      and d.delivery = p_chat ->> 'delivery' and d.call = p_call;
  elsif v_kept then
    update public.chat_deliveries d set answer = v_answer
    where d.tenant_id = v_tenant and d.platform = v_who.platform and d.install = v_who.install
      and d.delivery = p_chat ->> 'delivery' and d.call = p_call;
  end if;
  return v_answer;
end
$function$;
grant execute on function hq.chat_call(text,jsonb,jsonb) to public;

CREATE OR REPLACE FUNCTION hq.chat_cancel(p_who hq.speaker, p_request jsonb)
 RETURNS jsonb
 LANGUAGE sql
 SET search_path TO ''
AS $function$
  select a || jsonb_build_object('asked_by', hq.email_of((a #>> '{command,requested_by}')::uuid))
  from hq.request_cancel((p_request ->> 'command')::uuid, p_who.platform) a
$function$;
grant execute on function hq.chat_cancel(hq.speaker,jsonb) to public;

CREATE OR REPLACE FUNCTION hq.chat_confirm(p_who hq.speaker, p_request jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_row public.chat_confirmations := hq.find_confirmation(p_who, p_request ->> 'token');
  v_action hq.actions;
  v_asker uuid;
  v_answer jsonb;
begin
  -- A repeated press of the same button has no further effect.
  if v_row.decision = 'confirmed' and v_row.decided_by = p_who.member then
    return jsonb_build_object('command', (select to_jsonb(c) from public.agent_commands c where c.id = v_row.command_id),
      'created', false, 'decided', hq.decision_json(v_row));
  elsif v_row.decided_at is not null then
    perform hq.refuse_decided(v_row);
  end if;
  select * into v_action from hq.actions a where a.name = v_row.action;
  select i.user_id into v_asker from public.chat_identities i where i.id = v_row.identity_id and i.revoked_at is null;
  perform hq.require_role(p_who.tenant, v_action.role, v_row.action);
  if v_row.kind <> 'second' and hq.confirmation_kind(p_who.tenant, v_action) = 'second' then
    raise exception '% takes two people now', v_row.action using errcode = '42501', column = 'token', hint = 'Ask for it again, in a channel.';
  end if;
  if v_row.kind = 'second' and p_who.is_direct then
    raise exception '% takes two people', v_row.action using errcode = '42501', column = 'token', hint = 'Confirm it in the channel where it was asked.';
  end if;
  if v_row.kind = 'second' and v_asker = p_who.member then
    raise exception 'another person has to confirm this' using errcode = '42501', column = 'token',
      hint = format('Anyone here with the role %s may.', v_action.role);
  end if;
  if v_row.kind = 'typed' and trim(coalesce(p_request ->> 'typed', '')) <> v_row.expected then
    raise exception 'that is not its name' using errcode = '22023', column = 'typed', hint = format('Type %s.', v_row.expected);
  end if;
  update public.chat_confirmations c
  set decision = 'confirmed', decided_at = clock_timestamp(), decided_by = p_who.member
  where c.id = v_row.id and c.decided_at is null and c.expires_at > clock_timestamp()
  returning * into v_row;
  if not found then
    raise exception 'this question has expired' using errcode = '23505', column = 'token', hint = 'Ask for it again.';
  end if;
  -- The command runs with the requester's present rights; the person who confirmed is recorded beside it.
  perform hq.act_as(v_asker, p_who.tenant, p_who.ceiling, hq.chat_meta(p_who)
    || jsonb_build_object('identity', v_row.identity_id, 'confirmed_by', p_who.member, 'confirmed_as', p_who.identity));
  v_answer := hq.insert_command(v_row.action, v_row.payload, v_row.gateway_id::text, v_row.agent_id::text,
    'chat:confirm:' || v_row.id, p_who.platform);
  update public.chat_confirmations c set command_id = (v_answer #>> '{command,id}')::uuid where c.id = v_row.id;
  return v_answer || jsonb_build_object('decided', hq.decision_json(v_row));
end
$function$;
grant execute on function hq.chat_confirm(hq.speaker,jsonb) to public;

CREATE OR REPLACE FUNCTION hq.chat_decline(p_who hq.speaker, p_request jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_row public.chat_confirmations := hq.find_confirmation(p_who, p_request ->> 'token');
  v_action hq.actions;
begin
  select * into v_action from hq.actions a where a.name = v_row.action;
  if v_row.identity_id <> p_who.identity then
    perform hq.require_role(p_who.tenant, v_action.role, v_row.action);
  end if;
  if v_row.decision = 'confirmed' then
    perform hq.refuse_decided(v_row);
  elsif v_row.decision is null then
    update public.chat_confirmations c set decision = 'declined', decided_at = clock_timestamp(), decided_by = p_who.member
    where c.id = v_row.id returning * into v_row;
    perform hq.audit_chat(p_who, 'chat.declined', format('%s declined', v_row.action), 'chat_identity', v_row.identity_id);
  end if;
  return jsonb_build_object('declined', true,
    'prompt', format('%s: %s', v_action.title, coalesce((select a.slug from public.agents a where a.id = v_row.agent_id),
      (select g.slug from public.gateways g where g.id = v_row.gateway_id), 'the workspace')),
    'decided', hq.decision_json(v_row));
end
$function$;
grant execute on function hq.chat_decline(hq.speaker,jsonb) to public;

CREATE OR REPLACE FUNCTION hq.chat_link(p_who hq.speaker, p_request jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_code public.chat_link_codes;
  v_identity uuid;
begin
  if not p_who.is_direct then
    raise exception 'a code works in a direct message only, and this one is void now' using errcode = '42501',
      hint = 'Make a new one with `hq-tui chat code`, and send `link CODE` to the bot in a direct message.';
  end if;
  if p_who.member is not null then
    raise exception 'this account is linked to % already', hq.email_of(p_who.member) using errcode = '23505', hint = '`unlink` takes it back.';
  end if;
  delete from public.chat_link_codes c
  where c.code_hash = hq.token_hash(trim(p_request ->> 'code')) and c.tenant_id = p_who.tenant and c.expires_at > clock_timestamp()
  returning * into v_code;
  if not found then
    raise exception 'this code does not work' using errcode = '22023', column = 'code',
      hint = 'A code works once, for ten minutes. Get another one with `hq-tui chat code`.';
  end if;
  insert into public.chat_identities (tenant_id, user_id, platform, install, chat_user, last_seen_at)
  values (p_who.tenant, v_code.user_id, p_who.platform, hq.account_install(p_who.platform, p_who.install), p_who.chat_user,
    clock_timestamp())
  on conflict do nothing
  returning id into v_identity;
  if not found then
    raise exception 'this account is linked in another HQ' using errcode = '23505', hint = 'Unlink it there first.';
  end if;
  p_who.identity := v_identity;
  p_who.member := v_code.user_id;
  perform hq.act_as(p_who);
  perform hq.audit_chat(p_who, 'chat.linked', format('%s linked on %s', hq.email_of(p_who.member), p_who.platform),
    'chat_identity', v_identity);
  return jsonb_build_object('member', jsonb_build_object('email', hq.email_of(p_who.member),
    'role', (select m.role from public.tenant_members m where m.tenant_id = p_who.tenant and m.user_id = p_who.member)));
end
$function$;
grant execute on function hq.chat_link(hq.speaker,jsonb) to public;

CREATE OR REPLACE FUNCTION hq.chat_may(p_who hq.speaker, p_request jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  perform hq.require_role(p_who.tenant, 'viewer', 'reading');
  perform hq.require_role_for(p_who, p_request ->> 'for');
  return jsonb_build_object('may', true);
end
$function$;
grant execute on function hq.chat_may(hq.speaker,jsonb) to public;

CREATE OR REPLACE FUNCTION hq.chat_meta(p_who hq.speaker)
 RETURNS jsonb
 LANGUAGE sql
 IMMUTABLE
 SET search_path TO ''
AS $function$
  select jsonb_build_object('identity', p_who.identity, 'platform', p_who.platform, 'install', p_who.install,
    'user', p_who.chat_user, 'channel', p_who.channel)
    || jsonb_strip_nulls(jsonb_build_object('stranger', p_who.stranger))
$function$;
grant execute on function hq.chat_meta(hq.speaker) to public;

CREATE OR REPLACE FUNCTION hq.chat_press(p_who hq.speaker, p_request jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_row public.chat_buttons;
begin
  select * into v_row from public.chat_buttons b
  where b.token_hash = hq.token_hash(p_request ->> 'token') and b.tenant_id = p_who.tenant and b.expires_at > clock_timestamp()
  for update;
  if not found then
    raise exception 'this button is used up' using errcode = 'P0002', column = 'token', hint = 'Ask for it again.';
  end if;
  if (v_row.platform, v_row.install, v_row.channel) is distinct from (p_who.platform, p_who.install, p_who.channel) then
    raise exception 'this button belongs to another chat' using errcode = '42501', column = 'token';
  end if;
  if v_row.chat_user <> p_who.chat_user then
    raise exception 'this button is somebody else''s' using errcode = '42501', column = 'token', hint = 'Ask for it yourself.';
  end if;
  -- Names no token: its first press has put another card in the place of the button.
  if v_row.once and v_row.pressed_at is not null then
    raise exception 'this button was pressed already' using errcode = '23505', column = 'press', hint = 'Ask for it again.';
  end if;
  update public.chat_buttons b set pressed_at = clock_timestamp() where b.token_hash = v_row.token_hash;
  return jsonb_build_object('intent', v_row.intent);
end
$function$;
grant execute on function hq.chat_press(hq.speaker,jsonb) to public;

CREATE OR REPLACE FUNCTION hq.chat_read(p_who hq.speaker, p_request jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_what text := p_request ->> 'what';
  v_args jsonb := case when jsonb_typeof(p_request -> 'args') = 'object' then p_request -> 'args' else '{}' end;
  v_limit int := least(greatest(coalesce(hq.int_or_null(v_args -> 'limit'), 20), 1), 100);
  v_rows jsonb;
begin
  perform hq.require_role(p_who.tenant, 'viewer', 'reading');
  perform hq.require_role_for(p_who, v_args ->> 'for');
  if v_what is null or v_what <> all (array['fleet', 'gateways', 'agents', 'agent', 'commands', 'command', 'output', 'tasks', 'task',
    'deliverables', 'deliverable', 'inbox', 'usage', 'budgets', 'alerts', 'secrets', 'templates', 'subscriptions', 'links', 'desktop',
    'needs'])
  then
    raise exception 'there is nothing called % to read', left(v_what, 40) using errcode = '22023', column = 'what';
  end if;
  -- A gateway or agent that does not exist is refused, even where the answer would be empty.
  v_args := v_args || jsonb_build_object('gateway_id', hq.find_gateway(p_who.tenant, v_args ->> 'gateway'),
    'agent_id', case when v_args ->> 'agent' is not null then hq.agent_by_slug(p_who.tenant, v_args ->> 'agent') end);
  execute format('select coalesce(jsonb_agg(r), ''[]'') from hq.%I($1, $2, $3) r', 'read_' || v_what)
    into v_rows using p_who, v_args, v_limit;
  return jsonb_build_object('rows', v_rows);
end
$function$;
grant execute on function hq.chat_read(hq.speaker,jsonb) to public;

CREATE OR REPLACE FUNCTION hq.chat_refuse(p_who hq.speaker, p_request jsonb)
 RETURNS jsonb
 LANGUAGE sql
 SET search_path TO ''
AS $function$
  select hq.refusal('22023', 'this account is linked: there is nothing to refuse', null, 'user')
$function$;
grant execute on function hq.chat_refuse(hq.speaker,jsonb) to public;

CREATE OR REPLACE FUNCTION hq.chat_subscribe(p_who hq.speaker, p_request jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_filter jsonb := coalesce(nullif(p_request -> 'filter', 'null'), '{}');
  v_fault jsonb;
  v_row public.chat_subscriptions;
begin
  if not p_who.is_direct then
    perform hq.require_role(p_who.tenant, 'operator', 'subscribing a channel');
  end if;
  v_fault := hq.find_fault(v_filter, '{"type": "object", "additionalProperties": false, "properties": {
    "severity": {"type": "string", "enum": ["info", "warning", "error", "critical"]},
    "kinds": {"type": "array", "items": {"type": "string", "maxLength": 60}},
    "agents": {"type": "array", "items": {"type": "string", "maxLength": 60}},
    "tags": {"type": "array", "items": {"type": "string", "maxLength": 60}},
    "quiet": {"type": "object", "additionalProperties": false, "required": ["from", "to", "tz"], "properties": {
      "from": {"type": "string", "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]$"},
      "to": {"type": "string", "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]$"},
      "tz": {"type": "string", "maxLength": 60}}},
    "digest_minutes": {"type": "integer", "minimum": 0, "maximum": 1440}}}', 'filter');
  if v_fault is not null or octet_length(v_filter::text) > 8192 then
    raise exception '%', coalesce(v_fault ->> 'message', 'the filter is too long')
      using errcode = '22023', column = coalesce(v_fault ->> 'field', 'filter');
  end if;
  if v_filter #>> '{quiet,tz}' is not null and lower(hq.time_zone_or_utc(v_filter #>> '{quiet,tz}')) <> lower(v_filter #>> '{quiet,tz}') then
    raise exception 'the time zone of the quiet hours is unknown'
      using errcode = '22023', column = 'filter.quiet.tz', hint = 'It looks like Europe/Berlin.';
  end if;
  insert into public.chat_subscriptions as s (tenant_id, platform, install, channel, thread, kind, identity_id, channel_id, filter, cursor)
  values (p_who.tenant, p_who.platform, p_who.install, p_who.channel, p_who.thread,
    case when p_who.is_direct then 'direct' else 'group' end, case when p_who.is_direct then p_who.identity end, p_who.channel_id,
    v_filter, to_char(clock_timestamp() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'))
  on conflict (tenant_id, platform, install, channel) do update
  set filter = excluded.filter, thread = excluded.thread, kind = excluded.kind, identity_id = excluded.identity_id,
    channel_id = excluded.channel_id, disabled_at = null, disabled_reason = null,
    cursor = case when s.disabled_at is null then s.cursor else excluded.cursor end
  returning * into v_row;
  return jsonb_build_object('subscription', to_jsonb(v_row) - 'tenant_id');
end
$function$;
grant execute on function hq.chat_subscribe(hq.speaker,jsonb) to public;

CREATE OR REPLACE FUNCTION hq.chat_unbind(p_who hq.speaker, p_request jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  perform hq.require_admin(p_who, 'unbind');
  delete from public.chat_channels c where c.id = p_who.channel_id;
  perform hq.audit_chat(p_who, 'chat.unbound', format('%s channel unbound', p_who.platform), 'chat_channel', p_who.channel_id);
  return jsonb_build_object('channel', jsonb_build_object('bound', false, 'ceiling', null, 'gateway', null, 'agent', null));
end
$function$;
grant execute on function hq.chat_unbind(hq.speaker,jsonb) to public;

CREATE OR REPLACE FUNCTION hq.chat_unlink(p_who hq.speaker, p_request jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  update public.chat_identities i set revoked_at = clock_timestamp(), revoked_by = p_who.member where i.id = p_who.identity;
  perform hq.audit_chat(p_who, 'chat.unlinked', format('%s unlinked on %s', hq.email_of(p_who.member), p_who.platform),
    'chat_identity', p_who.identity);
  return jsonb_build_object('member', jsonb_build_object('email', hq.email_of(p_who.member), 'role', p_who.member_role));
end
$function$;
grant execute on function hq.chat_unlink(hq.speaker,jsonb) to public;

CREATE OR REPLACE FUNCTION hq.chat_unsubscribe(p_who hq.speaker, p_request jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_row public.chat_subscriptions;
begin
  if not p_who.is_direct then
    perform hq.require_role(p_who.tenant, 'operator', 'unsubscribing a channel');
  end if;
  delete from public.chat_subscriptions s
  where s.tenant_id = p_who.tenant and s.platform = p_who.platform and s.install = p_who.install and s.channel = p_who.channel
  returning * into v_row;
  if not found then
    raise exception 'nothing is subscribed here' using errcode = 'P0002';
  end if;
  return jsonb_build_object('subscription', to_jsonb(v_row) - 'tenant_id');
end
$function$;
grant execute on function hq.chat_unsubscribe(hq.speaker,jsonb) to public;

CREATE OR REPLACE FUNCTION hq.chat_whoami(p_who hq.speaker, p_request jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_role public.member_role := hq.effective_role(p_who);
begin
  update public.chat_identities i set last_seen_at = clock_timestamp()
  where i.id = p_who.identity and coalesce(i.last_seen_at, '-infinity') < clock_timestamp() - interval '1 minute';
  return jsonb_build_object(
    'linked', p_who.member is not null,
    'identity', p_who.identity,
    'member', case when p_who.member is not null
      then jsonb_build_object('email', hq.email_of(p_who.member), 'role', p_who.member_role) end,
    'channel', case
      when p_who.is_direct then jsonb_build_object('bound', true, 'ceiling', null, 'gateway', null, 'agent', null)
      when p_who.member is null or p_who.channel_id is null
        then jsonb_build_object('bound', p_who.channel_id is not null, 'ceiling', null, 'gateway', null, 'agent', null)
      else (select hq.channel_json(c) from public.chat_channels c where c.id = p_who.channel_id) end,
    'role', v_role,
    'actions', coalesce((select jsonb_agg(a.name order by a.name) from hq.actions a
      where a.served and a.role <= v_role), '[]'),
    'tenant', case when p_who.member is not null then (select t.name from public.tenants t where t.id = p_who.tenant) end);
end
$function$;
grant execute on function hq.chat_whoami(hq.speaker,jsonb) to public;

CREATE OR REPLACE FUNCTION hq.check_agent()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
begin
  -- An upsert of an existing agent comes as an insert first.
  if (case tg_op when 'INSERT' then not exists (select from public.agents a where a.tenant_id = new.tenant_id and a.slug = new.slug)
    else new.slug is distinct from old.slug end)
  then
    if not coalesce(hq.is_agent_slug(new.slug), false) then
      raise exception 'slug must be 2 to 40 lower-case letters, digits and single dashes, and no reserved word'
        using errcode = '22023', column = 'slug', table = 'agents';
    end if;
  end if;
  if new.gateway_id is not null and not exists (
    select from public.gateways g where g.id = new.gateway_id and g.tenant_id = new.tenant_id
  ) then
    raise exception 'no such gateway' using errcode = 'P0002', column = 'gateway_id', table = 'agents';
  end if;
  if new.reports_to_id is not null and not exists (
    select from public.agents a where a.id = new.reports_to_id and a.tenant_id = new.tenant_id
  ) then
    raise exception 'no such agent' using errcode = 'P0002', column = 'reports_to_id', table = 'agents';
  end if;
  return new;
end
$function$;
grant execute on function hq.check_agent() to public;

CREATE OR REPLACE FUNCTION hq.check_agent_rate(p_agent agents, p_what text, p_limit integer, p_column text)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  if not hq.within_rate_limit(p_agent.tenant_id, p_agent.id::text, p_what || ' of an agent', p_limit, 3600) then
    raise exception 'you made % % in this hour', p_limit, p_what using errcode = '42501', column = p_column, hint = 'Go on in the next hour.';
  end if;
end
$function$;
grant execute on function hq.check_agent_rate(agents,text,integer,text) to public;

CREATE OR REPLACE FUNCTION hq.check_chat(p_chat jsonb)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_field text;
begin
  foreach v_field in array array['platform', 'install', 'user', 'channel', 'kind', 'delivery'] loop
    if jsonb_typeof(p_chat -> v_field) is distinct from 'string' or length(p_chat ->> v_field) not between 1 and 200 then
      raise exception 'chat.% must be a text of 1 to 200 characters', v_field using errcode = '22023', column = v_field;
    end if;
  end loop;
  if p_chat -> 'thread' is not null and p_chat -> 'thread' <> 'null'
    and (jsonb_typeof(p_chat -> 'thread') <> 'string' or length(p_chat ->> 'thread') > 200)
  then
    raise exception 'chat.thread must be a text of at most 200 characters' using errcode = '22023', column = 'thread';
  end if;
  if not exists (select from hq.chat_platforms p where p.name = p_chat ->> 'platform') then
    raise exception 'chat.platform must be one of %', (select string_agg(p.name, ', ' order by p.name) from hq.chat_platforms p)
      using errcode = '22023', column = 'platform';
  end if;
  if p_chat ->> 'kind' not in ('direct', 'group') then
    raise exception 'chat.kind must be one of direct, group' using errcode = '22023', column = 'kind';
  end if;
  if p_chat ->> 'stranger' not in ('bot', 'anonymous', 'outsider') then
    raise exception 'chat.stranger must be one of bot, anonymous, outsider' using errcode = '22023', column = 'stranger';
  end if;
end
$function$;
grant execute on function hq.check_chat(jsonb) to public;

CREATE OR REPLACE FUNCTION hq.check_command_change()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
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
        using errcode = '55000', hint = 'A finished command never changes. Send a new one.';
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
      raise exception 'only the queue issues lease tokens' using errcode = '55000';
    end if;
  end if;
  if new.status in ('done', 'failed', 'cancelled') and new.completed_at is null then
    new.completed_at := clock_timestamp();
  end if;
  return new;
end
$function$;
grant execute on function hq.check_command_change() to public;

CREATE OR REPLACE FUNCTION hq.check_definer_write()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
declare
  v_tenant uuid;
begin
  if tg_op = 'DELETE' then
    v_tenant := to_jsonb(old) ->> 'tenant_id';
  else
    v_tenant := to_jsonb(new) ->> 'tenant_id';
  end if;
  perform hq.require_role(coalesce(v_tenant, public.current_tenant_id()), tg_argv[0]::public.member_role, 'changing ' || tg_table_name);
  if tg_op = 'DELETE' then
    return old;
  end if;
  return new;
end
$function$;
grant execute on function hq.check_definer_write() to public;

CREATE OR REPLACE FUNCTION hq.check_member()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
begin
  if hq.caller_role() = 'authenticated' and not exists (
    select from auth.users u
    where u.id = new.user_id and coalesce(u.raw_app_meta_data ->> 'tenant_id', hq.nil_tenant()::text) = new.tenant_id::text)
  then
    raise exception 'there is no such account' using errcode = 'P0002', column = 'user_id', table = 'tenant_members';
  end if;
  return new;
end
$function$;
grant execute on function hq.check_member() to public;

CREATE OR REPLACE FUNCTION hq.check_room(p_gateway gateways)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_most int := coalesce(hq.int_or_null(p_gateway.meta -> 'max_agents'), 20);
begin
  -- One after the other: requests at once would not count each other.
  perform pg_advisory_xact_lock(hashtextextended('hq.agents ' || p_gateway.id, 0));
  if v_most <= (select count(*) from public.agents a where a.gateway_id = p_gateway.id) then
    raise exception '% has % agents already', p_gateway.slug, v_most
      using errcode = '23505', column = 'gateway', table = 'agent_commands',
        hint = 'Provision it on another gateway, or run `remove` for an agent that is no longer needed.';
  end if;
end
$function$;
grant execute on function hq.check_room(gateways) to public;

CREATE OR REPLACE FUNCTION hq.check_secret()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
declare
  v_is_member boolean := hq.caller_role() in ('authenticated', 'anon');
  -- Re-keying encrypts the same value under another key.
  v_rekeying boolean := coalesce(current_setting('hq.rekeying', true), '') = 'on';
  v_new_value boolean := true;
  v_moved boolean := true;
  v_described boolean := true;
  v_fault text;
begin
  if tg_op = 'UPDATE' then
    v_new_value := new.encrypted_value is distinct from old.encrypted_value and not v_rekeying;
    v_moved := (new.tenant_id, new.gateway_id, new.agent_id, new.key)
      is distinct from (old.tenant_id, old.gateway_id, old.agent_id, old.key);
    v_described := (new.name, new.note, new.category::text) is distinct from (old.name, old.note, old.category::text);
  end if;

  -- Names of an older HQ that are not allowed any more stay, and their values change, also by an upsert, which comes as an insert first.
  if v_moved and not exists (select from public.secrets s where s.tenant_id = new.tenant_id and s.gateway_id = new.gateway_id
    and s.agent_id is not distinct from new.agent_id and s.key = new.key)
  then
    v_fault := hq.secret_name_fault(new.key);
    if v_fault is not null then
      raise exception '%', v_fault using errcode = '22023', column = 'key', table = 'secrets';
    end if;
  end if;
  -- Existing values of an older HQ stay; the runner reports those that it cannot read.
  v_fault := case when v_new_value and v_is_member then hq.envelope_fault(new.encrypted_value) end;
  if v_fault is not null then
    raise exception '%', v_fault
      using errcode = '22023', column = 'value', table = 'secrets', hint = 'Use hq-tui secrets set, which encrypts it first.';
  end if;
  if v_described then
    if new.category is null then
      new.category := 'user';
    end if;
    if new.category::text not in ('user', 'channel', 'integration') then
      raise exception 'category must be user, channel or integration'
        using errcode = '22023', column = 'category', table = 'secrets';
    end if;
    if length(new.name) > 200 then
      raise exception 'name must be at most 200 characters' using errcode = '22023', column = 'name', table = 'secrets';
    end if;
    if length(new.note) > 2000 then
      raise exception 'note must be at most 2000 characters' using errcode = '22023', column = 'note', table = 'secrets';
    end if;
  end if;
  if v_moved then
    if not exists (select from public.gateways g where g.id = new.gateway_id and g.tenant_id = new.tenant_id) then
      raise exception 'there is no such gateway' using errcode = 'P0002', column = 'gateway', table = 'secrets';
    end if;
    -- An agent without a gateway may get its secrets before it is placed.
    if new.agent_id is not null and not exists (
      select from public.agents a where a.id = new.agent_id and a.tenant_id = new.tenant_id
        and coalesce(a.gateway_id, new.gateway_id) = new.gateway_id)
    then
      raise exception 'there is no such agent on this gateway' using errcode = 'P0002', column = 'agent', table = 'secrets';
    end if;
  end if;

  if v_new_value and (tg_op = 'UPDATE' or v_is_member) then
    new.value_since := clock_timestamp();
  end if;
  if v_new_value or v_moved then
    new.sync_status := 'pending';
    new.sync_error := null;
    new.revision := case tg_op when 'INSERT' then 1 else old.revision + 1 end;
  end if;
  if tg_op = 'INSERT' then
    new.updated_by := coalesce(auth.uid(), new.updated_by);
    if v_is_member then
      new.created_at := clock_timestamp();
      new.updated_at := new.created_at;
      new.last_synced_at := null;
    end if;
  elsif v_new_value or v_moved or v_described then
    new.updated_at := clock_timestamp();
    new.updated_by := coalesce(auth.uid(), case when new.updated_by is distinct from old.updated_by then new.updated_by end);
  end if;
  -- A daemon of an older HQ reports without it.
  if new.sync_status::text = 'active' then
    new.sync_error := null;
  end if;
  return new;
end
$function$;
grant execute on function hq.check_secret() to public;

CREATE OR REPLACE FUNCTION hq.check_served(p_command agent_commands, p_action hq.actions, p_agent agents, p_gateway gateways)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_fault jsonb := hq.find_fault(p_command.payload, p_action.payload_schema);
begin
  if p_action.target = 'workspace' and coalesce(p_command.gateway_id::text, p_command.agent_id::text, p_command.agent_slug) is not null then
    raise exception '% is for the whole workspace: leave out gateway and agent', p_action.name
      using errcode = '22023', column = case when p_command.gateway_id is null then 'agent' else 'gateway' end, table = 'agent_commands';
  elsif p_agent.id is null and p_command.agent_slug is not null and p_action.name <> 'provision' then
    raise exception 'there is no such agent' using errcode = 'P0002', column = 'agent', table = 'agent_commands';
  elsif p_agent.id is null and p_action.target = 'agent' then
    raise exception '% needs an agent', p_action.name
      using errcode = '22023', column = 'agent', table = 'agent_commands', hint = 'Name the agent by its slug.';
  elsif p_gateway.id is null and (p_action.executor = 'runner' or p_action.target = 'gateway') then
    raise exception '%', case when exists (select from public.gateways g where g.tenant_id = p_command.tenant_id)
        then 'which gateway? there are several' else 'there is no gateway yet' end
      using errcode = '22023', column = 'gateway', table = 'agent_commands', hint = 'Name the gateway by its slug.';
  elsif p_command.payload ->> 'agent_slug' <> p_agent.slug then
    raise exception 'the command is for %, and its payload for another agent', p_agent.slug
      using errcode = '22023', column = 'agent_slug', table = 'agent_commands';
  elsif p_agent.gateway_id <> p_gateway.id then
    raise exception 'the agent % is not on the gateway %', p_agent.slug, p_gateway.slug
      using errcode = '22023', column = 'agent', table = 'agent_commands';
  elsif v_fault is not null then
    raise exception '%', v_fault ->> 'message'
      using errcode = '22023', column = coalesce(v_fault ->> 'field', 'payload'), table = 'agent_commands',
        hint = format('See the payload of %s in the reference.', p_action.name);
  end if;
end
$function$;
grant execute on function hq.check_served(agent_commands,hq.actions,agents,gateways) to public;

CREATE OR REPLACE FUNCTION hq.check_wakeable(p_agent agents, p_gateway gateways)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_budget jsonb := hq.agent_budget(p_agent, '{}');
  v_message text;
  v_hint text;
begin
  if p_agent.status::text = 'paused' then
    v_message := format('%s is paused', p_agent.slug);
    v_hint := 'resume_agent lets it work again.';
  elsif p_agent.status::text = 'provisioning' then
    v_message := format('%s is not ready: it is being provisioned', p_agent.slug);
    v_hint := 'Wait until it is ready. The command provision says how far it is.';
  elsif p_agent.status::text = 'error' and p_agent.openclaw_id is null then
    v_message := format('%s is not on its gateway: %s', p_agent.slug, coalesce(p_agent.meta ->> 'error', 'it is in error'));
    v_hint := 'Repair that, then run update, or remove the agent.';
  elsif p_agent.status::text = 'hibernating' then
    v_message := format('%s is hibernating', p_agent.slug);
    v_hint := 'It can be woken once it is ready again.';
  elsif p_gateway.status::text = 'paused' then
    v_message := format('the gateway %s is paused', p_gateway.slug);
    v_hint := 'resume_gateway lets its agents work again.';
  elsif p_gateway.status::text = 'hibernating' then
    v_message := format('the gateway %s is hibernating', p_gateway.slug);
    v_hint := 'Its agents can be woken once it is ready again.';
  elsif v_budget ->> 'reason' = 'budget_exceeded' then
    v_message := format('%s has used up its budget: %s of %s USD this month', p_agent.slug,
      round((v_budget ->> 'spent_usd')::numeric, 2), v_budget ->> 'limit_usd');
    v_hint := 'top_up_budget or set_budget gives it more.';
  end if;
  if v_message is not null then
    raise exception '%', v_message using errcode = '23505', hint = v_hint, table = 'agent_commands',
      column = case when v_message like 'the gateway %' then 'gateway' else 'agent' end;
  end if;
end
$function$;
grant execute on function hq.check_wakeable(agents,gateways) to public;

CREATE OR REPLACE FUNCTION hq.claim(p_gateway_id uuid, p_paused boolean, p_runner_id text, p_limit integer, p_lease_seconds integer)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_stack_busy boolean;
  v_busy_agents text[];
  v_now timestamptz := clock_timestamp();
  v_ids uuid[];
  v_claimed jsonb;
begin
  select coalesce(bool_or(a.lane = 'stack'), false),
    coalesce(array_agg(coalesce(c.agent_slug, '')) filter (where a.lane = 'agent'), '{}')
  into v_stack_busy, v_busy_agents
  from public.agent_commands c join hq.actions a on a.name = c.action::text
  where c.gateway_id = p_gateway_id and c.status in ('leased', 'running');

  -- Reads by action, so that commands for other executors cost nothing however many wait.
  with candidates as (
    select c.*, a.lane from hq.actions a cross join lateral (
      select c.id, c.priority, c.created_at, coalesce(c.agent_slug, '') as agent from public.agent_commands c
      where c.gateway_id = p_gateway_id and c.status = 'pending' and c.action = a.name::public.command_action
      order by c.priority desc, c.created_at, c.id limit case a.lane when 'agent' then null else p_limit end) c
    where a.served and a.executor = 'runner' and (not p_paused or a.while_paused) and not (a.lane = 'stack' and v_stack_busy)
  ), placed as (
    select c.*, row_number() over (
      partition by c.lane, case c.lane when 'agent' then c.agent end order by c.priority desc, c.created_at, c.id) as place
    from candidates c where c.lane <> 'agent' or c.agent <> all (v_busy_agents)
  )
  select array_agg(w.id) into v_ids from (
    select p.id from placed p where p.lane = 'none' or p.place = 1
    order by p.lane <> 'none', p.priority desc, p.created_at, p.id limit p_limit
  ) w;

  with mine as (
    select c.id from public.agent_commands c
    where c.id = any (v_ids) and c.status = 'pending'
    order by c.id for no key update skip locked
  ), taken as (
    update public.agent_commands c
    set status = 'running', lease_token = gen_random_uuid(), runner_id = p_runner_id, attempt = c.attempt + 1,
      leased_at = v_now, leased_until = v_now + make_interval(secs => p_lease_seconds), lease_seconds = p_lease_seconds,
      started_at = v_now, progress = null
    from mine where c.id = mine.id
    returning c.id
  )
  select array_agg(t.id) into v_ids from taken t;
  select coalesce(jsonb_agg(hq.lease_json(c, p_lease_seconds) order by c.priority desc, c.created_at, c.id), '[]')
  into v_claimed
  from public.agent_commands c where c.id = any (v_ids);
  return v_claimed;
end
$function$;
grant execute on function hq.claim(uuid,boolean,text,integer,integer) to public;

CREATE OR REPLACE FUNCTION hq.claim_turn(p_agent_id uuid, p_runner text, p_lease integer, p_settings jsonb)
 RETURNS hq.agent_dispatch
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_now timestamptz := clock_timestamp();
  v_agent public.agents;
  v_item public.agent_inbox_items;
  v_turn hq.agent_dispatch;
begin
  if not hq.keep_agent(p_agent_id) then
    return null;
  end if;
  if not exists (select from hq.agent_dispatch d where d.agent_id = p_agent_id) then
    insert into hq.agent_dispatch (agent_id) values (p_agent_id) on conflict do nothing;
  end if;
  select * into v_turn from hq.agent_dispatch d where d.agent_id = p_agent_id for no key update skip locked;
  select * into v_agent from public.agents a where a.id = p_agent_id;
  if v_turn.agent_id is null or (hq.wake_gate(v_agent)).reason is not null then
    return null;
  end if;
  v_item := hq.lock_next_item(p_agent_id);
  if v_item.id is null then
    return null;
  end if;
  update public.agent_inbox_items i
  set status = 'leased', leased_at = v_now, leased_until = v_now + make_interval(secs => p_lease), attempt_count = i.attempt_count + 1,
    dispatch_count = i.dispatch_count + 1, dispatch_token = gen_random_uuid(), last_wake_attempt_at = v_now,
    lease_session = format('agent:%s:hq-item-%s-%s', v_agent.openclaw_id, left(i.id::text, 8), i.dispatch_count + 1),
    lease_run = format('hq:%s:%s', i.id, i.dispatch_count + 1)
  where i.id = v_item.id
  returning * into v_item;
  update hq.agent_dispatch d
  set token = v_item.dispatch_token, gateway_id = v_agent.gateway_id, runner_id = p_runner, item_id = v_item.id,
    lease_session = v_item.lease_session, lease_run = v_item.lease_run, started_at = v_now, leased_until = v_item.leased_until,
    lease_seconds = p_lease, last_wake_at = v_now, cooldown_until = v_now + hq.wake_cooldown(d.failures, p_settings)
  where d.agent_id = p_agent_id
  returning * into v_turn;
  insert into public.agent_activity as x (agent_id, tenant_id, item_id, run_id, since, model)
  values (v_agent.id, v_agent.tenant_id, v_item.id, v_item.lease_run, v_now, v_agent.model)
  on conflict (agent_id) do update set item_id = excluded.item_id, run_id = excluded.run_id, since = excluded.since, model = excluded.model,
    tool = null, text = null, tokens = null, cost_usd = null, updated_at = excluded.updated_at;
  return v_turn;
end
$function$;
grant execute on function hq.claim_turn(uuid,text,integer,jsonb) to public;

CREATE OR REPLACE FUNCTION hq.claim_turns(p_gateway uuid, p_runner text, p_claim integer, p_lease integer, p_settings jsonb)
 RETURNS uuid[]
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_places int := least(p_claim, coalesce(hq.int_or_null(p_settings -> 'max_concurrent_wakes'), 2)
    - (select count(*)::int from hq.agent_dispatch d where d.gateway_id = p_gateway and d.token is not null));
  v_agent_id uuid;
  v_turn hq.agent_dispatch;
  v_tokens uuid[] := '{}';
begin
  perform hq.end_left_turns(p_gateway, p_settings);
  if v_places <= 0 then
    return v_tokens;
  end if;
  for v_agent_id in
    select a.id from public.agents a left join hq.agent_dispatch d on d.agent_id = a.id
    cross join lateral (
      select i.created_at from public.agent_inbox_items i
      where i.agent_id = a.id and i.status in ('pending', 'leased') order by i.created_at limit 1) oldest
    where a.gateway_id = p_gateway and d.token is null and a.status::text = 'ready' and d.stalled_at is null
      and coalesce(greatest(d.cooldown_until, d.held_until) <= clock_timestamp(), true)
    order by d.last_wake_at nulls first, oldest.created_at, a.id
  loop
    v_turn := hq.claim_turn(v_agent_id, p_runner, p_lease, p_settings);
    if v_turn.token is not null then
      v_tokens := v_tokens || v_turn.token;
      exit when cardinality(v_tokens) >= v_places;
    end if;
  end loop;
  return v_tokens;
end
$function$;
grant execute on function hq.claim_turns(uuid,text,integer,integer,jsonb) to public;

CREATE OR REPLACE FUNCTION hq.clear_waits(p_agents uuid[])
 RETURNS void
 LANGUAGE sql
 SET search_path TO ''
AS $function$
  update hq.agent_dispatch d set stalled_at = null, failures = 0, releases = 0, cooldown_until = null, held_until = null, held_seconds = null,
    held_reason = null
  where d.agent_id = any (p_agents);
  select hq.resolve_alert(a.tenant_id, 'agent_stalled:' || a.id) from public.agents a where a.id = any (p_agents)
$function$;
grant execute on function hq.clear_waits(uuid[]) to public;

CREATE OR REPLACE FUNCTION hq.close_turn_item(p_turn hq.agent_dispatch, p_counts boolean, p_reason text, p_hint text)
 RETURNS void
 LANGUAGE sql
 SET search_path TO ''
AS $function$
  update public.agent_inbox_items i
  set status = case when p_counts and i.attempt_count >= i.max_attempts then 'dead_letter' else 'pending' end::public.inbox_item_status,
    attempt_count = case when p_counts then i.attempt_count else greatest(i.attempt_count - 1, 0) end,
    failed_at = case when p_counts then clock_timestamp() else i.failed_at end, leased_at = null, leased_until = null, lease_session = null,
    lease_run = null, context = coalesce(i.context, '{}') || case when p_reason is null then '{}'
      else jsonb_build_object('last_failure', left(p_reason, 2000), 'last_hint', left(p_hint, 500)) end
  where i.id = p_turn.item_id
$function$;
grant execute on function hq.close_turn_item(hq.agent_dispatch,boolean,text,text) to public;

CREATE OR REPLACE FUNCTION hq.code_without_comments(p_function oid)
 RETURNS text
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$
  select array_to_string(regexp_split_to_array(coalesce(pg_catalog.pg_get_function_sqlbody(p.oid), p.prosrc), '--[^\n]*|/\*([^*]|\*+[^*/])*\*+/'), ' ')
  from pg_catalog.pg_proc p where p.oid = p_function
$function$;
grant execute on function hq.code_without_comments(oid) to public;

CREATE OR REPLACE FUNCTION hq.command_hash(p_action text, p_gateway uuid, p_agent text, p_payload jsonb)
 RETURNS text
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
 SET search_path TO ''
AS $function$
  select encode(sha256(convert_to(jsonb_build_array(p_action, p_gateway, p_agent, hq.without_nulls(p_payload))::text, 'UTF8')), 'hex')
$function$;
grant execute on function hq.command_hash(text,uuid,text,jsonb) to public;

CREATE OR REPLACE FUNCTION hq.command_row(p_command agent_commands)
 RETURNS jsonb
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$
  select to_jsonb(p_command) - '{tenant_id,stdout,stderr,lease_token,payload_hash,idempotency_key}'::text[] || jsonb_build_object(
    'gateway', (select g.slug from public.gateways g where g.id = p_command.gateway_id),
    'requested_by_email', hq.email_of(p_command.requested_by))
$function$;
grant execute on function hq.command_row(agent_commands) to public;

CREATE OR REPLACE FUNCTION hq.comment_by_agent(p_agent agents, p_task uuid, p_body text, p_mentions text[] DEFAULT '{}'::text[])
 RETURNS uuid
 LANGUAGE sql
 SET search_path TO ''
AS $function$
  select (hq.insert_fields('public.comments', jsonb_build_object('tenant_id', p_agent.tenant_id, 'entity_type', 'task', 'entity_id', p_task,
    'body', p_body, 'actor_type', 'agent', 'actor_agent_id', p_agent.id, 'mentions', p_mentions)) ->> 'id')::uuid
$function$;
grant execute on function hq.comment_by_agent(agents,uuid,text,text[]) to public;

CREATE OR REPLACE FUNCTION hq.condition_help(p_condition agent_conditions, p_slug text)
 RETURNS text
 LANGUAGE sql
 IMMUTABLE
 SET search_path TO ''
AS $function$
  select case p_condition.kind
    when 'mute' then case
      when hq.is_token_fault(p_condition.reason) then format(
        'Store the right token of its %s: hq-tui secrets set %s --agent %s', p_condition.subject,
        case p_condition.subject when 'slack' then 'SLACK_BOT_TOKEN' else upper(p_condition.subject) || '_BOT_TOKEN' end, p_slug)
      when p_condition.reason ~* '\m409\M|conflict' then 'Another program uses the same bot. Stop it, or give this agent a bot of its own.'
      when p_condition.reason ~* 'no plugin' then format('Install OpenClaw''s plugin for %s on the gateway.', p_condition.subject)
      else 'Look at the gateway''s log, then restart the gateway.' end
    when 'full' then 'Restart the session: the agent forgets what was said in it, and answers again.'
    when 'stuck' then 'Restart the session, which ends the turn. If that does not help, restart the gateway.'
    else format('Store a valid key as a secret and set it as the key of %s.', coalesce(p_condition.subject, 'the model''s provider')) end
$function$;
grant execute on function hq.condition_help(agent_conditions,text) to public;

CREATE OR REPLACE FUNCTION hq.confirmation_kind(p_tenant uuid, p_action hq.actions)
 RETURNS text
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$
  select case
    when exists (select from public.workspace w where w.tenant_id = p_tenant
      and w.settings -> 'chat' -> 'second_person' ?| array[p_action.name, p_action.danger]) then 'second'
    when p_action.danger = 'destructive' then 'typed'
    when p_action.danger = 'disruptive' then 'button' end
$function$;
grant execute on function hq.confirmation_kind(uuid,hq.actions) to public;

CREATE OR REPLACE FUNCTION hq.count_agent_changes()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
begin
  if tg_op = 'INSERT' then
    perform hq.bump_secrets_version(array(select distinct n.gateway_id from new_rows n where n.gateway_id is not null));
  elsif tg_op = 'DELETE' then
    perform hq.bump_secrets_version(array(select distinct o.gateway_id from old_rows o where o.gateway_id is not null));
  else
    perform hq.bump_secrets_version(array[old.gateway_id, new.gateway_id]);
  end if;
  return null;
end
$function$;
grant execute on function hq.count_agent_changes() to public;

CREATE OR REPLACE FUNCTION hq.count_item_changes()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
declare
  v_noted uuid[] := coalesce(nullif(current_setting('hq.changed_gateways', true), ''), '{}')::uuid[];
begin
  if v_noted <> '{}' then
    perform set_config('hq.changed_gateways', '', true);
    perform hq.bump_dispatch_version(v_noted);
  end if;
  return null;
end
$function$;
grant execute on function hq.count_item_changes() to public;

CREATE OR REPLACE FUNCTION hq.count_secret_changes()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
declare
  v_gateways uuid[];
begin
  if tg_op = 'INSERT' then
    select array_agg(distinct n.gateway_id) into v_gateways from new_rows n;
  elsif tg_op = 'DELETE' then
    select array_agg(distinct o.gateway_id) into v_gateways from old_rows o;
  elsif coalesce(current_setting('hq.rekeying', true), '') <> 'on' then
    select array_agg(distinct g.id) into v_gateways
    from old_rows o join new_rows n on n.id = o.id, unnest(array[o.gateway_id, n.gateway_id]) g (id)
    where n.revision <> o.revision or n.category is distinct from o.category;
  end if;
  if v_gateways is not null then
    perform hq.bump_secrets_version(v_gateways);
  end if;
  return null;
end
$function$;
grant execute on function hq.count_secret_changes() to public;

CREATE OR REPLACE FUNCTION hq.count_spec_changes()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
begin
  if tg_op = 'INSERT' then
    perform hq.bump_agents_version(array(select distinct n.gateway_id from new_rows n where n.gateway_id is not null));
  elsif tg_op = 'DELETE' then
    perform hq.bump_agents_version(array(select distinct o.gateway_id from old_rows o where o.gateway_id is not null));
  elsif old.gateway_id is distinct from new.gateway_id or hq.agent_spec(old) is distinct from hq.agent_spec(new) then
    perform hq.bump_agents_version(array[old.gateway_id, new.gateway_id]);
  end if;
  return null;
end
$function$;
grant execute on function hq.count_spec_changes() to public;

CREATE OR REPLACE FUNCTION hq.count_workspace_changes()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
begin
  perform hq.bump_agents_version(array(select g.id from public.gateways g where g.tenant_id = new.tenant_id));
  return null;
end
$function$;
grant execute on function hq.count_workspace_changes() to public;

CREATE OR REPLACE FUNCTION hq.cron_values(p_field text, p_low integer, p_high integer, p_names text[] DEFAULT '{}'::text[])
 RETURNS integer[]
 LANGUAGE plpgsql
 IMMUTABLE PARALLEL SAFE
 SET search_path TO ''
AS $function$
declare
  v_part text;
  v_match text[];
  v_from int;
  v_to int;
  v_step int;
  v_values int[] := '{}';
begin
  foreach v_part in array string_to_array(lower(p_field), ',') loop
    v_match := regexp_match(v_part, '^(?:(\*)|([a-z]{3}|\d{1,2})(?:-([a-z]{3}|\d{1,2}))?)(?:/(\d{1,2}))?$');
    v_from := case when v_match[1] is not null then p_low else coalesce(array_position(p_names, v_match[2]) - 1 + p_low, hq.int_or_null(to_jsonb(
      case when v_match[2] ~ '^\d+$' then v_match[2]::int end))) end;
    v_to := case when v_match[3] is not null then coalesce(array_position(p_names, v_match[3]) - 1 + p_low, hq.int_or_null(to_jsonb(
        case when v_match[3] ~ '^\d+$' then v_match[3]::int end)))
      when v_match[1] is not null or v_match[4] is not null then p_high else v_from end;
    v_step := coalesce(v_match[4]::int, 1);
    if v_match is null or v_from is null or v_to is null or v_from < p_low or v_to > p_high or v_from > v_to or v_step < 1 then
      raise exception '"%" is no part of a schedule from % to %', left(v_part, 40), p_low, p_high
        using errcode = '22023', column = 'schedule', hint = 'Give minute, hour, day, month and weekday, such as 30 8 * * mon-fri.';
    end if;
    v_values := v_values || array(select n from generate_series(v_from, v_to, v_step) n);
  end loop;
  return array(select distinct n from unnest(v_values) n order by n);
end
$function$;
grant execute on function hq.cron_values(text,integer,integer,text[]) to public;

CREATE OR REPLACE FUNCTION hq.current_chat()
 RETURNS jsonb
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$ select nullif(current_setting('hq.chat', true), '')::jsonb $function$;
grant execute on function hq.current_chat() to public;

CREATE OR REPLACE FUNCTION hq.dearest_call(p_agent_id uuid)
 RETURNS numeric
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$
  select max(u.cost_total_usd) from (
    select n.cost_total_usd from public.agent_usage n where n.agent_id = p_agent_id order by n.occurred_at desc limit 50) u
$function$;
grant execute on function hq.dearest_call(uuid) to public;

CREATE OR REPLACE FUNCTION hq.decision_json(p_row chat_confirmations)
 RETURNS jsonb
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$
  select jsonb_build_object('by', hq.email_of(p_row.decided_by), 'at', p_row.decided_at, 'asked_by',
    (select hq.email_of(i.user_id) from public.chat_identities i where i.id = p_row.identity_id and i.revoked_at is null))
$function$;
grant execute on function hq.decision_json(chat_confirmations) to public;

CREATE OR REPLACE FUNCTION hq.define_unless_foreign(p_signature text, p_definition text, p_comment text)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO 'public'
AS $function$
declare
  v_existing regprocedure := to_regprocedure(p_signature);
begin
  if v_existing is null
    or strpos(p_definition, (select '$fn$' || p.prosrc || '$fn$' from pg_proc p where p.oid = v_existing)) > 0
    or exists (select from hq.defined_objects d where d.kind = 'shared function' and d.identity = hq.function_identity(v_existing))
  then
    execute p_definition;
    execute format('comment on function %s is %L', to_regprocedure(p_signature), p_comment);
    insert into hq.defined_objects (kind, identity) values ('shared function', hq.function_identity(to_regprocedure(p_signature)))
    on conflict do nothing;
  end if;
end
$function$;
grant execute on function hq.define_unless_foreign(text,text,text) to public;

CREATE OR REPLACE FUNCTION hq.delete_open_confirmations()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
begin
  delete from public.chat_confirmations c where c.identity_id = new.id and c.decided_at is null;
  return null;
end
$function$;
grant execute on function hq.delete_open_confirmations() to public;

CREATE OR REPLACE FUNCTION hq.delete_subscriptions()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
begin
  delete from public.chat_subscriptions s where s.identity_id = new.id;
  return null;
end
$function$;
grant execute on function hq.delete_subscriptions() to public;

CREATE OR REPLACE FUNCTION hq.deliver_answer(p_question agent_questions)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_answer jsonb := jsonb_build_object('question', p_question.question, 'status', p_question.status) || jsonb_strip_nulls(jsonb_build_object(
    'answer', p_question.answer, 'by', hq.email_of(p_question.answered_by), 'host', p_question.host));
begin
  update public.agent_inbox_items i
  set context = coalesce(i.context, '{}') || jsonb_build_object('answers', coalesce(i.context -> 'answers', '[]') || v_answer)
  where i.id = p_question.item_id and i.status in ('pending', 'leased');
  if not found then
    perform hq.add_inbox_item(p_question.agent_id, 'question_answer', 'question:' || p_question.id,
      format('%s: %s', hq.question_outcome(p_question), p_question.question), p_question.task_id, null, v_answer);
  end if;
  update public.agent_questions q set delivered_at = clock_timestamp() where q.id = p_question.id;
end
$function$;
grant execute on function hq.deliver_answer(agent_questions) to public;

CREATE OR REPLACE FUNCTION hq.deliverable_row(p_link entity_links)
 RETURNS jsonb
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$
  select hq.pick(to_jsonb(p_link), '{id,created_at,url,review_status,review_note,reviewed_at}')
    || jsonb_build_object('title', p_link.label, 'entity_type', p_link.owner_type, 'entity_id', p_link.owner_id, 'agent', (select a.slug from public.agents a where a.id = p_link.submitted_by_agent_id))
$function$;
grant execute on function hq.deliverable_row(entity_links) to public;

CREATE OR REPLACE FUNCTION hq.describe_range(p_schema jsonb)
 RETURNS text
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
 SET search_path TO ''
AS $function$
  select case
    when p_schema ? 'minimum' and p_schema ? 'maximum'
      then format(' from %s to %s', p_schema ->> 'minimum', p_schema ->> 'maximum')
    when p_schema ? 'minimum' then format(' of %s or more', p_schema ->> 'minimum')
    when p_schema ? 'maximum' then format(' of %s or less', p_schema ->> 'maximum')
    else '' end
$function$;
grant execute on function hq.describe_range(jsonb) to public;

CREATE OR REPLACE FUNCTION hq.describe_type(p_schema jsonb)
 RETURNS text
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
 SET search_path TO ''
AS $function$
  select case
    when p_schema ? 'enum' then 'one of ' || (select string_agg(e #>> '{}', ', ') from jsonb_array_elements(p_schema -> 'enum') e)
    when p_schema ? 'const' then (p_schema -> 'const') #>> '{}'
    else case p_schema ->> 'type'
      when 'integer' then 'a whole number' || hq.describe_range(p_schema)
      when 'number' then 'a number' || hq.describe_range(p_schema)
      when 'boolean' then 'true or false'
      when 'string' then 'a text'
        || case when p_schema ? 'minLength' then format(' of at least %s characters', p_schema ->> 'minLength') else '' end
        || case when p_schema ? 'maxLength' then format(' of at most %s characters', p_schema ->> 'maxLength') else '' end
        || case when p_schema ? 'pattern' then format(' that matches %s', p_schema ->> 'pattern') else '' end
      when 'object' then 'an object'
      when 'array' then 'a list' || case when p_schema ? 'maxItems' then format(' of at most %s', p_schema ->> 'maxItems') else '' end
      when 'null' then 'null'
      else 'something else' end
  end
$function$;
grant execute on function hq.describe_type(jsonb) to public;

CREATE OR REPLACE FUNCTION hq.dispatch_agent_change()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
begin
  if (new.status::text = 'ready' and old.status::text <> 'ready') or new.model is distinct from old.model then
    perform hq.clear_waits(array[new.id]);
  end if;
  perform hq.bump_dispatch_version(array[old.gateway_id, new.gateway_id]);
  return null;
end
$function$;
grant execute on function hq.dispatch_agent_change() to public;

CREATE OR REPLACE FUNCTION hq.dispatch_budget_change()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
begin
  if new.hourly_limit_usd is distinct from old.hourly_limit_usd or new.monthly_limit_usd is distinct from old.monthly_limit_usd then
    perform hq.resolve_alert(a.tenant_id, 'hourly_brake:' || a.id)
    from public.agents a where a.id = new.agent_id and hq.braked_until(a) is null;
  end if;
  perform hq.bump_dispatch_version(array(select a.gateway_id from public.agents a where a.id = new.agent_id and a.gateway_id is not null));
  return null;
end
$function$;
grant execute on function hq.dispatch_budget_change() to public;

CREATE OR REPLACE FUNCTION hq.dispatch_gateway_change()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  new.dispatch_version := old.dispatch_version + 1;
  return new;
end
$function$;
grant execute on function hq.dispatch_gateway_change() to public;

CREATE OR REPLACE FUNCTION hq.dispatch_workspace_change()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
begin
  perform hq.bump_dispatch_version(array(select g.id from public.gateways g where g.tenant_id = new.tenant_id));
  return null;
end
$function$;
grant execute on function hq.dispatch_workspace_change() to public;

CREATE OR REPLACE FUNCTION hq.do_acknowledge_alert(p_command agent_commands)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_alert public.notifications;
begin
  update public.notifications n set read_at = coalesce(n.read_at, clock_timestamp())
  where n.id = hq.find_row('public.notifications', p_command.tenant_id, p_command.payload ->> 'alert', 'alert')
  returning * into v_alert;
  return jsonb_build_object('id', v_alert.id, 'title', v_alert.title);
end
$function$;
grant execute on function hq.do_acknowledge_alert(agent_commands) to public;

CREATE OR REPLACE FUNCTION hq.do_allow_host(p_command agent_commands)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_question public.agent_questions := hq.lock_open_question(p_command);
begin
  if v_question.kind <> 'allow_host' then
    raise exception 'this question is about no host' using errcode = '22023', column = 'question', hint = 'Use answer_question.';
  end if;
  update public.agents a set config = case jsonb_typeof(a.config) when 'object' then a.config else '{}' end || jsonb_build_object('allowed_hosts',
    (select jsonb_agg(distinct h) from (select h #>> '{}' as h from hq.entries(a.config -> 'allowed_hosts') h union select v_question.host) o))
  where a.id = v_question.agent_id;
  return hq.settle_question(p_command, v_question, 'allow') || jsonb_build_object('host', v_question.host);
end
$function$;
grant execute on function hq.do_allow_host(agent_commands) to public;

CREATE OR REPLACE FUNCTION hq.do_answer_question(p_command agent_commands)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_question public.agent_questions := hq.lock_open_question(p_command);
  v_given text := btrim(p_command.payload ->> 'answer');
  v_answer text;
begin
  select c into v_answer from unnest(v_question.choices) with ordinality x (c, n)
  where lower(c) = lower(v_given) or n::text = v_given order by lower(c) = lower(v_given) desc limit 1;
  if v_answer is null and (not v_question.free_text or v_given = '') then
    raise exception 'the answer must be one of: %', array_to_string(v_question.choices, ', ') using errcode = '22023', column = 'answer';
  end if;
  if v_question.kind = 'allow_host' and v_answer = 'allow' then
    raise exception 'allowing a host is an action of its own' using errcode = '22023', column = 'answer',
      hint = format('Use allow_host with the question %s. It needs the role admin.', left(v_question.id::text, 8));
  end if;
  return hq.settle_question(p_command, v_question, coalesce(v_answer, v_given));
end
$function$;
grant execute on function hq.do_answer_question(agent_commands) to public;

CREATE OR REPLACE FUNCTION hq.do_approve_deliverable(p_command agent_commands)
 RETURNS jsonb
 LANGUAGE sql
 SET search_path TO ''
AS $function$ select hq.review(p_command, 'approved') $function$;
grant execute on function hq.do_approve_deliverable(agent_commands) to public;

CREATE OR REPLACE FUNCTION hq.do_assign_task(p_command agent_commands)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_id uuid := hq.lock_task(p_command);
  v_task public.tasks;
begin
  update public.tasks t set assignee_agent_id = hq.agent_by_slug(p_command.tenant_id, p_command.payload ->> 'agent')
  where t.id = v_id
  returning * into v_task;
  return hq.task_result(v_task);
end
$function$;
grant execute on function hq.do_assign_task(agent_commands) to public;

CREATE OR REPLACE FUNCTION hq.do_cancel_item(p_command agent_commands)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_item public.agent_inbox_items := hq.lock_item(p_command);
begin
  if v_item.status::text not in ('pending', 'leased') then
    raise exception 'this item is % already', replace(v_item.status::text, '_', ' ') using errcode = '23505', column = 'item';
  end if;
  perform hq.withdraw_items(array[v_item.id]);
  return hq.item_result((select i from public.agent_inbox_items i where i.id = v_item.id));
end
$function$;
grant execute on function hq.do_cancel_item(agent_commands) to public;

CREATE OR REPLACE FUNCTION hq.do_comment_on_task(p_command agent_commands)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_task public.tasks;
  v_new public.comments;
  v_mentions text[];
begin
  select * into v_task from public.tasks t where t.id = hq.lock_task(p_command);
  select coalesce(array_agg(distinct a.slug order by a.slug), '{}') into v_mentions
  from regexp_matches(p_command.payload ->> 'body', '@([a-z0-9]+(?:-[a-z0-9]+)*)', 'g') m
  join public.agents a on a.tenant_id = p_command.tenant_id and a.slug = m[1];
  v_new := jsonb_populate_record(null::public.comments, jsonb_build_object(
    'tenant_id', p_command.tenant_id, 'entity_type', 'task', 'entity_id', v_task.id, 'body', p_command.payload ->> 'body',
    'actor_type', 'human', 'mentions', v_mentions));
  insert into public.comments (tenant_id, entity_type, entity_id, body, actor_type, mentions)
  values (v_new.tenant_id, v_new.entity_type, v_new.entity_id, v_new.body, v_new.actor_type, v_new.mentions);
  return jsonb_build_object('id', v_task.id, 'title', v_task.title, 'mentions', v_mentions);
end
$function$;
grant execute on function hq.do_comment_on_task(agent_commands) to public;

CREATE OR REPLACE FUNCTION hq.do_create_routine(p_command agent_commands)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_payload jsonb := p_command.payload;
  v_zone text := coalesce(v_payload ->> 'time_zone', (select w.owner_timezone from public.workspace w where w.tenant_id = p_command.tenant_id), 'UTC');
  v_next timestamptz;
  v_routine public.agent_routines;
begin
  if (v_payload ? 'schedule') = (v_payload ? 'event') then
    raise exception 'a routine needs either a schedule or an event' using errcode = '22023', column = 'schedule',
      hint = 'A schedule is such as 30 8 * * mon-fri.';
  elsif lower(hq.time_zone_or_utc(v_zone)) <> lower(v_zone) then
    raise exception 'there is no time zone %', left(v_zone, 100) using errcode = '22023', column = 'time_zone', hint = 'Name one such as Europe/Berlin.';
  end if;
  v_zone := hq.time_zone_or_utc(v_zone);
  v_next := hq.next_run(v_payload ->> 'schedule', v_zone, clock_timestamp());
  if v_payload ? 'schedule' and v_next is null then
    raise exception 'this schedule never comes' using errcode = '22023', column = 'schedule', hint = 'Check day and month.';
  end if;
  insert into public.agent_routines (tenant_id, agent_id, name, instructions, schedule, time_zone, event, creates_task, next_run_at, created_by)
  values (p_command.tenant_id, hq.agent_by_slug(p_command.tenant_id, v_payload ->> 'agent'), v_payload ->> 'name', v_payload ->> 'instructions',
    v_payload ->> 'schedule', v_zone, v_payload ->> 'event', coalesce((v_payload ->> 'creates_task')::boolean, false), v_next, p_command.requested_by)
  on conflict (tenant_id, name) do nothing
  returning * into v_routine;
  if v_routine.id is null then
    raise exception 'there is a routine % already', v_payload ->> 'name' using errcode = '23505', column = 'name', hint = 'Use another name.';
  end if;
  return hq.routine_result(v_routine);
end
$function$;
grant execute on function hq.do_create_routine(agent_commands) to public;

CREATE OR REPLACE FUNCTION hq.do_create_task(p_command agent_commands)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_payload jsonb := p_command.payload;
  v_agent uuid;
  v_new public.tasks;
  v_task public.tasks;
begin
  if v_payload ? 'agent' then
    v_agent := hq.agent_by_slug(p_command.tenant_id, v_payload ->> 'agent');
  end if;
  begin
    v_new := jsonb_populate_record(null::public.tasks, jsonb_build_object(
      'tenant_id', p_command.tenant_id, 'title', v_payload ->> 'title', 'description', v_payload ->> 'description',
      'status', 'todo', 'priority', coalesce(v_payload ->> 'priority', 'medium'), 'assignee_agent_id', v_agent,
      'assignee_type', hq.nobody_type(),
      'due_date', case when length(v_payload ->> 'due_date') = 10
        then concat(v_payload ->> 'due_date', ' 23:59:59 ', hq.time_zone_or_utc(
          (select w.owner_timezone from public.workspace w where w.tenant_id = p_command.tenant_id)))
        else v_payload ->> 'due_date' end));
  exception when datetime_field_overflow or invalid_datetime_format or invalid_time_zone_displacement_value then
    raise exception 'due_date is not a valid date' using errcode = '22023', column = 'due_date';
  end;
  insert into public.tasks (tenant_id, title, description, status, priority, assignee_agent_id, assignee_type, due_date)
  values (v_new.tenant_id, v_new.title, v_new.description, v_new.status, v_new.priority, v_new.assignee_agent_id, v_new.assignee_type,
    v_new.due_date)
  returning * into v_task;
  return hq.task_result(v_task);
end
$function$;
grant execute on function hq.do_create_task(agent_commands) to public;

CREATE OR REPLACE FUNCTION hq.do_list_routines(p_command agent_commands)
 RETURNS jsonb
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$
  select jsonb_build_object('routines', coalesce(jsonb_agg(hq.routine_result(r) order by r.name), '[]'))
  from (select * from public.agent_routines r
    where r.tenant_id = p_command.tenant_id and (not p_command.payload ? 'agent'
      or r.agent_id = hq.agent_by_slug(p_command.tenant_id, p_command.payload ->> 'agent'))
    order by r.name limit 500) r
$function$;
grant execute on function hq.do_list_routines(agent_commands) to public;

CREATE OR REPLACE FUNCTION hq.do_mute_alert(p_command agent_commands)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_until timestamptz := clock_timestamp() + make_interval(mins => coalesce((p_command.payload ->> 'minutes')::numeric::int, 60));
  v_alert public.notifications;
begin
  update public.notifications n set muted = true, read_at = coalesce(n.read_at, clock_timestamp()),
    muted_by = hq.email_of(p_command.requested_by), muted_until = v_until
  where n.id = hq.find_row('public.notifications', p_command.tenant_id, p_command.payload ->> 'alert', 'alert')
  returning * into v_alert;
  insert into public.alert_mutes as m (tenant_id, type, subject, until, muted_by)
  values (p_command.tenant_id, coalesce(hq.alert_type_of(v_alert.type::text), v_alert.type::text), hq.subject_of(v_alert), v_until,
    p_command.requested_by)
  on conflict (tenant_id, type, subject) do update
  set until = excluded.until, muted_by = excluded.muted_by, created_at = clock_timestamp();
  return jsonb_build_object('id', v_alert.id, 'title', v_alert.title, 'until', to_char(v_until at time zone 'UTC', 'YYYY-MM-DD HH24:MI "UTC"'));
end
$function$;
grant execute on function hq.do_mute_alert(agent_commands) to public;

CREATE OR REPLACE FUNCTION hq.do_pause_agent(p_command agent_commands)
 RETURNS jsonb
 LANGUAGE sql
 SET search_path TO ''
AS $function$ select hq.set_agent_paused(p_command, true) $function$;
grant execute on function hq.do_pause_agent(agent_commands) to public;

CREATE OR REPLACE FUNCTION hq.do_pause_routine(p_command agent_commands)
 RETURNS jsonb
 LANGUAGE sql
 SET search_path TO ''
AS $function$ select hq.set_routine_paused(p_command, true) $function$;
grant execute on function hq.do_pause_routine(agent_commands) to public;

CREATE OR REPLACE FUNCTION hq.do_reject_deliverable(p_command agent_commands)
 RETURNS jsonb
 LANGUAGE sql
 SET search_path TO ''
AS $function$ select hq.review(p_command, 'rejected') $function$;
grant execute on function hq.do_reject_deliverable(agent_commands) to public;

CREATE OR REPLACE FUNCTION hq.do_remove_routine(p_command agent_commands)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_routine public.agent_routines := hq.lock_routine(p_command);
begin
  delete from public.agent_routines r where r.id = v_routine.id;
  return hq.routine_result(v_routine);
end
$function$;
grant execute on function hq.do_remove_routine(agent_commands) to public;

CREATE OR REPLACE FUNCTION hq.do_request_revision(p_command agent_commands)
 RETURNS jsonb
 LANGUAGE sql
 SET search_path TO ''
AS $function$ select hq.review(p_command, 'revision_requested') $function$;
grant execute on function hq.do_request_revision(agent_commands) to public;

CREATE OR REPLACE FUNCTION hq.do_resume_agent(p_command agent_commands)
 RETURNS jsonb
 LANGUAGE sql
 SET search_path TO ''
AS $function$ select hq.set_agent_paused(p_command, false) $function$;
grant execute on function hq.do_resume_agent(agent_commands) to public;

CREATE OR REPLACE FUNCTION hq.do_resume_all(p_command agent_commands)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_workspace public.workspace;
begin
  select * into v_workspace from public.workspace w where w.tenant_id = p_command.tenant_id for no key update;
  if v_workspace.stopped_at is not null then
    update public.workspace w set stopped_at = null, stopped_by = null where w.id = v_workspace.id;
    perform hq.audit_dispatch(p_command, 'workspace.resumed', 'workspace', v_workspace.id,
      format('%s let all agents work again', coalesce(hq.email_of(p_command.requested_by), 'the service')));
    perform hq.resolve_alert(p_command.tenant_id, 'workspace_stopped:' || v_workspace.id);
  end if;
  return jsonb_build_object('stopped', false, 'since', null, 'waiting', (select count(*) from public.agent_inbox_items i
    where i.tenant_id = p_command.tenant_id and i.status = 'pending'));
end
$function$;
grant execute on function hq.do_resume_all(agent_commands) to public;

CREATE OR REPLACE FUNCTION hq.do_resume_routine(p_command agent_commands)
 RETURNS jsonb
 LANGUAGE sql
 SET search_path TO ''
AS $function$ select hq.set_routine_paused(p_command, false) $function$;
grant execute on function hq.do_resume_routine(agent_commands) to public;

CREATE OR REPLACE FUNCTION hq.do_retry_item(p_command agent_commands)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_item public.agent_inbox_items := hq.lock_item(p_command);
begin
  if v_item.status::text not in ('dead_letter', 'failed') then
    raise exception 'this item is %', v_item.status using errcode = '23505', column = 'item',
      hint = 'Only an item that was given up can be tried again.';
  end if;
  update public.agent_inbox_items i
  set status = 'pending', attempt_count = 0, failed_at = null, completed_at = null, leased_at = null, leased_until = null
  where i.id = v_item.id returning * into v_item;
  perform hq.clear_waits(array[v_item.agent_id]);
  perform hq.audit_dispatch(p_command, 'item.retried', 'agent_inbox_item', v_item.id, format('%s tries again: %s', v_item.agent_slug, v_item.summary));
  return hq.item_result(v_item);
end
$function$;
grant execute on function hq.do_retry_item(agent_commands) to public;

CREATE OR REPLACE FUNCTION hq.do_run_routine(p_command agent_commands)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_routine public.agent_routines := hq.lock_routine(p_command);
begin
  perform hq.run_routine(v_routine, (case when v_routine.event is null then 'routine_schedule' else 'routine_event' end)::public.inbox_event_type,
    null, jsonb_build_object('by', hq.email_of(p_command.requested_by)));
  return hq.routine_result((select r from public.agent_routines r where r.id = v_routine.id));
end
$function$;
grant execute on function hq.do_run_routine(agent_commands) to public;

CREATE OR REPLACE FUNCTION hq.do_set_allowed_hosts(p_command agent_commands)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_hosts jsonb := coalesce((select jsonb_agg(distinct lower(h #>> '{}')) from hq.entries(p_command.payload -> 'hosts') h), '[]');
begin
  update public.agents a set config = case jsonb_typeof(a.config) when 'object' then a.config else '{}' end
    || jsonb_build_object('allowed_hosts', v_hosts)
  where a.id = p_command.agent_id;
  return jsonb_build_object('agent', p_command.agent_slug, 'hosts', v_hosts);
end
$function$;
grant execute on function hq.do_set_allowed_hosts(agent_commands) to public;

CREATE OR REPLACE FUNCTION hq.do_set_budget(p_command agent_commands)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_limit numeric := nullif(p_command.payload ->> 'limit_usd', 'none')::numeric;
  v_cutoff boolean := (p_command.payload ->> 'hard_cutoff')::boolean;
  v_workspace public.workspace;
  v_budget public.agent_budgets;
begin
  select * into v_workspace from public.workspace w where w.tenant_id = p_command.tenant_id;
  insert into public.agent_budgets as b (agent_id, tenant_id, monthly_limit_usd, soft_threshold_pct, hard_cutoff)
  values (p_command.agent_id, p_command.tenant_id, v_limit, coalesce(v_workspace.default_soft_threshold_pct, 80),
    coalesce(v_cutoff, v_workspace.default_hard_cutoff, true))
  on conflict (agent_id) do update
  set monthly_limit_usd = excluded.monthly_limit_usd, hard_cutoff = coalesce(v_cutoff, b.hard_cutoff)
  returning * into v_budget;
  if p_command.payload ? 'hourly_limit_usd' then
    update public.agent_budgets b set hourly_limit_usd = nullif(p_command.payload ->> 'hourly_limit_usd', 'default')::numeric
    where b.agent_id = p_command.agent_id
    returning * into v_budget;
  end if;
  return hq.budget_result(v_budget);
end
$function$;
grant execute on function hq.do_set_budget(agent_commands) to public;

CREATE OR REPLACE FUNCTION hq.do_set_task_status(p_command agent_commands)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_id uuid := hq.lock_task(p_command);
  v_task public.tasks;
begin
  update public.tasks t
  set status = (jsonb_populate_record(t, jsonb_build_object('status', p_command.payload ->> 'status'))).status
  where t.id = v_id
  returning * into v_task;
  return hq.task_result(v_task);
end
$function$;
grant execute on function hq.do_set_task_status(agent_commands) to public;

CREATE OR REPLACE FUNCTION hq.do_stop_all(p_command agent_commands)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_workspace public.workspace;
  v_who text := coalesce(hq.email_of(p_command.requested_by), 'the service');
  v_turns int := (select count(*) from hq.agent_dispatch d join public.agents a on a.id = d.agent_id
    where a.tenant_id = p_command.tenant_id and d.token is not null);
begin
  perform hq.insert_fields('public.workspace', jsonb_build_object('tenant_id', p_command.tenant_id, 'name', 'HQ'))
  where not exists (select from public.workspace w where w.tenant_id = p_command.tenant_id);
  select * into v_workspace from public.workspace w where w.tenant_id = p_command.tenant_id for no key update;
  if v_workspace.stopped_at is null then
    update public.workspace w set stopped_at = clock_timestamp(), stopped_by = p_command.requested_by where w.id = v_workspace.id
    returning * into v_workspace;
    perform hq.audit_dispatch(p_command, 'workspace.stopped', 'workspace', v_workspace.id, format('%s stopped all agents', v_who));
    perform hq.notify(jsonb_build_object('tenant_id', p_command.tenant_id, 'type', 'workspace_stopped', 'severity', 'critical',
      'subject', 'workspace:' || v_workspace.id, 'dedup_key', 'workspace_stopped:' || v_workspace.id, 'title', 'All agents are stopped',
      'body', format('%s stopped them; %s turns were running. resume_all lets them work again.', v_who, v_turns),
      'entity_type', 'workspace', 'entity_id', v_workspace.id, 'actor_type', 'system'));
  end if;
  return jsonb_build_object('stopped', true, 'since', v_workspace.stopped_at, 'turns', v_turns);
end
$function$;
grant execute on function hq.do_stop_all(agent_commands) to public;

CREATE OR REPLACE FUNCTION hq.do_top_up_budget(p_command agent_commands)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_budget public.agent_budgets;
begin
  update public.agent_budgets b
  set monthly_limit_usd = b.monthly_limit_usd + round((p_command.payload ->> 'amount_usd')::numeric, 2)
  where b.agent_id = p_command.agent_id and b.monthly_limit_usd is not null
  returning * into v_budget;
  if not found then
    raise exception '% has no limit that could be raised', p_command.agent_slug
      using errcode = '23505', column = 'agent', hint = 'set_budget gives it one.';
  end if;
  return hq.budget_result(v_budget);
exception when numeric_value_out_of_range then
  raise exception 'the limit would be too large' using errcode = '22023', column = 'amount_usd';
end
$function$;
grant execute on function hq.do_top_up_budget(agent_commands) to public;

CREATE OR REPLACE FUNCTION hq.effective_role(p_who hq.speaker)
 RETURNS member_role
 LANGUAGE sql
 IMMUTABLE
 SET search_path TO ''
AS $function$
  select case when p_who.is_direct then p_who.member_role when p_who.channel_id is not null
    then least(p_who.member_role, p_who.ceiling) end
$function$;
grant execute on function hq.effective_role(hq.speaker) to public;

CREATE OR REPLACE FUNCTION hq.email_of(p_user uuid)
 RETURNS text
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$ select u.email::text from auth.users u where u.id = p_user $function$;
grant execute on function hq.email_of(uuid) to public;

CREATE OR REPLACE FUNCTION hq.end_conditions()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
begin
  delete from public.agent_conditions c where c.agent_id = new.id and c.kind not in ('turn', 'refused');
  return null;
end
$function$;
grant execute on function hq.end_conditions() to public;

CREATE OR REPLACE FUNCTION hq.end_holds()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
declare
  v_agents uuid[] := array(select d.agent_id from hq.agent_dispatch d join public.agents a on a.id = d.agent_id
    where a.gateway_id = new.gateway_id and d.held_until > clock_timestamp() and (new.agent_id is null or new.agent_id = a.id));
begin
  if v_agents <> '{}' then
    perform hq.clear_waits(v_agents);
    perform hq.bump_dispatch_version(array[new.gateway_id]);
  end if;
  return null;
end
$function$;
grant execute on function hq.end_holds() to public;

CREATE OR REPLACE FUNCTION hq.end_left_behind()
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_ids uuid[];
begin
  select array_agg(l.id) into v_ids from (
    select c.id from public.agent_commands c
    where c.status = 'running' and c.lease_token is null and c.created_at < (select min(m.applied_at) from hq.migrations m)
      and coalesce(c.leased_until, c.started_at, c.created_at) < clock_timestamp() - interval '1 hour'
    order by c.id for no key update skip locked) l;
  if v_ids is null then
    return;
  end if;
  perform set_config('hq.quiet', 'on', true);
  update public.agent_commands c
  set status = 'failed', leased_until = null, completed_at = coalesce(c.leased_until, c.started_at, c.created_at),
    error_message = format('the daemon of the older HQ died while %s ran', c.action)
  where c.id = any (v_ids);
  perform set_config('hq.quiet', '', true);
  perform hq.notify(jsonb_build_object('tenant_id', c.tenant_id, 'type', 'command_failed', 'severity', 'warning',
    'dedup_key', 'commands_left_behind', 'actor_type', 'system', 'entity_type', 'agent_command',
    'title', case count(*) when 1 then '1 command of the older HQ never ended' else count(*) || ' commands of the older HQ never ended' end,
    'body', 'They ran when it was adopted, and are marked as failed.'))
  from public.agent_commands c where c.id = any (v_ids) group by c.tenant_id;
end
$function$;
grant execute on function hq.end_left_behind() to public;

CREATE OR REPLACE FUNCTION hq.end_left_turns(p_gateway uuid, p_settings jsonb)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  perform hq.keep_agent(d.agent_id), hq.end_turn(d, '{"outcome": "failed", "error": "the gateway that ran the turn is gone"}', p_settings)
  from hq.agent_dispatch d join public.agents a on a.id = d.agent_id
  where a.gateway_id = p_gateway and d.token is not null and d.gateway_id is distinct from p_gateway
    and d.leased_until < clock_timestamp() - interval '5 minutes';
end
$function$;
grant execute on function hq.end_left_turns(uuid,jsonb) to public;

CREATE OR REPLACE FUNCTION hq.end_stall()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
begin
  update hq.agent_dispatch d set stalled_at = null where d.agent_id = new.agent_id and d.stalled_at is not null;
  return null;
end
$function$;
grant execute on function hq.end_stall() to public;

CREATE OR REPLACE FUNCTION hq.end_turn(p_turn hq.agent_dispatch, p_result jsonb, p_settings jsonb)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_outcome text := p_result ->> 'outcome';
  v_item public.agent_inbox_items;
  v_is_open boolean;
  v_is_success boolean;
  v_is_failure boolean;
  v_has_asked boolean;
  v_hold int;
  v_failures int := p_turn.failures;
  v_most int := coalesce(hq.int_or_null(p_settings -> 'max_consecutive_failures'), 5);
  v_releases int := case when p_result ->> 'outcome' = 'released' then p_turn.releases + 1 else 0 end;
begin
  select * into v_item from public.agent_inbox_items i where i.id = p_turn.item_id for no key update;
  v_is_open := v_item.status = 'leased' and v_item.dispatch_token = p_turn.token;
  v_is_success := v_outcome = 'done' and not v_is_open;
  -- A turn that ended to wait for an answer has not failed.
  v_has_asked := v_outcome = 'done' and hq.asked_in_turn(p_turn.item_id, p_turn.started_at);
  v_is_failure := not v_is_success and not v_has_asked and v_item.status is distinct from 'done'
    and v_outcome not in ('released', 'held', 'aborted');
  if v_is_open then
    perform hq.close_turn_item(p_turn, v_is_failure, case
        when v_has_asked then null when v_outcome = 'done' then 'the turn ended without completing the item'
        when v_is_failure then coalesce(p_result ->> 'error', 'the turn failed') end, p_result ->> 'hint');
  end if;
  -- A turn that never begins would be released without end.
  if v_outcome = 'held' or v_releases >= 5 then
    v_hold := least(900, greatest(coalesce(hq.int_or_null(p_result -> 'hold_seconds'), 30), coalesce(p_turn.held_seconds * 2, 0), 1));
  end if;
  v_failures := case when v_is_success then 0 when v_is_failure then v_failures + 1 else v_failures end;
  update hq.agent_dispatch d
  set token = null, last_token = p_turn.token, item_id = null, runner_id = null, leased_until = null, failures = v_failures, releases = v_releases,
    cooldown_until = case when v_is_failure then clock_timestamp() + hq.wake_cooldown(v_failures, p_settings)
      when v_is_success then d.cooldown_until end,
    stalled_at = case when v_is_failure and v_failures >= v_most
      then clock_timestamp() end,
    held_until = case when v_hold is not null then clock_timestamp() + make_interval(secs => v_hold) when not v_is_success then d.held_until end,
    held_seconds = coalesce(v_hold, case when not v_is_success then d.held_seconds end),
    held_reason = case when v_hold is not null then left(coalesce(p_result ->> 'hold_reason', p_result ->> 'error',
        case v_outcome when 'held' then 'the provider refused' else v_releases || ' turns in a row were given back' end), 500)
      when not v_is_success then d.held_reason end
  where d.agent_id = p_turn.agent_id;
  if v_is_success and p_turn.failures > 0 then
    perform hq.resolve_alert(v_item.tenant_id, 'agent_stalled:' || p_turn.agent_id);
  elsif v_is_failure and v_failures >= v_most then
    perform hq.tell_stalled(p_turn.agent_id, v_failures, coalesce(p_result ->> 'error', 'the turn ended without completing the item'));
  end if;
  -- Other items that the turn took and did not end.
  update public.agent_inbox_items i
  set status = case when i.attempt_count >= i.max_attempts then 'dead_letter' else 'pending' end::public.inbox_item_status,
    failed_at = clock_timestamp(), leased_at = null, leased_until = null, lease_session = null, lease_run = null,
    context = coalesce(i.context, '{}') || '{"last_failure": "the turn that took the item ended without completing it"}'
  where i.agent_id = p_turn.agent_id and i.status = 'leased' and i.lease_session = p_turn.lease_session and i.id <> p_turn.item_id;
  if v_is_success then
    update public.agent_inbox_items i set last_wake_success_at = clock_timestamp() where i.id = p_turn.item_id;
  end if;
  update public.agent_activity x set item_id = null, run_id = null, tool = null, text = null, since = null, updated_at = clock_timestamp()
  where x.agent_id = p_turn.agent_id;
end
$function$;
grant execute on function hq.end_turn(hq.agent_dispatch,jsonb,jsonb) to public;

CREATE OR REPLACE FUNCTION hq.end_unserved(p_gateway gateways, p_alive text)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  c_long_ago constant timestamptz := clock_timestamp() - interval '1 hour';
  v_reason constant text := case p_alive when 'runner' then 'no daemon of an older HQ' else 'no hq-runner' end
    || ' asked for work in an hour, and nothing else runs it';
  v_actions constant public.command_action[] := array(
    select a from unnest(enum_range(null::public.command_action)) a where not hq.serves(p_alive, a));
  v_ids uuid[];
  v_what text;
begin
  if exists (select from hq.executors e where e.gateway_id = p_gateway.id
    and case p_alive when 'runner' then e.older_daemon_at else e.runner_at end > c_long_ago)
  then
    return;
  end if;
  select array_agg(u.id), string_agg(distinct u.action::text, ', ') into v_ids, v_what from (
    select c.id, c.action from public.agent_commands c
    where c.status = 'pending' and c.created_at < c_long_ago and (
      (c.gateway_id = p_gateway.id and c.action = any (v_actions))
      or (c.gateway_id is null and c.tenant_id = p_gateway.tenant_id and p_alive = 'runner' and not exists (
        select from hq.executors e join public.gateways g on g.id = e.gateway_id
        where g.tenant_id = p_gateway.tenant_id and e.older_daemon_at > c_long_ago)))
    order by c.id limit 1000 for no key update skip locked) u;
  if v_ids is null then
    return;
  end if;
  perform set_config('hq.quiet', 'on', true);
  update public.agent_commands c set status = 'failed', completed_at = clock_timestamp(), error_message = v_reason where c.id = any (v_ids);
  perform set_config('hq.quiet', '', true);
  perform hq.notify(jsonb_build_object('tenant_id', p_gateway.tenant_id, 'type', 'command_failed', 'severity', 'warning',
    'subject', 'gateway:' || p_gateway.id, 'dedup_key', format('unserved:%s:%s', p_gateway.id, p_alive), 'actor_type', 'system',
    'entity_type', 'gateway', 'entity_id', p_gateway.id, 'title', format('%s was not run on %s', v_what, p_gateway.slug), 'body', v_reason));
end
$function$;
grant execute on function hq.end_unserved(gateways,text) to public;

CREATE OR REPLACE FUNCTION hq.entries(p_list jsonb)
 RETURNS SETOF jsonb
 LANGUAGE sql
 IMMUTABLE
 SET search_path TO ''
AS $function$
  select e from jsonb_array_elements(case when jsonb_typeof(p_list) = 'array' then p_list else '[]' end) e
$function$;
grant execute on function hq.entries(jsonb) to public;

CREATE OR REPLACE FUNCTION hq.envelope_fault(p_value text)
 RETURNS text
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
 SET search_path TO ''
AS $function$
  select case
    when octet_length(p_value) > 87429 + starts_with(p_value, 'enc:v1:.')::int then 'The value is larger than 64 KiB.'
    when coalesce(p_value, '') !~ '^enc:v1:\.?[A-Za-z0-9_-]{16}\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]*$' then
      'The value is not encrypted: nothing else is ever stored.'
  end
$function$;
grant execute on function hq.envelope_fault(text) to public;

CREATE OR REPLACE FUNCTION hq.execute_in_database()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
declare
  v_result jsonb;
begin
  if exists (select from hq.actions a where a.name = new.action::text and a.executor = 'database') then
    execute format('select hq.%I($1)', 'do_' || new.action) into v_result using new;
    update public.agent_commands c
    set status = 'done', attempt = 1, started_at = c.created_at, completed_at = clock_timestamp(), result = v_result
    where c.id = new.id;
  end if;
  return null;
end
$function$;
grant execute on function hq.execute_in_database() to public;

CREATE OR REPLACE FUNCTION hq.find_confirmation(p_who hq.speaker, p_token text)
 RETURNS chat_confirmations
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_row public.chat_confirmations;
begin
  select * into v_row from public.chat_confirmations c
  where c.token_hash = hq.token_hash(p_token) and c.tenant_id = p_who.tenant
  for update;
  if not found then
    raise exception 'this question is gone' using errcode = 'P0002', column = 'token', hint = 'Ask for it again.';
  end if;
  if (v_row.platform, v_row.install, v_row.channel) is distinct from (p_who.platform, p_who.install, p_who.channel) then
    raise exception 'this was asked in another chat' using errcode = '42501', column = 'token';
  end if;
  if v_row.kind <> 'second' and v_row.identity_id <> p_who.identity then
    raise exception 'this was asked of somebody else' using errcode = '42501', column = 'token', hint = 'Ask for it yourself.';
  end if;
  if v_row.decided_at is null and v_row.expires_at <= clock_timestamp() then
    raise exception 'this question has expired' using errcode = '23505', column = 'token', hint = 'Ask for it again.';
  end if;
  return v_row;
end
$function$;
grant execute on function hq.find_confirmation(hq.speaker,text) to public;

CREATE OR REPLACE FUNCTION hq.find_fault(p_value jsonb, p_schema jsonb, p_field text DEFAULT NULL::text)
 RETURNS jsonb
 LANGUAGE plpgsql
 IMMUTABLE PARALLEL SAFE
 SET search_path TO ''
AS $function$
declare
  v_type text := p_schema ->> 'type';
  v_here text := coalesce(p_field, 'the payload');
  v_key text;
  v_index int := 0;
  v_item jsonb;
  v_fault jsonb;
  v_ok boolean := true;
begin
  if v_type is not null then
    v_ok := case v_type
      when 'integer' then jsonb_typeof(p_value) = 'number' and trunc((p_value #>> '{}')::numeric) = (p_value #>> '{}')::numeric
      else jsonb_typeof(p_value) = v_type end;
  end if;
  if v_ok and p_schema ? 'enum' then
    v_ok := exists (select from jsonb_array_elements(p_schema -> 'enum') e where e = p_value);
  end if;
  if v_ok and p_schema ? 'const' then
    v_ok := p_schema -> 'const' = p_value;
  end if;
  if v_ok and jsonb_typeof(p_value) = 'number' then
    v_ok := coalesce((p_value #>> '{}')::numeric >= (p_schema ->> 'minimum')::numeric, true)
      and coalesce((p_value #>> '{}')::numeric <= (p_schema ->> 'maximum')::numeric, true);
  end if;
  if v_ok and jsonb_typeof(p_value) = 'string' then
    v_ok := coalesce(length(p_value #>> '{}') >= (p_schema ->> 'minLength')::int, true)
      and coalesce(length(p_value #>> '{}') <= (p_schema ->> 'maxLength')::int, true)
      and coalesce(p_value #>> '{}' ~ (p_schema ->> 'pattern'), true);
  end if;
  if v_ok and jsonb_typeof(p_value) = 'array' then
    v_ok := coalesce(jsonb_array_length(p_value) <= (p_schema ->> 'maxItems')::int, true);
  end if;
  if not v_ok then
    return jsonb_build_object('field', p_field, 'message', format('%s must be %s', v_here, hq.describe_type(p_schema)));
  end if;

  if jsonb_typeof(p_value) = 'object' then
    for v_key in select jsonb_array_elements_text(p_schema -> 'required') loop
      if not p_value ? v_key then
        return jsonb_build_object(
          'field', concat_ws('.', p_field, v_key),
          'message', format('%s is missing: it must be %s', concat_ws('.', p_field, v_key),
            hq.describe_type(coalesce(p_schema -> 'properties' -> v_key, '{}'))));
      end if;
    end loop;
    for v_key, v_item in select * from jsonb_each(p_value) order by 1 loop
      if p_schema -> 'properties' ? v_key then
        v_fault := hq.find_fault(v_item, p_schema -> 'properties' -> v_key, concat_ws('.', p_field, v_key));
        if v_fault is not null then
          return v_fault;
        end if;
      elsif p_schema -> 'additionalProperties' = 'false' then
        return jsonb_build_object(
          'field', concat_ws('.', p_field, left(v_key, 60)),
          'message', format('there is no field "%s"; %s', left(v_key, 60), coalesce(
            'allowed: ' || (select string_agg(k, ', ' order by k) from jsonb_object_keys(p_schema -> 'properties') k),
            'none is allowed here')));
      end if;
    end loop;
  end if;

  if jsonb_typeof(p_value) = 'array' and p_schema ? 'items' then
    for v_item in select * from jsonb_array_elements(p_value) loop
      v_fault := hq.find_fault(v_item, p_schema -> 'items', format('%s[%s]', coalesce(p_field, ''), v_index));
      if v_fault is not null then
        return v_fault;
      end if;
      v_index := v_index + 1;
    end loop;
  end if;
  return null;
end
$function$;
grant execute on function hq.find_fault(jsonb,jsonb,text) to public;

CREATE OR REPLACE FUNCTION hq.find_gateway(p_tenant uuid, p_reference text)
 RETURNS uuid
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
declare
  v_id uuid;
begin
  select g.id into v_id from public.gateways g
  where g.tenant_id = p_tenant and (g.slug = p_reference or g.id = hq.uuid_or_null(p_reference))
  order by g.id = hq.uuid_or_null(p_reference) desc nulls last limit 1;
  if not found and p_reference is not null then
    raise exception 'there is no gateway %', left(p_reference, 100) using errcode = 'P0002', column = 'gateway';
  end if;
  return v_id;
end
$function$;
grant execute on function hq.find_gateway(uuid,text) to public;

CREATE OR REPLACE FUNCTION hq.find_row(p_table regclass, p_tenant uuid, p_reference text, p_what text)
 RETURNS uuid
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
declare
  v_hex text := lower(replace(coalesce(p_reference, ''), '-', ''));
  v_found uuid[];
begin
  if v_hex !~ '^[0-9a-f]{8,32}$' then
    raise exception '% must be an id, or at least its first eight characters', p_what using errcode = '22023', column = p_what;
  end if;
  execute format('select array_agg(f.id) from (select t.id from %s t where t.tenant_id = $1 and t.id between $2 and $3 order by t.id limit 5) f', p_table)
    into v_found using p_tenant, rpad(v_hex, 32, '0')::uuid, rpad(v_hex, 32, 'f')::uuid;
  if v_found is null then
    raise exception 'there is no such %', p_what using errcode = 'P0002', column = p_what;
  end if;
  if cardinality(v_found) > 1 then
    raise exception 'more than one % begins like that', p_what
      using errcode = '22023', column = p_what, hint = format('Give more of its id: %s.', array_to_string(v_found, ', '));
  end if;
  return v_found[1];
end
$function$;
grant execute on function hq.find_row(regclass,uuid,text,text) to public;

CREATE OR REPLACE FUNCTION hq.fire_deliverable_events()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
begin
  perform hq.fire_event(new.tenant_id, case new.review_status::text when 'in_review' then 'deliverable_submitted' else 'deliverable_reviewed' end,
    'entity_link', new.id, coalesce(new.label, new.url));
  return null;
end
$function$;
grant execute on function hq.fire_deliverable_events() to public;

CREATE OR REPLACE FUNCTION hq.fire_event(p_tenant uuid, p_event text, p_type text, p_id uuid, p_title text)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_routine public.agent_routines;
begin
  if coalesce(current_setting('hq.in_routine', true), '') = 'on' then
    return;
  end if;
  for v_routine in
    select * from public.agent_routines r
    where r.tenant_id = p_tenant and r.event = p_event and r.paused_at is null
      and r.agent_id::text <> coalesce(current_setting('hq.acting_agent', true), '')
    order by r.id for no key update
  loop
    if hq.within_rate_limit(p_tenant, v_routine.id::text, 'runs of a routine', 60, 3600) then
      perform hq.run_routine(v_routine, 'routine_event', p_id::text,
        jsonb_build_object('event', p_event, 'entity_type', p_type, 'entity_id', p_id, 'title', p_title));
    end if;
  end loop;
end
$function$;
grant execute on function hq.fire_event(uuid,text,text,uuid,text) to public;

CREATE OR REPLACE FUNCTION hq.fire_task_events()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
begin
  if tg_op = 'INSERT' then
    perform hq.fire_event(new.tenant_id, 'task_created', 'task', new.id, new.title);
  elsif new.status::text in ('done', 'blocked') and new.status is distinct from old.status then
    perform hq.fire_event(new.tenant_id, 'task_' || new.status, 'task', new.id, new.title);
  end if;
  return null;
end
$function$;
grant execute on function hq.fire_task_events() to public;

CREATE OR REPLACE FUNCTION hq.free_inbox_key()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
begin
  update public.agent_inbox_items i set dedup_key = concat(i.dedup_key, '#', i.id)
  where i.tenant_id = new.tenant_id and i.dedup_key = new.dedup_key and i.status::text not in ('pending', 'leased');
  return new;
end
$function$;
grant execute on function hq.free_inbox_key() to public;

CREATE OR REPLACE FUNCTION hq.function_identity(p_function oid)
 RETURNS text
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$
  select format('%I.%I(%s)', p.pronamespace::regnamespace, p.proname,
    (select string_agg(pg_catalog.format_type(t, null), ', ' order by n) from unnest(p.proargtypes) with ordinality a (t, n)))
  from pg_catalog.pg_proc p where p.oid = p_function
$function$;
grant execute on function hq.function_identity(oid) to public;

CREATE OR REPLACE FUNCTION hq.gateway_of_command(p_command agent_commands, p_agent agents)
 RETURNS gateways
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
declare
  v_gateway public.gateways;
begin
  select * into v_gateway from public.gateways g
  where g.tenant_id = p_command.tenant_id and g.id = coalesce(p_command.gateway_id, p_agent.gateway_id, (
    select min(o.id::text)::uuid from public.gateways o where o.tenant_id = p_command.tenant_id having count(*) = 1));
  if not found and p_command.gateway_id is not null then
    raise exception 'there is no such gateway' using errcode = 'P0002', column = 'gateway', table = 'agent_commands';
  end if;
  return v_gateway;
end
$function$;
grant execute on function hq.gateway_of_command(agent_commands,agents) to public;

CREATE OR REPLACE FUNCTION hq.gateway_row(p_gateway gateways)
 RETURNS jsonb
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$
  select hq.pick(to_jsonb(p_gateway), '{id,slug,label,status,last_seen_at,last_backup_at}') || jsonb_build_object(
    'stale', hq.is_stale(p_gateway), 'services', coalesce(p_gateway.meta -> 'services', '[]'), 'version', p_gateway.meta -> 'version',
    'agents', (select count(*) from public.agents a where a.gateway_id = p_gateway.id),
    'commands', jsonb_build_object(
      'pending', (select count(*) from public.agent_commands c where c.gateway_id = p_gateway.id and c.status = 'pending'),
      'running', (select count(*) from public.agent_commands c where c.gateway_id = p_gateway.id and c.status in ('leased', 'running'))))
$function$;
grant execute on function hq.gateway_row(gateways) to public;

CREATE OR REPLACE FUNCTION hq.gateway_trouble(p_gateway gateways)
 RETURNS text
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$
  select case
    when p_gateway.status::text in ('paused', 'hibernating') then null
    when p_gateway.last_seen_at is null then format('%s was never heard of', p_gateway.slug)
    when hq.is_stale(p_gateway) then format('%s is not heard of', p_gateway.slug)
    when p_gateway.status::text = 'error' then format('%s is in error', p_gateway.slug)
    when p_gateway.meta ->> 'gateway_problem' <> '' then p_gateway.meta ->> 'gateway_problem'
    else (select format('%s of %s is %s', s ->> 'name', p_gateway.slug, s ->> 'health') from hq.entries(p_gateway.meta -> 'services') s
      where s ->> 'health' in ('unhealthy', 'stopped', 'missing') limit 1) end
$function$;
grant execute on function hq.gateway_trouble(gateways) to public;

CREATE OR REPLACE FUNCTION hq.given_up_item(p_agent_id uuid)
 RETURNS uuid
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$
  select i.id from public.agent_inbox_items i where i.agent_id = p_agent_id and i.status = 'dead_letter'
  order by i.failed_at desc nulls last limit 1
$function$;
grant execute on function hq.given_up_item(uuid) to public;

CREATE OR REPLACE FUNCTION hq.guard_command()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
declare
  c_payload_bytes constant int := 1048576;
  v_action hq.actions;
  v_agent public.agents;
  v_gateway public.gateways;
begin
  if hq.caller_role() in ('authenticated', 'anon') then
    new.tenant_id := public.current_tenant_id();
    new.requested_by := auth.uid();
    perform hq.require_role(new.tenant_id, 'viewer', new.action::text);
  end if;
  select * into v_action from hq.actions a where a.name = new.action::text;
  perform hq.require_role(new.tenant_id, coalesce(v_action.role, 'operator'), new.action::text);

  new.payload := coalesce(new.payload, '{}');
  v_agent := hq.agent_of_command(new);
  v_gateway := hq.gateway_of_command(new, v_agent);
  if v_action.served and not (new.origin is null and hq.adopted() and hq.serves('older daemon', new.action)) then
    new.payload := hq.without_nulls(new.payload);
    perform hq.check_served(new, v_action, v_agent, v_gateway);
    if v_action.name = 'provision' then
      v_agent := hq.agent_to_provision(new, v_gateway);
    elsif v_action.name = 'wake_agent' then
      perform hq.check_wakeable(v_agent, v_gateway);
    end if;
  elsif octet_length(new.payload::text) > c_payload_bytes then
    raise exception 'the payload must be at most 1 MiB' using errcode = '22023', column = 'payload', table = 'agent_commands';
  elsif v_action.name = 'provision' and v_agent.status::text in ('provisioning', 'error') then
    v_agent := hq.agent_to_provision(new, v_gateway);
  end if;
  new.agent_id := v_agent.id;
  new.agent_slug := coalesce(v_agent.slug, new.agent_slug);
  if v_action.target is distinct from 'workspace' then
    new.gateway_id := v_gateway.id;
  end if;
  if length(new.idempotency_key) not between 1 and 200 then
    raise exception 'idempotency_key must be a text of 1 to 200 characters'
      using errcode = '22023', column = 'idempotency_key', table = 'agent_commands';
  end if;
  -- Delivery ids are predictable: with a known key somebody else could keep the next delivery from being executed.
  if starts_with(new.idempotency_key, 'chat:') and hq.current_chat() is null and hq.caller_role() in ('authenticated', 'anon') then
    raise exception 'an idempotency_key that begins with chat: is reserved for chat bots'
      using errcode = '42501', column = 'idempotency_key', table = 'agent_commands', hint = 'Use another key.';
  end if;
  new := hq.as_request(new);
  new.priority := case v_action.lane when 'none' then 10 else 0 end;
  new.payload_hash := hq.command_hash(new.action::text, new.gateway_id, new.agent_slug, new.payload);
  return new;
end
$function$;
grant execute on function hq.guard_command() to public;

CREATE OR REPLACE FUNCTION hq.guard_table(p_table regclass, p_select member_role, p_insert member_role, p_update member_role, p_delete member_role, p_tenant_column name DEFAULT 'tenant_id'::name)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_verb text;
  v_role public.member_role;
  v_test text;
  v_name text;
begin
  execute format('alter table %s enable row level security', p_table);
  execute format('revoke all on %s from public, anon, authenticated', p_table);
  execute format('grant select, insert, update, delete on %s to service_role', p_table);
  execute format('drop policy if exists hq_service on %s', p_table);
  execute format('create policy hq_service on %s for all to service_role using (true) with check (true)', p_table);
  foreach v_verb in array array['select', 'insert', 'update', 'delete'] loop
    v_role := case v_verb when 'select' then p_select when 'insert' then p_insert
      when 'update' then p_update else p_delete end;
    v_name := 'hq_' || v_verb;
    execute format('drop policy if exists %I on %s', v_name, p_table);
    execute format('drop policy if exists %I on %s', v_name || '_only', p_table);
    if v_role is null then
      v_test := 'false';
    else
      v_test := format('%I = (select public.current_tenant_id()) and (select public.member_role_of_caller()) >= %L::public.member_role',
        p_tenant_column, v_role);
    end if;
    v_test := case v_verb
      when 'insert' then format('with check (%s)', v_test)
      when 'update' then format('using (%1$s) with check (%1$s)', v_test)
      else format('using (%s)', v_test) end;
    execute format('create policy %I on %s as restrictive for %s to authenticated %s', v_name || '_only', p_table, v_verb, v_test);
    if v_role is not null then
      execute format('create policy %I on %s for %s to authenticated %s', v_name, p_table, v_verb, v_test);
      if v_verb <> 'update' then
        execute format('grant %s on %s to authenticated', v_verb, p_table);
      end if;
    end if;
  end loop;
end
$function$;
grant execute on function hq.guard_table(regclass,member_role,member_role,member_role,member_role,name) to public;

CREATE OR REPLACE FUNCTION hq.head(p_text text, p_bytes integer)
 RETURNS text
 LANGUAGE plpgsql
 IMMUTABLE PARALLEL SAFE
 SET search_path TO ''
AS $function$
declare
  v_text text := p_text;
begin
  while octet_length(v_text) > p_bytes loop
    v_text := left(v_text, -greatest(1, (octet_length(v_text) - p_bytes) / 4));
  end loop;
  return v_text;
end
$function$;
grant execute on function hq.head(text,integer) to public;

CREATE OR REPLACE FUNCTION hq.health_action(p_state text, p_agent_id uuid, p_slug text, p_status text, p_gateway text, p_gateway_status text, p_is_silent boolean, p_is_stopped boolean, p_spending text, p_subject text, p_reason text)
 RETURNS jsonb
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$
  select case p_state
    when 'paused' then case
      when p_is_stopped then hq.offered_action('resume_all', '{}')
      when p_status = 'paused' then hq.offered_action('resume_agent', '{}', p_slug, p_gateway)
      when p_status = 'ready' and p_gateway_status = 'paused' then hq.offered_action('resume_gateway', '{}', null, p_gateway) end
    when 'error' then hq.offered_action('update', '{}', p_slug, p_gateway)
    when 'offline' then case when p_gateway is not null and not p_is_silent then hq.offered_action('restart_gateway', '{}', null, p_gateway) end
    when 'over_budget' then hq.offered_action(case p_spending when 'hourly_brake' then 'set_budget' else 'top_up_budget' end, '{}', p_slug, p_gateway)
    when 'stalled' then coalesce(
      (select hq.offered_action('retry_item', jsonb_build_object('item', i)) from hq.given_up_item(p_agent_id) i where i is not null),
      hq.offered_action('set_agent_model', '{}', p_slug, p_gateway))
    when 'signed_out' then hq.offered_action('auth_set_api_key', jsonb_strip_nulls(jsonb_build_object('provider', p_subject)), null, p_gateway)
    when 'mute' then case when not hq.is_token_fault(p_reason) then hq.offered_action('restart_gateway', '{}', null, p_gateway) end
    when 'stuck' then hq.offered_action('restart_session', jsonb_strip_nulls(jsonb_build_object('session', p_subject)), p_slug, p_gateway)
    when 'full' then hq.offered_action('restart_session', jsonb_strip_nulls(jsonb_build_object('session', p_subject)), p_slug, p_gateway) end
$function$;
grant execute on function hq.health_action(text,uuid,text,text,text,text,boolean,boolean,text,text,text) to public;

CREATE OR REPLACE FUNCTION hq.health_facts(p_tenant uuid, p_agents uuid[])
 RETURNS TABLE(id uuid, slug text, status text, error text, created_at timestamp with time zone, updated_at timestamp with time zone, gateway_id uuid, gateway text, gateway_status text, gateway_is_silent boolean, gateway_seen_at timestamp with time zone, gateway_updated_at timestamp with time zone, trouble text, stopped_at timestamp with time zone, spending text, spending_until timestamp with time zone, condition agent_conditions, turn hq.agent_dispatch, need_title text, need_since timestamp with time zone, need_action jsonb, needs integer, woken_at timestamp with time zone, woken_by uuid, queued integer, state text)
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$
  with needs as (
    select distinct on (n.agent_id) n.agent_id, n.kind, n.title, n.since, (array_remove(n.actions, null))[1] as action,
      count(*) over (partition by n.agent_id)::int as waiting
    from hq.needs_of(p_tenant) n where n.agent_id is not null and n.kind <> 'budget' and (p_agents is null or n.agent_id = any (p_agents))
    order by n.agent_id, n.kind not in ('question', 'allow_host'), n.since),
  wakes as (
    select distinct on (c.agent_id) c.agent_id, coalesce(c.started_at, c.created_at) as started_at, c.requested_by
    from public.agent_commands c
    where c.tenant_id = p_tenant and c.status in ('leased', 'running') and c.action::text = 'wake_agent'
    order by c.agent_id, c.created_at),
  conditions as (
    select distinct on (c.agent_id) c.agent_id, c as condition from public.agent_conditions c
    where c.tenant_id = p_tenant and c.kind <> 'turn'
    order by c.agent_id, array_position('{refused,signed_out,stuck,full,mute}', c.kind)),
  queues as (
    select i.agent_id, count(*)::int as queued from public.agent_inbox_items i
    where i.status in ('pending', 'leased') and i.tenant_id = p_tenant and (p_agents is null or i.agent_id = any (p_agents)) group by 1),
  asked as (
    select distinct q.agent_id, q.item_id from public.agent_questions q
    where q.tenant_id = p_tenant and q.status = 'open' and q.waits_until > clock_timestamp()),
  hosts as materialized (
    select g.id, g.slug, g.status::text as status, g.last_seen_at, g.updated_at, hq.is_stale(g) or g.last_seen_at is null as is_silent,
      hq.gateway_trouble(g) as trouble
    from public.gateways g where g.tenant_id = p_tenant),
  facts as (
    select a.id, a.slug, a.status::text as status, a.meta ->> 'error' as error, a.created_at, a.updated_at,
      h.id as gateway_id, h.slug as gateway, h.status as gateway_status, h.is_silent, h.last_seen_at, h.updated_at as gateway_updated_at,
      case when h.id is null then 'it is on no gateway' else h.trouble end as trouble,
      (select w.stopped_at from public.workspace w where w.tenant_id = p_tenant limit 1) as stopped_at, s.reason as spending, s.until as spending_until,
      c.condition, d as turn, n.title, n.since, n.action, coalesce(n.waiting, 0) as waiting, k.started_at as woken_at, k.requested_by,
      coalesce(q.queued, 0) as queued, x.agent_id is not null as is_asking
    from public.agents a
    left join hosts h on h.id = a.gateway_id
    left join hq.agent_dispatch d on d.agent_id = a.id
    left join public.agent_budgets b on b.agent_id = a.id
    left join hq.agent_hours o on o.agent_id = a.id
    left join lateral hq.spending_gate(a) s on b.agent_id is not null or o.agent_id is not null
    left join conditions c on c.agent_id = a.id
    left join needs n on n.agent_id = a.id
    left join wakes k on k.agent_id = a.id
    left join queues q on q.agent_id = a.id
    left join asked x on x.agent_id = a.id and x.item_id = d.item_id
    where a.tenant_id = p_tenant and (p_agents is null or a.id = any (p_agents)))
  select f.id, f.slug, f.status, f.error, f.created_at, f.updated_at, f.gateway_id, f.gateway, f.gateway_status, f.is_silent, f.last_seen_at,
    f.gateway_updated_at, f.trouble, f.stopped_at, f.spending, f.spending_until, f.condition, f.turn, f.title, f.since, f.action, f.waiting,
    f.woken_at, f.requested_by, f.queued, case
      when f.stopped_at is not null or f.status in ('paused', 'hibernating') then 'paused'
      when f.status in ('error', 'provisioning') then f.status
      when f.trouble is not null then 'offline'
      when f.gateway_status in ('paused', 'hibernating') then 'paused'
      when f.spending is not null then 'over_budget'
      when (f.condition).kind in ('refused', 'signed_out') then 'signed_out'
      when (f.condition).kind = 'stuck' or ((f.turn).token is not null and (f.turn).leased_until < clock_timestamp() - interval '2 minutes') then 'stuck'
      when (f.turn).stalled_at is not null then 'stalled'
      when (f.turn).held_until > clock_timestamp() then 'held'
      when (f.condition).kind in ('full', 'mute') then (f.condition).kind
      when f.is_asking then 'waiting'
      when (f.turn).token is not null or f.woken_at is not null then 'working'
      when f.waiting > 0 then 'waiting'
      else 'idle' end
  from facts f
$function$;
grant execute on function hq.health_facts(uuid,uuid[]) to public;

CREATE OR REPLACE FUNCTION hq.health_help(p_state text, p_slug text, p_gateway text, p_is_silent boolean, p_is_asleep boolean, p_condition agent_conditions)
 RETURNS text
 LANGUAGE sql
 IMMUTABLE
 SET search_path TO ''
AS $function$
  select case p_state
    when 'error' then 'The gateway tries again every five minutes. Remove the cause, then update the agent.'
    when 'provisioning' then case when p_gateway is null then 'Provision it again, on a gateway.' else 'Wait: its command shows each step.' end
    when 'offline' then case when p_gateway is null then 'Provision it again, on a gateway.'
      when p_is_silent then format('Start hq-runner on the host of %s, or look at its network.', p_gateway)
      else 'Restart the gateway, and look at its log.' end
    when 'paused' then case when p_is_asleep then 'It wakes when it is used in the web product.' end
    when 'over_budget' then 'Raise its limit, or wait.'
    when 'stalled' then 'Retry an item, give it new work or another model, or pause and resume it.'
    when 'held' then 'Wait: it tries again by itself. A new key ends the wait.'
    when 'stuck' then 'Restart the session, which ends the turn. If that does not help, restart the gateway.'
    else hq.condition_help(p_condition, p_slug) end
$function$;
grant execute on function hq.health_help(text,text,text,boolean,boolean,agent_conditions) to public;

CREATE OR REPLACE FUNCTION hq.health_rows(p_tenant uuid, p_agents uuid[])
 RETURNS TABLE(agent_id uuid, slug text, health jsonb)
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$
  select f.id, f.slug, jsonb_build_object('state', f.state, 'reason', case f.state
      when 'paused' then case
        when f.stopped_at is not null then 'all agents are stopped' when f.status = 'hibernating' then 'it hibernates'
        when f.status = 'paused' then coalesce('paused by ' || p.by, 'it is paused') else 'its gateway is ' || f.gateway_status end
      when 'error' then coalesce(f.error, 'it is not on its gateway as it has to be')
      when 'provisioning' then coalesce('HQ sets it up on ' || f.gateway, 'it is on no gateway')
      when 'offline' then f.trouble
      when 'over_budget' then case f.spending when 'hourly_brake' then 'it spent what it may in an hour' else 'it spent the budget of this month' end
      when 'stalled' then case (f.turn).failures when 1 then 'its last turn failed' else format('%s turns in a row failed', (f.turn).failures) end
      when 'held' then coalesce((f.turn).held_reason, 'the provider refused')
      when 'stuck' then coalesce(case when (f.condition).kind = 'stuck' then (f.condition).reason end, 'nobody hears of its turn any more')
      when 'working' then coalesce(t.reason, 'a message of ' || hq.email_of(f.woken_by), 'a message')
      when 'waiting' then f.need_title
      when 'idle' then case f.queued when 0 then 'nothing to do' else format('%s in its inbox', f.queued) end
      else (f.condition).reason end,
    'since', case f.state
      when 'paused' then case when f.stopped_at is not null then f.stopped_at when f.status in ('paused', 'hibernating') then coalesce(p.at, f.updated_at)
        else f.gateway_updated_at end
      when 'error' then f.updated_at when 'provisioning' then f.created_at
      when 'offline' then case when f.gateway_is_silent then f.gateway_seen_at else f.gateway_updated_at end
      when 'over_budget' then (select b.updated_at from public.agent_budgets b where b.agent_id = f.id)
      when 'stalled' then (f.turn).stalled_at when 'held' then (f.turn).last_wake_at
      when 'stuck' then case when (f.condition).kind = 'stuck' then (f.condition).since else (f.turn).leased_until end
      when 'working' then coalesce((f.turn).started_at, f.woken_at)
      when 'waiting' then f.need_since when 'idle' then (f.turn).last_wake_at else (f.condition).since end,
    'until', case f.state when 'over_budget' then f.spending_until when 'held' then (f.turn).held_until end,
    'help', case when f.state not in ('idle', 'working', 'waiting') then hq.health_help(f.state, f.slug, f.gateway, f.gateway_is_silent,
      'hibernating' in (f.status, f.gateway_status), f.condition) end,
    'action', case when f.state = 'waiting' then f.need_action when f.state not in ('idle', 'working') then hq.health_action(f.state, f.id, f.slug,
      f.status, f.gateway, f.gateway_status, f.gateway_is_silent, f.stopped_at is not null, f.spending,
      case when f.state = 'stuck' and (f.condition).kind is distinct from 'stuck' then (f.turn).lease_session else (f.condition).subject end,
      (f.condition).reason) end,
    'queued', f.queued, 'needs', f.needs)
  from hq.health_facts(p_tenant, p_agents) f
  left join lateral hq.pause_of(f.id) p on f.state = 'paused' and f.status = 'paused'
  left join public.agent_conditions t on t.agent_id = f.id and t.kind = 'turn'
$function$;
grant execute on function hq.health_rows(uuid,uuid[]) to public;

CREATE OR REPLACE FUNCTION hq.hourly_limit(p_budget agent_budgets, p_settings jsonb)
 RETURNS numeric
 LANGUAGE sql
 IMMUTABLE
 SET search_path TO ''
AS $function$
  select coalesce(p_budget.hourly_limit_usd,
    case when jsonb_typeof(p_settings -> 'hourly_limit_usd') = 'number' then (p_settings ->> 'hourly_limit_usd')::numeric end,
    case when p_budget.hard_cutoff and p_budget.monthly_limit_usd > 1 then greatest(round(p_budget.monthly_limit_usd / 10, 2), 1) end)
$function$;
grant execute on function hq.hourly_limit(agent_budgets,jsonb) to public;

CREATE OR REPLACE FUNCTION hq.inbox_for_comment()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
declare
  v_before text[] := '{}';
begin
  if tg_op = 'UPDATE' then
    v_before := coalesce(old.mentions, '{}');
  end if;
  perform hq.add_inbox_item(a.id, 'task_comment_mention', format('mention:%s:%s', new.id, a.id), new.body,
    case when new.entity_type::text = 'task' then new.entity_id end, new.id)
  from public.agents a
  where a.tenant_id = new.tenant_id and a.slug = any (new.mentions) and a.slug <> all (v_before) and a.id is distinct from new.actor_agent_id;
  return null;
end
$function$;
grant execute on function hq.inbox_for_comment() to public;

CREATE OR REPLACE FUNCTION hq.inbox_for_review()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
begin
  perform hq.withdraw_items(array(select i.id from public.agent_inbox_items i
    where i.tenant_id = new.tenant_id and i.dedup_key ~>=~ format('review:%s:', new.id) and i.dedup_key ~<~ format('review:%s;', new.id)
      and i.status = 'pending'));
  if new.is_deliverable and new.submitted_by_agent_id is not null and new.review_status in ('approved', 'revision_requested', 'rejected') then
    perform hq.add_inbox_item(new.submitted_by_agent_id, 'deliverable_review', format('review:%s:%s', new.id, new.review_status),
      coalesce(new.review_note, new.review_status::text), case when new.owner_type = 'task' then new.owner_id end, null,
      jsonb_build_object('entity_link_id', new.id, 'review_status', new.review_status, 'review_note', new.review_note));
  end if;
  return null;
end
$function$;
grant execute on function hq.inbox_for_review() to public;

CREATE OR REPLACE FUNCTION hq.inbox_for_task()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
begin
  if tg_op = 'UPDATE' then
    perform hq.withdraw_for_task(old, new);
  end if;
  if new.assignee_agent_id is not null and new.archived_at is null and new.status::text not in ('done', 'cancelled')
    and (tg_op = 'INSERT' or old.assignee_agent_id is distinct from new.assignee_agent_id)
  then
    perform hq.add_inbox_item(new.assignee_agent_id,
      case when tg_op = 'UPDATE' and old.assignee_agent_id is not null then 'task_reassignment' else 'task_assignment'
      end::public.inbox_event_type,
      format('task:%s:%s', new.id, new.assignee_agent_id), new.title, new.id);
  end if;
  if tg_op = 'UPDATE' and new.status::text in ('done', 'cancelled') and old.status::text not in ('done', 'cancelled') then
    perform hq.wake_unblocked(new.id);
  end if;
  return null;
end
$function$;
grant execute on function hq.inbox_for_task() to public;

CREATE OR REPLACE FUNCTION hq.inbox_item_json(p_item agent_inbox_items)
 RETURNS jsonb
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$
  select jsonb_build_object('id', p_item.id, 'event', p_item.event_type, 'status', case when p_item.status::text = 'leased'
      and p_item.leased_until <= clock_timestamp() then 'pending' else p_item.status::text end,
    'summary', p_item.summary, 'task_id', p_item.task_id, 'task_title', (select t.title from public.tasks t where t.id = p_item.task_id),
    'comment_id', p_item.comment_id, 'created_at', p_item.created_at, 'attempt', p_item.attempt_count)
$function$;
grant execute on function hq.inbox_item_json(agent_inbox_items) to public;

CREATE OR REPLACE FUNCTION hq.insert_command(p_action text, p_payload jsonb, p_gateway text, p_agent text, p_idempotency_key text, p_origin text)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_tenant uuid := public.current_tenant_id();
  v_gateway uuid;
  v_agent public.agents;
  v_row public.agent_commands;
  v_id uuid;
begin
  perform hq.require_role(v_tenant, 'viewer', p_action);
  if coalesce(p_action, '') <> all (enum_range(null::public.command_action)::text[]) then
    raise exception 'there is no action %', left(p_action, 100)
      using errcode = '22023', column = 'action',
        hint = 'Known: ' || (select string_agg(a.name, ', ' order by a.name) from hq.actions a where a.served) || '.';
  end if;
  v_gateway := hq.find_gateway(v_tenant, p_gateway);
  if p_agent is not null then
    select * into v_agent from public.agents a
    where a.tenant_id = v_tenant and (a.slug = p_agent or a.id = hq.uuid_or_null(p_agent))
    order by a.id = hq.uuid_or_null(p_agent) desc nulls last limit 1;
    if not found then
      raise exception 'there is no agent %', left(p_agent, 100) using errcode = 'P0002', column = 'agent';
    end if;
  end if;

  if p_idempotency_key is null
    or not exists (select from public.agent_commands c where c.tenant_id = v_tenant and c.idempotency_key = p_idempotency_key)
  then
    insert into public.agent_commands (tenant_id, action, payload, gateway_id, agent_id, idempotency_key, origin)
    values (v_tenant, p_action::public.command_action, coalesce(p_payload, '{}'), v_gateway, v_agent.id, p_idempotency_key, p_origin)
    on conflict (tenant_id, idempotency_key) where idempotency_key is not null do nothing
    returning id into v_id;
    if found then
      -- Reads the row again: the database may have executed it by now.
      select * into v_row from public.agent_commands c where c.id = v_id;
      return jsonb_build_object('command', to_jsonb(v_row), 'created', true);
    end if;
  end if;
  select * into v_row from public.agent_commands c
  where c.tenant_id = v_tenant and c.idempotency_key = p_idempotency_key;
  if v_row.payload_hash is distinct from hq.command_hash(
    p_action, coalesce(v_gateway, v_row.gateway_id), coalesce(v_agent.slug, v_row.agent_slug), coalesce(p_payload, '{}'))
  then
    raise exception 'this idempotency key was used for something else'
      using errcode = '23505', column = 'idempotency_key', hint = 'Use a new key for a new request.';
  end if;
  return jsonb_build_object('command', to_jsonb(v_row), 'created', false);
end
$function$;
grant execute on function hq.insert_command(text,jsonb,text,text,text,text) to public;

CREATE OR REPLACE FUNCTION hq.insert_fields(p_table regclass, p_fields jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_columns text := (select string_agg(quote_ident(a.attname), ', ') from pg_catalog.pg_attribute a
    where a.attrelid = p_table and a.attnum > 0 and not a.attisdropped and p_fields ? a.attname::text);
  v_row jsonb;
begin
  execute format('insert into %1$s as t (%2$s) select %2$s from jsonb_populate_record(null::%1$s, $1) on conflict do nothing returning to_jsonb(t)',
    p_table, v_columns) into v_row using p_fields;
  return v_row;
end
$function$;
grant execute on function hq.insert_fields(regclass,jsonb) to public;

CREATE OR REPLACE FUNCTION hq.int_or_null(p_value jsonb)
 RETURNS integer
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
 SET search_path TO ''
AS $function$
  select case when jsonb_typeof(p_value) = 'number' and abs((p_value #>> '{}')::numeric) < 2147483648
    then trunc((p_value #>> '{}')::numeric)::int end
$function$;
grant execute on function hq.int_or_null(jsonb) to public;

CREATE OR REPLACE FUNCTION hq.is_agent_slug(p_slug text)
 RETURNS boolean
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
 SET search_path TO ''
AS $function$
  select p_slug ~ '^[a-z0-9]+(?:-[a-z0-9]+)*$' and length(p_slug) between 2 and 40
    and p_slug not in ('default', 'main', 'master', 'new', 'template') and p_slug not like 'template-%'
$function$;
grant execute on function hq.is_agent_slug(text) to public;

CREATE OR REPLACE FUNCTION hq.is_budget_spent(p_budget agent_budgets)
 RETURNS boolean
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$
  select case when p_budget.hard_cutoff and p_budget.status::text = 'exceeded'
    then p_budget.current_period_start >= hq.budget_month(p_budget, clock_timestamp()) else false end
$function$;
grant execute on function hq.is_budget_spent(agent_budgets) to public;

CREATE OR REPLACE FUNCTION hq.is_disconnected(p_adapter chat_adapters)
 RETURNS boolean
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$
  select p_adapter.state <> 'stopped' and (p_adapter.last_beat_at < clock_timestamp() - interval '60 seconds'
    or p_adapter.state = 'revoked'
    or (p_adapter.state <> 'connected' and p_adapter.state_since < clock_timestamp() - interval '60 seconds'))
$function$;
grant execute on function hq.is_disconnected(chat_adapters) to public;

CREATE OR REPLACE FUNCTION hq.is_for_daemons(p_function oid)
 RETURNS boolean
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$
  select (p.proname ~ '^(lease|spawn|escalate|mark)_' or p.proname in ('start_command', 'complete_command', 'fail_command',
      'complete_inbox_item', 'fail_inbox_item', 'upsert_knowledge_chunks'))
    and not exists (select from pg_catalog.pg_proc t where t.prorettype = 'trigger'::regtype and not t.prosecdef
      and t.pronamespace = 'public'::regnamespace and strpos(t.prosrc, p.proname || '(') > 0)
  from pg_catalog.pg_proc p where p.oid = p_function
$function$;
grant execute on function hq.is_for_daemons(oid) to public;

CREATE OR REPLACE FUNCTION hq.is_overdue(p_task tasks)
 RETURNS boolean
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$
  select coalesce(p_task.due_date < case pg_typeof(p_task.due_date) when 'date'::regtype then current_date::timestamptz else clock_timestamp() end, false)
    and p_task.archived_at is null and p_task.status::text not in ('done', 'cancelled', 'missed')
$function$;
grant execute on function hq.is_overdue(tasks) to public;

CREATE OR REPLACE FUNCTION hq.is_own_or_reports(p_agent agents, p_assignee uuid)
 RETURNS boolean
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$
  select coalesce(p_assignee = p_agent.id, false) or exists (select from public.agents a where a.id = p_assignee and a.reports_to_id = p_agent.id)
$function$;
grant execute on function hq.is_own_or_reports(agents,uuid) to public;

CREATE OR REPLACE FUNCTION hq.is_refusal(p_reason text)
 RETURNS boolean
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
 SET search_path TO ''
AS $function$
  select coalesce(p_reason ~* '\mHTTP 40[123]\M|auth/billing|billing error|unauthori[sz]ed|(invalid|incorrect|missing|no).{0,20}api.?key|authentication', false)
$function$;
grant execute on function hq.is_refusal(text) to public;

CREATE OR REPLACE FUNCTION hq.is_stale(p_gateway gateways)
 RETURNS boolean
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$
  select coalesce(p_gateway.last_seen_at < clock_timestamp() - interval '90 seconds', false)
    and p_gateway.status::text not in ('hibernating', 'provisioning')
$function$;
grant execute on function hq.is_stale(gateways) to public;

CREATE OR REPLACE FUNCTION hq.is_token_fault(p_reason text)
 RETURNS boolean
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
 SET search_path TO ''
AS $function$
  select coalesce(p_reason ~* '\m401\M|\m404\M|unauthori|invalid.*token|token.*(invalid|missing)', false)
$function$;
grant execute on function hq.is_token_fault(text) to public;

CREATE OR REPLACE FUNCTION hq.is_trouble(p_state text)
 RETURNS boolean
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
 SET search_path TO ''
AS $function$
  select p_state in ('error', 'offline', 'over_budget', 'signed_out', 'stuck', 'stalled', 'held', 'full', 'mute')
$function$;
grant execute on function hq.is_trouble(text) to public;

CREATE OR REPLACE FUNCTION hq.item_result(p_item agent_inbox_items)
 RETURNS jsonb
 LANGUAGE sql
 IMMUTABLE
 SET search_path TO ''
AS $function$
  select jsonb_build_object('id', p_item.id, 'title', coalesce(p_item.summary, replace(p_item.event_type::text, '_', ' ')), 'status', p_item.status,
    'agent', p_item.agent_slug)
$function$;
grant execute on function hq.item_result(agent_inbox_items) to public;

CREATE OR REPLACE FUNCTION hq.item_wait(p_item agent_inbox_items)
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
declare
  v_agent public.agents;
  v_gate record;
  v_reason text;
  v_place int;
begin
  if p_item.status::text not in ('pending', 'leased') or (p_item.status = 'leased' and p_item.leased_until > clock_timestamp()) then
    return null;
  end if;
  select * into v_agent from public.agents a where a.id = p_item.agent_id;
  select * into v_gate from hq.wake_gate(v_agent);
  v_reason := coalesce(v_gate.reason, case when hq.awaits_answer(p_item.id) then 'question' end, 'queued');
  if v_reason not in ('workspace_stopped', 'stalled', 'agent_paused', 'gateway_paused', 'no_gateway')
    and exists (select from public.gateways g where g.id = v_agent.gateway_id and hq.is_stale(g))
  then
    v_reason := 'no_runner';
  end if;
  v_place := 1 + (select count(*) from public.agent_inbox_items i where i.agent_id = p_item.agent_id and i.status in ('pending', 'leased')
    and (i.created_at, i.id) < (p_item.created_at, p_item.id));
  return jsonb_build_object('reason', v_reason, 'until', v_gate.until, 'place', v_place, 'text', case v_reason
    when 'question' then 'the agent waits for the answer to a question'
    when 'workspace_stopped' then 'all agents are stopped' when 'stalled' then 'the agent is stalled after failures'
    when 'in_turn' then format('place %s: the agent works on something else', v_place)
    when 'leased' then format('place %s: the agent works on something else', v_place)
    when 'held' then 'held: ' || coalesce(v_gate.detail, 'the provider refused') when 'cooldown' then 'the agent rests between two turns'
    when 'agent_paused' then 'the agent is ' || v_agent.status when 'gateway_paused' then 'its gateway is paused'
    when 'agent_not_ready' then 'the agent is not on its gateway yet' when 'no_gateway' then 'the agent has no gateway'
    when 'question' then 'the agent has asked a question about it'
    when 'older_daemon' then 'the daemon of an older HQ wakes it'
    when 'no_runner' then 'its gateway is not heard of' when 'budget_exceeded' then 'the budget of the month is spent'
    when 'hourly_brake' then 'the agent has spent what it may in an hour' else format('place %s of the agent''s queue', v_place) end);
end
$function$;
grant execute on function hq.item_wait(agent_inbox_items) to public;

CREATE OR REPLACE FUNCTION hq.keep_agent(p_agent_id uuid)
 RETURNS boolean
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  perform from public.agents a where a.id = p_agent_id for key share;
  return found;
end
$function$;
grant execute on function hq.keep_agent(uuid) to public;

CREATE OR REPLACE FUNCTION hq.lease_adapter_token(p_tenant uuid, p_holder text, p_adapter jsonb)
 RETURNS boolean
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_now timestamptz := clock_timestamp();
  v_state text := left(coalesce(p_adapter ->> 'state', 'unknown'), 40);
  v_until timestamptz := v_now + case v_state when 'stopped' then interval '0' else interval '30 seconds' end;
begin
  insert into public.chat_adapters as a (platform, fingerprint, tenant_id, install, holder, held_until, state, detail, last_inbound_at,
    last_outbound_at)
  values (p_adapter ->> 'platform', p_adapter ->> 'fingerprint', p_tenant, p_adapter ->> 'install', p_holder, v_until, v_state,
    left(p_adapter ->> 'detail', 500), (p_adapter ->> 'last_inbound_at')::timestamptz, (p_adapter ->> 'last_outbound_at')::timestamptz)
  on conflict (platform, fingerprint) do update
  set tenant_id = excluded.tenant_id, install = coalesce(excluded.install, a.install), holder = excluded.holder,
    held_until = excluded.held_until, state = excluded.state, detail = excluded.detail, last_beat_at = v_now,
    state_since = case when excluded.state = a.state and excluded.tenant_id = a.tenant_id then a.state_since else v_now end,
    last_inbound_at = coalesce(excluded.last_inbound_at, a.last_inbound_at),
    last_outbound_at = coalesce(excluded.last_outbound_at, a.last_outbound_at)
  where (a.holder = p_holder and a.tenant_id = p_tenant) or a.held_until <= v_now;
  return found and v_state <> 'stopped';
end
$function$;
grant execute on function hq.lease_adapter_token(uuid,text,jsonb) to public;

CREATE OR REPLACE FUNCTION hq.lease_command_body(p_existing regprocedure)
 RETURNS text
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$
  select case
    when t.oid = 'public.agent_commands'::regtype then format('select c.* %s', f.source)
    when t.oid in ('jsonb'::regtype, 'json'::regtype) then format('select to_jsonb(c)::%s %s', t.oid::regtype, f.source)
    when t.oid = 'uuid'::regtype then format('select c.id %s', f.source)
    when t.typtype = 'c' then format('select (jsonb_populate_record(null::%s, to_jsonb(c))).* %s', t.oid::regtype, f.source)
    when t.oid = 'record'::regtype then format('select r.* from (select to_jsonb(c) as row %s) l, jsonb_to_record(l.row) r (%s)', f.source, (
      select string_agg(format('%I %s', a.name, pg_catalog.format_type(a.type, null)), ', ' order by a.n)
      from unnest(p.proargnames, p.proargmodes, p.proallargtypes) with ordinality a (name, mode, type, n) where a.mode in ('t', 'o'))) end
  from pg_catalog.pg_proc p join pg_catalog.pg_type t on t.oid = p.prorettype,
    (select 'from hq.lease_for_older_daemon($1, $2) c where c.id is not null' as source) f
  where p.oid = p_existing
$function$;
grant execute on function hq.lease_command_body(regprocedure) to public;

CREATE OR REPLACE FUNCTION hq.lease_for_older_daemon(p_lease_seconds integer, p_gateway_slug text)
 RETURNS agent_commands
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_gateway public.gateways;
  v_runner_is_here boolean;
  v_actions public.command_action[];
  v_ids uuid[] := '{}';
  v_command public.agent_commands;
begin
  for v_gateway in select * from public.gateways g where p_gateway_slug is null or g.slug = p_gateway_slug order by g.id loop
    perform hq.note_executor(v_gateway, 'older daemon');
    continue when v_gateway.status in ('paused', 'hibernating');
    v_runner_is_here := exists (
      select from hq.executors e where e.gateway_id = v_gateway.id and e.runner_at > clock_timestamp() - interval '90 seconds');
    v_actions := array(select a from unnest(enum_range(null::public.command_action)) a
      where hq.serves('older daemon', a) and not (v_runner_is_here and hq.serves('runner', a)));
    v_ids := v_ids || array(
      select n.id from unnest(v_actions) a (action) cross join lateral (
        (select c.id from public.agent_commands c where c.gateway_id = v_gateway.id and c.status = 'pending' and c.action = a.action
          order by c.priority desc, c.created_at, c.id limit 5)
        union all
        (select c.id from public.agent_commands c
          where c.gateway_id is null and c.tenant_id = v_gateway.tenant_id and c.status = 'pending' and c.action = a.action
          order by c.priority desc, c.created_at, c.id limit 5)) n
      union all
      select c.id from public.agent_commands c
      where c.status = 'leased' and c.lease_token is null and c.leased_until < now() and c.gateway_id = v_gateway.id);
  end loop;
  select * into v_command from public.agent_commands c
  where c.id = any (v_ids) and (c.status = 'pending' or (c.status = 'leased' and c.lease_token is null and c.leased_until < now()))
  order by c.priority desc, c.created_at, c.id limit 1 for no key update skip locked;
  update public.agent_commands c
  set status = 'leased', leased_at = now(), leased_until = now() + make_interval(secs => p_lease_seconds), attempt = c.attempt + 1
  where c.id = v_command.id returning * into v_command;
  return v_command;
end
$function$;
grant execute on function hq.lease_for_older_daemon(integer,text) to public;

CREATE OR REPLACE FUNCTION hq.lease_json(p_row agent_commands, p_lease_seconds integer)
 RETURNS jsonb
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$
  select jsonb_build_object(
    'id', p_row.id, 'action', p_row.action, 'payload', (
      select coalesce(jsonb_object_agg(e.key, e.value), '{}')
      from jsonb_each(case when jsonb_typeof(p_row.payload) = 'object' then p_row.payload else '{}' end) e
      where a.payload_schema -> 'properties' ? e.key and e.value <> 'null'), 'agent_id', p_row.agent_id, 'agent_slug', p_row.agent_slug,
    'attempt', p_row.attempt, 'lease_token', p_row.lease_token, 'lease_seconds', p_lease_seconds,
    'timeout_seconds', a.timeout_seconds, 'created_at', p_row.created_at, 'requested_by', p_row.requested_by,
    'origin', p_row.origin)
  from hq.actions a where a.name = p_row.action::text
$function$;
grant execute on function hq.lease_json(agent_commands,integer) to public;

CREATE OR REPLACE FUNCTION hq.limit_command()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
declare
  c_waiting constant int := 200;
  c_meta_bytes constant int := 16384;
begin
  if octet_length(new.meta::text) > c_meta_bytes then
    raise exception 'meta must be at most 16 KiB' using errcode = '22023', column = 'meta', table = 'agent_commands';
  end if;
  if hq.caller_role() = 'authenticated' then
    -- Counted one after the other: requests at once would not see each other.
    perform pg_advisory_xact_lock(hashtextextended('hq.waiting ' || new.requested_by, 0));
    if c_waiting <= (
      select count(*) from (
        select from public.agent_commands c
        where c.gateway_id = new.gateway_id and c.requested_by = new.requested_by and c.status = 'pending' limit c_waiting
      ) waiting)
    then
      raise exception '% commands of yours wait on this gateway already', c_waiting
        using errcode = '23505', column = 'gateway', table = 'agent_commands', hint = 'Wait until some have run, or cancel some.';
    end if;
  end if;
  return new;
end
$function$;
grant execute on function hq.limit_command() to public;

CREATE OR REPLACE FUNCTION hq.limit_refusals()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
declare
  c_a_minute constant int := 30;
begin
  if c_a_minute <= (
    select count(*) from public.audit_log a
    where a.tenant_id = new.tenant_id and a.created_at > clock_timestamp() - interval '1 minute'
      and a.actor_user_id = new.actor_user_id and a.action::text = 'command.refused')
  then
    return null;
  end if;
  return new;
end
$function$;
grant execute on function hq.limit_refusals() to public;

CREATE OR REPLACE FUNCTION hq.local_time(p_at timestamp with time zone, p_zone text)
 RETURNS timestamp without time zone
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  return p_at at time zone p_zone;
exception when invalid_parameter_value then
  return p_at at time zone 'UTC';
end
$function$;
grant execute on function hq.local_time(timestamp with time zone,text) to public;

CREATE OR REPLACE FUNCTION hq.lock_agent(p_agent_id uuid)
 RETURNS agents
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_agent public.agents;
begin
  select * into v_agent from public.agents a where a.id = p_agent_id for no key update;
  if not found then
    raise exception 'there is no such agent' using errcode = 'P0002', column = 'agent';
  end if;
  return v_agent;
end
$function$;
grant execute on function hq.lock_agent(uuid) to public;

CREATE OR REPLACE FUNCTION hq.lock_gateway_deletes()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
begin
  if tg_argv[0] = 'alone' then
    perform pg_advisory_xact_lock(hashtext('hq.gateways'));
  else
    perform pg_advisory_xact_lock_shared(hashtext('hq.gateways'));
  end if;
  return null;
end
$function$;
grant execute on function hq.lock_gateway_deletes() to public;

CREATE OR REPLACE FUNCTION hq.lock_gateway_of_agent()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
begin
  perform from public.gateways g where g.id = old.gateway_id for no key update;
  return old;
end
$function$;
grant execute on function hq.lock_gateway_of_agent() to public;

CREATE OR REPLACE FUNCTION hq.lock_inbox_item(p_agent agents, p_arguments jsonb)
 RETURNS agent_inbox_items
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_item public.agent_inbox_items;
begin
  perform hq.keep_agent(p_agent.id);
  select * into v_item from public.agent_inbox_items i
  where i.id = hq.find_row('public.agent_inbox_items', p_agent.tenant_id, p_arguments ->> 'item', 'item') and i.agent_id = p_agent.id
  for no key update;
  if not found then
    raise exception 'there is no such item' using errcode = 'P0002', column = 'item';
  end if;
  return v_item;
end
$function$;
grant execute on function hq.lock_inbox_item(agents,jsonb) to public;

CREATE OR REPLACE FUNCTION hq.lock_item(p_command agent_commands)
 RETURNS agent_inbox_items
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_id uuid := hq.find_row('public.agent_inbox_items', p_command.tenant_id, p_command.payload ->> 'item', 'item');
  v_item public.agent_inbox_items;
begin
  perform hq.keep_agent(i.agent_id) from public.agent_inbox_items i where i.id = v_id;
  perform from hq.agent_dispatch d where d.agent_id = (select i.agent_id from public.agent_inbox_items i where i.id = v_id) for no key update;
  select * into v_item from public.agent_inbox_items i where i.id = v_id for no key update;
  return v_item;
end
$function$;
grant execute on function hq.lock_item(agent_commands) to public;

CREATE OR REPLACE FUNCTION hq.lock_next_item(p_agent uuid)
 RETURNS agent_inbox_items
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_id uuid;
  v_item public.agent_inbox_items;
begin
  loop
    select i.id into v_id from public.agent_inbox_items i
    where i.agent_id = p_agent and i.status in ('pending', 'leased') and (i.status = 'pending' or i.leased_until <= clock_timestamp())
      and not hq.awaits_answer(i.id)
    order by i.created_at, i.id limit 1;
    select * into v_item from public.agent_inbox_items i
    where i.id = v_id and (i.status = 'pending' or (i.status = 'leased' and i.leased_until <= clock_timestamp()))
    for no key update skip locked;
    if v_item.id is null or v_item.attempt_count < v_item.max_attempts then
      return v_item;
    end if;
    update public.agent_inbox_items i
    set status = 'dead_letter', failed_at = clock_timestamp(), leased_until = null,
      context = jsonb_build_object('last_failure', 'every attempt ended without an answer') || coalesce(i.context, '{}')
    where i.id = v_item.id;
  end loop;
end
$function$;
grant execute on function hq.lock_next_item(uuid) to public;

CREATE OR REPLACE FUNCTION hq.lock_open_question(p_command agent_commands)
 RETURNS agent_questions
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_row public.agent_questions;
begin
  select * into v_row from public.agent_questions q
  where q.id = hq.find_row('public.agent_questions', p_command.tenant_id, p_command.payload ->> 'question', 'question')
  for update;
  if v_row.status = 'open' and v_row.expires_at <= clock_timestamp() then
    raise exception 'nobody answered this question in time' using errcode = '23505', column = 'question', hint = 'The agent is told so.';
  elsif v_row.status <> 'open' then
    raise exception 'this question is over: %', hq.question_outcome(v_row)
      using errcode = '23505', column = 'question', hint = 'The first answer counts. Tell the agent in a comment if it has to know more.';
  end if;
  return v_row;
end
$function$;
grant execute on function hq.lock_open_question(agent_commands) to public;

CREATE OR REPLACE FUNCTION hq.lock_routine(p_command agent_commands)
 RETURNS agent_routines
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_reference text := p_command.payload ->> 'routine';
  v_routine public.agent_routines;
begin
  select * into v_routine from public.agent_routines r where r.tenant_id = p_command.tenant_id and r.name = v_reference for no key update;
  if found then
    return v_routine;
  elsif v_reference !~* '^[0-9a-f]{8}[0-9a-f-]*$' then
    raise exception 'there is no routine %', left(v_reference, 100)
      using errcode = 'P0002', column = 'routine', hint = 'list_routines names them.';
  end if;
  select * into v_routine from public.agent_routines r
  where r.id = hq.find_row('public.agent_routines', p_command.tenant_id, v_reference, 'routine') for no key update;
  return v_routine;
end
$function$;
grant execute on function hq.lock_routine(agent_commands) to public;

CREATE OR REPLACE FUNCTION hq.lock_secret(p_args jsonb, p_what text)
 RETURNS secrets
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_id uuid := p_args ->> 'secret_id';
  v_row public.secrets;
begin
  perform set_config('hq.secret_origin', hq.origin_or_api(p_args ->> 'origin'), true);
  perform hq.require_role(public.current_tenant_id(), 'operator', p_what);
  perform from public.agents a where a.id = (select s.agent_id from public.secrets s where s.id = v_id) for key share;
  perform from public.gateways g where g.id = (select s.gateway_id from public.secrets s where s.id = v_id) for key share;
  select * into v_row from public.secrets s
  where s.id = v_id and (hq.caller_role() not in ('authenticated', 'anon') or s.tenant_id = public.current_tenant_id())
  for update;
  if not found then
    raise exception 'there is no such secret' using errcode = 'P0002', column = 'secret_id';
  end if;
  return v_row;
end
$function$;
grant execute on function hq.lock_secret(jsonb,text) to public;

CREATE OR REPLACE FUNCTION hq.lock_task(p_command agent_commands)
 RETURNS uuid
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_task public.tasks;
begin
  select * into v_task from public.tasks t
  where t.id = hq.find_row('public.tasks', p_command.tenant_id, p_command.payload ->> 'task', 'task')
  for no key update;
  if v_task.archived_at is not null then
    raise exception 'this task is archived' using errcode = '23505', column = 'task', hint = 'Create another one.';
  end if;
  return v_task.id;
end
$function$;
grant execute on function hq.lock_task(agent_commands) to public;

CREATE OR REPLACE FUNCTION hq.lock_task_of_agent(p_agent agents, p_reference text, p_argument text, p_is_change boolean)
 RETURNS tasks
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_task public.tasks;
begin
  select * into v_task from public.tasks t
  where t.id = hq.find_row('public.tasks', p_agent.tenant_id, p_reference, p_argument) and (hq.is_own_or_reports(p_agent, t.assignee_agent_id)
    or exists (select from public.agent_inbox_items i where i.agent_id = p_agent.id and i.task_id = t.id)
    or exists (select from public.tasks s where s.parent_id = t.id and s.assignee_agent_id = p_agent.id))
  for no key update;
  if not found then
    raise exception 'there is no such %', p_argument using errcode = 'P0002', column = p_argument;
  end if;
  if p_is_change and not hq.is_own_or_reports(p_agent, v_task.assignee_agent_id) then
    raise exception 'this task is neither yours nor one of your reports''' using errcode = '42501', column = p_argument, hint = 'Comment on it instead.';
  end if;
  if p_is_change and v_task.archived_at is not null then
    raise exception 'this task is archived' using errcode = '23505', column = p_argument;
  end if;
  return v_task;
end
$function$;
grant execute on function hq.lock_task_of_agent(agents,text,text,boolean) to public;

CREATE OR REPLACE FUNCTION hq.look_for_overdue(p_tenant uuid)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_task public.tasks;
  v_key text;
begin
  -- An upsert locks the row even where it changes nothing: the exchanges of all gateways would run one after the other.
  if exists (select from hq.ticks k where k.tenant_id = p_tenant and k.at >= clock_timestamp() - interval '20 seconds') then
    return;
  end if;
  insert into hq.ticks as k (tenant_id, at) values (p_tenant, clock_timestamp())
  on conflict (tenant_id) do update set at = excluded.at where k.at < clock_timestamp() - interval '20 seconds';
  if not found or hq.adopted() then
    return;
  end if;
  perform hq.sweep_tasks(p_tenant);
  for v_task in
    select t.* from public.tasks t
    where t.tenant_id = p_tenant and t.due_date < clock_timestamp() and t.due_date > clock_timestamp() - interval '7 days'
      and t.archived_at is null and t.status not in ('done', 'cancelled', 'missed')
    order by t.due_date limit 500
  loop
    v_key := format('overdue:%s:%s', v_task.id, extract(epoch from v_task.due_date)::bigint);
    if not exists (select from public.agent_inbox_items i where i.tenant_id = p_tenant and i.dedup_key = v_key || '#0') then
      perform hq.add_inbox_item(coalesce(a.reports_to_id, a.id), 'task_overdue', v_key, 'overdue: ' || v_task.title, v_task.id, null,
        jsonb_build_object('due', v_task.due_date, 'assignee', a.slug))
      from public.agents a where a.id = v_task.assignee_agent_id;
    end if;
  end loop;
end
$function$;
grant execute on function hq.look_for_overdue(uuid) to public;

CREATE OR REPLACE FUNCTION hq.may_be_direct(p_who hq.speaker)
 RETURNS boolean
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$
  select case p.direct_rule
    when 'starts with' then starts_with(f.value, p.direct_value)
    when 'equals' then f.value = p.direct_value
    when 'equals user' then f.value = p_who.chat_user end
  from hq.chat_platforms p, lateral (select case p.direct_field when 'channel' then p_who.channel else p_who.install end as value) f
  where p.name = p_who.platform
$function$;
grant execute on function hq.may_be_direct(hq.speaker) to public;

CREATE OR REPLACE FUNCTION hq.merge_into_notification(p_alert notifications, p_about uuid)
 RETURNS boolean
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  if hq.alert_type_of(p_alert.type::text) is null then
    return false;
  end if;
  update public.notifications n
  set severity = p_alert.severity, subject = p_alert.subject, dedup_key = p_alert.dedup_key, muted = p_alert.muted,
    body = coalesce(n.body, p_alert.body), meta = p_alert.meta || n.meta || '{"is_merged": true}'
  where n.id = (
    select o.id from public.notifications o
    where o.tenant_id = p_alert.tenant_id and o.dedup_key is null
      and o.entity_id::text in (p_alert.entity_id::text, p_about::text)
      and o.created_at >= coalesce(p_alert.created_at, transaction_timestamp())
      and o.dismissed_at is null and o.resolved_at is null and hq.alert_type_of(o.type::text) = p_alert.type::text
      and not exists (select from public.notifications x where x.tenant_id = p_alert.tenant_id and x.dedup_key = p_alert.dedup_key
        and x.dismissed_at is null and x.resolved_at is null)
    order by o.created_at desc limit 1);
  return found;
end
$function$;
grant execute on function hq.merge_into_notification(notifications,uuid) to public;

CREATE OR REPLACE FUNCTION hq.merge_notification()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
declare
  v_alert public.notifications;
begin
  -- An upsert of a row that is there comes as an insert first.
  if exists (select from public.notifications n where n.id = new.id) then
    return new;
  end if;
  delete from public.notifications n
  where n.id = (
    select o.id from public.notifications o
    where o.tenant_id = new.tenant_id and o.dedup_key is not null and o.resolved_at is null and o.dismissed_at is null
      and not o.meta ? 'is_merged'
      and (o.dedup_key = hq.alert_type_of(new.type::text) || ':' || new.entity_id or (
        starts_with(o.dedup_key, hq.alert_type_of(new.type::text) || ':') and o.meta ->> 'about' = new.entity_id::text
        and o.created_at >= transaction_timestamp()))
    order by o.created_at desc limit 1)
  returning * into v_alert;
  if found then
    new.severity := v_alert.severity;
    new.subject := v_alert.subject;
    new.dedup_key := v_alert.dedup_key;
    new.occurrences := v_alert.occurrences;
    new.muted := v_alert.muted;
    new.muted_by := v_alert.muted_by;
    new.muted_until := v_alert.muted_until;
    new.body := coalesce(new.body, v_alert.body);
    new.meta := v_alert.meta || coalesce(new.meta, '{}') || '{"is_merged": true}';
  end if;
  return new;
end
$function$;
grant execute on function hq.merge_notification() to public;

CREATE OR REPLACE FUNCTION hq.meta_to_provision(p_payload jsonb)
 RETURNS jsonb
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
 SET search_path TO ''
AS $function$
  select jsonb_strip_nulls(jsonb_build_object('emoji', p_payload ->> 'emoji', 'template_branch', p_payload ->> 'source_template',
    'channel', nullif(p_payload ->> 'channel', 'none'), 'discord_server_id', p_payload ->> 'discord_server_id',
    'discord_user_id', p_payload ->> 'discord_user_id', 'workspace_slug', p_payload ->> 'workspace_slug',
    'allow_from', nullif(p_payload -> 'allow_from', '[]'), 'import_id', p_payload ->> 'import_id',
    'owner', nullif(jsonb_strip_nulls(jsonb_build_object('name', p_payload ->> 'owner_name',
      'preferred_name', p_payload ->> 'owner_preferred_name', 'timezone', p_payload ->> 'owner_timezone')), '{}')))
$function$;
grant execute on function hq.meta_to_provision(jsonb) to public;

CREATE OR REPLACE FUNCTION hq.moments_of(p_local timestamp without time zone, p_zone text, p_both boolean)
 RETURNS SETOF timestamp with time zone
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$
  with shown as (
    select distinct c.at from (
      select (p_local at time zone p_zone) + o as at from unnest('{-1 hour,-30 minutes,0,30 minutes,1 hour}'::interval[]) o) c
    where c.at at time zone p_zone = p_local)
  select s.at from shown s where p_both or s.at = (select min(f.at) from shown f)
  union all
  select p_local at time zone p_zone where not p_both and not exists (select from shown)
$function$;
grant execute on function hq.moments_of(timestamp without time zone,text,boolean) to public;

CREATE OR REPLACE FUNCTION hq.needs_json(p_tenant uuid, p_limit integer)
 RETURNS SETOF jsonb
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$
  select jsonb_build_object('kind', n.kind, 'id', n.id, 'agent', a.slug, 'title', n.title, 'detail', n.detail, 'since', n.since,
    'expires_at', n.expires_at, 'choices', n.choices, 'free_text', n.free_text, 'actions', to_jsonb(array_remove(n.actions, null)))
  from hq.needs_of(p_tenant) n left join public.agents a on a.id = n.agent_id
  order by n.since, n.id limit p_limit
$function$;
grant execute on function hq.needs_json(uuid,integer) to public;

CREATE OR REPLACE FUNCTION hq.needs_of(p_tenant uuid)
 RETURNS TABLE(kind text, id uuid, agent_id uuid, title text, detail text, since timestamp with time zone, expires_at timestamp with time zone, choices text[], free_text boolean, actions jsonb[])
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$
  select q.kind, q.id, q.agent_id, q.question, null, q.created_at, q.expires_at, q.choices, q.free_text, array[
    case when q.kind = 'allow_host' then hq.offered_action('allow_host', jsonb_build_object('question', q.id)) end,
    hq.offered_action('answer_question', jsonb_build_object('question', q.id))]
  from public.agent_questions q where q.tenant_id = p_tenant and q.status = 'open'
  union all
  select 'deliverable', e.id, e.submitted_by_agent_id, coalesce(e.label, e.url, 'a deliverable'), e.url, e.created_at, null, '{}', false, array[
    hq.offered_action('approve_deliverable', jsonb_build_object('deliverable', e.id)),
    hq.offered_action('request_revision', jsonb_build_object('deliverable', e.id)),
    hq.offered_action('reject_deliverable', jsonb_build_object('deliverable', e.id))]
  from public.entity_links e where e.tenant_id = p_tenant and e.is_deliverable and e.review_status::text = 'in_review'
  union all
  select 'pairing', r.id, r.agent_id, format('%s asks to write on %s', hq.sender_label(r), r.channel), null, r.created_at,
    r.expires_at, '{}', false, array[hq.offered_action('approve_pairing',
      jsonb_build_object('pairing_code', r.id, 'channel', r.channel), null, (select g.slug from public.gateways g where g.id = r.gateway_id))]
  from public.pairing_requests r where r.tenant_id = p_tenant and r.status = 'pending' and r.expires_at > clock_timestamp()
  union all
  select 'dead_letter', i.id, i.agent_id, coalesce(i.summary, i.event_type::text), i.context ->> 'last_failure', coalesce(i.failed_at, i.updated_at), null,
    '{}', false, array[hq.offered_action('retry_item', jsonb_build_object('item', i.id))]
  from public.agent_inbox_items i
  where i.tenant_id = p_tenant and i.status = 'dead_letter' and coalesce(i.failed_at, i.updated_at) > clock_timestamp() - interval '30 days'
  union all
  select 'budget', b.agent_id, b.agent_id, 'has used up its budget',
    format('%s of %s USD this month', round(b.current_period_spend_usd, 2), b.monthly_limit_usd), b.updated_at, null, '{}', false, array[
    hq.offered_action('top_up_budget', '{}', a.slug), hq.offered_action('set_budget', '{}', a.slug)]
  from public.agent_budgets b join public.agents a on a.id = b.agent_id
  where b.tenant_id = p_tenant and b.status::text = 'exceeded' and b.hard_cutoff
$function$;
grant execute on function hq.needs_of(uuid) to public;

CREATE OR REPLACE FUNCTION hq.next_dispatch_ms(p_gateway uuid, p_own uuid[])
 RETURNS bigint
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_now timestamptz := clock_timestamp();
  v_at timestamptz;
begin
  -- The limit keeps the planner from reading every item that waits.
  with waiting as materialized (
    select a.id, greatest(d.held_until, d.cooldown_until) as rests_until, d.stalled_at from public.agents a
    left join hq.agent_dispatch d on d.agent_id = a.id
    where a.gateway_id = p_gateway and d.token is null and (
      select true from public.agent_inbox_items i where i.agent_id = a.id and i.status in ('pending', 'leased') limit 1))
  select min(n.at) into v_at from (
    select w.rests_until as at from waiting w where w.stalled_at is null and w.rests_until > v_now
    union all
    select h.began_at + interval '1 hour' from waiting w join hq.agent_hours h on h.agent_id = w.id
    where h.began_at > v_now - interval '1 hour'
    union all
    select (select min(i.leased_until) from public.agent_inbox_items i
      where i.agent_id = w.id and i.status = 'leased' and i.leased_until > v_now) from waiting w
    union all
    select d.leased_until from hq.agent_dispatch d where d.gateway_id = p_gateway and d.token is not null and d.token <> all (p_own)
    union all
    select min(r.next_run_at) from public.agent_routines r join public.gateways g on g.tenant_id = r.tenant_id
    where g.id = p_gateway and r.paused_at is null) n;
  -- greatest() of a null and 0 is 0, which would mean at once.
  return case when v_at is not null then greatest(0, ceil(extract(epoch from v_at - clock_timestamp()) * 1000))::bigint end;
end
$function$;
grant execute on function hq.next_dispatch_ms(uuid,uuid[]) to public;

CREATE OR REPLACE FUNCTION hq.next_run(p_schedule text, p_zone text, p_after timestamp with time zone)
 RETURNS timestamp with time zone
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
declare
  v_fields text[] := regexp_split_to_array(btrim(p_schedule), '\s+');
  v_minutes int[];
  v_hours int[];
  v_days int[];
  v_months int[];
  v_weekdays int[];
  v_is_either boolean;
  v_local timestamp := p_after at time zone p_zone;
  v_horizon int;
  v_next timestamptz;
begin
  if p_schedule is null then
    return null;
  elsif cardinality(v_fields) <> 5 then
    raise exception 'a schedule has five parts: minute, hour, day, month and weekday'
      using errcode = '22023', column = 'schedule', hint = 'For example 30 8 * * mon-fri.';
  end if;
  v_minutes := hq.cron_values(v_fields[1], 0, 59);
  v_hours := hq.cron_values(v_fields[2], 0, 23);
  v_days := hq.cron_values(v_fields[3], 1, 31);
  v_months := hq.cron_values(v_fields[4], 1, 12, '{jan,feb,mar,apr,may,jun,jul,aug,sep,oct,nov,dec}');
  v_weekdays := array(select d % 7 from unnest(hq.cron_values(v_fields[5], 0, 7, '{sun,mon,tue,wed,thu,fri,sat}')) d);
  -- As in every cron: of a day and a weekday that are both given, one is enough.
  v_is_either := not starts_with(v_fields[3], '*') and not starts_with(v_fields[5], '*');
  -- Two hours back, since clocks may be set back; 300 minutes from there hold a later moment, if there is one.
  foreach v_horizon in array '{40,2925}'::int[] loop
    select min(m) into v_next from (
      select l.at from (
        select d::date as day from generate_series(v_local::date - 1, v_local::date + v_horizon, interval '1 day') d
        where extract(month from d)::int = any (v_months)
          and case when v_is_either then extract(day from d)::int = any (v_days) or extract(dow from d)::int = any (v_weekdays)
            else extract(day from d)::int = any (v_days) and extract(dow from d)::int = any (v_weekdays) end
        order by d limit 4) d
      cross join unnest(v_hours) h cross join unnest(v_minutes) n
      cross join lateral (select d.day + make_interval(hours => h, mins => n) as at) l
      where l.at >= v_local - interval '2 hours' order by l.at limit 300) l
    cross join lateral hq.moments_of(l.at, p_zone, cardinality(v_hours) = 24) m
    where m > p_after;
    exit when v_next is not null;
  end loop;
  return v_next;
end
$function$;
grant execute on function hq.next_run(text,text,timestamp with time zone) to public;

CREATE OR REPLACE FUNCTION hq.nil_tenant()
 RETURNS uuid
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
 SET search_path TO ''
AS $function$ select '00000000-0000-0000-0000-000000000000'::uuid $function$;
grant execute on function hq.nil_tenant() to public;

CREATE OR REPLACE FUNCTION hq.nobody_type()
 RETURNS text
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$
  select case when a.attnotnull then 'human' end from pg_catalog.pg_attribute a
  where a.attrelid = 'public.tasks'::regclass and a.attname = 'assignee_type'
$function$;
grant execute on function hq.nobody_type() to public;

CREATE OR REPLACE FUNCTION hq.note_executor(p_gateway gateways, p_kind text)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_now timestamptz := clock_timestamp();
begin
  if exists (select from hq.executors e where e.gateway_id = p_gateway.id
    and case p_kind when 'runner' then e.runner_at else e.older_daemon_at end > v_now - interval '20 seconds')
  then
    return;
  end if;
  insert into hq.executors as e (gateway_id, runner_at, older_daemon_at)
  values (p_gateway.id, case p_kind when 'runner' then v_now end, case p_kind when 'older daemon' then v_now end)
  on conflict (gateway_id) do update
  set runner_at = coalesce(excluded.runner_at, e.runner_at), older_daemon_at = coalesce(excluded.older_daemon_at, e.older_daemon_at);
  -- A command of no gateway belongs to the only one there is.
  if p_kind = 'runner' and (select count(*) from public.gateways g where g.tenant_id = p_gateway.tenant_id) = 1 then
    update public.agent_commands c set gateway_id = p_gateway.id
    where c.id = any (array(select o.id from public.agent_commands o
      where o.gateway_id is null and o.tenant_id = p_gateway.tenant_id and o.status = 'pending'
      order by o.id for no key update skip locked));
  end if;
  perform hq.end_unserved(p_gateway, p_kind);
  perform hq.sweep_pairings(p_gateway.tenant_id);
  perform hq.sweep_questions(p_gateway.tenant_id);
end
$function$;
grant execute on function hq.note_executor(gateways,text) to public;

CREATE OR REPLACE FUNCTION hq.note_hold()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
begin
  if hq.is_refusal(new.held_reason) then
    perform hq.set_condition(a, 'refused', new.held_reason, split_part(a.model, '/', 1), null) from public.agents a where a.id = new.agent_id;
  else
    delete from public.agent_conditions c where c.agent_id = new.agent_id and c.kind = 'refused';
  end if;
  return null;
end
$function$;
grant execute on function hq.note_hold() to public;

CREATE OR REPLACE FUNCTION hq.note_item_change()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
declare
  v_noted uuid[] := coalesce(nullif(current_setting('hq.changed_gateways', true), ''), '{}')::uuid[];
  v_gateway uuid;
begin
  v_gateway := (select a.gateway_id from public.agents a where a.id = new.agent_id);
  if v_gateway is not null and v_gateway <> all (v_noted) and v_gateway::text <> coalesce(current_setting('hq.dispatching', true), '') then
    perform set_config('hq.changed_gateways', (v_noted || v_gateway)::text, true);
  end if;
  return null;
end
$function$;
grant execute on function hq.note_item_change() to public;

CREATE OR REPLACE FUNCTION hq.note_turn()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
begin
  if new.item_id is null then
    delete from public.agent_conditions c where c.agent_id = new.agent_id and c.kind = 'turn';
  else
    perform hq.set_condition(a, 'turn', coalesce((select i.summary from public.agent_inbox_items i where i.id = new.item_id), 'an item of its inbox'),
      new.item_id::text, new.since)
    from public.agents a where a.id = new.agent_id;
  end if;
  return null;
end
$function$;
grant execute on function hq.note_turn() to public;

CREATE OR REPLACE FUNCTION hq.note_usage()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
begin
  update public.agent_activity x
  set tokens = coalesce(x.tokens, 0) + new.total_tokens, cost_usd = coalesce(x.cost_usd, 0) + new.cost_total_usd, updated_at = clock_timestamp()
  where x.agent_id = new.agent_id and x.run_id = new.run_id;
  return null;
end
$function$;
grant execute on function hq.note_usage() to public;

CREATE OR REPLACE FUNCTION hq.notify(p_notification jsonb)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_row public.notifications := jsonb_populate_record(null::public.notifications, hq.with_entity('public.notifications', p_notification));
begin
  v_row.severity := coalesce(v_row.severity, 'info');
  v_row.meta := coalesce(v_row.meta, '{}');
  v_row.muted := exists (
    select from public.alert_mutes m
    where m.tenant_id = v_row.tenant_id and m.type = v_row.type::text and m.subject = hq.subject_of(v_row)
      and m.until > clock_timestamp());
  if hq.adopted() and hq.merge_into_notification(v_row, hq.uuid_or_null(v_row.meta ->> 'about')) then
    return;
  end if;
  insert into public.notifications as n
    (tenant_id, type, title, body, entity_type, entity_id, actor_type, actor_agent_id, meta, severity, subject, dedup_key, muted)
  values (v_row.tenant_id, v_row.type, v_row.title, v_row.body, v_row.entity_type, v_row.entity_id, v_row.actor_type,
    v_row.actor_agent_id, v_row.meta, v_row.severity, v_row.subject, v_row.dedup_key, v_row.muted)
  on conflict (tenant_id, dedup_key) where dedup_key is not null and resolved_at is null and dismissed_at is null do update
  set occurrences = n.occurrences + 1, title = excluded.title, body = excluded.body,
    severity = excluded.severity, meta = excluded.meta, muted = excluded.muted;
end
$function$;
grant execute on function hq.notify(jsonb) to public;

CREATE OR REPLACE FUNCTION hq.notify_failed_command()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
begin
  perform hq.notify(jsonb_build_object(
    'tenant_id', new.tenant_id,
    'type', 'command_failed',
    'severity', 'error',
    'subject', case when new.agent_id is not null then 'agent:' || new.agent_id else 'gateway:' || new.gateway_id end,
    'title', format('%s failed on %s', coalesce((select a.title from hq.actions a where a.name = new.action::text), new.action::text),
      coalesce((select g.slug from public.gateways g where g.id = new.gateway_id), 'a gateway that is gone')),
    'body', coalesce(left(new.error_message, 2000), 'exit code ' || coalesce(new.exit_code::text, 'unknown')),
    'entity_type', 'agent_command',
    'entity_id', new.id,
    'actor_type', 'system',
    'meta', jsonb_build_object('action', new.action, 'gateway_id', new.gateway_id, 'agent_slug', new.agent_slug,
      'attempt', new.attempt, 'requested_by', new.requested_by)));
  return null;
end
$function$;
grant execute on function hq.notify_failed_command() to public;

CREATE OR REPLACE FUNCTION hq.offered_action(p_name text, p_payload jsonb, p_agent text DEFAULT NULL::text, p_gateway text DEFAULT NULL::text)
 RETURNS jsonb
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$
  select jsonb_build_object('action', a.name, 'title', a.title, 'payload', p_payload, 'agent', p_agent, 'gateway', p_gateway,
    'allowed', hq.caller_role() not in ('anon', 'authenticated') or coalesce(public.member_role_of_caller() >= a.role, false))
  from hq.actions a where a.name = p_name
$function$;
grant execute on function hq.offered_action(text,jsonb,text,text) to public;

CREATE OR REPLACE FUNCTION hq.open_columns(p_table regclass, p_columns name[])
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  execute format('grant update (%s) on %s to authenticated',
    (select string_agg(quote_ident(c), ', ') from unnest(p_columns) c), p_table);
end
$function$;
grant execute on function hq.open_columns(regclass,name[]) to public;

CREATE OR REPLACE FUNCTION hq.open_columns_except(p_table regclass, p_columns name[])
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  perform hq.open_columns(p_table, (
    select array_agg(a.attname) from pg_catalog.pg_attribute a
    where a.attrelid = p_table and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
      and a.attname <> all (p_columns || array['id', 'tenant_id', 'created_at', 'updated_at']::name[])
  ));
end
$function$;
grant execute on function hq.open_columns_except(regclass,name[]) to public;

CREATE OR REPLACE FUNCTION hq.open_function(p_function regprocedure, p_roles text, p_comment text)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  execute format('revoke all on function %s from public, anon, authenticated', p_function);
  execute format('grant execute on function %s to %s', p_function, p_roles);
  execute format('comment on function %s is %L', p_function, p_comment);
end
$function$;
grant execute on function hq.open_function(regprocedure,text,text) to public;

CREATE OR REPLACE FUNCTION hq.origin_or_api(p_origin text)
 RETURNS text
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$
  select case when p_origin in ('tui', 'cli', 'api') or exists (select from hq.chat_platforms p where p.name = p_origin)
    then p_origin else 'api' end
$function$;
grant execute on function hq.origin_or_api(text) to public;

CREATE OR REPLACE FUNCTION hq.owns_table(p_table regclass)
 RETURNS boolean
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$
  select exists (select from hq.created_tables t where p_table = to_regclass('public.' || quote_ident(t.name)))
$function$;
grant execute on function hq.owns_table(regclass) to public;

CREATE OR REPLACE FUNCTION hq.pairing_json(p_request pairing_requests)
 RETURNS jsonb
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$
  select jsonb_build_object('id', p_request.id, 'channel', p_request.channel, 'account', p_request.account, 'sender', p_request.sender,
    'sender_name', p_request.sender_name, 'status', p_request.status, 'expires_at', p_request.expires_at)
$function$;
grant execute on function hq.pairing_json(pairing_requests) to public;

CREATE OR REPLACE FUNCTION hq.pause_of(p_agent_id uuid, OUT by text, OUT at timestamp with time zone)
 RETURNS record
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$
  select hq.email_of(c.requested_by), c.completed_at from public.agent_commands c
  where c.agent_id = p_agent_id and c.action::text = 'pause_agent' and c.status = 'done' order by c.created_at desc limit 1
$function$;
grant execute on function hq.pause_of(uuid) to public;

CREATE OR REPLACE FUNCTION hq.pick(p_row jsonb, p_keys text[])
 RETURNS jsonb
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
 SET search_path TO ''
AS $function$ select jsonb_object_agg(k, p_row -> k) from unnest(p_keys) k $function$;
grant execute on function hq.pick(jsonb,text[]) to public;

CREATE OR REPLACE FUNCTION hq.plain_name(p_text text)
 RETURNS text
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
 SET search_path TO ''
AS $function$
  select left(btrim(regexp_replace(regexp_replace(p_text,
    '[\u0001-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"]', ' ', 'g'), ' {2,}', ' ', 'g')), 60)
$function$;
grant execute on function hq.plain_name(text) to public;

CREATE OR REPLACE FUNCTION hq.preview_command(p_action text, p_payload jsonb, p_gateway text, p_agent text, p_origin text)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_answer jsonb;
begin
  begin
    v_answer := hq.insert_command(p_action, p_payload, p_gateway, p_agent, null, p_origin);
    raise exception 'previewed' using errcode = 'HQ001';
  exception when sqlstate 'HQ001' then
    return v_answer -> 'command';
  end;
end
$function$;
grant execute on function hq.preview_command(text,jsonb,text,text,text) to public;

CREATE OR REPLACE FUNCTION hq.protect_columns()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  return jsonb_populate_record(new, (
    select jsonb_object_agg(c, case when tg_op = 'UPDATE' then to_jsonb(old) -> c when c = 'created_at' then to_jsonb(clock_timestamp())
      when c = 'actor_type' then '"human"' else 'null' end)
    from unnest(tg_argv) c where to_jsonb(new) ? c));
end
$function$;
grant execute on function hq.protect_columns() to public;

CREATE OR REPLACE FUNCTION hq.publish(p_table regclass)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  if exists (select from pg_catalog.pg_publication where pubname = 'supabase_realtime' and not puballtables)
    and not exists (
      select from pg_catalog.pg_publication_rel r join pg_catalog.pg_publication p on p.oid = r.prpubid
      where p.pubname = 'supabase_realtime' and r.prrelid = p_table)
  then
    execute format('alter publication supabase_realtime add table %s', p_table);
  end if;
end
$function$;
grant execute on function hq.publish(regclass) to public;

CREATE OR REPLACE FUNCTION hq.question_json(p_question agent_questions)
 RETURNS jsonb
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$
  select jsonb_build_object('id', p_question.id, 'kind', p_question.kind, 'question', p_question.question, 'status', p_question.status,
    'answer', p_question.answer, 'answered_by', case when p_question.answered_by is not null then hq.email_of(p_question.answered_by) end,
    'answered_at', p_question.answered_at, 'expires_at', p_question.expires_at)
$function$;
grant execute on function hq.question_json(agent_questions) to public;

CREATE OR REPLACE FUNCTION hq.question_outcome(p_question agent_questions)
 RETURNS text
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$
  select case p_question.status when 'expired' then 'nobody answered in time'
    else format('answered "%s" by %s', left(p_question.answer, 200), coalesce(hq.email_of(p_question.answered_by), 'an operator')) end
$function$;
grant execute on function hq.question_outcome(agent_questions) to public;

CREATE OR REPLACE FUNCTION hq.random_token(p_bytes integer)
 RETURNS text
 LANGUAGE sql
 SET search_path TO ''
AS $function$
  select translate(rtrim(encode(substring(
    sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())) for p_bytes), 'base64'), '='), '+/', '-_')
$function$;
grant execute on function hq.random_token(integer) to public;

CREATE OR REPLACE FUNCTION hq.read_agent(p_who hq.speaker, p_args jsonb, p_limit integer)
 RETURNS SETOF jsonb
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
declare
  v_slug text := coalesce(p_args ->> 'agent', p_args ->> 'id', (select a.slug from public.agents a where a.id = p_who.agent_id));
  v_agent public.agents;
begin
  if v_slug is null then
    raise exception 'which agent?' using errcode = '22023', column = 'agent', hint = 'Name it by its slug.';
  end if;
  select * into v_agent from public.agents a where a.id = hq.agent_by_slug(p_who.tenant, v_slug);
  return next hq.agent_row(v_agent) || jsonb_build_object(
    'health', (select h.health from hq.health_rows(p_who.tenant, array[v_agent.id]) h),
    'budget', (select hq.budget_row(b) from public.agent_budgets b where b.agent_id = v_agent.id),
    'tasks', (select count(*) from public.tasks t where t.assignee_agent_id = v_agent.id and t.archived_at is null
      and t.status::text not in ('done', 'cancelled', 'missed')),
    'inbox', (select count(*) from public.agent_inbox_items i where i.agent_id = v_agent.id and i.status in ('pending', 'leased')));
end
$function$;
grant execute on function hq.read_agent(hq.speaker,jsonb,integer) to public;

CREATE OR REPLACE FUNCTION hq.read_agents(p_who hq.speaker, p_args jsonb, p_limit integer)
 RETURNS SETOF jsonb
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$
  select hq.agent_row(a) || jsonb_build_object('health', h.health)
  from public.agents a join hq.health_rows(p_who.tenant, null) h on h.agent_id = a.id
  where case coalesce(p_args ->> 'status', 'all') when 'all' then true when 'trouble' then hq.is_trouble(h.health ->> 'state')
      else p_args ->> 'status' in (a.status::text, h.health ->> 'state') end
    and (p_args ->> 'gateway_id' is null or a.gateway_id = (p_args ->> 'gateway_id')::uuid)
  order by a.slug limit p_limit
$function$;
grant execute on function hq.read_agents(hq.speaker,jsonb,integer) to public;

CREATE OR REPLACE FUNCTION hq.read_alerts(p_who hq.speaker, p_args jsonb, p_limit integer)
 RETURNS SETOF jsonb
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$
  select hq.pick(to_jsonb(n), '{id,created_at,last_at,type,severity,title,body,entity_type,entity_id,subject,occurrences,read_at,resolved_at,muted}')
  from public.notifications n
  where n.tenant_id = p_who.tenant and n.dismissed_at is null
    and case coalesce(p_args ->> 'status', 'open') when 'all' then true when 'open' then n.resolved_at is null and n.read_at is null
      else n.severity = p_args ->> 'status' end
  order by n.last_at desc limit p_limit
$function$;
grant execute on function hq.read_alerts(hq.speaker,jsonb,integer) to public;

CREATE OR REPLACE FUNCTION hq.read_budgets(p_who hq.speaker, p_args jsonb, p_limit integer)
 RETURNS SETOF jsonb
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$
  select hq.budget_row(b) from public.agent_budgets b join public.agents a on a.id = b.agent_id
  where b.tenant_id = p_who.tenant and (p_args ->> 'agent_id' is null or b.agent_id = (p_args ->> 'agent_id')::uuid)
    and (p_args ->> 'status' is null or b.status::text = p_args ->> 'status')
  order by a.slug limit p_limit
$function$;
grant execute on function hq.read_budgets(hq.speaker,jsonb,integer) to public;

CREATE OR REPLACE FUNCTION hq.read_command(p_who hq.speaker, p_args jsonb, p_limit integer)
 RETURNS SETOF jsonb
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$
  select hq.command_row(c) from public.agent_commands c
  where c.id = hq.find_row('public.agent_commands', p_who.tenant, p_args ->> 'id', 'command')
$function$;
grant execute on function hq.read_command(hq.speaker,jsonb,integer) to public;

CREATE OR REPLACE FUNCTION hq.read_commands(p_who hq.speaker, p_args jsonb, p_limit integer)
 RETURNS SETOF jsonb
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
 SET plan_cache_mode TO 'force_custom_plan'
AS $function$
begin
  return query select hq.command_row(c) from public.agent_commands c
  where c.tenant_id = p_who.tenant and (p_args ->> 'status' is null or c.status::text = p_args ->> 'status')
    and (p_args ->> 'gateway_id' is null or c.gateway_id = (p_args ->> 'gateway_id')::uuid)
    and (p_args ->> 'agent_id' is null or c.agent_id = (p_args ->> 'agent_id')::uuid)
  order by c.created_at desc limit p_limit;
end
$function$;
grant execute on function hq.read_commands(hq.speaker,jsonb,integer) to public;

CREATE OR REPLACE FUNCTION hq.read_deliverable(p_who hq.speaker, p_args jsonb, p_limit integer)
 RETURNS SETOF jsonb
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$
  select hq.deliverable_row(e) from public.entity_links e
  where e.id = hq.find_row('public.entity_links', p_who.tenant, p_args ->> 'id', 'deliverable') and e.is_deliverable
$function$;
grant execute on function hq.read_deliverable(hq.speaker,jsonb,integer) to public;

CREATE OR REPLACE FUNCTION hq.read_deliverables(p_who hq.speaker, p_args jsonb, p_limit integer)
 RETURNS SETOF jsonb
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$
  select hq.deliverable_row(e) from public.entity_links e
  where e.tenant_id = p_who.tenant and e.is_deliverable
    and case coalesce(p_args ->> 'status', 'in_review') when 'all' then true else e.review_status::text = coalesce(p_args ->> 'status', 'in_review') end
    and (p_args ->> 'agent_id' is null or e.submitted_by_agent_id = (p_args ->> 'agent_id')::uuid)
  order by e.created_at desc limit p_limit
$function$;
grant execute on function hq.read_deliverables(hq.speaker,jsonb,integer) to public;

CREATE OR REPLACE FUNCTION hq.read_desktop(p_who hq.speaker, p_args jsonb, p_limit integer)
 RETURNS SETOF jsonb
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$
  select jsonb_build_object('gateway', d.slug, 'url', d.url,
    'port', coalesce(substring(d.url from '^[a-z]+://[^/]*:([0-9]+)')::int, 6901), 'host', substring(d.url from '^[a-z]+://([^/:]+)'))
  from (
    select g.slug, substring(regexp_replace(regexp_replace(g.meta #>> '{reachable_urls,novnc}', '[?#].*$', ''), '//[^/]*@', '//')
      from '^[a-z]+://[A-Za-z0-9.-]+(?::[0-9]{1,5})?(?:/[^@]*)?$') as url
    from public.gateways g
    where g.tenant_id = p_who.tenant and g.id = coalesce((p_args ->> 'gateway_id')::uuid, p_who.gateway_id, g.id)) d
  order by d.slug limit p_limit
$function$;
grant execute on function hq.read_desktop(hq.speaker,jsonb,integer) to public;

CREATE OR REPLACE FUNCTION hq.read_fleet(p_who hq.speaker, p_args jsonb, p_limit integer)
 RETURNS SETOF jsonb
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$
  select jsonb_build_object(
    'now', clock_timestamp(),
    'stopped', (select jsonb_build_object('since', w.stopped_at, 'by', hq.email_of(w.stopped_by)) from public.workspace w
      where w.tenant_id = p_who.tenant and w.stopped_at is not null),
    'gateways', coalesce((select jsonb_agg(r) from hq.read_gateways(p_who, '{}', p_limit) r), '[]'),
    'agents', coalesce((select jsonb_object_agg(s.status, s.n) from (
      select a.status, count(*) as n from public.agents a where a.tenant_id = p_who.tenant group by 1) s), '{}'),
    'tasks', coalesce((select jsonb_object_agg(s.status, s.n) from (
      select t.status, count(*) as n from public.tasks t where t.tenant_id = p_who.tenant and t.archived_at is null
        and t.status::text not in ('done', 'cancelled', 'missed') group by 1) s), '{}'),
    'failed', (select count(*) from public.agent_commands c
      where c.tenant_id = p_who.tenant and c.status = 'failed' and c.created_at > statement_timestamp() - interval '1 hour'),
    'alerts', (select count(*) from public.notifications n
      where n.tenant_id = p_who.tenant and n.dismissed_at is null and n.resolved_at is null and n.read_at is null))
$function$;
grant execute on function hq.read_fleet(hq.speaker,jsonb,integer) to public;

CREATE OR REPLACE FUNCTION hq.read_gateways(p_who hq.speaker, p_args jsonb, p_limit integer)
 RETURNS SETOF jsonb
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$
  select hq.gateway_row(g) from public.gateways g
  where g.tenant_id = p_who.tenant and (p_args ->> 'gateway_id' is null or g.id = (p_args ->> 'gateway_id')::uuid)
  order by g.slug limit p_limit
$function$;
grant execute on function hq.read_gateways(hq.speaker,jsonb,integer) to public;

CREATE OR REPLACE FUNCTION hq.read_inbox(p_who hq.speaker, p_args jsonb, p_limit integer)
 RETURNS SETOF jsonb
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$
  select hq.pick(to_jsonb(i), '{id,created_at,event_type,task_id,status,attempt_count,summary}') || jsonb_build_object('agent', i.agent_slug,
    'waits', hq.item_wait(i))
  from public.agent_inbox_items i
  where i.tenant_id = p_who.tenant
    and case coalesce(p_args ->> 'status', 'open') when 'all' then true
      when 'open' then i.status in ('pending', 'leased') else i.status::text = p_args ->> 'status' end
    and (p_args ->> 'agent_id' is null or i.agent_id = (p_args ->> 'agent_id')::uuid)
  order by i.created_at desc limit p_limit
$function$;
grant execute on function hq.read_inbox(hq.speaker,jsonb,integer) to public;

CREATE OR REPLACE FUNCTION hq.read_links(p_who hq.speaker, p_args jsonb, p_limit integer)
 RETURNS SETOF jsonb
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$
  select hq.pick(to_jsonb(i), '{id,created_at,platform,install,last_seen_at}') || jsonb_build_object(
    'user', i.chat_user, 'email', hq.email_of(i.user_id))
  from public.chat_identities i
  where i.tenant_id = p_who.tenant and i.revoked_at is null and (i.user_id = p_who.member or hq.effective_role(p_who) >= 'admin')
  order by i.created_at desc limit p_limit
$function$;
grant execute on function hq.read_links(hq.speaker,jsonb,integer) to public;

CREATE OR REPLACE FUNCTION hq.read_needs(p_who hq.speaker, p_args jsonb, p_limit integer)
 RETURNS SETOF jsonb
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$ select hq.needs_json(p_who.tenant, p_limit) $function$;
grant execute on function hq.read_needs(hq.speaker,jsonb,integer) to public;

CREATE OR REPLACE FUNCTION hq.read_output(p_who hq.speaker, p_args jsonb, p_limit integer)
 RETURNS SETOF jsonb
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
declare
  v_command public.agent_commands;
  v_lines int := least(greatest(coalesce(hq.int_or_null(p_args -> 'lines'), 50), 1), 1000);
  v_text text;
  v_all text[];
begin
  select * into v_command from public.agent_commands c
  where c.id = hq.find_row('public.agent_commands', p_who.tenant, p_args ->> 'id', 'command');
  select string_agg(o.text, '' order by o.seq) into v_text from public.agent_command_output o
  where o.command_id = v_command.id and o.attempt = v_command.attempt;
  v_text := hq.tail(coalesce(v_text, concat(v_command.stdout, v_command.stderr), ''), 65536);
  v_all := string_to_array(rtrim(v_text, E'\n'), E'\n');
  return next jsonb_build_object('command_id', v_command.id, 'action', v_command.action, 'status', v_command.status,
    'text', coalesce(array_to_string(v_all[greatest(cardinality(v_all) - v_lines + 1, 1):], E'\n'), ''),
    'cut', coalesce(cardinality(v_all), 0) > v_lines);
end
$function$;
grant execute on function hq.read_output(hq.speaker,jsonb,integer) to public;

CREATE OR REPLACE FUNCTION hq.read_secrets(p_who hq.speaker, p_args jsonb, p_limit integer)
 RETURNS SETOF jsonb
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$
  select hq.pick(to_jsonb(s), '{id,key,name,category,sync_status,sync_error,last_synced_at}') || jsonb_build_object(
    'gateway', (select g.slug from public.gateways g where g.id = s.gateway_id),
    'agent', (select a.slug from public.agents a where a.id = s.agent_id))
  from public.secrets s
  where s.tenant_id = p_who.tenant and (p_args ->> 'gateway_id' is null or s.gateway_id = (p_args ->> 'gateway_id')::uuid)
    and (p_args ->> 'agent_id' is null or s.agent_id = (p_args ->> 'agent_id')::uuid)
    and (p_args ->> 'status' is null or s.sync_status::text = p_args ->> 'status')
  order by s.key, s.id limit p_limit
$function$;
grant execute on function hq.read_secrets(hq.speaker,jsonb,integer) to public;

CREATE OR REPLACE FUNCTION hq.read_subscriptions(p_who hq.speaker, p_args jsonb, p_limit integer)
 RETURNS SETOF jsonb
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$
  select hq.pick(to_jsonb(s), '{id,created_at,platform,install,channel,kind,filter,disabled_at,disabled_reason}')
    || jsonb_build_object('here', h.here)
  from public.chat_subscriptions s,
    lateral (select (s.platform, s.install, s.channel) = (p_who.platform, p_who.install, p_who.channel) as here) h
  where s.tenant_id = p_who.tenant and (h.here or hq.effective_role(p_who) >= 'admin')
  order by h.here desc, s.created_at desc limit p_limit
$function$;
grant execute on function hq.read_subscriptions(hq.speaker,jsonb,integer) to public;

CREATE OR REPLACE FUNCTION hq.read_task(p_who hq.speaker, p_args jsonb, p_limit integer)
 RETURNS SETOF jsonb
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$
  select hq.task_row(t) || jsonb_build_object(
    'comments', coalesce((select jsonb_agg(hq.pick(to_jsonb(c), '{created_at,body,actor_type}') || jsonb_build_object(
        'agent', (select a.slug from public.agents a where a.id = c.actor_agent_id)) order by c.created_at)
      from (select * from public.comments c where c.tenant_id = t.tenant_id and c.entity_type::text = 'task' and c.entity_id = t.id
        order by c.created_at desc limit p_limit) c), '[]'),
    'deliverables', coalesce((select jsonb_agg(hq.deliverable_row(e) order by e.created_at desc)
      from (select * from public.entity_links e where e.tenant_id = t.tenant_id and e.owner_type::text = 'task' and e.owner_id = t.id
        and e.is_deliverable order by e.created_at desc limit p_limit) e), '[]'))
  from public.tasks t where t.id = hq.find_row('public.tasks', p_who.tenant, p_args ->> 'id', 'task')
$function$;
grant execute on function hq.read_task(hq.speaker,jsonb,integer) to public;

CREATE OR REPLACE FUNCTION hq.read_tasks(p_who hq.speaker, p_args jsonb, p_limit integer)
 RETURNS SETOF jsonb
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$
  select hq.task_row(t) from public.tasks t
  where t.tenant_id = p_who.tenant and t.archived_at is null
    and case coalesce(p_args ->> 'status', 'open') when 'all' then true
      when 'open' then t.status::text not in ('done', 'cancelled', 'missed') else t.status::text = p_args ->> 'status' end
    and (p_args ->> 'agent_id' is null or t.assignee_agent_id = (p_args ->> 'agent_id')::uuid)
  order by t.created_at desc limit p_limit
$function$;
grant execute on function hq.read_tasks(hq.speaker,jsonb,integer) to public;

CREATE OR REPLACE FUNCTION hq.read_templates(p_who hq.speaker, p_args jsonb, p_limit integer)
 RETURNS SETOF jsonb
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$
  select jsonb_build_object('name', n.name) from (
    select t #>> '{}' as name from public.gateways g,
      jsonb_array_elements(case when jsonb_typeof(g.meta -> 'templates') = 'array' then g.meta -> 'templates' else '[]' end) t
    where g.tenant_id = p_who.tenant and jsonb_typeof(t) = 'string'
    union select a.meta ->> 'template_branch' from public.agents a where a.tenant_id = p_who.tenant) n
  where n.name is not null order by 1 limit p_limit
$function$;
grant execute on function hq.read_templates(hq.speaker,jsonb,integer) to public;

CREATE OR REPLACE FUNCTION hq.read_usage(p_who hq.speaker, p_args jsonb, p_limit integer)
 RETURNS SETOF jsonb
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$ select hq.usage_rows(p_who.tenant, (p_args ->> 'agent_id')::uuid, p_limit) $function$;
grant execute on function hq.read_usage(hq.speaker,jsonb,integer) to public;

CREATE OR REPLACE FUNCTION hq.record_heartbeat(p_gateway_id uuid, p_heartbeat jsonb)
 RETURNS void
 LANGUAGE sql
 SET search_path TO ''
AS $function$
  update public.gateways g
  set last_seen_at = clock_timestamp(), last_heartbeat_at = clock_timestamp(),
    status = case when g.status in ('provisioning', 'error') then 'ready' else g.status end,
    meta = case when jsonb_typeof(g.meta) = 'object' then g.meta else '{}' end
      || case when jsonb_typeof(p_heartbeat) = 'object' then p_heartbeat else '{}' end
  where g.id = p_gateway_id
$function$;
grant execute on function hq.record_heartbeat(uuid,jsonb) to public;

CREATE OR REPLACE FUNCTION hq.redact_ciphertext()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  c_envelope constant text := 'enc:v1:[A-Za-z0-9_.-]*';
begin
  new.summary := regexp_replace(new.summary, c_envelope, '[redacted]', 'g');
  new.changes := regexp_replace(new.changes::text, c_envelope, '[redacted]', 'g')::jsonb;
  new.meta := regexp_replace(new.meta::text, c_envelope, '[redacted]', 'g')::jsonb;
  return new;
end
$function$;
grant execute on function hq.redact_ciphertext() to public;

CREATE OR REPLACE FUNCTION hq.refusal(p_state text, p_message text, p_hint text, p_field text)
 RETURNS jsonb
 LANGUAGE sql
 IMMUTABLE
 SET search_path TO ''
AS $function$
  select jsonb_build_object('refused', jsonb_build_object(
    'code', case p_state when '28000' then 'unauthenticated' when '42501' then 'refused' when 'P0002' then 'not_found'
      when '23505' then 'conflict' else 'usage' end,
    'message', p_message, 'hint', nullif(p_hint, ''), 'field', nullif(p_field, '')))
$function$;
grant execute on function hq.refusal(text,text,text,text) to public;

CREATE OR REPLACE FUNCTION hq.refuse_clear_key()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  raise exception 'a command must not contain a key'
    using errcode = '22023', column = 'api_key', table = 'agent_commands',
      hint = 'Store it as a secret of the gateway and refer to that: hq-tui secrets set.';
end
$function$;
grant execute on function hq.refuse_clear_key() to public;

CREATE OR REPLACE FUNCTION hq.refuse_decided(p_row chat_confirmations)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  raise exception 'it was % already by %', p_row.decision, hq.email_of(p_row.decided_by) using errcode = '23505', column = 'decision';
end
$function$;
grant execute on function hq.refuse_decided(chat_confirmations) to public;

CREATE OR REPLACE FUNCTION hq.refuse_foreign_rows()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
declare
  v_row jsonb := to_jsonb(new);
  v_found boolean;
begin
  for n in 0 .. tg_nargs - 1 by 2 loop
    continue when v_row ->> tg_argv[n] is null;
    continue when tg_op = 'UPDATE' and v_row -> tg_argv[n] = to_jsonb(old) -> tg_argv[n]
      and v_row -> 'tenant_id' = to_jsonb(old) -> 'tenant_id';
    execute format('select exists (select from public.%I t where t.id = $1::uuid and t.tenant_id = $2::uuid)', tg_argv[n + 1])
      into v_found using v_row ->> tg_argv[n], v_row ->> 'tenant_id';
    if not v_found then
      raise exception 'there is no such row of %', tg_argv[n + 1]
        using errcode = 'P0002', column = tg_argv[n], table = tg_table_name;
    end if;
  end loop;
  return new;
end
$function$;
grant execute on function hq.refuse_foreign_rows() to public;

CREATE OR REPLACE FUNCTION hq.refuse_unless_bot(p_call text)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_refusal jsonb := hq.bot_refusal();
  v_who hq.speaker;
begin
  if v_refusal is not null and exists (select from public.tenants t where t.id = public.current_tenant_id()) then
    v_who.tenant := public.current_tenant_id();
    v_who.member := auth.uid();
    v_who.chat_user := v_who.member::text;
    perform hq.audit_chat_refusal(v_who, p_call, v_refusal -> 'refused');
  end if;
  return v_refusal;
end
$function$;
grant execute on function hq.refuse_unless_bot(text) to public;

CREATE OR REPLACE FUNCTION hq.renew(p_tokens uuid[], p_lease_seconds integer)
 RETURNS text[]
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  update public.agent_commands c
  set leased_until = clock_timestamp() + make_interval(secs => p_lease_seconds), lease_seconds = p_lease_seconds
  from (
    select h.id from public.agent_commands h
    where h.lease_token = any (p_tokens) and h.status in ('leased', 'running') order by h.id for no key update
  ) held
  where c.id = held.id;
  return array(
    select t::text from unnest(p_tokens) t
    where t is not null and not exists (select from public.agent_commands c where c.lease_token = t));
end
$function$;
grant execute on function hq.renew(uuid[],integer) to public;

CREATE OR REPLACE FUNCTION hq.renew_turns(p_entries jsonb, p_lease integer)
 RETURNS text[]
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_entry jsonb;
  v_turn hq.agent_dispatch;
  v_until timestamptz := clock_timestamp() + make_interval(secs => p_lease);
  v_lost text[] := '{}';
begin
  for v_entry in select e from hq.entries(p_entries) e order by e ->> 'token' loop
    select * into v_turn from hq.agent_dispatch d where d.token = hq.token_of(v_entry);
    if not found then
      v_lost := v_lost || coalesce(left(v_entry ->> 'token', 100), 'unreadable');
      continue;
    end if;
    if v_turn.leased_until not between v_until - make_interval(secs => p_lease / 6.0) and v_until or v_turn.lease_seconds <> p_lease then
      continue when not hq.keep_agent(v_turn.agent_id);
      update hq.agent_dispatch d set leased_until = v_until, lease_seconds = p_lease where d.token = v_turn.token;
      update public.agent_inbox_items i set leased_until = greatest(i.leased_until, v_until)
      where i.id = v_turn.item_id and i.status = 'leased' and i.dispatch_token = v_turn.token;
    end if;
    continue when jsonb_typeof(v_entry -> 'activity') is distinct from 'object';
    update public.agent_activity x
    set tool = left(v_entry #>> '{activity,tool}', 200), text = left(v_entry #>> '{activity,text}', 2000),
      tokens = coalesce(hq.int_or_null(v_entry #> '{activity,tokens}'), x.tokens),
      cost_usd = case when jsonb_typeof(v_entry #> '{activity,cost_usd}') = 'number'
        then least((v_entry #>> '{activity,cost_usd}')::numeric, 99999) else x.cost_usd end,
      model = coalesce(left(v_entry #>> '{activity,model}', 200), x.model), updated_at = clock_timestamp()
    where x.agent_id = v_turn.agent_id and x.updated_at < clock_timestamp() - interval '1 second';
  end loop;
  return v_lost;
end
$function$;
grant execute on function hq.renew_turns(jsonb,integer) to public;

CREATE OR REPLACE FUNCTION hq.repeat_leases(p_gateway_id uuid, p_runner_id text, p_known uuid[], p_lease_seconds integer)
 RETURNS jsonb
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$
  select coalesce(jsonb_agg(hq.lease_json(c, p_lease_seconds) order by c.priority desc, c.created_at, c.id), '[]')
  from public.agent_commands c
  where c.gateway_id = p_gateway_id and c.status = 'running' and c.runner_id = p_runner_id
    and c.lease_token <> all (p_known) and c.leased_until > clock_timestamp()
    and c.leased_until = c.leased_at + make_interval(secs => c.lease_seconds)
$function$;
grant execute on function hq.repeat_leases(uuid,text,uuid[],integer) to public;

CREATE OR REPLACE FUNCTION hq.request_cancel(p_command_id uuid, p_origin text)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_row public.agent_commands;
  v_role public.member_role;
begin
  perform hq.require_role(public.current_tenant_id(), 'viewer', 'cancel');
  select * into v_row from public.agent_commands c
  where c.id = p_command_id
    and (hq.caller_role() not in ('authenticated', 'anon') or c.tenant_id = public.current_tenant_id())
  for no key update;
  if not found then
    raise exception 'there is no such command' using errcode = 'P0002', column = 'command_id';
  end if;
  select a.role into v_role from hq.actions a where a.name = v_row.action::text;
  perform hq.require_role(v_row.tenant_id, coalesce(v_role, 'operator'), format('cancelling %s', v_row.action));
  if v_row.status = 'cancelled' or (v_row.status in ('leased', 'running') and v_row.cancel_requested_at is not null) then
    return jsonb_build_object('command', to_jsonb(v_row), 'created', false);
  end if;
  if v_row.status in ('done', 'failed') then
    raise exception 'the command has already finished: %', v_row.status using errcode = '23505', column = 'command_id';
  end if;
  if v_row.status = 'pending' then
    update public.agent_commands c
    set status = 'cancelled', cancel_requested_at = clock_timestamp(), completed_at = clock_timestamp(),
      error_message = 'cancelled before it started'
    where c.id = p_command_id returning * into v_row;
  else
    update public.agent_commands c set cancel_requested_at = clock_timestamp()
    where c.id = p_command_id returning * into v_row;
  end if;
  perform hq.audit_command(v_row, 'command.cancelled', auth.uid(), hq.origin_or_api(p_origin));
  return jsonb_build_object('command', to_jsonb(v_row), 'created', false);
end
$function$;
grant execute on function hq.request_cancel(uuid,text) to public;

CREATE OR REPLACE FUNCTION hq.require_admin(p_who hq.speaker, p_what text)
 RETURNS void
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  if p_who.member_role < 'admin' then
    raise exception '% needs the role admin; yours is %', p_what, p_who.member_role
      using errcode = '42501', hint = 'Ask an admin to do it.';
  end if;
  if p_who.is_direct then
    raise exception 'a direct message needs no binding' using errcode = '22023';
  end if;
end
$function$;
grant execute on function hq.require_admin(hq.speaker,text) to public;

CREATE OR REPLACE FUNCTION hq.require_one_admin()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
begin
  if hq.caller_role() <> 'authenticated' then
    return null;
  end if;
  perform 1 from public.tenants where id = old.tenant_id for update;
  if not exists (select from public.tenant_members where tenant_id = old.tenant_id and role = 'admin') then
    raise exception 'a tenant keeps at least one admin'
      using errcode = '23514', hint = 'Make someone else an admin first.';
  end if;
  return null;
end
$function$;
grant execute on function hq.require_one_admin() to public;

CREATE OR REPLACE FUNCTION hq.require_role(p_tenant uuid, p_role member_role, p_what text)
 RETURNS void
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
declare
  v_ceiling public.member_role := nullif(current_setting('hq.ceiling', true), '');
  v_role public.member_role;
begin
  if hq.caller_role() not in ('authenticated', 'anon') then
    return;
  end if;
  if hq.caller_role() = 'anon' or auth.uid() is null then
    raise exception 'you are not signed in' using errcode = '28000', hint = 'Sign in and try again.';
  end if;
  v_role := public.member_role_of_caller();
  if v_role is null or p_tenant is distinct from public.current_tenant_id() then
    raise exception 'you are not a member of this tenant'
      using errcode = '42501', hint = 'Ask an admin to add you.';
  end if;
  if v_role < p_role and v_ceiling < p_role then
    raise exception '% needs the role %; this channel allows % and below', p_what, p_role, v_ceiling
      using errcode = '42501', hint = format('Try it in a direct message, or let an admin say here: bind %s.', p_role);
  end if;
  if v_role < p_role then
    raise exception '% needs the role %; yours is %', p_what, p_role, v_role
      using errcode = '42501', hint = format('Ask an admin for the role %s.', p_role);
  end if;
end
$function$;
grant execute on function hq.require_role(uuid,member_role,text) to public;

CREATE OR REPLACE FUNCTION hq.require_role_for(p_who hq.speaker, p_for text)
 RETURNS void
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
declare
  v_action hq.actions;
begin
  if p_for in ('bind', 'unbind') then
    perform hq.require_admin(p_who, p_for);
  end if;
  select * into v_action from hq.actions a where a.name = p_for;
  if found then
    perform hq.require_role(p_who.tenant, v_action.role, v_action.name);
  elsif p_for not in ('bind', 'unbind') then
    raise exception 'for must be the name of an action, bind or unbind' using errcode = '22023', column = 'for';
  end if;
end
$function$;
grant execute on function hq.require_role_for(hq.speaker,text) to public;

CREATE OR REPLACE FUNCTION hq.require_speaker(p_who hq.speaker, p_call text)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  if p_call = 'whoami' then
    return;
  end if;
  if p_who.stranger is not null then
    raise exception '%', case p_who.stranger when 'bot' then 'messages of bots are refused'
      when 'anonymous' then 'nobody is known behind an anonymous account'
      else 'this account belongs to another workspace' end
      using errcode = '42501', hint = 'Send it under your own name.';
  end if;
  if p_call = 'link' then
    return;
  end if;
  if p_who.member is null then
    raise exception 'this account is linked to nobody'
      using errcode = '42501', hint = 'Get a code with `hq-tui chat code`, and send `link CODE` to the bot in a direct message.';
  end if;
  if p_call in ('unlink', 'bind') or p_who.is_direct then
    return;
  end if;
  if p_who.channel_id is null then
    raise exception 'this channel is bound to nothing'
      using errcode = '42501', hint = 'An admin binds it with `bind`. In a direct message no binding is needed.';
  end if;
end
$function$;
grant execute on function hq.require_speaker(hq.speaker,text) to public;

CREATE OR REPLACE FUNCTION hq.resolve_alert(p_tenant uuid, p_dedup_key text)
 RETURNS void
 LANGUAGE sql
 SET search_path TO ''
AS $function$
  update public.notifications n set resolved_at = clock_timestamp()
  where n.tenant_id = p_tenant and n.dedup_key = p_dedup_key and n.resolved_at is null
$function$;
grant execute on function hq.resolve_alert(uuid,text) to public;

CREATE OR REPLACE FUNCTION hq.resolve_alerts_of()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
declare
  v_type text;
begin
  foreach v_type in array tg_argv loop
    perform hq.resolve_alert(old.tenant_id, v_type || ':' || old.id);
  end loop;
  return null;
end
$function$;
grant execute on function hq.resolve_alerts_of() to public;

CREATE OR REPLACE FUNCTION hq.review(p_command agent_commands, p_status text)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_row public.entity_links;
  v_decision public.entity_links;
begin
  select * into v_row from public.entity_links e
  where e.id = hq.find_row('public.entity_links', p_command.tenant_id, p_command.payload ->> 'deliverable', 'deliverable')
  for update;
  if not v_row.is_deliverable then
    raise exception 'there is no such deliverable' using errcode = 'P0002', column = 'deliverable';
  end if;
  if v_row.review_status::text = p_status then
    raise exception 'it is % already', replace(p_status, '_', ' ') using errcode = '23505', column = 'deliverable';
  end if;
  if v_row.review_status::text = 'draft' then
    raise exception 'it is a draft and was not submitted' using errcode = '23505', column = 'deliverable';
  end if;
  v_decision := jsonb_populate_record(v_row, jsonb_build_object('review_status', p_status, 'review_note', p_command.payload ->> 'note'));
  update public.entity_links e
  set review_status = v_decision.review_status, review_note = v_decision.review_note, reviewed_at = clock_timestamp()
  where e.id = v_row.id;
  return jsonb_build_object('id', v_row.id, 'review_status', p_status,
    'title', coalesce(v_row.label, v_row.url, 'deliverable'));
end
$function$;
grant execute on function hq.review(agent_commands,text) to public;

CREATE OR REPLACE FUNCTION hq.roll_up_hour()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
declare
  v_hour hq.agent_hours;
  v_agent public.agents;
begin
  insert into hq.agent_hours as h (agent_id, began_at, spend_usd) values (new.agent_id, new.occurred_at, new.cost_total_usd)
  on conflict (agent_id) do update
  set began_at = case when excluded.began_at >= h.began_at + interval '1 hour' then excluded.began_at else h.began_at end,
    spend_usd = case when excluded.began_at >= h.began_at + interval '1 hour' then excluded.spend_usd
      when excluded.began_at >= h.began_at then h.spend_usd + excluded.spend_usd else h.spend_usd end
  returning * into v_hour;
  select * into v_agent from public.agents a where a.id = new.agent_id;
  if v_hour.spend_usd = new.cost_total_usd then
    perform hq.resolve_alert(v_agent.tenant_id, 'hourly_brake:' || v_agent.id);
  end if;
  if hq.braked_until(v_agent) is not null and not hq.alert_is_open(v_agent.tenant_id, 'hourly_brake:' || v_agent.id) then
    perform hq.notify(jsonb_build_object('tenant_id', v_agent.tenant_id, 'type', 'hourly_brake', 'severity', 'error',
      'subject', 'agent:' || v_agent.id, 'dedup_key', 'hourly_brake:' || v_agent.id,
      'title', format('%s spends too fast and rests', v_agent.slug),
      'body', format('%s USD since %s UTC. It may go on at %s UTC, or at once with a higher hourly limit.', round(v_hour.spend_usd, 2),
        to_char(v_hour.began_at at time zone 'UTC', 'HH24:MI'), to_char(hq.braked_until(v_agent) at time zone 'UTC', 'HH24:MI')),
      'entity_type', 'agent', 'entity_id', v_agent.id, 'actor_type', 'system'));
  end if;
  return null;
end
$function$;
grant execute on function hq.roll_up_hour() to public;

CREATE OR REPLACE FUNCTION hq.roll_up_usage()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
declare
  v_budget public.agent_budgets;
  v_workspace public.workspace;
  v_period date;
begin
  select * into v_workspace from public.workspace w where w.tenant_id = new.tenant_id;
  insert into public.agent_budgets (agent_id, tenant_id, monthly_limit_usd, soft_threshold_pct, hard_cutoff)
  values (new.agent_id, new.tenant_id, v_workspace.default_agent_budget_usd,
    coalesce(v_workspace.default_soft_threshold_pct, 80), coalesce(v_workspace.default_hard_cutoff, true))
  on conflict (agent_id) do nothing;
  select * into v_budget from public.agent_budgets b where b.agent_id = new.agent_id for update;
  v_period := hq.budget_month(v_budget, new.occurred_at);
  update public.agent_budgets b
  set current_period_start = greatest(b.current_period_start, v_period),
    current_period_spend_usd = case when v_period > b.current_period_start then 0 else b.current_period_spend_usd end
      + case when v_period >= b.current_period_start then new.cost_total_usd else 0 end,
    current_period_tokens = case when v_period > b.current_period_start then 0 else b.current_period_tokens end
      + case when v_period >= b.current_period_start then new.total_tokens else 0 end
  where b.agent_id = new.agent_id;
  return null;
end
$function$;
grant execute on function hq.roll_up_usage() to public;

CREATE OR REPLACE FUNCTION hq.routine_result(p_routine agent_routines)
 RETURNS jsonb
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$
  select jsonb_build_object('id', p_routine.id, 'title', p_routine.name, 'agent', (select a.slug from public.agents a where a.id = p_routine.agent_id),
    'schedule', p_routine.schedule, 'time_zone', p_routine.time_zone, 'event', p_routine.event, 'paused', p_routine.paused_at is not null,
    'last_run_at', p_routine.last_run_at, 'next_run_at', case when p_routine.paused_at is null then p_routine.next_run_at end)
$function$;
grant execute on function hq.routine_result(agent_routines) to public;

CREATE OR REPLACE FUNCTION hq.run_due(p_tenant uuid)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_routine public.agent_routines;
begin
  for v_routine in
    select * from public.agent_routines r
    where r.tenant_id = p_tenant and r.paused_at is null and r.next_run_at <= clock_timestamp()
    order by r.next_run_at limit 200 for no key update skip locked
  loop
    perform hq.run_routine(v_routine, 'routine_schedule', null, jsonb_build_object('due', v_routine.next_run_at));
  end loop;
  perform hq.look_for_overdue(p_tenant);
end
$function$;
grant execute on function hq.run_due(uuid) to public;

CREATE OR REPLACE FUNCTION hq.run_routine(p_routine agent_routines, p_event inbox_event_type, p_key text, p_context jsonb)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_task uuid := p_routine.last_task_id;
  v_now timestamptz := clock_timestamp();
begin
  perform set_config('hq.in_routine', 'on', true);
  if not p_routine.creates_task then
    perform hq.add_inbox_item(p_routine.agent_id, p_event, concat_ws(':', 'routine', p_routine.id, p_key), p_routine.name, null, null,
      p_context || jsonb_build_object('routine_id', p_routine.id, 'routine', p_routine.name, 'instructions', p_routine.instructions));
  elsif not exists (select from public.tasks t where t.id = v_task and t.archived_at is null and t.status::text = 'todo') then
    v_task := (hq.insert_fields('public.tasks', jsonb_build_object('tenant_id', p_routine.tenant_id, 'title', p_routine.name,
      'description', p_routine.instructions, 'status', 'todo', 'priority', 'medium', 'assignee_agent_id', p_routine.agent_id,
      'assignee_type', 'agent')) ->> 'id')::uuid;
  end if;
  update public.agent_routines r
  set last_run_at = v_now, last_task_id = v_task,
    -- A run by hand leaves a time that is still to come.
    next_run_at = case when r.next_run_at > v_now then r.next_run_at
      when r.schedule is not null then hq.next_run(r.schedule, r.time_zone, v_now) end
  where r.id = p_routine.id;
  perform set_config('hq.in_routine', '', true);
end
$function$;
grant execute on function hq.run_routine(agent_routines,inbox_event_type,text,jsonb) to public;

CREATE OR REPLACE FUNCTION hq.scrub_pasted_value()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  new.payload := new.payload - 'value';
  return new;
end
$function$;
grant execute on function hq.scrub_pasted_value() to public;

CREATE OR REPLACE FUNCTION hq.secret_columns()
 RETURNS name[]
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
 SET search_path TO ''
AS $function$
  select array['id', 'created_at', 'updated_at', 'tenant_id', 'gateway_id', 'agent_id', 'key', 'name', 'category', 'note',
    'sync_status', 'sync_error', 'last_synced_at', 'revision', 'value_since', 'updated_by']::name[]
$function$;
grant execute on function hq.secret_columns() to public;

CREATE OR REPLACE FUNCTION hq.secret_json(p_secret secrets)
 RETURNS jsonb
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$
  select jsonb_build_object('secret', jsonb_object_agg(e.key, e.value)) from jsonb_each(to_jsonb(p_secret)) e
  where e.key = any (hq.secret_columns())
$function$;
grant execute on function hq.secret_json(secrets) to public;

CREATE OR REPLACE FUNCTION hq.secret_name_fault(p_name text)
 RETURNS text
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
 SET search_path TO ''
AS $function$
  select case
    when coalesce(p_name, '') = '' then 'A secret needs a name.'
    when length(p_name) > 128 then 'The name of a secret has at most 128 characters.'
    when p_name !~ '^[A-Z][A-Z0-9_]*$' then
      'The name of a secret is in capitals: letters, digits and underscores, beginning with a letter.'
    when p_name = any (array[
      'PATH', 'HOME', 'SHELL', 'USER', 'LOGNAME', 'PWD', 'OLDPWD', 'IFS', 'ENV', 'CDPATH', 'GLOBIGNORE', 'SHELLOPTS',
      'BASHOPTS', 'PS1', 'PS4', 'PROMPT_COMMAND', 'TMPDIR', 'TMP', 'TEMP', 'TERM', 'HOSTNAME', 'EDITOR', 'VISUAL',
      'PAGER', 'BROWSER', 'MANPAGER', 'LESSOPEN', 'LESSCLOSE', 'SUDO_ASKPASS', 'SSH_ASKPASS', 'SSH_AUTH_SOCK',
      'GIT_ASKPASS', 'GIT_SSH', 'GIT_SSH_COMMAND', 'GIT_EXEC_PATH', 'GIT_DIR', 'GIT_WORK_TREE', 'GIT_INDEX_FILE',
      'GIT_TEMPLATE_DIR', 'GIT_EXTERNAL_DIFF', 'GIT_EDITOR', 'GIT_SEQUENCE_EDITOR', 'GIT_PAGER', 'GIT_PROXY_COMMAND',
      'DOCKER_HOST', 'DOCKER_CONFIG', 'DOCKER_CONTEXT', 'DOCKER_CERT_PATH', 'DOCKER_TLS_VERIFY', 'NODE_OPTIONS',
      'NODE_PATH', 'NODE_REPL_EXTERNAL_MODULE', 'NODE_EXTRA_CA_CERTS', 'NODE_ENV', 'NODE_TLS_REJECT_UNAUTHORIZED',
      'NODE_ICU_DATA', 'NODE_V8_COVERAGE', 'NODE_CHANNEL_FD', 'NODE_COMPILE_CACHE', 'NODE_REDIRECT_WARNINGS',
      'NODE_USE_ENV_PROXY', 'UV_THREADPOOL_SIZE', 'PYTHONPATH', 'PYTHONHOME', 'PYTHONSTARTUP', 'PYTHONUSERBASE',
      'PYTHONBREAKPOINT', 'PYTHONWARNINGS', 'PYTHONEXECUTABLE', 'PYTHONPYCACHEPREFIX', 'PYTHONPLATLIBDIR',
      'PYTHONINSPECT', 'PERL5OPT', 'PERL5LIB', 'PERLLIB', 'PERL5DB', 'RUBYOPT', 'RUBYLIB', 'GEM_HOME', 'GEM_PATH',
      'CLASSPATH', 'JAVA_TOOL_OPTIONS', 'JDK_JAVA_OPTIONS', 'DOTNET_STARTUP_HOOKS', 'SSL_CERT_FILE', 'SSL_CERT_DIR',
      'OPENSSL_CONF', 'OPENSSL_MODULES', 'OPENSSL_ENGINES', 'SSLKEYLOGFILE', 'CURL_CA_BUNDLE', 'CURL_HOME',
      'REQUESTS_CA_BUNDLE', 'HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY', 'NO_PROXY', 'FTP_PROXY', 'RES_OPTIONS',
      'LOCALDOMAIN', 'HOSTALIASES', 'RESOLV_HOST_CONF', 'GCONV_PATH', 'LOCPATH', 'NLSPATH', 'GATEWAY_ID', 'GATEWAY_SLUG',
      'NETWORKING_MODE', 'VNC_PASSWORD'
    ]) or exists (select from unnest(array[
      'SUPABASE_', 'HOSTED_', 'HQ_', 'OPENCLAW_', 'LD_', 'DYLD_', 'GLIBC_', 'MALLOC_', 'XDG_', 'BASH_', 'NPM_CONFIG_',
      'GIT_CONFIG'
    ]) p where starts_with(p_name, p)) then
      format('%s is reserved: a secret of this name could change how the programs that read it run.', p_name)
  end
$function$;
grant execute on function hq.secret_name_fault(text) to public;

CREATE OR REPLACE FUNCTION hq.secret_scope(p_tenant uuid, p_gateway text, p_agent text, OUT gateway uuid, OUT agent uuid)
 RETURNS record
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_gateways uuid[];
begin
  if p_agent is not null then
    select a.id, a.gateway_id into agent, gateway from public.agents a
    where a.tenant_id = p_tenant and (a.slug = p_agent or a.id = hq.uuid_or_null(p_agent))
    order by a.id = hq.uuid_or_null(p_agent) desc nulls last limit 1 for key share;
    if not found then
      raise exception 'there is no agent %', left(p_agent, 100) using errcode = 'P0002', column = 'agent';
    end if;
  end if;
  gateway := coalesce(hq.find_gateway(p_tenant, p_gateway), gateway);
  if gateway is null then
    select array_agg(g.id) into v_gateways from public.gateways g where g.tenant_id = p_tenant;
    if coalesce(cardinality(v_gateways), 0) <> 1 then
      raise exception '%', case when v_gateways is null then 'there is no gateway yet' else 'which gateway? there are several' end
        using errcode = '22023', column = 'gateway', hint = 'Name the gateway by its slug.';
    end if;
    gateway := v_gateways[1];
  end if;
end
$function$;
grant execute on function hq.secret_scope(uuid,text,text) to public;

CREATE OR REPLACE FUNCTION hq.sender_label(p_request pairing_requests)
 RETURNS text
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
 SET search_path TO ''
AS $function$
  select hq.plain_name(p_request.sender) || coalesce(' ("' || nullif(nullif(hq.plain_name(p_request.sender_name), ''), p_request.sender) || '")', '')
$function$;
grant execute on function hq.sender_label(pairing_requests) to public;

CREATE OR REPLACE FUNCTION hq.serves(p_kind text, p_action command_action)
 RETURNS boolean
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$
  select case p_kind when 'runner' then s.served else not s.served or p_action in ('restart_gateway', 'restart_dispatcher', 'provision',
    'update', 'update_all', 'remove', 'approve_pairing', 'set_agent_model', 'list_models') end
  from (select exists (select from hq.actions a where a.name = p_action::text and a.served) as served) s
$function$;
grant execute on function hq.serves(text,command_action) to public;

CREATE OR REPLACE FUNCTION hq.set_agent_model()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
begin
  update public.agents a set model = nullif(new.payload ->> 'model', ''), thinking = nullif(new.payload ->> 'thinking', '')
  where a.id = new.agent_id;
  return null;
end
$function$;
grant execute on function hq.set_agent_model() to public;

CREATE OR REPLACE FUNCTION hq.set_agent_paused(p_command agent_commands, p_paused boolean)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_agent public.agents;
begin
  -- No stronger lock: rows of commands already hold the agent by their foreign keys.
  select * into v_agent from public.agents a where a.id = p_command.agent_id for no key update;
  if v_agent.status::text not in ('ready', 'paused') and not (p_paused and v_agent.status::text = 'error') then
    raise exception '% is %', v_agent.slug, v_agent.status
      using errcode = '23505', column = 'agent',
        hint = case when p_paused then 'Only an agent that works can be paused.' else 'Only a paused agent can be resumed.' end;
  end if;
  update public.agents a
  set status = (jsonb_populate_record(a, jsonb_build_object('status', case when p_paused then 'paused' else 'ready' end))).status
  where a.id = v_agent.id;
  return jsonb_build_object('agent', v_agent.slug, 'status', case when p_paused then 'paused' else 'ready' end);
end
$function$;
grant execute on function hq.set_agent_paused(agent_commands,boolean) to public;

CREATE OR REPLACE FUNCTION hq.set_assignee_type()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
begin
  if new.assignee_agent_id is not null then
    new.assignee_type := 'agent';
  elsif new.assignee_type::text = 'agent' then
    new.assignee_type := hq.nobody_type();
  end if;
  return new;
end
$function$;
grant execute on function hq.set_assignee_type() to public;

CREATE OR REPLACE FUNCTION hq.set_budget_status()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
begin
  if tg_op = 'INSERT' or new.period_anchor_tz is distinct from old.period_anchor_tz then
    perform clock_timestamp() at time zone new.period_anchor_tz;
  end if;
  select a.tenant_id into new.tenant_id from public.agents a where a.id = new.agent_id;
  new.status := case
    when new.monthly_limit_usd is null then 'unmetered'
    when new.current_period_spend_usd >= new.monthly_limit_usd then 'exceeded'
    when new.current_period_spend_usd >= new.monthly_limit_usd * new.soft_threshold_pct / 100 then 'warned'
    else 'ok' end;
  return new;
exception when invalid_parameter_value then
  raise exception 'there is no time zone %', left(new.period_anchor_tz, 100)
    using errcode = '22023', column = 'period_anchor_tz', table = 'agent_budgets', hint = 'Name one such as Europe/Berlin.';
end
$function$;
grant execute on function hq.set_budget_status() to public;

CREATE OR REPLACE FUNCTION hq.set_condition(p_agent agents, p_kind text, p_reason text, p_subject text, p_since timestamp with time zone)
 RETURNS void
 LANGUAGE sql
 SET search_path TO ''
AS $function$
  insert into public.agent_conditions as c (agent_id, tenant_id, kind, reason, subject, since)
  values (p_agent.id, p_agent.tenant_id, p_kind, left(p_reason, 1000), left(p_subject, 500), coalesce(p_since, clock_timestamp()))
  on conflict (agent_id, kind) do update
  set reason = excluded.reason, subject = excluded.subject, since = case when excluded.kind = 'turn' then excluded.since else c.since end
  where (c.reason, c.subject) is distinct from (excluded.reason, excluded.subject)
$function$;
grant execute on function hq.set_condition(agents,text,text,text,timestamp with time zone) to public;

CREATE OR REPLACE FUNCTION hq.set_routine_paused(p_command agent_commands, p_paused boolean)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_routine public.agent_routines := hq.lock_routine(p_command);
begin
  update public.agent_routines r
  set paused_at = case when p_paused then coalesce(r.paused_at, clock_timestamp()) end,
    next_run_at = case when r.schedule is not null and r.paused_at is not null and not p_paused
      then hq.next_run(r.schedule, r.time_zone, clock_timestamp()) else r.next_run_at end
  where r.id = v_routine.id returning * into v_routine;
  return hq.routine_result(v_routine);
end
$function$;
grant execute on function hq.set_routine_paused(agent_commands,boolean) to public;

CREATE OR REPLACE FUNCTION hq.settle_question(p_command agent_commands, p_question agent_questions, p_answer text)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_row public.agent_questions;
begin
  update public.agent_questions q
  set status = 'answered', answer = p_answer, answered_at = clock_timestamp(), answered_by = p_command.requested_by
  where q.id = p_question.id
  returning * into v_row;
  if coalesce(v_row.waits_until, '-infinity') <= clock_timestamp() then
    perform hq.deliver_answer(v_row);
  end if;
  perform hq.audit_agent(a, 'question.answered', format('%s: %s', p_answer, v_row.question),
    jsonb_build_object('entity_type', 'agent_question', 'entity_id', v_row.id)) from public.agents a where a.id = v_row.agent_id;
  return jsonb_build_object('id', v_row.id, 'title', left(v_row.question, 200), 'answer', p_answer,
    'agent', (select a.slug from public.agents a where a.id = v_row.agent_id));
end
$function$;
grant execute on function hq.settle_question(agent_commands,agent_questions,text) to public;

CREATE OR REPLACE FUNCTION hq.sign_audit_line()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
begin
  if hq.caller_role() = 'authenticated' then
    new.actor_type := 'human';
    new.actor_user_id := auth.uid();
    new.actor_agent_id := null;
    new.created_at := clock_timestamp();
  end if;
  return new;
end
$function$;
grant execute on function hq.sign_audit_line() to public;

CREATE OR REPLACE FUNCTION hq.slug_to_provision(p_command agent_commands)
 RETURNS text
 LANGUAGE plpgsql
 IMMUTABLE
 SET search_path TO ''
AS $function$
declare
  v_slug text := coalesce(p_command.agent_slug, p_command.payload ->> 'slug', trim(both '-' from left(regexp_replace(
    lower(regexp_replace(normalize(p_command.payload ->> 'name', nfkd), '[\u0300-\u036f]', '', 'g')), '[^a-z0-9]+', '-', 'g'), 40)));
begin
  if not coalesce(hq.is_agent_slug(v_slug), false) then
    raise exception '%', case when v_slug is null then 'a new agent needs a slug or a name'
        else 'slug must be 2 to 40 lower-case letters, digits and single dashes, and no reserved word' end
      using errcode = '22023', column = 'slug', table = 'agent_commands';
  end if;
  return v_slug;
end
$function$;
grant execute on function hq.slug_to_provision(agent_commands) to public;

CREATE OR REPLACE FUNCTION hq.speaker_of(p_tenant uuid, p_chat jsonb)
 RETURNS hq.speaker
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
declare
  v_who hq.speaker;
begin
  v_who.tenant := p_tenant;
  v_who.platform := p_chat ->> 'platform';
  v_who.install := p_chat ->> 'install';
  v_who.chat_user := p_chat ->> 'user';
  v_who.channel := p_chat ->> 'channel';
  v_who.thread := p_chat ->> 'thread';
  v_who.is_direct := p_chat ->> 'kind' = 'direct' and hq.may_be_direct(v_who);
  -- Many people write through a shared account, so nobody is known behind it.
  v_who.stranger := coalesce(p_chat ->> 'stranger', (
    select 'anonymous' from hq.chat_platforms p where p.name = v_who.platform and v_who.chat_user = any (p.shared_accounts)));
  select i.id, i.user_id, m.role into v_who.identity, v_who.member, v_who.member_role
  from public.chat_identities i join public.tenant_members m on m.tenant_id = i.tenant_id and m.user_id = i.user_id
  where i.platform = v_who.platform and i.install = hq.account_install(v_who.platform, v_who.install)
    and i.chat_user = v_who.chat_user and i.revoked_at is null and i.tenant_id = p_tenant
    and v_who.stranger is null;
  select c.id, c.ceiling, c.gateway_id, c.agent_id into v_who.channel_id, v_who.ceiling, v_who.gateway_id, v_who.agent_id
  from public.chat_channels c
  where c.tenant_id = p_tenant and c.platform = v_who.platform and c.install = v_who.install and c.channel = v_who.channel;
  -- Only a channel of several people is ever bound.
  v_who.is_direct := v_who.is_direct and v_who.channel_id is null;
  return v_who;
end
$function$;
grant execute on function hq.speaker_of(uuid,jsonb) to public;

CREATE OR REPLACE FUNCTION hq.spending_gate(p_agent agents, OUT reason text, OUT until timestamp with time zone)
 RETURNS record
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
declare
  v_budget public.agent_budgets;
begin
  select * into v_budget from public.agent_budgets b where b.agent_id = p_agent.id;
  if hq.is_budget_spent(v_budget) then
    reason := 'budget_exceeded';
    until := clock_timestamp() + (date_trunc('month', hq.local_time(clock_timestamp(), v_budget.period_anchor_tz)) + interval '1 month'
      - hq.local_time(clock_timestamp(), v_budget.period_anchor_tz));
    return;
  end if;
  until := hq.braked_until(p_agent);
  reason := case when until is not null then 'hourly_brake' end;
end
$function$;
grant execute on function hq.spending_gate(agents) to public;

CREATE OR REPLACE FUNCTION hq.spending_left(p_agent agents)
 RETURNS numeric
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
declare
  v_now timestamptz := clock_timestamp();
  v_budget public.agent_budgets;
  v_hourly numeric;
begin
  select * into v_budget from public.agent_budgets b where b.agent_id = p_agent.id;
  v_hourly := hq.hourly_limit(v_budget, (select w.settings from public.workspace w where w.tenant_id = p_agent.tenant_id));
  return least(
    case when v_budget.hard_cutoff then v_budget.monthly_limit_usd
      - case when v_budget.current_period_start >= hq.budget_month(v_budget, v_now) then v_budget.current_period_spend_usd else 0 end end,
    v_hourly - coalesce((select h.spend_usd from hq.agent_hours h
      where h.agent_id = p_agent.id and h.began_at > v_now - interval '1 hour'), 0));
end
$function$;
grant execute on function hq.spending_left(agents) to public;

CREATE OR REPLACE FUNCTION hq.subject_of(p_alert notifications)
 RETURNS text
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$
  select coalesce(p_alert.subject, concat_ws(':', p_alert.entity_type, p_alert.entity_id), p_alert.type::text)
$function$;
grant execute on function hq.subject_of(notifications) to public;

CREATE OR REPLACE FUNCTION hq.sweep()
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_row record;
  v_has_older boolean;
  v_has_too_long boolean;
begin
  select bool_or(c.lease_token is null), bool_or(c.leased_until > clock_timestamp() + make_interval(secs => c.lease_seconds + 5))
  into v_has_older, v_has_too_long from public.agent_commands c where c.status in ('leased', 'running');
  if v_has_older then
    perform hq.end_left_behind();
  end if;
  -- A clock that was set back must not lengthen a lease: a living runner renews it, a dead one loses it in time.
  if v_has_too_long then
    update public.agent_commands c set leased_until = clock_timestamp() + make_interval(secs => c.lease_seconds)
    where c.id = any (array(select h.id from public.agent_commands h
      where h.status in ('leased', 'running') and h.leased_until > clock_timestamp() + make_interval(secs => h.lease_seconds + 5)
      order by h.id for no key update skip locked));
  end if;
  for v_row in
    select c.id, c.action, c.status, c.attempt, c.runner_id, c.lease_token, c.cancel_requested_at, a.retry, a.max_attempts
    from public.agent_commands c left join hq.actions a on a.name = c.action::text
    where c.status in ('leased', 'running')
      and coalesce(c.leased_until, c.started_at, c.created_at)
        < clock_timestamp() - case when c.lease_token is null then interval '1 hour' else interval '0' end
    order by c.leased_until limit 200
    for no key update of c skip locked
  loop
    if v_row.cancel_requested_at is null
      and ((v_row.lease_token is null and v_row.status = 'leased')
        or (v_row.lease_token is not null and v_row.retry = 'safe' and v_row.attempt < v_row.max_attempts))
    then
      update public.agent_commands c
      set status = 'pending', lease_token = null, runner_id = null, leased_at = null, leased_until = null, started_at = null,
        progress = null
      where c.id = v_row.id;
    else
      update public.agent_commands c
      set status = case when v_row.cancel_requested_at is null then 'failed' else 'cancelled' end::public.command_status,
        lease_token = null, leased_until = null, completed_at = clock_timestamp(),
        error_message = format('the runner died while %s ran (attempt %s of %s%s)', v_row.action, v_row.attempt,
          coalesce(v_row.max_attempts, 1), coalesce(', ' || v_row.runner_id, ''))
      where c.id = v_row.id;
    end if;
  end loop;
end
$function$;
grant execute on function hq.sweep() to public;

CREATE OR REPLACE FUNCTION hq.sweep_adapters(p_tenant uuid)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  -- Rows of a replaced token; a token that was wrong never reported an install.
  delete from public.chat_adapters d where (d.platform, d.fingerprint) in (
    select o.platform, o.fingerprint
    from public.chat_adapters o, public.chat_adapters n
    where o.tenant_id = p_tenant and n.tenant_id = p_tenant and n.platform = o.platform
      and (n.install = o.install or o.install is null)
      and n.fingerprint <> o.fingerprint and o.held_until <= clock_timestamp() and n.held_until > clock_timestamp()
    for update of o skip locked);
  perform hq.notify(jsonb_build_object(
    'tenant_id', p_tenant, 'type', 'bot_disconnected', 'severity', 'error', 'subject', 'adapter:' || a.platform,
    'dedup_key', format('bot_disconnected:%s:%s', a.platform, left(a.fingerprint, 12)),
    'title', format('the %s bot is not connected', initcap(a.platform)), 'body', coalesce(a.detail, a.state),
    'actor_type', 'system', 'meta', jsonb_build_object('platform', a.platform, 'install', a.install, 'state', a.state)))
  from public.chat_adapters a
  where a.tenant_id = p_tenant and hq.is_disconnected(a)
    and not hq.alert_is_open(p_tenant, format('bot_disconnected:%s:%s', a.platform, left(a.fingerprint, 12)));
  perform hq.resolve_alert(p_tenant, n.dedup_key)
  from public.notifications n
  where n.tenant_id = p_tenant and n.resolved_at is null and n.dedup_key like 'bot\_disconnected:%'
    and not exists (select from public.chat_adapters a where a.tenant_id = p_tenant and a.platform = split_part(n.dedup_key, ':', 2)
      and left(a.fingerprint, 12) = split_part(n.dedup_key, ':', 3) and hq.is_disconnected(a));
end
$function$;
grant execute on function hq.sweep_adapters(uuid) to public;

CREATE OR REPLACE FUNCTION hq.sweep_chat(p_tenant uuid)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_now timestamptz := clock_timestamp();
begin
  delete from public.chat_deliveries d where d.tenant_id = p_tenant and d.created_at < v_now - interval '48 hours';
  -- Removes tokens of expired confirmations from stored answers.
  update public.chat_deliveries d set answer = d.answer #- '{confirm,token}'
  where d.tenant_id = p_tenant and d.call = 'act' and d.answer #> '{confirm,token}' is not null
    and d.created_at < v_now - interval '5 minutes';
  delete from public.chat_confirmations c where c.tenant_id = p_tenant and c.created_at < v_now - interval '24 hours';
  delete from public.chat_buttons b where b.tenant_id = p_tenant and b.expires_at < v_now;
  delete from public.chat_link_codes c where c.tenant_id = p_tenant and c.expires_at < v_now;
  delete from public.chat_cards c where c.tenant_id = p_tenant and c.closed and c.created_at < v_now - interval '7 days';
  delete from public.alert_mutes m where m.tenant_id = p_tenant and m.until < v_now - interval '1 day';
  delete from hq.rate_counters m where m.tenant_id = p_tenant and m.since < v_now - interval '1 hour';
end
$function$;
grant execute on function hq.sweep_chat(uuid) to public;

CREATE OR REPLACE FUNCTION hq.sweep_gateways(p_tenant uuid)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  perform hq.notify(jsonb_build_object(
    'tenant_id', p_tenant, 'type', 'gateway_stale', 'severity', 'critical', 'subject', 'gateway:' || g.id,
    'dedup_key', 'gateway_stale:' || g.id, 'title', format('%s is not heard of', g.slug),
    'body', format('last seen %s UTC', to_char(g.last_seen_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS')),
    'entity_type', 'gateway', 'entity_id', g.id, 'actor_type', 'system', 'meta', jsonb_build_object('gateway_id', g.id)))
  from public.gateways g
  where g.tenant_id = p_tenant and hq.is_stale(g) and not hq.alert_is_open(p_tenant, 'gateway_stale:' || g.id);
  perform hq.resolve_alert(p_tenant, n.dedup_key)
  from public.notifications n left join public.gateways g on g.id::text = split_part(n.dedup_key, ':', 2)
  where n.tenant_id = p_tenant and n.resolved_at is null and n.dedup_key like 'gateway\_stale:%' and not coalesce(hq.is_stale(g), false);
end
$function$;
grant execute on function hq.sweep_gateways(uuid) to public;

CREATE OR REPLACE FUNCTION hq.sweep_pairings(p_tenant uuid)
 RETURNS void
 LANGUAGE sql
 SET search_path TO ''
AS $function$
  update public.pairing_requests r set status = 'expired'
  where r.tenant_id = p_tenant and r.status = 'pending' and r.expires_at <= clock_timestamp();
  delete from public.pairing_requests r
  where r.tenant_id = p_tenant and r.status <> 'pending' and r.created_at < clock_timestamp() - interval '30 days'
$function$;
grant execute on function hq.sweep_pairings(uuid) to public;

CREATE OR REPLACE FUNCTION hq.sweep_questions(p_tenant uuid)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_row public.agent_questions;
begin
  for v_row in
    select * from public.agent_questions q
    where q.tenant_id = p_tenant and (q.status = 'open' and q.expires_at <= clock_timestamp()
      or q.status <> 'open' and q.delivered_at is null and coalesce(q.waits_until, '-infinity') <= clock_timestamp())
    order by q.id for update skip locked
  loop
    if v_row.status = 'open' then
      update public.agent_questions q set status = 'expired' where q.id = v_row.id returning * into v_row;
      perform hq.notify(jsonb_build_object('tenant_id', p_tenant, 'type', 'question_expired', 'severity', 'warning', 'subject', 'agent:' || a.id,
          'title', format('nobody answered %s: %s', a.slug, left(v_row.question, 200)), 'body', 'The agent is told so and goes on without an answer.',
          'entity_type', 'agent', 'entity_id', a.id, 'actor_type', 'system', 'meta', jsonb_build_object('agent_slug', a.slug))),
        hq.audit_agent(a, 'question.expired', v_row.question, jsonb_build_object('entity_type', 'agent_question', 'entity_id', v_row.id))
      from public.agents a where a.id = v_row.agent_id;
    end if;
    perform hq.deliver_answer(v_row);
  end loop;
  delete from public.agent_questions q
  where q.tenant_id = p_tenant and q.status <> 'open' and q.delivered_at is not null and q.created_at < clock_timestamp() - interval '90 days';
end
$function$;
grant execute on function hq.sweep_questions(uuid) to public;

CREATE OR REPLACE FUNCTION hq.sweep_tasks(p_tenant uuid)
 RETURNS void
 LANGUAGE sql
 SET search_path TO ''
AS $function$
  select hq.notify(jsonb_build_object(
    'tenant_id', p_tenant, 'type', 'task_overdue', 'severity', 'warning', 'subject', 'task:' || t.id,
    'dedup_key', 'task_overdue:' || t.id, 'title', format('overdue: %s', left(t.title, 200)),
    'body', format('it was due %s', t.due_date), 'created_at', t.due_date, 'entity_type', 'task', 'entity_id', t.id, 'actor_type', 'system',
    'meta', jsonb_strip_nulls(jsonb_build_object(
      'agent_slug', (select a.slug from public.agents a where a.id = t.assignee_agent_id)))))
  from (
    select * from public.tasks t
    where t.tenant_id = p_tenant and t.due_date < clock_timestamp() and t.due_date > clock_timestamp() - interval '7 days'
      and t.archived_at is null
      and t.status not in ('done', 'cancelled', 'missed') and hq.is_overdue(t)
      and not hq.alert_is_open(p_tenant, 'task_overdue:' || t.id)
    order by t.due_date limit 200) t
$function$;
grant execute on function hq.sweep_tasks(uuid) to public;

CREATE OR REPLACE FUNCTION hq.tail(p_text text, p_bytes integer)
 RETURNS text
 LANGUAGE plpgsql
 IMMUTABLE PARALLEL SAFE
 SET search_path TO ''
AS $function$
declare
  v_text text := p_text;
begin
  while octet_length(v_text) > p_bytes loop
    v_text := right(v_text, -greatest(1, (octet_length(v_text) - p_bytes) / 4));
  end loop;
  return v_text;
end
$function$;
grant execute on function hq.tail(text,integer) to public;

CREATE OR REPLACE FUNCTION hq.take_output(p_output jsonb)
 RETURNS text[]
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  c_limit constant int := 262144;
  v_entry jsonb;
  v_row record;
  v_so_far int;
  v_text text;
  v_bytes int;
  v_seq int;
  v_lost text[] := '{}';
begin
  for v_entry in
    select e from hq.entries(p_output) e order by e ->> 'token', hq.int_or_null(e -> 'seq')
  loop
    select c.id, c.tenant_id, c.attempt into v_row from public.agent_commands c where c.lease_token = hq.token_of(v_entry);
    v_seq := hq.int_or_null(v_entry -> 'seq');
    v_text := v_entry ->> 'text';
    if v_row.id is null then
      v_lost := v_lost || coalesce(left(v_entry ->> 'token', 100), 'unreadable');
      continue;
    end if;
    continue when v_seq is null or v_text is null or v_text = '';
    select o.bytes_so_far into v_so_far from public.agent_command_output o
    where o.command_id = v_row.id and o.attempt = v_row.attempt order by o.seq desc limit 1;
    v_so_far := coalesce(v_so_far, 0);
    continue when v_so_far > c_limit;
    v_bytes := octet_length(v_text);
    if v_so_far + v_bytes > c_limit then
      v_text := hq.head(v_text, c_limit - v_so_far) || E'\n[the rest is left out: more than 256 KiB]\n';
      v_bytes := c_limit - v_so_far + 1;
    end if;
    insert into public.agent_command_output (command_id, tenant_id, attempt, seq, stream, text, bytes_so_far)
    values (v_row.id, v_row.tenant_id, v_row.attempt, v_seq,
      case v_entry ->> 'stream' when 'stderr' then 'stderr' else 'stdout' end, v_text, v_so_far + v_bytes)
    on conflict do nothing;
  end loop;
  return v_lost;
end
$function$;
grant execute on function hq.take_output(jsonb) to public;

CREATE OR REPLACE FUNCTION hq.take_progress(p_progress jsonb)
 RETURNS text[]
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_entry jsonb;
  v_lost text[] := '{}';
begin
  for v_entry in select e from hq.entries(p_progress) e order by e ->> 'token' loop
    update public.agent_commands c
    set progress = jsonb_build_object(
      'percent', case when jsonb_typeof(v_entry -> 'percent') = 'number'
        then least(greatest(hq.int_or_null(v_entry -> 'percent'), 0), 100) end,
      'note', left(v_entry ->> 'note', 500))
    where c.lease_token = hq.token_of(v_entry) and c.status = 'running';
    if not found and not exists (select from public.agent_commands c where c.lease_token = hq.token_of(v_entry)) then
      v_lost := v_lost || coalesce(left(v_entry ->> 'token', 100), 'unreadable');
    end if;
  end loop;
  return v_lost;
end
$function$;
grant execute on function hq.take_progress(jsonb) to public;

CREATE OR REPLACE FUNCTION hq.take_results(p_results jsonb)
 RETURNS text[]
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_entry jsonb;
  v_row public.agent_commands;
  v_status text;
  v_lost text[] := '{}';
begin
  for v_entry in select e from hq.entries(p_results) e order by e ->> 'token' loop
    select * into v_row from public.agent_commands c where c.lease_token = hq.token_of(v_entry) for no key update;
    if not found then
      v_lost := v_lost || coalesce(left(v_entry ->> 'token', 100), 'unreadable');
      continue;
    end if;
    continue when v_row.status not in ('leased', 'running');
    v_status := v_entry ->> 'status';
    if v_status = 'pending' and v_row.cancel_requested_at is null then
      update public.agent_commands c
      set status = 'pending', lease_token = null, runner_id = null, leased_at = null, leased_until = null, started_at = null,
        attempt = greatest(c.attempt - 1, 0), progress = null
      where c.id = v_row.id;
      continue;
    end if;
    v_status := case when v_status in ('done', 'failed', 'cancelled') then v_status
      when v_status = 'pending' then 'cancelled' else 'failed' end;
    update public.agent_commands c
    set status = v_status::public.command_status,
      completed_at = clock_timestamp(),
      leased_until = null,
      exit_code = hq.int_or_null(v_entry -> 'exit_code'),
      stdout = hq.tail(v_entry ->> 'stdout', 65536),
      stderr = hq.tail(v_entry ->> 'stderr', 65536),
      error_message = case when v_entry ->> 'status' in ('done', 'failed', 'cancelled', 'pending')
        then hq.head(v_entry ->> 'error_message', 8192)
        else 'the runner handed in a result that cannot be read' end,
      result = case when pg_column_size(v_entry -> 'result') <= 262144 then nullif(v_entry -> 'result', 'null') end
    where c.id = v_row.id;
  end loop;
  return v_lost;
end
$function$;
grant execute on function hq.take_results(jsonb) to public;

CREATE OR REPLACE FUNCTION hq.take_turn_results(p_results jsonb, p_settings jsonb)
 RETURNS text[]
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_entry jsonb;
  v_turn hq.agent_dispatch;
  v_lost text[] := '{}';
begin
  for v_entry in select e from hq.entries(p_results) e order by e ->> 'token' loop
    perform hq.keep_agent(d.agent_id) from hq.agent_dispatch d where d.token = hq.token_of(v_entry);
    select * into v_turn from hq.agent_dispatch d where d.token = hq.token_of(v_entry) for no key update;
    if found then
      perform hq.end_turn(v_turn, v_entry, p_settings);
    elsif not exists (select from hq.agent_dispatch d where d.last_token = hq.token_of(v_entry)) then
      v_lost := v_lost || coalesce(left(v_entry ->> 'token', 100), 'unreadable');
    end if;
  end loop;
  return v_lost;
end
$function$;
grant execute on function hq.take_turn_results(jsonb,jsonb) to public;

CREATE OR REPLACE FUNCTION hq.task_result(p_task tasks)
 RETURNS jsonb
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$
  select jsonb_build_object('id', p_task.id, 'title', p_task.title, 'status', p_task.status,
    'agent', (select a.slug from public.agents a where a.id = p_task.assignee_agent_id))
$function$;
grant execute on function hq.task_result(tasks) to public;

CREATE OR REPLACE FUNCTION hq.task_row(p_task tasks)
 RETURNS jsonb
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$
  select hq.task_result(p_task) || hq.pick(to_jsonb(p_task), '{created_at,description,priority,due_date}')
    || jsonb_build_object('waits', hq.task_wait(p_task))
$function$;
grant execute on function hq.task_row(tasks) to public;

CREATE OR REPLACE FUNCTION hq.task_wait(p_task tasks)
 RETURNS jsonb
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$
  select hq.item_wait(i) from public.agent_inbox_items i
  where i.task_id = p_task.id and i.status in ('pending', 'leased')
  order by i.status = 'leased' and i.leased_until > clock_timestamp() desc, i.created_at, i.id limit 1
$function$;
grant execute on function hq.task_wait(tasks) to public;

CREATE OR REPLACE FUNCTION hq.tell_stalled(p_agent_id uuid, p_failures integer, p_reason text)
 RETURNS void
 LANGUAGE sql
 SET search_path TO ''
AS $function$
  select hq.notify(jsonb_build_object('tenant_id', a.tenant_id, 'type', 'agent_stalled', 'severity', 'error', 'subject', 'agent:' || a.id,
    'dedup_key', 'agent_stalled:' || a.id, 'title', format('%s is stalled: %s turns in a row failed', a.slug, p_failures),
    'body', format('The last one: %s. New work wakes it again, and so does retrying an item.', left(p_reason, 1500)),
    'entity_type', 'agent', 'entity_id', a.id, 'actor_type', 'system',
    'meta', jsonb_build_object('agent_slug', a.slug, 'gateway_id', a.gateway_id)))
  from public.agents a where a.id = p_agent_id
$function$;
grant execute on function hq.tell_stalled(uuid,integer,text) to public;

CREATE OR REPLACE FUNCTION hq.time_zone_or_utc(p_zone text)
 RETURNS text
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$
  select coalesce((select z.name from pg_catalog.pg_timezone_names z where lower(z.name) = lower(p_zone) limit 1), 'UTC')
$function$;
grant execute on function hq.time_zone_or_utc(text) to public;

CREATE OR REPLACE FUNCTION hq.token_hash(p_token text)
 RETURNS text
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
 SET search_path TO ''
AS $function$ select encode(sha256(convert_to(coalesce(p_token, ''), 'UTF8')), 'hex') $function$;
grant execute on function hq.token_hash(text) to public;

CREATE OR REPLACE FUNCTION hq.token_of(p_entry jsonb)
 RETURNS uuid
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
 SET search_path TO ''
AS $function$ select hq.uuid_or_null(p_entry ->> 'token') $function$;
grant execute on function hq.token_of(jsonb) to public;

CREATE OR REPLACE FUNCTION hq.touch_alert()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
begin
  new.last_at := clock_timestamp();
  if new.read_at is null then
    new.seen_by := null;
  elsif old.read_at is null then
    new.seen_by := hq.email_of(auth.uid());
  end if;
  return new;
end
$function$;
grant execute on function hq.touch_alert() to public;

CREATE OR REPLACE FUNCTION hq.touch_updated_at()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  new.updated_at := clock_timestamp();
  return new;
end
$function$;
grant execute on function hq.touch_updated_at() to public;

CREATE OR REPLACE FUNCTION hq.turn_json(p_turn hq.agent_dispatch, p_timeout integer)
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
declare
  v_agent public.agents;
  v_item public.agent_inbox_items;
begin
  select * into v_agent from public.agents a where a.id = p_turn.agent_id;
  select * into v_item from public.agent_inbox_items i where i.id = p_turn.item_id;
  return jsonb_build_object('item_id', p_turn.item_id, 'token', p_turn.token, 'attempt', v_item.attempt_count, 'event', v_item.event_type,
    'agent_id', v_agent.id, 'agent_slug', v_agent.slug, 'openclaw_id', v_agent.openclaw_id, 'session_key', p_turn.lease_session,
    'run_id', p_turn.lease_run, 'timeout_seconds', p_timeout,
    'model', (select t.model_override from public.tasks t where t.id = v_item.task_id),
    'thinking', (select t.thinking_override from public.tasks t where t.id = v_item.task_id),
    'item', case when v_item.id is not null then hq.whole_inbox_item(v_agent, v_item) end);
end
$function$;
grant execute on function hq.turn_json(hq.agent_dispatch,integer) to public;

CREATE OR REPLACE FUNCTION hq.unbounded_functions()
 RETURNS SETOF regprocedure
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$
  select p.oid::regprocedure from pg_catalog.pg_proc p
  where hq.adopted() and p.pronamespace = 'public'::regnamespace and p.prosecdef and p.prorettype <> 'trigger'::regtype
    and pg_has_role(p.proowner, 'usage')
    and has_function_privilege('authenticated', p.oid, 'execute') and not has_function_privilege('anon', p.oid, 'execute')
    and (p.provolatile <> 'v' or hq.code_without_comments(p.oid)
      !~* '\m(insert|update|delete|truncate|merge|call|copy|create|alter|drop|refresh|grant|revoke)\M|\mperform\s+(?!(pg_catalog\.)?(set_config|pg_\w+)\M)')
    and not exists (select from hq.defined_objects d where d.kind <> 'trigger' and d.identity = hq.function_identity(p.oid))
    and not exists (select from pg_catalog.pg_depend d where (d.objid = p.oid and d.deptype = 'e')
      or (d.refobjid = p.oid and d.classid = 'pg_policy'::regclass))
$function$;
grant execute on function hq.unbounded_functions() to public;

CREATE OR REPLACE FUNCTION hq.usage_rows(p_tenant uuid, p_agent_id uuid, p_limit integer)
 RETURNS SETOF jsonb
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
 SET plan_cache_mode TO 'force_custom_plan'
AS $function$
declare
  v_month timestamptz := date_trunc('month', clock_timestamp());
  v_day timestamptz := date_trunc('day', clock_timestamp());
begin
  return query
  with dearest as (
    select u.agent_id, coalesce(sum(u.cost_total_usd), 0) as cost, sum(u.total_tokens) as tokens
    from public.agent_usage u
    where u.tenant_id = p_tenant and u.occurred_at >= v_month and (p_agent_id is null or u.agent_id = p_agent_id)
    group by u.agent_id order by 2 desc limit p_limit
  )
  select jsonb_build_object('agent', (select a.slug from public.agents a where a.id = d.agent_id),
    'cost_usd', round(d.cost, 4), 'tokens', d.tokens, 'runs', r.runs, 'today_usd', round(coalesce(r.today, 0), 4), 'since', v_month,
    'limit_usd', b.monthly_limit_usd, 'status', coalesce(b.status::text, 'unmetered'))
  from dearest d left join public.agent_budgets b on b.agent_id = d.agent_id, lateral (
    select count(distinct u.run_id) as runs, sum(u.cost_total_usd) filter (where u.occurred_at >= v_day) as today
    from (
      select * from public.agent_usage own where own.agent_id = d.agent_id
      -- Usage of deleted agents.
      union all select * from public.agent_usage gone where d.agent_id is null and gone.agent_id is null) u
    where u.tenant_id = p_tenant and u.occurred_at >= v_month) r
  order by d.cost desc;
end
$function$;
grant execute on function hq.usage_rows(uuid,uuid,integer) to public;

CREATE OR REPLACE FUNCTION hq.uuid_or_null(p_text text)
 RETURNS uuid
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
 SET search_path TO ''
AS $function$
  select case when p_text ~* '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$' then p_text::uuid end
$function$;
grant execute on function hq.uuid_or_null(text) to public;

CREATE OR REPLACE FUNCTION hq.wake_cooldown(p_failures integer, p_settings jsonb)
 RETURNS interval
 LANGUAGE sql
 IMMUTABLE
 SET search_path TO ''
AS $function$
  select make_interval(secs => least(coalesce((p_settings ->> 'wake_cooldown')::numeric, 30) * 2 ^ least(p_failures, 20),
    coalesce((p_settings ->> 'max_wake_cooldown')::numeric, 900))::double precision)
$function$;
grant execute on function hq.wake_cooldown(integer,jsonb) to public;

CREATE OR REPLACE FUNCTION hq.wake_gate(p_agent agents, OUT reason text, OUT until timestamp with time zone, OUT detail text)
 RETURNS record
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
declare
  v_now timestamptz := clock_timestamp();
  v_state hq.agent_dispatch;
  v_gateway public.gateways;
begin
  select * into v_state from hq.agent_dispatch d where d.agent_id = p_agent.id;
  select * into v_gateway from public.gateways g where g.id = p_agent.gateway_id;
  reason := case
    when exists (select from public.workspace w where w.tenant_id = p_agent.tenant_id and w.stopped_at is not null) then 'workspace_stopped'
    when v_state.stalled_at is not null then 'stalled'
    when v_state.token is not null then 'in_turn'
    when v_state.held_until > v_now then 'held'
    when v_state.cooldown_until > v_now then 'cooldown'
    when p_agent.status::text in ('paused', 'hibernating') then 'agent_paused'
    when v_gateway.status::text in ('paused', 'hibernating') then 'gateway_paused'
    when p_agent.status::text <> 'ready' or p_agent.openclaw_id is null then 'agent_not_ready'
    when v_gateway.id is null then 'no_gateway'
    when exists (select from hq.executors e where e.gateway_id = v_gateway.id and e.older_daemon_at > v_now - interval '90 seconds')
      then 'older_daemon'
    when exists (select from public.agent_inbox_items i
      where i.agent_id = p_agent.id and i.status = 'leased' and i.leased_until > v_now) then 'leased' end;
  until := case reason when 'held' then v_state.held_until when 'cooldown' then v_state.cooldown_until
    when 'leased' then (select max(i.leased_until) from public.agent_inbox_items i where i.agent_id = p_agent.id and i.status = 'leased') end;
  detail := case reason when 'held' then v_state.held_reason end;
  if reason is null then
    select s.reason, s.until into reason, until from hq.spending_gate(p_agent) s;
  end if;
end
$function$;
grant execute on function hq.wake_gate(agents) to public;

CREATE OR REPLACE FUNCTION hq.wake_unblocked(p_blocker uuid)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  perform from public.tasks t
  where t.id in (select r.target_task_id from public.task_relations r where r.source_task_id = p_blocker and r.relation_type = 'blocks')
  order by t.id for no key update;
  perform hq.add_inbox_item(t.assignee_agent_id, 'blocker_resolved', format('unblocked:%s:%s', t.id, t.assignee_agent_id), t.title, t.id, null,
    jsonb_build_object('blocker_id', p_blocker))
  from public.task_relations r join public.tasks t on t.id = r.target_task_id
  where r.source_task_id = p_blocker and r.relation_type = 'blocks' and t.assignee_agent_id is not null
    and t.archived_at is null and t.status::text not in ('done', 'cancelled')
    and not exists (
      select from public.task_relations o join public.tasks b on b.id = o.source_task_id
      where o.target_task_id = t.id and o.relation_type = 'blocks' and b.id <> p_blocker and b.archived_at is null
        and b.status::text not in ('done', 'cancelled'));
end
$function$;
grant execute on function hq.wake_unblocked(uuid) to public;

CREATE OR REPLACE FUNCTION hq.whole_inbox_item(p_agent agents, p_item agent_inbox_items)
 RETURNS jsonb
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$
  select hq.inbox_item_json(p_item) || jsonb_build_object('leased_until', p_item.leased_until, 'context', p_item.context,
    'task', (select hq.agent_task_json(t) from public.tasks t where t.id = p_item.task_id),
    'comment', (select jsonb_build_object('id', c.id, 'body', c.body, 'by', hq.author_of(c), 'created_at', c.created_at)
      from public.comments c where c.id = p_item.comment_id),
    'deliverable', (select jsonb_build_object('id', e.id, 'label', e.label, 'url', e.url, 'review_status', e.review_status, 'review_note', e.review_note)
      from public.entity_links e where e.id = hq.uuid_or_null(p_item.context ->> 'entity_link_id') and e.tenant_id = p_agent.tenant_id))
$function$;
grant execute on function hq.whole_inbox_item(agents,agent_inbox_items) to public;

CREATE OR REPLACE FUNCTION hq.with_entity(p_table regclass, p_row jsonb)
 RETURNS jsonb
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$
  select case when p_row ->> 'entity_id' is null and exists (
      select from pg_catalog.pg_attribute a where a.attrelid = p_table and a.attname = 'entity_id' and a.attnotnull)
    then p_row || jsonb_build_object('entity_type', coalesce(p_row ->> 'entity_type', 'agent_command'), 'entity_id', p_row ->> 'tenant_id')
    else p_row end
$function$;
grant execute on function hq.with_entity(regclass,jsonb) to public;

CREATE OR REPLACE FUNCTION hq.withdraw_for_task(p_old tasks, p_new tasks)
 RETURNS void
 LANGUAGE sql
 SET search_path TO ''
AS $function$
  select hq.withdraw_items(array(
    select i.id from public.agent_inbox_items i
    where i.task_id = p_new.id and i.event_type in ('task_assignment', 'task_reassignment', 'blocker_resolved', 'task_overdue') and (
      (p_old.assignee_agent_id is distinct from p_new.assignee_agent_id and i.agent_id = p_old.assignee_agent_id)
      or (p_new.archived_at is not null and p_old.archived_at is null) or (p_new.status::text = 'cancelled' and p_old.status::text <> 'cancelled'
        and (i.status = 'pending' or i.agent_id::text <> coalesce(current_setting('hq.acting_agent', true), '')))
      or (p_new.status::text = 'done' and p_old.status::text <> 'done' and i.status = 'pending'))))
$function$;
grant execute on function hq.withdraw_for_task(tasks,tasks) to public;

CREATE OR REPLACE FUNCTION hq.withdraw_from_assignee()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
begin
  perform hq.withdraw_for_task(old, new);
  return null;
end
$function$;
grant execute on function hq.withdraw_from_assignee() to public;

CREATE OR REPLACE FUNCTION hq.withdraw_items(p_items uuid[])
 RETURNS void
 LANGUAGE sql
 SET search_path TO ''
AS $function$
  update public.agent_inbox_items i
  set status = 'done', completed_at = clock_timestamp(), leased_until = null, context = coalesce(i.context, '{}') || '{"withdrawn": true}'
  where i.id = any (array(select o.id from public.agent_inbox_items o
    where o.id = any (p_items) and o.status in ('pending', 'leased') order by o.id for no key update))
$function$;
grant execute on function hq.withdraw_items(uuid[]) to public;

CREATE OR REPLACE FUNCTION hq.within_rate_limit(p_tenant uuid, p_who text, p_what text, p_limit integer, p_seconds integer)
 RETURNS boolean
 LANGUAGE sql
 SET search_path TO ''
AS $function$
  insert into hq.rate_counters as m (tenant_id, who, what, since, count)
  values (p_tenant, p_who, p_what, to_timestamp(floor(extract(epoch from clock_timestamp()) / p_seconds) * p_seconds), 1)
  on conflict (tenant_id, who, what, since) do update set count = m.count + 1
  returning m.count <= p_limit
$function$;
grant execute on function hq.within_rate_limit(uuid,text,text,integer,integer) to public;

CREATE OR REPLACE FUNCTION hq.without_nulls(p_object jsonb)
 RETURNS jsonb
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
 SET search_path TO ''
AS $function$
  select case when jsonb_typeof(p_object) = 'object'
    then (select coalesce(jsonb_object_agg(e.key, e.value), '{}') from jsonb_each(p_object) e where e.value <> 'null') else p_object end
$function$;
grant execute on function hq.without_nulls(jsonb) to public;

CREATE OR REPLACE FUNCTION hq.write_audit(p_line jsonb)
 RETURNS void
 LANGUAGE sql
 SET search_path TO ''
AS $function$
  insert into public.audit_log
    (tenant_id, actor_type, actor_user_id, actor_agent_id, module, entity_type, entity_id, action, summary, meta)
  select r.tenant_id, r.actor_type, r.actor_user_id, r.actor_agent_id, r.module, r.entity_type, r.entity_id, r.action, r.summary,
    coalesce(r.meta, '{}')
  from jsonb_populate_record(null::public.audit_log, hq.with_entity('public.audit_log', p_line
    || jsonb_build_object('actor_type', case when p_line ->> 'actor_user_id' is not null then 'human'
      when p_line ->> 'actor_agent_id' is not null then 'agent' else 'system' end))) r
$function$;
grant execute on function hq.write_audit(jsonb) to public;

CREATE OR REPLACE FUNCTION public.agent_call(p_token text, p_operation text, p_arguments jsonb DEFAULT '{}'::jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
 SET "TimeZone" TO 'UTC'
AS $function$
declare
  v_agent public.agents;
  v_schema jsonb := hq.agent_call_schema(p_operation);
  v_arguments jsonb := hq.without_nulls(coalesce(p_arguments, '{}'));
  v_fault jsonb;
  v_answer jsonb;
begin
  select a.* into v_agent from hq.agent_credentials c join public.agents a on a.id = c.agent_id where c.token_hash = hq.token_hash(p_token);
  if not found then
    raise exception 'this credential is not valid' using errcode = '28000', hint = 'Update the agent in HQ, which issues a new one.';
  end if;
  if v_schema is null then
    raise exception 'there is no operation %', coalesce(left(p_operation, 100), 'without a name') using errcode = '22023', column = 'operation';
  end if;
  v_fault := case jsonb_typeof(v_arguments) when 'object' then hq.find_fault(v_arguments, v_schema)
    else jsonb_build_object('message', 'the arguments must be an object') end;
  if v_fault is not null then
    raise exception '%', v_fault ->> 'message' using errcode = '22023', column = coalesce(v_fault ->> 'field', 'arguments');
  end if;
  if coalesce(v_agent.last_seen_at, '-infinity') < clock_timestamp() - interval '30 seconds' then
    update public.agents a set last_seen_at = clock_timestamp()
    where a.id = v_agent.id and coalesce(a.last_seen_at, '-infinity') < clock_timestamp() - interval '30 seconds';
  end if;
  perform set_config('hq.acting_agent', v_agent.id::text, true);
  execute format('select hq.%I($1, $2)', 'agent_' || p_operation) into v_answer using v_agent, v_arguments;
  return v_answer;
exception when invalid_datetime_format or datetime_field_overflow or invalid_time_zone_displacement_value then
  raise exception 'there is no such time' using errcode = '22023', column = 'arguments';
end
$function$;
grant execute on function agent_call(text,text,jsonb) to anon;
grant execute on function agent_call(text,text,jsonb) to authenticated;
grant execute on function agent_call(text,text,jsonb) to service_role;
comment on function agent_call(text,text,jsonb) is 'The one function of agents: runs an operation for the agent of the credential, and writes in its name. Ids may be their first eight digits. Errors: 28000 for an unknown credential, 42501 refused, P0002 not found, 23505 conflict, 22023 usage with the argument as column.

- `inbox {}` → `{items: [{id, event, status, summary, task_id, task_title, comment_id, created_at, attempt}]}`, the open ones; `item {item}` adds `task`, `comment`, `deliverable`, `context`
- `take_item {item, session_key?, run_id?}` leases it for ten minutes, `complete_item {item, summary?}`, `fail_item {item, reason}`; `release_items {}` gives those back that no turn of the dispatcher holds
- `tasks {status?, limit?}` → `{tasks}`: its own and its reports''; `task {task}` adds comments, relations, links and subtasks
- `create_task {title, description?, priority?, due?, assignee?, parent?}`, `set_task_status {task, status, note?}`, `comment {task, body, mentions?}`
- `submit_deliverable {task, label, url?, note?}` → `{id, review_status}`; `notify {title, body?, task?}` tells the operators
- `ask {question, choices?, free_text?, task?, item?, session_key?, wait_seconds?}` → `{id, status, …}`; `answer {question, stop?}` → `{id, status, answer, answered_by}`
- `host_refused {host, port}` → `{asked}` asks whether the agent may reach a host
- `budget {}` → `{allowed, reason: null | workspace_stopped | agent_paused | gateway_paused | budget_exceeded | hourly_brake, status, limit_usd, spent_usd, left_usd, dearest_call_usd, until?}`
- `record_usage {run_id, provider, model, occurred_at, session_id?, input_tokens?, …, cost_total_usd?}` → `{recorded}`, once for each run, provider, model and time
- `pairing_requested {channel, account, sender, code, sender_name?, expires_at?}`';

CREATE OR REPLACE FUNCTION public.agent_failed(p_agent_id uuid, p_reason text)
 RETURNS agent_status
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
declare
  v_agent public.agents := hq.lock_agent(p_agent_id);
  v_reason text := left(coalesce(nullif(p_reason, ''), 'no reason was given'), 2000);
begin
  if v_agent.meta ->> 'error' is distinct from v_reason then
    update public.agents a
    set meta = a.meta || jsonb_build_object('error', v_reason),
      status = (jsonb_populate_record(a, jsonb_build_object('status',
        case when a.status::text in ('provisioning', 'ready') then 'error' else a.status::text end))).status
    where a.id = v_agent.id
    returning * into v_agent;
    perform hq.audit_agent(v_agent, 'agent.failed', format('%s: %s', v_agent.slug, v_reason));
  end if;
  return v_agent.status;
end
$function$;
grant execute on function agent_failed(uuid,text) to service_role;
comment on function agent_failed(uuid,text) is 'Records why an agent is not on its gateway as it has to be: its status is `error`, unless it is paused or hibernating. Returns its status.';

CREATE OR REPLACE FUNCTION public.agent_health(p_agents uuid[] DEFAULT NULL::uuid[])
 RETURNS jsonb
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO ''
AS $function$
  select coalesce(jsonb_agg(jsonb_build_object('agent_id', h.agent_id, 'agent', h.slug) || h.health order by h.slug), '[]')
  from hq.health_rows(public.current_tenant_id(), p_agents) h
  where hq.caller_role() not in ('anon', 'authenticated') or public.member_role_of_caller() is not null
$function$;
grant execute on function agent_health(uuid[]) to authenticated;
grant execute on function agent_health(uuid[]) to service_role;
comment on function agent_health(uuid[]) is 'Returns what each agent does, or why it does not answer: `[{agent_id, agent, state, reason, since, until, help, action, queued, needs}]`, of the agents named or of all. `state` is the first that is true of `paused`, `error`, `provisioning`, `offline`, `over_budget`, `signed_out`, `stuck`, `stalled`, `held`, `full`, `mute`, `waiting` (for a person), `working`, `idle`. `action` is what helps, as `needs_you` has it, or null; `help` says it as a sentence. It is empty for somebody who is no member.';

CREATE OR REPLACE FUNCTION public.agent_provisioned(p_agent_id uuid, p_openclaw_id text, p_branch text)
 RETURNS agent_status
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
declare
  v_agent public.agents := hq.lock_agent(p_agent_id);
  v_is_news boolean := v_agent.status::text in ('provisioning', 'error') or v_agent.openclaw_id is distinct from p_openclaw_id;
begin
  update public.agents a
  -- The gateway has taken the imported files: it needs them once.
  set openclaw_id = p_openclaw_id, branch = p_branch, meta = a.meta - 'error' - 'import_id',
    status = (jsonb_populate_record(a, jsonb_build_object('status',
      case when a.status::text in ('provisioning', 'error') then 'ready' else a.status::text end))).status
  where a.id = v_agent.id and (v_is_news or a.branch is distinct from p_branch or a.meta ? 'error')
  returning * into v_agent;
  if v_is_news then
    perform hq.audit_agent(v_agent, 'agent.provisioned', format('%s is on branch %s', v_agent.slug, p_branch));
  end if;
  return (select a.status from public.agents a where a.id = p_agent_id);
end
$function$;
grant execute on function agent_provisioned(uuid,text,text) to service_role;
comment on function agent_provisioned(uuid,text,text) is 'Records that an agent is on its gateway, with its id in OpenClaw and its branch. One that was `provisioning` or in `error` is `ready`. Returns its status.';

CREATE OR REPLACE FUNCTION public.agent_removed(p_agent_id uuid)
 RETURNS boolean
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
declare
  v_agent public.agents;
begin
  select * into v_agent from public.agents a where a.id = p_agent_id;
  if not found then
    return false;
  end if;
  perform hq.audit_agent(v_agent, 'agent.removed', format('%s was removed', v_agent.slug));
  delete from public.agents a where a.id = p_agent_id;
  return true;
end
$function$;
grant execute on function agent_removed(uuid) to service_role;
comment on function agent_removed(uuid) is 'Deletes an agent that is no longer on its gateway, with its credential, secrets and inbox. Its tasks, usage and commands stay. Returns whether it was there.';

CREATE OR REPLACE FUNCTION public.cancel_command(p_command_id uuid, p_origin text DEFAULT 'api'::text)
 RETURNS jsonb
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
  select hq.answer_or_refusal('cancel', jsonb_build_object('command_id', p_command_id, 'origin', p_origin))
$function$;
grant execute on function cancel_command(uuid,text) to authenticated;
grant execute on function cancel_command(uuid,text) to service_role;
comment on function cancel_command(uuid,text) is 'Cancels a command. Returns `{command, created: false}` or `{refused}`. A pending row is `cancelled` at once; a running one gets `cancel_requested_at`, which its runner obeys. The caller needs the role of the action. Code `conflict` for a finished command.';

CREATE OR REPLACE FUNCTION public.chat_act(p_chat jsonb, p_action text, p_payload jsonb DEFAULT '{}'::jsonb, p_gateway text DEFAULT NULL::text, p_agent text DEFAULT NULL::text)
 RETURNS jsonb
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
  select hq.chat_call('act', p_chat, jsonb_build_object('action', p_action, 'payload', p_payload, 'gateway', p_gateway,
    'agent', p_agent, 'delivery', p_chat ->> 'delivery')) $function$;
grant execute on function chat_act(jsonb,text,jsonb,text,text) to authenticated;
grant execute on function chat_act(jsonb,text,jsonb,text,text) to service_role;
comment on function chat_act(jsonb,text,jsonb,text,text) is 'Adds a command for the member behind the delivery. Returns `{command, created, asked_by}`; for a dangerous action `{confirm: {token, kind: button | typed | second, expected, prompt, action, danger, target, asked_by, expires_at}}`; or `{refused}`.';

CREATE OR REPLACE FUNCTION public.chat_bind(p_chat jsonb, p_ceiling text DEFAULT 'operator'::text, p_gateway text DEFAULT NULL::text, p_agent text DEFAULT NULL::text)
 RETURNS jsonb
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
  select hq.chat_call('bind', p_chat, jsonb_build_object('ceiling', p_ceiling, 'gateway', p_gateway, 'agent', p_agent)) $function$;
grant execute on function chat_bind(jsonb,text,text,text) to authenticated;
grant execute on function chat_bind(jsonb,text,text,text) to service_role;
comment on function chat_bind(jsonb,text,text,text) is 'Binds the channel of the delivery, or changes its binding: a highest role and, if given, a gateway or an agent. Returns `{channel}` or `{refused}`. Admins only.';

CREATE OR REPLACE FUNCTION public.chat_cancel(p_chat jsonb, p_command_id uuid)
 RETURNS jsonb
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$ select hq.chat_call('cancel', p_chat, jsonb_build_object('command', p_command_id)) $function$;
grant execute on function chat_cancel(jsonb,uuid) to authenticated;
grant execute on function chat_cancel(jsonb,uuid) to service_role;
comment on function chat_cancel(jsonb,uuid) is 'Cancels a command as cancel_command does, for the member behind the delivery. Returns `{command, asked_by}` or `{refused}`.';

CREATE OR REPLACE FUNCTION public.chat_check()
 RETURNS jsonb
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
  select coalesce(hq.refuse_unless_bot('check'), jsonb_build_object('tenant_id', public.current_tenant_id(), 'user_id', auth.uid()))
$function$;
grant execute on function chat_check() to authenticated;
grant execute on function chat_check() to service_role;
comment on function chat_check() is 'Returns `{tenant_id, user_id}` for a bot of its tenant, else `{refused}`. A bot calls it when it signs in.';

CREATE OR REPLACE FUNCTION public.chat_confirm(p_chat jsonb, p_token text, p_typed text DEFAULT NULL::text)
 RETURNS jsonb
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
  select hq.chat_call('confirm', p_chat, jsonb_build_object('token', p_token, 'typed', p_typed)) $function$;
grant execute on function chat_confirm(jsonb,text,text) to authenticated;
grant execute on function chat_confirm(jsonb,text,text) to service_role;
comment on function chat_confirm(jsonb,text,text) is 'Confirms with the token of chat_act; `p_typed` is the typed name. Returns as chat_act, with `decided: {by, at, asked_by}`, or `{refused}`. Rights and rules at this moment count.';

CREATE OR REPLACE FUNCTION public.chat_decline(p_chat jsonb, p_token text)
 RETURNS jsonb
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$ select hq.chat_call('decline', p_chat, jsonb_build_object('token', p_token)) $function$;
grant execute on function chat_decline(jsonb,text) to authenticated;
grant execute on function chat_decline(jsonb,text) to service_role;
comment on function chat_decline(jsonb,text) is 'Declines with the token of chat_act. Returns `{declined: true, prompt, decided: {by, at}}` or `{refused}`.';

CREATE OR REPLACE FUNCTION public.chat_heartbeat(p_holder text, p_adapters jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
declare
  v_tenant uuid := public.current_tenant_id();
  v_refusal jsonb := hq.refuse_unless_bot('heartbeat');
  v_adapter jsonb;
  v_held jsonb := '{}';
begin
  if v_refusal is not null then
    return v_refusal;
  end if;
  for v_adapter in select e from hq.entries(p_adapters) e order by e ->> 'platform', e ->> 'fingerprint' loop
    if not exists (select from hq.chat_platforms p where p.name = v_adapter ->> 'platform') or length(v_adapter ->> 'fingerprint') is null
      or length(v_adapter ->> 'fingerprint') not between 16 and 128 or length(coalesce(p_holder, '')) not between 1 and 200
    then
      return hq.refusal('22023', 'a beat names its holder, and of each adapter the platform and the fingerprint of its token', null, 'adapters');
    end if;
    v_held := v_held || jsonb_build_object(v_adapter ->> 'platform', hq.lease_adapter_token(v_tenant, p_holder, v_adapter));
  end loop;
  -- One bot sweeps at a time; the others do not wait.
  if pg_try_advisory_xact_lock(hashtext('hq.chat_heartbeat'), hashtext(v_tenant::text)) then
    perform hq.sweep_gateways(v_tenant);
    perform hq.sweep_tasks(v_tenant);
    perform hq.sweep_adapters(v_tenant);
    perform hq.sweep_pairings(v_tenant);
    perform hq.sweep_questions(v_tenant);
    if hq.within_rate_limit(v_tenant, '', 'sweep of chat', 1, 60) then
      perform hq.sweep_chat(v_tenant);
    end if;
  end if;
  return jsonb_build_object('now', clock_timestamp(), 'held', v_held);
end
$function$;
grant execute on function chat_heartbeat(text,jsonb) to authenticated;
grant execute on function chat_heartbeat(text,jsonb) to service_role;
comment on function chat_heartbeat(text,jsonb) is 'Records the state of a bot''s adapters, every ten seconds: `[{platform, install, fingerprint, state, detail, last_inbound_at, last_outbound_at}]`. Returns `{now, held: {platform: boolean}}`: each token has one holder for 30 seconds. `state` is `connected`, `stopped` (releases the token, no alert) or any other word. Adds the alerts that only time brings: gateways stale and back, tasks overdue, adapters gone, pairing requests expired.';

CREATE OR REPLACE FUNCTION public.chat_link(p_chat jsonb, p_code text)
 RETURNS jsonb
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$ select hq.chat_call('link', p_chat, jsonb_build_object('code', p_code)) $function$;
grant execute on function chat_link(jsonb,text) to authenticated;
grant execute on function chat_link(jsonb,text) to service_role;
comment on function chat_link(jsonb,text) is 'Links the account of a direct message with a code of issue_chat_code. Returns `{member}` or `{refused}`. Five attempts in ten minutes. A code that was sent anywhere else is void.';

CREATE OR REPLACE FUNCTION public.chat_list_subscriptions(p_platform text)
 RETURNS jsonb
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
  select coalesce(hq.refuse_unless_bot('list_subscriptions'), (
    select json_agg(json_build_object('id', s.id, 'created_at', s.created_at, 'platform', s.platform, 'install', s.install,
      'channel', s.channel, 'thread', s.thread, 'kind', s.kind, 'filter', s.filter, 'cursor', s.cursor,
      'messages', coalesce(m.messages, '[]')) order by s.id)
    from public.chat_subscriptions s
    left join (
      select a.subscription_id, json_agg(json_build_object('key', a.key, 'handle', a.handle, 'open', true)) as messages
      from public.chat_alert_messages a where a.tenant_id = (select public.current_tenant_id()) group by a.subscription_id) m on m.subscription_id = s.id
    where s.tenant_id = (select public.current_tenant_id()) and s.platform = p_platform and s.disabled_at is null)::jsonb, '[]')
$function$;
grant execute on function chat_list_subscriptions(text) to authenticated;
grant execute on function chat_list_subscriptions(text) to service_role;
comment on function chat_list_subscriptions(text) is 'Returns the subscriptions of a platform with their cursors and the messages of their open alerts: `[{id, created_at, platform, install, channel, thread, kind, filter, cursor, messages: [{key, handle, open}]}]`.';

CREATE OR REPLACE FUNCTION public.chat_may(p_chat jsonb, p_for text DEFAULT NULL::text)
 RETURNS jsonb
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$ select hq.chat_call('may', p_chat, jsonb_build_object('for', p_for)) $function$;
grant execute on function chat_may(jsonb,text) to authenticated;
grant execute on function chat_may(jsonb,text) to service_role;
comment on function chat_may(jsonb,text) is 'Returns `{may: true}`, or `{refused}` with the reason and one line in the audit log. `p_for` is the name of an action, `bind` or `unbind`; null asks for the right to read.';

CREATE OR REPLACE FUNCTION public.chat_open_cards(p_platform text)
 RETURNS jsonb
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
  select coalesce(hq.refuse_unless_bot('open_cards'), jsonb_build_object('cards', coalesce((
    select jsonb_agg((to_jsonb(o) - 'tenant_id') || (
      select jsonb_build_object('command', to_jsonb(k) - '{stdout,stderr,lease_token}'::text[], 'asked_by', hq.email_of(k.requested_by))
      from public.agent_commands k where k.id = o.command_id) order by o.created_at)
    from (select * from public.chat_cards c
      where c.tenant_id = (select public.current_tenant_id()) and c.platform = p_platform and not c.closed
      order by c.created_at desc limit 1000) o), '[]')))
$function$;
grant execute on function chat_open_cards(text) to authenticated;
grant execute on function chat_open_cards(text) to service_role;
comment on function chat_open_cards(text) is 'Returns `{cards}` of a platform that are not closed, with their commands and `asked_by`.';

CREATE OR REPLACE FUNCTION public.chat_open_questions(p_platform text)
 RETURNS jsonb
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
  select coalesce(hq.refuse_unless_bot('open_questions'), jsonb_build_object('questions', coalesce((
    select jsonb_agg(o.question || jsonb_build_object('id', o.id, 'install', o.install, 'channel', o.channel, 'expires_at', o.expires_at))
    from (select * from public.chat_confirmations c
      where c.tenant_id = (select public.current_tenant_id()) and c.platform = p_platform and c.question is not null and c.decided_at is null
      order by c.created_at desc limit 1000) o), '[]')))
$function$;
grant execute on function chat_open_questions(text) to authenticated;
grant execute on function chat_open_questions(text) to service_role;
comment on function chat_open_questions(text) is 'Returns the confirmations of a platform that nobody has decided, with their messages: `{questions: [{id, install, channel, thread, kind, handle, title, expires_at}]}`.';

CREATE OR REPLACE FUNCTION public.chat_press(p_chat jsonb, p_token text)
 RETURNS jsonb
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$ select hq.chat_call('press', p_chat, jsonb_build_object('token', p_token)) $function$;
grant execute on function chat_press(jsonb,text) to authenticated;
grant execute on function chat_press(jsonb,text) to service_role;
comment on function chat_press(jsonb,text) is 'Returns `{intent}` of a button, or `{refused}`: it is gone, of another channel, or of another person.';

CREATE OR REPLACE FUNCTION public.chat_read(p_chat jsonb, p_what text, p_args jsonb DEFAULT '{}'::jsonb)
 RETURNS jsonb
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
  select hq.chat_call('read', p_chat, jsonb_build_object('what', p_what, 'args', p_args)) $function$;
grant execute on function chat_read(jsonb,text,jsonb) to authenticated;
grant execute on function chat_read(jsonb,text,jsonb) to service_role;
comment on function chat_read(jsonb,text,jsonb) is 'Returns `{rows}`, newest first, or `{refused}`. Without `limit` there are 20 rows, at most 100.

- `p_what`: `fleet`, `gateways`, `agents`, `agent`, `commands`, `command`, `output`, `tasks`, `task`, `deliverables`, `deliverable`, `inbox`, `usage`, `budgets`, `alerts`, `secrets`, `templates`, `subscriptions`, `links`, `desktop`, `needs`
- `p_args`: `id` (whole, or at least its first eight characters), `status` (`open`, `all` or a status), `agent`, `gateway`, `lines`, `limit`, `for` (as `p_for` of chat_may)';

CREATE OR REPLACE FUNCTION public.chat_record_alerts(p_rows jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
declare
  v_tenant uuid := public.current_tenant_id();
  v_refusal jsonb := hq.refuse_unless_bot('record_alerts');
  v_saved int;
begin
  if v_refusal is not null then
    return v_refusal;
  end if;
  -- Locks the subscriptions, so that none is deleted together with its messages meanwhile.
  perform from public.chat_subscriptions s
  where s.tenant_id = v_tenant and s.id in (select hq.uuid_or_null(r ->> 'subscription_id') from hq.entries(p_rows) r)
  order by s.id for no key update;
  -- The last entry for a key counts.
  with reported as (
    select distinct on (s.id, m.e ->> 'key') s.id, left(m.e ->> 'key', 300) as key, coalesce(m.e -> 'handle', 'null') as handle,
      coalesce((m.e ->> 'open')::boolean, true) as open
    from hq.entries(p_rows) with ordinality r (e, n)
    join public.chat_subscriptions s on s.id = hq.uuid_or_null(r.e ->> 'subscription_id') and s.tenant_id = v_tenant,
      hq.entries(r.e -> 'messages') with ordinality m (e, n)
    where m.e ->> 'key' is not null
    order by s.id, m.e ->> 'key', r.n desc, m.n desc
  ), over as (
    delete from public.chat_alert_messages a using reported t where a.subscription_id = t.id and a.key = t.key and not t.open
  )
  insert into public.chat_alert_messages as a (tenant_id, subscription_id, key, handle)
  select v_tenant, t.id, t.key, t.handle from reported t where t.open
  on conflict (subscription_id, key) do update set handle = excluded.handle;
  update public.chat_subscriptions s
  set cursor = coalesce(nullif(left(r.e ->> 'cursor', 60), ''), s.cursor),
    disabled_at = case when r.e ->> 'disabled' is not null then clock_timestamp() else s.disabled_at end,
    disabled_reason = coalesce(left(r.e ->> 'disabled', 300), s.disabled_reason)
  from (
    select distinct on (o.e ->> 'subscription_id') o.e from hq.entries(p_rows) with ordinality o (e, n)
    order by o.e ->> 'subscription_id', o.n desc) r
  where s.id = hq.uuid_or_null(r.e ->> 'subscription_id') and s.tenant_id = v_tenant;
  get diagnostics v_saved = row_count;
  return jsonb_build_object('saved', v_saved);
end
$function$;
grant execute on function chat_record_alerts(jsonb) to authenticated;
grant execute on function chat_record_alerts(jsonb) to service_role;
comment on function chat_record_alerts(jsonb) is 'Stores the messages that were sent, many at once: `[{subscription_id, cursor, messages: [{key, handle, open}], disabled}]`. Returns `{saved}`. A message that is not `open` is removed. `disabled` is the reason why a chat takes no messages; it lasts until somebody there subscribes again.';

CREATE OR REPLACE FUNCTION public.chat_refuse(p_chat jsonb)
 RETURNS jsonb
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$ select hq.chat_call('refuse', p_chat, '{}') $function$;
grant execute on function chat_refuse(jsonb) to authenticated;
grant execute on function chat_refuse(jsonb) to service_role;
comment on function chat_refuse(jsonb) is 'Refuses a delivery of a stranger or of an account that is linked to nobody, and records it in the audit log. Returns `{refused}`; for a linked account with the code `usage` and without a line.';

CREATE OR REPLACE FUNCTION public.chat_save_buttons(p_rows jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
declare
  v_tenant uuid := public.current_tenant_id();
  v_refusal jsonb := hq.refuse_unless_bot('save_buttons');
  v_kept int;
begin
  if v_refusal is not null then
    return v_refusal;
  end if;
  insert into public.chat_buttons (token_hash, tenant_id, platform, install, channel, chat_user, intent, once, expires_at)
  select hq.token_hash(r ->> 'token'), v_tenant, r ->> 'platform', r ->> 'install', r ->> 'channel', r ->> 'user', r -> 'intent',
    coalesce((r ->> 'once')::boolean, true),
    clock_timestamp() + make_interval(secs => least(greatest(coalesce(hq.int_or_null(r -> 'seconds'), 900), 1), 604800))
  from hq.entries(p_rows) r
  where length(r ->> 'token') between 22 and 64 and octet_length((r -> 'intent')::text) <= 131072
  limit 500
  on conflict do nothing;
  get diagnostics v_kept = row_count;
  return jsonb_build_object('kept', v_kept);
end
$function$;
grant execute on function chat_save_buttons(jsonb) to authenticated;
grant execute on function chat_save_buttons(jsonb) to service_role;
comment on function chat_save_buttons(jsonb) is 'Stores meanings of buttons: `[{token, platform, install, channel, user, intent, seconds, once}]`. `user` limits a button to one person; `seconds` is its lifetime.';

CREATE OR REPLACE FUNCTION public.chat_save_card(p_card jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
declare
  v_tenant uuid := public.current_tenant_id();
  v_refusal jsonb := hq.refuse_unless_bot('save_card');
begin
  if v_refusal is not null then
    return v_refusal;
  end if;
  insert into public.chat_cards as c (tenant_id, command_id, platform, install, channel, thread, handle, shown, closed)
  select v_tenant, k.id, p_card ->> 'platform', p_card ->> 'install', p_card ->> 'channel', p_card ->> 'thread',
    coalesce(p_card -> 'handle', 'null'), p_card ->> 'shown', coalesce((p_card ->> 'closed')::boolean, false)
  from public.agent_commands k where k.id = hq.uuid_or_null(p_card ->> 'command_id') and k.tenant_id = v_tenant
  on conflict (command_id, platform, install, channel) do update
  set thread = excluded.thread, handle = excluded.handle, shown = excluded.shown, closed = excluded.closed;
  return jsonb_build_object('kept', found);
end
$function$;
grant execute on function chat_save_card(jsonb) to authenticated;
grant execute on function chat_save_card(jsonb) to service_role;
comment on function chat_save_card(jsonb) is 'Stores the message of a command, one for each command and channel: `{command_id, platform, install, channel, thread, handle, shown, closed}`.';

CREATE OR REPLACE FUNCTION public.chat_save_question(p_question jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
declare
  v_tenant uuid := public.current_tenant_id();
  v_refusal jsonb := hq.refuse_unless_bot('save_question');
begin
  if v_refusal is not null then
    return v_refusal;
  end if;
  update public.chat_confirmations c
  set question = case when jsonb_typeof(p_question -> 'handle') = 'object' and octet_length(p_question::text) <= 16384
    then hq.pick(p_question, '{handle,thread,kind,title}') end
  where c.tenant_id = v_tenant
    and (c.token_hash = hq.token_hash(p_question ->> 'token') or c.id = hq.uuid_or_null(p_question ->> 'id'));
  return jsonb_build_object('kept', found);
end
$function$;
grant execute on function chat_save_question(jsonb) to authenticated;
grant execute on function chat_save_question(jsonb) to service_role;
comment on function chat_save_question(jsonb) is 'Stores the message of an open confirmation: `{token or id, handle, thread, kind, title}`. Without a handle it is forgotten.';

CREATE OR REPLACE FUNCTION public.chat_subscribe(p_chat jsonb, p_filter jsonb DEFAULT '{}'::jsonb)
 RETURNS jsonb
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$ select hq.chat_call('subscribe', p_chat, jsonb_build_object('filter', p_filter)) $function$;
grant execute on function chat_subscribe(jsonb,jsonb) to authenticated;
grant execute on function chat_subscribe(jsonb,jsonb) to service_role;
comment on function chat_subscribe(jsonb,jsonb) is 'Subscribes the chat of the delivery to alerts, or changes its filter: `{severity, kinds, agents, tags, quiet: {from, to, tz}, digest_minutes}`. Returns `{subscription}` or `{refused}`. In a channel for operators.';

CREATE OR REPLACE FUNCTION public.chat_unbind(p_chat jsonb)
 RETURNS jsonb
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$ select hq.chat_call('unbind', p_chat, '{}') $function$;
grant execute on function chat_unbind(jsonb) to authenticated;
grant execute on function chat_unbind(jsonb) to service_role;
comment on function chat_unbind(jsonb) is 'Ends the binding of the channel. Returns `{channel}` or `{refused}`. Admins only.';

CREATE OR REPLACE FUNCTION public.chat_unlink(p_chat jsonb)
 RETURNS jsonb
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$ select hq.chat_call('unlink', p_chat, '{}') $function$;
grant execute on function chat_unlink(jsonb) to authenticated;
grant execute on function chat_unlink(jsonb) to service_role;
comment on function chat_unlink(jsonb) is 'Ends the link of the account. Returns `{member}` or `{refused}`.';

CREATE OR REPLACE FUNCTION public.chat_unsubscribe(p_chat jsonb)
 RETURNS jsonb
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$ select hq.chat_call('unsubscribe', p_chat, '{}') $function$;
grant execute on function chat_unsubscribe(jsonb) to authenticated;
grant execute on function chat_unsubscribe(jsonb) to service_role;
comment on function chat_unsubscribe(jsonb) is 'Ends the subscription of the chat. Returns `{subscription}` or `{refused}`. In a channel for operators.';

CREATE OR REPLACE FUNCTION public.chat_whoami(p_chat jsonb)
 RETURNS jsonb
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$ select hq.chat_call('whoami', p_chat, '{}') $function$;
grant execute on function chat_whoami(jsonb) to authenticated;
grant execute on function chat_whoami(jsonb) to service_role;
comment on function chat_whoami(jsonb) is 'Returns the account behind a delivery: `{linked, identity, member: {email, role}, channel: {bound, ceiling, gateway, agent}, role, actions: [name], tenant}`. Not refused to anybody.';

CREATE OR REPLACE FUNCTION public.complete_command(p_command_id uuid, p_exit_code integer, p_stdout text, p_stderr text)
 RETURNS SETOF agent_commands
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
    update public.agent_commands c
    set status = 'done', completed_at = now(), exit_code = p_exit_code, stdout = p_stdout, stderr = p_stderr
    where c.id = p_command_id returning c.*
  $function$;
grant execute on function complete_command(uuid,integer,text,text) to service_role;
comment on function complete_command(uuid,integer,text,text) is 'For the daemons of an older HQ: ends a command as done.';

CREATE OR REPLACE FUNCTION public.complete_inbox_item(p_item_id uuid)
 RETURNS SETOF agent_inbox_items
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
    update public.agent_inbox_items i set status = 'done', completed_at = now(), leased_until = null
    where i.id = p_item_id and i.status in ('pending', 'leased') returning i.*
  $function$;
grant execute on function complete_inbox_item(uuid) to service_role;
comment on function complete_inbox_item(uuid) is 'For the daemons of an older HQ: ends an inbox item as done.';

CREATE OR REPLACE FUNCTION public.consume_gateway_token(p_token text, p_label text DEFAULT NULL::text, p_slug_hint text DEFAULT NULL::text)
 RETURNS TABLE(gateway_id uuid, gateway_slug text)
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
  declare
    v_token public.gateway_registration_tokens;
    v_base text;
    v_slug text;
    v_gateway uuid;
    v_number int := 1;
  begin
    select * into v_token from public.gateway_registration_tokens t
    where t.token_hash = encode(sha256(convert_to(coalesce(p_token, ''), 'UTF8')), 'hex')
    for update;
    if not found or v_token.consumed_at is not null then
      raise exception 'invalid_token' using errcode = '28000';
    end if;
    if v_token.expires_at <= now() then
      raise exception 'token_expired' using errcode = '28000';
    end if;
    v_base := trim(both '-' from left(regexp_replace(
      lower(coalesce(p_slug_hint, p_label, v_token.label, '')), '[^a-z0-9]+', '-', 'g'), 36));
    if v_base = '' then
      v_base := 'gateway';
    end if;
    loop
      v_slug := v_base || case v_number when 1 then '' else '-' || v_number end;
      insert into public.gateways (tenant_id, slug, label)
      values (v_token.tenant_id, v_slug, coalesce(p_label, v_token.label, v_slug))
      on conflict (tenant_id, slug) do nothing
      returning id into v_gateway;
      exit when v_gateway is not null;
      v_number := v_number + 1;
    end loop;
    update public.gateway_registration_tokens t
    set consumed_at = now(), consumed_by_gateway_id = v_gateway
    where t.id = v_token.id;
    return query select v_gateway, v_slug;
  end
  $function$;
grant execute on function consume_gateway_token(text,text,text) to anon;
grant execute on function consume_gateway_token(text,text,text) to authenticated;
grant execute on function consume_gateway_token(text,text,text) to service_role;
grant execute on function consume_gateway_token(text,text,text) to public;
comment on function consume_gateway_token(text,text,text) is 'Registers a gateway with a one-time token. Returns its id and slug. Raises 28000 `invalid_token` or `token_expired`. A slug that is taken gets `-2`, `-3` …';

CREATE OR REPLACE FUNCTION public.current_tenant_id()
 RETURNS uuid
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$
    select coalesce(
      nullif(nullif(current_setting('request.jwt.claims', true), '')::jsonb -> 'app_metadata' ->> 'tenant_id', '')::uuid,
      '00000000-0000-0000-0000-000000000000'::uuid
    )
  $function$;
grant execute on function current_tenant_id() to anon;
grant execute on function current_tenant_id() to authenticated;
grant execute on function current_tenant_id() to service_role;
grant execute on function current_tenant_id() to public;
comment on function current_tenant_id() is 'Returns the tenant of the caller''s token; the nil id where it names none.';

CREATE OR REPLACE FUNCTION public.delete_secret(p_secret_id uuid, p_origin text DEFAULT 'api'::text)
 RETURNS jsonb
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
  select hq.answer_or_refusal('delete_secret', jsonb_build_object('secret_id', p_secret_id, 'origin', p_origin))
$function$;
grant execute on function delete_secret(uuid,text) to authenticated;
grant execute on function delete_secret(uuid,text) to service_role;
comment on function delete_secret(uuid,text) is 'Deletes a secret. Returns `{secret}` as it was, or `{refused}`. Operators only.';

CREATE OR REPLACE FUNCTION public.dispatch_exchange(p_gateway_id uuid, p_request jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
declare
  v_runner text := coalesce(p_request ->> 'runner', 'runner');
  v_claim int := greatest(0, least(coalesce(hq.int_or_null(p_request -> 'claim'), 0), 100));
  v_lease int := greatest(1, least(coalesce(hq.int_or_null(p_request -> 'lease_seconds'), 60), 3600));
  v_settings jsonb := coalesce(nullif(p_request -> 'settings', 'null'), '{}');
  v_timeout int := coalesce(hq.int_or_null(v_settings -> 'agent_process_timeout'), 300);
  v_known uuid[];
  v_lost text[];
  v_adopted uuid[] := '{}';
  v_claimed uuid[] := '{}';
  v_version bigint;
begin
  perform set_config('hq.dispatching', p_gateway_id::text, true);
  -- One exchange of a gateway after the other: two at once would both see its places free.
  perform pg_advisory_xact_lock(hashtextextended('hq.dispatch ' || p_gateway_id, 0));
  v_version := (select g.dispatch_version from public.gateways g where g.id = p_gateway_id);
  v_known := array(select hq.token_of(e) from hq.entries(p_request -> 'renew') e where hq.token_of(e) is not null);
  v_lost := hq.take_turn_results(p_request -> 'results', v_settings) || hq.renew_turns(p_request -> 'renew', v_lease);
  if p_request -> 'adopt' = 'true' then
    v_adopted := hq.adopt_turns(p_gateway_id, v_runner, v_known, v_lease);
  end if;
  if v_claim > 0 then
    perform hq.run_due(g.tenant_id) from public.gateways g where g.id = p_gateway_id;
    v_claimed := hq.claim_turns(p_gateway_id, v_runner, v_claim, v_lease, v_settings);
  end if;
  perform set_config('hq.dispatching', '', true);
  return jsonb_build_object('now', clock_timestamp(), 'dispatch_version', v_version,
    'claimed', (select coalesce(jsonb_agg(hq.turn_json(d, v_timeout) order by d.started_at, d.agent_id), '[]')
      from hq.agent_dispatch d where d.token = any (v_claimed)),
    'adopted', (select coalesce(jsonb_agg(hq.turn_json(d, v_timeout) order by d.started_at, d.agent_id), '[]')
      from hq.agent_dispatch d where d.token = any (v_adopted)),
    'lost', (select coalesce(jsonb_agg(distinct l), '[]') from unnest(v_lost) l),
    'cancel', (select coalesce(jsonb_agg(jsonb_build_object('token', c.token, 'reason', c.reason)), '[]') from (
      select d.token, hq.abort_reason(d) as reason from hq.agent_dispatch d where d.token = any (v_known || v_adopted || v_claimed)) c
      where c.reason is not null),
    'next_in_ms', hq.next_dispatch_ms(p_gateway_id, v_known || v_adopted || v_claimed));
end
$function$;
grant execute on function dispatch_exchange(uuid,jsonb) to service_role;
comment on function dispatch_exchange(uuid,jsonb) is 'The one request of a gateway''s dispatcher: takes results, renews leases, adopts the turns of a runner that is gone, and claims inbox items whose agent may wake.';

CREATE OR REPLACE FUNCTION public.enqueue_command(p_action text, p_payload jsonb DEFAULT '{}'::jsonb, p_gateway text DEFAULT NULL::text, p_agent text DEFAULT NULL::text, p_idempotency_key text DEFAULT NULL::text, p_origin text DEFAULT 'api'::text)
 RETURNS jsonb
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
  select hq.answer_or_refusal('enqueue', jsonb_build_object('action', p_action, 'payload', p_payload, 'gateway', p_gateway,
    'agent', p_agent, 'idempotency_key', p_idempotency_key, 'origin', p_origin))
$function$;
grant execute on function enqueue_command(text,jsonb,text,text,text,text) to authenticated;
grant execute on function enqueue_command(text,jsonb,text,text,text,text) to service_role;
comment on function enqueue_command(text,jsonb,text,text,text,text) is 'Adds a command. Returns `{command, created}`, or `{refused}` with one line in the audit log. A known `p_idempotency_key` returns the earlier row with `created: false`, and code `conflict` for a different request. `p_gateway` and `p_agent` are slugs or ids; a tenant with one gateway need not name it. An action of the executor `database` is `done` in the answer.';

CREATE OR REPLACE FUNCTION public.fail_command(p_command_id uuid, p_exit_code integer, p_stdout text, p_stderr text, p_error text)
 RETURNS SETOF agent_commands
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
    update public.agent_commands c
    set status = 'failed', completed_at = now(), exit_code = p_exit_code, stdout = p_stdout, stderr = p_stderr,
      error_message = p_error
    where c.id = p_command_id returning c.*
  $function$;
grant execute on function fail_command(uuid,integer,text,text,text) to service_role;
comment on function fail_command(uuid,integer,text,text,text) is 'For the daemons of an older HQ: ends a command as failed.';

CREATE OR REPLACE FUNCTION public.fail_inbox_item(p_item_id uuid, p_reason text)
 RETURNS SETOF agent_inbox_items
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
    update public.agent_inbox_items i
    set status = case when i.attempt_count >= i.max_attempts then 'dead_letter' else 'pending' end::public.inbox_item_status,
      failed_at = now(), leased_until = null, context = i.context || jsonb_build_object('last_failure', left(p_reason, 2000))
    where i.id = p_item_id and i.status in ('pending', 'leased') returning i.*
  $function$;
grant execute on function fail_inbox_item(uuid,text) to service_role;
comment on function fail_inbox_item(uuid,text) is 'For the daemons of an older HQ: fails an inbox item; it waits again until its attempts are used up.';

CREATE OR REPLACE FUNCTION public.gateway_agents(p_gateway_id uuid)
 RETURNS jsonb
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO ''
AS $function$
  select coalesce(jsonb_agg(hq.agent_spec(a) || jsonb_build_object('openclawId', a.openclaw_id,
    'credential', exists (select from hq.agent_credentials c where c.agent_id = a.id)) order by a.slug), '[]')
  from public.agents a
  where a.gateway_id = p_gateway_id and not exists (
    select from public.agent_commands c
    where c.agent_id = a.id and c.action::text = 'remove' and c.status in ('pending', 'leased', 'running'))
$function$;
grant execute on function gateway_agents(uuid) to service_role;
comment on function gateway_agents(uuid) is 'Returns the agents of a gateway as they have to be there: a list of `{id, slug, branch, name, description, emoji, model, thinking, status, template, owner: {name, preferredName, timezone}, workspaceSlug, channel: null or {name, tokens: {}, allowFrom, serverId}, allowedHosts, importId, token: null, openclawId, credential: boolean}`. Agents that a command is about to remove are left out. `gateways.agents_version` counts its changes.';

CREATE OR REPLACE FUNCTION public.issue_agent_credential(p_agent_id uuid)
 RETURNS text
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
declare
  v_agent public.agents := hq.lock_agent(p_agent_id);
  v_token text := encode(sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())), 'hex');
begin
  insert into hq.agent_credentials as c (agent_id, token_hash) values (v_agent.id, hq.token_hash(v_token))
  on conflict (agent_id) do update set token_hash = excluded.token_hash, issued_at = clock_timestamp();
  perform hq.audit_agent(v_agent, 'agent.credential_issued', format('a credential for %s', v_agent.slug));
  return v_token;
end
$function$;
grant execute on function issue_agent_credential(uuid) to service_role;
comment on function issue_agent_credential(uuid) is 'Returns a new credential of an agent for `agent_call`, 64 hex digits. The one that it had is refused from now on. Only the hash is stored.';

CREATE OR REPLACE FUNCTION public.issue_chat_code()
 RETURNS jsonb
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
declare
  v_tenant uuid := public.current_tenant_id();
  v_code text := 'hq_' || hq.random_token(18);
  v_expires timestamptz := clock_timestamp() + interval '10 minutes';
begin
  if public.member_role_of_caller() is null then
    return hq.refusal('42501', 'you are not a member of this tenant', 'Ask an admin to add you.', null);
  end if;
  if exists (select from public.chat_bots b where b.tenant_id = v_tenant and b.user_id = auth.uid()) then
    return hq.refusal('42501', 'a bot is nobody''s account', 'Sign in as yourself.', null);
  end if;
  perform 1 from public.tenant_members m where m.tenant_id = v_tenant and m.user_id = auth.uid() for update;
  delete from public.chat_link_codes c
  where c.tenant_id = v_tenant and c.user_id = auth.uid() and (c.expires_at <= clock_timestamp() or c.id in (
    select o.id from public.chat_link_codes o where o.tenant_id = v_tenant and o.user_id = auth.uid()
    order by o.created_at desc offset 2));
  insert into public.chat_link_codes (tenant_id, user_id, code_hash, expires_at)
  values (v_tenant, auth.uid(), hq.token_hash(v_code), v_expires);
  return jsonb_build_object('code', v_code, 'expires_at', v_expires);
end
$function$;
grant execute on function issue_chat_code() to authenticated;
grant execute on function issue_chat_code() to service_role;
comment on function issue_chat_code() is 'Returns `{code, expires_at}`, a code that links one account to the caller, once, within ten minutes; or `{refused}`. A member has three open codes at most; the oldest expires for a fourth. Not for bots.';

CREATE OR REPLACE FUNCTION public.issue_gateway_token(p_label text DEFAULT NULL::text, p_minutes integer DEFAULT 15)
 RETURNS jsonb
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
  select hq.answer_or_refusal('issue_gateway_token', jsonb_build_object('label', p_label, 'minutes', p_minutes))
$function$;
grant execute on function issue_gateway_token(text,integer) to authenticated;
grant execute on function issue_gateway_token(text,integer) to service_role;
comment on function issue_gateway_token(text,integer) is 'Returns `{id, token, expires_at}`: a token with which one new host registers by `consume_gateway_token`, or `{refused}`. It lives 5 to 60 minutes; only its hash is stored. Admins only.';

CREATE OR REPLACE FUNCTION public.lease_command(p_lease_seconds integer DEFAULT 300, p_gateway_slug text DEFAULT NULL::text)
 RETURNS SETOF agent_commands
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$select c.* from hq.lease_for_older_daemon($1, $2) c where c.id is not null$function$;
grant execute on function lease_command(integer,text) to service_role;
comment on function lease_command(integer,text) is 'For the daemons of an older HQ: leases one command.';

CREATE OR REPLACE FUNCTION public.lease_inbox_item(p_agent_id uuid, p_lease_seconds integer DEFAULT 120)
 RETURNS SETOF agent_inbox_items
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
  begin
    update public.agent_inbox_items i
    set status = 'dead_letter', failed_at = now(), leased_until = null
    where i.agent_id = p_agent_id and i.status = 'leased' and i.leased_until < now() and i.attempt_count >= i.max_attempts;
    return query
    with next as (
      select i.id from public.agent_inbox_items i
      where i.agent_id = p_agent_id and (i.status = 'pending' or (i.status = 'leased' and i.leased_until < now()))
      order by i.created_at, i.id limit 1 for update skip locked
    )
    update public.agent_inbox_items i
    set status = 'leased', leased_at = now(), leased_until = now() + make_interval(secs => p_lease_seconds),
      attempt_count = i.attempt_count + 1
    from next where i.id = next.id
    returning i.*;
  end
  $function$;
grant execute on function lease_inbox_item(uuid,integer) to service_role;
comment on function lease_inbox_item(uuid,integer) is 'For the daemons of an older HQ: leases one inbox item of an agent.';

CREATE OR REPLACE FUNCTION public.member_role_of_caller()
 RETURNS member_role
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO ''
AS $function$
  select least(m.role, nullif(current_setting('hq.ceiling', true), '')::public.member_role) from public.tenant_members m
  where m.user_id = (select auth.uid()) and m.tenant_id = (select public.current_tenant_id())
$function$;
grant execute on function member_role_of_caller() to authenticated;
grant execute on function member_role_of_caller() to service_role;
comment on function member_role_of_caller() is 'Returns the caller''s role in their tenant, or null for somebody who is no member. Policies call it.';

CREATE OR REPLACE FUNCTION public.month_usage()
 RETURNS jsonb
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO ''
AS $function$
  select coalesce(jsonb_agg(u), '[]') from hq.usage_rows(public.current_tenant_id(), null, 1000) u
  where hq.caller_role() not in ('anon', 'authenticated') or public.member_role_of_caller() is not null
$function$;
grant execute on function month_usage() to authenticated;
grant execute on function month_usage() to service_role;
comment on function month_usage() is 'Returns what each agent spent in this month, the most expensive first, at most 1000: `[{agent, cost_usd, today_usd, tokens, runs, limit_usd, status, since}]`. `status` is that of its budget, or `unmetered`. It is empty for somebody who is no member.';

CREATE OR REPLACE FUNCTION public.needs_you()
 RETURNS jsonb
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO ''
AS $function$
  select coalesce(jsonb_agg(n), '[]') from hq.needs_json(public.current_tenant_id(), 200) n
  where hq.caller_role() not in ('anon', 'authenticated') or public.member_role_of_caller() is not null
$function$;
grant execute on function needs_you() to authenticated;
grant execute on function needs_you() to service_role;
comment on function needs_you() is 'Returns everything that waits for a person, the oldest first, at most 200: `[{kind, id, agent, title, detail, since, expires_at, choices, free_text, actions: [{action, title, payload, agent, gateway, allowed}]}]`. `kind` is `question`, `allow_host`, `deliverable`, `pairing`, `dead_letter` or `budget`; `allowed` says whether the role of the caller suffices. It is empty for somebody who is no member.';

CREATE OR REPLACE FUNCTION public.note_secret(p_secret_id uuid, p_note text DEFAULT NULL::text, p_origin text DEFAULT 'api'::text)
 RETURNS jsonb
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
  select hq.answer_or_refusal('note_secret', jsonb_build_object('secret_id', p_secret_id, 'note', p_note, 'origin', p_origin))
$function$;
grant execute on function note_secret(uuid,text,text) to authenticated;
grant execute on function note_secret(uuid,text,text) to service_role;
comment on function note_secret(uuid,text,text) is 'Changes the note of a secret. Returns `{secret}` or `{refused}`. Operators only.';

CREATE OR REPLACE FUNCTION public.pairing_approved(p_gateway_id uuid, p_channel text, p_code text)
 RETURNS jsonb
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
declare
  v_request public.pairing_requests;
begin
  update public.pairing_requests r set status = 'approved'
  where r.id = (select o.id from public.pairing_requests o
    where o.gateway_id = p_gateway_id and o.channel = p_channel and o.code = p_code and o.status <> 'approved'
    order by o.created_at desc limit 1)
  returning * into v_request;
  if not found then
    return null;
  end if;
  perform hq.audit_agent(a, 'pairing.approved', format('%s may write to %s on %s', hq.sender_label(v_request),
    a.slug, v_request.channel), jsonb_build_object('entity_type', 'pairing_request', 'entity_id', v_request.id))
  from public.agents a where a.id = v_request.agent_id;
  return hq.pairing_json(v_request);
end
$function$;
grant execute on function pairing_approved(uuid,text,text) to service_role;
comment on function pairing_approved(uuid,text,text) is 'Records that a person may write to an agent, which ends the alert. Returns `{id, channel, account, sender, sender_name, status, expires_at}`, or null for a code that is not known here.';

CREATE OR REPLACE FUNCTION public.replace_envelopes(p_rows jsonb, p_actor uuid DEFAULT NULL::uuid, p_last boolean DEFAULT false)
 RETURNS json
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
declare
  v_rekeying text := coalesce(current_setting('hq.rekeying', true), '');
  v_replaced json;
begin
  if exists (
    select from jsonb_to_recordset(coalesce(p_rows, '[]')) r (new text)
    where coalesce(r.new, '') !~ '^enc:v1:[A-Za-z0-9_-]{16}\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]*$')
  then
    raise exception 'a new value is not encrypted' using errcode = '22023', column = 'new';
  end if;
  perform set_config('hq.rekeying', 'on', true);
  perform from public.secrets s where s.id in (select r.id from jsonb_to_recordset(coalesce(p_rows, '[]')) r (id uuid))
  order by s.id for no key update;
  with wanted as (
    select r.id, r.old, r.new from jsonb_to_recordset(coalesce(p_rows, '[]')) r (id uuid, old text, new text)
  ), replaced as (
    update public.secrets s set encrypted_value = w.new
    from wanted w
    where s.id = w.id and s.encrypted_value = w.old
    returning s.id
  )
  select coalesce(json_agg(r.id order by r.id), '[]') into v_replaced from replaced r;
  perform set_config('hq.rekeying', v_rekeying, true);

  if p_last then
    perform hq.write_audit(jsonb_build_object(
      'tenant_id', t.tenant_id,
      'actor_user_id', p_actor,
      'module', 'secrets',
      'entity_type', 'secret',
      'action', 'secret.rekeyed',
      'summary', format('%s encrypted under the present key', case t.secrets when 1 then '1 secret' else t.secrets || ' secrets' end),
      'meta', jsonb_build_object('secrets', t.secrets)))
    from (select s.tenant_id, count(*) as secrets from public.secrets s group by s.tenant_id) t;
    perform hq.bump_secrets_version(array(select distinct s.gateway_id from public.secrets s));
  end if;
  return v_replaced;
end
$function$;
grant execute on function replace_envelopes(jsonb,uuid,boolean) to service_role;
comment on function replace_envelopes(jsonb,uuid,boolean) is 'Replaces ciphertexts during re-keying: `[{id, old, new}]`. Returns the ids that were replaced; a row whose value is not `old` any more keeps its newer one. State and revision stay. `p_last` adds the audit line and increments `secrets_version` of every gateway with secrets. Raises 22023 for a value that is no envelope.';

CREATE OR REPLACE FUNCTION public.report_agent_health(p_gateway_id uuid, p_agents jsonb)
 RETURNS void
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
declare
  c_reported constant text[] := '{signed_out,stuck,full,mute}';
  v_agent public.agents;
  v_entries jsonb;
begin
  for v_agent in
    select * from public.agents a where a.gateway_id = p_gateway_id and p_agents ? a.openclaw_id order by a.id
  loop
    v_entries := case when v_agent.status::text = 'ready' then p_agents -> v_agent.openclaw_id else '[]' end;
    delete from public.agent_conditions c
    where c.agent_id = v_agent.id and c.kind = any (c_reported)
      and not exists (select from hq.entries(v_entries) e where e ->> 'kind' = c.kind);
    perform hq.set_condition(v_agent, e ->> 'kind', e ->> 'reason', e ->> 'subject', null)
    from hq.entries(v_entries) e where e ->> 'kind' = any (c_reported) and e ->> 'reason' <> '';
  end loop;
end
$function$;
grant execute on function report_agent_health(uuid,jsonb) to service_role;
comment on function report_agent_health(uuid,jsonb) is 'Records what keeps agents of a gateway from answering, by their ids in OpenClaw: `{id: [{kind, reason, subject}]}`. `kind` is `signed_out`, `stuck`, `full` or `mute`. What an agent''s list leaves out is over; agents that are not named stay as they are.';

CREATE OR REPLACE FUNCTION public.revoke_chat_identity(p_id uuid)
 RETURNS jsonb
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
declare
  v_role public.member_role := public.member_role_of_caller();
  v_row public.chat_identities;
begin
  select * into v_row from public.chat_identities i where i.id = p_id and i.tenant_id = public.current_tenant_id() for update;
  if v_role is null or v_row.id is null then
    return hq.refusal('P0002', 'there is no such link', null, 'id');
  end if;
  if v_row.user_id is distinct from auth.uid() and v_role < 'admin' then
    return hq.refusal('42501', 'only an admin revokes somebody else''s link', 'Ask an admin to do it.', null);
  end if;
  if v_row.revoked_at is null then
    update public.chat_identities i set revoked_at = clock_timestamp(), revoked_by = auth.uid() where i.id = p_id returning * into v_row;
    perform hq.write_audit(jsonb_build_object('tenant_id', v_row.tenant_id, 'actor_user_id', auth.uid(),
      'module', 'chat', 'entity_type', 'chat_identity', 'entity_id', p_id, 'action', 'chat.revoked',
      'summary', format('%s of %s revoked', v_row.platform, hq.email_of(v_row.user_id))));
  end if;
  return jsonb_build_object('identity', to_jsonb(v_row));
end
$function$;
grant execute on function revoke_chat_identity(uuid) to authenticated;
grant execute on function revoke_chat_identity(uuid) to service_role;
comment on function revoke_chat_identity(uuid) is 'Ends the link of an account. Returns `{identity}` or `{refused}`. A member ends their own links, an admin all.';

CREATE OR REPLACE FUNCTION public.runner_exchange(p_gateway_id uuid, p_runner_id text, p_claim integer DEFAULT 0, p_lease_seconds integer DEFAULT 60, p_renew uuid[] DEFAULT '{}'::uuid[], p_output jsonb DEFAULT '[]'::jsonb, p_progress jsonb DEFAULT '[]'::jsonb, p_results jsonb DEFAULT '[]'::jsonb, p_heartbeat jsonb DEFAULT NULL::jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
declare
  v_lease int := greatest(1, least(coalesce(p_lease_seconds, 60), 3600));
  v_limit int := greatest(0, least(coalesce(p_claim, 0), 1000));
  v_fence text := coalesce(current_setting('hq.fenced', true), '');
  v_gateway public.gateways;
  v_lost text[];
  v_claimed jsonb := '[]';
begin
  perform set_config('hq.fenced', 'on', true);
  if v_limit > 0 or p_heartbeat is not null then
    select * into v_gateway from public.gateways g where g.id = p_gateway_id for no key update;
  end if;
  v_lost := hq.take_output(p_output) || hq.take_progress(p_progress) || hq.take_results(p_results)
    || hq.renew(p_renew, v_lease);
  perform hq.sweep();
  if p_heartbeat is not null then
    perform hq.record_heartbeat(p_gateway_id, p_heartbeat);
  end if;
  if v_gateway.id is not null then
    perform hq.note_executor(v_gateway, 'runner');
  end if;
  select * into v_gateway from public.gateways g where g.id = p_gateway_id;
  if v_limit > 0 and v_gateway.id is not null then
    v_claimed := hq.repeat_leases(p_gateway_id, p_runner_id, p_renew, v_lease)
      || hq.claim(p_gateway_id, v_gateway.status in ('paused', 'hibernating'), p_runner_id, v_limit, v_lease);
  end if;
  perform set_config('hq.fenced', v_fence, true);
  return jsonb_build_object(
    'now', clock_timestamp(),
    'gateway_status', v_gateway.status,
    'secrets_version', v_gateway.secrets_version,
    'agents_version', v_gateway.agents_version,
    'dispatch_version', v_gateway.dispatch_version,
    'claimed', v_claimed,
    'cancel', (select coalesce(jsonb_agg(c.lease_token), '[]') from public.agent_commands c
      where c.lease_token = any (p_renew) and c.status in ('leased', 'running') and c.cancel_requested_at is not null),
    'lost', (select coalesce(jsonb_agg(distinct l), '[]') from unnest(v_lost) l),
    'sweep_in_ms', (select ceil(extract(epoch from min(c.leased_until) - clock_timestamp()) * 1000)
      from public.agent_commands c
      where c.gateway_id = p_gateway_id and c.status = 'running' and c.lease_token is not null
        and c.lease_token <> all (p_renew) and c.runner_id is distinct from p_runner_id));
end
$function$;
grant execute on function runner_exchange(uuid,text,integer,integer,uuid[],jsonb,jsonb,jsonb,jsonb) to service_role;
comment on function runner_exchange(uuid,text,integer,integer,uuid[],jsonb,jsonb,jsonb,jsonb) is 'The one request of a runner, in one transaction: stores output, progress and results, renews leases, ends expired ones, records the heartbeat and leases commands.

- `p_claim`: how many commands the runner could start now; `p_lease_seconds`: 1 to 3600
- `p_renew`: tokens of all leases that the runner holds
- `p_output`: `[{token, seq, stream: stdout | stderr, text}]`
- `p_progress`: `[{token, percent: 0 to 100 or null, note}]`
- `p_results`: `[{token, status: done | failed | cancelled | pending, exit_code, stdout, stderr, error_message, result}]`; `pending` returns a command that has not run
- `p_heartbeat`: `{services, version, runner}`, merged into `gateways.meta`

Returns `{now, gateway_status, secrets_version, agents_version, dispatch_version, claimed: [command], cancel: [token], lost: [token], sweep_in_ms}`. A claimed command is running already. `lost` has tokens that are no longer valid; what came with them changed nothing. `cancel` has leases that somebody wants to end.';

CREATE OR REPLACE FUNCTION public.secret_envelopes(p_after uuid DEFAULT NULL::uuid, p_limit integer DEFAULT 500)
 RETURNS json
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO ''
AS $function$
  select coalesce(json_agg(json_build_object('id', e.id, 'encrypted_value', coalesce(e.encrypted_value, '')) order by e.id), '[]')
  from (
    select s.id, s.encrypted_value from public.secrets s
    where p_after is null or s.id > p_after
    order by s.id limit greatest(1, least(coalesce(p_limit, 500), 5000))
  ) e
$function$;
grant execute on function secret_envelopes(uuid,integer) to service_role;
comment on function secret_envelopes(uuid,integer) is 'Returns up to `p_limit` rows after the id `p_after`, in the order of ids, for re-keying: `[{id, encrypted_value}]`.';

CREATE OR REPLACE FUNCTION public.secrets_snapshot(p_gateway_id uuid)
 RETURNS json
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO ''
AS $function$
  select json_build_object(
    'version', (select g.secrets_version from public.gateways g where g.id = p_gateway_id),
    'agents', (select coalesce(json_agg(json_build_object('id', a.id, 'slug', a.slug) order by a.slug), '[]')
      from public.agents a where a.gateway_id = p_gateway_id),
    'secrets', (
      select coalesce(json_agg(json_build_object('id', s.id, 'agent_id', s.agent_id, 'agent_slug', a.slug, 'key', s.key,
        'encrypted_value', coalesce(s.encrypted_value, ''), 'category', s.category, 'revision', s.revision, 'sync_status', s.sync_status,
        'sync_error', s.sync_error) order by s.id), '[]')
      from public.secrets s left join public.agents a on a.id = s.agent_id and a.gateway_id = p_gateway_id
      where s.gateway_id = p_gateway_id))
$function$;
grant execute on function secrets_snapshot(uuid) to service_role;
comment on function secrets_snapshot(uuid) is 'Returns all secrets of a gateway in one consistent read: `{version, agents: [{id, slug}], secrets: [{id, agent_id, agent_slug, key, encrypted_value, category, revision, sync_status, sync_error}]}`. `agents` are those on the gateway. `agent_slug` is null for a secret of the gateway, and for one whose agent is elsewhere.';

CREATE OR REPLACE FUNCTION public.secrets_synced(p_gateway_id uuid, p_results jsonb)
 RETURNS integer
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
declare
  v_written int;
begin
  perform from public.secrets s
  where s.gateway_id = p_gateway_id and s.id in (select r.id from jsonb_to_recordset(coalesce(p_results, '[]')) r (id uuid))
  order by s.id for no key update;
  with reported as (
    select distinct on (r.id) r.id, r.revision, r.status,
      case when r.status in ('error', 'waiting') then left(r.error, 500) end as error
    from jsonb_to_recordset(coalesce(p_results, '[]')) r (id uuid, revision bigint, status text, error text)
    where r.status in ('active', 'error', 'waiting')
    order by r.id
  ), differing as (
    select s.id, t.status, t.error from public.secrets s join reported t on t.id = s.id
    where s.gateway_id = p_gateway_id and s.revision = t.revision
      and (s.sync_status::text, s.sync_error) is distinct from (t.status, t.error)
  )
  update public.secrets s
  set sync_status = (jsonb_populate_record(null::public.secrets, jsonb_build_object('sync_status', d.status))).sync_status,
    sync_error = d.error,
    last_synced_at = case d.status when 'active' then clock_timestamp() else s.last_synced_at end
  from differing d where s.id = d.id;
  get diagnostics v_written = row_count;
  return v_written;
end
$function$;
grant execute on function secrets_synced(uuid,jsonb) to service_role;
comment on function secrets_synced(uuid,jsonb) is 'Stores the results of a sync, `[{id, revision, status: active | error | waiting, error}]`. Returns the number of rows that changed. A result for an earlier revision changes nothing.';

CREATE OR REPLACE FUNCTION public.set_gateway_paused(p_gateway_id uuid, p_paused boolean)
 RETURNS gateway_status
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
  update public.gateways g
  set status = case when g.status = 'hibernating' then g.status when p_paused then 'paused'
    when g.status = 'paused' then 'ready' else g.status end
  where g.id = p_gateway_id
  returning g.status
$function$;
grant execute on function set_gateway_paused(uuid,boolean) to service_role;
comment on function set_gateway_paused(uuid,boolean) is 'Pauses or resumes a gateway and returns its status, null for an unknown one. A hibernating gateway stays as it is. A paused one gets only commands whose action allows it.';

CREATE OR REPLACE FUNCTION public.set_secret(p_key text, p_value text, p_gateway text DEFAULT NULL::text, p_agent text DEFAULT NULL::text, p_category text DEFAULT NULL::text, p_name text DEFAULT NULL::text, p_note text DEFAULT NULL::text, p_origin text DEFAULT 'api'::text)
 RETURNS jsonb
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
  select hq.answer_or_refusal('set_secret', jsonb_build_object('key', p_key, 'value', p_value, 'gateway', p_gateway, 'agent', p_agent,
    'category', p_category, 'name', p_name, 'note', p_note, 'origin', p_origin))
$function$;
grant execute on function set_secret(text,text,text,text,text,text,text,text) to authenticated;
grant execute on function set_secret(text,text,text,text,text,text,text,text) to service_role;
comment on function set_secret(text,text,text,text,text,text,text,text) is 'Stores or rotates a secret. Returns `{secret, created}` without the ciphertext, or `{refused}`. `p_value` is an envelope (see secrets.md); on a rotation a null argument keeps what is there. `p_agent` makes it a secret of that agent alone. Operators only.';

CREATE OR REPLACE FUNCTION public.start_command(p_command_id uuid)
 RETURNS SETOF agent_commands
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
    update public.agent_commands c set status = 'running', started_at = now()
    where c.id = p_command_id and c.status = 'leased' returning c.*
  $function$;
grant execute on function start_command(uuid) to service_role;
comment on function start_command(uuid) is 'For the daemons of an older HQ: marks a leased command as running.';

CREATE OR REPLACE FUNCTION public.tenant_people()
 RETURNS jsonb
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO ''
AS $function$
  select coalesce(jsonb_agg(jsonb_build_object('user_id', m.user_id, 'email', u.email, 'role', m.role,
    'is_bot', exists (select from public.chat_bots b where b.tenant_id = m.tenant_id and b.user_id = m.user_id))
    order by u.email, m.user_id), '[]')
  from public.tenant_members m left join auth.users u on u.id = m.user_id
  where m.tenant_id = (select public.current_tenant_id()) and (select public.member_role_of_caller()) is not null
$function$;
grant execute on function tenant_people() to authenticated;
grant execute on function tenant_people() to service_role;
comment on function tenant_people() is 'Returns the members of the caller''s tenant, `[{user_id, email, role, is_bot}]`; empty for somebody who is no member.';

CREATE OR REPLACE FUNCTION public.whoami()
 RETURNS jsonb
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO ''
AS $function$
  select jsonb_build_object(
    'user_id', (select auth.uid()),
    'email', (select u.email from auth.users u where u.id = (select auth.uid())),
    'tenant_id', (select public.current_tenant_id()),
    'tenant_name', (select t.name from public.tenants t
      where t.id = (select public.current_tenant_id()) and (select public.member_role_of_caller()) is not null),
    'role', (select public.member_role_of_caller()),
    'now', clock_timestamp()
  )
$function$;
grant execute on function whoami() to authenticated;
grant execute on function whoami() to service_role;
comment on function whoami() is 'Returns `{user_id, email, tenant_id, tenant_name, role, now}`. `role` and `tenant_name` are null for somebody who is no member.';

CREATE OR REPLACE FUNCTION public.work_waits(p_items uuid[] DEFAULT '{}'::uuid[], p_tasks uuid[] DEFAULT '{}'::uuid[])
 RETURNS jsonb
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO ''
AS $function$
  select coalesce(jsonb_object_agg(w.id, w.wait), '{}') from (
    select i.id, hq.item_wait(i) as wait from public.agent_inbox_items i where i.id = any (p_items[:500]) and i.tenant_id = public.current_tenant_id()
    union all
    select t.id, hq.task_wait(t) from public.tasks t where t.id = any (p_tasks[:500]) and t.tenant_id = public.current_tenant_id()) w
  where w.wait is not null and ((select public.member_role_of_caller()) is not null or hq.caller_role() not in ('authenticated', 'anon'))
$function$;
grant execute on function work_waits(uuid[],uuid[]) to authenticated;
grant execute on function work_waits(uuid[],uuid[]) to service_role;
comment on function work_waits(uuid[],uuid[]) is 'Says why inbox items and tasks wait: an object of `{reason, until, place, text}` by id. Those that nothing waits for are left out. Reasons: workspace_stopped, stalled, in_turn, held, cooldown, agent_paused, gateway_paused, agent_not_ready, no_gateway, no_runner, older_daemon, leased, budget_exceeded, hourly_brake, question, queued.';

-- What the database does by itself. Each hq.do_<action> gets the row that was just written, whose role, target and payload the guard
-- has checked, and gives the result, or raises what the guard would. Everything is found inside the row's tenant.

create or replace function hq.set_agent_paused(p_command public.agent_commands, p_paused boolean) returns jsonb
language plpgsql set search_path = '' as $$
declare
  v_agent public.agents;
begin
  -- No stronger lock: the row of the command, and those of others, hold the agent by their references already.
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
$$;

create or replace function hq.do_pause_agent(p_command public.agent_commands) returns jsonb language sql
set search_path = '' as $$ select hq.set_agent_paused(p_command, true) $$;

create or replace function hq.do_resume_agent(p_command public.agent_commands) returns jsonb language sql
set search_path = '' as $$ select hq.set_agent_paused(p_command, false) $$;

create or replace function hq.agent_by_slug(p_tenant uuid, p_slug text) returns uuid language plpgsql stable
set search_path = '' as $$
declare
  v_id uuid;
begin
  select a.id into v_id from public.agents a where a.tenant_id = p_tenant and a.slug = p_slug;
  if not found then
    raise exception 'there is no agent %', left(p_slug, 100) using errcode = 'P0002', column = 'agent';
  end if;
  return v_id;
end
$$;

create or replace function hq.task_result(p_task public.tasks) returns jsonb language sql stable
set search_path = '' as $$
  select jsonb_build_object('id', p_task.id, 'title', p_task.title, 'status', p_task.status,
    'agent', (select a.slug from public.agents a where a.id = p_task.assignee_agent_id))
$$;

-- A zone that no clock knows counts as UTC: it is only somebody's setting.
create or replace function hq.zone_or_utc(p_zone text) returns text language sql stable
set search_path = '' as $$
  select coalesce((select z.name from pg_catalog.pg_timezone_names z where lower(z.name) = lower(p_zone) limit 1), 'UTC')
$$;

-- Types of columns are an older HQ's business: the record decides. What is due on a day is due until its end, where its owner lives.
create or replace function hq.do_create_task(p_command public.agent_commands) returns jsonb language plpgsql
set search_path = '' as $$
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
      'due_date', case when length(v_payload ->> 'due_date') = 10
        then concat(v_payload ->> 'due_date', ' 23:59:59 ', hq.zone_or_utc(
          (select w.owner_timezone from public.workspace w where w.tenant_id = p_command.tenant_id)))
        else v_payload ->> 'due_date' end));
  exception when datetime_field_overflow or invalid_datetime_format or invalid_time_zone_displacement_value then
    raise exception 'due_date is no day of the calendar' using errcode = '22023', column = 'due_date';
  end;
  insert into public.tasks (tenant_id, title, description, status, priority, assignee_agent_id, due_date)
  values (v_new.tenant_id, v_new.title, v_new.description, v_new.status, v_new.priority, v_new.assignee_agent_id, v_new.due_date)
  returning * into v_task;
  return hq.task_result(v_task);
end
$$;

-- The task that is meant, held. What was put away wakes nobody any more.
create or replace function hq.task_to_change(p_command public.agent_commands) returns uuid language plpgsql
set search_path = '' as $$
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
$$;

create or replace function hq.do_assign_task(p_command public.agent_commands) returns jsonb language plpgsql
set search_path = '' as $$
declare
  v_id uuid := hq.task_to_change(p_command);
  v_task public.tasks;
begin
  update public.tasks t set assignee_agent_id = hq.agent_by_slug(p_command.tenant_id, p_command.payload ->> 'agent')
  where t.id = v_id
  returning * into v_task;
  return hq.task_result(v_task);
end
$$;

create or replace function hq.do_set_task_status(p_command public.agent_commands) returns jsonb language plpgsql
set search_path = '' as $$
declare
  v_id uuid := hq.task_to_change(p_command);
  v_task public.tasks;
begin
  update public.tasks t
  set status = (jsonb_populate_record(t, jsonb_build_object('status', p_command.payload ->> 'status'))).status
  where t.id = v_id
  returning * into v_task;
  return hq.task_result(v_task);
end
$$;

create or replace function hq.do_comment_on_task(p_command public.agent_commands) returns jsonb language plpgsql
set search_path = '' as $$
declare
  v_task public.tasks;
  v_new public.comments;
  v_mentions text[];
begin
  select * into v_task from public.tasks t where t.id = hq.task_to_change(p_command);
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
$$;

-- One decision may follow another: what was approved by mistake is sent back. What was never handed in is not decided on.
create or replace function hq.review(p_command public.agent_commands, p_status text) returns jsonb language plpgsql
set search_path = '' as $$
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
    raise exception 'it is a draft: it has not been handed in' using errcode = '23505', column = 'deliverable';
  end if;
  v_decision := jsonb_populate_record(v_row, jsonb_build_object('review_status', p_status, 'review_note', p_command.payload ->> 'note'));
  update public.entity_links e
  set review_status = v_decision.review_status, review_note = v_decision.review_note, reviewed_at = clock_timestamp()
  where e.id = v_row.id;
  return jsonb_build_object('id', v_row.id, 'review_status', p_status,
    'title', coalesce(to_jsonb(v_row) ->> 'title', to_jsonb(v_row) ->> 'url', 'deliverable'));
end
$$;

create or replace function hq.do_approve_deliverable(p_command public.agent_commands) returns jsonb language sql
set search_path = '' as $$ select hq.review(p_command, 'approved') $$;

create or replace function hq.do_request_revision(p_command public.agent_commands) returns jsonb language sql
set search_path = '' as $$ select hq.review(p_command, 'revision_requested') $$;

create or replace function hq.do_reject_deliverable(p_command public.agent_commands) returns jsonb language sql
set search_path = '' as $$ select hq.review(p_command, 'rejected') $$;

create or replace function hq.budget_result(p_budget public.agent_budgets) returns jsonb language sql stable
set search_path = '' as $$
  select jsonb_build_object('agent', (select a.slug from public.agents a where a.id = p_budget.agent_id),
    'limit_usd', p_budget.monthly_limit_usd, 'status', p_budget.status,
    'spent_usd', coalesce(to_jsonb(p_budget) -> 'current_period_cost_usd', to_jsonb(p_budget) -> 'current_period_spend_usd', '0'))
$$;

create or replace function hq.do_set_budget(p_command public.agent_commands) returns jsonb language plpgsql
set search_path = '' as $$
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
  return hq.budget_result(v_budget);
end
$$;

create or replace function hq.do_top_up_budget(p_command public.agent_commands) returns jsonb language plpgsql
set search_path = '' as $$
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
$$;

create or replace function hq.do_acknowledge_alert(p_command public.agent_commands) returns jsonb language plpgsql
set search_path = '' as $$
declare
  v_alert public.notifications;
begin
  update public.notifications n set read_at = coalesce(n.read_at, clock_timestamp())
  where n.id = hq.find_row('public.notifications', p_command.tenant_id, p_command.payload ->> 'alert', 'alert')
  returning * into v_alert;
  return jsonb_build_object('id', v_alert.id, 'title', v_alert.title);
end
$$;

-- The one that is muted is silent too, for as long as the mute lasts.
create or replace function hq.do_mute_alert(p_command public.agent_commands) returns jsonb language plpgsql
set search_path = '' as $$
declare
  v_until timestamptz := clock_timestamp() + make_interval(mins => coalesce((p_command.payload ->> 'minutes')::numeric::int, 60));
  v_alert public.notifications;
begin
  update public.notifications n set muted = true, read_at = coalesce(n.read_at, clock_timestamp())
  where n.id = hq.find_row('public.notifications', p_command.tenant_id, p_command.payload ->> 'alert', 'alert')
  returning * into v_alert;
  insert into public.alert_mutes as m (tenant_id, type, subject, until, muted_by)
  values (p_command.tenant_id, v_alert.type::text, hq.subject_of(v_alert), v_until, p_command.requested_by)
  on conflict (tenant_id, type, subject) do update
  set until = excluded.until, muted_by = excluded.muted_by, created_at = clock_timestamp();
  return jsonb_build_object('id', v_alert.id, 'title', v_alert.title, 'until', to_char(v_until at time zone 'UTC', 'YYYY-MM-DD HH24:MI "UTC"'));
end
$$;

-- What became of an alert stands in its row: who has seen it and who muted it until when, whatever face they used. Budgets are told of by
-- their rows, whoever keeps those; and what an alert is about may be deleted.

alter table public.notifications add column if not exists seen_by text;
alter table public.notifications add column if not exists muted_by text;
alter table public.notifications add column if not exists muted_until timestamptz;

create or replace function hq.touch_alert() returns trigger language plpgsql security definer
set search_path = '' as $$
begin
  new.last_at := clock_timestamp();
  if new.read_at is null then
    new.seen_by := null;
  elsif old.read_at is null then
    new.seen_by := hq.email_of(auth.uid());
  end if;
  return new;
end
$$;
create or replace trigger hq_touch_alert before update on public.notifications
for each row when ((new.read_at, new.dismissed_at, new.resolved_at, new.muted, new.muted_until, new.occurrences)
  is distinct from (old.read_at, old.dismissed_at, old.resolved_at, old.muted, old.muted_until, old.occurrences))
execute function hq.touch_alert();

create or replace function hq.do_mute_alert(p_command public.agent_commands) returns jsonb language plpgsql
set search_path = '' as $$
declare
  v_until timestamptz := clock_timestamp() + make_interval(mins => coalesce((p_command.payload ->> 'minutes')::numeric::int, 60));
  v_alert public.notifications;
begin
  update public.notifications n set muted = true, read_at = coalesce(n.read_at, clock_timestamp()),
    muted_by = hq.email_of(p_command.requested_by), muted_until = v_until
  where n.id = hq.find_row('public.notifications', p_command.tenant_id, p_command.payload ->> 'alert', 'alert')
  returning * into v_alert;
  insert into public.alert_mutes as m (tenant_id, type, subject, until, muted_by)
  values (p_command.tenant_id, v_alert.type::text, hq.subject_of(v_alert), v_until, p_command.requested_by)
  on conflict (tenant_id, type, subject) do update
  set until = excluded.until, muted_by = excluded.muted_by, created_at = clock_timestamp();
  return jsonb_build_object('id', v_alert.id, 'title', v_alert.title, 'until', to_char(v_until at time zone 'UTC', 'YYYY-MM-DD HH24:MI "UTC"'));
end
$$;

-- Budgets: used up by what an agent does, or by a limit that somebody lowers. An older HQ names what is spent differently.

create or replace function hq.alert_budget() returns trigger language plpgsql security definer
set search_path = '' as $$
declare
  v_row jsonb := to_jsonb(new);
  v_spent numeric := coalesce(v_row ->> 'current_period_cost_usd', v_row ->> 'current_period_spend_usd')::numeric;
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
      'body', format('%s of %s USD this month', round(v_spent, 2), new.monthly_limit_usd),
      'entity_type', 'agent', 'entity_id', new.agent_id, 'actor_type', 'system'));
  end if;
  return null;
end
$$;
create or replace trigger hq_alert_budget_made after insert on public.agent_budgets
for each row when (new.status::text in ('warned', 'exceeded')) execute function hq.alert_budget();
create or replace trigger hq_alert_budget after update on public.agent_budgets
for each row when (new.status is distinct from old.status) execute function hq.alert_budget();
drop trigger if exists hq_notify_budget on public.agent_budgets;
drop trigger if exists hq_resolve_budget on public.agent_budgets;
drop function if exists hq.notify_budget();
drop function if exists hq.resolve_budget();

-- What is deleted is over.

create or replace function hq.end_alerts() returns trigger language plpgsql security definer
set search_path = '' as $$
declare
  v_type text;
begin
  foreach v_type in array tg_argv loop
    perform hq.resolve_alert(old.tenant_id, v_type || ':' || old.id);
  end loop;
  return null;
end
$$;
create or replace trigger hq_end_alerts after delete on public.agents
for each row execute function hq.end_alerts('agent_error', 'budget_warned', 'budget_exceeded');
create or replace trigger hq_end_alerts after delete on public.tasks
for each row execute function hq.end_alerts('task_blocked', 'task_overdue');
create or replace trigger hq_end_alerts after delete on public.entity_links
for each row execute function hq.end_alerts('deliverable_submitted');

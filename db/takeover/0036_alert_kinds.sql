-- What is worth an alert. What happens in a row is told by its trigger; what time alone brings is found by a sweep, which any bot may
-- start at any time: it writes nothing that lasts already, and ends what no longer holds.

select hq.teach_enum('public.notifications', 'type', '{gateway_stale,agent_error,task_blocked,task_overdue,deliverable_submitted,pairing_requested,bot_disconnected}');
select hq.teach_enum('public.notifications', 'entity_type', '{gateway,task,entity_link}');

create or replace function hq.notify_failed_command() returns trigger language plpgsql security definer
set search_path = '' as $$
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
$$;

-- Gateways.

create or replace function hq.alert_gateway_back() returns trigger language plpgsql security definer
set search_path = '' as $$
begin
  perform hq.resolve_alert(new.tenant_id, 'gateway_stale:' || new.id);
  return null;
end
$$;
create or replace trigger hq_alert_gateway_back after update of last_seen_at on public.gateways
for each row when (old.last_seen_at < new.last_seen_at - interval '90 seconds') execute function hq.alert_gateway_back();

create or replace function hq.sweep_gateways(p_tenant uuid) returns void language plpgsql
set search_path = '' as $$
begin
  perform hq.notify(jsonb_build_object(
    'tenant_id', p_tenant, 'type', 'gateway_stale', 'severity', 'critical', 'subject', 'gateway:' || g.id,
    'dedup_key', 'gateway_stale:' || g.id, 'title', format('%s is not heard of', g.slug),
    'body', format('last seen %s UTC', to_char(g.last_seen_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS')),
    'entity_type', 'gateway', 'entity_id', g.id, 'actor_type', 'system', 'meta', jsonb_build_object('gateway_id', g.id)))
  from public.gateways g
  where g.tenant_id = p_tenant and hq.is_stale(g) and not hq.alert_lasts(p_tenant, 'gateway_stale:' || g.id);
  perform hq.resolve_alert(p_tenant, n.dedup_key)
  from public.notifications n left join public.gateways g on g.id::text = split_part(n.dedup_key, ':', 2)
  where n.tenant_id = p_tenant and n.resolved_at is null and n.dedup_key like 'gateway\_stale:%' and not coalesce(hq.is_stale(g), false);
end
$$;

-- Agents.

create or replace function hq.alert_agent() returns trigger language plpgsql security definer
set search_path = '' as $$
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
$$;
create or replace trigger hq_alert_agent after update of status on public.agents
for each row when (new.status is distinct from old.status and 'error' in (new.status::text, old.status::text))
execute function hq.alert_agent();

-- Budgets. An older HQ keeps them by triggers of its own.

do $$
begin
  if to_regprocedure('hq.notify_budget()') is null then
    return;
  end if;
  create or replace function hq.notify_budget() returns trigger language plpgsql security definer set search_path = '' as $fn$
  begin
    perform hq.notify(jsonb_build_object(
      'tenant_id', new.tenant_id,
      'type', 'budget_' || new.status,
      'severity', case new.status when 'warned' then 'warning' else 'error' end,
      'subject', 'agent:' || new.agent_id,
      'dedup_key', format('budget_%s:%s', new.status, new.agent_id),
      'title', format('%s has %s its budget', (select a.slug from public.agents a where a.id = new.agent_id),
        case new.status when 'warned' then 'nearly used' else 'used up' end),
      'body', format('%s of %s USD this month', round(new.current_period_cost_usd, 2), new.monthly_limit_usd),
      'entity_type', 'agent', 'entity_id', new.agent_id, 'actor_type', 'system'));
    return null;
  end
  $fn$;
  create or replace function hq.resolve_budget() returns trigger language plpgsql security definer set search_path = '' as $fn$
  begin
    perform hq.resolve_alert(new.tenant_id, format('budget_%s:%s', old.status, new.agent_id));
    return null;
  end
  $fn$;
  create or replace trigger hq_resolve_budget after update on public.agent_budgets
  for each row when (old.status in ('warned', 'exceeded') and new.status is distinct from old.status)
  execute function hq.resolve_budget();
end
$$;

-- Tasks.

create index if not exists tasks_due on public.tasks (tenant_id, due_date)
where due_date is not null and archived_at is null and status not in ('done', 'cancelled', 'missed');

-- A task that is due on a day, as an older HQ writes it, is late when the day is over.
create or replace function hq.is_overdue(p_task public.tasks) returns boolean language sql stable
set search_path = '' as $$
  select coalesce(p_task.due_date < case pg_typeof(p_task.due_date) when 'date'::regtype then current_date::timestamptz else clock_timestamp() end, false)
    and p_task.archived_at is null and p_task.status::text not in ('done', 'cancelled', 'missed')
$$;

create or replace function hq.alert_task() returns trigger language plpgsql security definer
set search_path = '' as $$
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
$$;
create or replace trigger hq_alert_task after insert or update of status, due_date, archived_at on public.tasks
for each row execute function hq.alert_task();

-- What has been late for more than a week is no news: an HQ that is adopted does not begin with a flood.
create or replace function hq.sweep_tasks(p_tenant uuid) returns void language sql
set search_path = '' as $$
  select hq.notify(jsonb_build_object(
    'tenant_id', p_tenant, 'type', 'task_overdue', 'severity', 'warning', 'subject', 'task:' || t.id,
    'dedup_key', 'task_overdue:' || t.id, 'title', format('overdue: %s', left(t.title, 200)),
    'body', format('it was due %s', t.due_date), 'entity_type', 'task', 'entity_id', t.id, 'actor_type', 'system',
    'meta', jsonb_strip_nulls(jsonb_build_object(
      'agent_slug', (select a.slug from public.agents a where a.id = t.assignee_agent_id)))))
  from (
    select * from public.tasks t
    where t.tenant_id = p_tenant and t.due_date < clock_timestamp() and t.due_date > clock_timestamp() - interval '7 days'
      and t.archived_at is null
      and t.status not in ('done', 'cancelled', 'missed') and hq.is_overdue(t)
      and not hq.alert_lasts(p_tenant, 'task_overdue:' || t.id)
    order by t.due_date limit 200) t
$$;

-- Deliverables.

create or replace function hq.alert_deliverable() returns trigger language plpgsql security definer
set search_path = '' as $$
begin
  if new.is_deliverable and new.review_status::text = 'in_review' then
    perform hq.notify(jsonb_build_object(
      'tenant_id', new.tenant_id, 'type', 'deliverable_submitted', 'severity', 'info', 'subject', 'entity_link:' || new.id,
      'dedup_key', 'deliverable_submitted:' || new.id,
      'title', format('to review: %s', left(coalesce(new.title, new.url, 'a deliverable'), 200)),
      'entity_type', 'entity_link', 'entity_id', new.id, 'actor_type', 'system', 'meta', jsonb_strip_nulls(jsonb_build_object(
        'agent_slug', (select a.slug from public.agents a where a.id = new.submitted_by_agent_id)))));
  elsif tg_op = 'UPDATE' then
    perform hq.resolve_alert(new.tenant_id, 'deliverable_submitted:' || new.id);
  end if;
  return null;
end
$$;
create or replace trigger hq_alert_deliverable_made after insert on public.entity_links
for each row when (new.is_deliverable) execute function hq.alert_deliverable();
create or replace trigger hq_alert_deliverable after update of review_status, is_deliverable on public.entity_links
for each row when (new.review_status is distinct from old.review_status or new.is_deliverable is distinct from old.is_deliverable)
execute function hq.alert_deliverable();

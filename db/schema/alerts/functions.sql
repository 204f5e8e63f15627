-- Returns the type that an alert of this release has for the condition which a notification of an older HQ reports, or null.
create or replace function hq.alert_type_of(p_older_type text) returns text language sql immutable parallel safe
set search_path = '' as $$
  select case
    when p_older_type ~ '(^|_)blocked' then 'task_blocked'
    when p_older_type ~ '(^|_)overdue' then 'task_overdue'
    when p_older_type ~ 'deliverable|review' and p_older_type !~ 'reviewed|approved|rejected|revision' then 'deliverable_submitted'
    when p_older_type ~ 'budget' and p_older_type ~ 'warn|soft|threshold' then 'budget_warned'
    when p_older_type ~ 'budget' and p_older_type !~ 'reset|raised|restored' then 'budget_exceeded' end
$$;

-- Makes an alert of the open notification that a trigger of an older HQ wrote since the condition began, if there is one: in this
-- transaction, where the alert has no `created_at`. `about` is a second entity that it may name instead.
create or replace function hq.merge_into_notification(p_alert public.notifications, p_about uuid) returns boolean language plpgsql
set search_path = '' as $$
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
$$;

-- The other order: the older HQ's notification comes while the alert is open. It becomes the alert, in the place of that row, so that
-- its writer finds it. A later one about the same is a row of its own.
create or replace function hq.merge_notification() returns trigger language plpgsql security definer
set search_path = '' as $$
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
$$;
do $$
begin
  if hq.adopted() then
    create or replace trigger hq_merge_notification before insert on public.notifications
    for each row when (new.dedup_key is null and new.entity_id is not null) execute function hq.merge_notification();
    create or replace trigger hq_protect_columns before update on public.notifications
    for each row when (current_user in ('anon', 'authenticated') and pg_trigger_depth() = 0)
    execute function hq.protect_columns('tenant_id', 'created_at', 'severity', 'subject', 'dedup_key', 'occurrences', 'last_at', 'resolved_at',
      'seen_by', 'muted', 'muted_by', 'muted_until');
  end if;
end
$$;

-- Writes an alert, or counts a repeat in the open one with the same key. A muted one is written and sent to nobody.
create or replace function hq.notify(p_notification jsonb) returns void language plpgsql
set search_path = '' as $$
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
$$;

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
create or replace trigger hq_notify_failed_command after update of status on public.agent_commands
for each row when (new.status = 'failed' and old.status is distinct from 'failed' and coalesce(current_setting('hq.quiet', true), '') <> 'on')
execute function hq.notify_failed_command();

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

create or replace function hq.subject_of(p_alert public.notifications) returns text language sql stable
set search_path = '' as $$
  select coalesce(p_alert.subject, concat_ws(':', p_alert.entity_type, p_alert.entity_id), p_alert.type::text)
$$;

-- Returns whether the condition of an alert still holds; a dismissed alert counts too.
create or replace function hq.alert_is_open(p_tenant uuid, p_dedup_key text) returns boolean language sql stable
set search_path = '' as $$
  select exists (select from public.notifications n where n.tenant_id = p_tenant and n.dedup_key = p_dedup_key and n.resolved_at is null)
$$;

-- Resolves the open alert with the key, if there is one.
create or replace function hq.resolve_alert(p_tenant uuid, p_dedup_key text) returns void language sql
set search_path = '' as $$
  update public.notifications n set resolved_at = clock_timestamp()
  where n.tenant_id = p_tenant and n.dedup_key = p_dedup_key and n.resolved_at is null
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
  values (p_command.tenant_id, coalesce(hq.alert_type_of(v_alert.type::text), v_alert.type::text), hq.subject_of(v_alert), v_until,
    p_command.requested_by)
  on conflict (tenant_id, type, subject) do update
  set until = excluded.until, muted_by = excluded.muted_by, created_at = clock_timestamp();
  return jsonb_build_object('id', v_alert.id, 'title', v_alert.title, 'until', to_char(v_until at time zone 'UTC', 'YYYY-MM-DD HH24:MI "UTC"'));
end
$$;

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
  where g.tenant_id = p_tenant and hq.is_stale(g) and not hq.alert_is_open(p_tenant, 'gateway_stale:' || g.id);
  perform hq.resolve_alert(p_tenant, n.dedup_key)
  from public.notifications n left join public.gateways g on g.id::text = split_part(n.dedup_key, ':', 2)
  where n.tenant_id = p_tenant and n.resolved_at is null and n.dedup_key like 'gateway\_stale:%' and not coalesce(hq.is_stale(g), false);
end
$$;

-- Raises one alert while the runner reports that OpenClaw keeps ending, and resolves it when it runs again.
create or replace function hq.alert_gateway_problem() returns trigger language plpgsql security definer
set search_path = '' as $$
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
$$;
create or replace trigger hq_alert_gateway_problem after update of meta on public.gateways
for each row when (old.meta ->> 'gateway_problem' is distinct from new.meta ->> 'gateway_problem')
execute function hq.alert_gateway_problem();

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

-- Returns whether a task is late. A date without a time, as an older HQ writes it, lasts until the end of the day.
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

-- Ignores tasks that are late for more than a week: adopting an older HQ must not start with a flood of alerts.
create or replace function hq.sweep_tasks(p_tenant uuid) returns void language sql
set search_path = '' as $$
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
$$;

create or replace function hq.alert_deliverable() returns trigger language plpgsql security definer
set search_path = '' as $$
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
$$;
create or replace trigger hq_alert_deliverable_made after insert on public.entity_links
for each row when (new.is_deliverable) execute function hq.alert_deliverable();
create or replace trigger hq_alert_deliverable after update of review_status, is_deliverable on public.entity_links
for each row when (new.review_status is distinct from old.review_status or new.is_deliverable is distinct from old.is_deliverable)
execute function hq.alert_deliverable();

-- Usage or a lowered limit exceeds a budget.
create or replace function hq.alert_budget() returns trigger language plpgsql security definer
set search_path = '' as $$
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
$$;
create or replace trigger hq_alert_budget_made after insert on public.agent_budgets
for each row when (new.status::text in ('warned', 'exceeded')) execute function hq.alert_budget();
create or replace trigger hq_alert_budget after update on public.agent_budgets
for each row when (new.status is distinct from old.status) execute function hq.alert_budget();

-- Resolves the alerts of a deleted row; the arguments are their types.
create or replace function hq.resolve_alerts_of() returns trigger language plpgsql security definer
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
create or replace trigger hq_resolve_alerts_of after delete on public.agents
for each row execute function hq.resolve_alerts_of('agent_error', 'budget_warned', 'budget_exceeded', 'hourly_brake', 'agent_stalled');
create or replace trigger hq_resolve_alerts_of after delete on public.tasks
for each row execute function hq.resolve_alerts_of('task_blocked', 'task_overdue');
create or replace trigger hq_resolve_alerts_of after delete on public.entity_links
for each row execute function hq.resolve_alerts_of('deliverable_submitted');
create or replace trigger hq_resolve_alerts_of after delete on public.agent_inbox_items
for each row when (old.status = 'dead_letter') execute function hq.resolve_alerts_of('item_dead_letter');

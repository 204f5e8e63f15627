-- Routines wake an agent at set times or after an event. Their times are computed here, so that creating one, running it and the next time are one
-- transaction, for several runners and after a restart.
select hq.add_updated_at_trigger('public.agent_routines');

-- Returns the values of one field of a cron expression: *, numbers, names, ranges, lists and steps.
create or replace function hq.cron_values(p_field text, p_low int, p_high int, p_names text[] default '{}') returns int[]
language plpgsql immutable parallel safe set search_path = '' as $$
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
$$;

-- Returns the moments at which clocks of a zone show a time. A time that clocks skip is the moment that they would have shown it, and of one
-- that they show twice it is the first moment, or both.
create or replace function hq.moments_of(p_local timestamp, p_zone text, p_both boolean) returns setof timestamptz language sql stable
set search_path = '' as $$
  with shown as (
    select distinct c.at from (
      select (p_local at time zone p_zone) + o as at from unnest('{-1 hour,-30 minutes,0,30 minutes,1 hour}'::interval[]) o) c
    where c.at at time zone p_zone = p_local)
  select s.at from shown s where p_both or s.at = (select min(f.at) from shown f)
  union all
  select p_local at time zone p_zone where not p_both and not exists (select from shown)
$$;

-- Returns the first time of a schedule after a moment, or null where there is none in eight years. A routine at set hours keeps to the clock: it
-- runs once a day, also where the hour is skipped or shown twice. One of every hour keeps to the time that passes.
create or replace function hq.next_run(p_schedule text, p_zone text, p_after timestamptz) returns timestamptz language plpgsql stable
set search_path = '' as $$
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
$$;

-- Runs a routine: adds an inbox item, or a task for its agent, which reaches its inbox by itself. Nothing where the last one is not begun.
create or replace function hq.run_routine(p_routine public.agent_routines, p_event public.inbox_event_type, p_key text, p_context jsonb)
returns void language plpgsql set search_path = '' as $$
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
$$;

-- Runs the routines of a tenant whose time has come. One that was missed, however often, runs once.
create or replace function hq.run_due(p_tenant uuid) returns void language plpgsql
set search_path = '' as $$
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
$$;

-- Runs the routines that wait for an event, except those of the agent that caused it and those that run 60 times in an hour: agents must not
-- wake each other without end.
create or replace function hq.fire_event(p_tenant uuid, p_event text, p_type text, p_id uuid, p_title text) returns void language plpgsql
set search_path = '' as $$
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
$$;

create or replace function hq.fire_task_events() returns trigger language plpgsql security definer
set search_path = '' as $$
begin
  if tg_op = 'INSERT' then
    perform hq.fire_event(new.tenant_id, 'task_created', 'task', new.id, new.title);
  elsif new.status::text in ('done', 'blocked') and new.status is distinct from old.status then
    perform hq.fire_event(new.tenant_id, 'task_' || new.status, 'task', new.id, new.title);
  end if;
  return null;
end
$$;
create or replace trigger hq_fire_task_events after insert or update of status on public.tasks
for each row execute function hq.fire_task_events();

create or replace function hq.fire_deliverable_events() returns trigger language plpgsql security definer
set search_path = '' as $$
begin
  perform hq.fire_event(new.tenant_id, case new.review_status::text when 'in_review' then 'deliverable_submitted' else 'deliverable_reviewed' end,
    'entity_link', new.id, coalesce(new.label, new.url));
  return null;
end
$$;
create or replace trigger hq_fire_deliverable_made after insert on public.entity_links
for each row when (new.is_deliverable and new.review_status::text = 'in_review') execute function hq.fire_deliverable_events();
create or replace trigger hq_fire_deliverable_changed after update of review_status on public.entity_links
for each row when (new.is_deliverable and new.review_status is distinct from old.review_status and new.review_status::text <> 'draft')
execute function hq.fire_deliverable_events();

-- Tells who answers for the agent of a late task, or the agent itself, once for each date that the task was due. Tasks that are late for more than
-- a week are left alone, as by hq.sweep_tasks. An older HQ has an escalation of its own.
create or replace function hq.look_for_overdue(p_tenant uuid) returns void language plpgsql
set search_path = '' as $$
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
$$;

-- Actions.
create or replace function hq.routine_result(p_routine public.agent_routines) returns jsonb language sql stable
set search_path = '' as $$
  select jsonb_build_object('id', p_routine.id, 'title', p_routine.name, 'agent', (select a.slug from public.agents a where a.id = p_routine.agent_id),
    'schedule', p_routine.schedule, 'time_zone', p_routine.time_zone, 'event', p_routine.event, 'paused', p_routine.paused_at is not null,
    'last_run_at', p_routine.last_run_at, 'next_run_at', case when p_routine.paused_at is null then p_routine.next_run_at end)
$$;

-- Locks the routine of a name or an id.
create or replace function hq.lock_routine(p_command public.agent_commands) returns public.agent_routines language plpgsql
set search_path = '' as $$
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
$$;

create or replace function hq.do_create_routine(p_command public.agent_commands) returns jsonb language plpgsql
set search_path = '' as $$
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
$$;

create or replace function hq.do_list_routines(p_command public.agent_commands) returns jsonb language sql stable
set search_path = '' as $$
  select jsonb_build_object('routines', coalesce(jsonb_agg(hq.routine_result(r) order by r.name), '[]'))
  from (select * from public.agent_routines r
    where r.tenant_id = p_command.tenant_id and (not p_command.payload ? 'agent'
      or r.agent_id = hq.agent_by_slug(p_command.tenant_id, p_command.payload ->> 'agent'))
    order by r.name limit 500) r
$$;

-- A routine that goes on runs at its next time: what it missed while it was paused was not wanted.
create or replace function hq.set_routine_paused(p_command public.agent_commands, p_paused boolean) returns jsonb language plpgsql
set search_path = '' as $$
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
$$;

create or replace function hq.do_pause_routine(p_command public.agent_commands) returns jsonb language sql
set search_path = '' as $$ select hq.set_routine_paused(p_command, true) $$;

create or replace function hq.do_resume_routine(p_command public.agent_commands) returns jsonb language sql
set search_path = '' as $$ select hq.set_routine_paused(p_command, false) $$;

create or replace function hq.do_run_routine(p_command public.agent_commands) returns jsonb language plpgsql
set search_path = '' as $$
declare
  v_routine public.agent_routines := hq.lock_routine(p_command);
begin
  perform hq.run_routine(v_routine, (case when v_routine.event is null then 'routine_schedule' else 'routine_event' end)::public.inbox_event_type,
    null, jsonb_build_object('by', hq.email_of(p_command.requested_by)));
  return hq.routine_result((select r from public.agent_routines r where r.id = v_routine.id));
end
$$;

create or replace function hq.do_remove_routine(p_command public.agent_commands) returns jsonb language plpgsql
set search_path = '' as $$
declare
  v_routine public.agent_routines := hq.lock_routine(p_command);
begin
  delete from public.agent_routines r where r.id = v_routine.id;
  return hq.routine_result(v_routine);
end
$$;

create or replace trigger hq_refuse_foreign_rows before insert or update on public.agent_routines for each row
execute function hq.refuse_foreign_rows('agent_id', 'agents');

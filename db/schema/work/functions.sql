select hq.add_updated_at_trigger('public.agent_inbox_items');
select hq.add_updated_at_trigger(t.name::regclass)
from (values ('public.tasks'), ('public.comments'), ('public.entity_links')) t (name) where hq.owns_table(t.name::regclass);

-- Adds an inbox item unless one for the same reason is open. The key counts the closed ones, so it collides with open items only. The open
-- one is locked first: it may be about to close.
create or replace function hq.add_inbox_item(
  p_agent_id uuid, p_event public.inbox_event_type, p_reason text, p_summary text,
  p_task_id uuid default null, p_comment_id uuid default null, p_context jsonb default '{}'
) returns uuid language plpgsql set search_path = '' as $$
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
$$;

-- Closes items that nobody has to do any more. The dispatcher aborts the turn of one that is in work.
create or replace function hq.withdraw_items(p_items uuid[]) returns void language sql
set search_path = '' as $$
  update public.agent_inbox_items i
  set status = 'done', completed_at = clock_timestamp(), leased_until = null, context = coalesce(i.context, '{}') || '{"withdrawn": true}'
  where i.id = any (array(select o.id from public.agent_inbox_items o
    where o.id = any (p_items) and o.status in ('pending', 'leased') order by o.id for no key update))
$$;

-- Withdraws what a changed task makes superfluous: everything that its former assignee had to do, what is cancelled or archived, and the
-- assignment of a task that was done before its agent began. An agent that cancels its own task ends its turn by itself.
create or replace function hq.withdraw_for_task(p_old public.tasks, p_new public.tasks) returns void language sql
set search_path = '' as $$
  select hq.withdraw_items(array(
    select i.id from public.agent_inbox_items i
    where i.task_id = p_new.id and i.event_type in ('task_assignment', 'task_reassignment', 'blocker_resolved', 'task_overdue') and (
      (p_old.assignee_agent_id is distinct from p_new.assignee_agent_id and i.agent_id = p_old.assignee_agent_id)
      or (p_new.archived_at is not null and p_old.archived_at is null) or (p_new.status::text = 'cancelled' and p_old.status::text <> 'cancelled'
        and (i.status = 'pending' or i.agent_id::text <> coalesce(current_setting('hq.acting_agent', true), '')))
      or (p_new.status::text = 'done' and p_old.status::text <> 'done' and i.status = 'pending'))))
$$;

-- Wakes the agents of tasks that the last of their blockers has let go, once each. The waiting tasks are locked first: of two blockers
-- that end at once, the later one sees the other.
create or replace function hq.wake_unblocked(p_blocker uuid) returns void language plpgsql
set search_path = '' as $$
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
$$;

create or replace function hq.inbox_for_task() returns trigger language plpgsql security definer
set search_path = '' as $$
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
$$;

-- An edited comment wakes those whom it did not mention before.
create or replace function hq.inbox_for_comment() returns trigger language plpgsql security definer
set search_path = '' as $$
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
$$;

-- A decision replaces the one before it: an agent that has not read that one reads the present one only.
create or replace function hq.inbox_for_review() returns trigger language plpgsql security definer
set search_path = '' as $$
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
$$;

do $$
begin
  if hq.owns_table('public.tasks') and hq.owns_table('public.task_relations') then
    create or replace trigger hq_inbox_for_task after insert or update of assignee_agent_id, status, archived_at on public.tasks
    for each row execute function hq.inbox_for_task();
  end if;
  if hq.owns_table('public.comments') then
    create or replace trigger hq_inbox_for_comment after insert on public.comments
    for each row when (cardinality(new.mentions) > 0) execute function hq.inbox_for_comment();
    create or replace trigger hq_inbox_for_comment_edited after update of mentions on public.comments
    for each row when (new.mentions is distinct from old.mentions) execute function hq.inbox_for_comment();
  end if;
  if hq.owns_table('public.entity_links') then
    create or replace trigger hq_inbox_for_review after update of review_status on public.entity_links
    for each row when (new.review_status is distinct from old.review_status)
    execute function hq.inbox_for_review();
  end if;
end
$$;
-- An older HQ names an assignment by task and agent, and would add it once for ever: a closed one gives its name away.
create or replace function hq.free_inbox_key() returns trigger language plpgsql security definer
set search_path = '' as $$
begin
  update public.agent_inbox_items i set dedup_key = concat(i.dedup_key, '#', i.id)
  where i.tenant_id = new.tenant_id and i.dedup_key = new.dedup_key and i.status::text not in ('pending', 'leased');
  return new;
end
$$;

-- Takes the items of the former assignee back, which an older HQ leaves open.
create or replace function hq.withdraw_from_assignee() returns trigger language plpgsql security definer
set search_path = '' as $$
begin
  perform hq.withdraw_for_task(old, new);
  return null;
end
$$;

do $$
begin
  if hq.adopted() and not hq.owns_table('public.tasks') then
    create or replace trigger hq_free_inbox_key before insert on public.agent_inbox_items
    for each row when (new.event_type::text in ('task_assignment', 'task_reassignment')) execute function hq.free_inbox_key();
    create or replace trigger hq_withdraw_from_assignee after update of assignee_agent_id on public.tasks
    for each row when (new.assignee_agent_id is distinct from old.assignee_agent_id) execute function hq.withdraw_from_assignee();
  end if;
end
$$;
create or replace trigger hq_refuse_foreign_rows before insert or update on public.tasks for each row
execute function hq.refuse_foreign_rows('assignee_agent_id', 'agents', 'parent_id', 'tasks');
create or replace trigger hq_refuse_foreign_rows before insert or update on public.comments for each row
execute function hq.refuse_foreign_rows('actor_agent_id', 'agents', 'parent_id', 'comments');
create or replace trigger hq_refuse_foreign_rows before insert or update on public.entity_links for each row
execute function hq.refuse_foreign_rows('submitted_by_agent_id', 'agents');
create or replace trigger hq_refuse_foreign_rows before insert or update on public.task_relations for each row
execute function hq.refuse_foreign_rows('source_task_id', 'tasks', 'target_task_id', 'tasks');

-- A comment names its own entity: without this check a mention could put another tenant's task into an inbox. An older HQ fills
-- its inbox by itself, and only what a member writes is checked there.
do $$
begin
  if hq.adopted() then
    create or replace trigger hq_refuse_foreign_rows before insert or update of task_id, comment_id, agent_id, tenant_id
    on public.agent_inbox_items for each row when (current_user in ('anon', 'authenticated'))
    execute function hq.refuse_foreign_rows('task_id', 'tasks', 'comment_id', 'comments', 'agent_id', 'agents');
  else
    create or replace trigger hq_refuse_foreign_rows before insert or update of task_id, comment_id, agent_id, tenant_id
    on public.agent_inbox_items for each row
    execute function hq.refuse_foreign_rows('task_id', 'tasks', 'comment_id', 'comments', 'agent_id', 'agents');
  end if;
end
$$;

-- A member signs a comment as a person, at the present time.
create or replace trigger hq_protect_columns before insert or update on public.comments
for each row when (current_user in ('anon', 'authenticated') and pg_trigger_depth() = 0)
execute function hq.protect_columns('actor_type', 'actor_agent_id', 'created_at');

-- Returns the kind of assignee of a task that nobody has: none, but an older HQ may demand one.
create or replace function hq.nobody_type() returns text language sql stable
set search_path = '' as $$
  select case when a.attnotnull then 'human' end from pg_catalog.pg_attribute a
  where a.attrelid = 'public.tasks'::regclass and a.attname = 'assignee_type'
$$;

-- The web product shows a task to its kind of assignee. An older HQ says the kind itself; there only what triggers write is changed:
-- what HQ's own actions and the deletion of an agent do.
create or replace function hq.set_assignee_type() returns trigger language plpgsql security definer
set search_path = '' as $$
begin
  if new.assignee_agent_id is not null then
    new.assignee_type := 'agent';
  elsif new.assignee_type::text = 'agent' then
    new.assignee_type := hq.nobody_type();
  end if;
  return new;
end
$$;
do $$
begin
  execute format('create or replace trigger hq_set_assignee_type before insert or update of assignee_agent_id on public.tasks
    for each row when (%s) execute function hq.set_assignee_type()', case when hq.adopted() then 'pg_trigger_depth() > 0' else 'true' end);
end
$$;

create or replace function hq.task_result(p_task public.tasks) returns jsonb language sql stable
set search_path = '' as $$
  select jsonb_build_object('id', p_task.id, 'title', p_task.title, 'status', p_task.status,
    'agent', (select a.slug from public.agents a where a.id = p_task.assignee_agent_id))
$$;

-- Returns the time zone if Postgres knows it, else UTC.
create or replace function hq.time_zone_or_utc(p_zone text) returns text language sql stable
set search_path = '' as $$
  select coalesce((select z.name from pg_catalog.pg_timezone_names z where lower(z.name) = lower(p_zone) limit 1), 'UTC')
$$;

-- Takes the types from the record, since an older HQ's columns differ. A due date without a time lasts until the end of the day in
-- the owner's zone.
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
$$;

-- Locks the task that the payload names and returns its id. An archived task raises 23505.
create or replace function hq.lock_task(p_command public.agent_commands) returns uuid language plpgsql
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
  v_id uuid := hq.lock_task(p_command);
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
  v_id uuid := hq.lock_task(p_command);
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
$$;

-- Records a decision. A later one may replace it; a draft cannot be decided on.
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
    raise exception 'it is a draft and was not submitted' using errcode = '23505', column = 'deliverable';
  end if;
  v_decision := jsonb_populate_record(v_row, jsonb_build_object('review_status', p_status, 'review_note', p_command.payload ->> 'note'));
  update public.entity_links e
  set review_status = v_decision.review_status, review_note = v_decision.review_note, reviewed_at = clock_timestamp()
  where e.id = v_row.id;
  return jsonb_build_object('id', v_row.id, 'review_status', p_status,
    'title', coalesce(v_row.label, v_row.url, 'deliverable'));
end
$$;

create or replace function hq.do_approve_deliverable(p_command public.agent_commands) returns jsonb language sql
set search_path = '' as $$ select hq.review(p_command, 'approved') $$;

create or replace function hq.do_request_revision(p_command public.agent_commands) returns jsonb language sql
set search_path = '' as $$ select hq.review(p_command, 'revision_requested') $$;

create or replace function hq.do_reject_deliverable(p_command public.agent_commands) returns jsonb language sql
set search_path = '' as $$ select hq.review(p_command, 'rejected') $$;

-- Defines what agents call with a credential of their own. Each operation is hq.agent_<operation>(agent, arguments); the arguments have the
-- form of its schema by then.

-- Returns the schema of an operation's arguments, or null for an unknown one.
create or replace function hq.agent_call_schema(p_operation text) returns jsonb language sql immutable parallel safe
set search_path = '' as $$
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
$$;

create or replace function public.agent_call(p_token text, p_operation text, p_arguments jsonb default '{}') returns jsonb
language plpgsql security definer set search_path = '' set timezone = 'UTC' as $$
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
$$;
select hq.open_function('public.agent_call(text, text, jsonb)', 'anon, authenticated, service_role',
  'The one function of agents: runs an operation for the agent of the credential, and writes in its name. Ids may be their first eight digits. Errors: 28000 for an unknown credential, 42501 refused, P0002 not found, 23505 conflict, 22023 usage with the argument as column.

- `inbox {}` → `{items: [{id, event, status, summary, task_id, task_title, comment_id, created_at, attempt}]}`, the open ones; `item {item}` adds `task`, `comment`, `deliverable`, `context`
- `take_item {item, session_key?, run_id?}` leases it for ten minutes, `complete_item {item, summary?}`, `fail_item {item, reason}`; `release_items {}` gives those back that no turn of the dispatcher holds
- `tasks {status?, limit?}` → `{tasks}`: its own and its reports''; `task {task}` adds comments, relations, links and subtasks
- `create_task {title, description?, priority?, due?, assignee?, parent?}`, `set_task_status {task, status, note?}`, `comment {task, body, mentions?}`
- `submit_deliverable {task, label, url?, note?}` → `{id, review_status}`; `notify {title, body?, task?}` tells the operators
- `ask {question, choices?, free_text?, task?, item?, session_key?, wait_seconds?}` → `{id, status, …}`; `answer {question, stop?}` → `{id, status, answer, answered_by}`
- `host_refused {host, port}` → `{asked}` asks whether the agent may reach a host
- `budget {}` → `{allowed, reason: null | workspace_stopped | agent_paused | gateway_paused | budget_exceeded | hourly_brake, status, limit_usd, spent_usd, left_usd, dearest_call_usd, until?}`
- `record_usage {run_id, provider, model, occurred_at, session_id?, input_tokens?, …, cost_total_usd?}` → `{recorded}`, once for each run, provider, model and time
- `pairing_requested {channel, account, sender, code, sender_name?, expires_at?}`');

-- Adds a line in the name of the agent.
create or replace function hq.audit_by_agent(p_agent public.agents, p_action text, p_entity_type text, p_entity_id uuid, p_summary text)
returns void language sql set search_path = '' as $$
  select hq.audit_agent(p_agent, p_action, p_summary,
    jsonb_build_object('actor_agent_id', p_agent.id, 'entity_type', p_entity_type, 'entity_id', p_entity_id))
$$;

-- The inbox. An item's attempt counts when it is taken, so that a crash counts too.
create or replace function hq.inbox_item_json(p_item public.agent_inbox_items) returns jsonb language sql stable
set search_path = '' as $$
  select jsonb_build_object('id', p_item.id, 'event', p_item.event_type, 'status', case when p_item.status::text = 'leased'
      and p_item.leased_until <= clock_timestamp() then 'pending' else p_item.status::text end,
    'summary', p_item.summary, 'task_id', p_item.task_id, 'task_title', (select t.title from public.tasks t where t.id = p_item.task_id),
    'comment_id', p_item.comment_id, 'created_at', p_item.created_at, 'attempt', p_item.attempt_count)
$$;

-- Returns the item with what it is about.
create or replace function hq.whole_inbox_item(p_agent public.agents, p_item public.agent_inbox_items) returns jsonb language sql stable
set search_path = '' as $$
  select hq.inbox_item_json(p_item) || jsonb_build_object('leased_until', p_item.leased_until, 'context', p_item.context,
    'task', (select hq.agent_task_json(t) from public.tasks t where t.id = p_item.task_id),
    'comment', (select jsonb_build_object('id', c.id, 'body', c.body, 'by', hq.author_of(c), 'created_at', c.created_at)
      from public.comments c where c.id = p_item.comment_id),
    'deliverable', (select jsonb_build_object('id', e.id, 'label', e.label, 'url', e.url, 'review_status', e.review_status, 'review_note', e.review_note)
      from public.entity_links e where e.id = hq.uuid_or_null(p_item.context ->> 'entity_link_id') and e.tenant_id = p_agent.tenant_id))
$$;

-- Locks an item of the agent's inbox. Another agent's is reported like one that does not exist.
create or replace function hq.lock_inbox_item(p_agent public.agents, p_arguments jsonb) returns public.agent_inbox_items language plpgsql
set search_path = '' as $$
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
$$;

create or replace function hq.agent_inbox(p_agent public.agents, p_arguments jsonb) returns jsonb language sql stable
set search_path = '' as $$
  select jsonb_build_object('items', coalesce(jsonb_agg(hq.inbox_item_json(i) order by i.created_at, i.id), '[]'))
  from (select * from public.agent_inbox_items i where i.agent_id = p_agent.id and i.status in ('pending', 'leased')
    order by i.created_at, i.id limit 50) i
$$;

create or replace function hq.agent_item(p_agent public.agents, p_arguments jsonb) returns jsonb language plpgsql
set search_path = '' as $$
begin
  return hq.whole_inbox_item(p_agent, hq.lock_inbox_item(p_agent, p_arguments));
end
$$;

create or replace function hq.agent_take_item(p_agent public.agents, p_arguments jsonb) returns jsonb language plpgsql
set search_path = '' as $$
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
$$;

create or replace function hq.agent_complete_item(p_agent public.agents, p_arguments jsonb) returns jsonb language plpgsql
set search_path = '' as $$
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
$$;

create or replace function hq.agent_fail_item(p_agent public.agents, p_arguments jsonb) returns jsonb language plpgsql
set search_path = '' as $$
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
$$;

-- Gives back what the agent took by itself. Of a turn that HQ began, the dispatcher says whether it was an attempt.
create or replace function hq.agent_release_items(p_agent public.agents, p_arguments jsonb) returns jsonb language plpgsql
set search_path = '' as $$
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
$$;

-- Tasks. An agent sees those of its own and of its reports, and those that something in its inbox is about.
create or replace function hq.is_own_or_reports(p_agent public.agents, p_assignee uuid) returns boolean language sql stable
set search_path = '' as $$
  select coalesce(p_assignee = p_agent.id, false) or exists (select from public.agents a where a.id = p_assignee and a.reports_to_id = p_agent.id)
$$;

create or replace function hq.author_of(p_comment public.comments) returns text language sql stable
set search_path = '' as $$
  select coalesce((select a.slug from public.agents a where a.id = p_comment.actor_agent_id), p_comment.actor_type::text)
$$;

create or replace function hq.agent_task_json(p_task public.tasks) returns jsonb language sql stable
set search_path = '' as $$
  select jsonb_build_object('id', p_task.id, 'title', p_task.title, 'description', p_task.description, 'status', p_task.status,
    'priority', p_task.priority, 'assignee', (select a.slug from public.agents a where a.id = p_task.assignee_agent_id),
    'due', p_task.due_date, 'parent_id', p_task.parent_id, 'created_at', p_task.created_at)
$$;

-- Locks a task that the agent may see, or may change. A task that it may not see is reported like one that does not exist.
create or replace function hq.lock_task_of_agent(p_agent public.agents, p_reference text, p_argument text, p_is_change boolean)
returns public.tasks language plpgsql set search_path = '' as $$
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
$$;

create or replace function hq.agent_tasks(p_agent public.agents, p_arguments jsonb) returns jsonb language sql stable
set search_path = '' as $$
  select jsonb_build_object('tasks', coalesce(jsonb_agg(hq.agent_task_json(t) - 'description' order by t.created_at desc, t.id), '[]'))
  from (select t.* from public.tasks t
    where t.tenant_id = p_agent.tenant_id and t.archived_at is null and t.assignee_agent_id in (
        select a.id from public.agents a where a.id = p_agent.id or a.reports_to_id = p_agent.id)
      and case when p_arguments ? 'status' then t.status::text = p_arguments ->> 'status' else t.status in ('todo', 'in_progress', 'blocked') end
    order by t.created_at desc, t.id limit coalesce((p_arguments ->> 'limit')::numeric::int, 50)) t
$$;

create or replace function hq.agent_task(p_agent public.agents, p_arguments jsonb) returns jsonb language plpgsql
set search_path = '' as $$
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
$$;

create or replace function hq.agent_create_task(p_agent public.agents, p_arguments jsonb) returns jsonb language plpgsql
set search_path = '' as $$
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
$$;

-- Refuses what an agent does more often in an hour than anybody could read.
create or replace function hq.check_agent_rate(p_agent public.agents, p_what text, p_limit int, p_column text) returns void language plpgsql
set search_path = '' as $$
begin
  if not hq.within_rate_limit(p_agent.tenant_id, p_agent.id::text, p_what || ' of an agent', p_limit, 3600) then
    raise exception 'you made % % in this hour', p_limit, p_what using errcode = '42501', column = p_column, hint = 'Go on in the next hour.';
  end if;
end
$$;

-- Adds a comment in the agent's name and returns its id.
create or replace function hq.comment_by_agent(p_agent public.agents, p_task uuid, p_body text, p_mentions text[] default '{}') returns uuid
language sql set search_path = '' as $$
  select (hq.insert_fields('public.comments', jsonb_build_object('tenant_id', p_agent.tenant_id, 'entity_type', 'task', 'entity_id', p_task,
    'body', p_body, 'actor_type', 'agent', 'actor_agent_id', p_agent.id, 'mentions', p_mentions)) ->> 'id')::uuid
$$;

create or replace function hq.agent_set_task_status(p_agent public.agents, p_arguments jsonb) returns jsonb language plpgsql
set search_path = '' as $$
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
$$;

create or replace function hq.agent_comment(p_agent public.agents, p_arguments jsonb) returns jsonb language plpgsql
set search_path = '' as $$
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
$$;

create or replace function hq.agent_submit_deliverable(p_agent public.agents, p_arguments jsonb) returns jsonb language plpgsql
set search_path = '' as $$
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
$$;

create or replace function hq.agent_notify(p_agent public.agents, p_arguments jsonb) returns jsonb language plpgsql
set search_path = '' as $$
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
$$;

-- A month that begins ends the last one: without usage nothing else would, and an agent over its limit would stay stopped.
create or replace function hq.agent_budget(p_agent public.agents, p_arguments jsonb) returns jsonb language plpgsql
set search_path = '' as $$
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
$$;

-- A time in the future would begin the next month's budget early.
create or replace function hq.agent_record_usage(p_agent public.agents, p_arguments jsonb) returns jsonb language plpgsql
set search_path = '' as $$
declare
  v_at timestamptz := p_arguments ->> 'occurred_at';
begin
  if v_at > clock_timestamp() + interval '10 minutes' then
    raise exception 'occurred_at is in the future' using errcode = '22023', column = 'occurred_at', hint = 'Check the clock of the gateway.';
  end if;
  return jsonb_build_object('recorded', hq.insert_fields('public.agent_usage', p_arguments || jsonb_build_object('tenant_id', p_agent.tenant_id,
    'agent_id', p_agent.id, 'occurred_at', v_at)) is not null);
end
$$;

-- An agent's inbox: what it is woken for. One open item for one reason; once that is closed, the same reason may come again.

do $$
begin
  if to_regtype('public.inbox_item_status') is null then
    create type public.inbox_item_status as enum ('pending', 'leased', 'done', 'dead_letter', 'failed');
  end if;
  if to_regtype('public.inbox_event_type') is null then
    create type public.inbox_event_type as enum ('task_assignment', 'task_reassignment', 'task_comment_mention',
      'routine_schedule', 'routine_event', 'heartbeat', 'deliverable_review', 'blocker_resolved');
  end if;
end
$$;

create table if not exists public.agent_inbox_items (
  id uuid primary key default gen_random_uuid(),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  tenant_id uuid not null default hq.nil_tenant() references public.tenants (id) on delete cascade,
  agent_id uuid not null references public.agents (id) on delete cascade,
  agent_slug text not null,
  event_type public.inbox_event_type not null,
  task_id uuid references public.tasks (id) on delete cascade,
  comment_id uuid references public.comments (id) on delete cascade,
  contact_id uuid,
  status public.inbox_item_status not null default 'pending',
  leased_at timestamptz,
  leased_until timestamptz,
  completed_at timestamptz,
  failed_at timestamptz,
  attempt_count int not null default 0,
  max_attempts int not null default 3,
  summary text,
  context jsonb not null default '{}',
  last_wake_attempt_at timestamptz,
  last_wake_success_at timestamptz,
  dedup_key text,
  unique (tenant_id, dedup_key)
);
create index if not exists agent_inbox_items_open on public.agent_inbox_items (agent_id, created_at)
where status in ('pending', 'leased');
create index if not exists agent_inbox_items_newest on public.agent_inbox_items (tenant_id, created_at desc);
create index if not exists agent_inbox_items_task on public.agent_inbox_items (task_id) where task_id is not null;
select hq.keep_updated_at('public.agent_inbox_items');
select hq.guard_table('public.agent_inbox_items', 'viewer', null, null, null);
select hq.publish('public.agent_inbox_items');

-- The key counts how often the reason has been closed: it collides with an open item, never with a closed one.
create or replace function hq.put_in_inbox(
  p_agent_id uuid, p_event public.inbox_event_type, p_reason text, p_summary text,
  p_task_id uuid default null, p_comment_id uuid default null, p_context jsonb default '{}'
) returns void language plpgsql set search_path = '' as $$
declare
  v_agent public.agents;
  v_closed int;
begin
  select * into v_agent from public.agents a where a.id = p_agent_id;
  if not found then
    return;
  end if;
  select count(*) into v_closed from public.agent_inbox_items i
  where i.tenant_id = v_agent.tenant_id and i.dedup_key like p_reason || '#%' and i.status not in ('pending', 'leased');
  insert into public.agent_inbox_items
    (tenant_id, agent_id, agent_slug, event_type, task_id, comment_id, summary, context, dedup_key)
  values (v_agent.tenant_id, v_agent.id, v_agent.slug, p_event, p_task_id, p_comment_id, left(p_summary, 500), p_context,
    p_reason || '#' || v_closed)
  on conflict (tenant_id, dedup_key) do nothing;
end
$$;
create index if not exists agent_inbox_items_reason on public.agent_inbox_items (tenant_id, dedup_key text_pattern_ops);

create or replace function hq.inbox_for_task() returns trigger language plpgsql security definer
set search_path = '' as $$
declare
  v_blocked record;
begin
  if tg_op = 'UPDATE' and old.assignee_agent_id is distinct from new.assignee_agent_id then
    update public.agent_inbox_items i
    set status = 'done', completed_at = clock_timestamp(), context = i.context || '{"withdrawn": true}'
    where i.task_id = new.id and i.agent_id = old.assignee_agent_id and i.status = 'pending'
      and i.event_type in ('task_assignment', 'task_reassignment');
  end if;
  if new.assignee_agent_id is not null
    and (tg_op = 'INSERT' or old.assignee_agent_id is distinct from new.assignee_agent_id)
  then
    perform hq.put_in_inbox(new.assignee_agent_id,
      case when tg_op = 'UPDATE' and old.assignee_agent_id is not null then 'task_reassignment' else 'task_assignment'
      end::public.inbox_event_type,
      format('task:%s:%s', new.id, new.assignee_agent_id), new.title, new.id);
  end if;
  if tg_op = 'UPDATE' and new.status::text = 'done' and old.status::text <> 'done' then
    for v_blocked in
      select t.id, t.title, t.assignee_agent_id from public.task_relations r join public.tasks t on t.id = r.related_task_id
      where r.task_id = new.id and r.relation_type = 'blocks' and t.assignee_agent_id is not null
        and t.status::text not in ('done', 'cancelled')
        and not exists (
          select from public.task_relations o join public.tasks b on b.id = o.task_id
          where o.related_task_id = t.id and o.relation_type = 'blocks' and b.id <> new.id
            and b.status::text not in ('done', 'cancelled'))
    loop
      perform hq.put_in_inbox(v_blocked.assignee_agent_id, 'blocker_resolved', format('unblocked:%s:%s', v_blocked.id, new.id),
        v_blocked.title, v_blocked.id, null, jsonb_build_object('blocker_id', new.id));
    end loop;
  end if;
  return null;
end
$$;

create or replace function hq.inbox_for_comment() returns trigger language plpgsql security definer
set search_path = '' as $$
begin
  perform hq.put_in_inbox(a.id, 'task_comment_mention', format('mention:%s:%s', new.id, a.id), new.body,
    case when new.entity_type::text = 'task' then new.entity_id end, new.id)
  from public.agents a
  where a.tenant_id = new.tenant_id and a.slug = any (new.mentions) and a.id is distinct from new.actor_agent_id;
  return null;
end
$$;

create or replace function hq.inbox_for_review() returns trigger language plpgsql security definer
set search_path = '' as $$
begin
  perform hq.put_in_inbox(new.submitted_by_agent_id, 'deliverable_review', format('review:%s:%s', new.id, new.review_status),
    coalesce(new.review_note, new.review_status::text), case when new.entity_type = 'task' then new.entity_id end, null,
    jsonb_build_object('entity_link_id', new.id, 'review_status', new.review_status, 'review_note', new.review_note));
  return null;
end
$$;

-- An older HQ fills the inbox by triggers of its own; two of each would wake every agent twice.
create or replace function hq.made_here(p_table regclass) returns boolean language sql stable
set search_path = '' as $$
  select coalesce(obj_description(p_table, 'pg_class') = 'Made by hq-db.', false)
$$;

do $$
begin
  if hq.made_here('public.tasks') and hq.made_here('public.task_relations') then
    create or replace trigger hq_inbox_for_task after insert or update of assignee_agent_id, status on public.tasks
    for each row execute function hq.inbox_for_task();
  end if;
  if hq.made_here('public.comments') then
    create or replace trigger hq_inbox_for_comment after insert on public.comments
    for each row when (cardinality(new.mentions) > 0) execute function hq.inbox_for_comment();
  end if;
  if hq.made_here('public.entity_links') then
    create or replace trigger hq_inbox_for_review after update of review_status on public.entity_links
    for each row when (new.is_deliverable and new.submitted_by_agent_id is not null
      and new.review_status is distinct from old.review_status
      and new.review_status in ('approved', 'revision_requested', 'rejected'))
    execute function hq.inbox_for_review();
  end if;
end
$$;

select hq.create_unless_there('public.lease_inbox_item(uuid,integer)', $create$
  create function public.lease_inbox_item(p_agent_id uuid, p_lease_seconds integer default 120)
  returns setof public.agent_inbox_items language plpgsql security definer set search_path = '' as $fn$
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
  $fn$
$create$);

select hq.create_unless_there('public.complete_inbox_item(uuid)', $create$
  create function public.complete_inbox_item(p_item_id uuid)
  returns setof public.agent_inbox_items language sql security definer set search_path = '' as $fn$
    update public.agent_inbox_items i set status = 'done', completed_at = now(), leased_until = null
    where i.id = p_item_id and i.status in ('pending', 'leased') returning i.*
  $fn$
$create$);

select hq.create_unless_there('public.fail_inbox_item(uuid,text)', $create$
  create function public.fail_inbox_item(p_item_id uuid, p_reason text)
  returns setof public.agent_inbox_items language sql security definer set search_path = '' as $fn$
    update public.agent_inbox_items i
    set status = case when i.attempt_count >= i.max_attempts then 'dead_letter' else 'pending' end::public.inbox_item_status,
      failed_at = now(), leased_until = null, context = i.context || jsonb_build_object('last_failure', left(p_reason, 2000))
    where i.id = p_item_id and i.status in ('pending', 'leased') returning i.*
  $fn$
$create$);

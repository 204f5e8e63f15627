-- The agents' inbox and what fills it. Every trigger function runs with the rights of its caller.
create type public.inbox_item_status as enum ('pending', 'leased', 'done', 'dead_letter', 'failed');
create type public.inbox_event_type as enum ('task_assignment', 'task_reassignment', 'task_comment_mention',
  'routine_schedule', 'routine_event', 'heartbeat', 'deliverable_review', 'blocker_resolved');
create table public.routines (
  id uuid primary key default gen_random_uuid(), created_at timestamptz not null default now(),
  tenant_id uuid not null default '00000000-0000-0000-0000-000000000000' references public.tenants (id) on delete cascade,
  agent_id uuid not null references public.agents (id) on delete cascade, name text not null, schedule text, watches text,
  enabled boolean not null default true
);
create table public.agent_inbox_items (
  id uuid primary key default gen_random_uuid(), created_at timestamptz not null default now(), updated_at timestamptz not null default now(),
  tenant_id uuid not null default '00000000-0000-0000-0000-000000000000' references public.tenants (id) on delete cascade,
  agent_id uuid not null references public.agents (id) on delete cascade, agent_slug text not null,
  event_type public.inbox_event_type not null, task_id uuid references public.tasks (id) on delete cascade,
  comment_id uuid references public.comments (id) on delete cascade, contact_id uuid references public.contacts (id) on delete cascade,
  status public.inbox_item_status not null default 'pending', leased_at timestamptz, leased_until timestamptz,
  completed_at timestamptz, failed_at timestamptz, attempt_count int not null default 0, max_attempts int not null default 3,
  summary text, context jsonb not null default '{}', last_wake_attempt_at timestamptz, last_wake_success_at timestamptz,
  dedup_key text not null, unique (tenant_id, dedup_key)
);

create function public.lease_inbox_item(p_agent_id uuid, p_lease_seconds integer default 120) returns setof public.agent_inbox_items
language sql as $$
  update public.agent_inbox_items i set status = 'leased', leased_at = now(), attempt_count = i.attempt_count + 1,
    leased_until = now() + make_interval(secs => p_lease_seconds)
  where i.id = (select n.id from public.agent_inbox_items n where n.agent_id = p_agent_id and n.status = 'pending'
    order by n.created_at limit 1 for update skip locked)
  returning i.* $$;
create function public.complete_inbox_item(p_item_id uuid) returns void language sql as $$
  update public.agent_inbox_items set status = 'done', completed_at = now() where id = p_item_id $$;
create function public.fail_inbox_item(p_item_id uuid, p_reason text) returns void language sql as $$
  update public.agent_inbox_items set status = case when attempt_count >= max_attempts then 'dead_letter' else 'pending' end::public.inbox_item_status,
    failed_at = now() where id = p_item_id $$;

create function public.enqueue_inbox(p_agent_id uuid, p_event public.inbox_event_type, p_key text, p_summary text, p_task_id uuid,
  p_comment_id uuid, p_contact_id uuid) returns void language sql as $$
  insert into public.agent_inbox_items (tenant_id, agent_id, agent_slug, event_type, task_id, comment_id, contact_id, summary, dedup_key)
  select a.tenant_id, a.id, a.slug, p_event, p_task_id, p_comment_id, p_contact_id, p_summary, p_key from public.agents a where a.id = p_agent_id
  on conflict (tenant_id, dedup_key) do nothing $$;

create function public.notify(p_tenant_id uuid, p_type text, p_title text, p_entity_type text, p_entity_id uuid) returns void language sql as $$
  insert into public.notifications (tenant_id, type, title, entity_type, entity_id, actor_type)
  values (p_tenant_id, p_type::public.notification_type, p_title, p_entity_type, p_entity_id, 'system') $$;

create function public.on_task_assigned() returns trigger language plpgsql as $$
begin
  if new.assignee_agent_id is not null and (tg_op = 'INSERT' or new.assignee_agent_id is distinct from old.assignee_agent_id) then
    perform public.enqueue_inbox(new.assignee_agent_id, 'task_assignment', format('task_assignment:%s:%s', new.id, new.assignee_agent_id),
      new.title, new.id, null, null);
  end if;
  return new;
end $$;
create trigger on_task_assigned after insert or update of assignee_agent_id on public.tasks
for each row execute function public.on_task_assigned();

create function public.on_task_status() returns trigger language plpgsql as $$
declare
  v_next record;
begin
  if new.status = old.status then
    return new;
  end if;
  if new.status = 'blocked' and new.assignee_agent_id is not null then
    perform public.notify(new.tenant_id, 'task_blocked', 'Blocked: ' || new.title, 'task', new.id);
  elsif new.status = 'missed' then
    perform public.notify(new.tenant_id, 'task_overdue', 'Overdue: ' || new.title, 'task', new.id);
  elsif new.status = 'done' then
    if new.assignee_agent_id is not null then
      perform public.notify(new.tenant_id, 'task_completed', 'Done: ' || new.title, 'task', new.id);
    end if;
    for v_next in
      select t.id, t.title, t.assignee_agent_id from public.task_relations r join public.tasks t on t.id = r.target_task_id
      where r.source_task_id = new.id and r.relation_type = 'blocks'
    loop
      update public.tasks set status = 'todo', updated_at = now() where id = v_next.id and status = 'blocked';
      perform public.enqueue_inbox(v_next.assignee_agent_id, 'blocker_resolved', format('blocker_resolved:%s:%s', v_next.id, new.id),
        v_next.title, v_next.id, null, null);
    end loop;
  end if;
  return new;
end $$;
create trigger on_task_status after update of status on public.tasks for each row execute function public.on_task_status();

create function public.on_comment() returns trigger language plpgsql as $$
begin
  if new.entity_type = 'task' then
    update public.tasks set updated_at = now() where id = new.entity_id;
  end if;
  perform public.enqueue_inbox(a.id, 'task_comment_mention', format('mention:%s:%s', new.id, a.id), new.body,
    case when new.entity_type = 'task' then new.entity_id end, new.id, null)
  from public.agents a where a.tenant_id = new.tenant_id and a.slug = any (new.mentions);
  if new.actor_type = 'agent' then
    perform public.notify(new.tenant_id, 'mention', left(new.body, 80), new.entity_type, new.entity_id);
  end if;
  return new;
end $$;
create trigger on_comment after insert on public.comments for each row execute function public.on_comment();

-- The notification names the task and not the link.
create function public.on_deliverable() returns trigger language plpgsql as $$
begin
  if not new.is_deliverable or (tg_op = 'UPDATE' and new.review_status is not distinct from old.review_status) then
    return new;
  end if;
  if new.review_status = 'in_review' then
    perform public.notify(new.tenant_id, 'deliverable_submitted', 'Review: ' || coalesce(new.label, new.url, ''), new.owner_type, new.owner_id);
  elsif new.review_status in ('approved', 'revision_requested', 'rejected') then
    perform public.enqueue_inbox(new.submitted_by_agent_id, 'deliverable_review',
      format('deliverable_review:%s:%s', new.id, new.review_status), coalesce(new.review_note, new.review_status::text),
      case when new.owner_type = 'task' then new.owner_id end, null, null);
    if new.owner_type = 'task' then
      update public.tasks set status = case new.review_status when 'approved' then status else 'in_progress' end, updated_at = now()
      where id = new.owner_id;
    end if;
  end if;
  return new;
end $$;
create trigger on_deliverable after insert or update on public.entity_links for each row execute function public.on_deliverable();

create function public.on_watched_row() returns trigger language plpgsql as $$
declare
  v_contact uuid := case tg_table_name when 'contacts' then (to_jsonb(new) ->> 'id')::uuid else (to_jsonb(new) ->> 'contact_id')::uuid end;
begin
  perform public.enqueue_inbox(r.agent_id, 'routine_event', format('routine_event:%s:%s:%s', r.id, v_contact, gen_random_uuid()), r.name,
    null, null, v_contact)
  from public.routines r where r.tenant_id = new.tenant_id and r.watches = tg_table_name and r.enabled;
  return new;
end $$;
create trigger on_contact after insert or update on public.contacts for each row execute function public.on_watched_row();
create trigger on_interaction after insert on public.interactions for each row execute function public.on_watched_row();

-- For its scheduler: neither asks who calls, and a browser never does.
create function public.mark_overdue_tasks() returns void language sql security definer as $$
  update public.tasks set status = 'missed', updated_at = now() where due_date < current_date and status in ('todo', 'in_progress') $$;
create function public.spawn_due_routines() returns int language plpgsql security definer as $$
declare
  v_count int;
begin
  insert into public.agent_inbox_items (tenant_id, agent_id, agent_slug, event_type, summary, dedup_key)
  select r.tenant_id, a.id, a.slug, 'routine_schedule', r.name, format('routine_schedule:%s:%s', r.id, gen_random_uuid())
  from public.routines r join public.agents a on a.id = r.agent_id where r.schedule is not null and r.enabled;
  get diagnostics v_count = row_count;
  return v_count;
end $$;
create function public.escalate_stale_items() returns void language sql security definer as $$
  update public.agent_inbox_items set status = 'dead_letter' where status = 'leased' and leased_until < now() $$;

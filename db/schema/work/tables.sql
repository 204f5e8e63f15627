do $$
begin
  if to_regclass('public.tasks') is null then
    create type public.task_status as enum ('todo', 'in_progress', 'blocked', 'done', 'cancelled', 'missed');
    create type public.task_priority as enum ('low', 'medium', 'high', 'urgent');
    create table public.tasks (
      id uuid primary key default gen_random_uuid(),
      created_at timestamptz not null default now(),
      updated_at timestamptz not null default now(),
      tenant_id uuid not null default hq.nil_tenant() references public.tenants (id) on delete cascade,
      title text not null,
      description text,
      status public.task_status not null default 'todo',
      priority public.task_priority not null default 'medium',
      assignee_agent_id uuid references public.agents (id) on delete set null,
      due_date timestamptz,
      parent_id uuid references public.tasks (id) on delete set null,
      stream_id uuid,
      model_override text,
      thinking_override text,
      archived_at timestamptz
    );
    create index tasks_newest on public.tasks (tenant_id, created_at desc);
    create index tasks_assignee on public.tasks (assignee_agent_id) where archived_at is null;
    insert into hq.created_tables (name) values ('tasks');
  end if;
  if to_regclass('public.comments') is null then
    create table public.comments (
      id uuid primary key default gen_random_uuid(),
      created_at timestamptz not null default now(),
      updated_at timestamptz not null default now(),
      tenant_id uuid not null default hq.nil_tenant() references public.tenants (id) on delete cascade,
      entity_type text not null,
      entity_id uuid not null,
      parent_id uuid references public.comments (id) on delete cascade,
      body text not null,
      actor_type text not null default 'human' check (actor_type in ('human', 'agent', 'system')),
      actor_agent_id uuid references public.agents (id) on delete set null,
      mentions text[] not null default '{}'
    );
    create index comments_of_entity on public.comments (tenant_id, entity_type, entity_id, created_at);
    insert into hq.created_tables (name) values ('comments');
  end if;
  if to_regclass('public.task_relations') is null then
    create table public.task_relations (
      id uuid primary key default gen_random_uuid(),
      created_at timestamptz not null default now(),
      tenant_id uuid not null default hq.nil_tenant() references public.tenants (id) on delete cascade,
      source_task_id uuid not null references public.tasks (id) on delete cascade,
      target_task_id uuid not null references public.tasks (id) on delete cascade,
      relation_type text not null check (relation_type in ('blocks', 'relates_to', 'duplicates')),
      unique (source_task_id, target_task_id, relation_type),
      check (source_task_id <> target_task_id)
    );
    create index task_relations_other_end on public.task_relations (target_task_id);
    insert into hq.created_tables (name) values ('task_relations');
  end if;
  if to_regclass('public.entity_links') is null then
    create type public.review_status as enum ('draft', 'in_review', 'approved', 'revision_requested', 'rejected');
    create table public.entity_links (
      id uuid primary key default gen_random_uuid(),
      created_at timestamptz not null default now(),
      updated_at timestamptz not null default now(),
      tenant_id uuid not null default hq.nil_tenant() references public.tenants (id) on delete cascade,
      owner_type text not null,
      owner_id uuid not null,
      label text,
      url text,
      is_deliverable boolean not null default false,
      review_status public.review_status,
      review_note text,
      submitted_by_agent_id uuid references public.agents (id) on delete set null,
      reviewed_at timestamptz
    );
    create index entity_links_of_owner on public.entity_links (tenant_id, owner_type, owner_id);
    insert into hq.created_tables (name) values ('entity_links');
  end if;
end
$$;

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
create index if not exists agent_inbox_items_reason on public.agent_inbox_items (tenant_id, dedup_key text_pattern_ops);

-- Decides whom the web product shows a task to.
alter table public.tasks add column if not exists assignee_type text check (assignee_type in ('human', 'agent', 'system'));
alter table public.entity_links add column if not exists created_at timestamptz not null default now();
alter table public.entity_links add column if not exists target_type text;
alter table public.entity_links add column if not exists target_id uuid;
create index if not exists entity_links_deliverables on public.entity_links (tenant_id, created_at desc) where is_deliverable;

create index if not exists tasks_due on public.tasks (tenant_id, due_date)
where due_date is not null and archived_at is null and status not in ('done', 'cancelled', 'missed');

-- Tasks, what is said about them, what they wait for, and what came out of them.

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
    perform hq.keep_updated_at('public.tasks');
    comment on table public.tasks is 'Made by hq-db.';
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
    perform hq.keep_updated_at('public.comments');
    comment on table public.comments is 'Made by hq-db.';
  end if;
  if to_regclass('public.task_relations') is null then
    create table public.task_relations (
      id uuid primary key default gen_random_uuid(),
      created_at timestamptz not null default now(),
      tenant_id uuid not null default hq.nil_tenant() references public.tenants (id) on delete cascade,
      task_id uuid not null references public.tasks (id) on delete cascade,
      related_task_id uuid not null references public.tasks (id) on delete cascade,
      relation_type text not null check (relation_type in ('blocks', 'relates_to', 'duplicates')),
      unique (task_id, related_task_id, relation_type),
      check (task_id <> related_task_id)
    );
    create index task_relations_other_end on public.task_relations (related_task_id);
    comment on table public.task_relations is 'Made by hq-db.';
  end if;
  if to_regclass('public.entity_links') is null then
    create type public.review_status as enum ('draft', 'in_review', 'approved', 'revision_requested', 'rejected');
    create table public.entity_links (
      id uuid primary key default gen_random_uuid(),
      created_at timestamptz not null default now(),
      updated_at timestamptz not null default now(),
      tenant_id uuid not null default hq.nil_tenant() references public.tenants (id) on delete cascade,
      entity_type text not null,
      entity_id uuid not null,
      title text,
      url text,
      is_deliverable boolean not null default false,
      review_status public.review_status,
      review_note text,
      submitted_by_agent_id uuid references public.agents (id) on delete set null,
      reviewed_at timestamptz
    );
    create index entity_links_of_entity on public.entity_links (tenant_id, entity_type, entity_id);
    perform hq.keep_updated_at('public.entity_links');
    comment on table public.entity_links is 'Made by hq-db.';
  end if;
end
$$;

select hq.guard_table('public.tasks', 'viewer', 'operator', 'operator', 'operator');
select hq.open_columns_except('public.tasks', '{}');
select hq.guard_table('public.comments', 'viewer', 'operator', 'operator', 'operator');
select hq.open_columns_except('public.comments', '{entity_type, entity_id, actor_type, actor_agent_id}');
select hq.guard_table('public.task_relations', 'viewer', 'operator', null, 'operator');
select hq.guard_table('public.entity_links', 'viewer', 'operator', 'operator', 'operator');
select hq.open_columns_except('public.entity_links', '{}');

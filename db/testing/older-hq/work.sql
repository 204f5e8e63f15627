-- Tasks, comments, links and contacts.
create type public.task_status as enum ('todo', 'in_progress', 'blocked', 'done', 'cancelled', 'missed');
create type public.task_priority as enum ('low', 'medium', 'high', 'urgent');
create table public.tasks (
  id uuid primary key default gen_random_uuid(), created_at timestamptz not null default now(), updated_at timestamptz not null default now(),
  tenant_id uuid not null default '00000000-0000-0000-0000-000000000000' references public.tenants (id) on delete cascade,
  title text not null, description text, status public.task_status not null default 'todo',
  priority public.task_priority not null default 'medium', assignee_type public.actor_kind default 'human',
  assignee_agent_id uuid references public.agents (id), due_date date, parent_id uuid references public.tasks (id) on delete set null,
  stream_id uuid references public.streams (id) on delete set null, model_override text, thinking_override text, archived_at timestamptz,
  board_position double precision
);
create trigger tasks_updated_at before update on public.tasks for each row execute function public.update_updated_at();
create table public.comments (
  id uuid primary key default gen_random_uuid(), created_at timestamptz not null default now(), updated_at timestamptz not null default now(),
  tenant_id uuid not null default '00000000-0000-0000-0000-000000000000' references public.tenants (id) on delete cascade,
  entity_type text not null, entity_id uuid not null, parent_id uuid references public.comments (id) on delete cascade, body text not null,
  actor_type public.actor_kind not null default 'human', actor_agent_id uuid references public.agents (id) on delete set null,
  mentions text[] not null default '{}'
);
create type public.relation_type as enum ('blocks', 'relates_to', 'duplicates');
create table public.task_relations (
  id uuid primary key default gen_random_uuid(), created_at timestamptz not null default now(),
  tenant_id uuid not null default '00000000-0000-0000-0000-000000000000' references public.tenants (id) on delete cascade,
  source_task_id uuid not null references public.tasks (id) on delete cascade,
  target_task_id uuid not null references public.tasks (id) on delete cascade,
  relation_type public.relation_type not null default 'blocks', unique (source_task_id, target_task_id, relation_type)
);
create type public.review_status as enum ('draft', 'in_review', 'approved', 'revision_requested', 'rejected');
create table public.entity_links (
  id uuid primary key default gen_random_uuid(), created_at timestamptz not null default now(),
  tenant_id uuid not null default '00000000-0000-0000-0000-000000000000' references public.tenants (id) on delete cascade,
  owner_type text not null, owner_id uuid not null, target_type text, target_id uuid, url text, label text,
  is_deliverable boolean not null default false, review_status public.review_status, review_note text,
  submitted_by_agent_id uuid references public.agents (id) on delete set null, reviewed_at timestamptz
);
create table public.contacts (
  id uuid primary key default gen_random_uuid(), created_at timestamptz not null default now(), updated_at timestamptz not null default now(),
  tenant_id uuid not null default '00000000-0000-0000-0000-000000000000' references public.tenants (id) on delete cascade,
  name text not null, email text, stage_id uuid references public.stages (id) on delete set null
);
create table public.interactions (
  id uuid primary key default gen_random_uuid(), created_at timestamptz not null default now(),
  tenant_id uuid not null default '00000000-0000-0000-0000-000000000000' references public.tenants (id) on delete cascade,
  contact_id uuid not null references public.contacts (id) on delete cascade, summary text not null
);
create function public.rename_contact(p_id uuid, p_name text) returns void language sql as $$
  update public.contacts set name = p_name where id = p_id $$;

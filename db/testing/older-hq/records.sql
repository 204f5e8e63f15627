-- The audit log and the notifications, with their enums and what they demand.
create type public.actor_kind as enum ('human', 'agent', 'system');
create type public.audit_action as enum ('created', 'updated', 'deleted', 'archived', 'assigned', 'completed', 'reviewed', 'commented', 'configured');
create table public.audit_log (
  id bigint generated always as identity primary key, created_at timestamptz not null default now(),
  tenant_id uuid not null default '00000000-0000-0000-0000-000000000000' references public.tenants (id) on delete cascade,
  actor_type public.actor_kind not null default 'human', actor_agent_id uuid references public.agents (id) on delete set null,
  module text not null, entity_type text not null, entity_id uuid not null, action public.audit_action not null, summary text,
  changes jsonb, meta jsonb not null default '{}'
);
create type public.notification_type as enum ('mention', 'task_assigned', 'task_completed', 'task_blocked', 'task_overdue',
  'deliverable_submitted', 'deliverable_reviewed', 'budget_warning', 'budget_exceeded');
create table public.notifications (
  id uuid primary key default gen_random_uuid(), created_at timestamptz not null default now(),
  tenant_id uuid not null default '00000000-0000-0000-0000-000000000000' references public.tenants (id) on delete cascade,
  type public.notification_type not null, title text not null, body text, entity_type text, entity_id uuid,
  actor_type public.actor_kind, actor_agent_id uuid references public.agents (id) on delete set null, read_at timestamptz,
  dismissed_at timestamptz, meta jsonb not null default '{}'
);

-- Questions of agents to the operators. The first answer wins; one that nobody answers expires.
create table if not exists public.agent_questions (
  id uuid primary key default gen_random_uuid(),
  created_at timestamptz not null default clock_timestamp(),
  updated_at timestamptz not null default clock_timestamp(),
  tenant_id uuid not null default hq.nil_tenant() references public.tenants (id) on delete cascade,
  agent_id uuid not null references public.agents (id) on delete cascade,
  kind text not null check (kind in ('question', 'allow_host')),
  question text not null,
  choices text[] not null default '{}',
  free_text boolean not null default true,
  task_id uuid references public.tasks (id) on delete set null,
  item_id uuid references public.agent_inbox_items (id) on delete set null,
  -- The host of allow_host, with a port where it is not that of http or https.
  host text,
  status text not null default 'open' check (status in ('open', 'answered', 'expired')),
  expires_at timestamptz not null,
  -- Until then a turn waits for the answer itself.
  waits_until timestamptz,
  answer text,
  answered_at timestamptz,
  answered_by uuid,
  -- When the agent got the answer: in its turn, or in its inbox.
  delivered_at timestamptz
);

create unique index if not exists agent_questions_open_host on public.agent_questions (agent_id, host) where status = 'open' and host is not null;
create index if not exists agent_questions_newest on public.agent_questions (tenant_id, created_at desc);
create index if not exists agent_questions_open on public.agent_questions (agent_id, created_at) where status = 'open';
create index if not exists agent_questions_of_item on public.agent_questions (item_id) where item_id is not null;
create index if not exists agent_questions_undelivered on public.agent_questions (tenant_id) where status <> 'open' and delivered_at is null;

select hq.add_enum_values('public.agent_inbox_items', 'event_type', '{question_answer}');
select hq.add_enum_values('public.notifications', 'type', '{agent_question,question_expired}');
select hq.add_enum_values('public.notifications', 'entity_type', '{agent_question}');
select hq.add_enum_values('public.audit_log', 'entity_type', '{agent_question}');
select hq.add_enum_values('public.audit_log', 'action', '{question.asked,question.answered,question.expired}');

-- The branch with the agent's files and its id in OpenClaw. They stay when the workspace is renamed.
alter table public.agents add column if not exists branch text;
alter table public.agents add column if not exists openclaw_id text;
alter table public.gateways add column if not exists agents_version bigint not null default 0;

-- Whose turn holds a leased item.
alter table public.agent_inbox_items add column if not exists lease_session text;
alter table public.agent_inbox_items add column if not exists lease_run text;

create table if not exists hq.agent_credentials (
  agent_id uuid primary key references public.agents (id) on delete cascade,
  token_hash text not null unique,
  issued_at timestamptz not null default clock_timestamp()
);

select hq.add_enum_values('public.audit_log', 'actor_type', '{agent}');
select hq.add_enum_values('public.audit_log', 'module', '{agents}');
select hq.add_enum_values('public.audit_log', 'entity_type', '{agent,task,comment,entity_link,agent_inbox_item,notification,gateway_registration_token}');
select hq.add_enum_values('public.audit_log', 'action',
  '{agent.provisioned,agent.failed,agent.removed,agent.credential_issued,agent.model_set,agent.hosts_set,gateway.token_issued}');
select hq.add_enum_values('public.audit_log', 'action',
  '{item.taken,item.completed,item.failed,task.created,task.status_set,task.commented,deliverable.submitted,operator.notified}');
select hq.add_enum_values('public.comments', 'actor_type', '{agent}');
select hq.add_enum_values('public.tasks', 'assignee_type', '{agent}');
select hq.add_enum_values('public.notifications', 'type', '{agent_notice}');
select hq.add_enum_values('public.notifications', 'actor_type', '{agent}');

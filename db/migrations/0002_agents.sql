-- Agents that HQ provisions: where they are on their gateway, their credentials, and the people who ask to write to them.
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

create table if not exists public.pairing_requests (
  id uuid primary key default gen_random_uuid(),
  created_at timestamptz not null default clock_timestamp(),
  updated_at timestamptz not null default clock_timestamp(),
  tenant_id uuid not null default hq.nil_tenant() references public.tenants (id) on delete cascade,
  gateway_id uuid not null references public.gateways (id) on delete cascade,
  agent_id uuid not null references public.agents (id) on delete cascade,
  channel text not null,
  account text not null,
  sender text not null,
  sender_name text,
  code text not null,
  status text not null default 'pending' check (status in ('pending', 'approved', 'expired')),
  expires_at timestamptz not null
);

create unique index if not exists pairing_requests_open on public.pairing_requests (gateway_id, channel, code) where status = 'pending';
create index if not exists pairing_requests_newest on public.pairing_requests (tenant_id, created_at desc);
create index if not exists pairing_requests_of_agent on public.pairing_requests (agent_id, created_at desc);

select hq.add_enum_values('public.notifications', 'entity_type', '{pairing_request}');
select hq.add_enum_values('public.audit_log', 'entity_type', '{pairing_request}');
select hq.add_enum_values('public.audit_log', 'action', '{pairing.requested,pairing.approved}');

create table if not exists public.audit_log (
  id uuid primary key default gen_random_uuid(),
  created_at timestamptz not null default clock_timestamp(),
  tenant_id uuid not null default hq.nil_tenant() references public.tenants (id) on delete cascade,
  actor_type text not null default 'system' check (actor_type in ('human', 'agent', 'system')),
  actor_agent_id uuid references public.agents (id) on delete set null,
  module text,
  entity_type text,
  entity_id uuid,
  action text not null,
  summary text,
  changes jsonb,
  meta jsonb not null default '{}'
);

alter table public.audit_log add column if not exists actor_user_id uuid;
create index if not exists audit_log_newest on public.audit_log (tenant_id, created_at desc);
select hq.add_enum_values('public.audit_log', 'actor_type', '{human,system}');
select hq.add_enum_values('public.audit_log', 'module', '{commands}');
select hq.add_enum_values('public.audit_log', 'entity_type', '{agent_command}');
select hq.add_enum_values('public.audit_log', 'action', '{command.enqueued,command.refused,command.cancelled}');

-- Changes of members.
select hq.add_enum_values('public.audit_log', 'module', '{members}');
select hq.add_enum_values('public.audit_log', 'entity_type', '{member}');
select hq.add_enum_values('public.audit_log', 'action', '{member.added,member.changed,member.removed}');

-- Changes of secrets and failures of their sync, without values and ciphertexts.
select hq.add_enum_values('public.audit_log', 'module', '{secrets}');
select hq.add_enum_values('public.audit_log', 'entity_type', '{secret}');
select hq.add_enum_values('public.audit_log', 'action',
  '{secret.created,secret.rotated,secret.moved,secret.noted,secret.deleted,secret.sync_failed,secret.rekeyed}');
select hq.add_enum_values('public.audit_log', 'module', '{chat}');
select hq.add_enum_values('public.audit_log', 'entity_type', '{chat_identity,chat_channel}');
select hq.add_enum_values('public.audit_log', 'action',
  '{chat.refused,chat.linked,chat.unlinked,chat.revoked,chat.bound,chat.unbound,chat.declined}');

-- What a tenant should look at.

create table if not exists public.notifications (
  id uuid primary key default gen_random_uuid(),
  created_at timestamptz not null default clock_timestamp(),
  tenant_id uuid not null default hq.nil_tenant() references public.tenants (id) on delete cascade,
  type text not null,
  title text not null,
  body text,
  entity_type text,
  entity_id uuid,
  actor_type text,
  actor_agent_id uuid references public.agents (id) on delete set null,
  read_at timestamptz,
  dismissed_at timestamptz,
  meta jsonb not null default '{}'
);
create index if not exists notifications_newest on public.notifications (tenant_id, created_at desc);
create index if not exists notifications_open on public.notifications (tenant_id, created_at desc) where dismissed_at is null;
select hq.guard_table('public.notifications', 'viewer', null, 'operator', null);
select hq.open_columns('public.notifications', '{read_at, dismissed_at}');
select hq.teach_enum('public.notifications', 'type', '{command_failed,budget_warned,budget_exceeded}');
select hq.teach_enum('public.notifications', 'entity_type', '{agent_command,agent}');
select hq.teach_enum('public.notifications', 'actor_type', '{system}');

create or replace function hq.notify(p_notification jsonb) returns void language sql
set search_path = '' as $$
  insert into public.notifications
    (tenant_id, type, title, body, entity_type, entity_id, actor_type, meta)
  select r.tenant_id, r.type, r.title, r.body, r.entity_type, r.entity_id, r.actor_type, coalesce(r.meta, '{}')
  from jsonb_populate_record(null::public.notifications, p_notification) r
$$;

create or replace function hq.notify_failed_command() returns trigger language plpgsql security definer
set search_path = '' as $$
begin
  perform hq.notify(jsonb_build_object(
    'tenant_id', new.tenant_id,
    'type', 'command_failed',
    'title', format('%s failed on %s', coalesce((select a.title from hq.actions a where a.name = new.action::text), new.action::text),
      coalesce((select g.slug from public.gateways g where g.id = new.gateway_id), 'a gateway that is gone')),
    'body', coalesce(left(new.error_message, 2000), 'exit code ' || coalesce(new.exit_code::text, 'unknown')),
    'entity_type', 'agent_command',
    'entity_id', new.id,
    'actor_type', 'system',
    'meta', jsonb_build_object('action', new.action, 'gateway_id', new.gateway_id, 'agent_slug', new.agent_slug,
      'attempt', new.attempt, 'requested_by', new.requested_by)));
  return null;
end
$$;
create or replace trigger hq_notify_failed_command after update of status on public.agent_commands
for each row when (new.status = 'failed' and old.status is distinct from 'failed')
execute function hq.notify_failed_command();

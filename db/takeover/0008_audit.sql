-- Who did what. Written by the database; nobody but the service role changes or removes a line.

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
select hq.guard_table('public.audit_log', 'viewer', 'operator', null, null);

-- A member may add a line, but only in their own name and at this time.
create or replace function hq.sign_audit_line() returns trigger language plpgsql security definer
set search_path = '' as $$
begin
  if hq.caller_role() = 'authenticated' then
    new.actor_type := 'human';
    new.actor_user_id := auth.uid();
    new.actor_agent_id := null;
    new.created_at := clock_timestamp();
  end if;
  return new;
end
$$;
create or replace trigger hq_sign_audit_line before insert on public.audit_log
for each row execute function hq.sign_audit_line();

-- An older HQ may type a column as text, uuid or an enum: the record's own types decide, and an enum learns our words.
create or replace function hq.teach_enum(p_table regclass, p_column name, p_values text[]) returns void language plpgsql
set search_path = '' as $$
declare
  v_type oid;
  v_value text;
begin
  select a.atttypid into v_type from pg_catalog.pg_attribute a
  join pg_catalog.pg_type t on t.oid = a.atttypid and t.typtype = 'e'
  where a.attrelid = p_table and a.attname = p_column;
  if v_type is null then
    return;
  end if;
  foreach v_value in array p_values loop
    execute format('alter type %s add value if not exists %L', v_type::regtype, v_value);
  end loop;
end
$$;
select hq.teach_enum('public.audit_log', 'actor_type', '{human,system}');
select hq.teach_enum('public.audit_log', 'module', '{commands}');
select hq.teach_enum('public.audit_log', 'entity_type', '{agent_command}');
select hq.teach_enum('public.audit_log', 'action', '{command.enqueued,command.refused,command.cancelled}');

create or replace function hq.write_audit(p_line jsonb) returns void language sql
set search_path = '' as $$
  insert into public.audit_log
    (tenant_id, actor_type, actor_user_id, module, entity_type, entity_id, action, summary, meta)
  select r.tenant_id, r.actor_type, r.actor_user_id, r.module, r.entity_type, r.entity_id, r.action, r.summary,
    coalesce(r.meta, '{}')
  from jsonb_populate_record(null::public.audit_log, p_line) r
$$;

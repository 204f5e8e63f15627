-- A member adds lines only in their own name and at the present time.
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

-- Names the tenant where a row is about nothing else and the table, an older HQ's, demands an entity.
create or replace function hq.with_entity(p_table regclass, p_row jsonb) returns jsonb language sql stable
set search_path = '' as $$
  select case when p_row ->> 'entity_id' is null and exists (
      select from pg_catalog.pg_attribute a where a.attrelid = p_table and a.attname = 'entity_id' and a.attnotnull)
    then p_row || jsonb_build_object('entity_type', coalesce(p_row ->> 'entity_type', 'agent_command'), 'entity_id', p_row ->> 'tenant_id')
    else p_row end
$$;

-- Adds a line of its `actor_user_id` or its `actor_agent_id`, or of the system where it has neither.
create or replace function hq.write_audit(p_line jsonb) returns void language sql
set search_path = '' as $$
  insert into public.audit_log
    (tenant_id, actor_type, actor_user_id, actor_agent_id, module, entity_type, entity_id, action, summary, meta)
  select r.tenant_id, r.actor_type, r.actor_user_id, r.actor_agent_id, r.module, r.entity_type, r.entity_id, r.action, r.summary,
    coalesce(r.meta, '{}')
  from jsonb_populate_record(null::public.audit_log, hq.with_entity('public.audit_log', p_line
    || jsonb_build_object('actor_type', case when p_line ->> 'actor_user_id' is not null then 'human'
      when p_line ->> 'actor_agent_id' is not null then 'agent' else 'system' end))) r
$$;

-- Limits the refusals that one caller can add: anybody with an account could fill the log otherwise.
create or replace function hq.limit_refusals() returns trigger language plpgsql security definer
set search_path = '' as $$
declare
  c_a_minute constant int := 30;
begin
  if c_a_minute <= (
    select count(*) from public.audit_log a
    where a.tenant_id = new.tenant_id and a.created_at > clock_timestamp() - interval '1 minute'
      and a.actor_user_id = new.actor_user_id and a.action::text = 'command.refused')
  then
    return null;
  end if;
  return new;
end
$$;
create or replace trigger hq_limit_refusals before insert on public.audit_log
for each row when (new.action::text = 'command.refused' and new.actor_user_id is not null)
execute function hq.limit_refusals();

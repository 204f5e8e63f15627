-- What one caller may put in before the rest of it has been dealt with. Without this a viewer's reads, which need no more than that
-- role, could stand in front of an operator's pause by the hundred thousand.

-- Runs behind hq_guard_command, by its name, which has written who asks and for which gateway, and checked the payload. `meta` is
-- the one column that is left to the caller.
create or replace function hq.limit_command() returns trigger language plpgsql security definer
set search_path = '' as $$
declare
  c_waiting constant int := 200;
  c_meta_bytes constant int := 16384;
begin
  if octet_length(new.meta::text) > c_meta_bytes then
    raise exception 'meta must be at most 16 KiB' using errcode = '22023', column = 'meta', table = 'agent_commands';
  end if;
  if hq.caller_role() = 'authenticated' and c_waiting <= (
    select count(*) from (
      select from public.agent_commands c
      where c.gateway_id = new.gateway_id and c.requested_by = new.requested_by and c.status = 'pending' limit c_waiting
    ) waiting)
  then
    raise exception '% commands of yours wait on this gateway already', c_waiting
      using errcode = '23505', column = 'gateway', table = 'agent_commands', hint = 'Wait until some have run, or cancel some.';
  end if;
  return new;
end
$$;
create or replace trigger hq_limit_command before insert on public.agent_commands
for each row execute function hq.limit_command();

-- A refusal is worth a line, the same caller's thousandth in a minute is not: whoever can sign in at all, a member or not,
-- could fill the log with them.
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

-- The inbox, too, points only at rows of its own tenant: a comment says by itself what it is about, and a mention in it would
-- have hung an agent's item on another tenant's task. Where an older HQ fills the inbox its own way it is left to it.
do $$
begin
  if hq.made_here('public.comments') then
    create or replace trigger hq_refuse_foreign_rows before insert or update of task_id, comment_id, agent_id, tenant_id
    on public.agent_inbox_items for each row
    execute function hq.refuse_foreign_rows('task_id', 'tasks', 'comment_id', 'comments', 'agent_id', 'agents');
  end if;
end
$$;

-- The queue functions of an older HQ, for its own daemons. They have no fencing: hq.check_command_change protects rows that a
-- runner holds. An older HQ's own versions stay.
select hq.define_unless_foreign('public.lease_command(integer,text)', $create$
  create or replace function public.lease_command(p_lease_seconds integer default 300, p_gateway_slug text default null)
  returns setof public.agent_commands language sql security definer set search_path = '' as $fn$
    with next as (
      select c.id from public.agent_commands c join public.gateways g on g.id = c.gateway_id
      where (p_gateway_slug is null or g.slug = p_gateway_slug) and g.status not in ('paused', 'hibernating')
        and (c.status = 'pending' or (c.status = 'leased' and c.lease_token is null and c.leased_until < now()))
      order by c.priority desc, c.created_at, c.id limit 1 for no key update of c skip locked
    )
    update public.agent_commands c
    set status = 'leased', leased_at = now(), leased_until = now() + make_interval(secs => p_lease_seconds), attempt = c.attempt + 1
    from next where c.id = next.id
    returning c.*
  $fn$
$create$,
  'For the daemons of an older HQ: leases one command.');

select hq.define_unless_foreign('public.start_command(uuid)', $create$
  create or replace function public.start_command(p_command_id uuid)
  returns setof public.agent_commands language sql security definer set search_path = '' as $fn$
    update public.agent_commands c set status = 'running', started_at = now()
    where c.id = p_command_id and c.status = 'leased' returning c.*
  $fn$
$create$,
  'For the daemons of an older HQ: marks a leased command as running.');

select hq.define_unless_foreign('public.complete_command(uuid,integer,text,text)', $create$
  create or replace function public.complete_command(p_command_id uuid, p_exit_code integer, p_stdout text, p_stderr text)
  returns setof public.agent_commands language sql security definer set search_path = '' as $fn$
    update public.agent_commands c
    set status = 'done', completed_at = now(), exit_code = p_exit_code, stdout = p_stdout, stderr = p_stderr
    where c.id = p_command_id returning c.*
  $fn$
$create$,
  'For the daemons of an older HQ: ends a command as done.');

select hq.define_unless_foreign('public.fail_command(uuid,integer,text,text,text)', $create$
  create or replace function public.fail_command(p_command_id uuid, p_exit_code integer, p_stdout text, p_stderr text, p_error text)
  returns setof public.agent_commands language sql security definer set search_path = '' as $fn$
    update public.agent_commands c
    set status = 'failed', completed_at = now(), exit_code = p_exit_code, stdout = p_stdout, stderr = p_stderr,
      error_message = p_error
    where c.id = p_command_id returning c.*
  $fn$
$create$,
  'For the daemons of an older HQ: ends a command as failed.');

select hq.define_unless_foreign('public.lease_inbox_item(uuid,integer)', $create$
  create or replace function public.lease_inbox_item(p_agent_id uuid, p_lease_seconds integer default 120)
  returns setof public.agent_inbox_items language plpgsql security definer set search_path = '' as $fn$
  begin
    update public.agent_inbox_items i
    set status = 'dead_letter', failed_at = now(), leased_until = null
    where i.agent_id = p_agent_id and i.status = 'leased' and i.leased_until < now() and i.attempt_count >= i.max_attempts;
    return query
    with next as (
      select i.id from public.agent_inbox_items i
      where i.agent_id = p_agent_id and (i.status = 'pending' or (i.status = 'leased' and i.leased_until < now()))
      order by i.created_at, i.id limit 1 for update skip locked
    )
    update public.agent_inbox_items i
    set status = 'leased', leased_at = now(), leased_until = now() + make_interval(secs => p_lease_seconds),
      attempt_count = i.attempt_count + 1
    from next where i.id = next.id
    returning i.*;
  end
  $fn$
$create$,
  'For the daemons of an older HQ: leases one inbox item of an agent.');

select hq.define_unless_foreign('public.complete_inbox_item(uuid)', $create$
  create or replace function public.complete_inbox_item(p_item_id uuid)
  returns setof public.agent_inbox_items language sql security definer set search_path = '' as $fn$
    update public.agent_inbox_items i set status = 'done', completed_at = now(), leased_until = null
    where i.id = p_item_id and i.status in ('pending', 'leased') returning i.*
  $fn$
$create$,
  'For the daemons of an older HQ: ends an inbox item as done.');

select hq.define_unless_foreign('public.fail_inbox_item(uuid,text)', $create$
  create or replace function public.fail_inbox_item(p_item_id uuid, p_reason text)
  returns setof public.agent_inbox_items language sql security definer set search_path = '' as $fn$
    update public.agent_inbox_items i
    set status = case when i.attempt_count >= i.max_attempts then 'dead_letter' else 'pending' end::public.inbox_item_status,
      failed_at = now(), leased_until = null, context = i.context || jsonb_build_object('last_failure', left(p_reason, 2000))
    where i.id = p_item_id and i.status in ('pending', 'leased') returning i.*
  $fn$
$create$,
  'For the daemons of an older HQ: fails an inbox item; it waits again until its attempts are used up.');

-- The queue functions of an older HQ, for its own daemons. They have no fencing: what a runner of ours holds is out of
-- their reach (hq.check_command_change). Where they stand already they stay as they are.

select hq.create_unless_there('public.lease_command(integer,text)', $create$
  create function public.lease_command(p_lease_seconds integer default 300, p_gateway_slug text default null)
  returns setof public.agent_commands language sql security definer set search_path = '' as $fn$
    with next as (
      select c.id from public.agent_commands c join public.gateways g on g.id = c.gateway_id
      where (p_gateway_slug is null or g.slug = p_gateway_slug) and g.status not in ('paused', 'hibernating')
        and (c.status = 'pending' or (c.status = 'leased' and c.lease_token is null and c.leased_until < now()))
      order by c.priority desc, c.created_at, c.id limit 1 for update of c skip locked
    )
    update public.agent_commands c
    set status = 'leased', leased_at = now(), leased_until = now() + make_interval(secs => p_lease_seconds), attempt = c.attempt + 1
    from next where c.id = next.id
    returning c.*
  $fn$
$create$);

select hq.create_unless_there('public.start_command(uuid)', $create$
  create function public.start_command(p_command_id uuid)
  returns setof public.agent_commands language sql security definer set search_path = '' as $fn$
    update public.agent_commands c set status = 'running', started_at = now()
    where c.id = p_command_id and c.status = 'leased' returning c.*
  $fn$
$create$);

select hq.create_unless_there('public.complete_command(uuid,integer,text,text)', $create$
  create function public.complete_command(p_command_id uuid, p_exit_code integer, p_stdout text, p_stderr text)
  returns setof public.agent_commands language sql security definer set search_path = '' as $fn$
    update public.agent_commands c
    set status = 'done', completed_at = now(), exit_code = p_exit_code, stdout = p_stdout, stderr = p_stderr
    where c.id = p_command_id returning c.*
  $fn$
$create$);

select hq.create_unless_there('public.fail_command(uuid,integer,text,text,text)', $create$
  create function public.fail_command(p_command_id uuid, p_exit_code integer, p_stdout text, p_stderr text, p_error text)
  returns setof public.agent_commands language sql security definer set search_path = '' as $fn$
    update public.agent_commands c
    set status = 'failed', completed_at = now(), exit_code = p_exit_code, stdout = p_stdout, stderr = p_stderr,
      error_message = p_error
    where c.id = p_command_id returning c.*
  $fn$
$create$);

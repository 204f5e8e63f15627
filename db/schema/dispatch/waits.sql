-- Why inbox items and tasks wait, for people.

-- Returns why an item waits: null for one that is in work or closed.
create or replace function hq.item_wait(p_item public.agent_inbox_items) returns jsonb language plpgsql stable
set search_path = '' as $$
declare
  v_agent public.agents;
  v_gate record;
  v_reason text;
  v_place int;
begin
  if p_item.status::text not in ('pending', 'leased') or (p_item.status = 'leased' and p_item.leased_until > clock_timestamp()) then
    return null;
  end if;
  select * into v_agent from public.agents a where a.id = p_item.agent_id;
  select * into v_gate from hq.wake_gate(v_agent);
  v_reason := coalesce(v_gate.reason, case when hq.awaits_answer(p_item.id) then 'question' end, 'queued');
  if v_reason not in ('workspace_stopped', 'stalled', 'agent_paused', 'gateway_paused', 'no_gateway')
    and exists (select from public.gateways g where g.id = v_agent.gateway_id and hq.is_stale(g))
  then
    v_reason := 'no_runner';
  end if;
  v_place := 1 + (select count(*) from public.agent_inbox_items i where i.agent_id = p_item.agent_id and i.status in ('pending', 'leased')
    and (i.created_at, i.id) < (p_item.created_at, p_item.id));
  return jsonb_build_object('reason', v_reason, 'until', v_gate.until, 'place', v_place, 'text', case v_reason
    when 'question' then 'the agent waits for the answer to a question'
    when 'workspace_stopped' then 'all agents are stopped' when 'stalled' then 'the agent is stalled after failures'
    when 'in_turn' then format('place %s: the agent works on something else', v_place)
    when 'leased' then format('place %s: the agent works on something else', v_place)
    when 'held' then 'held: ' || coalesce(v_gate.detail, 'the provider refused') when 'cooldown' then 'the agent rests between two turns'
    when 'agent_paused' then 'the agent is ' || v_agent.status when 'gateway_paused' then 'its gateway is paused'
    when 'agent_not_ready' then 'the agent is not on its gateway yet' when 'no_gateway' then 'the agent has no gateway'
    when 'question' then 'the agent has asked a question about it'
    when 'older_daemon' then 'the daemon of an older HQ wakes it'
    when 'no_runner' then 'its gateway is not heard of' when 'budget_exceeded' then 'the budget of the month is spent'
    when 'hourly_brake' then 'the agent has spent what it may in an hour' else format('place %s of the agent''s queue', v_place) end);
end
$$;

-- Returns why the oldest item of a task waits; null for a task with an item in work, or none.
create or replace function hq.task_wait(p_task public.tasks) returns jsonb language sql stable
set search_path = '' as $$
  select hq.item_wait(i) from public.agent_inbox_items i
  where i.task_id = p_task.id and i.status in ('pending', 'leased')
  order by i.status = 'leased' and i.leased_until > clock_timestamp() desc, i.created_at, i.id limit 1
$$;

create or replace function public.work_waits(p_items uuid[] default '{}', p_tasks uuid[] default '{}') returns jsonb
language sql stable security definer set search_path = '' as $$
  select coalesce(jsonb_object_agg(w.id, w.wait), '{}') from (
    select i.id, hq.item_wait(i) as wait from public.agent_inbox_items i where i.id = any (p_items[:500]) and i.tenant_id = public.current_tenant_id()
    union all
    select t.id, hq.task_wait(t) from public.tasks t where t.id = any (p_tasks[:500]) and t.tenant_id = public.current_tenant_id()) w
  where w.wait is not null and ((select public.member_role_of_caller()) is not null or hq.caller_role() not in ('authenticated', 'anon'))
$$;
select hq.open_function('public.work_waits(uuid[], uuid[])', 'authenticated, service_role',
  'Says why inbox items and tasks wait: an object of `{reason, until, place, text}` by id. Those that nothing waits for are left out. Reasons: workspace_stopped, stalled, in_turn, held, cooldown, agent_paused, gateway_paused, agent_not_ready, no_gateway, no_runner, older_daemon, leased, budget_exceeded, hourly_brake, question, queued.');

-- Gates. Each is a reason not to wake an agent, or to end its turn, in the order in which they are told.

-- Returns why nothing wakes an agent now, and until when where that is known; a null reason where it may wake.
create or replace function hq.wake_gate(p_agent public.agents, out reason text, out until timestamptz, out detail text)
language plpgsql stable set search_path = '' as $$
declare
  v_now timestamptz := clock_timestamp();
  v_state hq.agent_dispatch;
  v_gateway public.gateways;
begin
  select * into v_state from hq.agent_dispatch d where d.agent_id = p_agent.id;
  select * into v_gateway from public.gateways g where g.id = p_agent.gateway_id;
  reason := case
    when exists (select from public.workspace w where w.tenant_id = p_agent.tenant_id and w.stopped_at is not null) then 'workspace_stopped'
    when v_state.stalled_at is not null then 'stalled'
    when v_state.token is not null then 'in_turn'
    when v_state.held_until > v_now then 'held'
    when v_state.cooldown_until > v_now then 'cooldown'
    when p_agent.status::text in ('paused', 'hibernating') then 'agent_paused'
    when v_gateway.status::text in ('paused', 'hibernating') then 'gateway_paused'
    when p_agent.status::text <> 'ready' or p_agent.openclaw_id is null then 'agent_not_ready'
    when v_gateway.id is null then 'no_gateway'
    when exists (select from hq.executors e where e.gateway_id = v_gateway.id and e.older_daemon_at > v_now - interval '90 seconds')
      then 'older_daemon'
    when exists (select from public.agent_inbox_items i
      where i.agent_id = p_agent.id and i.status = 'leased' and i.leased_until > v_now) then 'leased' end;
  until := case reason when 'held' then v_state.held_until when 'cooldown' then v_state.cooldown_until
    when 'leased' then (select max(i.leased_until) from public.agent_inbox_items i where i.agent_id = p_agent.id and i.status = 'leased') end;
  detail := case reason when 'held' then v_state.held_reason end;
  if reason is null then
    select s.reason, s.until into reason, until from hq.spending_gate(p_agent) s;
  end if;
end
$$;

-- Returns why a turn that is in flight has to end, or null.
create or replace function hq.abort_reason(p_turn hq.agent_dispatch) returns text language plpgsql stable
set search_path = '' as $$
declare
  v_agent public.agents;
  v_item public.agent_inbox_items;
begin
  select * into v_agent from public.agents a where a.id = p_turn.agent_id;
  select * into v_item from public.agent_inbox_items i where i.id = p_turn.item_id;
  return case
    when v_item.id is null or (v_item.status = 'done' and v_item.context ? 'withdrawn') then 'withdrawn'
    when exists (select from public.workspace w where w.tenant_id = v_agent.tenant_id and w.stopped_at is not null) then 'workspace_stopped'
    when v_agent.status::text in ('paused', 'hibernating') then 'agent_paused'
    when v_agent.gateway_id is distinct from p_turn.gateway_id then 'agent_moved'
    when exists (select from public.gateways g where g.id = p_turn.gateway_id and g.status::text in ('paused', 'hibernating')) then 'gateway_paused'
    else (select s.reason from hq.spending_gate(v_agent) s) end;
end
$$;

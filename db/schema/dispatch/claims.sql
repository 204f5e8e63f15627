-- Claims: which agents wake for which of their items.

-- Returns a turn as its runner gets it.
create or replace function hq.turn_json(p_turn hq.agent_dispatch, p_timeout int) returns jsonb language plpgsql stable
set search_path = '' as $$
declare
  v_agent public.agents;
  v_item public.agent_inbox_items;
begin
  select * into v_agent from public.agents a where a.id = p_turn.agent_id;
  select * into v_item from public.agent_inbox_items i where i.id = p_turn.item_id;
  return jsonb_build_object('item_id', p_turn.item_id, 'token', p_turn.token, 'attempt', v_item.attempt_count, 'event', v_item.event_type,
    'agent_id', v_agent.id, 'agent_slug', v_agent.slug, 'openclaw_id', v_agent.openclaw_id, 'session_key', p_turn.lease_session,
    'run_id', p_turn.lease_run, 'timeout_seconds', p_timeout,
    'model', (select t.model_override from public.tasks t where t.id = v_item.task_id),
    'thinking', (select t.thinking_override from public.tasks t where t.id = v_item.task_id),
    'item', case when v_item.id is not null then hq.whole_inbox_item(v_agent, v_item) end);
end
$$;

-- Returns the oldest item of an agent that waits for nothing but its turn, locked. An item that somebody else has locked is the next one
-- still, so that the order holds: null then.
create or replace function hq.lock_next_item(p_agent uuid) returns public.agent_inbox_items language plpgsql
set search_path = '' as $$
declare
  v_id uuid;
  v_item public.agent_inbox_items;
begin
  loop
    select i.id into v_id from public.agent_inbox_items i
    where i.agent_id = p_agent and i.status in ('pending', 'leased') and (i.status = 'pending' or i.leased_until <= clock_timestamp())
      and not hq.awaits_answer(i.id)
    order by i.created_at, i.id limit 1;
    select * into v_item from public.agent_inbox_items i
    where i.id = v_id and (i.status = 'pending' or (i.status = 'leased' and i.leased_until <= clock_timestamp()))
    for no key update skip locked;
    if v_item.id is null or v_item.attempt_count < v_item.max_attempts then
      return v_item;
    end if;
    update public.agent_inbox_items i
    set status = 'dead_letter', failed_at = clock_timestamp(), leased_until = null,
      context = jsonb_build_object('last_failure', 'every attempt ended without an answer') || coalesce(i.context, '{}')
    where i.id = v_item.id;
  end loop;
end
$$;

create or replace function hq.wake_cooldown(p_failures int, p_settings jsonb) returns interval language sql immutable
set search_path = '' as $$
  select make_interval(secs => least(coalesce((p_settings ->> 'wake_cooldown')::numeric, 30) * 2 ^ least(p_failures, 20),
    coalesce((p_settings ->> 'max_wake_cooldown')::numeric, 900))::double precision)
$$;

-- Keeps an agent from being deleted until the transaction is over, and returns whether it is there still. A deletion locks the agent and
-- then its turn and items: whoever locks those first, and the agent by a foreign key later, may deadlock with it.
create or replace function hq.keep_agent(p_agent_id uuid) returns boolean language plpgsql
set search_path = '' as $$
begin
  perform from public.agents a where a.id = p_agent_id for key share;
  return found;
end
$$;

-- Leases the next item of an agent. Returns the turn, or a row of nulls where nothing waits.
create or replace function hq.claim_turn(p_agent_id uuid, p_runner text, p_lease int, p_settings jsonb) returns hq.agent_dispatch
language plpgsql set search_path = '' as $$
declare
  v_now timestamptz := clock_timestamp();
  v_agent public.agents;
  v_item public.agent_inbox_items;
  v_turn hq.agent_dispatch;
begin
  if not hq.keep_agent(p_agent_id) then
    return null;
  end if;
  if not exists (select from hq.agent_dispatch d where d.agent_id = p_agent_id) then
    insert into hq.agent_dispatch (agent_id) values (p_agent_id) on conflict do nothing;
  end if;
  select * into v_turn from hq.agent_dispatch d where d.agent_id = p_agent_id for no key update skip locked;
  select * into v_agent from public.agents a where a.id = p_agent_id;
  if v_turn.agent_id is null or (hq.wake_gate(v_agent)).reason is not null then
    return null;
  end if;
  v_item := hq.lock_next_item(p_agent_id);
  if v_item.id is null then
    return null;
  end if;
  update public.agent_inbox_items i
  set status = 'leased', leased_at = v_now, leased_until = v_now + make_interval(secs => p_lease), attempt_count = i.attempt_count + 1,
    dispatch_count = i.dispatch_count + 1, dispatch_token = gen_random_uuid(), last_wake_attempt_at = v_now,
    lease_session = format('agent:%s:hq-item-%s-%s', v_agent.openclaw_id, left(i.id::text, 8), i.dispatch_count + 1),
    lease_run = format('hq:%s:%s', i.id, i.dispatch_count + 1)
  where i.id = v_item.id
  returning * into v_item;
  update hq.agent_dispatch d
  set token = v_item.dispatch_token, gateway_id = v_agent.gateway_id, runner_id = p_runner, item_id = v_item.id,
    lease_session = v_item.lease_session, lease_run = v_item.lease_run, started_at = v_now, leased_until = v_item.leased_until,
    lease_seconds = p_lease, last_wake_at = v_now, cooldown_until = v_now + hq.wake_cooldown(d.failures, p_settings)
  where d.agent_id = p_agent_id
  returning * into v_turn;
  insert into public.agent_activity as x (agent_id, tenant_id, item_id, run_id, since, model)
  values (v_agent.id, v_agent.tenant_id, v_item.id, v_item.lease_run, v_now, v_agent.model)
  on conflict (agent_id) do update set item_id = excluded.item_id, run_id = excluded.run_id, since = excluded.since, model = excluded.model,
    tool = null, text = null, tokens = null, cost_usd = null, updated_at = excluded.updated_at;
  return v_turn;
end
$$;

-- Ends turns of agents that have moved here, where nobody of their old gateway reports them any more.
create or replace function hq.end_left_turns(p_gateway uuid, p_settings jsonb) returns void language plpgsql
set search_path = '' as $$
begin
  perform hq.keep_agent(d.agent_id), hq.end_turn(d, '{"outcome": "failed", "error": "the gateway that ran the turn is gone"}', p_settings)
  from hq.agent_dispatch d join public.agents a on a.id = d.agent_id
  where a.gateway_id = p_gateway and d.token is not null and d.gateway_id is distinct from p_gateway
    and d.leased_until < clock_timestamp() - interval '5 minutes';
end
$$;

-- Leases items of agents of the gateway, those first that were not woken for longest, as many as there are places.
create or replace function hq.claim_turns(p_gateway uuid, p_runner text, p_claim int, p_lease int, p_settings jsonb) returns uuid[]
language plpgsql set search_path = '' as $$
declare
  v_places int := least(p_claim, coalesce(hq.int_or_null(p_settings -> 'max_concurrent_wakes'), 2)
    - (select count(*)::int from hq.agent_dispatch d where d.gateway_id = p_gateway and d.token is not null));
  v_agent_id uuid;
  v_turn hq.agent_dispatch;
  v_tokens uuid[] := '{}';
begin
  perform hq.end_left_turns(p_gateway, p_settings);
  if v_places <= 0 then
    return v_tokens;
  end if;
  for v_agent_id in
    select a.id from public.agents a left join hq.agent_dispatch d on d.agent_id = a.id
    cross join lateral (
      select i.created_at from public.agent_inbox_items i
      where i.agent_id = a.id and i.status in ('pending', 'leased') order by i.created_at limit 1) oldest
    where a.gateway_id = p_gateway and d.token is null and a.status::text = 'ready' and d.stalled_at is null
      and coalesce(greatest(d.cooldown_until, d.held_until) <= clock_timestamp(), true)
    order by d.last_wake_at nulls first, oldest.created_at, a.id
  loop
    v_turn := hq.claim_turn(v_agent_id, p_runner, p_lease, p_settings);
    if v_turn.token is not null then
      v_tokens := v_tokens || v_turn.token;
      exit when cardinality(v_tokens) >= v_places;
    end if;
  end loop;
  return v_tokens;
end
$$;

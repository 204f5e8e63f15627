-- Decides which agent wakes for which inbox item. The runner's dispatcher asks by dispatch_exchange, runs the turn and reports its
-- outcome. hq.agent_dispatch holds at most one turn of each agent, so that every gate holds after a restart and for several runners.

-- Gates. Each is a reason not to wake an agent, in the order in which they are told.

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

-- Claims.

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

-- Returns the oldest item of an agent that waits for nothing but its turn, locked. An item that somebody else has locked is the next one still, so that the order
-- holds: null then.
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

-- Leases the next item of an agent. Returns the turn, or a row of nulls where nothing waits.
create or replace function hq.claim_turn(p_agent_id uuid, p_runner text, p_lease int, p_settings jsonb) returns hq.agent_dispatch
language plpgsql set search_path = '' as $$
declare
  v_now timestamptz := clock_timestamp();
  v_agent public.agents;
  v_item public.agent_inbox_items;
  v_turn hq.agent_dispatch;
begin
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

create or replace function hq.wake_cooldown(p_failures int, p_settings jsonb) returns interval language sql immutable
set search_path = '' as $$
  select make_interval(secs => least(coalesce((p_settings ->> 'wake_cooldown')::numeric, 30) * 2 ^ least(p_failures, 20),
    coalesce((p_settings ->> 'max_wake_cooldown')::numeric, 900))::double precision)
$$;

-- Ends turns of agents that have moved here, where nobody of their old gateway reports them any more.
create or replace function hq.end_left_turns(p_gateway uuid, p_settings jsonb) returns void language sql
set search_path = '' as $$
  select hq.end_turn(d, '{"outcome": "failed", "error": "the gateway that ran the turn is gone"}', p_settings)
  from hq.agent_dispatch d join public.agents a on a.id = d.agent_id
  where a.gateway_id = p_gateway and d.token is not null and d.gateway_id is distinct from p_gateway
    and d.leased_until < clock_timestamp() - interval '5 minutes'
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

-- Outcomes.

-- Writes how a turn ended into its item, if the item is still the turn's: an item that the agent has completed or failed stays as it is.
create or replace function hq.close_turn_item(p_turn hq.agent_dispatch, p_counts boolean, p_reason text, p_hint text) returns void
language sql set search_path = '' as $$
  update public.agent_inbox_items i
  set status = case when p_counts and i.attempt_count >= i.max_attempts then 'dead_letter' else 'pending' end::public.inbox_item_status,
    attempt_count = case when p_counts then i.attempt_count else greatest(i.attempt_count - 1, 0) end,
    failed_at = case when p_counts then clock_timestamp() else i.failed_at end, leased_at = null, leased_until = null, lease_session = null,
    lease_run = null, context = coalesce(i.context, '{}') || case when p_reason is null then '{}'
      else jsonb_build_object('last_failure', left(p_reason, 2000), 'last_hint', left(p_hint, 500)) end
  where i.id = p_turn.item_id and i.status = 'leased' and i.dispatch_token = p_turn.token
$$;

create or replace function hq.tell_stalled(p_agent_id uuid, p_failures int, p_reason text) returns void language sql
set search_path = '' as $$
  select hq.notify(jsonb_build_object('tenant_id', a.tenant_id, 'type', 'agent_stalled', 'severity', 'error', 'subject', 'agent:' || a.id,
    'dedup_key', 'agent_stalled:' || a.id, 'title', format('%s is stalled: %s turns in a row failed', a.slug, p_failures),
    'body', format('The last one: %s. New work wakes it again, and so does retrying an item.', left(p_reason, 1500)),
    'entity_type', 'agent', 'entity_id', a.id, 'actor_type', 'system',
    'meta', jsonb_build_object('agent_slug', a.slug, 'gateway_id', a.gateway_id)))
  from public.agents a where a.id = p_agent_id
$$;

-- Ends a turn: frees the agent, and says what its outcome means for the item and for the next wake.
create or replace function hq.end_turn(p_turn hq.agent_dispatch, p_result jsonb, p_settings jsonb) returns void language plpgsql
set search_path = '' as $$
declare
  v_outcome text := p_result ->> 'outcome';
  v_item public.agent_inbox_items;
  v_is_success boolean;
  v_is_failure boolean;
  v_has_asked boolean;
  v_hold int;
  v_failures int := p_turn.failures;
  v_most int := coalesce(hq.int_or_null(p_settings -> 'max_consecutive_failures'), 5);
  v_releases int := case when p_result ->> 'outcome' = 'released' then p_turn.releases + 1 else 0 end;
begin
  select * into v_item from public.agent_inbox_items i where i.id = p_turn.item_id for no key update;
  v_is_success := v_outcome = 'done' and not (v_item.status = 'leased' and v_item.dispatch_token = p_turn.token);
  -- A turn that ended to wait for an answer has not failed.
  v_has_asked := v_outcome = 'done' and hq.asked_in_turn(p_turn.item_id, p_turn.started_at);
  v_is_failure := not v_is_success and not v_has_asked and v_item.status is distinct from 'done'
    and v_outcome not in ('released', 'held', 'aborted');
  perform hq.close_turn_item(p_turn, coalesce(v_is_failure, false), case
      when v_has_asked then null when v_outcome = 'done' then 'the turn ended without completing the item'
      when v_is_failure then coalesce(p_result ->> 'error', 'the turn failed') end, p_result ->> 'hint');
  -- A turn that never begins would be released without end.
  if v_outcome = 'held' or v_releases >= 5 then
    v_hold := least(900, greatest(coalesce(hq.int_or_null(p_result -> 'hold_seconds'), 30), coalesce(p_turn.held_seconds * 2, 0), 1));
  end if;
  v_failures := case when v_is_success then 0 when v_is_failure then v_failures + 1 else v_failures end;
  update hq.agent_dispatch d
  set token = null, last_token = p_turn.token, item_id = null, runner_id = null, leased_until = null, failures = v_failures, releases = v_releases,
    cooldown_until = case when v_is_failure then clock_timestamp() + hq.wake_cooldown(v_failures, p_settings)
      when v_is_success then d.cooldown_until end,
    stalled_at = case when v_is_failure and v_failures >= v_most
      then clock_timestamp() end,
    held_until = case when v_hold is not null then clock_timestamp() + make_interval(secs => v_hold) when not v_is_success then d.held_until end,
    held_seconds = coalesce(v_hold, case when not v_is_success then d.held_seconds end),
    held_reason = case when v_hold is not null then left(coalesce(p_result ->> 'hold_reason', p_result ->> 'error',
        case v_outcome when 'held' then 'the provider refused' else v_releases || ' turns in a row were given back' end), 500)
      when not v_is_success then d.held_reason end
  where d.agent_id = p_turn.agent_id;
  if v_is_success then
    perform hq.resolve_alert(v_item.tenant_id, 'agent_stalled:' || p_turn.agent_id);
  elsif v_is_failure and v_failures >= v_most then
    perform hq.tell_stalled(p_turn.agent_id, v_failures, coalesce(p_result ->> 'error', 'the turn ended without completing the item'));
  end if;
  -- Other items that the turn took and did not end.
  update public.agent_inbox_items i
  set status = case when i.attempt_count >= i.max_attempts then 'dead_letter' else 'pending' end::public.inbox_item_status,
    failed_at = clock_timestamp(), leased_at = null, leased_until = null, lease_session = null, lease_run = null,
    context = coalesce(i.context, '{}') || '{"last_failure": "the turn that took the item ended without completing it"}'
  where i.agent_id = p_turn.agent_id and i.status = 'leased' and i.lease_session = p_turn.lease_session and i.id <> p_turn.item_id;
  if v_is_success then
    update public.agent_inbox_items i set last_wake_success_at = clock_timestamp() where i.id = p_turn.item_id;
  end if;
  update public.agent_activity x set item_id = null, run_id = null, tool = null, text = null, since = null, updated_at = clock_timestamp()
  where x.agent_id = p_turn.agent_id;
end
$$;

-- Takes the results of turns, each once. Returns the tokens that are no turn's any more.
create or replace function hq.take_turn_results(p_results jsonb, p_settings jsonb) returns text[] language plpgsql
set search_path = '' as $$
declare
  v_entry jsonb;
  v_turn hq.agent_dispatch;
  v_lost text[] := '{}';
begin
  for v_entry in select e from hq.entries(p_results) e order by e ->> 'token' loop
    select * into v_turn from hq.agent_dispatch d where d.token = hq.token_of(v_entry) for no key update;
    if found then
      perform hq.end_turn(v_turn, v_entry, p_settings);
    elsif not exists (select from hq.agent_dispatch d where d.last_token = hq.token_of(v_entry)) then
      v_lost := v_lost || coalesce(left(v_entry ->> 'token', 100), 'unreadable');
    end if;
  end loop;
  return v_lost;
end
$$;

-- Renews leases and writes what the agents do, at most once a second for each. Returns the tokens that are no turn's any more.
create or replace function hq.renew_turns(p_entries jsonb, p_lease int) returns text[] language plpgsql
set search_path = '' as $$
declare
  v_entry jsonb;
  v_turn hq.agent_dispatch;
  v_until timestamptz;
  v_lost text[] := '{}';
begin
  for v_entry in select e from hq.entries(p_entries) e order by e ->> 'token' loop
    v_until := clock_timestamp() + make_interval(secs => p_lease);
    update hq.agent_dispatch d set leased_until = v_until, lease_seconds = p_lease where d.token = hq.token_of(v_entry) returning * into v_turn;
    if not found then
      v_lost := v_lost || coalesce(left(v_entry ->> 'token', 100), 'unreadable');
      continue;
    end if;
    update public.agent_inbox_items i set leased_until = greatest(i.leased_until, v_until)
    where i.id = v_turn.item_id and i.status = 'leased' and i.dispatch_token = v_turn.token;
    continue when jsonb_typeof(v_entry -> 'activity') is distinct from 'object';
    update public.agent_activity x
    set tool = left(v_entry #>> '{activity,tool}', 200), text = left(v_entry #>> '{activity,text}', 2000),
      tokens = coalesce(hq.int_or_null(v_entry #> '{activity,tokens}'), x.tokens),
      cost_usd = case when jsonb_typeof(v_entry #> '{activity,cost_usd}') = 'number'
        then least((v_entry #>> '{activity,cost_usd}')::numeric, 99999) else x.cost_usd end,
      model = coalesce(left(v_entry #>> '{activity,model}', 200), x.model), updated_at = clock_timestamp()
    where x.agent_id = v_turn.agent_id and x.updated_at < clock_timestamp() - interval '1 second';
  end loop;
  return v_lost;
end
$$;

-- Takes over the turns of a runner that is gone, with new tokens.
create or replace function hq.adopt_turns(p_gateway uuid, p_runner text, p_known uuid[], p_lease int) returns uuid[] language plpgsql
set search_path = '' as $$
declare
  v_turn hq.agent_dispatch;
  v_token uuid;
  v_tokens uuid[] := '{}';
begin
  for v_turn in
    select * from hq.agent_dispatch d
    where d.gateway_id = p_gateway and d.token is not null and d.token <> all (p_known)
      and (d.runner_id = p_runner or d.leased_until <= clock_timestamp())
    order by d.agent_id for no key update
  loop
    v_token := gen_random_uuid();
    update hq.agent_dispatch d
    set token = v_token, runner_id = p_runner, lease_seconds = p_lease, leased_until = clock_timestamp() + make_interval(secs => p_lease)
    where d.agent_id = v_turn.agent_id;
    update public.agent_inbox_items i
    set dispatch_token = v_token, leased_until = greatest(i.leased_until, clock_timestamp() + make_interval(secs => p_lease))
    where i.id = v_turn.item_id and i.dispatch_token = v_turn.token and i.status = 'leased';
    v_tokens := v_tokens || v_token;
  end loop;
  return v_tokens;
end
$$;

-- Returns the milliseconds until a gate opens for an agent that has something to do, a routine is due, or a turn of another runner may be
-- adopted.
create or replace function hq.next_dispatch_ms(p_gateway uuid, p_own uuid[]) returns bigint language sql
set search_path = '' as $$
  with waiting as (
    select a.id from public.agents a where a.gateway_id = p_gateway and exists (
      select from public.agent_inbox_items i where i.agent_id = a.id and i.status in ('pending', 'leased')))
  select greatest(0, ceil(extract(epoch from min(n.at) - clock_timestamp()) * 1000))::bigint from (
    select greatest(d.held_until, d.cooldown_until) as at from waiting w join hq.agent_dispatch d on d.agent_id = w.id
    where d.token is null and d.stalled_at is null and greatest(d.held_until, d.cooldown_until) > clock_timestamp()
    union all
    select h.began_at + interval '1 hour' from waiting w join hq.agent_hours h on h.agent_id = w.id
    where h.began_at > clock_timestamp() - interval '1 hour'
    union all
    select i.leased_until from waiting w join public.agent_inbox_items i on i.agent_id = w.id
    left join hq.agent_dispatch d on d.agent_id = w.id
    where i.status = 'leased' and i.leased_until > clock_timestamp() and d.token is null
    union all
    select d.leased_until from hq.agent_dispatch d where d.gateway_id = p_gateway and d.token is not null and d.token <> all (p_own)
    union all
    select min(r.next_run_at) from public.agent_routines r join public.gateways g on g.tenant_id = r.tenant_id
    where g.id = p_gateway and r.paused_at is null) n
$$;

create or replace function public.dispatch_exchange(p_gateway_id uuid, p_request jsonb) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  v_runner text := coalesce(p_request ->> 'runner', 'runner');
  v_claim int := greatest(0, least(coalesce(hq.int_or_null(p_request -> 'claim'), 0), 100));
  v_lease int := greatest(1, least(coalesce(hq.int_or_null(p_request -> 'lease_seconds'), 60), 3600));
  v_settings jsonb := coalesce(nullif(p_request -> 'settings', 'null'), '{}');
  v_timeout int := coalesce(hq.int_or_null(v_settings -> 'agent_process_timeout'), 300);
  v_known uuid[];
  v_lost text[];
  v_adopted uuid[] := '{}';
  v_claimed uuid[] := '{}';
  v_version bigint;
begin
  perform set_config('hq.dispatching', p_gateway_id::text, true);
  -- One exchange of a gateway after the other: two at once would both see its places free.
  perform pg_advisory_xact_lock(hashtextextended('hq.dispatch ' || p_gateway_id, 0));
  v_version := (select g.dispatch_version from public.gateways g where g.id = p_gateway_id);
  v_known := array(select hq.token_of(e) from hq.entries(p_request -> 'renew') e where hq.token_of(e) is not null);
  v_lost := hq.take_turn_results(p_request -> 'results', v_settings) || hq.renew_turns(p_request -> 'renew', v_lease);
  if p_request -> 'adopt' = 'true' then
    v_adopted := hq.adopt_turns(p_gateway_id, v_runner, v_known, v_lease);
  end if;
  if v_claim > 0 then
    perform hq.run_due(g.tenant_id) from public.gateways g where g.id = p_gateway_id;
    v_claimed := hq.claim_turns(p_gateway_id, v_runner, v_claim, v_lease, v_settings);
  end if;
  perform set_config('hq.dispatching', '', true);
  return jsonb_build_object('now', clock_timestamp(), 'dispatch_version', v_version,
    'claimed', (select coalesce(jsonb_agg(hq.turn_json(d, v_timeout) order by d.started_at, d.agent_id), '[]')
      from hq.agent_dispatch d where d.token = any (v_claimed)),
    'adopted', (select coalesce(jsonb_agg(hq.turn_json(d, v_timeout) order by d.started_at, d.agent_id), '[]')
      from hq.agent_dispatch d where d.token = any (v_adopted)),
    'lost', (select coalesce(jsonb_agg(distinct l), '[]') from unnest(v_lost) l),
    'cancel', (select coalesce(jsonb_agg(jsonb_build_object('token', c.token, 'reason', c.reason)), '[]') from (
      select d.token, hq.abort_reason(d) as reason from hq.agent_dispatch d where d.token = any (v_known || v_adopted || v_claimed)) c
      where c.reason is not null),
    'next_in_ms', hq.next_dispatch_ms(p_gateway_id, v_known || v_adopted || v_claimed));
end
$$;
select hq.open_function('public.dispatch_exchange(uuid, jsonb)', 'service_role',
  'The one request of a gateway''s dispatcher: takes results, renews leases, adopts the turns of a runner that is gone, and claims inbox items whose agent may wake.');

-- The counter of changes that may wake or abort an agent. A gateway's row is locked at the end of the transaction that adds an item, in
-- the order of ids and once: a member who assigns tasks delays no heartbeat, and two of them never deadlock.
create or replace function hq.bump_dispatch_version(p_gateways uuid[]) returns void language sql
set search_path = '' as $$
  select from public.gateways g where g.id = any (p_gateways) order by g.id for no key update;
  update public.gateways g set dispatch_version = g.dispatch_version + 1 where g.id = any (p_gateways)
$$;

-- Notes the gateway of an item that waits or was withdrawn, for the end of the transaction. An exchange does not note its own
-- gateway: its answer says what comes next.
create or replace function hq.note_item_change() returns trigger language plpgsql security definer
set search_path = '' as $$
declare
  v_noted uuid[] := coalesce(nullif(current_setting('hq.changed_gateways', true), ''), '{}')::uuid[];
  v_gateway uuid;
begin
  v_gateway := (select a.gateway_id from public.agents a where a.id = new.agent_id);
  if v_gateway is not null and v_gateway <> all (v_noted) and v_gateway::text <> coalesce(current_setting('hq.dispatching', true), '') then
    perform set_config('hq.changed_gateways', (v_noted || v_gateway)::text, true);
  end if;
  return null;
end
$$;

create or replace function hq.count_item_changes() returns trigger language plpgsql security definer
set search_path = '' as $$
declare
  v_noted uuid[] := coalesce(nullif(current_setting('hq.changed_gateways', true), ''), '{}')::uuid[];
begin
  if v_noted <> '{}' then
    perform set_config('hq.changed_gateways', '', true);
    perform hq.bump_dispatch_version(v_noted);
  end if;
  return null;
end
$$;

create or replace trigger hq_note_item_made after insert on public.agent_inbox_items
for each row when (new.status = 'pending') execute function hq.note_item_change();
create or replace trigger hq_note_item_changed after update of status on public.agent_inbox_items
for each row when (new.status is distinct from old.status and (new.status = 'pending' or new.context ? 'withdrawn'))
execute function hq.note_item_change();
drop trigger if exists hq_count_items_made on public.agent_inbox_items;
create constraint trigger hq_count_items_made after insert on public.agent_inbox_items deferrable initially deferred
for each row when (new.status = 'pending') execute function hq.count_item_changes();
drop trigger if exists hq_count_items_changed on public.agent_inbox_items;
create constraint trigger hq_count_items_changed after update of status on public.agent_inbox_items deferrable initially deferred
for each row when (new.status is distinct from old.status and (new.status = 'pending' or new.context ? 'withdrawn'))
execute function hq.count_item_changes();

-- Changes that wake or abort without an item.
create or replace function hq.clear_waits(p_agents uuid[]) returns void language sql
set search_path = '' as $$
  update hq.agent_dispatch d set stalled_at = null, failures = 0, releases = 0, cooldown_until = null, held_until = null, held_seconds = null,
    held_reason = null
  where d.agent_id = any (p_agents);
  select hq.resolve_alert(a.tenant_id, 'agent_stalled:' || a.id) from public.agents a where a.id = any (p_agents)
$$;

-- New work wakes a stalled agent: for one turn, if that fails too.
create or replace function hq.end_stall() returns trigger language plpgsql security definer
set search_path = '' as $$
begin
  update hq.agent_dispatch d set stalled_at = null where d.agent_id = new.agent_id and d.stalled_at is not null;
  return null;
end
$$;
create or replace trigger hq_end_stall after insert on public.agent_inbox_items
for each row when (new.status = 'pending') execute function hq.end_stall();

-- An agent that an operator lets work again, or that gets another model, begins anew.
create or replace function hq.dispatch_agent_change() returns trigger language plpgsql security definer
set search_path = '' as $$
begin
  if (new.status::text = 'ready' and old.status::text <> 'ready') or new.model is distinct from old.model then
    perform hq.clear_waits(array[new.id]);
  end if;
  perform hq.bump_dispatch_version(array[old.gateway_id, new.gateway_id]);
  return null;
end
$$;
create or replace trigger hq_dispatch_agent_change after update on public.agents
for each row when ((new.status, new.gateway_id, new.openclaw_id, new.model) is distinct from (old.status, old.gateway_id, old.openclaw_id, old.model))
execute function hq.dispatch_agent_change();

create or replace function hq.dispatch_gateway_change() returns trigger language plpgsql
set search_path = '' as $$
begin
  new.dispatch_version := old.dispatch_version + 1;
  return new;
end
$$;
create or replace trigger hq_dispatch_gateway_change before update on public.gateways
for each row when (new.status is distinct from old.status) execute function hq.dispatch_gateway_change();

create or replace function hq.dispatch_budget_change() returns trigger language plpgsql security definer
set search_path = '' as $$
begin
  if new.hourly_limit_usd is distinct from old.hourly_limit_usd or new.monthly_limit_usd is distinct from old.monthly_limit_usd then
    perform hq.resolve_alert(a.tenant_id, 'hourly_brake:' || a.id)
    from public.agents a where a.id = new.agent_id and hq.braked_until(a) is null;
  end if;
  perform hq.bump_dispatch_version(array(select a.gateway_id from public.agents a where a.id = new.agent_id and a.gateway_id is not null));
  return null;
end
$$;
create or replace trigger hq_dispatch_budget_change after update on public.agent_budgets
for each row when ((new.status, new.hard_cutoff, new.hourly_limit_usd, new.monthly_limit_usd)
  is distinct from (old.status, old.hard_cutoff, old.hourly_limit_usd, old.monthly_limit_usd))
execute function hq.dispatch_budget_change();

create or replace function hq.dispatch_workspace_change() returns trigger language plpgsql security definer
set search_path = '' as $$
begin
  perform hq.bump_dispatch_version(array(select g.id from public.gateways g where g.tenant_id = new.tenant_id));
  return null;
end
$$;
create or replace trigger hq_dispatch_workspace_change after insert or update on public.workspace
for each row execute function hq.dispatch_workspace_change();

-- A new credential may be what a held agent waits for.
create or replace function hq.end_holds() returns trigger language plpgsql security definer
set search_path = '' as $$
declare
  v_agents uuid[] := array(select d.agent_id from hq.agent_dispatch d join public.agents a on a.id = d.agent_id
    where a.gateway_id = new.gateway_id and d.held_until > clock_timestamp() and (new.agent_id is null or new.agent_id = a.id));
begin
  if v_agents <> '{}' then
    perform hq.clear_waits(v_agents);
    perform hq.bump_dispatch_version(array[new.gateway_id]);
  end if;
  return null;
end
$$;
create or replace trigger hq_end_holds_made after insert on public.secrets for each row execute function hq.end_holds();
create or replace trigger hq_end_holds_changed after update of encrypted_value on public.secrets
for each row when (new.encrypted_value is distinct from old.encrypted_value) execute function hq.end_holds();
create or replace trigger hq_end_holds after update of status on public.agent_commands
for each row when (new.status = 'done' and old.status <> 'done' and starts_with(new.action::text, 'auth_')) execute function hq.end_holds();

-- A dead letter is one alert, whoever wrote it.
create or replace function hq.alert_dead_letter() returns trigger language plpgsql security definer
set search_path = '' as $$
begin
  if new.status = 'dead_letter' then
    perform hq.notify(jsonb_build_object('tenant_id', new.tenant_id, 'type', 'item_dead_letter', 'severity', 'error',
      'subject', 'agent:' || new.agent_id, 'dedup_key', 'item_dead_letter:' || new.id,
      'title', format('%s gave up: %s', new.agent_slug, left(coalesce(new.summary, replace(new.event_type::text, '_', ' ')), 200)),
      'body', format('%s failed. The last one: %s. Retry it with retry_item.',
        case new.attempt_count when 1 then '1 attempt' else new.attempt_count || ' attempts' end,
        rtrim(left(coalesce(new.context ->> 'last_failure', 'no reason was given'), 1500), '.')),
      'entity_type', 'agent_inbox_item', 'entity_id', new.id, 'actor_type', 'system',
      'meta', jsonb_strip_nulls(jsonb_build_object('agent_slug', new.agent_slug, 'item_id', new.id, 'about', new.task_id))));
  else
    perform hq.resolve_alert(new.tenant_id, 'item_dead_letter:' || new.id);
  end if;
  return null;
end
$$;
create or replace trigger hq_alert_dead_letter after update of status on public.agent_inbox_items
for each row when (new.status is distinct from old.status and 'dead_letter' in (new.status::text, old.status::text))
execute function hq.alert_dead_letter();

-- Actions.
create or replace function hq.audit_dispatch(p_command public.agent_commands, p_action text, p_type text, p_id uuid, p_summary text)
returns void language sql set search_path = '' as $$
  select hq.write_audit(jsonb_build_object('tenant_id', p_command.tenant_id, 'actor_user_id', p_command.requested_by, 'module', 'agents',
    'entity_type', p_type, 'entity_id', p_id, 'action', p_action, 'summary', left(p_summary, 500),
    'meta', jsonb_build_object('origin', p_command.origin)))
$$;

-- Adds the workspace's row where there is none yet. Stopping what is stopped changes nothing: several people may press at once.
create or replace function hq.do_stop_all(p_command public.agent_commands) returns jsonb language plpgsql
set search_path = '' as $$
declare
  v_workspace public.workspace;
  v_who text := coalesce(hq.email_of(p_command.requested_by), 'the service');
  v_turns int := (select count(*) from hq.agent_dispatch d join public.agents a on a.id = d.agent_id
    where a.tenant_id = p_command.tenant_id and d.token is not null);
begin
  perform hq.insert_fields('public.workspace', jsonb_build_object('tenant_id', p_command.tenant_id, 'name', 'HQ'))
  where not exists (select from public.workspace w where w.tenant_id = p_command.tenant_id);
  select * into v_workspace from public.workspace w where w.tenant_id = p_command.tenant_id for no key update;
  if v_workspace.stopped_at is null then
    update public.workspace w set stopped_at = clock_timestamp(), stopped_by = p_command.requested_by where w.id = v_workspace.id
    returning * into v_workspace;
    perform hq.audit_dispatch(p_command, 'workspace.stopped', 'workspace', v_workspace.id, format('%s stopped all agents', v_who));
    perform hq.notify(jsonb_build_object('tenant_id', p_command.tenant_id, 'type', 'workspace_stopped', 'severity', 'critical',
      'subject', 'workspace:' || v_workspace.id, 'dedup_key', 'workspace_stopped:' || v_workspace.id, 'title', 'All agents are stopped',
      'body', format('%s stopped them; %s turns were running. resume_all lets them work again.', v_who, v_turns),
      'entity_type', 'workspace', 'entity_id', v_workspace.id, 'actor_type', 'system'));
  end if;
  return jsonb_build_object('stopped', true, 'since', v_workspace.stopped_at, 'turns', v_turns);
end
$$;

create or replace function hq.do_resume_all(p_command public.agent_commands) returns jsonb language plpgsql
set search_path = '' as $$
declare
  v_workspace public.workspace;
begin
  select * into v_workspace from public.workspace w where w.tenant_id = p_command.tenant_id for no key update;
  if v_workspace.stopped_at is not null then
    update public.workspace w set stopped_at = null, stopped_by = null where w.id = v_workspace.id;
    perform hq.audit_dispatch(p_command, 'workspace.resumed', 'workspace', v_workspace.id,
      format('%s let all agents work again', coalesce(hq.email_of(p_command.requested_by), 'the service')));
    perform hq.resolve_alert(p_command.tenant_id, 'workspace_stopped:' || v_workspace.id);
  end if;
  return jsonb_build_object('stopped', false, 'since', null, 'waiting', (select count(*) from public.agent_inbox_items i
    where i.tenant_id = p_command.tenant_id and i.status = 'pending'));
end
$$;

-- Locks the item that the payload names, and before it the agent's turn, as an exchange does.
create or replace function hq.lock_item(p_command public.agent_commands) returns public.agent_inbox_items language plpgsql
set search_path = '' as $$
declare
  v_id uuid := hq.find_row('public.agent_inbox_items', p_command.tenant_id, p_command.payload ->> 'item', 'item');
  v_item public.agent_inbox_items;
begin
  perform from hq.agent_dispatch d where d.agent_id = (select i.agent_id from public.agent_inbox_items i where i.id = v_id) for no key update;
  select * into v_item from public.agent_inbox_items i where i.id = v_id for no key update;
  return v_item;
end
$$;

create or replace function hq.item_result(p_item public.agent_inbox_items) returns jsonb language sql immutable
set search_path = '' as $$
  select jsonb_build_object('id', p_item.id, 'title', coalesce(p_item.summary, replace(p_item.event_type::text, '_', ' ')), 'status', p_item.status,
    'agent', p_item.agent_slug)
$$;

create or replace function hq.do_retry_item(p_command public.agent_commands) returns jsonb language plpgsql
set search_path = '' as $$
declare
  v_item public.agent_inbox_items := hq.lock_item(p_command);
begin
  if v_item.status::text not in ('dead_letter', 'failed') then
    raise exception 'this item is %', v_item.status using errcode = '23505', column = 'item',
      hint = 'Only an item that was given up can be tried again.';
  end if;
  update public.agent_inbox_items i
  set status = 'pending', attempt_count = 0, failed_at = null, completed_at = null, leased_at = null, leased_until = null
  where i.id = v_item.id returning * into v_item;
  perform hq.clear_waits(array[v_item.agent_id]);
  perform hq.audit_dispatch(p_command, 'item.retried', 'agent_inbox_item', v_item.id, format('%s tries again: %s', v_item.agent_slug, v_item.summary));
  return hq.item_result(v_item);
end
$$;

create or replace function hq.do_cancel_item(p_command public.agent_commands) returns jsonb language plpgsql
set search_path = '' as $$
declare
  v_item public.agent_inbox_items := hq.lock_item(p_command);
begin
  if v_item.status::text not in ('pending', 'leased') then
    raise exception 'this item is % already', replace(v_item.status::text, '_', ' ') using errcode = '23505', column = 'item';
  end if;
  perform hq.withdraw_items(array[v_item.id]);
  return hq.item_result((select i from public.agent_inbox_items i where i.id = v_item.id));
end
$$;

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

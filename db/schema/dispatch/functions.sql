-- Decides which agent wakes for which inbox item. The runner's dispatcher asks by dispatch_exchange, runs the turn and reports its
-- outcome. hq.agent_dispatch holds at most one turn of each agent, so that every gate holds after a restart and for several runners.

-- Gates. Each is a reason not to wake an agent, in the order in which they are told.

-- Returns whether a budget has no money left in its month; a month that is over closes nothing.
create or replace function hq.is_budget_spent(p_budget public.agent_budgets) returns boolean language sql stable
set search_path = '' as $$
  select coalesce(p_budget.hard_cutoff and p_budget.status::text = 'exceeded' and p_budget.current_period_start
    >= date_trunc('month', clock_timestamp() at time zone hq.time_zone_or_utc(p_budget.period_anchor_tz))::date, false)
$$;

-- Returns what an agent may spend in an hour: its own limit, the workspace's, or a tenth of a month that ends hard. Null for no limit.
create or replace function hq.hourly_limit(p_budget public.agent_budgets, p_settings jsonb) returns numeric language sql immutable
set search_path = '' as $$
  select coalesce(p_budget.hourly_limit_usd,
    case when jsonb_typeof(p_settings -> 'hourly_limit_usd') = 'number' then (p_settings ->> 'hourly_limit_usd')::numeric end,
    case when p_budget.hard_cutoff then greatest(p_budget.monthly_limit_usd / 10, 1) end)
$$;

-- Returns why an agent may spend nothing now, and until when where that is known; nulls where it may.
create or replace function hq.spending_gate(p_agent public.agents, out reason text, out until timestamptz) language plpgsql stable
set search_path = '' as $$
declare
  v_budget public.agent_budgets;
  v_hour hq.agent_hours;
  v_limit numeric;
begin
  select * into v_budget from public.agent_budgets b where b.agent_id = p_agent.id;
  if hq.is_budget_spent(v_budget) then
    reason := 'budget_exceeded';
    until := (date_trunc('month', clock_timestamp() at time zone hq.time_zone_or_utc(v_budget.period_anchor_tz)) + interval '1 month')
      at time zone hq.time_zone_or_utc(v_budget.period_anchor_tz);
    return;
  end if;
  select * into v_hour from hq.agent_hours h where h.agent_id = p_agent.id and h.began_at > clock_timestamp() - interval '1 hour';
  if found then
    v_limit := hq.hourly_limit(v_budget, (select w.settings from public.workspace w where w.tenant_id = p_agent.tenant_id));
    if v_hour.spend_usd >= v_limit then
      reason := 'hourly_brake';
      until := v_hour.began_at + interval '1 hour';
    end if;
  end if;
end
$$;

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
    'model', coalesce((select t.model_override from public.tasks t where t.id = v_item.task_id), v_agent.model),
    'thinking', coalesce((select t.thinking_override from public.tasks t where t.id = v_item.task_id), v_agent.thinking),
    'item', case when v_item.id is not null then hq.whole_inbox_item(v_agent, v_item) end);
end
$$;

-- Returns the oldest item of an agent that waits, locked. An item that somebody else has locked is the next one still, so that the order
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
  insert into hq.agent_dispatch (agent_id) values (p_agent_id) on conflict do nothing;
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
  if v_places <= 0 then
    return v_tokens;
  end if;
  for v_agent_id in
    select a.id from public.agents a left join hq.agent_dispatch d on d.agent_id = a.id
    cross join lateral (
      select i.created_at from public.agent_inbox_items i
      where i.agent_id = a.id and i.status in ('pending', 'leased') order by i.created_at limit 1) oldest
    where a.gateway_id = p_gateway and d.token is null
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

-- Ends a turn: frees the agent, and says what its outcome means for the item and for the next wake.
create or replace function hq.end_turn(p_turn hq.agent_dispatch, p_result jsonb, p_settings jsonb) returns void language plpgsql
set search_path = '' as $$
declare
  v_outcome text := p_result ->> 'outcome';
  v_item public.agent_inbox_items;
  v_is_success boolean;
  v_is_failure boolean;
  v_hold int;
  v_failures int := p_turn.failures;
  v_releases int := case when p_result ->> 'outcome' = 'released' then p_turn.releases + 1 else 0 end;
begin
  select * into v_item from public.agent_inbox_items i where i.id = p_turn.item_id for no key update;
  v_is_success := v_outcome = 'done' and not (v_item.status = 'leased' and v_item.dispatch_token = p_turn.token);
  v_is_failure := not v_is_success and v_item.status is distinct from 'done' and v_outcome not in ('released', 'held', 'aborted');
  perform hq.close_turn_item(p_turn, coalesce(v_is_failure, false), case
      when v_outcome = 'done' then 'the turn ended without completing the item'
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
    stalled_at = case when v_is_failure and v_failures >= coalesce(hq.int_or_null(p_settings -> 'max_consecutive_failures'), 5)
      then clock_timestamp() end,
    held_until = case when v_hold is not null then clock_timestamp() + make_interval(secs => v_hold) when not v_is_success then d.held_until end,
    held_seconds = coalesce(v_hold, case when not v_is_success then d.held_seconds end),
    held_reason = case when v_hold is not null then left(coalesce(p_result ->> 'hold_reason', p_result ->> 'error',
        case v_outcome when 'held' then 'the provider refused' else v_releases || ' turns in a row were given back' end), 500)
      when not v_is_success then d.held_reason end
  where d.agent_id = p_turn.agent_id;
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
      tokens = coalesce(trunc((v_entry #>> '{activity,tokens}')::numeric)::bigint, x.tokens),
      cost_usd = coalesce((v_entry #>> '{activity,cost_usd}')::numeric, x.cost_usd),
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

-- Returns the milliseconds until a gate opens for an agent that has something to do, or a turn of another runner may be adopted.
create or replace function hq.next_dispatch_ms(p_gateway uuid, p_own uuid[]) returns bigint language sql
set search_path = '' as $$
  select greatest(0, ceil(extract(epoch from min(n.at) - clock_timestamp()) * 1000))::bigint from (
    select g.until as at from public.agents a, hq.wake_gate(a) g
    where a.gateway_id = p_gateway and g.until is not null and exists (
      select from public.agent_inbox_items i where i.agent_id = a.id and i.status in ('pending', 'leased'))
    union all
    select d.leased_until from hq.agent_dispatch d where d.gateway_id = p_gateway and d.token is not null and d.token <> all (p_own)) n
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
  perform set_config('hq.dispatching', 'on', true);
  -- One exchange of a gateway after the other: two at once would both see its places free.
  perform pg_advisory_xact_lock(hashtextextended('hq.dispatch ' || p_gateway_id, 0));
  v_version := (select g.dispatch_version from public.gateways g where g.id = p_gateway_id);
  v_known := array(select hq.token_of(e) from hq.entries(p_request -> 'renew') e where hq.token_of(e) is not null);
  v_lost := hq.take_turn_results(p_request -> 'results', v_settings) || hq.renew_turns(p_request -> 'renew', v_lease);
  if p_request -> 'adopt' = 'true' then
    v_adopted := hq.adopt_turns(p_gateway_id, v_runner, v_known, v_lease);
  end if;
  if v_claim > 0 then
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

-- Notes the gateway of an item that waits or was withdrawn, for the end of the transaction. The dispatcher's own exchange notes nothing:
-- its answer says what comes next.
create or replace function hq.note_item_change() returns trigger language plpgsql security definer
set search_path = '' as $$
declare
  v_noted uuid[] := coalesce(nullif(current_setting('hq.changed_gateways', true), ''), '{}')::uuid[];
  v_gateway uuid;
begin
  if coalesce(current_setting('hq.dispatching', true), '') <> 'on' then
    v_gateway := (select a.gateway_id from public.agents a where a.id = new.agent_id);
    if v_gateway is not null and v_gateway <> all (v_noted) then
      perform set_config('hq.changed_gateways', (v_noted || v_gateway)::text, true);
    end if;
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
for each row when (new.status is distinct from old.status and (new.status = 'pending' or old.status = 'leased'))
execute function hq.note_item_change();
drop trigger if exists hq_count_items_made on public.agent_inbox_items;
create constraint trigger hq_count_items_made after insert on public.agent_inbox_items deferrable initially deferred
for each row when (new.status = 'pending') execute function hq.count_item_changes();
drop trigger if exists hq_count_items_changed on public.agent_inbox_items;
create constraint trigger hq_count_items_changed after update of status on public.agent_inbox_items deferrable initially deferred
for each row when (new.status is distinct from old.status and (new.status = 'pending' or old.status = 'leased'))
execute function hq.count_item_changes();

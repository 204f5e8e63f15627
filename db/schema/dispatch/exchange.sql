-- Decides which agent wakes for which inbox item. The runner's dispatcher asks by dispatch_exchange, runs the turn and reports its
-- outcome. hq.agent_dispatch holds at most one turn of each agent, so that every gate holds after a restart and for several runners.

-- Returns the milliseconds until a gate opens for an agent that has something to do, a routine is due, or a turn of another runner may be
-- adopted.
create or replace function hq.next_dispatch_ms(p_gateway uuid, p_own uuid[]) returns bigint language plpgsql
set search_path = '' as $$
declare
  v_now timestamptz := clock_timestamp();
  v_at timestamptz;
begin
  -- The limit keeps the planner from reading every item that waits.
  with waiting as materialized (
    select a.id, greatest(d.held_until, d.cooldown_until) as rests_until, d.stalled_at from public.agents a
    left join hq.agent_dispatch d on d.agent_id = a.id
    where a.gateway_id = p_gateway and d.token is null and (
      select true from public.agent_inbox_items i where i.agent_id = a.id and i.status in ('pending', 'leased') limit 1))
  select min(n.at) into v_at from (
    select w.rests_until as at from waiting w where w.stalled_at is null and w.rests_until > v_now
    union all
    select h.began_at + interval '1 hour' from waiting w join hq.agent_hours h on h.agent_id = w.id
    where h.began_at > v_now - interval '1 hour'
    union all
    select (select min(i.leased_until) from public.agent_inbox_items i
      where i.agent_id = w.id and i.status = 'leased' and i.leased_until > v_now) from waiting w
    union all
    select d.leased_until from hq.agent_dispatch d where d.gateway_id = p_gateway and d.token is not null and d.token <> all (p_own)
    union all
    select min(r.next_run_at) from public.agent_routines r join public.gateways g on g.tenant_id = r.tenant_id
    where g.id = p_gateway and r.paused_at is null) n;
  -- greatest() of a null and 0 is 0, which would mean at once.
  return case when v_at is not null then greatest(0, ceil(extract(epoch from v_at - clock_timestamp()) * 1000))::bigint end;
end
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

-- Leases of turns: their renewal, and their adoption by another runner.

-- Renews leases and writes what the agents do, at most once a second for each. A lease that was renewed a moment ago stays: the agent may be
-- about to end the item, and would wait for this transaction. Returns the tokens that are no turn's any more.
create or replace function hq.renew_turns(p_entries jsonb, p_lease int) returns text[] language plpgsql
set search_path = '' as $$
declare
  v_entry jsonb;
  v_turn hq.agent_dispatch;
  v_until timestamptz := clock_timestamp() + make_interval(secs => p_lease);
  v_lost text[] := '{}';
begin
  for v_entry in select e from hq.entries(p_entries) e order by e ->> 'token' loop
    select * into v_turn from hq.agent_dispatch d where d.token = hq.token_of(v_entry);
    if not found then
      v_lost := v_lost || coalesce(left(v_entry ->> 'token', 100), 'unreadable');
      continue;
    end if;
    if v_turn.leased_until not between v_until - make_interval(secs => p_lease / 6.0) and v_until or v_turn.lease_seconds <> p_lease then
      continue when not hq.keep_agent(v_turn.agent_id);
      update hq.agent_dispatch d set leased_until = v_until, lease_seconds = p_lease where d.token = v_turn.token;
      update public.agent_inbox_items i set leased_until = greatest(i.leased_until, v_until)
      where i.id = v_turn.item_id and i.status = 'leased' and i.dispatch_token = v_turn.token;
    end if;
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
    order by d.agent_id
  loop
    continue when not hq.keep_agent(v_turn.agent_id);
    v_token := gen_random_uuid();
    update hq.agent_dispatch d
    set token = v_token, runner_id = p_runner, lease_seconds = p_lease, leased_until = clock_timestamp() + make_interval(secs => p_lease)
    where d.agent_id = v_turn.agent_id and d.token = v_turn.token;
    continue when not found;
    update public.agent_inbox_items i
    set dispatch_token = v_token, leased_until = greatest(i.leased_until, clock_timestamp() + make_interval(secs => p_lease))
    where i.id = v_turn.item_id and i.dispatch_token = v_turn.token and i.status = 'leased';
    v_tokens := v_tokens || v_token;
  end loop;
  return v_tokens;
end
$$;

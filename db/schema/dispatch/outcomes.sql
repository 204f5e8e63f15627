-- Outcomes: what the end of a turn means for its item and for the next wake.

-- Writes how a turn ended into its item, which is still the turn's: one that the agent has completed or failed stays as it is.
create or replace function hq.close_turn_item(p_turn hq.agent_dispatch, p_counts boolean, p_reason text, p_hint text) returns void
language sql set search_path = '' as $$
  update public.agent_inbox_items i
  set status = case when p_counts and i.attempt_count >= i.max_attempts then 'dead_letter' else 'pending' end::public.inbox_item_status,
    attempt_count = case when p_counts then i.attempt_count else greatest(i.attempt_count - 1, 0) end,
    failed_at = case when p_counts then clock_timestamp() else i.failed_at end, leased_at = null, leased_until = null, lease_session = null,
    lease_run = null, context = coalesce(i.context, '{}') || case when p_reason is null then '{}'
      else jsonb_build_object('last_failure', left(p_reason, 2000), 'last_hint', left(p_hint, 500)) end
  where i.id = p_turn.item_id
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
  v_is_open boolean;
  v_is_success boolean;
  v_is_failure boolean;
  v_has_asked boolean;
  v_hold int;
  v_failures int := p_turn.failures;
  v_most int := coalesce(hq.int_or_null(p_settings -> 'max_consecutive_failures'), 5);
  v_releases int := case when p_result ->> 'outcome' = 'released' then p_turn.releases + 1 else 0 end;
begin
  select * into v_item from public.agent_inbox_items i where i.id = p_turn.item_id for no key update;
  v_is_open := v_item.status = 'leased' and v_item.dispatch_token = p_turn.token;
  v_is_success := v_outcome = 'done' and not v_is_open;
  -- A turn that ended to wait for an answer has not failed.
  v_has_asked := v_outcome = 'done' and hq.asked_in_turn(p_turn.item_id, p_turn.started_at);
  v_is_failure := not v_is_success and not v_has_asked and v_item.status is distinct from 'done'
    and v_outcome not in ('released', 'held', 'aborted');
  if v_is_open then
    perform hq.close_turn_item(p_turn, v_is_failure, case
        when v_has_asked then null when v_outcome = 'done' then 'the turn ended without completing the item'
        when v_is_failure then coalesce(p_result ->> 'error', 'the turn failed') end, p_result ->> 'hint');
  end if;
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
  if v_is_success and p_turn.failures > 0 then
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
    perform hq.keep_agent(d.agent_id) from hq.agent_dispatch d where d.token = hq.token_of(v_entry);
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

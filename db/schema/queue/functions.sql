create or replace function hq.token_of(p_entry jsonb) returns uuid language sql immutable parallel safe
set search_path = '' as $$ select hq.uuid_or_null(p_entry ->> 'token') $$;

-- Writes results. A token that has finished its row may report again: it counts once.
create or replace function hq.take_results(p_results jsonb) returns text[] language plpgsql
set search_path = '' as $$
declare
  v_entry jsonb;
  v_row public.agent_commands;
  v_status text;
  v_lost text[] := '{}';
begin
  for v_entry in select e from hq.entries(p_results) e order by e ->> 'token' loop
    select * into v_row from public.agent_commands c where c.lease_token = hq.token_of(v_entry) for no key update;
    if not found then
      v_lost := v_lost || coalesce(left(v_entry ->> 'token', 100), 'unreadable');
      continue;
    end if;
    continue when v_row.status not in ('leased', 'running');
    v_status := v_entry ->> 'status';
    if v_status = 'pending' and v_row.cancel_requested_at is null then
      update public.agent_commands c
      set status = 'pending', lease_token = null, runner_id = null, leased_at = null, leased_until = null, started_at = null,
        attempt = greatest(c.attempt - 1, 0), progress = null
      where c.id = v_row.id;
      continue;
    end if;
    v_status := case when v_status in ('done', 'failed', 'cancelled') then v_status
      when v_status = 'pending' then 'cancelled' else 'failed' end;
    update public.agent_commands c
    set status = v_status::public.command_status,
      completed_at = clock_timestamp(),
      leased_until = null,
      exit_code = hq.int_or_null(v_entry -> 'exit_code'),
      stdout = hq.tail(v_entry ->> 'stdout', 65536),
      stderr = hq.tail(v_entry ->> 'stderr', 65536),
      error_message = case when v_entry ->> 'status' in ('done', 'failed', 'cancelled', 'pending')
        then hq.head(v_entry ->> 'error_message', 8192)
        else 'the runner handed in a result that cannot be read' end,
      result = case when pg_column_size(v_entry -> 'result') <= 262144 then nullif(v_entry -> 'result', 'null') end
    where c.id = v_row.id;
  end loop;
  return v_lost;
end
$$;

-- Writes output, at most 256 KiB an attempt; the chunk that passes the limit ends with a mark, later ones are dropped.
create or replace function hq.take_output(p_output jsonb) returns text[] language plpgsql
set search_path = '' as $$
declare
  c_limit constant int := 262144;
  v_entry jsonb;
  v_row record;
  v_so_far int;
  v_text text;
  v_bytes int;
  v_seq int;
  v_lost text[] := '{}';
begin
  for v_entry in
    select e from hq.entries(p_output) e order by e ->> 'token', hq.int_or_null(e -> 'seq')
  loop
    select c.id, c.tenant_id, c.attempt into v_row from public.agent_commands c where c.lease_token = hq.token_of(v_entry);
    v_seq := hq.int_or_null(v_entry -> 'seq');
    v_text := v_entry ->> 'text';
    if v_row.id is null then
      v_lost := v_lost || coalesce(left(v_entry ->> 'token', 100), 'unreadable');
      continue;
    end if;
    continue when v_seq is null or v_text is null or v_text = '';
    select o.bytes_so_far into v_so_far from public.agent_command_output o
    where o.command_id = v_row.id and o.attempt = v_row.attempt order by o.seq desc limit 1;
    v_so_far := coalesce(v_so_far, 0);
    continue when v_so_far > c_limit;
    v_bytes := octet_length(v_text);
    if v_so_far + v_bytes > c_limit then
      v_text := hq.head(v_text, c_limit - v_so_far) || E'\n[the rest is left out: more than 256 KiB]\n';
      v_bytes := c_limit - v_so_far + 1;
    end if;
    insert into public.agent_command_output (command_id, tenant_id, attempt, seq, stream, text, bytes_so_far)
    values (v_row.id, v_row.tenant_id, v_row.attempt, v_seq,
      case v_entry ->> 'stream' when 'stderr' then 'stderr' else 'stdout' end, v_text, v_so_far + v_bytes)
    on conflict do nothing;
  end loop;
  return v_lost;
end
$$;

create or replace function hq.take_progress(p_progress jsonb) returns text[] language plpgsql
set search_path = '' as $$
declare
  v_entry jsonb;
  v_lost text[] := '{}';
begin
  for v_entry in select e from hq.entries(p_progress) e order by e ->> 'token' loop
    update public.agent_commands c
    set progress = jsonb_build_object(
      'percent', case when jsonb_typeof(v_entry -> 'percent') = 'number'
        then least(greatest(hq.int_or_null(v_entry -> 'percent'), 0), 100) end,
      'note', left(v_entry ->> 'note', 500))
    where c.lease_token = hq.token_of(v_entry) and c.status = 'running';
    if not found and not exists (select from public.agent_commands c where c.lease_token = hq.token_of(v_entry)) then
      v_lost := v_lost || coalesce(left(v_entry ->> 'token', 100), 'unreadable');
    end if;
  end loop;
  return v_lost;
end
$$;

create or replace function hq.renew(p_tokens uuid[], p_lease_seconds int) returns text[] language plpgsql
set search_path = '' as $$
begin
  update public.agent_commands c
  set leased_until = clock_timestamp() + make_interval(secs => p_lease_seconds), lease_seconds = p_lease_seconds
  from (
    select h.id from public.agent_commands h
    where h.lease_token = any (p_tokens) and h.status in ('leased', 'running') order by h.id for no key update
  ) held
  where c.id = held.id;
  return array(
    select t::text from unnest(p_tokens) t
    where t is not null and not exists (select from public.agent_commands c where c.lease_token = t));
end
$$;

-- Ends what an older HQ left running when it was adopted: nobody works on it. One alert for all, since nobody waits for them.
create or replace function hq.end_left_behind() returns void language plpgsql
set search_path = '' as $$
declare
  v_ids uuid[];
begin
  select array_agg(l.id) into v_ids from (
    select c.id from public.agent_commands c
    where c.status = 'running' and c.lease_token is null and c.created_at < (select min(m.applied_at) from hq.migrations m)
      and coalesce(c.leased_until, c.started_at, c.created_at) < clock_timestamp() - interval '1 hour'
    order by c.id for no key update skip locked) l;
  if v_ids is null then
    return;
  end if;
  perform set_config('hq.quiet', 'on', true);
  update public.agent_commands c
  set status = 'failed', leased_until = null, completed_at = coalesce(c.leased_until, c.started_at, c.created_at),
    error_message = format('the daemon of the older HQ died while %s ran', c.action)
  where c.id = any (v_ids);
  perform set_config('hq.quiet', '', true);
  perform hq.notify(jsonb_build_object('tenant_id', c.tenant_id, 'type', 'command_failed', 'severity', 'warning',
    'dedup_key', 'commands_left_behind', 'actor_type', 'system', 'entity_type', 'agent_command',
    'title', case count(*) when 1 then '1 command of the older HQ never ended' else count(*) || ' commands of the older HQ never ended' end,
    'body', 'They ran when it was adopted, and are marked as failed.'))
  from public.agent_commands c where c.id = any (v_ids) group by c.tenant_id;
end
$$;

-- Ends commands that wait for an hour on a gateway for a kind of executor that was not there in that hour, and those of no gateway
-- that only a daemon of an older HQ would take. One alert for all.
create or replace function hq.end_unserved(p_gateway public.gateways, p_alive text) returns void language plpgsql
set search_path = '' as $$
declare
  c_long_ago constant timestamptz := clock_timestamp() - interval '1 hour';
  v_reason constant text := case p_alive when 'runner' then 'no daemon of an older HQ' else 'no hq-runner' end
    || ' asked for work in an hour, and nothing else runs it';
  v_actions constant public.command_action[] := array(
    select a from unnest(enum_range(null::public.command_action)) a where not hq.serves(p_alive, a));
  v_ids uuid[];
  v_what text;
begin
  if exists (select from hq.executors e where e.gateway_id = p_gateway.id
    and case p_alive when 'runner' then e.older_daemon_at else e.runner_at end > c_long_ago)
  then
    return;
  end if;
  select array_agg(u.id), string_agg(distinct u.action::text, ', ') into v_ids, v_what from (
    select c.id, c.action from public.agent_commands c
    where c.status = 'pending' and c.created_at < c_long_ago and (
      (c.gateway_id = p_gateway.id and c.action = any (v_actions))
      or (c.gateway_id is null and c.tenant_id = p_gateway.tenant_id and p_alive = 'runner' and not exists (
        select from hq.executors e join public.gateways g on g.id = e.gateway_id
        where g.tenant_id = p_gateway.tenant_id and e.older_daemon_at > c_long_ago)))
    order by c.id limit 1000 for no key update skip locked) u;
  if v_ids is null then
    return;
  end if;
  perform set_config('hq.quiet', 'on', true);
  update public.agent_commands c set status = 'failed', completed_at = clock_timestamp(), error_message = v_reason where c.id = any (v_ids);
  perform set_config('hq.quiet', '', true);
  perform hq.notify(jsonb_build_object('tenant_id', p_gateway.tenant_id, 'type', 'command_failed', 'severity', 'warning',
    'subject', 'gateway:' || p_gateway.id, 'dedup_key', format('unserved:%s:%s', p_gateway.id, p_alive), 'actor_type', 'system',
    'entity_type', 'gateway', 'entity_id', p_gateway.id, 'title', format('%s was not run on %s', v_what, p_gateway.slug), 'body', v_reason));
end
$$;

-- Returns whether an executor of this kind runs the action. A daemon of an older HQ knows every word of its enum except those that
-- only this release serves; of what both know, it does not know the payload of auth_set_api_key.
create or replace function hq.serves(p_kind text, p_action public.command_action) returns boolean language sql stable
set search_path = '' as $$
  select case p_kind when 'runner' then s.served else not s.served or p_action in ('restart_gateway', 'restart_dispatcher', 'provision',
    'update', 'update_all', 'remove', 'approve_pairing', 'set_agent_model', 'list_models') end
  from (select exists (select from hq.actions a where a.name = p_action::text and a.served) as served) s
$$;

-- Notes that an executor of a gateway asked for work, at most every 20 seconds, and then ends what nobody runs there and the pairing
-- requests that nobody approved.
create or replace function hq.note_executor(p_gateway public.gateways, p_kind text) returns void language plpgsql
set search_path = '' as $$
declare
  v_now timestamptz := clock_timestamp();
begin
  if exists (select from hq.executors e where e.gateway_id = p_gateway.id
    and case p_kind when 'runner' then e.runner_at else e.older_daemon_at end > v_now - interval '20 seconds')
  then
    return;
  end if;
  insert into hq.executors as e (gateway_id, runner_at, older_daemon_at)
  values (p_gateway.id, case p_kind when 'runner' then v_now end, case p_kind when 'older daemon' then v_now end)
  on conflict (gateway_id) do update
  set runner_at = coalesce(excluded.runner_at, e.runner_at), older_daemon_at = coalesce(excluded.older_daemon_at, e.older_daemon_at);
  -- A command of no gateway belongs to the only one there is.
  if p_kind = 'runner' and (select count(*) from public.gateways g where g.tenant_id = p_gateway.tenant_id) = 1 then
    update public.agent_commands c set gateway_id = p_gateway.id
    where c.id = any (array(select o.id from public.agent_commands o
      where o.gateway_id is null and o.tenant_id = p_gateway.tenant_id and o.status = 'pending'
      order by o.id for no key update skip locked));
  end if;
  perform hq.end_unserved(p_gateway, p_kind);
  perform hq.sweep_pairings(p_gateway.tenant_id);
  perform hq.sweep_questions(p_gateway.tenant_id);
end
$$;

-- Ends or requeues rows whose lease has expired, of every gateway. Rows of an older daemon have no token and no renewals: they
-- expire after an hour, and wait again if they never started.
create or replace function hq.sweep() returns void language plpgsql
set search_path = '' as $$
declare
  v_row record;
  v_has_older boolean;
  v_has_too_long boolean;
begin
  select bool_or(c.lease_token is null), bool_or(c.leased_until > clock_timestamp() + make_interval(secs => c.lease_seconds + 5))
  into v_has_older, v_has_too_long from public.agent_commands c where c.status in ('leased', 'running');
  if v_has_older then
    perform hq.end_left_behind();
  end if;
  -- A clock that was set back must not lengthen a lease: a living runner renews it, a dead one loses it in time.
  if v_has_too_long then
    update public.agent_commands c set leased_until = clock_timestamp() + make_interval(secs => c.lease_seconds)
    where c.id = any (array(select h.id from public.agent_commands h
      where h.status in ('leased', 'running') and h.leased_until > clock_timestamp() + make_interval(secs => h.lease_seconds + 5)
      order by h.id for no key update skip locked));
  end if;
  for v_row in
    select c.id, c.action, c.status, c.attempt, c.runner_id, c.lease_token, c.cancel_requested_at, a.retry, a.max_attempts
    from public.agent_commands c left join hq.actions a on a.name = c.action::text
    where c.status in ('leased', 'running')
      and coalesce(c.leased_until, c.started_at, c.created_at)
        < clock_timestamp() - case when c.lease_token is null then interval '1 hour' else interval '0' end
    order by c.leased_until limit 200
    for no key update of c skip locked
  loop
    if v_row.cancel_requested_at is null
      and ((v_row.lease_token is null and v_row.status = 'leased')
        or (v_row.lease_token is not null and v_row.retry = 'safe' and v_row.attempt < v_row.max_attempts))
    then
      update public.agent_commands c
      set status = 'pending', lease_token = null, runner_id = null, leased_at = null, leased_until = null, started_at = null,
        progress = null
      where c.id = v_row.id;
    else
      update public.agent_commands c
      set status = case when v_row.cancel_requested_at is null then 'failed' else 'cancelled' end::public.command_status,
        lease_token = null, leased_until = null, completed_at = clock_timestamp(),
        error_message = format('the runner died while %s ran (attempt %s of %s%s)', v_row.action, v_row.attempt,
          coalesce(v_row.max_attempts, 1), coalesce(', ' || v_row.runner_id, ''))
      where c.id = v_row.id;
    end if;
  end loop;
end
$$;

-- Returns a command as its runner gets it, without fields that are null and those that only the daemons of an older HQ know.
create or replace function hq.lease_json(p_row public.agent_commands, p_lease_seconds int) returns jsonb language sql stable
set search_path = '' as $$
  select jsonb_build_object(
    'id', p_row.id, 'action', p_row.action, 'payload', (
      select coalesce(jsonb_object_agg(e.key, e.value), '{}')
      from jsonb_each(case when jsonb_typeof(p_row.payload) = 'object' then p_row.payload else '{}' end) e
      where a.payload_schema -> 'properties' ? e.key and e.value <> 'null'), 'agent_id', p_row.agent_id, 'agent_slug', p_row.agent_slug,
    'attempt', p_row.attempt, 'lease_token', p_row.lease_token, 'lease_seconds', p_lease_seconds,
    'timeout_seconds', a.timeout_seconds, 'created_at', p_row.created_at, 'requested_by', p_row.requested_by,
    'origin', p_row.origin)
  from hq.actions a where a.name = p_row.action::text
$$;

-- Returns commands that are leased to this runner but unknown to it, because the answer with them was lost. Their leases are not
-- renewed by this. A lease that was renewed is known to its holder, so another process with the same id does not get it.
create or replace function hq.repeat_leases(
  p_gateway_id uuid, p_runner_id text, p_known uuid[], p_lease_seconds int
) returns jsonb language sql stable set search_path = '' as $$
  select coalesce(jsonb_agg(hq.lease_json(c, p_lease_seconds) order by c.priority desc, c.created_at, c.id), '[]')
  from public.agent_commands c
  where c.gateway_id = p_gateway_id and c.status = 'running' and c.runner_id = p_runner_id
    and c.lease_token <> all (p_known) and c.leased_until > clock_timestamp()
    and c.leased_until = c.leased_at + make_interval(secs => c.lease_seconds)
$$;

-- Leases commands: control first, then the oldest; one of lane `stack` at a time, one of lane `agent` for each agent. The caller
-- holds the gateway's row, so two runners of one gateway cannot both see it free.
create or replace function hq.claim(
  p_gateway_id uuid, p_paused boolean, p_runner_id text, p_limit int, p_lease_seconds int
) returns jsonb language plpgsql set search_path = '' as $$
declare
  v_stack_busy boolean;
  v_busy_agents text[];
  v_now timestamptz := clock_timestamp();
  v_ids uuid[];
  v_claimed jsonb;
begin
  select coalesce(bool_or(a.lane = 'stack'), false),
    coalesce(array_agg(coalesce(c.agent_slug, '')) filter (where a.lane = 'agent'), '{}')
  into v_stack_busy, v_busy_agents
  from public.agent_commands c join hq.actions a on a.name = c.action::text
  where c.gateway_id = p_gateway_id and c.status in ('leased', 'running');

  -- Reads by action, so that commands for other executors cost nothing however many wait.
  with candidates as (
    select c.*, a.lane from hq.actions a cross join lateral (
      select c.id, c.priority, c.created_at, coalesce(c.agent_slug, '') as agent from public.agent_commands c
      where c.gateway_id = p_gateway_id and c.status = 'pending' and c.action = a.name::public.command_action
      order by c.priority desc, c.created_at, c.id limit case a.lane when 'agent' then null else p_limit end) c
    where a.served and a.executor = 'runner' and (not p_paused or a.while_paused) and not (a.lane = 'stack' and v_stack_busy)
  ), placed as (
    select c.*, row_number() over (
      partition by c.lane, case c.lane when 'agent' then c.agent end order by c.priority desc, c.created_at, c.id) as place
    from candidates c where c.lane <> 'agent' or c.agent <> all (v_busy_agents)
  )
  select array_agg(w.id) into v_ids from (
    select p.id from placed p where p.lane = 'none' or p.place = 1
    order by p.lane <> 'none', p.priority desc, p.created_at, p.id limit p_limit
  ) w;

  with mine as (
    select c.id from public.agent_commands c
    where c.id = any (v_ids) and c.status = 'pending'
    order by c.id for no key update skip locked
  ), taken as (
    update public.agent_commands c
    set status = 'running', lease_token = gen_random_uuid(), runner_id = p_runner_id, attempt = c.attempt + 1,
      leased_at = v_now, leased_until = v_now + make_interval(secs => p_lease_seconds), lease_seconds = p_lease_seconds,
      started_at = v_now, progress = null
    from mine where c.id = mine.id
    returning c.id
  )
  select array_agg(t.id) into v_ids from taken t;
  select coalesce(jsonb_agg(hq.lease_json(c, p_lease_seconds) order by c.priority desc, c.created_at, c.id), '[]')
  into v_claimed
  from public.agent_commands c where c.id = any (v_ids);
  return v_claimed;
end
$$;

create or replace function hq.record_heartbeat(p_gateway_id uuid, p_heartbeat jsonb) returns void language sql
set search_path = '' as $$
  update public.gateways g
  set last_seen_at = clock_timestamp(), last_heartbeat_at = clock_timestamp(),
    status = case when g.status in ('provisioning', 'error') then 'ready' else g.status end,
    meta = case when jsonb_typeof(g.meta) = 'object' then g.meta else '{}' end
      || case when jsonb_typeof(p_heartbeat) = 'object' then p_heartbeat else '{}' end
  where g.id = p_gateway_id
$$;

create or replace function public.runner_exchange(
  p_gateway_id uuid,
  p_runner_id text,
  p_claim int default 0,
  p_lease_seconds int default 60,
  p_renew uuid[] default '{}',
  p_output jsonb default '[]',
  p_progress jsonb default '[]',
  p_results jsonb default '[]',
  p_heartbeat jsonb default null
) returns jsonb language plpgsql security definer set search_path = '' as $$
declare
  v_lease int := greatest(1, least(coalesce(p_lease_seconds, 60), 3600));
  v_limit int := greatest(0, least(coalesce(p_claim, 0), 1000));
  v_fence text := coalesce(current_setting('hq.fenced', true), '');
  v_gateway public.gateways;
  v_lost text[];
  v_claimed jsonb := '[]';
begin
  perform set_config('hq.fenced', 'on', true);
  if v_limit > 0 or p_heartbeat is not null then
    select * into v_gateway from public.gateways g where g.id = p_gateway_id for no key update;
  end if;
  v_lost := hq.take_output(p_output) || hq.take_progress(p_progress) || hq.take_results(p_results)
    || hq.renew(p_renew, v_lease);
  perform hq.sweep();
  if p_heartbeat is not null then
    perform hq.record_heartbeat(p_gateway_id, p_heartbeat);
  end if;
  if v_gateway.id is not null then
    perform hq.note_executor(v_gateway, 'runner');
  end if;
  select * into v_gateway from public.gateways g where g.id = p_gateway_id;
  if v_limit > 0 and v_gateway.id is not null then
    v_claimed := hq.repeat_leases(p_gateway_id, p_runner_id, p_renew, v_lease)
      || hq.claim(p_gateway_id, v_gateway.status in ('paused', 'hibernating'), p_runner_id, v_limit, v_lease);
  end if;
  perform set_config('hq.fenced', v_fence, true);
  return jsonb_build_object(
    'now', clock_timestamp(),
    'gateway_status', v_gateway.status,
    'secrets_version', v_gateway.secrets_version,
    'agents_version', v_gateway.agents_version,
    'dispatch_version', v_gateway.dispatch_version,
    'claimed', v_claimed,
    'cancel', (select coalesce(jsonb_agg(c.lease_token), '[]') from public.agent_commands c
      where c.lease_token = any (p_renew) and c.status in ('leased', 'running') and c.cancel_requested_at is not null),
    'lost', (select coalesce(jsonb_agg(distinct l), '[]') from unnest(v_lost) l),
    'sweep_in_ms', (select ceil(extract(epoch from min(c.leased_until) - clock_timestamp()) * 1000)
      from public.agent_commands c
      where c.gateway_id = p_gateway_id and c.status = 'running' and c.lease_token is not null
        and c.lease_token <> all (p_renew) and c.runner_id is distinct from p_runner_id));
end
$$;
select hq.open_function('public.runner_exchange(uuid, text, int, int, uuid[], jsonb, jsonb, jsonb, jsonb)', 'service_role',
  'The one request of a runner, in one transaction: stores output, progress and results, renews leases, ends expired ones, records the heartbeat and leases commands.

- `p_claim`: how many commands the runner could start now; `p_lease_seconds`: 1 to 3600
- `p_renew`: tokens of all leases that the runner holds
- `p_output`: `[{token, seq, stream: stdout | stderr, text}]`
- `p_progress`: `[{token, percent: 0 to 100 or null, note}]`
- `p_results`: `[{token, status: done | failed | cancelled | pending, exit_code, stdout, stderr, error_message, result}]`; `pending` returns a command that has not run
- `p_heartbeat`: `{services, version, runner}`, merged into `gateways.meta`

Returns `{now, gateway_status, secrets_version, agents_version, dispatch_version, claimed: [command], cancel: [token], lost: [token], sweep_in_ms}`. A claimed command is running already. `lost` has tokens that are no longer valid; what came with them changed nothing. `cancel` has leases that somebody wants to end.');

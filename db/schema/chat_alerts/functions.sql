create or replace function hq.delete_subscriptions() returns trigger language plpgsql security definer
set search_path = '' as $$
begin
  delete from public.chat_subscriptions s where s.identity_id = new.id;
  return null;
end
$$;
create or replace trigger hq_delete_subscriptions after update of revoked_at on public.chat_identities
for each row when (new.revoked_at is not null and old.revoked_at is null) execute function hq.delete_subscriptions();

create or replace function hq.chat_subscribe(p_who hq.speaker, p_request jsonb) returns jsonb language plpgsql
set search_path = '' as $$
declare
  v_filter jsonb := coalesce(nullif(p_request -> 'filter', 'null'), '{}');
  v_fault jsonb;
  v_row public.chat_subscriptions;
begin
  if not p_who.is_direct then
    perform hq.require_role(p_who.tenant, 'operator', 'subscribing a channel');
  end if;
  v_fault := hq.find_fault(v_filter, '{"type": "object", "additionalProperties": false, "properties": {
    "severity": {"type": "string", "enum": ["info", "warning", "error", "critical"]},
    "kinds": {"type": "array", "items": {"type": "string", "maxLength": 60}},
    "agents": {"type": "array", "items": {"type": "string", "maxLength": 60}},
    "tags": {"type": "array", "items": {"type": "string", "maxLength": 60}},
    "quiet": {"type": "object", "additionalProperties": false, "required": ["from", "to", "tz"], "properties": {
      "from": {"type": "string", "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]$"},
      "to": {"type": "string", "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]$"},
      "tz": {"type": "string", "maxLength": 60}}},
    "digest_minutes": {"type": "integer", "minimum": 0, "maximum": 1440}}}', 'filter');
  if v_fault is not null or octet_length(v_filter::text) > 8192 then
    raise exception '%', coalesce(v_fault ->> 'message', 'the filter is too long')
      using errcode = '22023', column = coalesce(v_fault ->> 'field', 'filter');
  end if;
  if v_filter #>> '{quiet,tz}' is not null and lower(hq.time_zone_or_utc(v_filter #>> '{quiet,tz}')) <> lower(v_filter #>> '{quiet,tz}') then
    raise exception 'the time zone of the quiet hours is unknown'
      using errcode = '22023', column = 'filter.quiet.tz', hint = 'It looks like Europe/Berlin.';
  end if;
  insert into public.chat_subscriptions as s (tenant_id, platform, install, channel, thread, kind, identity_id, channel_id, filter, cursor)
  values (p_who.tenant, p_who.platform, p_who.install, p_who.channel, p_who.thread,
    case when p_who.is_direct then 'direct' else 'group' end, case when p_who.is_direct then p_who.identity end, p_who.channel_id,
    v_filter, to_char(clock_timestamp() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'))
  on conflict (tenant_id, platform, install, channel) do update
  set filter = excluded.filter, thread = excluded.thread, kind = excluded.kind, identity_id = excluded.identity_id,
    channel_id = excluded.channel_id, disabled_at = null, disabled_reason = null,
    cursor = case when s.disabled_at is null then s.cursor else excluded.cursor end
  returning * into v_row;
  return jsonb_build_object('subscription', to_jsonb(v_row) - 'tenant_id');
end
$$;

create or replace function hq.chat_unsubscribe(p_who hq.speaker, p_request jsonb) returns jsonb language plpgsql
set search_path = '' as $$
declare
  v_row public.chat_subscriptions;
begin
  if not p_who.is_direct then
    perform hq.require_role(p_who.tenant, 'operator', 'unsubscribing a channel');
  end if;
  delete from public.chat_subscriptions s
  where s.tenant_id = p_who.tenant and s.platform = p_who.platform and s.install = p_who.install and s.channel = p_who.channel
  returning * into v_row;
  if not found then
    raise exception 'nothing is subscribed here' using errcode = 'P0002';
  end if;
  return jsonb_build_object('subscription', to_jsonb(v_row) - 'tenant_id');
end
$$;

-- Returns the subscription of this chat; to an admin all of them.
create or replace function hq.read_subscriptions(p_who hq.speaker, p_args jsonb, p_limit int) returns setof jsonb language sql stable
set search_path = '' as $$
  select hq.pick(to_jsonb(s), '{id,created_at,platform,install,channel,kind,filter,disabled_at,disabled_reason}')
    || jsonb_build_object('here', h.here)
  from public.chat_subscriptions s,
    lateral (select (s.platform, s.install, s.channel) = (p_who.platform, p_who.install, p_who.channel) as here) h
  where s.tenant_id = p_who.tenant and (h.here or hq.effective_role(p_who) >= 'admin')
  order by h.here desc, s.created_at desc limit p_limit
$$;

-- Builds thousands of open messages as text and parses it once: much faster than jsonb.
create or replace function public.chat_list_subscriptions(p_platform text) returns jsonb language sql security definer
set search_path = '' as $$
  select coalesce(hq.refuse_unless_bot('list_subscriptions'), (
    select json_agg(json_build_object('id', s.id, 'created_at', s.created_at, 'platform', s.platform, 'install', s.install,
      'channel', s.channel, 'thread', s.thread, 'kind', s.kind, 'filter', s.filter, 'cursor', s.cursor,
      'messages', coalesce(m.messages, '[]')) order by s.id)
    from public.chat_subscriptions s
    left join (
      select a.subscription_id, json_agg(json_build_object('key', a.key, 'handle', a.handle, 'open', true)) as messages
      from public.chat_alert_messages a where a.tenant_id = (select public.current_tenant_id()) group by a.subscription_id) m on m.subscription_id = s.id
    where s.tenant_id = (select public.current_tenant_id()) and s.platform = p_platform and s.disabled_at is null)::jsonb, '[]')
$$;
select hq.open_function('public.chat_list_subscriptions(text)', 'authenticated, service_role',
  'Returns the subscriptions of a platform with their cursors and the messages of their open alerts: `[{id, created_at, platform, install, channel, thread, kind, filter, cursor, messages: [{key, handle, open}]}]`.');

create or replace function public.chat_record_alerts(p_rows jsonb) returns jsonb language plpgsql security definer
set search_path = '' as $$
declare
  v_tenant uuid := public.current_tenant_id();
  v_refusal jsonb := hq.refuse_unless_bot('record_alerts');
  v_saved int;
begin
  if v_refusal is not null then
    return v_refusal;
  end if;
  -- Locks the subscriptions, so that none is deleted together with its messages meanwhile.
  perform from public.chat_subscriptions s
  where s.tenant_id = v_tenant and s.id in (select hq.uuid_or_null(r ->> 'subscription_id') from hq.entries(p_rows) r)
  order by s.id for no key update;
  -- The last entry for a key counts.
  with reported as (
    select distinct on (s.id, m.e ->> 'key') s.id, left(m.e ->> 'key', 300) as key, coalesce(m.e -> 'handle', 'null') as handle,
      coalesce((m.e ->> 'open')::boolean, true) as open
    from hq.entries(p_rows) with ordinality r (e, n)
    join public.chat_subscriptions s on s.id = hq.uuid_or_null(r.e ->> 'subscription_id') and s.tenant_id = v_tenant,
      hq.entries(r.e -> 'messages') with ordinality m (e, n)
    where m.e ->> 'key' is not null
    order by s.id, m.e ->> 'key', r.n desc, m.n desc
  ), over as (
    delete from public.chat_alert_messages a using reported t where a.subscription_id = t.id and a.key = t.key and not t.open
  )
  insert into public.chat_alert_messages as a (tenant_id, subscription_id, key, handle)
  select v_tenant, t.id, t.key, t.handle from reported t where t.open
  on conflict (subscription_id, key) do update set handle = excluded.handle;
  update public.chat_subscriptions s
  set cursor = coalesce(nullif(left(r.e ->> 'cursor', 60), ''), s.cursor),
    disabled_at = case when r.e ->> 'disabled' is not null then clock_timestamp() else s.disabled_at end,
    disabled_reason = coalesce(left(r.e ->> 'disabled', 300), s.disabled_reason)
  from (
    select distinct on (o.e ->> 'subscription_id') o.e from hq.entries(p_rows) with ordinality o (e, n)
    order by o.e ->> 'subscription_id', o.n desc) r
  where s.id = hq.uuid_or_null(r.e ->> 'subscription_id') and s.tenant_id = v_tenant;
  get diagnostics v_saved = row_count;
  return jsonb_build_object('saved', v_saved);
end
$$;
select hq.open_function('public.chat_record_alerts(jsonb)', 'authenticated, service_role',
  'Stores the messages that were sent, many at once: `[{subscription_id, cursor, messages: [{key, handle, open}], disabled}]`. Returns `{saved}`. A message that is not `open` is removed. `disabled` is the reason why a chat takes no messages; it lasts until somebody there subscribes again.');

-- Leases a token to a holder of one tenant: members can read both names and could be bots elsewhere.
create or replace function hq.lease_adapter_token(p_tenant uuid, p_holder text, p_adapter jsonb) returns boolean language plpgsql
set search_path = '' as $$
declare
  v_now timestamptz := clock_timestamp();
  v_state text := left(coalesce(p_adapter ->> 'state', 'unknown'), 40);
  v_until timestamptz := v_now + case v_state when 'stopped' then interval '0' else interval '30 seconds' end;
begin
  insert into public.chat_adapters as a (platform, fingerprint, tenant_id, install, holder, held_until, state, detail, last_inbound_at,
    last_outbound_at)
  values (p_adapter ->> 'platform', p_adapter ->> 'fingerprint', p_tenant, p_adapter ->> 'install', p_holder, v_until, v_state,
    left(p_adapter ->> 'detail', 500), (p_adapter ->> 'last_inbound_at')::timestamptz, (p_adapter ->> 'last_outbound_at')::timestamptz)
  on conflict (platform, fingerprint) do update
  set tenant_id = excluded.tenant_id, install = coalesce(excluded.install, a.install), holder = excluded.holder,
    held_until = excluded.held_until, state = excluded.state, detail = excluded.detail, last_beat_at = v_now,
    state_since = case when excluded.state = a.state and excluded.tenant_id = a.tenant_id then a.state_since else v_now end,
    last_inbound_at = coalesce(excluded.last_inbound_at, a.last_inbound_at),
    last_outbound_at = coalesce(excluded.last_outbound_at, a.last_outbound_at)
  where (a.holder = p_holder and a.tenant_id = p_tenant) or a.held_until <= v_now;
  return found and v_state <> 'stopped';
end
$$;

-- Returns whether an adapter needs an alert: at once for a revoked token, after a minute for anything that may recover.
create or replace function hq.is_disconnected(p_adapter public.chat_adapters) returns boolean language sql stable
set search_path = '' as $$
  select p_adapter.state <> 'stopped' and (p_adapter.last_beat_at < clock_timestamp() - interval '60 seconds'
    or p_adapter.state = 'revoked'
    or (p_adapter.state <> 'connected' and p_adapter.state_since < clock_timestamp() - interval '60 seconds'))
$$;

-- Skips locked rows: two programs report at once, each holds its own rows and may want one of the other's. The next heartbeat
-- sweeps those.
create or replace function hq.sweep_adapters(p_tenant uuid) returns void language plpgsql
set search_path = '' as $$
begin
  -- Rows of a replaced token; a token that was wrong never reported an install.
  delete from public.chat_adapters d where (d.platform, d.fingerprint) in (
    select o.platform, o.fingerprint
    from public.chat_adapters o, public.chat_adapters n
    where o.tenant_id = p_tenant and n.tenant_id = p_tenant and n.platform = o.platform
      and (n.install = o.install or o.install is null)
      and n.fingerprint <> o.fingerprint and o.held_until <= clock_timestamp() and n.held_until > clock_timestamp()
    for update of o skip locked);
  perform hq.notify(jsonb_build_object(
    'tenant_id', p_tenant, 'type', 'bot_disconnected', 'severity', 'error', 'subject', 'adapter:' || a.platform,
    'dedup_key', format('bot_disconnected:%s:%s', a.platform, left(a.fingerprint, 12)),
    'title', format('the %s bot is not connected', initcap(a.platform)), 'body', coalesce(a.detail, a.state),
    'actor_type', 'system', 'meta', jsonb_build_object('platform', a.platform, 'install', a.install, 'state', a.state)))
  from public.chat_adapters a
  where a.tenant_id = p_tenant and hq.is_disconnected(a)
    and not hq.alert_is_open(p_tenant, format('bot_disconnected:%s:%s', a.platform, left(a.fingerprint, 12)));
  perform hq.resolve_alert(p_tenant, n.dedup_key)
  from public.notifications n
  where n.tenant_id = p_tenant and n.resolved_at is null and n.dedup_key like 'bot\_disconnected:%'
    and not exists (select from public.chat_adapters a where a.tenant_id = p_tenant and a.platform = split_part(n.dedup_key, ':', 2)
      and left(a.fingerprint, 12) = split_part(n.dedup_key, ':', 3) and hq.is_disconnected(a));
end
$$;

create or replace function hq.sweep_chat(p_tenant uuid) returns void language plpgsql
set search_path = '' as $$
declare
  v_now timestamptz := clock_timestamp();
begin
  delete from public.chat_deliveries d where d.tenant_id = p_tenant and d.created_at < v_now - interval '48 hours';
  -- Removes tokens of expired confirmations from stored answers.
  update public.chat_deliveries d set answer = d.answer #- '{confirm,token}'
  where d.tenant_id = p_tenant and d.call = 'act' and d.answer #> '{confirm,token}' is not null
    and d.created_at < v_now - interval '5 minutes';
  delete from public.chat_confirmations c where c.tenant_id = p_tenant and c.created_at < v_now - interval '24 hours';
  delete from public.chat_buttons b where b.tenant_id = p_tenant and b.expires_at < v_now;
  delete from public.chat_link_codes c where c.tenant_id = p_tenant and c.expires_at < v_now;
  delete from public.chat_cards c where c.tenant_id = p_tenant and c.closed and c.created_at < v_now - interval '7 days';
  delete from public.alert_mutes m where m.tenant_id = p_tenant and m.until < v_now - interval '1 day';
  delete from hq.rate_counters m where m.tenant_id = p_tenant and m.since < v_now - interval '1 hour';
end
$$;

create or replace function public.chat_heartbeat(p_holder text, p_adapters jsonb) returns jsonb language plpgsql security definer
set search_path = '' as $$
declare
  v_tenant uuid := public.current_tenant_id();
  v_refusal jsonb := hq.refuse_unless_bot('heartbeat');
  v_adapter jsonb;
  v_held jsonb := '{}';
begin
  if v_refusal is not null then
    return v_refusal;
  end if;
  for v_adapter in select e from hq.entries(p_adapters) e order by e ->> 'platform', e ->> 'fingerprint' loop
    if not exists (select from hq.chat_platforms p where p.name = v_adapter ->> 'platform') or length(v_adapter ->> 'fingerprint') is null
      or length(v_adapter ->> 'fingerprint') not between 16 and 128 or length(coalesce(p_holder, '')) not between 1 and 200
    then
      return hq.refusal('22023', 'a beat names its holder, and of each adapter the platform and the fingerprint of its token', null, 'adapters');
    end if;
    v_held := v_held || jsonb_build_object(v_adapter ->> 'platform', hq.lease_adapter_token(v_tenant, p_holder, v_adapter));
  end loop;
  -- One bot sweeps at a time; the others do not wait.
  if pg_try_advisory_xact_lock(hashtext('hq.chat_heartbeat'), hashtext(v_tenant::text)) then
    perform hq.sweep_gateways(v_tenant);
    perform hq.sweep_tasks(v_tenant);
    perform hq.sweep_adapters(v_tenant);
    perform hq.sweep_pairings(v_tenant);
    perform hq.sweep_questions(v_tenant);
    if hq.within_rate_limit(v_tenant, '', 'sweep of chat', 1, 60) then
      perform hq.sweep_chat(v_tenant);
    end if;
  end if;
  return jsonb_build_object('now', clock_timestamp(), 'held', v_held);
end
$$;
select hq.open_function('public.chat_heartbeat(text, jsonb)', 'authenticated, service_role',
  'Records the state of a bot''s adapters, every ten seconds: `[{platform, install, fingerprint, state, detail, last_inbound_at, last_outbound_at}]`. Returns `{now, held: {platform: boolean}}`: each token has one holder for 30 seconds. `state` is `connected`, `stopped` (releases the token, no alert) or any other word. Adds the alerts that only time brings: gateways stale and back, tasks overdue, adapters gone, pairing requests expired.');

create or replace function public.chat_subscribe(p_chat jsonb, p_filter jsonb default '{}') returns jsonb language sql security definer
set search_path = '' as $$ select hq.chat_call('subscribe', p_chat, jsonb_build_object('filter', p_filter)) $$;
select hq.open_function('public.chat_subscribe(jsonb, jsonb)', 'authenticated, service_role',
  'Subscribes the chat of the delivery to alerts, or changes its filter: `{severity, kinds, agents, tags, quiet: {from, to, tz}, digest_minutes}`. Returns `{subscription}` or `{refused}`. In a channel for operators.');

create or replace function public.chat_unsubscribe(p_chat jsonb) returns jsonb language sql security definer
set search_path = '' as $$ select hq.chat_call('unsubscribe', p_chat, '{}') $$;
select hq.open_function('public.chat_unsubscribe(jsonb)', 'authenticated, service_role',
  'Ends the subscription of the chat. Returns `{subscription}` or `{refused}`. In a channel for operators.');

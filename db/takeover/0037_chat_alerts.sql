-- Which chats want to hear of alerts, what they were told, and the processes that tell them.

create table if not exists public.chat_subscriptions (
  id uuid primary key default gen_random_uuid(),
  created_at timestamptz not null default clock_timestamp(),
  tenant_id uuid not null default hq.nil_tenant() references public.tenants (id) on delete cascade,
  platform text not null check (platform in ('slack', 'discord', 'telegram')),
  install text not null,
  channel text not null,
  thread text,
  kind text not null check (kind in ('direct', 'group')),
  -- A direct message ends with the link of whoever asked for it, a channel's with its binding.
  identity_id uuid references public.chat_identities (id) on delete cascade,
  channel_id uuid references public.chat_channels (id) on delete cascade,
  filter jsonb not null default '{}',
  cursor text,
  disabled_at timestamptz,
  disabled_reason text,
  unique (tenant_id, platform, install, channel)
);
create index if not exists chat_subscriptions_identity on public.chat_subscriptions (identity_id);
create index if not exists chat_subscriptions_channel on public.chat_subscriptions (channel_id);
select hq.guard_table('public.chat_subscriptions', 'viewer', null, null, null);

-- The message that tells of an alert, for as long as it lasts: what is over is told by changing it.
create table if not exists public.chat_alert_messages (
  tenant_id uuid not null references public.tenants (id) on delete cascade,
  subscription_id uuid not null references public.chat_subscriptions (id) on delete cascade,
  key text not null,
  handle jsonb not null,
  created_at timestamptz not null default clock_timestamp(),
  primary key (subscription_id, key)
);
create index if not exists chat_alert_messages_tenant on public.chat_alert_messages (tenant_id);
select hq.guard_table('public.chat_alert_messages', null, null, null, null);

-- One token has one consumer at a time: platforms divide what comes among all that listen, or refuse the second. The token itself is
-- known here by its fingerprint alone.
create table if not exists public.chat_adapters (
  platform text not null check (platform in ('slack', 'discord', 'telegram')),
  fingerprint text not null,
  tenant_id uuid not null default hq.nil_tenant() references public.tenants (id) on delete cascade,
  install text,
  holder text not null,
  held_until timestamptz not null default clock_timestamp(),
  state text not null,
  state_since timestamptz not null default clock_timestamp(),
  detail text,
  last_inbound_at timestamptz,
  last_outbound_at timestamptz,
  last_beat_at timestamptz not null default clock_timestamp(),
  created_at timestamptz not null default clock_timestamp(),
  primary key (platform, fingerprint)
);
create index if not exists chat_adapters_tenant on public.chat_adapters (tenant_id);
select hq.guard_table('public.chat_adapters', 'viewer', null, null, null);

create or replace function hq.end_subscriptions() returns trigger language plpgsql security definer
set search_path = '' as $$
begin
  delete from public.chat_subscriptions s where s.identity_id = new.id;
  return null;
end
$$;
create or replace trigger hq_end_subscriptions after update of revoked_at on public.chat_identities
for each row when (new.revoked_at is not null and old.revoked_at is null) execute function hq.end_subscriptions();

create or replace function hq.chat_subscribe(p_who hq.speaker, p_said jsonb) returns jsonb language plpgsql
set search_path = '' as $$
declare
  v_filter jsonb := coalesce(nullif(p_said -> 'filter', 'null'), '{}');
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
  if v_filter #>> '{quiet,tz}' is not null and lower(hq.zone_or_utc(v_filter #>> '{quiet,tz}')) <> lower(v_filter #>> '{quiet,tz}') then
    raise exception 'no clock knows the zone of the quiet hours'
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

create or replace function hq.chat_unsubscribe(p_who hq.speaker, p_said jsonb) returns jsonb language plpgsql
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

-- This chat's own; to an admin all of them.
create or replace function hq.read_subscriptions(p_who hq.speaker, p_args jsonb, p_limit int) returns setof jsonb language sql stable
set search_path = '' as $$
  select hq.pick(to_jsonb(s), '{id,created_at,platform,install,channel,kind,filter,disabled_at,disabled_reason}')
    || jsonb_build_object('here', h.here)
  from public.chat_subscriptions s,
    lateral (select (s.platform, s.install, s.channel) = (p_who.platform, p_who.install, p_who.channel) as here) h
  where s.tenant_id = p_who.tenant and (h.here or hq.role_here(p_who) >= 'admin')
  order by h.here desc, s.created_at desc limit p_limit
$$;

-- Every subscription that is to be told, with what it was told and is not over.
create or replace function public.chat_watch(p_platform text) returns jsonb language plpgsql security definer
set search_path = '' as $$
declare
  v_tenant uuid := public.current_tenant_id();
  v_refusal jsonb := hq.turn_away('watch');
begin
  if v_refusal is not null then
    return v_refusal;
  end if;
  return coalesce((
    select jsonb_agg(hq.pick(to_jsonb(s), '{id,created_at,platform,install,channel,thread,kind,filter,cursor}') || jsonb_build_object(
      'messages', coalesce((select jsonb_agg(jsonb_build_object('key', m.key, 'handle', m.handle, 'open', true))
        from public.chat_alert_messages m where m.subscription_id = s.id), '[]')) order by s.id)
    from public.chat_subscriptions s where s.tenant_id = v_tenant and s.platform = p_platform and s.disabled_at is null), '[]');
end
$$;

-- What was told, many at once. A chat that does not take messages any more is left alone until somebody there subscribes again.
create or replace function public.chat_told(p_rows jsonb) returns jsonb language plpgsql security definer
set search_path = '' as $$
declare
  v_tenant uuid := public.current_tenant_id();
  v_refusal jsonb := hq.turn_away('told');
  v_saved int;
begin
  if v_refusal is not null then
    return v_refusal;
  end if;
  -- Held, so that none of them ends meanwhile and takes what is kept of the others along.
  perform from public.chat_subscriptions s
  where s.tenant_id = v_tenant and s.id in (select hq.uuid_or_null(r ->> 'subscription_id') from hq.entries(p_rows) r)
  order by s.id for no key update;
  -- Of what is said twice the last counts.
  with told as (
    select distinct on (s.id, m.e ->> 'key') s.id, left(m.e ->> 'key', 300) as key, coalesce(m.e -> 'handle', 'null') as handle,
      coalesce((m.e ->> 'open')::boolean, true) as open
    from hq.entries(p_rows) with ordinality r (e, n)
    join public.chat_subscriptions s on s.id = hq.uuid_or_null(r.e ->> 'subscription_id') and s.tenant_id = v_tenant,
      hq.entries(r.e -> 'messages') with ordinality m (e, n)
    where m.e ->> 'key' is not null
    order by s.id, m.e ->> 'key', r.n desc, m.n desc
  ), over as (
    delete from public.chat_alert_messages a using told t where a.subscription_id = t.id and a.key = t.key and not t.open
  )
  insert into public.chat_alert_messages as a (tenant_id, subscription_id, key, handle)
  select v_tenant, t.id, t.key, t.handle from told t where t.open
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

-- Gives a token to whoever has it or finds it free, for thirty seconds; says whether that is the caller.
create or replace function hq.hold_token(p_tenant uuid, p_holder text, p_adapter jsonb) returns boolean language plpgsql
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
  where a.holder = p_holder or a.held_until <= v_now;
  return found and v_state <> 'stopped';
end
$$;

-- An adapter that does not say that it is connected, or says nothing at all, for a minute. One that was stopped was meant to be.
create or replace function hq.is_disconnected(p_adapter public.chat_adapters) returns boolean language sql stable
set search_path = '' as $$
  select p_adapter.state <> 'stopped' and (p_adapter.last_beat_at < clock_timestamp() - interval '60 seconds'
    or (p_adapter.state <> 'connected' and p_adapter.state_since < clock_timestamp() - interval '60 seconds'))
$$;

create or replace function hq.sweep_adapters(p_tenant uuid) returns void language plpgsql
set search_path = '' as $$
begin
  -- The token was changed: what is known by the old one is history. One that was wrong never told whose it is.
  delete from public.chat_adapters o using public.chat_adapters n
  where o.tenant_id = p_tenant and n.tenant_id = p_tenant and n.platform = o.platform
    and (n.install = o.install or o.install is null)
    and n.fingerprint <> o.fingerprint and o.held_until <= clock_timestamp() and n.held_until > clock_timestamp();
  perform hq.notify(jsonb_build_object(
    'tenant_id', p_tenant, 'type', 'bot_disconnected', 'severity', 'error', 'subject', 'adapter:' || a.platform,
    'dedup_key', format('bot_disconnected:%s:%s', a.platform, left(a.fingerprint, 12)),
    'title', format('the %s bot is not connected', initcap(a.platform)), 'body', coalesce(a.detail, a.state),
    'actor_type', 'system', 'meta', jsonb_build_object('platform', a.platform, 'install', a.install, 'state', a.state)))
  from public.chat_adapters a
  where a.tenant_id = p_tenant and hq.is_disconnected(a)
    and not hq.alert_lasts(p_tenant, format('bot_disconnected:%s:%s', a.platform, left(a.fingerprint, 12)));
  perform hq.resolve_alert(p_tenant, n.dedup_key)
  from public.notifications n
  where n.tenant_id = p_tenant and n.resolved_at is null and n.dedup_key like 'bot\_disconnected:%'
    and not exists (select from public.chat_adapters a where a.tenant_id = p_tenant and a.platform = split_part(n.dedup_key, ':', 2)
      and left(a.fingerprint, 12) = split_part(n.dedup_key, ':', 3) and hq.is_disconnected(a));
end
$$;

-- What nobody needs any more.
create or replace function hq.sweep_chat(p_tenant uuid) returns void language plpgsql
set search_path = '' as $$
begin
  delete from public.chat_deliveries d where d.tenant_id = p_tenant and d.created_at < clock_timestamp() - interval '48 hours';
  -- The answer that asked held the token; once nobody can use it any more, nobody needs it.
  update public.chat_deliveries d set answer = d.answer #- '{confirm,token}'
  where d.tenant_id = p_tenant and d.call = 'act' and d.answer #> '{confirm,token}' is not null
    and d.created_at < clock_timestamp() - interval '5 minutes';
  delete from public.chat_confirmations c where c.tenant_id = p_tenant and c.created_at < clock_timestamp() - interval '24 hours';
  delete from public.chat_buttons b where b.tenant_id = p_tenant and b.expires_at < clock_timestamp();
  delete from public.chat_link_codes c where c.tenant_id = p_tenant and c.expires_at < clock_timestamp();
  delete from public.chat_cards c where c.tenant_id = p_tenant and c.closed and c.created_at < clock_timestamp() - interval '7 days';
  delete from public.alert_mutes m where m.tenant_id = p_tenant and m.until < clock_timestamp() - interval '1 day';
  delete from hq.meter m where m.tenant_id = p_tenant and m.since < clock_timestamp() - interval '1 hour';
end
$$;

create or replace function public.chat_beat(p_holder text, p_adapters jsonb) returns jsonb language plpgsql security definer
set search_path = '' as $$
declare
  v_tenant uuid := public.current_tenant_id();
  v_refusal jsonb := hq.turn_away('beat');
  v_adapter jsonb;
  v_held jsonb := '{}';
begin
  if v_refusal is not null then
    return v_refusal;
  end if;
  for v_adapter in select e from hq.entries(p_adapters) e order by e ->> 'platform', e ->> 'fingerprint' loop
    if coalesce(v_adapter ->> 'platform', '') not in ('slack', 'discord', 'telegram') or length(v_adapter ->> 'fingerprint') is null
      or length(v_adapter ->> 'fingerprint') not between 16 and 128 or length(coalesce(p_holder, '')) not between 1 and 200
    then
      return hq.refusal('22023', 'a beat names its holder, and of each adapter the platform and the fingerprint of its token', null, 'adapters');
    end if;
    v_held := v_held || jsonb_build_object(v_adapter ->> 'platform', hq.hold_token(v_tenant, p_holder, v_adapter));
  end loop;
  -- One bot sweeps at a time; the others need not wait for it.
  if pg_try_advisory_xact_lock(hashtext('hq.chat_beat'), hashtext(v_tenant::text)) then
    perform hq.sweep_gateways(v_tenant);
    perform hq.sweep_tasks(v_tenant);
    perform hq.sweep_adapters(v_tenant);
    if hq.within(v_tenant, '', 'sweep of chat', 1, 60) then
      perform hq.sweep_chat(v_tenant);
    end if;
  end if;
  return jsonb_build_object('now', clock_timestamp(), 'held', v_held);
end
$$;

create or replace function public.chat_subscribe(p_chat jsonb, p_filter jsonb default '{}') returns jsonb language sql security definer
set search_path = '' as $$ select hq.chat_call('subscribe', p_chat, jsonb_build_object('filter', p_filter)) $$;
create or replace function public.chat_unsubscribe(p_chat jsonb) returns jsonb language sql security definer
set search_path = '' as $$ select hq.chat_call('unsubscribe', p_chat, '{}') $$;

do $$
declare
  v_signature text;
begin
  foreach v_signature in array array['chat_subscribe(jsonb,jsonb)', 'chat_unsubscribe(jsonb)', 'chat_watch(text)', 'chat_told(jsonb)',
    'chat_beat(text,jsonb)'] loop
    execute format('revoke all on function public.%s from public, anon', v_signature);
    execute format('grant execute on function public.%s to authenticated, service_role', v_signature);
  end loop;
end
$$;

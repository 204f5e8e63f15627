-- What chat asks of an HQ with a hundred thousand commands. A function that is planned once for all of its arguments cannot use the
-- index of just one of them; and a time that may change from row to row is compared with every row there is.

create or replace function hq.gateway_row(p_gateway public.gateways) returns jsonb language sql stable
set search_path = '' as $$
  select hq.pick(to_jsonb(p_gateway), '{id,slug,label,status,last_seen_at,last_backup_at}') || jsonb_build_object(
    'stale', hq.is_stale(p_gateway), 'services', coalesce(p_gateway.meta -> 'services', '[]'), 'version', p_gateway.meta -> 'version',
    'agents', (select count(*) from public.agents a where a.gateway_id = p_gateway.id),
    'commands', jsonb_build_object(
      'pending', (select count(*) from public.agent_commands c where c.gateway_id = p_gateway.id and c.status = 'pending'),
      'running', (select count(*) from public.agent_commands c where c.gateway_id = p_gateway.id and c.status in ('leased', 'running'))))
$$;

create or replace function hq.read_fleet(p_who hq.speaker, p_args jsonb, p_limit int) returns setof jsonb language sql stable
set search_path = '' as $$
  select jsonb_build_object(
    'now', clock_timestamp(),
    'gateways', coalesce((select jsonb_agg(r) from hq.read_gateways(p_who, '{}', p_limit) r), '[]'),
    'agents', coalesce((select jsonb_object_agg(s.status, s.n) from (
      select a.status, count(*) as n from public.agents a where a.tenant_id = p_who.tenant group by 1) s), '{}'),
    'tasks', coalesce((select jsonb_object_agg(s.status, s.n) from (
      select t.status, count(*) as n from public.tasks t where t.tenant_id = p_who.tenant and t.archived_at is null
        and t.status::text not in ('done', 'cancelled', 'missed') group by 1) s), '{}'),
    'failed', (select count(*) from public.agent_commands c
      where c.tenant_id = p_who.tenant and c.status = 'failed' and c.created_at > statement_timestamp() - interval '1 hour'),
    'alerts', (select count(*) from public.notifications n
      where n.tenant_id = p_who.tenant and n.dismissed_at is null and n.resolved_at is null and n.read_at is null))
$$;

create or replace function hq.read_commands(p_who hq.speaker, p_args jsonb, p_limit int) returns setof jsonb language plpgsql stable
set search_path = '' set plan_cache_mode = force_custom_plan as $$
begin
  return query select hq.command_row(c) from public.agent_commands c
  where c.tenant_id = p_who.tenant and (p_args ->> 'status' is null or c.status::text = p_args ->> 'status')
    and (p_args ->> 'gateway_id' is null or c.gateway_id = (p_args ->> 'gateway_id')::uuid)
    and (p_args ->> 'agent_id' is null or c.agent_id = (p_args ->> 'agent_id')::uuid)
  order by c.created_at desc limit p_limit;
end
$$;

-- Only of the dearest it is looked up how often they ran.
create or replace function hq.read_usage(p_who hq.speaker, p_args jsonb, p_limit int) returns setof jsonb language plpgsql stable
set search_path = '' set plan_cache_mode = force_custom_plan as $$
declare
  v_month timestamptz := date_trunc('month', clock_timestamp());
  v_day timestamptz := date_trunc('day', clock_timestamp());
begin
  return query
  with dearest as (
    select u.agent_id, sum(u.cost_total_usd) as cost, sum(u.total_tokens) as tokens
    from public.agent_usage u
    where u.tenant_id = p_who.tenant and u.occurred_at >= v_month
      and (p_args ->> 'agent_id' is null or u.agent_id = (p_args ->> 'agent_id')::uuid)
    group by u.agent_id order by 2 desc limit p_limit
  )
  select jsonb_build_object('agent', (select a.slug from public.agents a where a.id = d.agent_id),
    'cost_usd', round(d.cost, 4), 'tokens', d.tokens, 'runs', r.runs, 'today_usd', round(coalesce(r.today, 0), 4), 'since', v_month)
  from dearest d, lateral (
    select count(distinct u.run_id) as runs, sum(u.cost_total_usd) filter (where u.occurred_at >= v_day) as today
    from (
      select * from public.agent_usage own where own.agent_id = d.agent_id
      -- What agents that are gone have used.
      union all select * from public.agent_usage gone where d.agent_id is null and gone.agent_id is null) u
    where u.tenant_id = p_who.tenant and u.occurred_at >= v_month) r
  order by d.cost desc;
end
$$;

-- Thousands of open messages are put together as text, and understood as a whole once.
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
    select json_agg(json_build_object('id', s.id, 'created_at', s.created_at, 'platform', s.platform, 'install', s.install,
      'channel', s.channel, 'thread', s.thread, 'kind', s.kind, 'filter', s.filter, 'cursor', s.cursor,
      'messages', coalesce(m.messages, '[]')) order by s.id)
    from public.chat_subscriptions s
    left join (
      select a.subscription_id, json_agg(json_build_object('key', a.key, 'handle', a.handle, 'open', true)) as messages
      from public.chat_alert_messages a where a.tenant_id = v_tenant group by a.subscription_id) m on m.subscription_id = s.id
    where s.tenant_id = v_tenant and s.platform = p_platform and s.disabled_at is null)::jsonb, '[]');
end
$$;

-- What nobody needs any more. One time for all of it, so that the indexes by age find it.
create index if not exists chat_deliveries_tokens on public.chat_deliveries (created_at)
where call = 'act' and answer #> '{confirm,token}' is not null;
create or replace function hq.sweep_chat(p_tenant uuid) returns void language plpgsql
set search_path = '' as $$
declare
  v_now timestamptz := clock_timestamp();
begin
  delete from public.chat_deliveries d where d.tenant_id = p_tenant and d.created_at < v_now - interval '48 hours';
  -- The answer that asked held the token; once nobody can use it any more, nobody needs it.
  update public.chat_deliveries d set answer = d.answer #- '{confirm,token}'
  where d.tenant_id = p_tenant and d.call = 'act' and d.answer #> '{confirm,token}' is not null
    and d.created_at < v_now - interval '5 minutes';
  delete from public.chat_confirmations c where c.tenant_id = p_tenant and c.created_at < v_now - interval '24 hours';
  delete from public.chat_buttons b where b.tenant_id = p_tenant and b.expires_at < v_now;
  delete from public.chat_link_codes c where c.tenant_id = p_tenant and c.expires_at < v_now;
  delete from public.chat_cards c where c.tenant_id = p_tenant and c.closed and c.created_at < v_now - interval '7 days';
  delete from public.alert_mutes m where m.tenant_id = p_tenant and m.until < v_now - interval '1 day';
  delete from hq.meter m where m.tenant_id = p_tenant and m.since < v_now - interval '1 hour';
end
$$;

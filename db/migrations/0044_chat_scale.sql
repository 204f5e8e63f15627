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

create or replace function hq.read_usage(p_who hq.speaker, p_args jsonb, p_limit int) returns setof jsonb language plpgsql stable
set search_path = '' set plan_cache_mode = force_custom_plan as $$
declare
  v_month timestamptz := date_trunc('month', clock_timestamp());
  v_day timestamptz := date_trunc('day', clock_timestamp());
begin
  return query
  with runs as (
    select u.agent_id, u.run_id, sum(u.cost_total_usd) as cost, sum(u.total_tokens) as tokens,
      sum(u.cost_total_usd) filter (where u.occurred_at >= v_day) as today
    from public.agent_usage u
    where u.tenant_id = p_who.tenant and u.occurred_at >= v_month
      and (p_args ->> 'agent_id' is null or u.agent_id = (p_args ->> 'agent_id')::uuid)
    group by u.agent_id, u.run_id
  ), dearest as (
    select r.agent_id, sum(r.cost) as cost, sum(r.tokens) as tokens, count(*) as runs, sum(r.today) as today
    from runs r group by r.agent_id order by 2 desc limit p_limit
  )
  select jsonb_build_object('agent', (select a.slug from public.agents a where a.id = d.agent_id),
    'cost_usd', round(d.cost, 4), 'tokens', d.tokens, 'runs', d.runs, 'today_usd', round(coalesce(d.today, 0), 4), 'since', v_month)
  from dearest d order by d.cost desc;
end
$$;

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
    select jsonb_agg(jsonb_build_object('id', s.id, 'created_at', s.created_at, 'platform', s.platform, 'install', s.install,
      'channel', s.channel, 'thread', s.thread, 'kind', s.kind, 'filter', s.filter, 'cursor', s.cursor,
      'messages', coalesce(m.messages, '[]')) order by s.id)
    from public.chat_subscriptions s
    left join (
      select a.subscription_id, jsonb_agg(jsonb_build_object('key', a.key, 'handle', a.handle, 'open', true)) as messages
      from public.chat_alert_messages a where a.tenant_id = v_tenant group by a.subscription_id) m on m.subscription_id = s.id
    where s.tenant_id = v_tenant and s.platform = p_platform and s.disabled_at is null), '[]');
end
$$;

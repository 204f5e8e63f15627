-- Returns the time of day in a zone, in UTC for a zone that Postgres does not know.
create or replace function hq.local_time(p_at timestamptz, p_zone text) returns timestamp language plpgsql stable
set search_path = '' as $$
begin
  return p_at at time zone p_zone;
exception when invalid_parameter_value then
  return p_at at time zone 'UTC';
end
$$;

-- Returns the first day of the month that a budget counts.
create or replace function hq.budget_month(p_budget public.agent_budgets, p_at timestamptz) returns date language sql stable
set search_path = '' as $$ select date_trunc('month', hq.local_time(p_at, p_budget.period_anchor_tz))::date $$;

-- Returns whether a budget has no money left in its month; a month that is over closes nothing.
create or replace function hq.is_budget_spent(p_budget public.agent_budgets) returns boolean language sql stable
set search_path = '' as $$
  select case when p_budget.hard_cutoff and p_budget.status::text = 'exceeded'
    then p_budget.current_period_start >= hq.budget_month(p_budget, clock_timestamp()) else false end
$$;

-- Returns what an agent may spend in an hour: its own limit, the workspace's, or a tenth of a month that ends hard, at least a dollar
-- and less than the month. Null for no limit.
create or replace function hq.hourly_limit(p_budget public.agent_budgets, p_settings jsonb) returns numeric language sql immutable
set search_path = '' as $$
  select coalesce(p_budget.hourly_limit_usd,
    case when jsonb_typeof(p_settings -> 'hourly_limit_usd') = 'number' then (p_settings ->> 'hourly_limit_usd')::numeric end,
    case when p_budget.hard_cutoff and p_budget.monthly_limit_usd > 1 then greatest(round(p_budget.monthly_limit_usd / 10, 2), 1) end)
$$;

-- Returns until when the hourly brake stops an agent, or null.
create or replace function hq.braked_until(p_agent public.agents) returns timestamptz language sql stable
set search_path = '' as $$
  select h.began_at + interval '1 hour' from hq.agent_hours h
  where h.agent_id = p_agent.id and h.began_at > clock_timestamp() - interval '1 hour' and h.spend_usd >= hq.hourly_limit(
    (select b from public.agent_budgets b where b.agent_id = p_agent.id),
    (select w.settings from public.workspace w where w.tenant_id = p_agent.tenant_id))
$$;

-- Returns the dollars that an agent may spend still, in the month and in the hour; null for no limit that ends hard.
create or replace function hq.spending_left(p_agent public.agents) returns numeric language plpgsql stable
set search_path = '' as $$
declare
  v_now timestamptz := clock_timestamp();
  v_budget public.agent_budgets;
  v_hourly numeric;
begin
  select * into v_budget from public.agent_budgets b where b.agent_id = p_agent.id;
  v_hourly := hq.hourly_limit(v_budget, (select w.settings from public.workspace w where w.tenant_id = p_agent.tenant_id));
  return least(
    case when v_budget.hard_cutoff then v_budget.monthly_limit_usd
      - case when v_budget.current_period_start >= hq.budget_month(v_budget, v_now) then v_budget.current_period_spend_usd else 0 end end,
    v_hourly - coalesce((select h.spend_usd from hq.agent_hours h
      where h.agent_id = p_agent.id and h.began_at > v_now - interval '1 hour'), 0));
end
$$;

-- Returns the cost of the most expensive of the last calls of an agent, or null.
create or replace function hq.dearest_call(p_agent_id uuid) returns numeric language sql stable
set search_path = '' as $$
  select max(u.cost_total_usd) from (
    select n.cost_total_usd from public.agent_usage n where n.agent_id = p_agent_id order by n.occurred_at desc limit 50) u
$$;

-- Returns why an agent may spend nothing now, and until when; nulls where it may.
create or replace function hq.spending_gate(p_agent public.agents, out reason text, out until timestamptz) language plpgsql stable
set search_path = '' as $$
declare
  v_budget public.agent_budgets;
begin
  select * into v_budget from public.agent_budgets b where b.agent_id = p_agent.id;
  if hq.is_budget_spent(v_budget) then
    reason := 'budget_exceeded';
    until := clock_timestamp() + (date_trunc('month', hq.local_time(clock_timestamp(), v_budget.period_anchor_tz)) + interval '1 month'
      - hq.local_time(clock_timestamp(), v_budget.period_anchor_tz));
    return;
  end if;
  until := hq.braked_until(p_agent);
  reason := case when until is not null then 'hourly_brake' end;
end
$$;

-- Derives the status from the amounts on every change, so a raised limit lets the agent run again.
create or replace function hq.set_budget_status() returns trigger language plpgsql security definer
set search_path = '' as $$
begin
  if tg_op = 'INSERT' or new.period_anchor_tz is distinct from old.period_anchor_tz then
    perform clock_timestamp() at time zone new.period_anchor_tz;
  end if;
  select a.tenant_id into new.tenant_id from public.agents a where a.id = new.agent_id;
  new.status := case
    when new.monthly_limit_usd is null then 'unmetered'
    when new.current_period_spend_usd >= new.monthly_limit_usd then 'exceeded'
    when new.current_period_spend_usd >= new.monthly_limit_usd * new.soft_threshold_pct / 100 then 'warned'
    else 'ok' end;
  return new;
exception when invalid_parameter_value then
  raise exception 'there is no time zone %', left(new.period_anchor_tz, 100)
    using errcode = '22023', column = 'period_anchor_tz', table = 'agent_budgets', hint = 'Name one such as Europe/Berlin.';
end
$$;

create or replace function hq.roll_up_usage() returns trigger language plpgsql security definer
set search_path = '' as $$
declare
  v_budget public.agent_budgets;
  v_workspace public.workspace;
  v_period date;
begin
  select * into v_workspace from public.workspace w where w.tenant_id = new.tenant_id;
  insert into public.agent_budgets (agent_id, tenant_id, monthly_limit_usd, soft_threshold_pct, hard_cutoff)
  values (new.agent_id, new.tenant_id, v_workspace.default_agent_budget_usd,
    coalesce(v_workspace.default_soft_threshold_pct, 80), coalesce(v_workspace.default_hard_cutoff, true))
  on conflict (agent_id) do nothing;
  select * into v_budget from public.agent_budgets b where b.agent_id = new.agent_id for update;
  v_period := hq.budget_month(v_budget, new.occurred_at);
  update public.agent_budgets b
  set current_period_start = greatest(b.current_period_start, v_period),
    current_period_spend_usd = case when v_period > b.current_period_start then 0 else b.current_period_spend_usd end
      + case when v_period >= b.current_period_start then new.cost_total_usd else 0 end,
    current_period_tokens = case when v_period > b.current_period_start then 0 else b.current_period_tokens end
      + case when v_period >= b.current_period_start then new.total_tokens else 0 end
  where b.agent_id = new.agent_id;
  return null;
end
$$;

-- Adds up an hour that begins with the first call after the hour before. What comes late from an earlier hour is not counted.
create or replace function hq.roll_up_hour() returns trigger language plpgsql security definer
set search_path = '' as $$
declare
  v_hour hq.agent_hours;
  v_agent public.agents;
begin
  insert into hq.agent_hours as h (agent_id, began_at, spend_usd) values (new.agent_id, new.occurred_at, new.cost_total_usd)
  on conflict (agent_id) do update
  set began_at = case when excluded.began_at >= h.began_at + interval '1 hour' then excluded.began_at else h.began_at end,
    spend_usd = case when excluded.began_at >= h.began_at + interval '1 hour' then excluded.spend_usd
      when excluded.began_at >= h.began_at then h.spend_usd + excluded.spend_usd else h.spend_usd end
  returning * into v_hour;
  select * into v_agent from public.agents a where a.id = new.agent_id;
  if v_hour.spend_usd = new.cost_total_usd then
    perform hq.resolve_alert(v_agent.tenant_id, 'hourly_brake:' || v_agent.id);
  end if;
  if hq.braked_until(v_agent) is not null and not hq.alert_is_open(v_agent.tenant_id, 'hourly_brake:' || v_agent.id) then
    perform hq.notify(jsonb_build_object('tenant_id', v_agent.tenant_id, 'type', 'hourly_brake', 'severity', 'error',
      'subject', 'agent:' || v_agent.id, 'dedup_key', 'hourly_brake:' || v_agent.id,
      'title', format('%s spends too fast and rests', v_agent.slug),
      'body', format('%s USD since %s UTC. It may go on at %s UTC, or at once with a higher hourly limit.', round(v_hour.spend_usd, 2),
        to_char(v_hour.began_at at time zone 'UTC', 'HH24:MI'), to_char(hq.braked_until(v_agent) at time zone 'UTC', 'HH24:MI')),
      'entity_type', 'agent', 'entity_id', v_agent.id, 'actor_type', 'system'));
  end if;
  return null;
end
$$;
create or replace trigger hq_roll_up_usage_hour after insert on public.agent_usage
for each row when (new.agent_id is not null and new.cost_total_usd > 0) execute function hq.roll_up_hour();

-- An older HQ adds up the usage by itself and judges it then; a changed limit it never judges.
do $$
begin
  if hq.owns_table('public.agent_budgets') then
    perform hq.add_updated_at_trigger('public.agent_budgets');
    create or replace trigger hq_set_budget_status before insert or update on public.agent_budgets
    for each row execute function hq.set_budget_status();
    create or replace trigger hq_roll_up_usage after insert on public.agent_usage
    for each row when (new.agent_id is not null) execute function hq.roll_up_usage();
  else
    create or replace trigger hq_set_budget_status before insert or update of monthly_limit_usd, soft_threshold_pct on public.agent_budgets
    for each row execute function hq.set_budget_status();
    execute format('create or replace trigger hq_protect_columns before update on public.agent_budgets
      for each row when (current_user in (''anon'', ''authenticated'') and pg_trigger_depth() = 0) execute function hq.protect_columns(%s)', (
        select string_agg(quote_literal(a.attname), ', ') from pg_attribute a
        where a.attrelid = 'public.agent_budgets'::regclass and a.attnum > 0 and not a.attisdropped
          and (a.attname in ('agent_id', 'tenant_id', 'created_at', 'status') or starts_with(a.attname, 'current_period_'))));
  end if;
end
$$;

create or replace function hq.budget_result(p_budget public.agent_budgets) returns jsonb language sql stable
set search_path = '' as $$
  select jsonb_build_object('agent', (select a.slug from public.agents a where a.id = p_budget.agent_id),
    'limit_usd', p_budget.monthly_limit_usd, 'status', p_budget.status,
    'spent_usd', coalesce(p_budget.current_period_spend_usd, 0), 'hourly_limit_usd', hq.hourly_limit(p_budget,
      (select w.settings from public.workspace w where w.tenant_id = p_budget.tenant_id)))
$$;

create or replace function hq.do_set_budget(p_command public.agent_commands) returns jsonb language plpgsql
set search_path = '' as $$
declare
  v_limit numeric := nullif(p_command.payload ->> 'limit_usd', 'none')::numeric;
  v_cutoff boolean := (p_command.payload ->> 'hard_cutoff')::boolean;
  v_workspace public.workspace;
  v_budget public.agent_budgets;
begin
  select * into v_workspace from public.workspace w where w.tenant_id = p_command.tenant_id;
  insert into public.agent_budgets as b (agent_id, tenant_id, monthly_limit_usd, soft_threshold_pct, hard_cutoff)
  values (p_command.agent_id, p_command.tenant_id, v_limit, coalesce(v_workspace.default_soft_threshold_pct, 80),
    coalesce(v_cutoff, v_workspace.default_hard_cutoff, true))
  on conflict (agent_id) do update
  set monthly_limit_usd = excluded.monthly_limit_usd, hard_cutoff = coalesce(v_cutoff, b.hard_cutoff)
  returning * into v_budget;
  if p_command.payload ? 'hourly_limit_usd' then
    update public.agent_budgets b set hourly_limit_usd = nullif(p_command.payload ->> 'hourly_limit_usd', 'default')::numeric
    where b.agent_id = p_command.agent_id
    returning * into v_budget;
  end if;
  return hq.budget_result(v_budget);
end
$$;

create or replace function hq.do_top_up_budget(p_command public.agent_commands) returns jsonb language plpgsql
set search_path = '' as $$
declare
  v_budget public.agent_budgets;
begin
  update public.agent_budgets b
  set monthly_limit_usd = b.monthly_limit_usd + round((p_command.payload ->> 'amount_usd')::numeric, 2)
  where b.agent_id = p_command.agent_id and b.monthly_limit_usd is not null
  returning * into v_budget;
  if not found then
    raise exception '% has no limit that could be raised', p_command.agent_slug
      using errcode = '23505', column = 'agent', hint = 'set_budget gives it one.';
  end if;
  return hq.budget_result(v_budget);
exception when numeric_value_out_of_range then
  raise exception 'the limit would be too large' using errcode = '22023', column = 'amount_usd';
end
$$;

-- Returns what the most expensive agents of a tenant spent in this month. Counts the runs of those only.
create or replace function hq.usage_rows(p_tenant uuid, p_agent_id uuid, p_limit int) returns setof jsonb language plpgsql stable
set search_path = '' set plan_cache_mode = force_custom_plan as $$
declare
  v_month timestamptz := date_trunc('month', clock_timestamp());
  v_day timestamptz := date_trunc('day', clock_timestamp());
begin
  return query
  with dearest as (
    select u.agent_id, coalesce(sum(u.cost_total_usd), 0) as cost, sum(u.total_tokens) as tokens
    from public.agent_usage u
    where u.tenant_id = p_tenant and u.occurred_at >= v_month and (p_agent_id is null or u.agent_id = p_agent_id)
    group by u.agent_id order by 2 desc limit p_limit
  )
  select jsonb_build_object('agent', (select a.slug from public.agents a where a.id = d.agent_id),
    'cost_usd', round(d.cost, 4), 'tokens', d.tokens, 'runs', r.runs, 'today_usd', round(coalesce(r.today, 0), 4), 'since', v_month,
    'limit_usd', b.monthly_limit_usd, 'status', coalesce(b.status::text, 'unmetered'))
  from dearest d left join public.agent_budgets b on b.agent_id = d.agent_id, lateral (
    select count(distinct u.run_id) as runs, sum(u.cost_total_usd) filter (where u.occurred_at >= v_day) as today
    from (
      select * from public.agent_usage own where own.agent_id = d.agent_id
      -- Usage of deleted agents.
      union all select * from public.agent_usage gone where d.agent_id is null and gone.agent_id is null) u
    where u.tenant_id = p_tenant and u.occurred_at >= v_month) r
  order by d.cost desc;
end
$$;

create or replace function public.month_usage() returns jsonb language sql stable security definer
set search_path = '' as $$
  select coalesce(jsonb_agg(u), '[]') from hq.usage_rows(public.current_tenant_id(), null, 1000) u
  where hq.caller_role() not in ('anon', 'authenticated') or public.member_role_of_caller() is not null
$$;
select hq.open_function('public.month_usage()', 'authenticated, service_role',
  'Returns what each agent spent in this month, the most expensive first, at most 1000: `[{agent, cost_usd, today_usd, tokens, runs, limit_usd, status, since}]`. `status` is that of its budget, or `unmetered`. It is empty for somebody who is no member.');

-- Derives the status from the amounts on every change, so a raised limit lets the agent run again.
create or replace function hq.set_budget_status() returns trigger language plpgsql security definer
set search_path = '' as $$
begin
  select a.tenant_id into new.tenant_id from public.agents a where a.id = new.agent_id;
  new.status := case
    when new.monthly_limit_usd is null then 'unmetered'
    when new.current_period_spend_usd >= new.monthly_limit_usd then 'exceeded'
    when new.current_period_spend_usd >= new.monthly_limit_usd * new.soft_threshold_pct / 100 then 'warned'
    else 'ok' end;
  return new;
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
  v_period := date_trunc('month', new.occurred_at at time zone v_budget.period_anchor_tz)::date;
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
    'spent_usd', coalesce(p_budget.current_period_spend_usd, 0))
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

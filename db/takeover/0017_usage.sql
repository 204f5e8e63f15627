-- What agents use, and what they may: usage is only ever added, budgets follow it.

create table if not exists public.agent_usage (
  id uuid primary key default gen_random_uuid(),
  created_at timestamptz not null default now(),
  tenant_id uuid not null default hq.nil_tenant() references public.tenants (id) on delete cascade,
  agent_id uuid references public.agents (id) on delete set null,
  run_id text not null,
  session_id text,
  provider text not null,
  model text not null,
  input_tokens bigint not null default 0,
  output_tokens bigint not null default 0,
  cache_read bigint not null default 0,
  cache_write bigint not null default 0,
  total_tokens bigint not null default 0,
  cost_input_usd numeric(12, 6) not null default 0,
  cost_output_usd numeric(12, 6) not null default 0,
  cost_cache_read_usd numeric(12, 6) not null default 0,
  cost_cache_write_usd numeric(12, 6) not null default 0,
  cost_total_usd numeric(12, 6) not null default 0,
  occurred_at timestamptz not null default now(),
  unique (run_id, provider, model, occurred_at)
);
create index if not exists agent_usage_of_agent on public.agent_usage (agent_id, occurred_at desc);
create index if not exists agent_usage_newest on public.agent_usage (tenant_id, occurred_at desc);
select hq.guard_table('public.agent_usage', 'viewer', null, null, null);

do $$
begin
  if to_regclass('public.agent_budgets') is not null then
    return;
  end if;
  create type public.budget_status as enum ('ok', 'warned', 'exceeded', 'unmetered');
  create table public.agent_budgets (
    agent_id uuid primary key references public.agents (id) on delete cascade,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    tenant_id uuid not null default hq.nil_tenant() references public.tenants (id) on delete cascade,
    monthly_limit_usd numeric(10, 2) check (monthly_limit_usd >= 0),
    soft_threshold_pct int not null default 80 check (soft_threshold_pct between 1 and 100),
    hard_cutoff boolean not null default true,
    period_anchor_tz text not null default 'UTC',
    current_period_start date not null default date_trunc('month', now() at time zone 'UTC')::date,
    current_period_cost_usd numeric(12, 6) not null default 0,
    current_period_tokens bigint not null default 0,
    status public.budget_status not null default 'unmetered'
  );
  create index agent_budgets_tenant on public.agent_budgets (tenant_id);
  perform hq.keep_updated_at('public.agent_budgets');

  -- The status follows from the numbers, whoever changes them: a limit that is raised opens the agent again.
  create or replace function hq.judge_budget() returns trigger language plpgsql security definer set search_path = '' as $fn$
  begin
    select a.tenant_id into new.tenant_id from public.agents a where a.id = new.agent_id;
    new.status := case
      when new.monthly_limit_usd is null then 'unmetered'
      when new.current_period_cost_usd >= new.monthly_limit_usd then 'exceeded'
      when new.current_period_cost_usd >= new.monthly_limit_usd * new.soft_threshold_pct / 100 then 'warned'
      else 'ok' end;
    return new;
  end
  $fn$;
  create trigger hq_judge_budget before insert or update on public.agent_budgets
  for each row execute function hq.judge_budget();

  create or replace function hq.notify_budget() returns trigger language plpgsql security definer set search_path = '' as $fn$
  begin
    perform hq.notify(jsonb_build_object(
      'tenant_id', new.tenant_id,
      'type', 'budget_' || new.status,
      'title', format('%s has %s its budget', (select a.slug from public.agents a where a.id = new.agent_id),
        case new.status when 'warned' then 'nearly used' else 'used up' end),
      'body', format('%s of %s USD this month', round(new.current_period_cost_usd, 2), new.monthly_limit_usd),
      'entity_type', 'agent', 'entity_id', new.agent_id, 'actor_type', 'system'));
    return null;
  end
  $fn$;
  create trigger hq_notify_budget after update of current_period_cost_usd on public.agent_budgets
  for each row when (new.status in ('warned', 'exceeded') and new.status is distinct from old.status)
  execute function hq.notify_budget();

  create or replace function hq.roll_up_usage() returns trigger language plpgsql security definer set search_path = '' as $fn$
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
      current_period_cost_usd = case when v_period > b.current_period_start then 0 else b.current_period_cost_usd end
        + case when v_period >= b.current_period_start then new.cost_total_usd else 0 end,
      current_period_tokens = case when v_period > b.current_period_start then 0 else b.current_period_tokens end
        + case when v_period >= b.current_period_start then new.total_tokens else 0 end
    where b.agent_id = new.agent_id;
    return null;
  end
  $fn$;
  create trigger hq_roll_up_usage after insert on public.agent_usage
  for each row when (new.agent_id is not null) execute function hq.roll_up_usage();
end
$$;
select hq.guard_table('public.agent_budgets', 'viewer', 'admin', 'admin', null);
do $$
begin
  perform hq.open_columns('public.agent_budgets',
    (select array_agg(a.attname) from pg_attribute a where a.attrelid = 'public.agent_budgets'::regclass
      and a.attname in ('monthly_limit_usd', 'soft_threshold_pct', 'hard_cutoff', 'period_anchor_tz')));
end
$$;

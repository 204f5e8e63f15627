-- Usage and budgets. The cost of a run may be unknown.
create table public.agent_usage (
  id uuid primary key default gen_random_uuid(), created_at timestamptz not null default now(),
  tenant_id uuid not null default '00000000-0000-0000-0000-000000000000' references public.tenants (id) on delete cascade,
  agent_id uuid references public.agents (id) on delete set null, run_id text not null, session_id text, provider text not null,
  model text not null, input_tokens int not null default 0, output_tokens int not null default 0, cache_read int not null default 0,
  cache_write int not null default 0, total_tokens int not null default 0, cost_total_usd numeric(12, 6),
  occurred_at timestamptz not null default now(), unique (run_id, provider, model, occurred_at)
);
create type public.budget_status as enum ('ok', 'warned', 'exceeded', 'unmetered');
create table public.agent_budgets (
  agent_id uuid primary key references public.agents (id) on delete cascade, created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  tenant_id uuid not null default '00000000-0000-0000-0000-000000000000' references public.tenants (id) on delete cascade,
  monthly_limit_usd numeric(10, 2), soft_threshold_pct int not null default 80, hard_cutoff boolean not null default true,
  period_anchor_tz text not null default 'UTC', current_period_start date not null default date_trunc('month', now())::date,
  current_period_spend_usd numeric(12, 6) not null default 0, current_period_tokens bigint not null default 0,
  status public.budget_status not null default 'ok'
);

-- Judges at usage only: raising a limit does not reopen an agent.
create function public.roll_up_usage() returns trigger language plpgsql as $$
declare
  v_old public.agent_budgets;
  v_new public.agent_budgets;
begin
  insert into public.agent_budgets (agent_id, tenant_id) values (new.agent_id, new.tenant_id) on conflict (agent_id) do nothing;
  select * into v_old from public.agent_budgets b where b.agent_id = new.agent_id for update;
  update public.agent_budgets b
  set current_period_spend_usd = b.current_period_spend_usd + coalesce(new.cost_total_usd, 0),
    current_period_tokens = b.current_period_tokens + new.total_tokens, updated_at = now(),
    status = case when new.cost_total_usd is null then 'unmetered'
      when b.monthly_limit_usd is null then 'ok'
      when b.current_period_spend_usd + new.cost_total_usd >= b.monthly_limit_usd then 'exceeded'
      when b.current_period_spend_usd + new.cost_total_usd >= b.monthly_limit_usd * b.soft_threshold_pct / 100 then 'warned'
      else 'ok' end::public.budget_status
  where b.agent_id = new.agent_id returning * into v_new;
  if v_new.status = 'exceeded' and v_old.status <> 'exceeded' then
    perform public.notify(new.tenant_id, 'budget_exceeded', 'Budget exceeded', 'agent', new.agent_id);
  elsif v_new.status = 'warned' and v_old.status <> 'warned' then
    perform public.notify(new.tenant_id, 'budget_warning', 'Budget nearly used', 'agent', new.agent_id);
  end if;
  return new;
end $$;
create trigger roll_up_usage after insert on public.agent_usage for each row when (new.agent_id is not null)
execute function public.roll_up_usage();

-- Broken before and after an adoption: it calls a function that does not exist.
create function public.recompute_agent_budget(p_agent_id uuid) returns void language plpgsql security definer as $$
begin
  perform public.budget_period_start(p_agent_id);
end $$;

-- Reads past every policy.
create function public.get_agent_daily_usage(p_agent_id uuid default null) returns table (day date, cost_usd numeric)
language sql stable security definer as $$
  select u.occurred_at::date, sum(u.cost_total_usd) from public.agent_usage u
  where p_agent_id is null or u.agent_id = p_agent_id group by 1 order by 1 $$;

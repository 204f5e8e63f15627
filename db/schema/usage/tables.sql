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

do $$
begin
  if to_regclass('public.agent_budgets') is null then
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
      current_period_spend_usd numeric(12, 6) not null default 0,
      current_period_tokens bigint not null default 0,
      status public.budget_status not null default 'unmetered'
    );
    create index agent_budgets_tenant on public.agent_budgets (tenant_id);
    insert into hq.created_tables (name) values ('agent_budgets');
  end if;
end
$$;

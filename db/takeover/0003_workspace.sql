-- One workspace per tenant: what the tenant calls itself, and its defaults.

create table if not exists public.workspace (
  id uuid primary key default gen_random_uuid(),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  tenant_id uuid not null default hq.nil_tenant() unique references public.tenants (id) on delete cascade,
  name text not null default 'HQ',
  slug text,
  description text,
  initialized boolean not null default false,
  owner_name text,
  owner_preferred_name text,
  owner_timezone text,
  settings jsonb not null default '{}',
  default_agent_budget_usd numeric(10, 2),
  default_soft_threshold_pct int not null default 80,
  default_hard_cutoff boolean not null default true
);
select hq.keep_updated_at('public.workspace');
select hq.guard_table('public.workspace', 'viewer', 'admin', 'admin', null);
select hq.open_columns_except('public.workspace', '{}');

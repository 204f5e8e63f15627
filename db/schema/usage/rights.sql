comment on table public.agent_usage is 'Token usage and cost of runs. Rows are only added.';
comment on table public.agent_budgets is 'Monthly limits of agents, and the amounts of the present month.';

select hq.guard_table('public.agent_usage', 'viewer', null, null, null);
select hq.guard_table('public.agent_budgets', 'viewer', 'admin', 'admin', null);

do $$
begin
  perform hq.open_columns('public.agent_budgets',
    (select array_agg(a.attname) from pg_attribute a where a.attrelid = 'public.agent_budgets'::regclass
      and a.attname in ('monthly_limit_usd', 'soft_threshold_pct', 'hard_cutoff', 'period_anchor_tz')));
end
$$;

-- Conditions of agents: their turns, and reasons for which they do not answer, as gateways and turns report them.
create table if not exists public.agent_conditions (
  agent_id uuid not null references public.agents (id) on delete cascade,
  tenant_id uuid not null default hq.nil_tenant() references public.tenants (id) on delete cascade,
  kind text not null check (kind in ('turn', 'refused', 'signed_out', 'stuck', 'full', 'mute')),
  reason text not null,
  -- The item, provider, session or channel that it is about.
  subject text,
  since timestamptz not null default clock_timestamp(),
  primary key (agent_id, kind)
);

create index if not exists agent_conditions_tenant on public.agent_conditions (tenant_id);

select hq.add_enum_values('public.notifications', 'type', '{agent_signed_out,agent_stuck,agent_full,agent_mute}');

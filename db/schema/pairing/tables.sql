create table if not exists public.pairing_requests (
  id uuid primary key default gen_random_uuid(),
  created_at timestamptz not null default clock_timestamp(),
  updated_at timestamptz not null default clock_timestamp(),
  tenant_id uuid not null default hq.nil_tenant() references public.tenants (id) on delete cascade,
  gateway_id uuid not null references public.gateways (id) on delete cascade,
  agent_id uuid not null references public.agents (id) on delete cascade,
  channel text not null,
  account text not null,
  sender text not null,
  sender_name text,
  code text not null,
  status text not null default 'pending' check (status in ('pending', 'approved', 'expired')),
  expires_at timestamptz not null
);

create unique index if not exists pairing_requests_open on public.pairing_requests (gateway_id, channel, code) where status = 'pending';
create index if not exists pairing_requests_newest on public.pairing_requests (tenant_id, created_at desc);
create index if not exists pairing_requests_of_agent on public.pairing_requests (agent_id, created_at desc);

select hq.add_enum_values('public.notifications', 'entity_type', '{pairing_request}');
select hq.add_enum_values('public.audit_log', 'entity_type', '{pairing_request}');
select hq.add_enum_values('public.audit_log', 'action', '{pairing.requested,pairing.approved}');

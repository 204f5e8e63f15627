comment on table public.gateways is 'Gateways: the hosts where agents run. One that was not seen for 90 seconds is stale.';
comment on table public.gateway_registration_tokens is
  'One-time tokens with which a new host registers as a gateway; only the hash is stored.';
comment on table public.agents is 'Agents and the gateway on which they run.';

select hq.guard_table('public.gateways', 'viewer', 'admin', 'admin', 'admin');
select hq.open_columns('public.gateways', '{slug, label, meta}');
select hq.guard_table('public.gateway_registration_tokens', 'admin', 'admin', null, 'admin');
select hq.guard_table('public.agents', 'viewer', 'operator', 'operator', 'admin');
select hq.open_columns_except('public.agents', '{gateway_id, last_seen_at, last_heartbeat_at, branch, openclaw_id}');
select hq.publish('public.gateways');
select hq.publish('public.agents');

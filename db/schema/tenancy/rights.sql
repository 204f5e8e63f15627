comment on table public.tenants is 'Tenants. A self-hosted install has one, with the nil id.';
comment on table public.tenant_members is 'Members of a tenant and their role. An account that is in no row reads nothing.';
comment on table public.workspace is 'Name and defaults of a tenant, one row each.';

select hq.guard_table('public.tenants', 'viewer', null, null, null, 'id');
select hq.guard_table('public.tenant_members', 'viewer', 'admin', 'admin', 'admin');
select hq.open_columns('public.tenant_members', '{role}');
select hq.guard_table('public.workspace', 'viewer', 'admin', 'admin', null);
select hq.open_columns_except('public.workspace', '{stopped_at, stopped_by}');
select hq.publish('public.tenant_members');
select hq.publish('public.workspace');

select hq.guard_table('public.tenants', 'viewer', null, null, null, 'id');
select hq.guard_table('public.tenant_members', 'viewer', 'admin', 'admin', 'admin');
select hq.open_columns('public.tenant_members', '{role}');
select hq.guard_table('public.workspace', 'viewer', 'admin', 'admin', null);
select hq.open_columns_except('public.workspace', '{}');
select hq.publish('public.tenant_members');

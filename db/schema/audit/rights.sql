select hq.guard_table('public.audit_log', 'viewer', 'operator', null, null);
select hq.publish('public.audit_log');

select hq.guard_table('public.notifications', 'viewer', null, 'operator', null);
select hq.open_columns('public.notifications', '{read_at, dismissed_at}');
select hq.guard_table('public.alert_mutes', 'viewer', null, null, null);
select hq.publish('public.notifications');

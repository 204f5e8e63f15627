comment on table public.notifications is 'Alerts: one row from the start of a condition to its end.';
comment on table public.alert_mutes is 'Mutes of one type of alert for one subject.';
comment on column public.notifications.subject is 'Such as gateway:<id> or agent:<id>; a mute applies to one subject.';

select hq.guard_table('public.notifications', 'viewer', null, 'operator', null);
select hq.open_columns('public.notifications', '{read_at, dismissed_at}');
select hq.guard_table('public.alert_mutes', 'viewer', null, null, null);
select hq.publish('public.notifications');

select hq.guard_table('public.chat_subscriptions', 'viewer', null, null, null);
select hq.guard_table('public.chat_alert_messages', null, null, null, null);
select hq.guard_table('public.chat_adapters', 'viewer', null, null, null);
select hq.publish('public.chat_adapters');

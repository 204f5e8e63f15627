comment on table public.chat_subscriptions is 'Chats that receive alerts, with their filter and cursor.';
comment on table public.chat_alert_messages is 'Messages of open alerts, which are edited when the alert ends.';
comment on table public.chat_adapters is 'State of each platform adapter, and the process that holds its token.';

select hq.guard_table('public.chat_subscriptions', 'viewer', null, null, null);
select hq.guard_table('public.chat_alert_messages', null, null, null, null);
select hq.guard_table('public.chat_adapters', 'viewer', null, null, null);
select hq.publish('public.chat_adapters');

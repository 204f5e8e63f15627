select hq.guard_table('public.chat_bots', null, null, null, null);
select hq.guard_table('public.chat_identities', 'viewer', null, null, null);
select hq.guard_table('public.chat_link_codes', null, null, null, null);
select hq.guard_table('public.chat_channels', 'viewer', null, null, null);
select hq.guard_table('public.chat_deliveries', null, null, null, null);
select hq.publish('public.chat_identities');
select hq.publish('public.chat_channels');

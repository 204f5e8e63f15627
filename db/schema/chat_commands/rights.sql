select hq.guard_table('public.chat_confirmations', null, null, null, null);
select hq.guard_table('public.chat_buttons', null, null, null, null);
select hq.guard_table('public.chat_cards', null, null, null, null);

comment on table public.chat_confirmations is
  'Open and decided confirmations. Only the hash of a token is stored; it expires after three minutes.';
comment on table public.chat_buttons is 'Meanings of buttons. The platform has an opaque token only.';
comment on table public.chat_cards is
  'Messages that show a command, so that any process can edit them until the command ends.';

select hq.guard_table('public.chat_confirmations', null, null, null, null);
select hq.guard_table('public.chat_buttons', null, null, null, null);
select hq.guard_table('public.chat_cards', null, null, null, null);

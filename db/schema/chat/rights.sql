comment on table hq.chat_platforms is
  'Chat platforms and their rules. `hq-db migrate` fills it from shared/src/chat/platforms.ts.';
comment on table public.chat_bots is
  'Members that are chat bots. Only the owner of the database writes it (hq-db member EMAIL viewer --bot).';
comment on table public.chat_identities is 'Linked accounts of a platform and the member behind each.';
comment on table public.chat_link_codes is 'Codes that link an account, stored as hashes, valid for ten minutes.';
comment on table public.chat_channels is 'Channels that an admin bound, with the highest role that counts there.';
comment on table public.chat_deliveries is
  'Deliveries and their answers, for two days: a repeated delivery gets the same answer and has no further effect.';
comment on table hq.rate_counters is 'Counters of rate limits.';
comment on column public.chat_identities.install is 'Empty where the platform numbers its users across all installs.';

select hq.guard_table('public.chat_bots', null, null, null, null);
select hq.guard_table('public.chat_identities', 'viewer', null, null, null);
select hq.guard_table('public.chat_link_codes', null, null, null, null);
select hq.guard_table('public.chat_channels', 'viewer', null, null, null);
select hq.guard_table('public.chat_deliveries', null, null, null, null);
select hq.publish('public.chat_identities');
select hq.publish('public.chat_channels');

comment on table public.pairing_requests is
  'People who wrote to an agent in a chat and wait for an operator. The code approves them, by approve_pairing.';

-- Whoever may approve sees the codes, in reads and in Realtime alike, and nobody else.
select hq.guard_table('public.pairing_requests', 'operator', null, null, null);
select hq.publish('public.pairing_requests');

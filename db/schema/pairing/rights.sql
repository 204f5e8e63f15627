comment on table public.pairing_requests is
  'People who wrote to an agent in a chat and wait for an operator. The code approves them, by approve_pairing.';

select hq.guard_table('public.pairing_requests', 'viewer', null, null, null);

comment on table public.agent_conditions is 'What an agent does or lacks at the moment: its turn, and what keeps it from answering.';

select hq.guard_table('public.agent_conditions', 'viewer', null, null, null);
select hq.publish('public.agent_conditions');

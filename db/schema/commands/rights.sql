comment on column hq.actions.served is 'whether HQ''s own runner leases it; the rest is for the daemons of an older HQ';
comment on column hq.actions.refusal is 'why nobody may ask for it, where that is so';
comment on column hq.actions.executor is 'runner: waits to be claimed; database: done by hq.do_<name>(agent_commands) returns jsonb';
select hq.guard_table('public.agent_commands', 'viewer', 'viewer', null, null);
select hq.guard_table('public.agent_command_output', 'viewer', null, null, null);
select hq.publish('public.agent_commands');
select hq.publish('public.agent_command_output');

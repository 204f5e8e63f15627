comment on table hq.actions is
  'The catalogue of actions, as the guard needs it. `hq-db migrate` writes it; nothing else does.';
comment on table public.agent_commands is 'Commands: the request of an operator, its lease and its result.';
comment on table hq.executors is 'The last sign of a runner, and of a daemon of an older HQ, on each gateway.';
comment on table public.agent_command_output is 'Output of a command in chunks, at most 256 KiB an attempt.';
comment on column public.agent_commands.lease_token is 'Fences every write of the runner that holds the row.';

comment on column hq.actions.served is 'True where HQ''s own runner leases it; others are for the daemons of an older HQ.';
comment on column hq.actions.executor is 'runner: waits for a runner. database: hq.do_<name>(agent_commands) executes it and returns the result as jsonb.';
select hq.guard_table('public.agent_commands', 'viewer', 'viewer', null, null);
select hq.guard_table('public.agent_command_output', 'viewer', null, null, null);
select hq.publish('public.agent_commands');
select hq.publish('public.agent_command_output');

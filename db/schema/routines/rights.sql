comment on table public.agent_routines is 'What agents do at set times or after events; each run is an inbox item or a task.';
comment on table hq.ticks is 'When overdue tasks of a tenant were looked for last.';

select hq.guard_table('public.agent_routines', 'viewer', null, null, null);
select hq.publish('public.agent_routines');

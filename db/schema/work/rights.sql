comment on table public.tasks is 'Tasks of people and agents.';
comment on table public.comments is 'Comments on tasks and other entities, with mentions of agents.';
comment on table public.task_relations is 'Relations between tasks; a task waits for the tasks that block it.';
comment on table public.entity_links is 'Links and deliverables of tasks and other entities.';
comment on table public.agent_inbox_items is 'Reasons to wake an agent. A reason has one open item at most.';

select hq.guard_table('public.tasks', 'viewer', 'operator', 'operator', 'operator');
select hq.open_columns_except('public.tasks', '{}');
select hq.guard_table('public.comments', 'viewer', 'operator', 'operator', 'operator');
select hq.open_columns_except('public.comments', '{entity_type, entity_id, actor_type, actor_agent_id}');
select hq.guard_table('public.task_relations', 'viewer', 'operator', null, 'operator');
select hq.guard_table('public.entity_links', 'viewer', 'operator', 'operator', 'operator');
select hq.open_columns_except('public.entity_links', '{}');
select hq.guard_table('public.agent_inbox_items', 'viewer', null, null, null);
select hq.publish('public.agent_inbox_items');

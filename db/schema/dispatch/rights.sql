comment on table hq.agent_dispatch is 'The turn of an agent that is in flight, and what keeps the next one back.';
comment on table hq.agent_hours is 'What an agent spent in its present hour.';
comment on table public.agent_activity is 'What agents do in their turn; without item_id an agent does nothing.';
comment on column public.gateways.dispatch_version is 'Counts changes that may let the dispatcher wake or abort an agent of the gateway.';
comment on column public.agent_inbox_items.dispatch_token is 'Fencing token of the turn that was dispatched last.';
comment on column public.workspace.stopped_at is 'Since when no agent of the tenant is woken.';

select hq.guard_table('public.agent_activity', 'viewer', null, null, null);
select hq.publish('public.agent_activity');

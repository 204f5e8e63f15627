-- Items in work. A gateway asks for those of its agents at each exchange, and an agent may have hundreds that wait.
create index if not exists agent_inbox_items_leased on public.agent_inbox_items (agent_id) where status = 'leased';

-- Foreign keys of an older HQ keep gateways with commands, and agents with tasks or reports, from being deleted. As in a fresh HQ
-- they become null, and history stays.
do $$
declare
  v_key record;
begin
  for v_key in
    select k.conname as name, k.conrelid::regclass as table, a.attname as column, k.confrelid::regclass as other
    from pg_constraint k join pg_attribute a on a.attrelid = k.conrelid and a.attnum = k.conkey[1]
      join pg_class c on c.oid = k.conrelid and c.relnamespace = 'public'::regnamespace
    where k.contype = 'f' and cardinality(k.conkey) = 1 and k.confdeltype in ('a', 'r') and not a.attnotnull
      and (c.relname, a.attname) in (
        ('agent_commands', 'gateway_id'), ('gateway_registration_tokens', 'consumed_by_gateway_id'),
        ('agents', 'reports_to_id'), ('agents', 'gateway_id'), ('agent_commands', 'agent_id'), ('tasks', 'assignee_agent_id'))
  loop
    execute format('alter table %s drop constraint %I, add constraint %I foreign key (%I) references %s (id) on delete set null',
      v_key.table, v_key.name, v_key.name, v_key.column, v_key.other);
  end loop;
end
$$;

create table if not exists hq.bounded_functions (
  identity text primary key
);

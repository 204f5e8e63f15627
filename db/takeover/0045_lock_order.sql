-- Nobody waits for a row longer than their own change needs, and nobody in a ring.

-- What refers to a command (its card, its output) holds it against a change of its key alone. Whoever ends it, renews it, gives it up
-- or takes it back changes no key: with the weaker lock a command whose card is just being written is swept at once, and waited for by nobody.
do $$
declare
  v_function regprocedure;
begin
  foreach v_function in array array['hq.sweep()', 'hq.take_results(jsonb)', 'hq.renew(uuid[],int)', 'hq.take_back_command(uuid,text)']::regprocedure[]
  loop
    execute regexp_replace(pg_get_functiondef(v_function), '\mfor update\M', 'for no key update', 'g');
  end loop;
end
$$;

-- An agent that is renamed, moved or deleted holds its row and then counts at its gateway; a gateway that is deleted holds its row
-- and then lets go of its agents. So that the two do not meet half-way, the end of a gateway waits for changes of agents that have
-- begun, and those for it, before either holds a row.
create or replace function hq.take_turns_with_gateways() returns trigger language plpgsql security definer
set search_path = '' as $$
begin
  if tg_argv[0] = 'alone' then
    perform pg_advisory_xact_lock(hashtext('hq.gateways'));
  else
    perform pg_advisory_xact_lock_shared(hashtext('hq.gateways'));
  end if;
  return null;
end
$$;
create or replace trigger hq_a_turn_alone before delete on public.tenants
for each statement execute function hq.take_turns_with_gateways('alone');
create or replace trigger hq_a_turn_alone before delete on public.gateways
for each statement execute function hq.take_turns_with_gateways('alone');
create or replace trigger hq_a_turn_together before update of slug, gateway_id on public.agents
for each statement execute function hq.take_turns_with_gateways('together');
create or replace trigger hq_a_turn_together_to_delete before delete on public.agents
for each statement execute function hq.take_turns_with_gateways('together');

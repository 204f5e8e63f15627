-- A provider's key travels as the name of a secret. Commands are read by every member and told to every face, so a row that
-- holds a key in clear is refused whatever else is right about it, before anything of it is kept.

create or replace function hq.refuse_clear_key() returns trigger language plpgsql
set search_path = '' as $$
begin
  raise exception 'a key never stands in a command'
    using errcode = '22023', column = 'api_key', table = 'agent_commands',
      hint = 'Store it as a secret of the gateway and refer to that: hq-tui secrets set.';
end
$$;
-- Before hq_guard_command, by its name.
create or replace trigger hq_clear_key before insert on public.agent_commands
for each row when (jsonb_typeof(new.payload) = 'object' and new.payload ? 'api_key') execute function hq.refuse_clear_key();

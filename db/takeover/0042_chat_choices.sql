-- What may stand in an argument is read for the action that wants it: who may not do that is refused its names as well, and the
-- refusal is written down like any other. `for` names the action, or the word of chat's own that asks for more than reading.
create or replace function hq.require_for(p_who hq.speaker, p_for text) returns void language plpgsql stable
set search_path = '' as $$
declare
  v_action hq.actions;
begin
  if p_for in ('bind', 'unbind') then
    perform hq.require_admin(p_who, p_for);
  end if;
  select * into v_action from hq.actions a where a.name = p_for;
  if found then
    perform hq.require_role(p_who.tenant, v_action.role, v_action.name);
  end if;
end
$$;

create or replace function hq.chat_read(p_who hq.speaker, p_said jsonb) returns jsonb language plpgsql
set search_path = '' as $$
declare
  v_what text := p_said ->> 'what';
  v_args jsonb := case when jsonb_typeof(p_said -> 'args') = 'object' then p_said -> 'args' else '{}' end;
  v_limit int := least(greatest(coalesce(hq.int_or_null(v_args -> 'limit'), 20), 1), 100);
  v_rows jsonb;
begin
  perform hq.require_role(p_who.tenant, 'viewer', 'reading');
  perform hq.require_for(p_who, v_args ->> 'for');
  if v_what is null or v_what <> all (array['fleet', 'gateways', 'agents', 'agent', 'commands', 'command', 'output', 'tasks', 'task',
    'deliverables', 'deliverable', 'inbox', 'usage', 'budgets', 'alerts', 'secrets', 'templates', 'subscriptions', 'links', 'desktop'])
  then
    raise exception 'there is nothing called % to read', left(v_what, 40) using errcode = '22023', column = 'what';
  end if;
  -- What is named must be there, also where there would be nothing to tell of it.
  v_args := v_args || jsonb_build_object('gateway_id', hq.gateway_in(p_who.tenant, v_args),
    'agent_id', case when v_args ->> 'agent' is not null then hq.agent_by_slug(p_who.tenant, v_args ->> 'agent') end);
  execute format('select coalesce(jsonb_agg(r), ''[]'') from hq.%I($1, $2, $3) r', 'read_' || v_what)
    into v_rows using p_who, v_args, v_limit;
  return jsonb_build_object('rows', v_rows);
end
$$;

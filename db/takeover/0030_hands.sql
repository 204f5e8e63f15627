-- Whose hand does an action. A runner's waits until it is claimed; the database's own is done by hq.do_<action> in the transaction
-- that writes the row, so that nobody ever sees it wait.

alter table hq.actions add column if not exists hand text not null default 'runner' check (hand in ('runner', 'database'));
alter table hq.actions add column if not exists danger text not null default 'disruptive'
  check (danger in ('read', 'reversible', 'disruptive', 'destructive'));
alter table hq.actions drop constraint if exists actions_target_check;
alter table hq.actions add constraint actions_target_check check (target in ('gateway', 'agent', 'workspace'));
comment on column hq.actions.hand is 'runner: waits to be claimed; database: done by hq.do_<name>(agent_commands) returns jsonb';

-- The row that an id, or the beginning of one, means. What is another tenant's looks as if it did not exist.
create or replace function hq.find_row(p_table regclass, p_tenant uuid, p_reference text, p_what text) returns uuid
language plpgsql stable set search_path = '' as $$
declare
  v_hex text := lower(replace(coalesce(p_reference, ''), '-', ''));
  v_found uuid[];
begin
  if v_hex !~ '^[0-9a-f]{8,32}$' then
    raise exception '% must be an id, or at least its first eight characters', p_what using errcode = '22023', column = p_what;
  end if;
  execute format('select array_agg(f.id) from (select t.id from %s t where t.tenant_id = $1 and t.id between $2 and $3 limit 2) f', p_table)
    into v_found using p_tenant, rpad(v_hex, 32, '0')::uuid, rpad(v_hex, 32, 'f')::uuid;
  if v_found is null then
    raise exception 'there is no such %', p_what using errcode = 'P0002', column = p_what;
  end if;
  if cardinality(v_found) > 1 then
    raise exception 'more than one % begins like that', p_what
      using errcode = '22023', column = p_what, hint = 'Give more of its id.';
  end if;
  return v_found[1];
end
$$;

-- The chat that the functions of chat act for, while they do.
create or replace function hq.acting_chat() returns jsonb language sql stable
set search_path = '' as $$ select nullif(current_setting('hq.chat', true), '')::jsonb $$;

create or replace function hq.guard_command() returns trigger language plpgsql security definer
set search_path = '' as $$
declare
  v_action hq.actions;
  v_agent public.agents;
  v_gateway public.gateways;
  v_gateways uuid[];
  v_fault jsonb;
begin
  if hq.caller_role() in ('authenticated', 'anon') then
    new.tenant_id := public.current_tenant_id();
    new.requested_by := auth.uid();
    perform hq.require_role(new.tenant_id, 'viewer', new.action::text);
  end if;

  select * into v_action from hq.actions a where a.name = new.action::text;
  if not found then
    raise exception 'this database does not know the action %', new.action
      using errcode = '22023', column = 'action', table = 'agent_commands', hint = 'Run hq-db migrate.';
  end if;
  perform hq.require_role(new.tenant_id, v_action.role, v_action.name);
  if v_action.refusal is not null then
    raise exception '%', v_action.refusal
      using errcode = '42501', column = 'action', table = 'agent_commands';
  end if;

  if v_action.target = 'workspace' and (new.gateway_id is not null or new.agent_id is not null or new.agent_slug is not null) then
    raise exception '% is for the whole workspace: it is aimed at no gateway and no agent', v_action.name
      using errcode = '22023', column = case when new.gateway_id is null then 'agent' else 'gateway' end, table = 'agent_commands';
  end if;

  if new.agent_id is not null or new.agent_slug is not null then
    select * into v_agent from public.agents a
    where a.tenant_id = new.tenant_id
      and (new.agent_id is null or a.id = new.agent_id) and (new.agent_slug is null or a.slug = new.agent_slug);
    if not found and (new.agent_id is not null or (v_action.target = 'agent' and v_action.name not in ('provision', 'remove'))) then
      raise exception 'there is no such agent' using errcode = 'P0002', column = 'agent', table = 'agent_commands';
    end if;
    if v_agent.id is null and not hq.is_agent_slug(new.agent_slug) then
      raise exception 'agent must be 2 to 40 lower-case letters, digits and single dashes, and no reserved word'
        using errcode = '22023', column = 'agent', table = 'agent_commands';
    end if;
    new.agent_id := v_agent.id;
    new.agent_slug := coalesce(v_agent.slug, new.agent_slug);
  elsif v_action.target = 'agent' then
    raise exception '% needs an agent', v_action.name
      using errcode = '22023', column = 'agent', table = 'agent_commands', hint = 'Name the agent by its slug.';
  end if;

  if new.gateway_id is null then
    new.gateway_id := v_agent.gateway_id;
  end if;
  if new.gateway_id is null and v_action.hand = 'runner' then
    select array_agg(g.id) into v_gateways from public.gateways g where g.tenant_id = new.tenant_id;
    if coalesce(cardinality(v_gateways), 0) <> 1 then
      raise exception '%', case when v_gateways is null then 'there is no gateway yet' else 'which gateway? there are several' end
        using errcode = '22023', column = 'gateway', table = 'agent_commands', hint = 'Name the gateway by its slug.';
    end if;
    new.gateway_id := v_gateways[1];
  end if;
  if new.gateway_id is not null then
    select * into v_gateway from public.gateways g where g.id = new.gateway_id and g.tenant_id = new.tenant_id;
    if not found then
      raise exception 'there is no such gateway' using errcode = 'P0002', column = 'gateway', table = 'agent_commands';
    end if;
    if v_agent.gateway_id <> new.gateway_id then
      raise exception 'the agent % is not on the gateway %', v_agent.slug, v_gateway.slug
        using errcode = '22023', column = 'agent', table = 'agent_commands';
    end if;
  end if;

  new.payload := coalesce(new.payload, '{}');
  v_fault := hq.find_fault(new.payload, v_action.payload_schema);
  if v_fault is not null then
    raise exception '%', v_fault ->> 'message'
      using errcode = '22023', column = coalesce(v_fault ->> 'field', 'payload'), table = 'agent_commands',
        hint = format('See the payload of %s in the reference.', v_action.name);
  end if;
  if length(new.idempotency_key) not between 1 and 200 then
    raise exception 'idempotency_key must be a text of 1 to 200 characters'
      using errcode = '22023', column = 'idempotency_key', table = 'agent_commands';
  end if;
  -- Platforms number what they deliver: who knows the next number could take its key and so keep what is said then from being done.
  if starts_with(new.idempotency_key, 'chat:') and hq.acting_chat() is null and hq.caller_role() in ('authenticated', 'anon') then
    raise exception 'an idempotency_key that begins with chat: is kept for what is said in chats'
      using errcode = '42501', column = 'idempotency_key', table = 'agent_commands', hint = 'Use another key.';
  end if;

  new.created_at := clock_timestamp();
  new.updated_at := new.created_at;
  new.status := 'pending';
  new.leased_at := null;
  new.leased_until := null;
  new.started_at := null;
  new.completed_at := null;
  new.exit_code := null;
  new.stdout := null;
  new.stderr := null;
  new.error_message := null;
  new.lease_token := null;
  new.runner_id := null;
  new.attempt := 0;
  new.cancel_requested_at := null;
  new.progress := null;
  new.result := null;
  -- Which chat it came from is said by the database alone.
  new.meta := case when jsonb_typeof(new.meta) = 'object' then new.meta - 'chat' else '{}' end
    || jsonb_strip_nulls(jsonb_build_object('chat', hq.acting_chat()));
  new.origin := hq.origin_or_api(new.origin);
  new.priority := case v_action.lane when 'none' then 10 else 0 end;
  new.payload_hash := hq.command_hash(v_action.name, new.gateway_id, new.agent_slug, new.payload);
  return new;
end
$$;

-- An AFTER trigger: an insert that meets a known idempotency key writes no row, and must do nothing either. What the function raises
-- takes the row along, and is the refusal.
create or replace function hq.do_at_once() returns trigger language plpgsql security definer
set search_path = '' as $$
declare
  v_result jsonb;
begin
  if exists (select from hq.actions a where a.name = new.action::text and a.hand = 'database') then
    execute format('select hq.%I($1)', 'do_' || new.action) into v_result using new;
    update public.agent_commands c
    set status = 'done', attempt = 1, started_at = c.created_at, completed_at = clock_timestamp(), result = v_result
    where c.id = new.id;
  end if;
  return null;
end
$$;
create or replace trigger hq_do_at_once after insert on public.agent_commands
for each row execute function hq.do_at_once();

create or replace function hq.audit_command(p_command public.agent_commands, p_action text, p_user uuid, p_origin text)
returns void language sql set search_path = '' as $$
  select hq.write_audit(jsonb_build_object(
    'tenant_id', p_command.tenant_id,
    'actor_type', case when p_user is null then 'system' else 'human' end,
    'actor_user_id', p_user,
    'module', 'commands',
    'entity_type', 'agent_command',
    'entity_id', p_command.id,
    'action', p_action,
    'summary', concat_ws(' on ', p_command.action, nullif(concat_ws(' / ',
      (select g.slug from public.gateways g where g.id = p_command.gateway_id), p_command.agent_slug), '')),
    'meta', jsonb_build_object('command', p_command.action, 'gateway_id', p_command.gateway_id,
      'agent_slug', p_command.agent_slug, 'origin', p_origin) || jsonb_strip_nulls(jsonb_build_object('chat', hq.acting_chat()))))
$$;

-- The row as the tables of the API show it.
create or replace function hq.insert_command(
  p_action text, p_payload jsonb, p_gateway text, p_agent text, p_idempotency_key text, p_origin text
) returns jsonb language plpgsql set search_path = '' as $$
declare
  v_tenant uuid := public.current_tenant_id();
  v_gateway uuid;
  v_agent public.agents;
  v_row public.agent_commands;
  v_id uuid;
begin
  perform hq.require_role(v_tenant, 'viewer', p_action);
  if not exists (select from hq.actions a where a.name = p_action) then
    raise exception 'there is no action %', left(p_action, 100)
      using errcode = '22023', column = 'action',
        hint = 'Known: ' || (select string_agg(a.name, ', ' order by a.name) from hq.actions a where a.served) || '.';
  end if;
  if p_gateway is not null then
    select g.id into v_gateway from public.gateways g
    where g.tenant_id = v_tenant and (g.slug = p_gateway or g.id = hq.uuid_or_null(p_gateway))
    order by g.id = hq.uuid_or_null(p_gateway) desc nulls last limit 1;
    if not found then
      raise exception 'there is no gateway %', left(p_gateway, 100) using errcode = 'P0002', column = 'gateway';
    end if;
  end if;
  if p_agent is not null then
    select * into v_agent from public.agents a
    where a.tenant_id = v_tenant and (a.slug = p_agent or a.id = hq.uuid_or_null(p_agent))
    order by a.id = hq.uuid_or_null(p_agent) desc nulls last limit 1;
    if not found then
      raise exception 'there is no agent %', left(p_agent, 100) using errcode = 'P0002', column = 'agent';
    end if;
  end if;

  if p_idempotency_key is null
    or not exists (select from public.agent_commands c where c.tenant_id = v_tenant and c.idempotency_key = p_idempotency_key)
  then
    insert into public.agent_commands (tenant_id, action, payload, gateway_id, agent_id, idempotency_key, origin)
    values (v_tenant, p_action::public.command_action, coalesce(p_payload, '{}'), v_gateway, v_agent.id, p_idempotency_key, p_origin)
    on conflict (tenant_id, idempotency_key) where idempotency_key is not null do nothing
    returning id into v_id;
    if found then
      -- Read again: what the database does itself is done by now.
      select * into v_row from public.agent_commands c where c.id = v_id;
      return jsonb_build_object('command', to_jsonb(v_row), 'created', true);
    end if;
  end if;
  select * into v_row from public.agent_commands c
  where c.tenant_id = v_tenant and c.idempotency_key = p_idempotency_key;
  if v_row.payload_hash is distinct from hq.command_hash(
    p_action, coalesce(v_gateway, v_row.gateway_id), coalesce(v_agent.slug, v_row.agent_slug), coalesce(p_payload, '{}'))
  then
    raise exception 'this idempotency key was used for something else'
      using errcode = '23505', column = 'idempotency_key', hint = 'Use a new key for a new request.';
  end if;
  return jsonb_build_object('command', to_jsonb(v_row), 'created', false);
end
$$;

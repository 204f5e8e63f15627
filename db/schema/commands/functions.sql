create or replace function hq.describe_range(p_schema jsonb) returns text language sql immutable parallel safe
set search_path = '' as $$
  select case
    when p_schema ? 'minimum' and p_schema ? 'maximum'
      then format(' from %s to %s', p_schema ->> 'minimum', p_schema ->> 'maximum')
    when p_schema ? 'minimum' then format(' of %s or more', p_schema ->> 'minimum')
    when p_schema ? 'maximum' then format(' of %s or less', p_schema ->> 'maximum')
    else '' end
$$;

create or replace function hq.describe_type(p_schema jsonb) returns text language sql immutable parallel safe
set search_path = '' as $$
  select case
    when p_schema ? 'enum' then 'one of ' || (select string_agg(e #>> '{}', ', ') from jsonb_array_elements(p_schema -> 'enum') e)
    when p_schema ? 'const' then (p_schema -> 'const') #>> '{}'
    else case p_schema ->> 'type'
      when 'integer' then 'a whole number' || hq.describe_range(p_schema)
      when 'number' then 'a number' || hq.describe_range(p_schema)
      when 'boolean' then 'true or false'
      when 'string' then 'a text'
        || case when p_schema ? 'minLength' then format(' of at least %s characters', p_schema ->> 'minLength') else '' end
        || case when p_schema ? 'maxLength' then format(' of at most %s characters', p_schema ->> 'maxLength') else '' end
        || case when p_schema ? 'pattern' then format(' that matches %s', p_schema ->> 'pattern') else '' end
      when 'object' then 'an object'
      when 'array' then 'a list' || case when p_schema ? 'maxItems' then format(' of at most %s', p_schema ->> 'maxItems') else '' end
      when 'null' then 'null'
      else 'something else' end
  end
$$;

-- Returns the first fault of a value as {field, message}, or null. Understands the subset of JSON Schema that the catalogue uses;
-- `hq-db migrate` refuses a catalogue that uses more. Never repeats a value, which may be a secret.
create or replace function hq.find_fault(p_value jsonb, p_schema jsonb, p_field text default null) returns jsonb
language plpgsql immutable parallel safe set search_path = '' as $$
declare
  v_type text := p_schema ->> 'type';
  v_here text := coalesce(p_field, 'the payload');
  v_key text;
  v_index int := 0;
  v_item jsonb;
  v_fault jsonb;
  v_ok boolean := true;
begin
  if v_type is not null then
    v_ok := case v_type
      when 'integer' then jsonb_typeof(p_value) = 'number' and trunc((p_value #>> '{}')::numeric) = (p_value #>> '{}')::numeric
      else jsonb_typeof(p_value) = v_type end;
  end if;
  if v_ok and p_schema ? 'enum' then
    v_ok := exists (select from jsonb_array_elements(p_schema -> 'enum') e where e = p_value);
  end if;
  if v_ok and p_schema ? 'const' then
    v_ok := p_schema -> 'const' = p_value;
  end if;
  if v_ok and jsonb_typeof(p_value) = 'number' then
    v_ok := coalesce((p_value #>> '{}')::numeric >= (p_schema ->> 'minimum')::numeric, true)
      and coalesce((p_value #>> '{}')::numeric <= (p_schema ->> 'maximum')::numeric, true);
  end if;
  if v_ok and jsonb_typeof(p_value) = 'string' then
    v_ok := coalesce(length(p_value #>> '{}') >= (p_schema ->> 'minLength')::int, true)
      and coalesce(length(p_value #>> '{}') <= (p_schema ->> 'maxLength')::int, true)
      and coalesce(p_value #>> '{}' ~ (p_schema ->> 'pattern'), true);
  end if;
  if v_ok and jsonb_typeof(p_value) = 'array' then
    v_ok := coalesce(jsonb_array_length(p_value) <= (p_schema ->> 'maxItems')::int, true);
  end if;
  if not v_ok then
    return jsonb_build_object('field', p_field, 'message', format('%s must be %s', v_here, hq.describe_type(p_schema)));
  end if;

  if jsonb_typeof(p_value) = 'object' then
    for v_key in select jsonb_array_elements_text(p_schema -> 'required') loop
      if not p_value ? v_key then
        return jsonb_build_object(
          'field', concat_ws('.', p_field, v_key),
          'message', format('%s is missing: it must be %s', concat_ws('.', p_field, v_key),
            hq.describe_type(coalesce(p_schema -> 'properties' -> v_key, '{}'))));
      end if;
    end loop;
    for v_key, v_item in select * from jsonb_each(p_value) order by 1 loop
      if p_schema -> 'properties' ? v_key then
        v_fault := hq.find_fault(v_item, p_schema -> 'properties' -> v_key, concat_ws('.', p_field, v_key));
        if v_fault is not null then
          return v_fault;
        end if;
      elsif p_schema -> 'additionalProperties' = 'false' then
        return jsonb_build_object(
          'field', concat_ws('.', p_field, left(v_key, 60)),
          'message', format('there is no field "%s"; %s', left(v_key, 60), coalesce(
            'allowed: ' || (select string_agg(k, ', ' order by k) from jsonb_object_keys(p_schema -> 'properties') k),
            'none is allowed here')));
      end if;
    end loop;
  end if;

  if jsonb_typeof(p_value) = 'array' and p_schema ? 'items' then
    for v_item in select * from jsonb_array_elements(p_value) loop
      v_fault := hq.find_fault(v_item, p_schema -> 'items', format('%s[%s]', coalesce(p_field, ''), v_index));
      if v_fault is not null then
        return v_fault;
      end if;
      v_index := v_index + 1;
    end loop;
  end if;
  return null;
end
$$;

select hq.add_updated_at_trigger('public.agent_commands');

-- Allows a status change only to the executor that holds the row. A row with a lease token changes only inside the queue's own
-- functions, which compare the token; an older daemon has none and cannot overwrite it.
create or replace function hq.check_command_change() returns trigger language plpgsql
set search_path = '' as $$
begin
  if new.id <> old.id or new.tenant_id <> old.tenant_id or new.action <> old.action then
    raise exception 'a command keeps its id, its tenant and its action' using errcode = '55000';
  end if;
  if old.status in ('done', 'failed', 'cancelled') then
    if (new.status, new.exit_code, new.stdout, new.stderr, new.error_message, new.result, new.completed_at,
        new.lease_token, new.attempt, new.requested_by, new.origin)
      is distinct from
       (old.status, old.exit_code, old.stdout, old.stderr, old.error_message, old.result, old.completed_at,
        old.lease_token, old.attempt, old.requested_by, old.origin)
    then
      raise exception 'the command has already finished: %', old.status
        using errcode = '55000', hint = 'A finished command never changes. Send a new one.';
    end if;
    return new;
  end if;
  if coalesce(current_setting('hq.fenced', true), '') <> 'on' then
    if old.lease_token is not null
      and (new.status, new.lease_token, new.leased_until, new.runner_id, new.attempt, new.exit_code, new.stdout, new.stderr,
           new.error_message, new.result, new.completed_at, new.started_at)
        is distinct from
          (old.status, old.lease_token, old.leased_until, old.runner_id, old.attempt, old.exit_code, old.stdout, old.stderr,
           old.error_message, old.result, old.completed_at, old.started_at)
    then
      raise exception 'a runner holds this command'
        using errcode = '55000', hint = 'Cancel it; its runner obeys, or its lease runs out.';
    end if;
    if new.lease_token is distinct from old.lease_token then
      raise exception 'only the queue issues lease tokens' using errcode = '55000';
    end if;
  end if;
  if new.status in ('done', 'failed', 'cancelled') and new.completed_at is null then
    new.completed_at := clock_timestamp();
  end if;
  return new;
end
$$;
create or replace trigger hq_check_command_change before update on public.agent_commands
for each row execute function hq.check_command_change();

-- The guard of agent_commands, behind every way to insert a row. A refusal's SQLSTATE is its code: 28000 unauthenticated, 42501
-- refused, P0002 not_found, 23505 conflict, 22023 usage. Its COLUMN is the field at fault.
create or replace function hq.command_hash(p_action text, p_gateway uuid, p_agent text, p_payload jsonb) returns text
language sql immutable parallel safe set search_path = '' as $$
  select encode(sha256(convert_to(jsonb_build_array(p_action, p_gateway, p_agent, hq.without_nulls(p_payload))::text, 'UTF8')), 'hex')
$$;

create or replace function hq.origin_or_api(p_origin text) returns text language sql stable
set search_path = '' as $$
  select case when p_origin in ('tui', 'cli', 'api') or exists (select from hq.chat_platforms p where p.name = p_origin)
    then p_origin else 'api' end
$$;

-- Returns the agent that a command names, in its tenant, or a row of nulls.
create or replace function hq.agent_of_command(p_command public.agent_commands) returns public.agents language plpgsql stable
set search_path = '' as $$
declare
  v_slug text := coalesce(p_command.agent_slug, case when p_command.action::text = 'set_agent_model' and p_command.agent_id is null
    then p_command.payload ->> 'agent_slug' end);
  v_agent public.agents;
begin
  select * into v_agent from public.agents a
  where a.tenant_id = p_command.tenant_id and (p_command.agent_id is not null or v_slug is not null)
    and (p_command.agent_id is null or a.id = p_command.agent_id) and (v_slug is null or a.slug = v_slug);
  if not found and (p_command.agent_id is not null or v_slug !~ '^[a-z0-9]+(?:-[a-z0-9]+)*$') then
    raise exception 'there is no such agent' using errcode = 'P0002', column = 'agent', table = 'agent_commands';
  end if;
  return v_agent;
end
$$;

-- Returns the gateway of a command: the named one, which must be the tenant's, else the agent's, else the only one, else null.
create or replace function hq.gateway_of_command(p_command public.agent_commands, p_agent public.agents) returns public.gateways
language plpgsql stable set search_path = '' as $$
declare
  v_gateway public.gateways;
begin
  select * into v_gateway from public.gateways g
  where g.tenant_id = p_command.tenant_id and g.id = coalesce(p_command.gateway_id, p_agent.gateway_id, (
    select min(o.id::text)::uuid from public.gateways o where o.tenant_id = p_command.tenant_id having count(*) = 1));
  if not found and p_command.gateway_id is not null then
    raise exception 'there is no such gateway' using errcode = 'P0002', column = 'gateway', table = 'agent_commands';
  end if;
  return v_gateway;
end
$$;

-- Raises 22023 unless target and payload are as the catalogue has them.
create or replace function hq.check_served(
  p_command public.agent_commands, p_action hq.actions, p_agent public.agents, p_gateway public.gateways
) returns void language plpgsql set search_path = '' as $$
declare
  v_fault jsonb := hq.find_fault(p_command.payload, p_action.payload_schema);
begin
  if p_action.target = 'workspace' and coalesce(p_command.gateway_id::text, p_command.agent_id::text, p_command.agent_slug) is not null then
    raise exception '% is for the whole workspace: leave out gateway and agent', p_action.name
      using errcode = '22023', column = case when p_command.gateway_id is null then 'agent' else 'gateway' end, table = 'agent_commands';
  elsif p_agent.id is null and p_command.agent_slug is not null and p_action.name <> 'provision' then
    raise exception 'there is no such agent' using errcode = 'P0002', column = 'agent', table = 'agent_commands';
  elsif p_agent.id is null and p_action.target = 'agent' then
    raise exception '% needs an agent', p_action.name
      using errcode = '22023', column = 'agent', table = 'agent_commands', hint = 'Name the agent by its slug.';
  elsif p_gateway.id is null and (p_action.executor = 'runner' or p_action.target = 'gateway') then
    raise exception '%', case when exists (select from public.gateways g where g.tenant_id = p_command.tenant_id)
        then 'which gateway? there are several' else 'there is no gateway yet' end
      using errcode = '22023', column = 'gateway', table = 'agent_commands', hint = 'Name the gateway by its slug.';
  elsif p_command.payload ->> 'agent_slug' <> p_agent.slug then
    raise exception 'the command is for %, and its payload for another agent', p_agent.slug
      using errcode = '22023', column = 'agent_slug', table = 'agent_commands';
  elsif p_agent.gateway_id <> p_gateway.id then
    raise exception 'the agent % is not on the gateway %', p_agent.slug, p_gateway.slug
      using errcode = '22023', column = 'agent', table = 'agent_commands';
  elsif v_fault is not null then
    raise exception '%', v_fault ->> 'message'
      using errcode = '22023', column = coalesce(v_fault ->> 'field', 'payload'), table = 'agent_commands',
        hint = format('See the payload of %s in the reference.', p_action.name);
  end if;
end
$$;

-- A command that no executor of this release serves is for the daemons of an older HQ: it passes as it comes. So does one for both
-- that the web product of an older HQ inserts, which names no origin. Its new agents have a row before the command.
create or replace function hq.guard_command() returns trigger language plpgsql security definer
set search_path = '' as $$
declare
  c_payload_bytes constant int := 1048576;
  v_action hq.actions;
  v_agent public.agents;
  v_gateway public.gateways;
begin
  if hq.caller_role() in ('authenticated', 'anon') then
    new.tenant_id := public.current_tenant_id();
    new.requested_by := auth.uid();
    perform hq.require_role(new.tenant_id, 'viewer', new.action::text);
  end if;
  select * into v_action from hq.actions a where a.name = new.action::text;
  perform hq.require_role(new.tenant_id, coalesce(v_action.role, 'operator'), new.action::text);

  new.payload := coalesce(new.payload, '{}');
  v_agent := hq.agent_of_command(new);
  v_gateway := hq.gateway_of_command(new, v_agent);
  if v_action.served and not (new.origin is null and hq.adopted() and hq.serves('older daemon', new.action)) then
    new.payload := hq.without_nulls(new.payload);
    perform hq.check_served(new, v_action, v_agent, v_gateway);
    if v_action.name = 'provision' then
      v_agent := hq.agent_to_provision(new, v_gateway);
    elsif v_action.name = 'wake_agent' then
      perform hq.check_wakeable(v_agent, v_gateway);
    end if;
  elsif octet_length(new.payload::text) > c_payload_bytes then
    raise exception 'the payload must be at most 1 MiB' using errcode = '22023', column = 'payload', table = 'agent_commands';
  elsif v_action.name = 'provision' and v_agent.status::text in ('provisioning', 'error') then
    v_agent := hq.agent_to_provision(new, v_gateway);
  end if;
  new.agent_id := v_agent.id;
  new.agent_slug := coalesce(v_agent.slug, new.agent_slug);
  if v_action.target is distinct from 'workspace' then
    new.gateway_id := v_gateway.id;
  end if;
  if length(new.idempotency_key) not between 1 and 200 then
    raise exception 'idempotency_key must be a text of 1 to 200 characters'
      using errcode = '22023', column = 'idempotency_key', table = 'agent_commands';
  end if;
  -- Delivery ids are predictable: with a known key somebody else could keep the next delivery from being executed.
  if starts_with(new.idempotency_key, 'chat:') and hq.current_chat() is null and hq.caller_role() in ('authenticated', 'anon') then
    raise exception 'an idempotency_key that begins with chat: is reserved for chat bots'
      using errcode = '42501', column = 'idempotency_key', table = 'agent_commands', hint = 'Use another key.';
  end if;
  new := hq.as_request(new);
  new.priority := case v_action.lane when 'none' then 10 else 0 end;
  new.payload_hash := hq.command_hash(new.action::text, new.gateway_id, new.agent_slug, new.payload);
  return new;
end
$$;

-- Returns a row as a new request, whatever it claims to be.
create or replace function hq.as_request(p_command public.agent_commands) returns public.agent_commands language plpgsql
set search_path = '' as $$
begin
  p_command := jsonb_populate_record(p_command, '{"status": "pending", "attempt": 0, "leased_at": null, "leased_until": null,
    "lease_seconds": null, "lease_token": null, "runner_id": null, "started_at": null, "completed_at": null,
    "cancel_requested_at": null, "exit_code": null, "stdout": null, "stderr": null, "error_message": null, "progress": null,
    "result": null}');
  p_command.created_at := clock_timestamp();
  p_command.updated_at := p_command.created_at;
  -- Only the database says from which chat a command came.
  p_command.meta := case when jsonb_typeof(p_command.meta) = 'object' then p_command.meta - 'chat' else '{}' end
    || jsonb_strip_nulls(jsonb_build_object('chat', hq.current_chat()));
  p_command.origin := hq.origin_or_api(p_command.origin);
  return p_command;
end
$$;
create or replace trigger hq_guard_command before insert on public.agent_commands
for each row execute function hq.guard_command();

create or replace function hq.audit_command(p_command public.agent_commands, p_action text, p_user uuid, p_origin text)
returns void language sql set search_path = '' as $$
  select hq.write_audit(jsonb_build_object(
    'tenant_id', p_command.tenant_id,
    'actor_user_id', p_user,
    'module', 'commands',
    'entity_type', 'agent_command',
    'entity_id', p_command.id,
    'action', p_action,
    'summary', concat_ws(' on ', p_command.action, nullif(concat_ws(' / ',
      (select g.slug from public.gateways g where g.id = p_command.gateway_id), p_command.agent_slug), '')),
    'meta', jsonb_build_object('command', p_command.action, 'gateway_id', p_command.gateway_id,
      'agent_slug', p_command.agent_slug, 'origin', p_origin) || jsonb_strip_nulls(jsonb_build_object('chat', hq.current_chat()))))
$$;

create or replace function hq.audit_enqueued() returns trigger language plpgsql security definer
set search_path = '' as $$
begin
  perform hq.audit_command(new, 'command.enqueued', new.requested_by, new.origin);
  return null;
end
$$;
create or replace trigger hq_audit_enqueued after insert on public.agent_commands
for each row execute function hq.audit_enqueued();

-- Refusals are answers, not exceptions, so that the transaction commits and the refusal stays in the audit log.

-- Returns the guard's error as an answer. Any other error is a fault of HQ and stays an exception.
create or replace function hq.refusal(p_state text, p_message text, p_hint text, p_field text) returns jsonb
language sql immutable set search_path = '' as $$
  select jsonb_build_object('refused', jsonb_build_object(
    'code', case p_state when '28000' then 'unauthenticated' when '42501' then 'refused' when 'P0002' then 'not_found'
      when '23505' then 'conflict' else 'usage' end,
    'message', p_message, 'hint', nullif(p_hint, ''), 'field', nullif(p_field, '')))
$$;

create or replace function hq.audit_refused(p_what text, p_args jsonb, p_answer jsonb)
returns void language plpgsql set search_path = '' as $$
begin
  if exists (select from public.tenants t where t.id = public.current_tenant_id()) then
    perform hq.write_audit(jsonb_build_object(
      'tenant_id', public.current_tenant_id(),
      'actor_user_id', auth.uid(),
      'module', 'commands',
      'entity_type', 'agent_command',
      'entity_id', p_args ->> 'command_id',
      'action', 'command.refused',
      'summary', format('%s refused: %s', left(p_what, 100), p_answer #>> '{refused,message}'),
      'meta', jsonb_build_object('command', left(p_what, 100), 'gateway', left(p_args ->> 'gateway', 100), 'agent', left(p_args ->> 'agent', 100),
        'origin', hq.origin_or_api(p_args ->> 'origin'), 'code', p_answer #>> '{refused,code}', 'field', p_answer #>> '{refused,field}')));
  end if;
end
$$;

-- Returns what hq.answer_<call> answers to the arguments, or its refusal, which undoes its effects and is recorded in the audit log.
create or replace function hq.answer_or_refusal(p_call text, p_args jsonb) returns jsonb language plpgsql
set search_path = '' as $$
declare
  v_state text;
  v_message text;
  v_hint text;
  v_field text;
  v_answer jsonb;
begin
  execute format('select hq.%I($1)', 'answer_' || p_call) into v_answer using p_args;
  return v_answer;
exception when sqlstate '28000' or sqlstate '42501' or sqlstate 'P0002' or sqlstate '23505' or sqlstate '22023' then
  get stacked diagnostics v_state = returned_sqlstate, v_message = message_text,
    v_hint = pg_exception_hint, v_field = column_name;
  v_answer := hq.refusal(v_state, v_message, v_hint, v_field);
  perform hq.audit_refused(coalesce(p_args ->> 'action', p_call), p_args, v_answer);
  return v_answer;
end
$$;

-- Inserts a command and returns its row as the API shows it.
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
  if coalesce(p_action, '') <> all (enum_range(null::public.command_action)::text[]) then
    raise exception 'there is no action %', left(p_action, 100)
      using errcode = '22023', column = 'action',
        hint = 'Known: ' || (select string_agg(a.name, ', ' order by a.name) from hq.actions a where a.served) || '.';
  end if;
  v_gateway := hq.find_gateway(v_tenant, p_gateway);
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
      -- Reads the row again: the database may have executed it by now.
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

create or replace function hq.answer_enqueue(p_args jsonb) returns jsonb language sql
set search_path = '' as $$
  select hq.insert_command(p_args ->> 'action', nullif(p_args -> 'payload', 'null'), p_args ->> 'gateway', p_args ->> 'agent',
    p_args ->> 'idempotency_key', p_args ->> 'origin')
$$;

create or replace function public.enqueue_command(
  p_action text,
  p_payload jsonb default '{}',
  p_gateway text default null,
  p_agent text default null,
  p_idempotency_key text default null,
  p_origin text default 'api'
) returns jsonb language sql security definer set search_path = '' as $$
  select hq.answer_or_refusal('enqueue', jsonb_build_object('action', p_action, 'payload', p_payload, 'gateway', p_gateway,
    'agent', p_agent, 'idempotency_key', p_idempotency_key, 'origin', p_origin))
$$;
select hq.open_function('public.enqueue_command(text, jsonb, text, text, text, text)', 'authenticated, service_role',
  'Adds a command. Returns `{command, created}`, or `{refused}` with one line in the audit log. A known `p_idempotency_key` returns the earlier row with `created: false`, and code `conflict` for a different request. `p_gateway` and `p_agent` are slugs or ids; a tenant with one gateway need not name it. An action of the executor `database` is `done` in the answer.');

create or replace function hq.request_cancel(p_command_id uuid, p_origin text) returns jsonb
language plpgsql set search_path = '' as $$
declare
  v_row public.agent_commands;
  v_role public.member_role;
begin
  perform hq.require_role(public.current_tenant_id(), 'viewer', 'cancel');
  select * into v_row from public.agent_commands c
  where c.id = p_command_id
    and (hq.caller_role() not in ('authenticated', 'anon') or c.tenant_id = public.current_tenant_id())
  for no key update;
  if not found then
    raise exception 'there is no such command' using errcode = 'P0002', column = 'command_id';
  end if;
  select a.role into v_role from hq.actions a where a.name = v_row.action::text;
  perform hq.require_role(v_row.tenant_id, coalesce(v_role, 'operator'), format('cancelling %s', v_row.action));
  if v_row.status = 'cancelled' or (v_row.status in ('leased', 'running') and v_row.cancel_requested_at is not null) then
    return jsonb_build_object('command', to_jsonb(v_row), 'created', false);
  end if;
  if v_row.status in ('done', 'failed') then
    raise exception 'the command has already finished: %', v_row.status using errcode = '23505', column = 'command_id';
  end if;
  if v_row.status = 'pending' then
    update public.agent_commands c
    set status = 'cancelled', cancel_requested_at = clock_timestamp(), completed_at = clock_timestamp(),
      error_message = 'cancelled before it started'
    where c.id = p_command_id returning * into v_row;
  else
    update public.agent_commands c set cancel_requested_at = clock_timestamp()
    where c.id = p_command_id returning * into v_row;
  end if;
  perform hq.audit_command(v_row, 'command.cancelled', auth.uid(), hq.origin_or_api(p_origin));
  return jsonb_build_object('command', to_jsonb(v_row), 'created', false);
end
$$;

create or replace function hq.answer_cancel(p_args jsonb) returns jsonb language sql
set search_path = '' as $$ select hq.request_cancel((p_args ->> 'command_id')::uuid, p_args ->> 'origin') $$;

create or replace function public.cancel_command(p_command_id uuid, p_origin text default 'api') returns jsonb
language sql security definer set search_path = '' as $$
  select hq.answer_or_refusal('cancel', jsonb_build_object('command_id', p_command_id, 'origin', p_origin))
$$;
select hq.open_function('public.cancel_command(uuid, text)', 'authenticated, service_role',
  'Cancels a command. Returns `{command, created: false}` or `{refused}`. A pending row is `cancelled` at once; a running one gets `cancel_requested_at`, which its runner obeys. The caller needs the role of the action. Code `conflict` for a finished command.');

-- Limits how many commands of one caller wait. Otherwise a viewer's harmless reads could delay an operator's commands.

-- Runs after hq_guard_command, by its name, which has set requester and gateway and has checked the payload. `meta` is the only
-- column that the caller still decides.
create or replace function hq.limit_command() returns trigger language plpgsql security definer
set search_path = '' as $$
declare
  c_waiting constant int := 200;
  c_meta_bytes constant int := 16384;
begin
  if octet_length(new.meta::text) > c_meta_bytes then
    raise exception 'meta must be at most 16 KiB' using errcode = '22023', column = 'meta', table = 'agent_commands';
  end if;
  if hq.caller_role() = 'authenticated' then
    -- Counted one after the other: requests at once would not see each other.
    perform pg_advisory_xact_lock(hashtextextended('hq.waiting ' || new.requested_by, 0));
    if c_waiting <= (
      select count(*) from (
        select from public.agent_commands c
        where c.gateway_id = new.gateway_id and c.requested_by = new.requested_by and c.status = 'pending' limit c_waiting
      ) waiting)
    then
      raise exception '% commands of yours wait on this gateway already', c_waiting
        using errcode = '23505', column = 'gateway', table = 'agent_commands', hint = 'Wait until some have run, or cancel some.';
    end if;
  end if;
  return new;
end
$$;
create or replace trigger hq_limit_command before insert on public.agent_commands
for each row execute function hq.limit_command();

-- Returns the row of an id or of the beginning of one. Another tenant's row is reported like one that does not exist.
create or replace function hq.find_row(p_table regclass, p_tenant uuid, p_reference text, p_what text) returns uuid
language plpgsql stable set search_path = '' as $$
declare
  v_hex text := lower(replace(coalesce(p_reference, ''), '-', ''));
  v_found uuid[];
begin
  if v_hex !~ '^[0-9a-f]{8,32}$' then
    raise exception '% must be an id, or at least its first eight characters', p_what using errcode = '22023', column = p_what;
  end if;
  execute format('select array_agg(f.id) from (select t.id from %s t where t.tenant_id = $1 and t.id between $2 and $3 order by t.id limit 5) f', p_table)
    into v_found using p_tenant, rpad(v_hex, 32, '0')::uuid, rpad(v_hex, 32, 'f')::uuid;
  if v_found is null then
    raise exception 'there is no such %', p_what using errcode = 'P0002', column = p_what;
  end if;
  if cardinality(v_found) > 1 then
    raise exception 'more than one % begins like that', p_what
      using errcode = '22023', column = p_what, hint = format('Give more of its id: %s.', array_to_string(v_found, ', '));
  end if;
  return v_found[1];
end
$$;

-- Returns the chat in whose name a chat function runs, or null.
create or replace function hq.current_chat() returns jsonb language sql stable
set search_path = '' as $$ select nullif(current_setting('hq.chat', true), '')::jsonb $$;

-- An AFTER trigger: an insert that meets a known idempotency key writes no row and must have no effect. An error of the function
-- removes the row and is the refusal.
create or replace function hq.execute_in_database() returns trigger language plpgsql security definer
set search_path = '' as $$
declare
  v_result jsonb;
begin
  if exists (select from hq.actions a where a.name = new.action::text and a.executor = 'database') then
    execute format('select hq.%I($1)', 'do_' || new.action) into v_result using new;
    update public.agent_commands c
    set status = 'done', attempt = 1, started_at = c.created_at, completed_at = clock_timestamp(), result = v_result
    where c.id = new.id;
  end if;
  return null;
end
$$;
create or replace trigger hq_execute_in_database after insert on public.agent_commands
for each row execute function hq.execute_in_database();

-- The two functions that faces call: ask for a command, take it back. A refusal is an answer, so that it can be audited.

-- The error of the guard as an answer. Anything that is not the guard's is a fault of ours and stays an error.
create or replace function hq.refusal(p_state text, p_message text, p_hint text, p_field text) returns jsonb
language sql immutable set search_path = '' as $$
  select jsonb_build_object('refused', jsonb_build_object(
    'code', case p_state when '28000' then 'unauthenticated' when '42501' then 'refused' when 'P0002' then 'not_found'
      when '23505' then 'conflict' else 'usage' end,
    'message', p_message, 'hint', nullif(p_hint, ''), 'field', nullif(p_field, '')))
$$;

create or replace function hq.audit_refused(p_what text, p_command_id uuid, p_gateway text, p_agent text, p_origin text, p_answer jsonb)
returns void language plpgsql set search_path = '' as $$
begin
  if exists (select from public.tenants t where t.id = public.current_tenant_id()) then
    perform hq.write_audit(jsonb_build_object(
      'tenant_id', public.current_tenant_id(),
      'actor_type', case when auth.uid() is null then 'system' else 'human' end,
      'actor_user_id', auth.uid(),
      'module', 'commands',
      'entity_type', 'agent_command',
      'entity_id', p_command_id,
      'action', 'command.refused',
      'summary', format('%s refused: %s', left(p_what, 100), p_answer #>> '{refused,message}'),
      'meta', jsonb_build_object('command', left(p_what, 100), 'gateway', left(p_gateway, 100), 'agent', left(p_agent, 100),
        'origin', hq.origin_or_api(p_origin), 'code', p_answer #>> '{refused,code}', 'field', p_answer #>> '{refused,field}')));
  end if;
end
$$;

create or replace function hq.uuid_or_null(p_text text) returns uuid language sql immutable parallel safe
set search_path = '' as $$
  select case when p_text ~* '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$' then p_text::uuid end
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

  if p_idempotency_key is not null then
    select * into v_row from public.agent_commands c
    where c.tenant_id = v_tenant and c.idempotency_key = p_idempotency_key;
    if not found then
      insert into public.agent_commands (tenant_id, action, payload, gateway_id, agent_id, idempotency_key, origin)
      values (v_tenant, p_action::public.command_action, coalesce(p_payload, '{}'), v_gateway, v_agent.id, p_idempotency_key, p_origin)
      on conflict (tenant_id, idempotency_key) where idempotency_key is not null do nothing
      returning * into v_row;
      if found then
        return jsonb_build_object('command', to_jsonb(v_row), 'created', true);
      end if;
      select * into v_row from public.agent_commands c
      where c.tenant_id = v_tenant and c.idempotency_key = p_idempotency_key;
    end if;
    if v_row.payload_hash is distinct from hq.command_hash(
      p_action, coalesce(v_gateway, v_row.gateway_id), coalesce(v_agent.slug, v_row.agent_slug), coalesce(p_payload, '{}'))
    then
      raise exception 'this idempotency key was used for something else'
        using errcode = '23505', column = 'idempotency_key', hint = 'Use a new key for a new request.';
    end if;
    return jsonb_build_object('command', to_jsonb(v_row), 'created', false);
  end if;

  insert into public.agent_commands (tenant_id, action, payload, gateway_id, agent_id, origin)
  values (v_tenant, p_action::public.command_action, coalesce(p_payload, '{}'), v_gateway, v_agent.id, p_origin)
  returning * into v_row;
  return jsonb_build_object('command', to_jsonb(v_row), 'created', true);
end
$$;

create or replace function public.enqueue_command(
  p_action text,
  p_payload jsonb default '{}',
  p_gateway text default null,
  p_agent text default null,
  p_idempotency_key text default null,
  p_origin text default 'api'
) returns jsonb language plpgsql security definer set search_path = '' as $$
declare
  v_state text;
  v_message text;
  v_hint text;
  v_field text;
  v_answer jsonb;
begin
  return hq.insert_command(p_action, p_payload, p_gateway, p_agent, p_idempotency_key, p_origin);
exception when sqlstate '28000' or sqlstate '42501' or sqlstate 'P0002' or sqlstate '23505' or sqlstate '22023' then
  get stacked diagnostics v_state = returned_sqlstate, v_message = message_text,
    v_hint = pg_exception_hint, v_field = column_name;
  v_answer := hq.refusal(v_state, v_message, v_hint, v_field);
  perform hq.audit_refused(p_action, null, p_gateway, p_agent, p_origin, v_answer);
  return v_answer;
end
$$;
revoke all on function public.enqueue_command(text, jsonb, text, text, text, text) from public, anon;
grant execute on function public.enqueue_command(text, jsonb, text, text, text, text) to authenticated, service_role;

create or replace function hq.take_back_command(p_command_id uuid, p_origin text) returns jsonb
language plpgsql set search_path = '' as $$
declare
  v_row public.agent_commands;
  v_role public.member_role;
begin
  perform hq.require_role(public.current_tenant_id(), 'viewer', 'cancel');
  select * into v_row from public.agent_commands c
  where c.id = p_command_id
    and (hq.caller_role() not in ('authenticated', 'anon') or c.tenant_id = public.current_tenant_id())
  for update;
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

create or replace function public.cancel_command(p_command_id uuid, p_origin text default 'api') returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  v_state text;
  v_message text;
  v_hint text;
  v_field text;
  v_answer jsonb;
begin
  return hq.take_back_command(p_command_id, p_origin);
exception when sqlstate '28000' or sqlstate '42501' or sqlstate 'P0002' or sqlstate '23505' then
  get stacked diagnostics v_state = returned_sqlstate, v_message = message_text,
    v_hint = pg_exception_hint, v_field = column_name;
  v_answer := hq.refusal(v_state, v_message, v_hint, v_field);
  perform hq.audit_refused('cancel', p_command_id, null, null, p_origin, v_answer);
  return v_answer;
end
$$;
revoke all on function public.cancel_command(uuid, text) from public, anon;
grant execute on function public.cancel_command(uuid, text) to authenticated, service_role;

-- The guard: what may enter agent_commands. It stands behind every way in, so it holds when a face has a bug.
-- A refusal's SQLSTATE tells its kind (28000 unauthenticated, 42501 refused, P0002 not found, 23505 conflict, 22023 usage),
-- its COLUMN the field at fault.

create or replace function hq.command_hash(p_action text, p_gateway uuid, p_agent text, p_payload jsonb) returns text
language sql immutable parallel safe set search_path = '' as $$
  select encode(sha256(convert_to(jsonb_build_array(p_action, p_gateway, p_agent, p_payload)::text, 'UTF8')), 'hex')
$$;

create or replace function hq.origin_or_api(p_origin text) returns text language sql immutable parallel safe
set search_path = '' as $$
  select case when p_origin in ('tui', 'cli', 'slack', 'discord', 'telegram', 'api') then p_origin else 'api' end
$$;

-- Raises unless the caller is a member of the tenant with at least this role. The service role always may.
create or replace function hq.require_role(p_tenant uuid, p_role public.member_role, p_what text) returns void
language plpgsql stable set search_path = '' as $$
declare
  v_role public.member_role;
begin
  if hq.caller_role() not in ('authenticated', 'anon') then
    return;
  end if;
  if hq.caller_role() = 'anon' or auth.uid() is null then
    raise exception 'you are not signed in' using errcode = '28000', hint = 'Sign in and try again.';
  end if;
  v_role := public.member_role_of_caller();
  if v_role is null or p_tenant is distinct from public.current_tenant_id() then
    raise exception 'you are not a member of this tenant'
      using errcode = '42501', hint = 'Ask an admin to add you.';
  end if;
  if v_role < p_role then
    raise exception '% needs the role %; yours is %', p_what, p_role, v_role
      using errcode = '42501', hint = format('Ask an admin for the role %s.', p_role);
  end if;
end
$$;

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
  if new.gateway_id is null then
    select array_agg(g.id) into v_gateways from public.gateways g where g.tenant_id = new.tenant_id;
    if coalesce(cardinality(v_gateways), 0) <> 1 then
      raise exception '%', case when v_gateways is null then 'there is no gateway yet' else 'which gateway? there are several' end
        using errcode = '22023', column = 'gateway', table = 'agent_commands', hint = 'Name the gateway by its slug.';
    end if;
    new.gateway_id := v_gateways[1];
  end if;
  select * into v_gateway from public.gateways g where g.id = new.gateway_id and g.tenant_id = new.tenant_id;
  if not found then
    raise exception 'there is no such gateway' using errcode = 'P0002', column = 'gateway', table = 'agent_commands';
  end if;
  if v_agent.gateway_id <> new.gateway_id then
    raise exception 'the agent % is not on the gateway %', v_agent.slug, v_gateway.slug
      using errcode = '22023', column = 'agent', table = 'agent_commands';
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
  new.meta := coalesce(new.meta, '{}');
  new.origin := hq.origin_or_api(new.origin);
  new.priority := case v_action.lane when 'none' then 10 else 0 end;
  new.payload_hash := hq.command_hash(v_action.name, new.gateway_id, new.agent_slug, new.payload);
  return new;
end
$$;
create or replace trigger hq_guard_command before insert on public.agent_commands
for each row execute function hq.guard_command();

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
    'summary', format('%s on %s', p_command.action, concat_ws(' / ',
      (select g.slug from public.gateways g where g.id = p_command.gateway_id), p_command.agent_slug)),
    'meta', jsonb_build_object('command', p_command.action, 'gateway_id', p_command.gateway_id,
      'agent_slug', p_command.agent_slug, 'origin', p_origin)))
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

select hq.add_updated_at_trigger('public.gateways');
select hq.define_unless_foreign('public.consume_gateway_token(text,text,text)', $create$
  create or replace function public.consume_gateway_token(p_token text, p_label text default null, p_slug_hint text default null)
  returns table (gateway_id uuid, gateway_slug text) language plpgsql security definer set search_path = '' as $fn$
  declare
    v_token public.gateway_registration_tokens;
    v_base text;
    v_slug text;
    v_gateway uuid;
    v_number int := 1;
  begin
    select * into v_token from public.gateway_registration_tokens t
    where t.token_hash = encode(sha256(convert_to(coalesce(p_token, ''), 'UTF8')), 'hex')
    for update;
    if not found or v_token.consumed_at is not null then
      raise exception 'invalid_token' using errcode = '28000';
    end if;
    if v_token.expires_at <= now() then
      raise exception 'token_expired' using errcode = '28000';
    end if;
    v_base := trim(both '-' from left(regexp_replace(
      lower(coalesce(p_slug_hint, p_label, v_token.label, '')), '[^a-z0-9]+', '-', 'g'), 36));
    if v_base = '' then
      v_base := 'gateway';
    end if;
    loop
      v_slug := v_base || case v_number when 1 then '' else '-' || v_number end;
      insert into public.gateways (tenant_id, slug, label)
      values (v_token.tenant_id, v_slug, coalesce(p_label, v_token.label, v_slug))
      on conflict (tenant_id, slug) do nothing
      returning id into v_gateway;
      exit when v_gateway is not null;
      v_number := v_number + 1;
    end loop;
    update public.gateway_registration_tokens t
    set consumed_at = now(), consumed_by_gateway_id = v_gateway
    where t.id = v_token.id;
    return query select v_gateway, v_slug;
  end
  $fn$
$create$,
  'Registers a gateway with a one-time token. Returns its id and slug. Raises 28000 `invalid_token` or `token_expired`. A slug that is taken gets `-2`, `-3` …');

create or replace function hq.is_agent_slug(p_slug text) returns boolean language sql immutable parallel safe
set search_path = '' as $$
  select p_slug ~ '^[a-z0-9]+(?:-[a-z0-9]+)*$' and length(p_slug) between 2 and 40
    and p_slug not in ('default', 'main', 'master', 'new', 'template') and p_slug not like 'template-%'
$$;

select hq.add_updated_at_trigger('public.agents');

-- A trigger, not a constraint: an older HQ may hold slugs that are not allowed any more, and those rows stay.
create or replace function hq.check_agent() returns trigger language plpgsql security definer
set search_path = '' as $$
begin
  -- An upsert of an existing agent comes as an insert first.
  if (case tg_op when 'INSERT' then not exists (select from public.agents a where a.tenant_id = new.tenant_id and a.slug = new.slug)
    else new.slug is distinct from old.slug end)
  then
    if not coalesce(hq.is_agent_slug(new.slug), false) then
      raise exception 'slug must be 2 to 40 lower-case letters, digits and single dashes, and no reserved word'
        using errcode = '22023', column = 'slug', table = 'agents';
    end if;
  end if;
  if new.gateway_id is not null and not exists (
    select from public.gateways g where g.id = new.gateway_id and g.tenant_id = new.tenant_id
  ) then
    raise exception 'no such gateway' using errcode = 'P0002', column = 'gateway_id', table = 'agents';
  end if;
  if new.reports_to_id is not null and not exists (
    select from public.agents a where a.id = new.reports_to_id and a.tenant_id = new.tenant_id
  ) then
    raise exception 'no such agent' using errcode = 'P0002', column = 'reports_to_id', table = 'agents';
  end if;
  return new;
end
$$;
create or replace trigger hq_protect_columns before insert or update on public.agents
for each row when (current_user in ('anon', 'authenticated') and pg_trigger_depth() = 0)
execute function hq.protect_columns('created_at', 'last_seen_at', 'last_heartbeat_at', 'branch', 'openclaw_id');
create or replace trigger hq_protect_columns before insert on public.gateways
for each row when (current_user in ('anon', 'authenticated') and pg_trigger_depth() = 0)
execute function hq.protect_columns('created_at', 'last_seen_at', 'last_heartbeat_at', 'last_backup_at', 'last_backup_size_bytes');
create or replace trigger hq_check_agent before insert or update of slug, gateway_id, reports_to_id, tenant_id on public.agents
for each row execute function hq.check_agent();

create or replace function public.set_gateway_paused(p_gateway_id uuid, p_paused boolean) returns public.gateway_status
language sql security definer set search_path = '' as $$
  update public.gateways g
  set status = case when g.status = 'hibernating' then g.status when p_paused then 'paused'
    when g.status = 'paused' then 'ready' else g.status end
  where g.id = p_gateway_id
  returning g.status
$$;
select hq.open_function('public.set_gateway_paused(uuid, boolean)', 'service_role',
  'Pauses or resumes a gateway and returns its status, null for an unknown one. A hibernating gateway stays as it is. A paused one gets only commands whose action allows it.');
create or replace trigger hq_refuse_foreign_rows before insert or update on public.gateway_registration_tokens for each row
execute function hq.refuse_foreign_rows('consumed_by_gateway_id', 'gateways');

-- Actions that the database executes: each hq.do_<action> gets the inserted row after the guard has checked role, target and
-- payload. It returns the result, or raises the guard's errors. All rows belong to the command's tenant.
create or replace function hq.set_agent_paused(p_command public.agent_commands, p_paused boolean) returns jsonb
language plpgsql set search_path = '' as $$
declare
  v_agent public.agents;
begin
  -- No stronger lock: rows of commands already hold the agent by their foreign keys.
  select * into v_agent from public.agents a where a.id = p_command.agent_id for no key update;
  if v_agent.status::text not in ('ready', 'paused') and not (p_paused and v_agent.status::text = 'error') then
    raise exception '% is %', v_agent.slug, v_agent.status
      using errcode = '23505', column = 'agent',
        hint = case when p_paused then 'Only an agent that works can be paused.' else 'Only a paused agent can be resumed.' end;
  end if;
  update public.agents a
  set status = (jsonb_populate_record(a, jsonb_build_object('status', case when p_paused then 'paused' else 'ready' end))).status
  where a.id = v_agent.id;
  return jsonb_build_object('agent', v_agent.slug, 'status', case when p_paused then 'paused' else 'ready' end);
end
$$;

create or replace function hq.do_pause_agent(p_command public.agent_commands) returns jsonb language sql
set search_path = '' as $$ select hq.set_agent_paused(p_command, true) $$;

create or replace function hq.do_resume_agent(p_command public.agent_commands) returns jsonb language sql
set search_path = '' as $$ select hq.set_agent_paused(p_command, false) $$;

-- Returns the gateway of a tenant that a slug or an id names; null where nothing is named.
create or replace function hq.find_gateway(p_tenant uuid, p_reference text) returns uuid language plpgsql stable
set search_path = '' as $$
declare
  v_id uuid;
begin
  select g.id into v_id from public.gateways g
  where g.tenant_id = p_tenant and (g.slug = p_reference or g.id = hq.uuid_or_null(p_reference))
  order by g.id = hq.uuid_or_null(p_reference) desc nulls last limit 1;
  if not found and p_reference is not null then
    raise exception 'there is no gateway %', left(p_reference, 100) using errcode = 'P0002', column = 'gateway';
  end if;
  return v_id;
end
$$;

create or replace function hq.agent_by_slug(p_tenant uuid, p_slug text) returns uuid language plpgsql stable
set search_path = '' as $$
declare
  v_id uuid;
begin
  select a.id into v_id from public.agents a where a.tenant_id = p_tenant and a.slug = p_slug;
  if not found then
    raise exception 'there is no agent %', left(p_slug, 100) using errcode = 'P0002', column = 'agent';
  end if;
  return v_id;
end
$$;

-- Serializes the deletion of gateways against changes of agents, before either locks a row. Otherwise they deadlock: a changed
-- agent locks its row and then its gateway, a deleted gateway locks its row and then its agents.
create or replace function hq.lock_gateway_deletes() returns trigger language plpgsql security definer
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
create or replace trigger hq_lock_gateways_exclusive before delete on public.tenants
for each statement execute function hq.lock_gateway_deletes('alone');
create or replace trigger hq_lock_gateways_exclusive before delete on public.gateways
for each statement execute function hq.lock_gateway_deletes('alone');
create or replace trigger hq_lock_gateways_shared before update of slug, gateway_id on public.agents
for each statement execute function hq.lock_gateway_deletes('together');
create or replace trigger hq_lock_gateways_shared_to_delete before delete on public.agents
for each statement execute function hq.lock_gateway_deletes('together');

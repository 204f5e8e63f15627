-- What faces call to store, note and delete a secret. As with commands, a refusal is an answer, so that it can be audited.

-- The row as members see it.
create or replace function hq.shown_secret(p_secret public.secrets) returns jsonb language sql stable
set search_path = '' as $$
  select jsonb_build_object('secret', jsonb_object_agg(e.key, e.value)) from jsonb_each(to_jsonb(p_secret)) e
  where e.key = any (hq.secret_columns())
$$;

-- The gateway that is meant: the one that is named, else the agent's, else the only one. The agent is held, and by whoever
-- asks the gateway too, so that neither is deleted on the way.
create or replace function hq.place_of_secret(p_tenant uuid, p_gateway text, p_agent text, out gateway uuid, out agent uuid)
language plpgsql set search_path = '' as $$
declare
  v_gateways uuid[];
begin
  if p_agent is not null then
    select a.id, a.gateway_id into agent, gateway from public.agents a
    where a.tenant_id = p_tenant and (a.slug = p_agent or a.id = hq.uuid_or_null(p_agent))
    order by a.id = hq.uuid_or_null(p_agent) desc nulls last limit 1 for key share;
    if not found then
      raise exception 'there is no agent %', left(p_agent, 100) using errcode = 'P0002', column = 'agent';
    end if;
  end if;
  if p_gateway is not null then
    select g.id into gateway from public.gateways g
    where g.tenant_id = p_tenant and (g.slug = p_gateway or g.id = hq.uuid_or_null(p_gateway))
    order by g.id = hq.uuid_or_null(p_gateway) desc nulls last limit 1;
    if not found then
      raise exception 'there is no gateway %', left(p_gateway, 100) using errcode = 'P0002', column = 'gateway';
    end if;
  elsif gateway is null then
    select array_agg(g.id) into v_gateways from public.gateways g where g.tenant_id = p_tenant;
    if coalesce(cardinality(v_gateways), 0) <> 1 then
      raise exception '%', case when v_gateways is null then 'there is no gateway yet' else 'which gateway? there are several' end
        using errcode = '22023', column = 'gateway', hint = 'Name the gateway by its slug.';
    end if;
    gateway := v_gateways[1];
  end if;
end
$$;

create or replace function hq.store_secret(
  p_key text, p_value text, p_gateway text, p_agent text, p_category text, p_name text, p_note text
) returns jsonb language plpgsql set search_path = '' as $$
declare
  v_tenant uuid := public.current_tenant_id();
  v_place record;
  v_fault text;
  v_row public.secrets;
begin
  perform hq.require_role(v_tenant, 'operator', 'storing a secret');
  v_fault := hq.envelope_fault(p_value);
  if v_fault is not null then
    raise exception '%', v_fault
      using errcode = '22023', column = 'value', hint = 'Use hq-tui secrets set, which encrypts it first.';
  end if;
  if p_category is not null and p_category not in ('user', 'channel', 'integration') then
    raise exception 'category must be user, channel or integration' using errcode = '22023', column = 'category';
  end if;
  v_place := hq.place_of_secret(v_tenant, p_gateway, p_agent);
  perform from public.gateways g where g.id = v_place.gateway for key share;
  -- Twice at most: who finds the row made meanwhile finds it the second time.
  for attempt in 1 .. 2 loop
    select * into v_row from public.secrets s
    where s.tenant_id = v_tenant and s.gateway_id = v_place.gateway and s.agent_id is not distinct from v_place.agent and s.key = p_key
    for no key update;
    if found then
      v_row.encrypted_value := p_value;
      v_row.name := coalesce(p_name, v_row.name);
      v_row.note := coalesce(p_note, v_row.note);
      v_row.category := coalesce(p_category, v_row.category::text);
      update public.secrets s
      set encrypted_value = v_row.encrypted_value, name = v_row.name, note = v_row.note, category = v_row.category
      where s.id = v_row.id returning * into v_row;
      return hq.shown_secret(v_row) || jsonb_build_object('created', false);
    end if;
    v_row.category := coalesce(p_category, 'user');
    insert into public.secrets (tenant_id, gateway_id, agent_id, key, name, encrypted_value, category, note)
    values (v_tenant, v_place.gateway, v_place.agent, p_key, p_name, p_value, v_row.category, p_note)
    on conflict do nothing
    returning * into v_row;
    if found then
      return hq.shown_secret(v_row) || jsonb_build_object('created', true);
    end if;
  end loop;
  raise exception 'this secret is being changed by someone else' using errcode = '23505', column = 'key', hint = 'Try again.';
end
$$;

-- The caller's own, held for what comes next.
create or replace function hq.secret_to_change(p_id uuid, p_what text) returns public.secrets language plpgsql
set search_path = '' as $$
declare
  v_row public.secrets;
begin
  perform hq.require_role(public.current_tenant_id(), 'operator', p_what);
  perform from public.agents a where a.id = (select s.agent_id from public.secrets s where s.id = p_id) for key share;
  perform from public.gateways g where g.id = (select s.gateway_id from public.secrets s where s.id = p_id) for key share;
  select * into v_row from public.secrets s
  where s.id = p_id and (hq.caller_role() not in ('authenticated', 'anon') or s.tenant_id = public.current_tenant_id())
  for update;
  if not found then
    raise exception 'there is no such secret' using errcode = 'P0002', column = 'secret_id';
  end if;
  return v_row;
end
$$;

create or replace function public.set_secret(
  p_key text,
  p_value text,
  p_gateway text default null,
  p_agent text default null,
  p_category text default null,
  p_name text default null,
  p_note text default null,
  p_origin text default 'api'
) returns jsonb language plpgsql security definer set search_path = '' as $$
declare
  v_state text;
  v_message text;
  v_hint text;
  v_field text;
  v_answer jsonb;
begin
  perform set_config('hq.secret_origin', hq.origin_or_api(p_origin), true);
  return hq.store_secret(p_key, p_value, p_gateway, p_agent, p_category, p_name, p_note);
exception when sqlstate '28000' or sqlstate '42501' or sqlstate 'P0002' or sqlstate '23505' or sqlstate '22023' then
  get stacked diagnostics v_state = returned_sqlstate, v_message = message_text,
    v_hint = pg_exception_hint, v_field = column_name;
  v_answer := hq.refusal(v_state, v_message, v_hint, v_field);
  perform hq.audit_refused('set_secret', null, p_gateway, p_agent, p_origin, v_answer);
  return v_answer;
end
$$;

create or replace function public.note_secret(p_secret_id uuid, p_note text default null, p_origin text default 'api') returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  v_state text;
  v_message text;
  v_hint text;
  v_field text;
  v_answer jsonb;
  v_row public.secrets;
begin
  perform set_config('hq.secret_origin', hq.origin_or_api(p_origin), true);
  v_row := hq.secret_to_change(p_secret_id, 'noting a secret');
  update public.secrets s set note = nullif(p_note, '') where s.id = v_row.id returning * into v_row;
  return hq.shown_secret(v_row);
exception when sqlstate '28000' or sqlstate '42501' or sqlstate 'P0002' or sqlstate '22023' then
  get stacked diagnostics v_state = returned_sqlstate, v_message = message_text,
    v_hint = pg_exception_hint, v_field = column_name;
  v_answer := hq.refusal(v_state, v_message, v_hint, v_field);
  perform hq.audit_refused('note_secret', null, null, null, p_origin, v_answer);
  return v_answer;
end
$$;

create or replace function public.delete_secret(p_secret_id uuid, p_origin text default 'api') returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  v_state text;
  v_message text;
  v_hint text;
  v_field text;
  v_answer jsonb;
  v_row public.secrets;
begin
  perform set_config('hq.secret_origin', hq.origin_or_api(p_origin), true);
  v_row := hq.secret_to_change(p_secret_id, 'deleting a secret');
  delete from public.secrets s where s.id = v_row.id;
  return hq.shown_secret(v_row);
exception when sqlstate '28000' or sqlstate '42501' or sqlstate 'P0002' then
  get stacked diagnostics v_state = returned_sqlstate, v_message = message_text,
    v_hint = pg_exception_hint, v_field = column_name;
  v_answer := hq.refusal(v_state, v_message, v_hint, v_field);
  perform hq.audit_refused('delete_secret', null, null, null, p_origin, v_answer);
  return v_answer;
end
$$;

revoke all on function public.set_secret(text, text, text, text, text, text, text, text) from public, anon;
revoke all on function public.note_secret(uuid, text, text) from public, anon;
revoke all on function public.delete_secret(uuid, text) from public, anon;
grant execute on function public.set_secret(text, text, text, text, text, text, text, text) to authenticated, service_role;
grant execute on function public.note_secret(uuid, text, text) to authenticated, service_role;
grant execute on function public.delete_secret(uuid, text) to authenticated, service_role;

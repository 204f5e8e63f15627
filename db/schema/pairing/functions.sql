select hq.add_updated_at_trigger('public.pairing_requests');
create or replace trigger hq_refuse_foreign_rows before insert or update on public.pairing_requests for each row
execute function hq.refuse_foreign_rows('gateway_id', 'gateways', 'agent_id', 'agents');

create or replace function hq.pairing_json(p_request public.pairing_requests) returns jsonb language sql stable
set search_path = '' as $$
  select jsonb_build_object('id', p_request.id, 'channel', p_request.channel, 'account', p_request.account, 'sender', p_request.sender,
    'sender_name', p_request.sender_name, 'status', p_request.status, 'expires_at', p_request.expires_at)
$$;

-- Returns a text that a stranger chose, fit for one line: no control characters, no marks that turn text around, no quotes.
create or replace function hq.plain_name(p_text text) returns text language sql immutable parallel safe
set search_path = '' as $$
  select left(btrim(regexp_replace(regexp_replace(p_text,
    '[\u0001-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"]', ' ', 'g'), ' {2,}', ' ', 'g')), 60)
$$;

-- Returns who asks: the platform's id first, since anybody may take any name.
create or replace function hq.sender_label(p_request public.pairing_requests) returns text language sql immutable parallel safe
set search_path = '' as $$
  select hq.plain_name(p_request.sender) || coalesce(' ("' || nullif(nullif(hq.plain_name(p_request.sender_name), ''), p_request.sender) || '")', '')
$$;

-- The alert holds no code: viewers read it.
create or replace function hq.alert_pairing() returns trigger language plpgsql security definer
set search_path = '' as $$
declare
  v_slug text := (select a.slug from public.agents a where a.id = new.agent_id);
begin
  if tg_op = 'UPDATE' then
    perform hq.resolve_alert(new.tenant_id, 'pairing_requested:' || new.id);
    return null;
  end if;
  perform hq.notify(jsonb_build_object(
    'tenant_id', new.tenant_id, 'type', 'pairing_requested', 'severity', 'info', 'subject', 'agent:' || new.agent_id,
    'dedup_key', 'pairing_requested:' || new.id,
    'title', format('%s asks to write to %s on %s', hq.sender_label(new), v_slug, new.channel),
    'body', format('An operator may approve it until %s UTC.', to_char(new.expires_at at time zone 'UTC', 'HH24:MI')),
    'entity_type', 'pairing_request', 'entity_id', new.id, 'actor_type', 'system', 'meta', jsonb_build_object(
      'agent_slug', v_slug, 'gateway_id', new.gateway_id, 'channel', new.channel)));
  return null;
end
$$;
create or replace trigger hq_alert_pairing_made after insert on public.pairing_requests
for each row execute function hq.alert_pairing();
create or replace trigger hq_alert_pairing_ended after update of status on public.pairing_requests
for each row when (old.status = 'pending' and new.status <> 'pending') execute function hq.alert_pairing();
create or replace trigger hq_resolve_alerts_of after delete on public.pairing_requests
for each row execute function hq.resolve_alerts_of('pairing_requested');

-- Adds the request of somebody who wrote to an agent. A repeated one changes nothing; a new code of a person replaces their old one.
create or replace function hq.agent_pairing_requested(p_agent public.agents, p_arguments jsonb) returns jsonb language plpgsql
set search_path = '' as $$
declare
  c_open constant int := 20;
  v_request public.pairing_requests;
begin
  select * into v_request from public.pairing_requests r
  where r.agent_id = p_agent.id and r.channel = p_arguments ->> 'channel' and r.code = p_arguments ->> 'code'
    and r.account = p_arguments ->> 'account' and r.sender = p_arguments ->> 'sender' and r.created_at > clock_timestamp() - interval '1 day';
  if found then
    return hq.pairing_json(v_request);
  end if;
  if p_agent.gateway_id is null then
    raise exception '% is on no gateway', p_agent.slug using errcode = '23505', column = 'agent';
  end if;
  perform hq.lock_agent(p_agent.id);
  update public.pairing_requests r set status = 'expired'
  where r.agent_id = p_agent.id and r.status = 'pending' and (r.expires_at <= clock_timestamp() or (r.channel = p_arguments ->> 'channel'
    and r.account = p_arguments ->> 'account' and r.sender = p_arguments ->> 'sender'));
  if c_open <= (select count(*) from public.pairing_requests r where r.agent_id = p_agent.id and r.status = 'pending') then
    raise exception '% people wait for % already', c_open, p_agent.slug
      using errcode = '23505', column = 'sender', hint = 'Approve them, or wait until their codes expire.';
  end if;
  insert into public.pairing_requests (tenant_id, gateway_id, agent_id, channel, account, sender, sender_name, code, expires_at)
  values (p_agent.tenant_id, p_agent.gateway_id, p_agent.id, p_arguments ->> 'channel', p_arguments ->> 'account', p_arguments ->> 'sender',
    p_arguments ->> 'sender_name', p_arguments ->> 'code', least(coalesce((p_arguments ->> 'expires_at')::timestamptz, 'infinity'),
      clock_timestamp() + interval '1 hour'))
  on conflict (gateway_id, channel, code) where status = 'pending' do nothing
  returning * into v_request;
  if not found then
    raise exception 'this code is in use' using errcode = '23505', column = 'code';
  end if;
  perform hq.audit_agent(p_agent, 'pairing.requested', format('%s on %s', hq.sender_label(v_request), v_request.channel),
    jsonb_build_object('actor_agent_id', p_agent.id, 'entity_type', 'pairing_request', 'entity_id', v_request.id));
  return hq.pairing_json(v_request);
end
$$;

create or replace function public.pairing_approved(p_gateway_id uuid, p_channel text, p_code text) returns jsonb language plpgsql security definer
set search_path = '' as $$
declare
  v_request public.pairing_requests;
begin
  update public.pairing_requests r set status = 'approved'
  where r.id = (select o.id from public.pairing_requests o
    where o.gateway_id = p_gateway_id and o.channel = p_channel and o.code = p_code and o.status <> 'approved'
    order by o.created_at desc limit 1)
  returning * into v_request;
  if not found then
    return null;
  end if;
  perform hq.audit_agent(a, 'pairing.approved', format('%s may write to %s on %s', hq.sender_label(v_request),
    a.slug, v_request.channel), jsonb_build_object('entity_type', 'pairing_request', 'entity_id', v_request.id))
  from public.agents a where a.id = v_request.agent_id;
  return hq.pairing_json(v_request);
end
$$;
select hq.open_function('public.pairing_approved(uuid, text, text)', 'service_role',
  'Records that a person may write to an agent, which ends the alert. Returns `{id, channel, account, sender, sender_name, status, expires_at}`, or null for a code that is not known here.');

-- Ends requests whose code is no longer valid, and forgets those of last month.
create or replace function hq.sweep_pairings(p_tenant uuid) returns void language sql
set search_path = '' as $$
  update public.pairing_requests r set status = 'expired'
  where r.tenant_id = p_tenant and r.status = 'pending' and r.expires_at <= clock_timestamp();
  delete from public.pairing_requests r
  where r.tenant_id = p_tenant and r.status <> 'pending' and r.created_at < clock_timestamp() - interval '30 days'
$$;

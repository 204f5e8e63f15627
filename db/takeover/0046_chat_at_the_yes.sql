-- What counts at a yes is what counts at that moment: a workspace that demands two people since the question was asked gets two.
create or replace function hq.chat_confirm(p_who hq.speaker, p_said jsonb) returns jsonb language plpgsql
set search_path = '' as $$
declare
  v_row public.chat_confirmations := hq.question_of(p_who, p_said ->> 'token');
  v_action hq.actions;
  v_asker uuid;
  v_answer jsonb;
begin
  -- The same press that comes twice is one press.
  if v_row.decision = 'confirmed' and v_row.decided_by = p_who.member then
    return jsonb_build_object('command', (select to_jsonb(c) from public.agent_commands c where c.id = v_row.command_id),
      'created', false);
  elsif v_row.decided_at is not null then
    perform hq.decided_already(v_row);
  end if;
  select * into v_action from hq.actions a where a.name = v_row.action;
  select i.user_id into v_asker from public.chat_identities i where i.id = v_row.identity_id and i.revoked_at is null;
  perform hq.require_role(p_who.tenant, v_action.role, v_row.action);
  if v_row.kind <> 'second' and hq.question_for(p_who.tenant, v_action) = 'second' then
    raise exception '% takes two people now', v_row.action using errcode = '42501', column = 'token', hint = 'Ask for it again, in a channel.';
  end if;
  if v_row.kind = 'second' and p_who.is_direct then
    raise exception '% takes two people', v_row.action using errcode = '42501', column = 'token', hint = 'Say yes in the channel where it was asked.';
  end if;
  if v_row.kind = 'second' and v_asker = p_who.member then
    raise exception 'somebody else has to say yes to this' using errcode = '42501', column = 'token',
      hint = format('Anyone here with the role %s may.', v_action.role);
  end if;
  if v_row.kind = 'typed' and trim(coalesce(p_said ->> 'typed', '')) <> v_row.expected then
    raise exception 'that is not its name' using errcode = '22023', column = 'typed', hint = format('Type %s.', v_row.expected);
  end if;
  update public.chat_confirmations c
  set decision = 'confirmed', decided_at = clock_timestamp(), decided_by = p_who.member
  where c.id = v_row.id and c.decided_at is null and c.expires_at > clock_timestamp()
  returning * into v_row;
  if not found then
    raise exception 'this question has expired' using errcode = '23505', column = 'token', hint = 'Ask for it again.';
  end if;
  -- The command is the asker's, with the rights that they have now; who said yes stands beside it.
  perform hq.speak_for(v_asker, p_who.tenant, p_who.ceiling, hq.chat_meta(p_who)
    || jsonb_build_object('identity', v_row.identity_id, 'confirmed_by', p_who.member, 'confirmed_as', p_who.identity));
  v_answer := hq.insert_command(v_row.action, v_row.payload, v_row.gateway_id::text, v_row.agent_id::text,
    'chat:confirm:' || v_row.id, p_who.platform);
  update public.chat_confirmations c set command_id = (v_answer #>> '{command,id}')::uuid where c.id = v_row.id;
  return v_answer || jsonb_build_object('decided', jsonb_build_object('by', hq.email_of(p_who.member), 'at', v_row.decided_at,
    'asked_by', hq.email_of(v_asker)));
end
$$;

-- A token that is held is its holder's, and a holder is one of its tenant: members read both names, and could be bots elsewhere.
create or replace function hq.hold_token(p_tenant uuid, p_holder text, p_adapter jsonb) returns boolean language plpgsql
set search_path = '' as $$
declare
  v_now timestamptz := clock_timestamp();
  v_state text := left(coalesce(p_adapter ->> 'state', 'unknown'), 40);
  v_until timestamptz := v_now + case v_state when 'stopped' then interval '0' else interval '30 seconds' end;
begin
  insert into public.chat_adapters as a (platform, fingerprint, tenant_id, install, holder, held_until, state, detail, last_inbound_at,
    last_outbound_at)
  values (p_adapter ->> 'platform', p_adapter ->> 'fingerprint', p_tenant, p_adapter ->> 'install', p_holder, v_until, v_state,
    left(p_adapter ->> 'detail', 500), (p_adapter ->> 'last_inbound_at')::timestamptz, (p_adapter ->> 'last_outbound_at')::timestamptz)
  on conflict (platform, fingerprint) do update
  set tenant_id = excluded.tenant_id, install = coalesce(excluded.install, a.install), holder = excluded.holder,
    held_until = excluded.held_until, state = excluded.state, detail = excluded.detail, last_beat_at = v_now,
    state_since = case when excluded.state = a.state and excluded.tenant_id = a.tenant_id then a.state_since else v_now end,
    last_inbound_at = coalesce(excluded.last_inbound_at, a.last_inbound_at),
    last_outbound_at = coalesce(excluded.last_outbound_at, a.last_outbound_at)
  where (a.holder = p_holder and a.tenant_id = p_tenant) or a.held_until <= v_now;
  return found and v_state <> 'stopped';
end
$$;

-- Deletes the open confirmations of a link that ends.
create or replace function hq.delete_open_confirmations() returns trigger language plpgsql security definer
set search_path = '' as $$
begin
  delete from public.chat_confirmations c where c.identity_id = new.id and c.decided_at is null;
  return null;
end
$$;
create or replace trigger hq_delete_open_confirmations after update of revoked_at on public.chat_identities
for each row when (new.revoked_at is not null and old.revoked_at is null) execute function hq.delete_open_confirmations();

-- Inserts the command and rolls it back, to know its target and refusals before somebody is asked to confirm.
create or replace function hq.preview_command(p_action text, p_payload jsonb, p_gateway text, p_agent text, p_origin text) returns jsonb
language plpgsql set search_path = '' as $$
declare
  v_answer jsonb;
begin
  begin
    v_answer := hq.insert_command(p_action, p_payload, p_gateway, p_agent, null, p_origin);
    raise exception 'previewed' using errcode = 'HQ001';
  exception when sqlstate 'HQ001' then
    return v_answer -> 'command';
  end;
end
$$;

-- Returns the kind of confirmation that an action needs, or null. `settings.chat.second_person` of the workspace lists the actions
-- and dangers that need a second person.
create or replace function hq.confirmation_kind(p_tenant uuid, p_action hq.actions) returns text language sql stable
set search_path = '' as $$
  select case
    when exists (select from public.workspace w where w.tenant_id = p_tenant
      and w.settings -> 'chat' -> 'second_person' ?| array[p_action.name, p_action.danger]) then 'second'
    when p_action.danger = 'destructive' then 'typed'
    when p_action.danger = 'disruptive' then 'button' end
$$;

create or replace function hq.chat_act(p_who hq.speaker, p_request jsonb) returns jsonb language plpgsql
set search_path = '' as $$
declare
  v_action hq.actions;
  v_gateway text := p_request ->> 'gateway';
  v_agent text := p_request ->> 'agent';
  v_payload jsonb := coalesce(nullif(p_request -> 'payload', 'null'), '{}');
  v_kind text;
  v_command jsonb;
  v_token text;
  v_row public.chat_confirmations;
  v_target text;
begin
  select * into v_action from hq.actions a where a.name = p_request ->> 'action';
  if found and not v_action.served then
    raise exception '% is not served here', v_action.name using errcode = '22023', column = 'action';
  end if;
  -- A channel that is bound to an agent or a gateway supplies the missing argument.
  if v_agent is null and v_action.target = 'agent' then
    select a.slug into v_agent from public.agents a where a.id = p_who.agent_id;
  end if;
  if v_gateway is null and v_action.target = 'gateway' then
    select g.slug into v_gateway from public.gateways g where g.id = p_who.gateway_id;
  end if;

  v_kind := hq.confirmation_kind(p_who.tenant, v_action);
  if v_kind = 'second' and p_who.is_direct then
    raise exception '% takes two people', v_action.name using errcode = '42501', hint = 'Ask for it in a channel, where another person can confirm it.';
  end if;
  if v_kind is null then
    return hq.insert_command(p_request ->> 'action', v_payload, v_gateway, v_agent,
        'chat:' || hq.token_hash(jsonb_build_array(p_who.platform, p_who.install, p_request ->> 'delivery')::text), p_who.platform)
      || jsonb_build_object('asked_by', hq.email_of(p_who.member));
  end if;

  v_command := hq.preview_command(p_request ->> 'action', v_payload, v_gateway, v_agent, p_who.platform);
  v_target := coalesce(v_command ->> 'agent_slug',
    (select g.slug from public.gateways g where g.id = (v_command ->> 'gateway_id')::uuid), 'the workspace');
  v_token := 'v1:' || hq.random_token(16);
  insert into public.chat_confirmations (tenant_id, identity_id, token_hash, kind, expected, platform, install, channel, action,
    payload, gateway_id, agent_id, expires_at)
  values (p_who.tenant, p_who.identity, hq.token_hash(v_token), v_kind, case v_kind when 'typed' then v_target end,
    p_who.platform, p_who.install, p_who.channel, v_action.name, v_payload, (v_command ->> 'gateway_id')::uuid,
    (v_command ->> 'agent_id')::uuid, clock_timestamp() + interval '180 seconds')
  returning * into v_row;
  return jsonb_build_object('confirm', jsonb_build_object('token', v_token, 'kind', v_kind, 'expected', v_row.expected,
    'prompt', format('%s: %s', v_action.title, v_target), 'action', v_action.name, 'danger', v_action.danger, 'target', v_target, 'asked_by', hq.email_of(p_who.member),
    'expires_at', v_row.expires_at));
end
$$;

-- Locks and returns the confirmation of a token. Raises if it is gone, expired, of another chat or of another person.
create or replace function hq.find_confirmation(p_who hq.speaker, p_token text) returns public.chat_confirmations language plpgsql
set search_path = '' as $$
declare
  v_row public.chat_confirmations;
begin
  select * into v_row from public.chat_confirmations c
  where c.token_hash = hq.token_hash(p_token) and c.tenant_id = p_who.tenant
  for update;
  if not found then
    raise exception 'this question is gone' using errcode = 'P0002', column = 'token', hint = 'Ask for it again.';
  end if;
  if (v_row.platform, v_row.install, v_row.channel) is distinct from (p_who.platform, p_who.install, p_who.channel) then
    raise exception 'this was asked in another chat' using errcode = '42501', column = 'token';
  end if;
  if v_row.kind <> 'second' and v_row.identity_id <> p_who.identity then
    raise exception 'this was asked of somebody else' using errcode = '42501', column = 'token', hint = 'Ask for it yourself.';
  end if;
  if v_row.decided_at is null and v_row.expires_at <= clock_timestamp() then
    raise exception 'this question has expired' using errcode = '23505', column = 'token', hint = 'Ask for it again.';
  end if;
  return v_row;
end
$$;

-- Names no token: the card shows the decision, and no error takes its place.
create or replace function hq.refuse_decided(p_row public.chat_confirmations) returns void language plpgsql
set search_path = '' as $$
begin
  raise exception 'it was % already by %', p_row.decision, hq.email_of(p_row.decided_by) using errcode = '23505', column = 'decision';
end
$$;

-- Returns who decided, and when.
create or replace function hq.decision_json(p_row public.chat_confirmations) returns jsonb language sql stable
set search_path = '' as $$
  select jsonb_build_object('by', hq.email_of(p_row.decided_by), 'at', p_row.decided_at, 'asked_by',
    (select hq.email_of(i.user_id) from public.chat_identities i where i.id = p_row.identity_id and i.revoked_at is null))
$$;

-- The rules at the moment of the confirmation count: a workspace that requires two people since then gets two.
create or replace function hq.chat_confirm(p_who hq.speaker, p_request jsonb) returns jsonb language plpgsql
set search_path = '' as $$
declare
  v_row public.chat_confirmations := hq.find_confirmation(p_who, p_request ->> 'token');
  v_action hq.actions;
  v_asker uuid;
  v_answer jsonb;
begin
  -- A repeated press of the same button has no further effect.
  if v_row.decision = 'confirmed' and v_row.decided_by = p_who.member then
    return jsonb_build_object('command', (select to_jsonb(c) from public.agent_commands c where c.id = v_row.command_id),
      'created', false, 'decided', hq.decision_json(v_row));
  elsif v_row.decided_at is not null then
    perform hq.refuse_decided(v_row);
  end if;
  select * into v_action from hq.actions a where a.name = v_row.action;
  select i.user_id into v_asker from public.chat_identities i where i.id = v_row.identity_id and i.revoked_at is null;
  perform hq.require_role(p_who.tenant, v_action.role, v_row.action);
  if v_row.kind <> 'second' and hq.confirmation_kind(p_who.tenant, v_action) = 'second' then
    raise exception '% takes two people now', v_row.action using errcode = '42501', column = 'token', hint = 'Ask for it again, in a channel.';
  end if;
  if v_row.kind = 'second' and p_who.is_direct then
    raise exception '% takes two people', v_row.action using errcode = '42501', column = 'token', hint = 'Confirm it in the channel where it was asked.';
  end if;
  if v_row.kind = 'second' and v_asker = p_who.member then
    raise exception 'another person has to confirm this' using errcode = '42501', column = 'token',
      hint = format('Anyone here with the role %s may.', v_action.role);
  end if;
  if v_row.kind = 'typed' and trim(coalesce(p_request ->> 'typed', '')) <> v_row.expected then
    raise exception 'that is not its name' using errcode = '22023', column = 'typed', hint = format('Type %s.', v_row.expected);
  end if;
  update public.chat_confirmations c
  set decision = 'confirmed', decided_at = clock_timestamp(), decided_by = p_who.member
  where c.id = v_row.id and c.decided_at is null and c.expires_at > clock_timestamp()
  returning * into v_row;
  if not found then
    raise exception 'this question has expired' using errcode = '23505', column = 'token', hint = 'Ask for it again.';
  end if;
  -- The command runs with the requester's present rights; the person who confirmed is recorded beside it.
  perform hq.act_as(v_asker, p_who.tenant, p_who.ceiling, hq.chat_meta(p_who)
    || jsonb_build_object('identity', v_row.identity_id, 'confirmed_by', p_who.member, 'confirmed_as', p_who.identity));
  v_answer := hq.insert_command(v_row.action, v_row.payload, v_row.gateway_id::text, v_row.agent_id::text,
    'chat:confirm:' || v_row.id, p_who.platform);
  update public.chat_confirmations c set command_id = (v_answer #>> '{command,id}')::uuid where c.id = v_row.id;
  return v_answer || jsonb_build_object('decided', hq.decision_json(v_row));
end
$$;

create or replace function hq.chat_decline(p_who hq.speaker, p_request jsonb) returns jsonb language plpgsql
set search_path = '' as $$
declare
  v_row public.chat_confirmations := hq.find_confirmation(p_who, p_request ->> 'token');
  v_action hq.actions;
begin
  select * into v_action from hq.actions a where a.name = v_row.action;
  if v_row.identity_id <> p_who.identity then
    perform hq.require_role(p_who.tenant, v_action.role, v_row.action);
  end if;
  if v_row.decision = 'confirmed' then
    perform hq.refuse_decided(v_row);
  elsif v_row.decision is null then
    update public.chat_confirmations c set decision = 'declined', decided_at = clock_timestamp(), decided_by = p_who.member
    where c.id = v_row.id returning * into v_row;
    perform hq.audit_chat(p_who, 'chat.declined', format('%s declined', v_row.action), 'chat_identity', v_row.identity_id);
  end if;
  return jsonb_build_object('declined', true,
    'prompt', format('%s: %s', v_action.title, coalesce((select a.slug from public.agents a where a.id = v_row.agent_id),
      (select g.slug from public.gateways g where g.id = v_row.gateway_id), 'the workspace')),
    'decided', hq.decision_json(v_row));
end
$$;

create or replace function hq.chat_cancel(p_who hq.speaker, p_request jsonb) returns jsonb language sql
set search_path = '' as $$
  select a || jsonb_build_object('asked_by', hq.email_of((a #>> '{command,requested_by}')::uuid))
  from hq.request_cancel((p_request ->> 'command')::uuid, p_who.platform) a
$$;

create or replace function hq.chat_press(p_who hq.speaker, p_request jsonb) returns jsonb language plpgsql
set search_path = '' as $$
declare
  v_row public.chat_buttons;
begin
  select * into v_row from public.chat_buttons b
  where b.token_hash = hq.token_hash(p_request ->> 'token') and b.tenant_id = p_who.tenant and b.expires_at > clock_timestamp()
  for update;
  if not found then
    raise exception 'this button is used up' using errcode = 'P0002', column = 'token', hint = 'Ask for it again.';
  end if;
  if (v_row.platform, v_row.install, v_row.channel) is distinct from (p_who.platform, p_who.install, p_who.channel) then
    raise exception 'this button belongs to another chat' using errcode = '42501', column = 'token';
  end if;
  if v_row.chat_user <> p_who.chat_user then
    raise exception 'this button is somebody else''s' using errcode = '42501', column = 'token', hint = 'Ask for it yourself.';
  end if;
  -- Names no token: its first press has put another card in the place of the button.
  if v_row.once and v_row.pressed_at is not null then
    raise exception 'this button was pressed already' using errcode = '23505', column = 'press', hint = 'Ask for it again.';
  end if;
  update public.chat_buttons b set pressed_at = clock_timestamp() where b.token_hash = v_row.token_hash;
  return jsonb_build_object('intent', v_row.intent);
end
$$;

create or replace function public.chat_save_buttons(p_rows jsonb) returns jsonb language plpgsql security definer
set search_path = '' as $$
declare
  v_tenant uuid := public.current_tenant_id();
  v_refusal jsonb := hq.refuse_unless_bot('save_buttons');
  v_kept int;
begin
  if v_refusal is not null then
    return v_refusal;
  end if;
  insert into public.chat_buttons (token_hash, tenant_id, platform, install, channel, chat_user, intent, once, expires_at)
  select hq.token_hash(r ->> 'token'), v_tenant, r ->> 'platform', r ->> 'install', r ->> 'channel', r ->> 'user', r -> 'intent',
    coalesce((r ->> 'once')::boolean, true),
    clock_timestamp() + make_interval(secs => least(greatest(coalesce(hq.int_or_null(r -> 'seconds'), 900), 1), 604800))
  from hq.entries(p_rows) r
  where length(r ->> 'token') between 22 and 64 and octet_length((r -> 'intent')::text) <= 131072
  limit 500
  on conflict do nothing;
  get diagnostics v_kept = row_count;
  return jsonb_build_object('kept', v_kept);
end
$$;
select hq.open_function('public.chat_save_buttons(jsonb)', 'authenticated, service_role',
  'Stores meanings of buttons: `[{token, platform, install, channel, user, intent, seconds, once}]`. `user` limits a button to one person; `seconds` is its lifetime.');

create or replace function public.chat_save_card(p_card jsonb) returns jsonb language plpgsql security definer
set search_path = '' as $$
declare
  v_tenant uuid := public.current_tenant_id();
  v_refusal jsonb := hq.refuse_unless_bot('save_card');
begin
  if v_refusal is not null then
    return v_refusal;
  end if;
  insert into public.chat_cards as c (tenant_id, command_id, platform, install, channel, thread, handle, shown, closed)
  select v_tenant, k.id, p_card ->> 'platform', p_card ->> 'install', p_card ->> 'channel', p_card ->> 'thread',
    coalesce(p_card -> 'handle', 'null'), p_card ->> 'shown', coalesce((p_card ->> 'closed')::boolean, false)
  from public.agent_commands k where k.id = hq.uuid_or_null(p_card ->> 'command_id') and k.tenant_id = v_tenant
  on conflict (command_id, platform, install, channel) do update
  set thread = excluded.thread, handle = excluded.handle, shown = excluded.shown, closed = excluded.closed;
  return jsonb_build_object('kept', found);
end
$$;
select hq.open_function('public.chat_save_card(jsonb)', 'authenticated, service_role',
  'Stores the message of a command, one for each command and channel: `{command_id, platform, install, channel, thread, handle, shown, closed}`.');

create or replace function public.chat_open_cards(p_platform text) returns jsonb language sql security definer
set search_path = '' as $$
  select coalesce(hq.refuse_unless_bot('open_cards'), jsonb_build_object('cards', coalesce((
    select jsonb_agg((to_jsonb(o) - 'tenant_id') || (
      select jsonb_build_object('command', to_jsonb(k) - '{stdout,stderr,lease_token}'::text[], 'asked_by', hq.email_of(k.requested_by))
      from public.agent_commands k where k.id = o.command_id) order by o.created_at)
    from (select * from public.chat_cards c
      where c.tenant_id = (select public.current_tenant_id()) and c.platform = p_platform and not c.closed
      order by c.created_at desc limit 1000) o), '[]')))
$$;
select hq.open_function('public.chat_open_cards(text)', 'authenticated, service_role',
  'Returns `{cards}` of a platform that are not closed, with their commands and `asked_by`.');

create or replace function public.chat_save_question(p_question jsonb) returns jsonb language plpgsql security definer
set search_path = '' as $$
declare
  v_tenant uuid := public.current_tenant_id();
  v_refusal jsonb := hq.refuse_unless_bot('save_question');
begin
  if v_refusal is not null then
    return v_refusal;
  end if;
  update public.chat_confirmations c
  set question = case when jsonb_typeof(p_question -> 'handle') = 'object' and octet_length(p_question::text) <= 16384
    then hq.pick(p_question, '{handle,thread,kind,title}') end
  where c.tenant_id = v_tenant
    and (c.token_hash = hq.token_hash(p_question ->> 'token') or c.id = hq.uuid_or_null(p_question ->> 'id'));
  return jsonb_build_object('kept', found);
end
$$;
select hq.open_function('public.chat_save_question(jsonb)', 'authenticated, service_role',
  'Stores the message of an open confirmation: `{token or id, handle, thread, kind, title}`. Without a handle it is forgotten.');

create or replace function public.chat_open_questions(p_platform text) returns jsonb language sql security definer
set search_path = '' as $$
  select coalesce(hq.refuse_unless_bot('open_questions'), jsonb_build_object('questions', coalesce((
    select jsonb_agg(o.question || jsonb_build_object('id', o.id, 'install', o.install, 'channel', o.channel, 'expires_at', o.expires_at))
    from (select * from public.chat_confirmations c
      where c.tenant_id = (select public.current_tenant_id()) and c.platform = p_platform and c.question is not null and c.decided_at is null
      order by c.created_at desc limit 1000) o), '[]')))
$$;
select hq.open_function('public.chat_open_questions(text)', 'authenticated, service_role',
  'Returns the confirmations of a platform that nobody has decided, with their messages: `{questions: [{id, install, channel, thread, kind, handle, title, expires_at}]}`.');

create or replace function public.chat_act(p_chat jsonb, p_action text, p_payload jsonb default '{}', p_gateway text default null,
  p_agent text default null) returns jsonb language sql security definer set search_path = '' as $$
  select hq.chat_call('act', p_chat, jsonb_build_object('action', p_action, 'payload', p_payload, 'gateway', p_gateway,
    'agent', p_agent, 'delivery', p_chat ->> 'delivery')) $$;
select hq.open_function('public.chat_act(jsonb, text, jsonb, text, text)', 'authenticated, service_role',
  'Adds a command for the member behind the delivery. Returns `{command, created, asked_by}`; for a dangerous action `{confirm: {token, kind: button | typed | second, expected, prompt, action, danger, target, asked_by, expires_at}}`; or `{refused}`.');

create or replace function public.chat_confirm(p_chat jsonb, p_token text, p_typed text default null) returns jsonb
language sql security definer set search_path = '' as $$
  select hq.chat_call('confirm', p_chat, jsonb_build_object('token', p_token, 'typed', p_typed)) $$;
select hq.open_function('public.chat_confirm(jsonb, text, text)', 'authenticated, service_role',
  'Confirms with the token of chat_act; `p_typed` is the typed name. Returns as chat_act, with `decided: {by, at, asked_by}`, or `{refused}`. Rights and rules at this moment count.');

create or replace function public.chat_decline(p_chat jsonb, p_token text) returns jsonb language sql security definer
set search_path = '' as $$ select hq.chat_call('decline', p_chat, jsonb_build_object('token', p_token)) $$;
select hq.open_function('public.chat_decline(jsonb, text)', 'authenticated, service_role',
  'Declines with the token of chat_act. Returns `{declined: true, prompt, decided: {by, at}}` or `{refused}`.');

create or replace function public.chat_cancel(p_chat jsonb, p_command_id uuid) returns jsonb language sql security definer
set search_path = '' as $$ select hq.chat_call('cancel', p_chat, jsonb_build_object('command', p_command_id)) $$;
select hq.open_function('public.chat_cancel(jsonb, uuid)', 'authenticated, service_role',
  'Cancels a command as cancel_command does, for the member behind the delivery. Returns `{command, asked_by}` or `{refused}`.');

create or replace function public.chat_press(p_chat jsonb, p_token text) returns jsonb language sql security definer
set search_path = '' as $$ select hq.chat_call('press', p_chat, jsonb_build_object('token', p_token)) $$;
select hq.open_function('public.chat_press(jsonb, text)', 'authenticated, service_role',
  'Returns `{intent}` of a button, or `{refused}`: it is gone, of another channel, or of another person.');

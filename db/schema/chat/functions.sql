-- Counts one more call in its window and returns whether it is within the limit.
create or replace function hq.within_rate_limit(p_tenant uuid, p_who text, p_what text, p_limit int, p_seconds int) returns boolean
language sql set search_path = '' as $$
  insert into hq.rate_counters as m (tenant_id, who, what, since, count)
  values (p_tenant, p_who, p_what, to_timestamp(floor(extract(epoch from clock_timestamp()) / p_seconds) * p_seconds), 1)
  on conflict (tenant_id, who, what, since) do update set count = m.count + 1
  returning m.count <= p_limit
$$;

-- Returns a random token of letters, digits, `-` and `_`; 16 bytes give 22 characters.
create or replace function hq.random_token(p_bytes int) returns text language sql volatile
set search_path = '' as $$
  select translate(rtrim(encode(substring(
    sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())) for p_bytes), 'base64'), '='), '+/', '-_')
$$;

create or replace function hq.token_hash(p_token text) returns text language sql immutable parallel safe
set search_path = '' as $$ select encode(sha256(convert_to(coalesce(p_token, ''), 'UTF8')), 'hex') $$;

-- Returns the install under which an account is kept: none where the platform numbers its users across all installs.
create or replace function hq.account_install(p_platform text, p_install text) returns text language sql stable
set search_path = '' as $$
  select case when exists (select from hq.chat_platforms p where p.name = p_platform and p.user_scope = 'platform') then '' else p_install end
$$;

-- Raises 22023 unless the description of a delivery has every field in its form.
create or replace function hq.check_chat(p_chat jsonb) returns void language plpgsql
set search_path = '' as $$
declare
  v_field text;
begin
  foreach v_field in array array['platform', 'install', 'user', 'channel', 'kind', 'delivery'] loop
    if jsonb_typeof(p_chat -> v_field) is distinct from 'string' or length(p_chat ->> v_field) not between 1 and 200 then
      raise exception 'chat.% must be a text of 1 to 200 characters', v_field using errcode = '22023', column = v_field;
    end if;
  end loop;
  if p_chat -> 'thread' is not null and p_chat -> 'thread' <> 'null'
    and (jsonb_typeof(p_chat -> 'thread') <> 'string' or length(p_chat ->> 'thread') > 200)
  then
    raise exception 'chat.thread must be a text of at most 200 characters' using errcode = '22023', column = 'thread';
  end if;
  if not exists (select from hq.chat_platforms p where p.name = p_chat ->> 'platform') then
    raise exception 'chat.platform must be one of %', (select string_agg(p.name, ', ' order by p.name) from hq.chat_platforms p)
      using errcode = '22023', column = 'platform';
  end if;
  if p_chat ->> 'kind' not in ('direct', 'group') then
    raise exception 'chat.kind must be one of direct, group' using errcode = '22023', column = 'kind';
  end if;
  if p_chat ->> 'stranger' not in ('bot', 'anonymous', 'outsider') then
    raise exception 'chat.stranger must be one of bot, anonymous, outsider' using errcode = '22023', column = 'stranger';
  end if;
end
$$;

-- A direct message has no ceiling, so the adapter's word alone does not make it one: each platform shows it by its ids.
create or replace function hq.may_be_direct(p_who hq.speaker) returns boolean language sql stable
set search_path = '' as $$
  select case p.direct_rule
    when 'starts with' then starts_with(f.value, p.direct_value)
    when 'equals' then f.value = p.direct_value
    when 'equals user' then f.value = p_who.chat_user end
  from hq.chat_platforms p, lateral (select case p.direct_field when 'channel' then p_who.channel else p_who.install end as value) f
  where p.name = p_who.platform
$$;

create or replace function hq.speaker_of(p_tenant uuid, p_chat jsonb) returns hq.speaker language plpgsql stable
set search_path = '' as $$
declare
  v_who hq.speaker;
begin
  v_who.tenant := p_tenant;
  v_who.platform := p_chat ->> 'platform';
  v_who.install := p_chat ->> 'install';
  v_who.chat_user := p_chat ->> 'user';
  v_who.channel := p_chat ->> 'channel';
  v_who.thread := p_chat ->> 'thread';
  v_who.is_direct := p_chat ->> 'kind' = 'direct' and hq.may_be_direct(v_who);
  -- Many people write through a shared account, so nobody is known behind it.
  v_who.stranger := coalesce(p_chat ->> 'stranger', (
    select 'anonymous' from hq.chat_platforms p where p.name = v_who.platform and v_who.chat_user = any (p.shared_accounts)));
  select i.id, i.user_id, m.role into v_who.identity, v_who.member, v_who.member_role
  from public.chat_identities i join public.tenant_members m on m.tenant_id = i.tenant_id and m.user_id = i.user_id
  where i.platform = v_who.platform and i.install = hq.account_install(v_who.platform, v_who.install)
    and i.chat_user = v_who.chat_user and i.revoked_at is null and i.tenant_id = p_tenant
    and v_who.stranger is null;
  select c.id, c.ceiling, c.gateway_id, c.agent_id into v_who.channel_id, v_who.ceiling, v_who.gateway_id, v_who.agent_id
  from public.chat_channels c
  where c.tenant_id = p_tenant and c.platform = v_who.platform and c.install = v_who.install and c.channel = v_who.channel;
  -- Only a channel of several people is ever bound.
  v_who.is_direct := v_who.is_direct and v_who.channel_id is null;
  return v_who;
end
$$;

-- Returns the role that counts in this chat: the lower of the member's role and the channel's ceiling, or null.
create or replace function hq.effective_role(p_who hq.speaker) returns public.member_role language sql immutable
set search_path = '' as $$
  select case when p_who.is_direct then p_who.member_role when p_who.channel_id is not null
    then least(p_who.member_role, p_who.ceiling) end
$$;

create or replace function hq.chat_meta(p_who hq.speaker) returns jsonb language sql immutable
set search_path = '' as $$
  select jsonb_build_object('identity', p_who.identity, 'platform', p_who.platform, 'install', p_who.install,
    'user', p_who.chat_user, 'channel', p_who.channel)
    || jsonb_strip_nulls(jsonb_build_object('stranger', p_who.stranger))
$$;

-- Sets the claims of the member behind the account for the rest of the call, so that auth.uid(), roles and policies apply, limited
-- by the channel.
create or replace function hq.act_as(p_member uuid, p_tenant uuid, p_ceiling public.member_role, p_chat jsonb) returns void
language plpgsql set search_path = '' as $$
begin
  perform set_config('request.jwt.claims', jsonb_build_object('sub', p_member, 'role', 'authenticated',
    'app_metadata', jsonb_build_object('tenant_id', p_tenant))::text, true);
  perform set_config('request.jwt.claim.sub', p_member::text, true);
  perform set_config('hq.ceiling', coalesce(p_ceiling::text, ''), true);
  perform set_config('hq.chat', p_chat::text, true);
end
$$;

create or replace function hq.act_as(p_who hq.speaker) returns void language sql
set search_path = '' as $$ select hq.act_as(p_who.member, p_who.tenant, p_who.ceiling, hq.chat_meta(p_who)) $$;

create or replace function hq.audit_chat(p_who hq.speaker, p_action text, p_summary text, p_entity_type text, p_entity_id uuid,
  p_more jsonb default '{}') returns void language sql set search_path = '' as $$
  select hq.write_audit(jsonb_build_object(
    'tenant_id', p_who.tenant, 'actor_user_id', p_who.member, 'module', 'chat', 'entity_type', p_entity_type,
    'entity_id', p_entity_id, 'action', p_action, 'summary', p_summary, 'meta', hq.chat_meta(p_who) || p_more))
$$;

-- Records a refusal with its account, at most 10 a minute of one account and 200 of all strangers together, so that strangers
-- cannot crowd out the refusals of linked accounts.
create or replace function hq.audit_chat_refusal(p_who hq.speaker, p_call text, p_refused jsonb) returns void language plpgsql
set search_path = '' as $$
begin
  if hq.within_rate_limit(p_who.tenant, coalesce(concat_ws(':', p_who.platform, p_who.install, p_who.chat_user), ''), 'refusals', 10, 60)
    and (p_who.identity is not null or hq.within_rate_limit(p_who.tenant, '', 'refusals of strangers', 200, 60))
  then
    perform hq.audit_chat(p_who, 'chat.refused', format('%s refused: %s', p_call, p_refused ->> 'message'), 'chat_identity',
      p_who.identity, jsonb_build_object('what', p_call, 'code', p_refused ->> 'code', 'field', p_refused ->> 'field'));
  end if;
end
$$;

-- Returns null for a bot of this tenant, else the refusal.
create or replace function hq.bot_refusal() returns jsonb language sql stable
set search_path = '' as $$
  select case
    when hq.caller_role() <> 'authenticated' or auth.uid() is null then
      hq.refusal('28000', 'you are not signed in', 'Sign in as the bot and try again.', null)
    when not exists (
      select from public.chat_bots b join public.tenant_members m on m.tenant_id = b.tenant_id and m.user_id = b.user_id
      where b.user_id = auth.uid() and b.tenant_id = public.current_tenant_id()) then
      hq.refusal('42501', 'this account is no chat bot of this tenant',
        'The owner of the database makes it one: hq-db member EMAIL viewer --bot.', null)
    end
$$;

-- Returns hq.bot_refusal() and records it in the audit log.
create or replace function hq.refuse_unless_bot(p_call text) returns jsonb language plpgsql
set search_path = '' as $$
declare
  v_refusal jsonb := hq.bot_refusal();
  v_who hq.speaker;
begin
  if v_refusal is not null and exists (select from public.tenants t where t.id = public.current_tenant_id()) then
    v_who.tenant := public.current_tenant_id();
    v_who.member := auth.uid();
    v_who.chat_user := v_who.member::text;
    perform hq.audit_chat_refusal(v_who, p_call, v_refusal -> 'refused');
  end if;
  return v_refusal;
end
$$;

-- Raises 42501 for strangers, unlinked accounts and channels that are not bound, before anything else is looked at.
create or replace function hq.require_speaker(p_who hq.speaker, p_call text) returns void language plpgsql
set search_path = '' as $$
begin
  if p_call = 'whoami' then
    return;
  end if;
  if p_who.stranger is not null then
    raise exception '%', case p_who.stranger when 'bot' then 'messages of bots are refused'
      when 'anonymous' then 'nobody is known behind an anonymous account'
      else 'this account belongs to another workspace' end
      using errcode = '42501', hint = 'Send it under your own name.';
  end if;
  if p_call = 'link' then
    return;
  end if;
  if p_who.member is null then
    raise exception 'this account is linked to nobody'
      using errcode = '42501', hint = 'Get a code with `hq-tui chat code`, and send `link CODE` to the bot in a direct message.';
  end if;
  if p_call in ('unlink', 'bind') or p_who.is_direct then
    return;
  end if;
  if p_who.channel_id is null then
    raise exception 'this channel is bound to nothing'
      using errcode = '42501', hint = 'An admin binds it with `bind`. In a direct message no binding is needed.';
  end if;
end
$$;

-- The way of every chat call: checks the bot, finds a repeated delivery, finds the author and their rights, and runs
-- hq.chat_<call> in the member's name. A refusal is answered, audited and undone.
create or replace function hq.chat_call(p_call text, p_chat jsonb, p_request jsonb) returns jsonb language plpgsql
set search_path = '' as $$
declare
  v_claims text := coalesce(current_setting('request.jwt.claims', true), '');
  v_sub text := coalesce(current_setting('request.jwt.claim.sub', true), '');
  v_tenant uuid := public.current_tenant_id();
  v_once boolean := p_call not in ('whoami', 'read', 'may', 'refuse');
  v_hash text := hq.token_hash(jsonb_build_array(case when jsonb_typeof(p_chat) = 'object' then p_chat - 'delivery' end, p_request)::text);
  v_known public.chat_deliveries;
  v_who hq.speaker;
  v_kept boolean := false;
  v_too_many boolean := false;
  v_answer jsonb := hq.refuse_unless_bot(p_call);
  v_state text;
  v_message text;
  v_hint text;
  v_field text;
begin
  if v_answer is not null then
    return v_answer;
  end if;

  begin
    perform hq.check_chat(p_chat);
  exception when sqlstate '22023' then
    get stacked diagnostics v_message = message_text, v_field = column_name;
    return hq.refusal('22023', v_message, null, v_field);
  end;

  v_who := hq.speaker_of(v_tenant, p_chat);
  if v_once then
    -- Deliveries of strangers are not stored, so that they cannot fill the table; link codes are, and counted.
    if v_who.member is not null or p_call = 'link' then
      insert into public.chat_deliveries (tenant_id, platform, install, delivery, call, request_hash)
      values (v_tenant, v_who.platform, v_who.install, p_chat ->> 'delivery', p_call, v_hash)
      on conflict do nothing;
      v_kept := found;
    end if;
    if not v_kept then
      select * into v_known from public.chat_deliveries d
      where d.tenant_id = v_tenant and d.platform = v_who.platform and d.install = v_who.install
        and d.delivery = p_chat ->> 'delivery' and d.call = p_call;
      if v_known.request_hash <> v_hash then
        return hq.refusal('23505', 'this delivery was used for something else', null, 'delivery');
      elsif v_known.request_hash is not null then
        return v_known.answer;
      end if;
    end if;
  end if;

  -- Counted and withdrawn before the block whose effects a refusal undoes: others may have read a code outside of a direct message.
  if p_call = 'link' then
    delete from public.chat_link_codes c
    where not v_who.is_direct and c.tenant_id = v_tenant and c.code_hash = hq.token_hash(trim(p_request ->> 'code'));
    v_too_many := not hq.within_rate_limit(v_tenant, concat_ws(':', v_who.platform, v_who.install, v_who.chat_user), 'link', 5, 600);
  end if;
  begin
    if v_too_many then
      raise exception 'too many codes were tried' using errcode = '42501', hint = 'Wait ten minutes.';
    end if;
    perform hq.require_speaker(v_who, p_call);
    if v_who.member is not null then
      perform hq.act_as(v_who);
    end if;
    execute format('select hq.%I($1, $2)', 'chat_' || p_call) into v_answer using v_who, p_request;
  exception when sqlstate '28000' or sqlstate '42501' or sqlstate 'P0002' or sqlstate '23505' or sqlstate '22023' then
    get stacked diagnostics v_state = returned_sqlstate, v_message = message_text,
      v_hint = pg_exception_hint, v_field = column_name;
    v_answer := hq.refusal(v_state, v_message, v_hint, v_field);
    if v_who.member is not null then
      perform hq.act_as(v_who);
    end if;
    perform hq.audit_chat_refusal(v_who, p_call, v_answer -> 'refused');
  end;
  perform set_config('request.jwt.claims', v_claims, true);
  perform set_config('request.jwt.claim.sub', v_sub, true);
  perform set_config('hq.ceiling', '', true);
  perform set_config('hq.chat', '', true);

  if v_too_many then
    delete from public.chat_deliveries d
    where d.tenant_id = v_tenant and d.platform = v_who.platform and d.install = v_who.install
      and d.delivery = p_chat ->> 'delivery' and d.call = p_call;
  elsif v_kept then
    update public.chat_deliveries d set answer = v_answer
    where d.tenant_id = v_tenant and d.platform = v_who.platform and d.install = v_who.install
      and d.delivery = p_chat ->> 'delivery' and d.call = p_call;
  end if;
  return v_answer;
end
$$;

create or replace function hq.email_of(p_user uuid) returns text language sql stable
set search_path = '' as $$ select u.email::text from auth.users u where u.id = p_user $$;

create or replace function hq.channel_json(p_channel public.chat_channels) returns jsonb language sql stable
set search_path = '' as $$
  select jsonb_build_object('id', p_channel.id, 'bound', true, 'ceiling', p_channel.ceiling,
    'gateway', (select g.slug from public.gateways g where g.id = p_channel.gateway_id),
    'agent', (select a.slug from public.agents a where a.id = p_channel.agent_id))
$$;

create or replace function hq.chat_whoami(p_who hq.speaker, p_request jsonb) returns jsonb language plpgsql
set search_path = '' as $$
declare
  v_role public.member_role := hq.effective_role(p_who);
begin
  update public.chat_identities i set last_seen_at = clock_timestamp()
  where i.id = p_who.identity and coalesce(i.last_seen_at, '-infinity') < clock_timestamp() - interval '1 minute';
  return jsonb_build_object(
    'linked', p_who.member is not null,
    'identity', p_who.identity,
    'member', case when p_who.member is not null
      then jsonb_build_object('email', hq.email_of(p_who.member), 'role', p_who.member_role) end,
    'channel', case
      when p_who.is_direct then jsonb_build_object('bound', true, 'ceiling', null, 'gateway', null, 'agent', null)
      when p_who.member is null or p_who.channel_id is null
        then jsonb_build_object('bound', p_who.channel_id is not null, 'ceiling', null, 'gateway', null, 'agent', null)
      else (select hq.channel_json(c) from public.chat_channels c where c.id = p_who.channel_id) end,
    'role', v_role,
    'actions', coalesce((select jsonb_agg(a.name order by a.name) from hq.actions a
      where a.served and a.role <= v_role), '[]'),
    'tenant', case when p_who.member is not null then (select t.name from public.tenants t where t.id = p_who.tenant) end);
end
$$;

-- Links an account. A wrong code is refused without the reason, so that guessing teaches nothing.
create or replace function hq.chat_link(p_who hq.speaker, p_request jsonb) returns jsonb language plpgsql
set search_path = '' as $$
declare
  v_code public.chat_link_codes;
  v_identity uuid;
begin
  if not p_who.is_direct then
    raise exception 'a code works in a direct message only, and this one is void now' using errcode = '42501',
      hint = 'Make a new one with `hq-tui chat code`, and send `link CODE` to the bot in a direct message.';
  end if;
  if p_who.member is not null then
    raise exception 'this account is linked to % already', hq.email_of(p_who.member) using errcode = '23505', hint = '`unlink` takes it back.';
  end if;
  delete from public.chat_link_codes c
  where c.code_hash = hq.token_hash(trim(p_request ->> 'code')) and c.tenant_id = p_who.tenant and c.expires_at > clock_timestamp()
  returning * into v_code;
  if not found then
    raise exception 'this code does not work' using errcode = '22023', column = 'code',
      hint = 'A code works once, for ten minutes. Get another one with `hq-tui chat code`.';
  end if;
  insert into public.chat_identities (tenant_id, user_id, platform, install, chat_user, last_seen_at)
  values (p_who.tenant, v_code.user_id, p_who.platform, hq.account_install(p_who.platform, p_who.install), p_who.chat_user,
    clock_timestamp())
  on conflict do nothing
  returning id into v_identity;
  if not found then
    raise exception 'this account is linked in another HQ' using errcode = '23505', hint = 'Unlink it there first.';
  end if;
  p_who.identity := v_identity;
  p_who.member := v_code.user_id;
  perform hq.act_as(p_who);
  perform hq.audit_chat(p_who, 'chat.linked', format('%s linked on %s', hq.email_of(p_who.member), p_who.platform),
    'chat_identity', v_identity);
  return jsonb_build_object('member', jsonb_build_object('email', hq.email_of(p_who.member),
    'role', (select m.role from public.tenant_members m where m.tenant_id = p_who.tenant and m.user_id = p_who.member)));
end
$$;

create or replace function hq.chat_unlink(p_who hq.speaker, p_request jsonb) returns jsonb language plpgsql
set search_path = '' as $$
begin
  update public.chat_identities i set revoked_at = clock_timestamp(), revoked_by = p_who.member where i.id = p_who.identity;
  perform hq.audit_chat(p_who, 'chat.unlinked', format('%s unlinked on %s', hq.email_of(p_who.member), p_who.platform),
    'chat_identity', p_who.identity);
  return jsonb_build_object('member', jsonb_build_object('email', hq.email_of(p_who.member), 'role', p_who.member_role));
end
$$;

create or replace function hq.require_admin(p_who hq.speaker, p_what text) returns void language plpgsql stable
set search_path = '' as $$
begin
  if p_who.member_role < 'admin' then
    raise exception '% needs the role admin; yours is %', p_what, p_who.member_role
      using errcode = '42501', hint = 'Ask an admin to do it.';
  end if;
  if p_who.is_direct then
    raise exception 'a direct message needs no binding' using errcode = '22023';
  end if;
end
$$;

create or replace function hq.chat_bind(p_who hq.speaker, p_request jsonb) returns jsonb language plpgsql
set search_path = '' as $$
declare
  v_gateway uuid;
  v_agent public.agents;
  v_channel public.chat_channels;
begin
  perform hq.require_admin(p_who, 'bind');
  if coalesce(p_request ->> 'ceiling', '') not in ('viewer', 'operator', 'admin') then
    raise exception 'ceiling must be one of viewer, operator, admin' using errcode = '22023', column = 'ceiling';
  end if;
  v_gateway := hq.find_gateway(p_who.tenant, p_request ->> 'gateway');
  if p_request ->> 'agent' is not null then
    select * into v_agent from public.agents a where a.id = hq.agent_by_slug(p_who.tenant, p_request ->> 'agent');
  end if;
  if v_gateway <> v_agent.gateway_id then
    raise exception 'the agent % is not on that gateway', v_agent.slug using errcode = '22023', column = 'agent';
  end if;
  insert into public.chat_channels as c (tenant_id, platform, install, channel, ceiling, gateway_id, agent_id, bound_by)
  values (p_who.tenant, p_who.platform, p_who.install, p_who.channel, (p_request ->> 'ceiling')::public.member_role,
    coalesce(v_gateway, v_agent.gateway_id), v_agent.id, p_who.member)
  on conflict (tenant_id, platform, install, channel) do update
  set ceiling = excluded.ceiling, gateway_id = excluded.gateway_id, agent_id = excluded.agent_id, bound_by = excluded.bound_by
  returning * into v_channel;
  perform hq.audit_chat(p_who, 'chat.bound', format('%s channel bound: %s and below', p_who.platform, v_channel.ceiling),
    'chat_channel', v_channel.id);
  return jsonb_build_object('channel', hq.channel_json(v_channel));
end
$$;

create or replace function hq.chat_unbind(p_who hq.speaker, p_request jsonb) returns jsonb language plpgsql
set search_path = '' as $$
begin
  perform hq.require_admin(p_who, 'unbind');
  delete from public.chat_channels c where c.id = p_who.channel_id;
  perform hq.audit_chat(p_who, 'chat.unbound', format('%s channel unbound', p_who.platform), 'chat_channel', p_who.channel_id);
  return jsonb_build_object('channel', jsonb_build_object('bound', false, 'ceiling', null, 'gateway', null, 'agent', null));
end
$$;

-- Raises unless the author may run what the values are read for: an action, bind or unbind. Somebody without the right does not
-- get the names either.
create or replace function hq.require_role_for(p_who hq.speaker, p_for text) returns void language plpgsql stable
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
  elsif p_for not in ('bind', 'unbind') then
    raise exception 'for must be the name of an action, bind or unbind' using errcode = '22023', column = 'for';
  end if;
end
$$;

create or replace function hq.chat_may(p_who hq.speaker, p_request jsonb) returns jsonb language plpgsql
set search_path = '' as $$
begin
  perform hq.require_role(p_who.tenant, 'viewer', 'reading');
  perform hq.require_role_for(p_who, p_request ->> 'for');
  return jsonb_build_object('may', true);
end
$$;

-- Runs only for linked accounts: hq.require_speaker refuses everybody else.
create or replace function hq.chat_refuse(p_who hq.speaker, p_request jsonb) returns jsonb language sql
set search_path = '' as $$
  select hq.refusal('22023', 'this account is linked: there is nothing to refuse', null, 'user')
$$;

create or replace function public.chat_whoami(p_chat jsonb) returns jsonb language sql security definer
set search_path = '' as $$ select hq.chat_call('whoami', p_chat, '{}') $$;
select hq.open_function('public.chat_whoami(jsonb)', 'authenticated, service_role',
  'Returns the account behind a delivery: `{linked, identity, member: {email, role}, channel: {bound, ceiling, gateway, agent}, role, actions: [name], tenant}`. Not refused to anybody.');

create or replace function public.chat_may(p_chat jsonb, p_for text default null) returns jsonb language sql security definer
set search_path = '' as $$ select hq.chat_call('may', p_chat, jsonb_build_object('for', p_for)) $$;
select hq.open_function('public.chat_may(jsonb, text)', 'authenticated, service_role',
  'Returns `{may: true}`, or `{refused}` with the reason and one line in the audit log. `p_for` is the name of an action, `bind` or `unbind`; null asks for the right to read.');

create or replace function public.chat_refuse(p_chat jsonb) returns jsonb language sql security definer
set search_path = '' as $$ select hq.chat_call('refuse', p_chat, '{}') $$;
select hq.open_function('public.chat_refuse(jsonb)', 'authenticated, service_role',
  'Refuses a delivery of a stranger or of an account that is linked to nobody, and records it in the audit log. Returns `{refused}`; for a linked account with the code `usage` and without a line.');

create or replace function public.chat_check() returns jsonb language sql security definer
set search_path = '' as $$
  select coalesce(hq.refuse_unless_bot('check'), jsonb_build_object('tenant_id', public.current_tenant_id(), 'user_id', auth.uid()))
$$;
select hq.open_function('public.chat_check()', 'authenticated, service_role',
  'Returns `{tenant_id, user_id}` for a bot of its tenant, else `{refused}`. A bot calls it when it signs in.');

create or replace function public.chat_link(p_chat jsonb, p_code text) returns jsonb language sql security definer
set search_path = '' as $$ select hq.chat_call('link', p_chat, jsonb_build_object('code', p_code)) $$;
select hq.open_function('public.chat_link(jsonb, text)', 'authenticated, service_role',
  'Links the account of a direct message with a code of issue_chat_code. Returns `{member}` or `{refused}`. Five attempts in ten minutes. A code that was sent anywhere else is void.');

create or replace function public.chat_unlink(p_chat jsonb) returns jsonb language sql security definer
set search_path = '' as $$ select hq.chat_call('unlink', p_chat, '{}') $$;
select hq.open_function('public.chat_unlink(jsonb)', 'authenticated, service_role',
  'Ends the link of the account. Returns `{member}` or `{refused}`.');

create or replace function public.chat_bind(p_chat jsonb, p_ceiling text default 'operator', p_gateway text default null,
  p_agent text default null) returns jsonb language sql security definer set search_path = '' as $$
  select hq.chat_call('bind', p_chat, jsonb_build_object('ceiling', p_ceiling, 'gateway', p_gateway, 'agent', p_agent)) $$;
select hq.open_function('public.chat_bind(jsonb, text, text, text)', 'authenticated, service_role',
  'Binds the channel of the delivery, or changes its binding: a highest role and, if given, a gateway or an agent. Returns `{channel}` or `{refused}`. Admins only.');

create or replace function public.chat_unbind(p_chat jsonb) returns jsonb language sql security definer
set search_path = '' as $$ select hq.chat_call('unbind', p_chat, '{}') $$;
select hq.open_function('public.chat_unbind(jsonb)', 'authenticated, service_role',
  'Ends the binding of the channel. Returns `{channel}` or `{refused}`. Admins only.');

create or replace function public.issue_chat_code() returns jsonb language plpgsql security definer
set search_path = '' as $$
declare
  v_tenant uuid := public.current_tenant_id();
  v_code text := 'hq_' || hq.random_token(18);
  v_expires timestamptz := clock_timestamp() + interval '10 minutes';
begin
  if public.member_role_of_caller() is null then
    return hq.refusal('42501', 'you are not a member of this tenant', 'Ask an admin to add you.', null);
  end if;
  if exists (select from public.chat_bots b where b.tenant_id = v_tenant and b.user_id = auth.uid()) then
    return hq.refusal('42501', 'a bot is nobody''s account', 'Sign in as yourself.', null);
  end if;
  perform 1 from public.tenant_members m where m.tenant_id = v_tenant and m.user_id = auth.uid() for update;
  delete from public.chat_link_codes c
  where c.tenant_id = v_tenant and c.user_id = auth.uid() and (c.expires_at <= clock_timestamp() or c.id in (
    select o.id from public.chat_link_codes o where o.tenant_id = v_tenant and o.user_id = auth.uid()
    order by o.created_at desc offset 2));
  insert into public.chat_link_codes (tenant_id, user_id, code_hash, expires_at)
  values (v_tenant, auth.uid(), hq.token_hash(v_code), v_expires);
  return jsonb_build_object('code', v_code, 'expires_at', v_expires);
end
$$;
select hq.open_function('public.issue_chat_code()', 'authenticated, service_role',
  'Returns `{code, expires_at}`, a code that links one account to the caller, once, within ten minutes; or `{refused}`. A member has three open codes at most; the oldest expires for a fourth. Not for bots.');

create or replace function public.revoke_chat_identity(p_id uuid) returns jsonb language plpgsql security definer
set search_path = '' as $$
declare
  v_role public.member_role := public.member_role_of_caller();
  v_row public.chat_identities;
begin
  select * into v_row from public.chat_identities i where i.id = p_id and i.tenant_id = public.current_tenant_id() for update;
  if v_role is null or v_row.id is null then
    return hq.refusal('P0002', 'there is no such link', null, 'id');
  end if;
  if v_row.user_id is distinct from auth.uid() and v_role < 'admin' then
    return hq.refusal('42501', 'only an admin revokes somebody else''s link', 'Ask an admin to do it.', null);
  end if;
  if v_row.revoked_at is null then
    update public.chat_identities i set revoked_at = clock_timestamp(), revoked_by = auth.uid() where i.id = p_id returning * into v_row;
    perform hq.write_audit(jsonb_build_object('tenant_id', v_row.tenant_id, 'actor_user_id', auth.uid(),
      'module', 'chat', 'entity_type', 'chat_identity', 'entity_id', p_id, 'action', 'chat.revoked',
      'summary', format('%s of %s revoked', v_row.platform, hq.email_of(v_row.user_id))));
  end if;
  return jsonb_build_object('identity', to_jsonb(v_row));
end
$$;
select hq.open_function('public.revoke_chat_identity(uuid)', 'authenticated, service_role',
  'Ends the link of an account. Returns `{identity}` or `{refused}`. A member ends their own links, an admin all.');

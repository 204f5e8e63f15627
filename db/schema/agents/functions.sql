-- Returns the text if it may be part of a branch, else null.
create or replace function hq.branch_part(p_text text) returns text language sql immutable parallel safe
set search_path = '' as $$
  select p_text where p_text ~ '^[a-z0-9]+(-[a-z0-9]+)*$' and length(p_text) <= 60
$$;

-- Returns the branch of an agent: below the slug of its workspace, where there is one.
create or replace function hq.agent_branch(p_workspace_slug text, p_slug text) returns text language sql immutable parallel safe
set search_path = '' as $$ select concat_ws('/', hq.branch_part(p_workspace_slug), p_slug) $$;

-- Returns everything that decides how an agent is on its gateway, in the form of `@hq/shared/agents`. The runner adds the tokens.
create or replace function hq.agent_spec(p_agent public.agents) returns jsonb language sql stable
set search_path = '' as $$
  select jsonb_build_object(
    'id', p_agent.id, 'slug', p_agent.slug, 'branch', coalesce(p_agent.branch, hq.agent_branch(p.workspace_slug, p_agent.slug)),
    'name', left(coalesce(nullif(p_agent.name, ''), p_agent.slug), 100), 'description', left(nullif(p_agent.description, ''), 2000),
    'emoji', left(p_agent.meta ->> 'emoji', 32), 'model', left(nullif(p_agent.model, ''), 200),
    'thinking', case when p_agent.thinking in ('off', 'low', 'medium', 'high', 'xhigh') then p_agent.thinking end,
    'status', p_agent.status,
    'template', hq.branch_part(nullif(regexp_replace(p_agent.meta ->> 'template_branch', '^template/', ''), 'default')),
    'owner', jsonb_build_object(
      'name', left(coalesce(p_agent.meta #>> '{owner,name}', p.owner_name), 200),
      'preferredName', left(coalesce(p_agent.meta #>> '{owner,preferred_name}', p.owner_preferred_name), 200),
      'timezone', left(coalesce(p_agent.meta #>> '{owner,timezone}', p.owner_timezone), 100)),
    'workspaceSlug', hq.branch_part(p.workspace_slug),
    'channel', case when p.channel in ('telegram', 'discord', 'slack') then jsonb_strip_nulls(jsonb_build_object(
      'name', p.channel, 'tokens', jsonb_build_object(),
      'allowFrom', nullif(array(select h #>> '{}' from hq.entries(p_agent.meta -> 'allow_from') h
          where jsonb_typeof(h) = 'string' and length(h #>> '{}') between 1 and 100 limit 99)
        || case when p.channel = 'discord' and p_agent.meta ->> 'discord_user_id' <> ''
          then array[left(p_agent.meta ->> 'discord_user_id', 100)] else '{}' end, '{}'),
      'serverId', case when p.channel = 'discord' then left(p_agent.meta ->> 'discord_server_id', 100) end)) end,
    'allowedHosts', array(select h #>> '{}' from hq.entries(p_agent.config -> 'allowed_hosts') h
      where jsonb_typeof(h) = 'string' and length(h #>> '{}') between 1 and 255 limit 200),
    'importId', p_agent.meta ->> 'import_id', 'token', null)
  from (
    select w.owner_name, w.owner_preferred_name, w.owner_timezone, coalesce(p_agent.meta ->> 'workspace_slug', w.slug) as workspace_slug,
      coalesce(p_agent.meta #>> '{channel,name}', p_agent.meta ->> 'channel') as channel
    from (select) one left join public.workspace w on w.tenant_id = p_agent.tenant_id) p
$$;

-- Increments agents_version of gateways, as hq.bump_secrets_version does its counter.
create or replace function hq.bump_agents_version(p_gateways uuid[]) returns void language sql
set search_path = '' as $$
  select from public.gateways g where g.id = any (p_gateways) order by g.id for no key update;
  update public.gateways g set agents_version = g.agents_version + 1 where g.id = any (p_gateways)
$$;

create or replace function hq.count_spec_changes() returns trigger language plpgsql security definer
set search_path = '' as $$
begin
  if tg_op = 'INSERT' then
    perform hq.bump_agents_version(array(select distinct n.gateway_id from new_rows n where n.gateway_id is not null));
  elsif tg_op = 'DELETE' then
    perform hq.bump_agents_version(array(select distinct o.gateway_id from old_rows o where o.gateway_id is not null));
  elsif old.gateway_id is distinct from new.gateway_id or hq.agent_spec(old) is distinct from hq.agent_spec(new) then
    perform hq.bump_agents_version(array[old.gateway_id, new.gateway_id]);
  end if;
  return null;
end
$$;
create or replace trigger hq_count_specs_made after insert on public.agents referencing new table as new_rows
for each statement execute function hq.count_spec_changes();
create or replace trigger hq_count_specs_changed after update on public.agents
for each row when ((new.slug, new.name, new.description, new.model, new.thinking, new.status, new.gateway_id, new.meta, new.config, new.branch)
  is distinct from (old.slug, old.name, old.description, old.model, old.thinking, old.status, old.gateway_id, old.meta, old.config, old.branch))
execute function hq.count_spec_changes();
create or replace trigger hq_count_specs_deleted after delete on public.agents referencing old table as old_rows
for each statement execute function hq.count_spec_changes();

-- Every agent of a tenant has the workspace's owner in its files.
create or replace function hq.count_workspace_changes() returns trigger language plpgsql security definer
set search_path = '' as $$
begin
  perform hq.bump_agents_version(array(select g.id from public.gateways g where g.tenant_id = new.tenant_id));
  return null;
end
$$;
create or replace trigger hq_count_workspace_made after insert on public.workspace
for each row execute function hq.count_workspace_changes();
create or replace trigger hq_count_workspace_changed after update on public.workspace
for each row when ((new.slug, new.owner_name, new.owner_preferred_name, new.owner_timezone)
  is distinct from (old.slug, old.owner_name, old.owner_preferred_name, old.owner_timezone))
execute function hq.count_workspace_changes();

create or replace function public.gateway_agents(p_gateway_id uuid) returns jsonb language sql stable security definer
set search_path = '' as $$
  select coalesce(jsonb_agg(hq.agent_spec(a) || jsonb_build_object('openclawId', a.openclaw_id,
    'credential', exists (select from hq.agent_credentials c where c.agent_id = a.id)) order by a.slug), '[]')
  from public.agents a
  where a.gateway_id = p_gateway_id and not exists (
    select from public.agent_commands c
    where c.agent_id = a.id and c.action::text = 'remove' and c.status in ('pending', 'leased', 'running'))
$$;
select hq.open_function('public.gateway_agents(uuid)', 'service_role',
  'Returns the agents of a gateway as they have to be there: a list of `{id, slug, branch, name, description, emoji, model, thinking, status, template, owner: {name, preferredName, timezone}, workspaceSlug, channel: null or {name, tokens: {}, allowFrom, serverId}, allowedHosts, importId, token: null, openclawId, credential: boolean}`. Agents that a command is about to remove are left out. `gateways.agents_version` counts its changes.');

-- Adds a line about an agent in the name of the system, or of the agent itself where `p_line` says so.
create or replace function hq.audit_agent(p_agent public.agents, p_action text, p_summary text, p_line jsonb default '{}') returns void
language sql set search_path = '' as $$
  select hq.write_audit(jsonb_build_object('tenant_id', p_agent.tenant_id, 'module', 'agents', 'entity_type', 'agent', 'entity_id', p_agent.id,
    'action', p_action, 'summary', left(p_summary, 500), 'meta', jsonb_build_object('agent_slug', p_agent.slug, 'gateway_id', p_agent.gateway_id)) || p_line)
$$;

create or replace function hq.lock_agent(p_agent_id uuid) returns public.agents language plpgsql
set search_path = '' as $$
declare
  v_agent public.agents;
begin
  select * into v_agent from public.agents a where a.id = p_agent_id for no key update;
  if not found then
    raise exception 'there is no such agent' using errcode = 'P0002', column = 'agent';
  end if;
  return v_agent;
end
$$;

create or replace function public.issue_agent_credential(p_agent_id uuid) returns text language plpgsql security definer
set search_path = '' as $$
declare
  v_agent public.agents := hq.lock_agent(p_agent_id);
  v_token text := encode(sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())), 'hex');
begin
  insert into hq.agent_credentials as c (agent_id, token_hash) values (v_agent.id, hq.token_hash(v_token))
  on conflict (agent_id) do update set token_hash = excluded.token_hash, issued_at = clock_timestamp();
  perform hq.audit_agent(v_agent, 'agent.credential_issued', format('a credential for %s', v_agent.slug));
  return v_token;
end
$$;
select hq.open_function('public.issue_agent_credential(uuid)', 'service_role',
  'Returns a new credential of an agent for `agent_call`, 64 hex digits. The one that it had is refused from now on. Only the hash is stored.');

create or replace function public.agent_provisioned(p_agent_id uuid, p_openclaw_id text, p_branch text) returns public.agent_status
language plpgsql security definer set search_path = '' as $$
declare
  v_agent public.agents := hq.lock_agent(p_agent_id);
  v_is_news boolean := v_agent.status::text in ('provisioning', 'error') or v_agent.openclaw_id is distinct from p_openclaw_id;
begin
  update public.agents a
  -- The gateway has taken the imported files: it needs them once.
  set openclaw_id = p_openclaw_id, branch = p_branch, meta = a.meta - 'error' - 'import_id',
    status = (jsonb_populate_record(a, jsonb_build_object('status',
      case when a.status::text in ('provisioning', 'error') then 'ready' else a.status::text end))).status
  where a.id = v_agent.id and (v_is_news or a.branch is distinct from p_branch or a.meta ? 'error')
  returning * into v_agent;
  if v_is_news then
    perform hq.audit_agent(v_agent, 'agent.provisioned', format('%s is on branch %s', v_agent.slug, p_branch));
  end if;
  return (select a.status from public.agents a where a.id = p_agent_id);
end
$$;
select hq.open_function('public.agent_provisioned(uuid, text, text)', 'service_role',
  'Records that an agent is on its gateway, with its id in OpenClaw and its branch. One that was `provisioning` or in `error` is `ready`. Returns its status.');

create or replace function public.agent_failed(p_agent_id uuid, p_reason text) returns public.agent_status language plpgsql security definer
set search_path = '' as $$
declare
  v_agent public.agents := hq.lock_agent(p_agent_id);
  v_reason text := left(coalesce(nullif(p_reason, ''), 'no reason was given'), 2000);
begin
  if v_agent.meta ->> 'error' is distinct from v_reason then
    update public.agents a
    set meta = a.meta || jsonb_build_object('error', v_reason),
      status = (jsonb_populate_record(a, jsonb_build_object('status',
        case when a.status::text in ('provisioning', 'ready') then 'error' else a.status::text end))).status
    where a.id = v_agent.id
    returning * into v_agent;
    perform hq.audit_agent(v_agent, 'agent.failed', format('%s: %s', v_agent.slug, v_reason));
  end if;
  return v_agent.status;
end
$$;
select hq.open_function('public.agent_failed(uuid, text)', 'service_role',
  'Records why an agent is not on its gateway as it has to be: its status is `error`, unless it is paused or hibernating. Returns its status.');

create or replace function public.agent_removed(p_agent_id uuid) returns boolean language plpgsql security definer
set search_path = '' as $$
declare
  v_agent public.agents;
begin
  select * into v_agent from public.agents a where a.id = p_agent_id;
  if not found then
    return false;
  end if;
  perform hq.audit_agent(v_agent, 'agent.removed', format('%s was removed', v_agent.slug));
  delete from public.agents a where a.id = p_agent_id;
  return true;
end
$$;
select hq.open_function('public.agent_removed(uuid)', 'service_role',
  'Deletes an agent that is no longer on its gateway, with its credential, secrets and inbox. Its tasks, usage and commands stay. Returns whether it was there.');

-- Returns the slug of a new agent: the command's, the payload's, or one made of the name.
create or replace function hq.slug_to_provision(p_command public.agent_commands) returns text language plpgsql immutable
set search_path = '' as $$
declare
  v_slug text := coalesce(p_command.agent_slug, p_command.payload ->> 'slug', trim(both '-' from left(regexp_replace(
    lower(regexp_replace(normalize(p_command.payload ->> 'name', nfkd), '[\u0300-\u036f]', '', 'g')), '[^a-z0-9]+', '-', 'g'), 40)));
begin
  if not coalesce(hq.is_agent_slug(v_slug), false) then
    raise exception '%', case when v_slug is null then 'a new agent needs a slug or a name'
        else 'slug must be 2 to 40 lower-case letters, digits and single dashes, and no reserved word' end
      using errcode = '22023', column = 'slug', table = 'agent_commands';
  end if;
  return v_slug;
end
$$;

-- Raises 23505 unless the gateway has room for one more agent.
create or replace function hq.check_room(p_gateway public.gateways) returns void language plpgsql
set search_path = '' as $$
declare
  v_most int := coalesce(hq.int_or_null(p_gateway.meta -> 'max_agents'), 20);
begin
  -- One after the other: requests at once would not count each other.
  perform pg_advisory_xact_lock(hashtextextended('hq.agents ' || p_gateway.id, 0));
  if v_most <= (select count(*) from public.agents a where a.gateway_id = p_gateway.id) then
    raise exception '% has % agents already', p_gateway.slug, v_most
      using errcode = '23505', column = 'gateway', table = 'agent_commands',
        hint = 'Provision it on another gateway, or run `remove` for an agent that is no longer needed.';
  end if;
end
$$;

-- Returns what a payload of provision changes in the meta of an agent.
create or replace function hq.meta_to_provision(p_payload jsonb) returns jsonb language sql immutable parallel safe
set search_path = '' as $$
  select jsonb_strip_nulls(jsonb_build_object('emoji', p_payload ->> 'emoji', 'template_branch', p_payload ->> 'source_template',
    'channel', nullif(p_payload ->> 'channel', 'none'), 'discord_server_id', p_payload ->> 'discord_server_id',
    'discord_user_id', p_payload ->> 'discord_user_id', 'workspace_slug', p_payload ->> 'workspace_slug',
    'allow_from', nullif(p_payload -> 'allow_from', '[]'), 'import_id', p_payload ->> 'import_id',
    'owner', nullif(jsonb_strip_nulls(jsonb_build_object('name', p_payload ->> 'owner_name',
      'preferred_name', p_payload ->> 'owner_preferred_name', 'timezone', p_payload ->> 'owner_timezone')), '{}')))
$$;

-- Adds the agent of a provision command, or changes one that never was on its gateway, and returns it.
create or replace function hq.agent_to_provision(p_command public.agent_commands, p_gateway public.gateways) returns public.agents
language plpgsql set search_path = '' as $$
declare
  v_payload jsonb := p_command.payload;
  v_meta jsonb := hq.meta_to_provision(v_payload);
  v_agent public.agents;
  v_slug text;
  v_branch text;
  v_zone text := v_payload ->> 'owner_timezone';
begin
  if lower(hq.time_zone_or_utc(v_zone)) <> lower(v_zone) then
    raise exception 'there is no time zone %', left(v_zone, 100)
      using errcode = '22023', column = 'owner_timezone', table = 'agent_commands', hint = 'Name one such as Europe/Berlin.';
  end if;
  select * into v_agent from public.agents a where a.id = p_command.agent_id for no key update;
  if not found then
    v_slug := hq.slug_to_provision(p_command);
    select * into v_agent from public.agents a where a.tenant_id = p_command.tenant_id and a.slug = v_slug for no key update;
  end if;
  if v_agent.id is null then
    perform hq.check_room(p_gateway);
    insert into public.agents (tenant_id, gateway_id, slug, name, status) values (p_command.tenant_id, p_gateway.id, v_slug, v_slug, 'provisioning')
    returning * into v_agent;
  elsif v_agent.status::text not in ('provisioning', 'error') or v_agent.gateway_id <> p_gateway.id then
    raise exception 'there is an agent % already', v_agent.slug
      using errcode = '23505', column = 'slug', table = 'agent_commands', hint = 'Use another slug, or update that agent.';
  end if;
  v_branch := coalesce(v_agent.branch, hq.agent_branch(coalesce(v_payload ->> 'workspace_slug', v_agent.meta ->> 'workspace_slug',
    (select w.slug from public.workspace w where w.tenant_id = p_command.tenant_id)), v_agent.slug));
  if v_branch ~ '^(template|archive)(/|$)' then
    raise exception 'the branch % is one that HQ uses itself', v_branch
      using errcode = '22023', column = 'workspace_slug', table = 'agent_commands';
  end if;
  if exists (select from public.agents a
    where a.gateway_id = p_gateway.id and a.id <> v_agent.id and replace(a.branch, '/', '-') = replace(v_branch, '/', '-'))
  then
    raise exception 'another agent has the id % in OpenClaw', replace(v_branch, '/', '-')
      using errcode = '23505', column = 'slug', table = 'agent_commands', hint = 'Use another slug.';
  end if;
  update public.agents a
  set gateway_id = p_gateway.id, branch = v_branch, name = coalesce(nullif(v_payload ->> 'name', ''), a.name), meta = a.meta - 'error' || v_meta,
    description = coalesce(v_payload ->> 'description', a.description), model = coalesce(v_payload ->> 'model', a.model),
    thinking = coalesce(v_payload ->> 'thinking', a.thinking), status = (jsonb_populate_record(a, '{"status": "provisioning"}')).status
  where a.id = v_agent.id
  returning * into v_agent;
  return v_agent;
end
$$;

-- Raises 23505 where the agent could not begin a turn now, with what to do about it. The gateway would refuse the turn for the same reasons.
create or replace function hq.check_wakeable(p_agent public.agents, p_gateway public.gateways) returns void language plpgsql
set search_path = '' as $$
declare
  v_budget jsonb := hq.agent_budget(p_agent, '{}');
  v_message text;
  v_hint text;
begin
  if p_agent.status::text = 'paused' then
    v_message := format('%s is paused', p_agent.slug);
    v_hint := 'resume_agent lets it work again.';
  elsif p_agent.status::text = 'provisioning' then
    v_message := format('%s is not ready: it is being provisioned', p_agent.slug);
    v_hint := 'Wait until it is ready. The command provision says how far it is.';
  elsif p_agent.status::text = 'error' and p_agent.openclaw_id is null then
    v_message := format('%s is not on its gateway: %s', p_agent.slug, coalesce(p_agent.meta ->> 'error', 'it is in error'));
    v_hint := 'Repair that, then run update, or remove the agent.';
  elsif p_agent.status::text = 'hibernating' then
    v_message := format('%s is hibernating', p_agent.slug);
    v_hint := 'It can be woken once it is ready again.';
  elsif p_gateway.status::text = 'paused' then
    v_message := format('the gateway %s is paused', p_gateway.slug);
    v_hint := 'resume_gateway lets its agents work again.';
  elsif p_gateway.status::text = 'hibernating' then
    v_message := format('the gateway %s is hibernating', p_gateway.slug);
    v_hint := 'Its agents can be woken once it is ready again.';
  elsif v_budget ->> 'reason' = 'budget_exceeded' then
    v_message := format('%s has used up its budget: %s of %s USD this month', p_agent.slug,
      round((v_budget ->> 'spent_usd')::numeric, 2), v_budget ->> 'limit_usd');
    v_hint := 'top_up_budget or set_budget gives it more.';
  end if;
  if v_message is not null then
    raise exception '%', v_message using errcode = '23505', hint = v_hint, table = 'agent_commands',
      column = case when v_message like 'the gateway %' then 'gateway' else 'agent' end;
  end if;
end
$$;

-- The row is what an operator wants; the runner brings the gateway to it.
create or replace function hq.set_agent_model() returns trigger language plpgsql security definer
set search_path = '' as $$
begin
  update public.agents a set model = nullif(new.payload ->> 'model', ''), thinking = nullif(new.payload ->> 'thinking', '')
  where a.id = new.agent_id;
  return null;
end
$$;
create or replace trigger hq_set_agent_model after insert on public.agent_commands
for each row when (new.action::text = 'set_agent_model' and new.agent_id is not null) execute function hq.set_agent_model();

create or replace function hq.do_set_allowed_hosts(p_command public.agent_commands) returns jsonb language plpgsql
set search_path = '' as $$
declare
  v_hosts jsonb := coalesce((select jsonb_agg(distinct lower(h #>> '{}')) from hq.entries(p_command.payload -> 'hosts') h), '[]');
begin
  update public.agents a set config = case jsonb_typeof(a.config) when 'object' then a.config else '{}' end
    || jsonb_build_object('allowed_hosts', v_hosts)
  where a.id = p_command.agent_id;
  return jsonb_build_object('agent', p_command.agent_slug, 'hosts', v_hosts);
end
$$;

-- Registration of a gateway: hq.consume_gateway_token is in fleet/.
create or replace function hq.answer_issue_gateway_token(p_args jsonb) returns jsonb language plpgsql
set search_path = '' as $$
declare
  v_tenant uuid := public.current_tenant_id();
  v_minutes int := hq.int_or_null(p_args -> 'minutes');
  v_token text := encode(substring(sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())) for 24), 'hex');
  v_row public.gateway_registration_tokens;
begin
  perform hq.require_role(v_tenant, 'admin', 'registering a gateway');
  if v_minutes is null or v_minutes not between 5 and 60 then
    raise exception 'minutes must be 5 to 60' using errcode = '22023', column = 'minutes';
  end if;
  if length(p_args ->> 'label') > 100 then
    raise exception 'label must be at most 100 characters' using errcode = '22023', column = 'label';
  end if;
  insert into public.gateway_registration_tokens (tenant_id, token_hash, label, expires_at)
  values (v_tenant, hq.token_hash(v_token), nullif(p_args ->> 'label', ''), clock_timestamp() + make_interval(mins => v_minutes))
  returning * into v_row;
  perform hq.write_audit(jsonb_build_object('tenant_id', v_tenant, 'actor_user_id', auth.uid(), 'module', 'agents',
    'entity_type', 'gateway_registration_token', 'entity_id', v_row.id, 'action', 'gateway.token_issued',
    'summary', concat('a token to register ', coalesce(v_row.label, 'a gateway'))));
  return jsonb_build_object('id', v_row.id, 'token', v_token, 'expires_at', v_row.expires_at);
end
$$;

create or replace function public.issue_gateway_token(p_label text default null, p_minutes int default 15) returns jsonb
language sql security definer set search_path = '' as $$
  select hq.answer_or_refusal('issue_gateway_token', jsonb_build_object('label', p_label, 'minutes', p_minutes))
$$;
select hq.open_function('public.issue_gateway_token(text, int)', 'authenticated, service_role',
  'Returns `{id, token, expires_at}`: a token with which one new host registers by `consume_gateway_token`, or `{refused}`. It lives 5 to 60 minutes; only its hash is stored. Admins only.');

-- Returns the columns that members may read, named one by one because an older HQ may have others.
create or replace function hq.secret_columns() returns name[] language sql immutable parallel safe
set search_path = '' as $$
  select array['id', 'created_at', 'updated_at', 'tenant_id', 'gateway_id', 'agent_id', 'key', 'name', 'category', 'note',
    'sync_status', 'sync_error', 'last_synced_at', 'revision', 'value_since', 'updated_by']::name[]
$$;

-- Returns why a secret cannot have this name, in the words of `@hq/shared/secrets`, or null.
create or replace function hq.secret_name_fault(p_name text) returns text language sql immutable parallel safe
set search_path = '' as $$
  select case
    when coalesce(p_name, '') = '' then 'A secret needs a name.'
    when length(p_name) > 128 then 'The name of a secret has at most 128 characters.'
    when p_name !~ '^[A-Z][A-Z0-9_]*$' then
      'The name of a secret is in capitals: letters, digits and underscores, beginning with a letter.'
    when p_name = any (array[
      'PATH', 'HOME', 'SHELL', 'USER', 'LOGNAME', 'PWD', 'OLDPWD', 'IFS', 'ENV', 'CDPATH', 'GLOBIGNORE', 'SHELLOPTS',
      'BASHOPTS', 'PS1', 'PS4', 'PROMPT_COMMAND', 'TMPDIR', 'TMP', 'TEMP', 'TERM', 'HOSTNAME', 'EDITOR', 'VISUAL',
      'PAGER', 'BROWSER', 'MANPAGER', 'LESSOPEN', 'LESSCLOSE', 'SUDO_ASKPASS', 'SSH_ASKPASS', 'SSH_AUTH_SOCK',
      'GIT_ASKPASS', 'GIT_SSH', 'GIT_SSH_COMMAND', 'GIT_EXEC_PATH', 'GIT_DIR', 'GIT_WORK_TREE', 'GIT_INDEX_FILE',
      'GIT_TEMPLATE_DIR', 'GIT_EXTERNAL_DIFF', 'GIT_EDITOR', 'GIT_SEQUENCE_EDITOR', 'GIT_PAGER', 'GIT_PROXY_COMMAND',
      'DOCKER_HOST', 'DOCKER_CONFIG', 'DOCKER_CONTEXT', 'DOCKER_CERT_PATH', 'DOCKER_TLS_VERIFY', 'NODE_OPTIONS',
      'NODE_PATH', 'NODE_REPL_EXTERNAL_MODULE', 'NODE_EXTRA_CA_CERTS', 'NODE_ENV', 'NODE_TLS_REJECT_UNAUTHORIZED',
      'NODE_ICU_DATA', 'NODE_V8_COVERAGE', 'NODE_CHANNEL_FD', 'NODE_COMPILE_CACHE', 'NODE_REDIRECT_WARNINGS',
      'NODE_USE_ENV_PROXY', 'UV_THREADPOOL_SIZE', 'PYTHONPATH', 'PYTHONHOME', 'PYTHONSTARTUP', 'PYTHONUSERBASE',
      'PYTHONBREAKPOINT', 'PYTHONWARNINGS', 'PYTHONEXECUTABLE', 'PYTHONPYCACHEPREFIX', 'PYTHONPLATLIBDIR',
      'PYTHONINSPECT', 'PERL5OPT', 'PERL5LIB', 'PERLLIB', 'PERL5DB', 'RUBYOPT', 'RUBYLIB', 'GEM_HOME', 'GEM_PATH',
      'CLASSPATH', 'JAVA_TOOL_OPTIONS', 'JDK_JAVA_OPTIONS', 'DOTNET_STARTUP_HOOKS', 'SSL_CERT_FILE', 'SSL_CERT_DIR',
      'OPENSSL_CONF', 'OPENSSL_MODULES', 'OPENSSL_ENGINES', 'SSLKEYLOGFILE', 'CURL_CA_BUNDLE', 'CURL_HOME',
      'REQUESTS_CA_BUNDLE', 'HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY', 'NO_PROXY', 'FTP_PROXY', 'RES_OPTIONS',
      'LOCALDOMAIN', 'HOSTALIASES', 'RESOLV_HOST_CONF', 'GCONV_PATH', 'LOCPATH', 'NLSPATH', 'GATEWAY_ID', 'GATEWAY_SLUG',
      'NETWORKING_MODE', 'VNC_PASSWORD'
    ]) or exists (select from unnest(array[
      'SUPABASE_', 'HOSTED_', 'HQ_', 'OPENCLAW_', 'LD_', 'DYLD_', 'GLIBC_', 'MALLOC_', 'XDG_', 'BASH_', 'NPM_CONFIG_',
      'GIT_CONFIG'
    ]) p where starts_with(p_name, p)) then
      format('%s is reserved: a secret of this name could change how the programs that read it run.', p_name)
  end
$$;

-- Returns why a value is not an envelope, or null: an iv of 12 bytes, a tag of 16 and at most 64 KiB. The legacy form has an empty
-- part before them.
create or replace function hq.envelope_fault(p_value text) returns text language sql immutable parallel safe
set search_path = '' as $$
  select case
    when octet_length(p_value) > 87429 + starts_with(p_value, 'enc:v1:.')::int then 'The value is larger than 64 KiB.'
    when coalesce(p_value, '') !~ '^enc:v1:\.?[A-Za-z0-9_-]{16}\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]*$' then
      'The value is not encrypted: nothing else is ever stored.'
  end
$$;

create or replace function hq.check_secret() returns trigger language plpgsql security definer
set search_path = '' as $$
declare
  v_is_member boolean := hq.caller_role() in ('authenticated', 'anon');
  -- Re-keying encrypts the same value under another key.
  v_rekeying boolean := coalesce(current_setting('hq.rekeying', true), '') = 'on';
  v_new_value boolean := true;
  v_moved boolean := true;
  v_described boolean := true;
  v_fault text;
begin
  if tg_op = 'UPDATE' then
    v_new_value := new.encrypted_value is distinct from old.encrypted_value and not v_rekeying;
    v_moved := (new.tenant_id, new.gateway_id, new.agent_id, new.key)
      is distinct from (old.tenant_id, old.gateway_id, old.agent_id, old.key);
    v_described := (new.name, new.note, new.category::text) is distinct from (old.name, old.note, old.category::text);
  end if;

  -- Names of an older HQ that are not allowed any more stay, and their values change, also by an upsert, which comes as an insert first.
  if v_moved and not exists (select from public.secrets s where s.tenant_id = new.tenant_id and s.gateway_id = new.gateway_id
    and s.agent_id is not distinct from new.agent_id and s.key = new.key)
  then
    v_fault := hq.secret_name_fault(new.key);
    if v_fault is not null then
      raise exception '%', v_fault using errcode = '22023', column = 'key', table = 'secrets';
    end if;
  end if;
  -- Existing values of an older HQ stay; the runner reports those that it cannot read.
  v_fault := case when v_new_value and v_is_member then hq.envelope_fault(new.encrypted_value) end;
  if v_fault is not null then
    raise exception '%', v_fault
      using errcode = '22023', column = 'value', table = 'secrets', hint = 'Use hq-tui secrets set, which encrypts it first.';
  end if;
  if v_described then
    if new.category is null then
      new.category := 'user';
    end if;
    if new.category::text not in ('user', 'channel', 'integration') then
      raise exception 'category must be user, channel or integration'
        using errcode = '22023', column = 'category', table = 'secrets';
    end if;
    if length(new.name) > 200 then
      raise exception 'name must be at most 200 characters' using errcode = '22023', column = 'name', table = 'secrets';
    end if;
    if length(new.note) > 2000 then
      raise exception 'note must be at most 2000 characters' using errcode = '22023', column = 'note', table = 'secrets';
    end if;
  end if;
  if v_moved then
    if not exists (select from public.gateways g where g.id = new.gateway_id and g.tenant_id = new.tenant_id) then
      raise exception 'there is no such gateway' using errcode = 'P0002', column = 'gateway', table = 'secrets';
    end if;
    -- An agent without a gateway may get its secrets before it is placed.
    if new.agent_id is not null and not exists (
      select from public.agents a where a.id = new.agent_id and a.tenant_id = new.tenant_id
        and coalesce(a.gateway_id, new.gateway_id) = new.gateway_id)
    then
      raise exception 'there is no such agent on this gateway' using errcode = 'P0002', column = 'agent', table = 'secrets';
    end if;
  end if;

  if v_new_value and (tg_op = 'UPDATE' or v_is_member) then
    new.value_since := clock_timestamp();
  end if;
  if v_new_value or v_moved then
    new.sync_status := 'pending';
    new.sync_error := null;
    new.revision := case tg_op when 'INSERT' then 1 else old.revision + 1 end;
  end if;
  if tg_op = 'INSERT' then
    new.updated_by := coalesce(auth.uid(), new.updated_by);
    if v_is_member then
      new.created_at := clock_timestamp();
      new.updated_at := new.created_at;
      new.last_synced_at := null;
    end if;
  elsif v_new_value or v_moved or v_described then
    new.updated_at := clock_timestamp();
    new.updated_by := coalesce(auth.uid(), case when new.updated_by is distinct from old.updated_by then new.updated_by end);
  end if;
  -- A daemon of an older HQ reports without it.
  if new.sync_status::text = 'active' then
    new.sync_error := null;
  end if;
  return new;
end
$$;
create or replace trigger hq_check_secret before insert or update on public.secrets
for each row execute function hq.check_secret();

-- Increments secrets_version of gateways whose files may change, once a statement. The runner reads it in each exchange.
create or replace function hq.bump_secrets_version(p_gateways uuid[]) returns void language sql
set search_path = '' as $$
  -- Two statements: a single update would read the version from before the lock and wait for whoever holds it.
  select from public.gateways g where g.id = any (p_gateways) order by g.id for no key update;
  update public.gateways g set secrets_version = g.secrets_version + 1 where g.id = any (p_gateways)
$$;

create or replace function hq.count_secret_changes() returns trigger language plpgsql security definer
set search_path = '' as $$
declare
  v_gateways uuid[];
begin
  if tg_op = 'INSERT' then
    select array_agg(distinct n.gateway_id) into v_gateways from new_rows n;
  elsif tg_op = 'DELETE' then
    select array_agg(distinct o.gateway_id) into v_gateways from old_rows o;
  elsif coalesce(current_setting('hq.rekeying', true), '') <> 'on' then
    select array_agg(distinct g.id) into v_gateways
    from old_rows o join new_rows n on n.id = o.id, unnest(array[o.gateway_id, n.gateway_id]) g (id)
    where n.revision <> o.revision or n.category is distinct from o.category;
  end if;
  if v_gateways is not null then
    perform hq.bump_secrets_version(v_gateways);
  end if;
  return null;
end
$$;
create or replace trigger hq_count_secrets_made after insert on public.secrets referencing new table as new_rows
for each statement execute function hq.count_secret_changes();
create or replace trigger hq_count_secrets_changed after update on public.secrets referencing old table as old_rows new table as new_rows
for each statement execute function hq.count_secret_changes();
create or replace trigger hq_count_secrets_deleted after delete on public.secrets referencing old table as old_rows
for each statement execute function hq.count_secret_changes();

-- Each agent has a file of its own, named by its slug.
create or replace function hq.count_agent_changes() returns trigger language plpgsql security definer
set search_path = '' as $$
begin
  if tg_op = 'INSERT' then
    perform hq.bump_secrets_version(array(select distinct n.gateway_id from new_rows n where n.gateway_id is not null));
  elsif tg_op = 'DELETE' then
    perform hq.bump_secrets_version(array(select distinct o.gateway_id from old_rows o where o.gateway_id is not null));
  else
    perform hq.bump_secrets_version(array[old.gateway_id, new.gateway_id]);
  end if;
  return null;
end
$$;
create or replace trigger hq_count_agents_made after insert on public.agents referencing new table as new_rows
for each statement execute function hq.count_agent_changes();
create or replace trigger hq_count_agents_moved after update on public.agents
for each row when (new.slug is distinct from old.slug or new.gateway_id is distinct from old.gateway_id)
execute function hq.count_agent_changes();

create or replace function hq.lock_gateway_of_agent() returns trigger language plpgsql security definer
set search_path = '' as $$
begin
  perform from public.gateways g where g.id = old.gateway_id for no key update;
  return old;
end
$$;
create or replace trigger hq_lock_gateway_of_agent before delete on public.agents
for each row execute function hq.lock_gateway_of_agent();
create or replace trigger hq_count_agents_deleted after delete on public.agents referencing old table as old_rows
for each statement execute function hq.count_agent_changes();

-- Removes ciphertexts from new audit lines: triggers of an older HQ may log whole rows, and members read the log.
create or replace function hq.redact_ciphertext() returns trigger language plpgsql
set search_path = '' as $$
declare
  c_envelope constant text := 'enc:v1:[A-Za-z0-9_.-]*';
begin
  new.summary := regexp_replace(new.summary, c_envelope, '[redacted]', 'g');
  new.changes := regexp_replace(new.changes::text, c_envelope, '[redacted]', 'g')::jsonb;
  new.meta := regexp_replace(new.meta::text, c_envelope, '[redacted]', 'g')::jsonb;
  return new;
end
$$;
create or replace trigger hq_redact_ciphertext before insert on public.audit_log
for each row when (strpos(concat(new.summary, new.changes, new.meta), 'enc:v1:') > 0)
execute function hq.redact_ciphertext();

create or replace function hq.audit_secret(
  p_action text, p_id uuid, p_tenant uuid, p_gateway uuid, p_agent uuid, p_key text, p_revision bigint, p_reason text default null
) returns void language plpgsql set search_path = '' as $$
declare
  v_agent_slug text := (select a.slug from public.agents a where a.id = p_agent);
  -- Reports of a sync come from the runner; every other change has an actor.
  v_actor uuid := case when p_action <> 'secret.sync_failed' then auth.uid() end;
begin
  -- A deleted tenant deletes its secrets and its audit log.
  if not exists (select from public.tenants t where t.id = p_tenant) then
    return;
  end if;
  perform hq.write_audit(jsonb_build_object(
    'tenant_id', p_tenant,
    'actor_user_id', v_actor,
    'module', 'secrets',
    'entity_type', 'secret',
    'entity_id', p_id,
    'action', p_action,
    'summary', format('%s on %s%s', p_key, concat_ws(' / ',
      coalesce((select g.slug from public.gateways g where g.id = p_gateway), 'a gateway that is gone'),
      case when p_agent is not null then coalesce(v_agent_slug, 'an agent that is gone') end), ': ' || p_reason),
    'meta', jsonb_build_object('key', p_key, 'gateway_id', p_gateway, 'agent_id', p_agent, 'agent_slug', v_agent_slug,
      'revision', p_revision, 'origin', hq.origin_or_api(current_setting('hq.secret_origin', true)))));
end
$$;

create or replace function hq.audit_secrets() returns trigger language plpgsql security definer
set search_path = '' as $$
begin
  if tg_op = 'INSERT' then
    perform hq.audit_secret('secret.created', n.id, n.tenant_id, n.gateway_id, n.agent_id, n.key, n.revision) from new_rows n;
  elsif tg_op = 'DELETE' then
    perform hq.audit_secret('secret.deleted', o.id, o.tenant_id, o.gateway_id, o.agent_id, o.key, o.revision) from old_rows o;
  elsif coalesce(current_setting('hq.rekeying', true), '') <> 'on' then
    perform hq.audit_secret(c.action, c.id, c.tenant_id, c.gateway_id, c.agent_id, c.key, c.revision, c.reason)
    from (
      select n.*, a.action, a.reason
      from old_rows o join new_rows n on n.id = o.id,
        lateral (values
          ('secret.rotated', n.encrypted_value is distinct from o.encrypted_value, null),
          ('secret.moved', (n.gateway_id, n.agent_id, n.key) is distinct from (o.gateway_id, o.agent_id, o.key), null),
          ('secret.noted', (n.note, n.name, n.category) is distinct from (o.note, o.name, o.category), null),
          ('secret.sync_failed', n.sync_status::text = 'error' and o.sync_status::text <> 'error', n.sync_error)
        ) a (action, happened, reason)
      where a.happened
    ) c;
  end if;
  return null;
end
$$;
create or replace trigger hq_audit_secrets_made after insert on public.secrets referencing new table as new_rows
for each statement execute function hq.audit_secrets();
create or replace trigger hq_audit_secrets_changed after update on public.secrets referencing old table as old_rows new table as new_rows
for each statement execute function hq.audit_secrets();
create or replace trigger hq_audit_secrets_deleted after delete on public.secrets referencing old table as old_rows
for each statement execute function hq.audit_secrets();

-- Keeps one alert for each gateway while any of its secrets fails: a wrong key makes all of them fail at once.
create or replace function hq.alert_of_secrets(p_gateway uuid, p_tenant uuid, p_is_news boolean) returns void language plpgsql
set search_path = '' as $$
declare
  v_alert text := 'secret_sync_failed:' || p_gateway;
  v_failing int;
  v_first record;
begin
  select count(*) into v_failing from public.secrets s where s.gateway_id = p_gateway and s.sync_status = 'error';
  if v_failing = 0 then
    perform hq.resolve_alert(p_tenant, v_alert);
  elsif p_is_news then
    select s.key, s.sync_error into v_first from public.secrets s
    where s.gateway_id = p_gateway and s.sync_status = 'error' order by s.key, s.id limit 1;
    perform hq.notify(jsonb_build_object(
      'tenant_id', p_tenant,
      'type', 'secret_sync_failed',
      'title', format('%s not on %s', case v_failing when 1 then v_first.key || ' is' else v_failing || ' secrets are' end,
        coalesce((select g.slug from public.gateways g where g.id = p_gateway), 'a gateway that is gone')),
      'body', concat(v_first.key, ': ', coalesce(v_first.sync_error, 'no reason was given')),
      'entity_type', 'gateway',
      'entity_id', p_gateway,
      'actor_type', 'system',
      'severity', 'error',
      'subject', 'gateway:' || p_gateway,
      'dedup_key', v_alert,
      'meta', jsonb_build_object('gateway_id', p_gateway, 'failing', v_failing)));
  end if;
end
$$;

create or replace function hq.alert_secrets() returns trigger language plpgsql security definer
set search_path = '' as $$
begin
  if tg_op = 'DELETE' then
    perform hq.alert_of_secrets(g.gateway_id, g.tenant_id, false)
    from (select distinct o.gateway_id, o.tenant_id from old_rows o where o.sync_status::text = 'error') g
    where exists (select from public.tenants t where t.id = g.tenant_id);
  else
    perform hq.alert_of_secrets(g.gateway_id, g.tenant_id, g.is_news)
    from (
      select n.gateway_id, n.tenant_id, bool_or(n.sync_status::text = 'error' and o.sync_status::text <> 'error') as is_news
      from old_rows o join new_rows n on n.id = o.id
      where (n.sync_status::text = 'error') <> (o.sync_status::text = 'error')
      group by n.gateway_id, n.tenant_id
      order by n.gateway_id
    ) g;
  end if;
  return null;
end
$$;
create or replace trigger hq_alert_secrets_changed after update on public.secrets referencing old table as old_rows new table as new_rows
for each statement execute function hq.alert_secrets();
create or replace trigger hq_alert_secrets_deleted after delete on public.secrets referencing old table as old_rows
for each statement execute function hq.alert_secrets();

-- Returns the row as members see it.
create or replace function hq.secret_json(p_secret public.secrets) returns jsonb language sql stable
set search_path = '' as $$
  select jsonb_build_object('secret', jsonb_object_agg(e.key, e.value)) from jsonb_each(to_jsonb(p_secret)) e
  where e.key = any (hq.secret_columns())
$$;

-- Returns the gateway and agent of a secret: the named gateway, else the agent's, else the only one. Locks the agent, so that
-- neither is deleted meanwhile.
create or replace function hq.secret_scope(p_tenant uuid, p_gateway text, p_agent text, out gateway uuid, out agent uuid)
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
  gateway := coalesce(hq.find_gateway(p_tenant, p_gateway), gateway);
  if gateway is null then
    select array_agg(g.id) into v_gateways from public.gateways g where g.tenant_id = p_tenant;
    if coalesce(cardinality(v_gateways), 0) <> 1 then
      raise exception '%', case when v_gateways is null then 'there is no gateway yet' else 'which gateway? there are several' end
        using errcode = '22023', column = 'gateway', hint = 'Name the gateway by its slug.';
    end if;
    gateway := v_gateways[1];
  end if;
end
$$;

create or replace function hq.answer_set_secret(p_args jsonb) returns jsonb language plpgsql
set search_path = '' as $$
declare
  v_tenant uuid := public.current_tenant_id();
  v_key text := p_args ->> 'key';
  v_value text := p_args ->> 'value';
  v_category text := p_args ->> 'category';
  v_place record;
  v_fault text;
  v_row public.secrets;
begin
  perform set_config('hq.secret_origin', hq.origin_or_api(p_args ->> 'origin'), true);
  perform hq.require_role(v_tenant, 'operator', 'storing a secret');
  v_fault := hq.envelope_fault(v_value);
  if v_fault is not null then
    raise exception '%', v_fault
      using errcode = '22023', column = 'value', hint = 'Use hq-tui secrets set, which encrypts it first.';
  end if;
  if v_category is not null and v_category not in ('user', 'channel', 'integration') then
    raise exception 'category must be user, channel or integration' using errcode = '22023', column = 'category';
  end if;
  v_place := hq.secret_scope(v_tenant, p_args ->> 'gateway', p_args ->> 'agent');
  perform from public.gateways g where g.id = v_place.gateway for key share;
  -- At most two rounds: a row that somebody inserted meanwhile is found in the second.
  for attempt in 1 .. 2 loop
    select * into v_row from public.secrets s
    where s.tenant_id = v_tenant and s.gateway_id = v_place.gateway and s.agent_id is not distinct from v_place.agent and s.key = v_key
    for no key update;
    if found then
      v_row.encrypted_value := v_value;
      v_row.name := coalesce(p_args ->> 'name', v_row.name);
      v_row.note := coalesce(p_args ->> 'note', v_row.note);
      v_row.category := coalesce(v_category, v_row.category::text);
      update public.secrets s
      set encrypted_value = v_row.encrypted_value, name = v_row.name, note = v_row.note, category = v_row.category
      where s.id = v_row.id returning * into v_row;
      return hq.secret_json(v_row) || jsonb_build_object('created', false);
    end if;
    v_row.category := coalesce(v_category, 'user');
    insert into public.secrets (tenant_id, gateway_id, agent_id, key, name, encrypted_value, category, note)
    values (v_tenant, v_place.gateway, v_place.agent, v_key, coalesce(p_args ->> 'name', v_key), v_value, v_row.category, p_args ->> 'note')
    on conflict do nothing
    returning * into v_row;
    if found then
      return hq.secret_json(v_row) || jsonb_build_object('created', true);
    end if;
  end loop;
  raise exception 'this secret is being changed by someone else' using errcode = '23505', column = 'key', hint = 'Try again.';
end
$$;

-- Locks a secret of the caller's tenant and returns it.
create or replace function hq.lock_secret(p_args jsonb, p_what text) returns public.secrets language plpgsql
set search_path = '' as $$
declare
  v_id uuid := p_args ->> 'secret_id';
  v_row public.secrets;
begin
  perform set_config('hq.secret_origin', hq.origin_or_api(p_args ->> 'origin'), true);
  perform hq.require_role(public.current_tenant_id(), 'operator', p_what);
  perform from public.agents a where a.id = (select s.agent_id from public.secrets s where s.id = v_id) for key share;
  perform from public.gateways g where g.id = (select s.gateway_id from public.secrets s where s.id = v_id) for key share;
  select * into v_row from public.secrets s
  where s.id = v_id and (hq.caller_role() not in ('authenticated', 'anon') or s.tenant_id = public.current_tenant_id())
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
) returns jsonb language sql security definer set search_path = '' as $$
  select hq.answer_or_refusal('set_secret', jsonb_build_object('key', p_key, 'value', p_value, 'gateway', p_gateway, 'agent', p_agent,
    'category', p_category, 'name', p_name, 'note', p_note, 'origin', p_origin))
$$;
select hq.open_function('public.set_secret(text, text, text, text, text, text, text, text)', 'authenticated, service_role',
  'Stores or rotates a secret. Returns `{secret, created}` without the ciphertext, or `{refused}`. `p_value` is an envelope (see secrets.md); on a rotation a null argument keeps what is there. `p_agent` makes it a secret of that agent alone. Operators only.');

create or replace function hq.answer_note_secret(p_args jsonb) returns jsonb language plpgsql
set search_path = '' as $$
declare
  v_row public.secrets := hq.lock_secret(p_args, 'noting a secret');
begin
  update public.secrets s set note = nullif(p_args ->> 'note', '') where s.id = v_row.id returning * into v_row;
  return hq.secret_json(v_row);
end
$$;

create or replace function public.note_secret(p_secret_id uuid, p_note text default null, p_origin text default 'api') returns jsonb
language sql security definer set search_path = '' as $$
  select hq.answer_or_refusal('note_secret', jsonb_build_object('secret_id', p_secret_id, 'note', p_note, 'origin', p_origin))
$$;
select hq.open_function('public.note_secret(uuid, text, text)', 'authenticated, service_role',
  'Changes the note of a secret. Returns `{secret}` or `{refused}`. Operators only.');

create or replace function hq.answer_delete_secret(p_args jsonb) returns jsonb language plpgsql
set search_path = '' as $$
declare
  v_row public.secrets := hq.lock_secret(p_args, 'deleting a secret');
begin
  delete from public.secrets s where s.id = v_row.id;
  return hq.secret_json(v_row);
end
$$;

create or replace function public.delete_secret(p_secret_id uuid, p_origin text default 'api') returns jsonb
language sql security definer set search_path = '' as $$
  select hq.answer_or_refusal('delete_secret', jsonb_build_object('secret_id', p_secret_id, 'origin', p_origin))
$$;
select hq.open_function('public.delete_secret(uuid, text)', 'authenticated, service_role',
  'Deletes a secret. Returns `{secret}` as it was, or `{refused}`. Operators only.');

-- A row without a value, as an older HQ may have, comes with an empty one, which is no envelope.
create or replace function public.secrets_snapshot(p_gateway_id uuid) returns json language sql stable security definer
set search_path = '' as $$
  select json_build_object(
    'version', (select g.secrets_version from public.gateways g where g.id = p_gateway_id),
    'agents', (select coalesce(json_agg(json_build_object('id', a.id, 'slug', a.slug) order by a.slug), '[]')
      from public.agents a where a.gateway_id = p_gateway_id),
    'secrets', (
      select coalesce(json_agg(json_build_object('id', s.id, 'agent_id', s.agent_id, 'agent_slug', a.slug, 'key', s.key,
        'encrypted_value', coalesce(s.encrypted_value, ''), 'category', s.category, 'revision', s.revision, 'sync_status', s.sync_status,
        'sync_error', s.sync_error) order by s.id), '[]')
      from public.secrets s left join public.agents a on a.id = s.agent_id and a.gateway_id = p_gateway_id
      where s.gateway_id = p_gateway_id))
$$;
select hq.open_function('public.secrets_snapshot(uuid)', 'service_role',
  'Returns all secrets of a gateway in one consistent read: `{version, agents: [{id, slug}], secrets: [{id, agent_id, agent_slug, key, encrypted_value, category, revision, sync_status, sync_error}]}`. `agents` are those on the gateway. `agent_slug` is null for a secret of the gateway, and for one whose agent is elsewhere.');

create or replace function public.secrets_synced(p_gateway_id uuid, p_results jsonb) returns int language plpgsql security definer
set search_path = '' as $$
declare
  v_written int;
begin
  perform from public.secrets s
  where s.gateway_id = p_gateway_id and s.id in (select r.id from jsonb_to_recordset(coalesce(p_results, '[]')) r (id uuid))
  order by s.id for no key update;
  with reported as (
    select distinct on (r.id) r.id, r.revision, r.status,
      case when r.status in ('error', 'waiting') then left(r.error, 500) end as error
    from jsonb_to_recordset(coalesce(p_results, '[]')) r (id uuid, revision bigint, status text, error text)
    where r.status in ('active', 'error', 'waiting')
    order by r.id
  ), differing as (
    select s.id, t.status, t.error from public.secrets s join reported t on t.id = s.id
    where s.gateway_id = p_gateway_id and s.revision = t.revision
      and (s.sync_status::text, s.sync_error) is distinct from (t.status, t.error)
  )
  update public.secrets s
  set sync_status = (jsonb_populate_record(null::public.secrets, jsonb_build_object('sync_status', d.status))).sync_status,
    sync_error = d.error,
    last_synced_at = case d.status when 'active' then clock_timestamp() else s.last_synced_at end
  from differing d where s.id = d.id;
  get diagnostics v_written = row_count;
  return v_written;
end
$$;
select hq.open_function('public.secrets_synced(uuid, jsonb)', 'service_role',
  'Stores the results of a sync, `[{id, revision, status: active | error | waiting, error}]`. Returns the number of rows that changed. A result for an earlier revision changes nothing.');

create or replace function public.secret_envelopes(p_after uuid default null, p_limit int default 500) returns json language sql stable security definer
set search_path = '' as $$
  select coalesce(json_agg(json_build_object('id', e.id, 'encrypted_value', coalesce(e.encrypted_value, '')) order by e.id), '[]')
  from (
    select s.id, s.encrypted_value from public.secrets s
    where p_after is null or s.id > p_after
    order by s.id limit greatest(1, least(coalesce(p_limit, 500), 5000))
  ) e
$$;
select hq.open_function('public.secret_envelopes(uuid, int)', 'service_role',
  'Returns up to `p_limit` rows after the id `p_after`, in the order of ids, for re-keying: `[{id, encrypted_value}]`.');

create or replace function public.replace_envelopes(p_rows jsonb, p_actor uuid default null, p_last boolean default false) returns json language plpgsql
security definer set search_path = '' as $$
declare
  v_rekeying text := coalesce(current_setting('hq.rekeying', true), '');
  v_replaced json;
begin
  if exists (
    select from jsonb_to_recordset(coalesce(p_rows, '[]')) r (new text)
    where coalesce(r.new, '') !~ '^enc:v1:[A-Za-z0-9_-]{16}\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]*$')
  then
    raise exception 'a new value is not encrypted' using errcode = '22023', column = 'new';
  end if;
  perform set_config('hq.rekeying', 'on', true);
  perform from public.secrets s where s.id in (select r.id from jsonb_to_recordset(coalesce(p_rows, '[]')) r (id uuid))
  order by s.id for no key update;
  with wanted as (
    select r.id, r.old, r.new from jsonb_to_recordset(coalesce(p_rows, '[]')) r (id uuid, old text, new text)
  ), replaced as (
    update public.secrets s set encrypted_value = w.new
    from wanted w
    where s.id = w.id and s.encrypted_value = w.old
    returning s.id
  )
  select coalesce(json_agg(r.id order by r.id), '[]') into v_replaced from replaced r;
  perform set_config('hq.rekeying', v_rekeying, true);

  if p_last then
    perform hq.write_audit(jsonb_build_object(
      'tenant_id', t.tenant_id,
      'actor_user_id', p_actor,
      'module', 'secrets',
      'entity_type', 'secret',
      'action', 'secret.rekeyed',
      'summary', format('%s encrypted under the present key', case t.secrets when 1 then '1 secret' else t.secrets || ' secrets' end),
      'meta', jsonb_build_object('secrets', t.secrets)))
    from (select s.tenant_id, count(*) as secrets from public.secrets s group by s.tenant_id) t;
    perform hq.bump_secrets_version(array(select distinct s.gateway_id from public.secrets s));
  end if;
  return v_replaced;
end
$$;
select hq.open_function('public.replace_envelopes(jsonb, uuid, boolean)', 'service_role',
  'Replaces ciphertexts during re-keying: `[{id, old, new}]`. Returns the ids that were replaced; a row whose value is not `old` any more keeps its newer one. State and revision stay. `p_last` adds the audit line and increments `secrets_version` of every gateway with secrets. Raises 22023 for a value that is no envelope.');

-- Refuses a key in clear before anything of the row is stored: every member and client reads commands. A provider's key travels as
-- the name of a secret.
create or replace function hq.refuse_clear_key() returns trigger language plpgsql
set search_path = '' as $$
begin
  raise exception 'a command must not contain a key'
    using errcode = '22023', column = 'api_key', table = 'agent_commands',
      hint = 'Store it as a secret of the gateway and refer to that: hq-tui secrets set.';
end
$$;

-- Runs before hq_guard_command, by its name.
create or replace trigger hq_clear_key before insert on public.agent_commands
for each row when (jsonb_typeof(new.payload) = 'object' and new.payload ->> 'api_key' is not null) execute function hq.refuse_clear_key();

-- Removes what somebody pasted into a sign-in when its command ends, whoever ends it.
create or replace function hq.scrub_pasted_value() returns trigger language plpgsql
set search_path = '' as $$
begin
  new.payload := new.payload - 'value';
  return new;
end
$$;
create or replace trigger hq_scrub_pasted_value before update of status on public.agent_commands
for each row when (new.action::text = 'auth_paste' and new.status in ('done', 'failed', 'cancelled') and jsonb_typeof(new.payload) = 'object')
execute function hq.scrub_pasted_value();

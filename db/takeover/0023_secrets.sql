-- Secrets: credentials of a gateway, and of one agent where `agent_id` is set. Whoever writes a value has encrypted it; only the
-- service role reads what was written.
-- Locks are taken in the order agents, secrets, gateways; whatever comes later keeps to it. Who deletes an agent takes its gateway's
-- lock before those of its secrets and commands, as a runner's turn does; who writes an agent's secret holds the agent first, and so
-- stands behind that. Only an agent that is renamed while its gateway is deleted can still meet that halfway; Postgres then ends one
-- of the two.

create table if not exists public.secrets (
  id uuid primary key default gen_random_uuid(),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  tenant_id uuid not null default hq.nil_tenant() references public.tenants (id) on delete cascade,
  gateway_id uuid not null references public.gateways (id) on delete cascade,
  agent_id uuid references public.agents (id) on delete cascade,
  key text not null,
  name text,
  encrypted_value text not null,
  category text not null default 'user' check (category in ('user', 'channel', 'integration')),
  note text,
  sync_status text not null default 'pending' check (sync_status in ('pending', 'active', 'error', 'waiting')),
  last_synced_at timestamptz
);
alter table public.secrets add column if not exists created_at timestamptz not null default now();
alter table public.secrets add column if not exists updated_at timestamptz not null default now();
-- A reason without a value.
alter table public.secrets add column if not exists sync_error text;
-- Counts the changes of its value and of its place.
alter table public.secrets add column if not exists revision bigint not null default 1;
alter table public.secrets add column if not exists updated_by uuid;
-- When its value last changed. Of a value that was there already nothing better is known than when its row last changed. Written without an
-- update, which an older HQ's triggers would take for somebody's.
alter table public.secrets add column if not exists value_since timestamptz;
alter table public.secrets alter column value_since type timestamptz using coalesce(value_since, updated_at, now());
alter table public.secrets alter column value_since set default now(), alter column value_since set not null;
create unique index if not exists hq_secrets_of_gateway on public.secrets (tenant_id, gateway_id, key) where agent_id is null;
create unique index if not exists hq_secrets_of_agent on public.secrets (tenant_id, gateway_id, agent_id, key) where agent_id is not null;
create index if not exists hq_secrets_by_gateway on public.secrets (gateway_id);
create index if not exists hq_secrets_by_agent on public.secrets (agent_id) where agent_id is not null;
select hq.teach_enum('public.secrets', 'category', '{user,channel,integration}');
select hq.teach_enum('public.secrets', 'sync_status', '{pending,active,error,waiting}');

alter table public.gateways add column if not exists secrets_version bigint not null default 0;

-- A secret goes with its agent: emptied, the reference would make it every agent's.
do $$
declare
  v_wanted record;
  v_key record;
begin
  for v_wanted in
    select * from (values ('tenant_id', 'public.tenants'), ('gateway_id', 'public.gateways'), ('agent_id', 'public.agents')) w (name, other)
  loop
    for v_key in
      select k.conname as name from pg_constraint k join pg_attribute a on a.attrelid = k.conrelid and k.conkey = array[a.attnum]
      where k.contype = 'f' and k.conrelid = 'public.secrets'::regclass and a.attname = v_wanted.name and k.confdeltype <> 'c'
    loop
      execute format('alter table public.secrets drop constraint %I', v_key.name);
    end loop;
    if not exists (
      select from pg_constraint k join pg_attribute a on a.attrelid = k.conrelid and k.conkey = array[a.attnum]
      where k.contype = 'f' and k.conrelid = 'public.secrets'::regclass and a.attname = v_wanted.name)
    then
      execute format('alter table public.secrets add constraint %I foreign key (%I) references %s (id) on delete cascade not valid',
        'hq_secrets_' || v_wanted.name, v_wanted.name, v_wanted.other);
    end if;
  end loop;
end
$$;

-- What members may know of a secret. Named one by one: what else an older HQ keeps in its table is not known here.
create or replace function hq.secret_columns() returns name[] language sql immutable parallel safe
set search_path = '' as $$
  select array['id', 'created_at', 'updated_at', 'tenant_id', 'gateway_id', 'agent_id', 'key', 'name', 'category', 'note',
    'sync_status', 'sync_error', 'last_synced_at', 'revision', 'value_since', 'updated_by']::name[]
$$;

select hq.guard_table('public.secrets', 'viewer', 'operator', 'operator', 'operator');
select hq.open_columns('public.secrets', '{encrypted_value, name, note, category}');
do $$
begin
  revoke select on public.secrets from authenticated;
  execute format('grant select (%s) on public.secrets to authenticated',
    (select string_agg(quote_ident(c), ', ') from unnest(hq.secret_columns()) c));
end
$$;

-- A view of an older HQ reads with the rights of its owner. One that shows the ciphertext, or is made from one that does, is closed.
do $$
declare
  v_view regclass;
begin
  for v_view in
    with recursive reads as (
      select r.ev_class as view, d.refobjid as source, d.refobjsubid as attribute
      from pg_depend d join pg_rewrite r on r.oid = d.objid
      where d.classid = 'pg_rewrite'::regclass and d.refclassid = 'pg_class'::regclass and r.ev_class <> d.refobjid
    ), shows as (
      select r.view from reads r
      where r.source = 'public.secrets'::regclass and (r.attribute = 0 or r.attribute = (
        select a.attnum from pg_attribute a where a.attrelid = r.source and a.attname = 'encrypted_value'))
      union select r.view from reads r join shows s on r.source = s.view
    )
    select s.view::regclass from shows s join pg_class c on c.oid = s.view where pg_has_role(c.relowner, 'usage')
  loop
    execute format('revoke all on %s from public, anon, authenticated', v_view);
  end loop;
end
$$;

-- Realtime is told everything but the ciphertext. Where a project publishes all tables at once no column can be left out of
-- it; there the missing right to read the column is what keeps it from members.
do $$
begin
  -- A list of columns must hold the replica identity: with the whole row as that, every update would fail.
  alter table public.secrets replica identity default;
  if exists (
    select from pg_publication p where p.pubname = 'supabase_realtime' and not p.puballtables
      and not exists (select from pg_publication_namespace n where n.pnpubid = p.oid))
  then
    if exists (
      select from pg_publication_rel r join pg_publication p on p.oid = r.prpubid
      where p.pubname = 'supabase_realtime' and r.prrelid = 'public.secrets'::regclass)
    then
      alter publication supabase_realtime drop table public.secrets;
    end if;
    execute format('alter publication supabase_realtime add table public.secrets (%s)',
      (select string_agg(quote_ident(c), ', ') from unnest(hq.secret_columns()) c));
  end if;
end
$$;

-- Why a secret cannot have this name, as `@hq/shared/secrets` says it, or null.
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

-- Why this is not what a secret keeps, or null: an iv of 12 bytes, a tag of 16 and at most 64 KiB. An older form has an empty part
-- before them.
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
  -- A value that is only encrypted anew is the same value.
  v_rekeying boolean := coalesce(current_setting('hq.rekeying', true), '') = 'on';
  v_new_value boolean := true;
  v_moved boolean := true;
  v_told boolean := true;
  v_fault text;
begin
  if tg_op = 'UPDATE' then
    v_new_value := new.encrypted_value is distinct from old.encrypted_value and not v_rekeying;
    v_moved := (new.tenant_id, new.gateway_id, new.agent_id, new.key)
      is distinct from (old.tenant_id, old.gateway_id, old.agent_id, old.key);
    v_told := (new.name, new.note, new.category::text) is distinct from (old.name, old.note, old.category::text);
  end if;

  if v_new_value or v_moved then
    v_fault := hq.secret_name_fault(new.key);
    if v_fault is not null then
      raise exception '%', v_fault using errcode = '22023', column = 'key', table = 'secrets';
    end if;
  end if;
  -- What an older HQ kept otherwise stays, and is told when it cannot be read.
  v_fault := case when v_new_value and v_is_member then hq.envelope_fault(new.encrypted_value) end;
  if v_fault is not null then
    raise exception '%', v_fault
      using errcode = '22023', column = 'value', table = 'secrets', hint = 'Use hq-tui secrets set, which encrypts it first.';
  end if;
  if v_told then
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
    -- An agent that is on no gateway yet may have its secrets before it comes.
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
  elsif v_new_value or v_moved or v_told then
    new.updated_at := clock_timestamp();
    new.updated_by := coalesce(auth.uid(), case when new.updated_by is distinct from old.updated_by then new.updated_by end);
  end if;
  return new;
end
$$;
create or replace trigger hq_check_secret before insert or update on public.secrets
for each row execute function hq.check_secret();

-- Counts, for each gateway, every change that may change a file of it. The runner hears of it by the gateway's row, once for each
-- statement however many rows that had.
create or replace function hq.move_secrets_version(p_gateways uuid[]) returns void language sql
set search_path = '' as $$
  -- Two statements: in one, the update would reach for the version that the lock has already gone past, and meet who waits there.
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
    perform hq.move_secrets_version(v_gateways);
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

-- An agent has a file of its own, named by its slug.
create or replace function hq.count_agent_changes() returns trigger language plpgsql security definer
set search_path = '' as $$
begin
  if tg_op = 'INSERT' then
    perform hq.move_secrets_version(array(select distinct n.gateway_id from new_rows n where n.gateway_id is not null));
  elsif tg_op = 'DELETE' then
    perform hq.move_secrets_version(array(select distinct o.gateway_id from old_rows o where o.gateway_id is not null));
  else
    perform hq.move_secrets_version(array[old.gateway_id, new.gateway_id]);
  end if;
  return null;
end
$$;
create or replace trigger hq_count_agents_made after insert on public.agents referencing new table as new_rows
for each statement execute function hq.count_agent_changes();
create or replace trigger hq_count_agents_moved after update on public.agents
for each row when (new.slug is distinct from old.slug or new.gateway_id is distinct from old.gateway_id)
execute function hq.count_agent_changes();

create or replace function hq.hold_gateway_of_agent() returns trigger language plpgsql security definer
set search_path = '' as $$
begin
  perform from public.gateways g where g.id = old.gateway_id for no key update;
  return old;
end
$$;
create or replace trigger hq_hold_gateway_of_agent before delete on public.agents
for each row execute function hq.hold_gateway_of_agent();
create or replace trigger hq_count_agents_deleted after delete on public.agents referencing old table as old_rows
for each statement execute function hq.count_agent_changes();

-- The queue functions of an older HQ, for its own daemons. They have no fencing: hq.check_command_change protects rows that a
-- runner holds. An older HQ's own versions stay, except lease_command: it would take commands that its daemon does not know.

-- Leases the next command that a daemon of an older HQ runs: on the gateways of this slug, and of no gateway. Returns nulls where
-- there is none. A runner of this release that is there takes what both know.
create or replace function hq.lease_for_older_daemon(p_lease_seconds int, p_gateway_slug text) returns public.agent_commands
language plpgsql set search_path = '' as $$
declare
  v_gateway public.gateways;
  v_runner_is_here boolean;
  v_actions public.command_action[];
  v_ids uuid[] := '{}';
  v_command public.agent_commands;
begin
  for v_gateway in select * from public.gateways g where p_gateway_slug is null or g.slug = p_gateway_slug order by g.id loop
    perform hq.note_executor(v_gateway, 'older daemon');
    continue when v_gateway.status in ('paused', 'hibernating');
    v_runner_is_here := exists (
      select from hq.executors e where e.gateway_id = v_gateway.id and e.runner_at > clock_timestamp() - interval '90 seconds');
    v_actions := array(select a from unnest(enum_range(null::public.command_action)) a
      where hq.serves('older daemon', a) and not (v_runner_is_here and hq.serves('runner', a)));
    v_ids := v_ids || array(
      select n.id from unnest(v_actions) a (action) cross join lateral (
        (select c.id from public.agent_commands c where c.gateway_id = v_gateway.id and c.status = 'pending' and c.action = a.action
          order by c.priority desc, c.created_at, c.id limit 5)
        union all
        (select c.id from public.agent_commands c
          where c.gateway_id is null and c.tenant_id = v_gateway.tenant_id and c.status = 'pending' and c.action = a.action
          order by c.priority desc, c.created_at, c.id limit 5)) n
      union all
      select c.id from public.agent_commands c
      where c.status = 'leased' and c.lease_token is null and c.leased_until < now() and c.gateway_id = v_gateway.id);
  end loop;
  select * into v_command from public.agent_commands c
  where c.id = any (v_ids) and (c.status = 'pending' or (c.status = 'leased' and c.lease_token is null and c.leased_until < now()))
  order by c.priority desc, c.created_at, c.id limit 1 for no key update skip locked;
  update public.agent_commands c
  set status = 'leased', leased_at = now(), leased_until = now() + make_interval(secs => p_lease_seconds), attempt = c.attempt + 1
  where c.id = v_command.id returning * into v_command;
  return v_command;
end
$$;

-- Returns the body of a lease_command that gives the row in the form of an existing one: as a row, as JSON, as its id, or as the
-- columns of its result. Null for any other form.
create or replace function hq.lease_command_body(p_existing regprocedure) returns text language sql stable
set search_path = '' as $$
  select case
    when t.oid = 'public.agent_commands'::regtype then format('select c.* %s', f.source)
    when t.oid in ('jsonb'::regtype, 'json'::regtype) then format('select to_jsonb(c)::%s %s', t.oid::regtype, f.source)
    when t.oid = 'uuid'::regtype then format('select c.id %s', f.source)
    when t.typtype = 'c' then format('select (jsonb_populate_record(null::%s, to_jsonb(c))).* %s', t.oid::regtype, f.source)
    when t.oid = 'record'::regtype then format('select r.* from (select to_jsonb(c) as row %s) l, jsonb_to_record(l.row) r (%s)', f.source, (
      select string_agg(format('%I %s', a.name, pg_catalog.format_type(a.type, null)), ', ' order by a.n)
      from unnest(p.proargnames, p.proargmodes, p.proallargtypes) with ordinality a (name, mode, type, n) where a.mode in ('t', 'o'))) end
  from pg_catalog.pg_proc p join pg_catalog.pg_type t on t.oid = p.prorettype,
    (select 'from hq.lease_for_older_daemon($1, $2) c where c.id is not null' as source) f
  where p.oid = p_existing
$$;

-- Puts a lease_command of this release in the place of an older HQ's, with the same arguments and result, and keeps that one as
-- hq.older_lease_command.
do $$
declare
  v_existing regprocedure := to_regprocedure('public.lease_command(integer,text)');
  v_arguments text := coalesce(pg_get_function_arguments(v_existing), 'p_lease_seconds integer default 300, p_gateway_slug text default null');
  v_result text := coalesce(pg_get_function_result(v_existing), 'setof public.agent_commands');
  v_body text := case when v_existing is null then 'select c.* from hq.lease_for_older_daemon($1, $2) c where c.id is not null'
    else hq.lease_command_body(v_existing) end;
begin
  if v_body is null then
    raise exception 'lease_command returns %, which hq-db does not know', v_result
      using hint = 'Report it: the daemons of this HQ would take commands that they do not know.';
  end if;
  -- Those of this release and of earlier ones know of lease tokens.
  if (select p.prosrc !~ 'lease_for_older_daemon|lease_token' from pg_proc p where p.oid = v_existing) then
    drop function if exists hq.older_lease_command(integer, text);
    alter function public.lease_command(integer, text) rename to older_lease_command;
    alter function public.older_lease_command(integer, text) set schema hq;
    revoke all on function hq.older_lease_command(integer, text) from public, anon, authenticated;
  end if;
  execute format('create or replace function public.lease_command(%s) returns %s language sql security definer set search_path = %L as %L',
    v_arguments, v_result, '', v_body);
  comment on function public.lease_command(integer, text) is 'For the daemons of an older HQ: leases one command.';
  insert into hq.defined_objects (kind, identity)
  values ('shared function', hq.function_identity('public.lease_command(integer,text)'::regprocedure)) on conflict do nothing;
end
$$;

select hq.define_unless_foreign('public.start_command(uuid)', $create$
  create or replace function public.start_command(p_command_id uuid)
  returns setof public.agent_commands language sql security definer set search_path = '' as $fn$
    update public.agent_commands c set status = 'running', started_at = now()
    where c.id = p_command_id and c.status = 'leased' returning c.*
  $fn$
$create$,
  'For the daemons of an older HQ: marks a leased command as running.');

select hq.define_unless_foreign('public.complete_command(uuid,integer,text,text)', $create$
  create or replace function public.complete_command(p_command_id uuid, p_exit_code integer, p_stdout text, p_stderr text)
  returns setof public.agent_commands language sql security definer set search_path = '' as $fn$
    update public.agent_commands c
    set status = 'done', completed_at = now(), exit_code = p_exit_code, stdout = p_stdout, stderr = p_stderr
    where c.id = p_command_id returning c.*
  $fn$
$create$,
  'For the daemons of an older HQ: ends a command as done.');

select hq.define_unless_foreign('public.fail_command(uuid,integer,text,text,text)', $create$
  create or replace function public.fail_command(p_command_id uuid, p_exit_code integer, p_stdout text, p_stderr text, p_error text)
  returns setof public.agent_commands language sql security definer set search_path = '' as $fn$
    update public.agent_commands c
    set status = 'failed', completed_at = now(), exit_code = p_exit_code, stdout = p_stdout, stderr = p_stderr,
      error_message = p_error
    where c.id = p_command_id returning c.*
  $fn$
$create$,
  'For the daemons of an older HQ: ends a command as failed.');

select hq.define_unless_foreign('public.lease_inbox_item(uuid,integer)', $create$
  create or replace function public.lease_inbox_item(p_agent_id uuid, p_lease_seconds integer default 120)
  returns setof public.agent_inbox_items language plpgsql security definer set search_path = '' as $fn$
  begin
    update public.agent_inbox_items i
    set status = 'dead_letter', failed_at = now(), leased_until = null
    where i.agent_id = p_agent_id and i.status = 'leased' and i.leased_until < now() and i.attempt_count >= i.max_attempts;
    return query
    with next as (
      select i.id from public.agent_inbox_items i
      where i.agent_id = p_agent_id and (i.status = 'pending' or (i.status = 'leased' and i.leased_until < now()))
      order by i.created_at, i.id limit 1 for update skip locked
    )
    update public.agent_inbox_items i
    set status = 'leased', leased_at = now(), leased_until = now() + make_interval(secs => p_lease_seconds),
      attempt_count = i.attempt_count + 1
    from next where i.id = next.id
    returning i.*;
  end
  $fn$
$create$,
  'For the daemons of an older HQ: leases one inbox item of an agent.');

select hq.define_unless_foreign('public.complete_inbox_item(uuid)', $create$
  create or replace function public.complete_inbox_item(p_item_id uuid)
  returns setof public.agent_inbox_items language sql security definer set search_path = '' as $fn$
    update public.agent_inbox_items i set status = 'done', completed_at = now(), leased_until = null
    where i.id = p_item_id and i.status in ('pending', 'leased') returning i.*
  $fn$
$create$,
  'For the daemons of an older HQ: ends an inbox item as done.');

select hq.define_unless_foreign('public.fail_inbox_item(uuid,text)', $create$
  create or replace function public.fail_inbox_item(p_item_id uuid, p_reason text)
  returns setof public.agent_inbox_items language sql security definer set search_path = '' as $fn$
    update public.agent_inbox_items i
    set status = case when i.attempt_count >= i.max_attempts then 'dead_letter' else 'pending' end::public.inbox_item_status,
      failed_at = now(), leased_until = null, context = i.context || jsonb_build_object('last_failure', left(p_reason, 2000))
    where i.id = p_item_id and i.status in ('pending', 'leased') returning i.*
  $fn$
$create$,
  'For the daemons of an older HQ: fails an inbox item; it waits again until its attempts are used up.');

-- Refuses what a function of an older HQ, which runs with its owner's rights and asks nobody, would write for a member without the
-- role, and for a row of another tenant. The argument is the role. Nothing tells the tenants of truncated rows.
create or replace function hq.check_definer_write() returns trigger language plpgsql security definer
set search_path = '' as $$
declare
  v_tenant uuid;
begin
  if tg_op = 'DELETE' then
    v_tenant := to_jsonb(old) ->> 'tenant_id';
  else
    v_tenant := to_jsonb(new) ->> 'tenant_id';
  end if;
  perform hq.require_role(coalesce(v_tenant, public.current_tenant_id()), tg_argv[0]::public.member_role, 'changing ' || tg_table_name);
  if tg_op = 'DELETE' then
    return old;
  end if;
  return new;
end
$$;

-- Returns whether only daemons and schedulers call a function of an older HQ: no browser does, and none of its trigger functions,
-- which call with the rights of a member.
create or replace function hq.is_for_daemons(p_function oid) returns boolean language sql stable
set search_path = '' as $$
  select (p.proname ~ '^(lease|spawn|escalate|mark)_' or p.proname in ('start_command', 'complete_command', 'fail_command',
      'complete_inbox_item', 'fail_inbox_item', 'upsert_knowledge_chunks'))
    and not exists (select from pg_catalog.pg_proc t where t.prorettype = 'trigger'::regtype and not t.prosecdef
      and t.pronamespace = 'public'::regnamespace and strpos(t.prosrc, p.proname || '(') > 0)
  from pg_catalog.pg_proc p where p.oid = p_function
$$;

create or replace function hq.code_without_comments(p_function oid) returns text language sql stable
set search_path = '' as $$
  select array_to_string(regexp_split_to_array(coalesce(pg_catalog.pg_get_function_sqlbody(p.oid), p.prosrc), '--[^\n]*|/\*([^*]|\*+[^*/])*\*+/'), ' ')
  from pg_catalog.pg_proc p where p.oid = p_function
$$;

-- Returns the functions of an older HQ that members may call, that run with their owner's rights and only read: no policy holds
-- for them.
create or replace function hq.unbounded_functions() returns setof regprocedure language sql stable
set search_path = '' as $$
  select p.oid::regprocedure from pg_catalog.pg_proc p
  where hq.adopted() and p.pronamespace = 'public'::regnamespace and p.prosecdef and p.prorettype <> 'trigger'::regtype
    and pg_has_role(p.proowner, 'usage')
    and has_function_privilege('authenticated', p.oid, 'execute') and not has_function_privilege('anon', p.oid, 'execute')
    and (p.provolatile <> 'v' or hq.code_without_comments(p.oid)
      !~* '\m(insert|update|delete|truncate|merge|call|copy|create|alter|drop|refresh|grant|revoke)\M|\mperform\s+(?!(pg_catalog\.)?(set_config|pg_\w+)\M)')
    and not exists (select from hq.defined_objects d where d.kind <> 'trigger' and d.identity = hq.function_identity(p.oid))
    and not exists (select from pg_catalog.pg_depend d where (d.objid = p.oid and d.deptype = 'e')
      or (d.refobjid = p.oid and d.classid = 'pg_policy'::regclass))
$$;

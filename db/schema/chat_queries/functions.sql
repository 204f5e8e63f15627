create or replace function hq.pick(p_row jsonb, p_keys text[]) returns jsonb language sql immutable parallel safe
set search_path = '' as $$ select jsonb_object_agg(k, p_row -> k) from unnest(p_keys) k $$;

-- Returns whether a gateway was not seen for 90 seconds. A gateway that was never seen is not set up yet, and a hibernating one is
-- silent: neither is stale.
create or replace function hq.is_stale(p_gateway public.gateways) returns boolean language sql stable
set search_path = '' as $$
  select coalesce(p_gateway.last_seen_at < clock_timestamp() - interval '90 seconds', false)
    and p_gateway.status::text not in ('hibernating', 'provisioning')
$$;

-- Each branch has its own query: a function that is planned once for all arguments cannot use the index of just one of them.
create or replace function hq.gateway_row(p_gateway public.gateways) returns jsonb language sql stable
set search_path = '' as $$
  select hq.pick(to_jsonb(p_gateway), '{id,slug,label,status,last_seen_at,last_backup_at}') || jsonb_build_object(
    'stale', hq.is_stale(p_gateway), 'services', coalesce(p_gateway.meta -> 'services', '[]'), 'version', p_gateway.meta -> 'version',
    'agents', (select count(*) from public.agents a where a.gateway_id = p_gateway.id),
    'commands', jsonb_build_object(
      'pending', (select count(*) from public.agent_commands c where c.gateway_id = p_gateway.id and c.status = 'pending'),
      'running', (select count(*) from public.agent_commands c where c.gateway_id = p_gateway.id and c.status in ('leased', 'running'))))
$$;

create or replace function hq.read_gateways(p_who hq.speaker, p_args jsonb, p_limit int) returns setof jsonb language sql stable
set search_path = '' as $$
  select hq.gateway_row(g) from public.gateways g
  where g.tenant_id = p_who.tenant and (p_args ->> 'gateway_id' is null or g.id = (p_args ->> 'gateway_id')::uuid)
  order by g.slug limit p_limit
$$;

create or replace function hq.read_fleet(p_who hq.speaker, p_args jsonb, p_limit int) returns setof jsonb language sql stable
set search_path = '' as $$
  select jsonb_build_object(
    'now', clock_timestamp(),
    'stopped', (select jsonb_build_object('since', w.stopped_at, 'by', hq.email_of(w.stopped_by)) from public.workspace w
      where w.tenant_id = p_who.tenant and w.stopped_at is not null),
    'gateways', coalesce((select jsonb_agg(r) from hq.read_gateways(p_who, '{}', p_limit) r), '[]'),
    'agents', coalesce((select jsonb_object_agg(s.status, s.n) from (
      select a.status, count(*) as n from public.agents a where a.tenant_id = p_who.tenant group by 1) s), '{}'),
    'tasks', coalesce((select jsonb_object_agg(s.status, s.n) from (
      select t.status, count(*) as n from public.tasks t where t.tenant_id = p_who.tenant and t.archived_at is null
        and t.status::text not in ('done', 'cancelled', 'missed') group by 1) s), '{}'),
    'failed', (select count(*) from public.agent_commands c
      where c.tenant_id = p_who.tenant and c.status = 'failed' and c.created_at > statement_timestamp() - interval '1 hour'),
    'alerts', (select count(*) from public.notifications n
      where n.tenant_id = p_who.tenant and n.dismissed_at is null and n.resolved_at is null and n.read_at is null))
$$;

create or replace function hq.agent_row(p_agent public.agents) returns jsonb language sql stable
set search_path = '' as $$
  select hq.pick(to_jsonb(p_agent), '{id,slug,name,status,description,model,thinking,last_seen_at}') || jsonb_build_object(
    'emoji', p_agent.meta -> 'emoji', 'team', p_agent.meta -> 'team',
    'gateway', (select g.slug from public.gateways g where g.id = p_agent.gateway_id))
$$;

create or replace function hq.budget_row(p_budget public.agent_budgets) returns jsonb language sql stable
set search_path = '' as $$
  select hq.budget_result(p_budget) || hq.pick(to_jsonb(p_budget), '{soft_threshold_pct,hard_cutoff,current_period_start}')
$$;

create or replace function hq.command_row(p_command public.agent_commands) returns jsonb language sql stable
set search_path = '' as $$
  select to_jsonb(p_command) - '{tenant_id,stdout,stderr,lease_token,payload_hash,idempotency_key}'::text[] || jsonb_build_object(
    'gateway', (select g.slug from public.gateways g where g.id = p_command.gateway_id),
    'requested_by_email', hq.email_of(p_command.requested_by))
$$;

create or replace function hq.read_commands(p_who hq.speaker, p_args jsonb, p_limit int) returns setof jsonb language plpgsql stable
set search_path = '' set plan_cache_mode = force_custom_plan as $$
begin
  return query select hq.command_row(c) from public.agent_commands c
  where c.tenant_id = p_who.tenant and (p_args ->> 'status' is null or c.status::text = p_args ->> 'status')
    and (p_args ->> 'gateway_id' is null or c.gateway_id = (p_args ->> 'gateway_id')::uuid)
    and (p_args ->> 'agent_id' is null or c.agent_id = (p_args ->> 'agent_id')::uuid)
  order by c.created_at desc limit p_limit;
end
$$;

create or replace function hq.read_command(p_who hq.speaker, p_args jsonb, p_limit int) returns setof jsonb language sql stable
set search_path = '' as $$
  select hq.command_row(c) from public.agent_commands c
  where c.id = hq.find_row('public.agent_commands', p_who.tenant, p_args ->> 'id', 'command')
$$;

-- Returns the end of a command's output, from its chunks while it runs, afterwards from the row.
create or replace function hq.read_output(p_who hq.speaker, p_args jsonb, p_limit int) returns setof jsonb language plpgsql stable
set search_path = '' as $$
declare
  v_command public.agent_commands;
  v_lines int := least(greatest(coalesce(hq.int_or_null(p_args -> 'lines'), 50), 1), 1000);
  v_text text;
  v_all text[];
begin
  select * into v_command from public.agent_commands c
  where c.id = hq.find_row('public.agent_commands', p_who.tenant, p_args ->> 'id', 'command');
  select string_agg(o.text, '' order by o.seq) into v_text from public.agent_command_output o
  where o.command_id = v_command.id and o.attempt = v_command.attempt;
  v_text := hq.tail(coalesce(v_text, concat(v_command.stdout, v_command.stderr), ''), 65536);
  v_all := string_to_array(rtrim(v_text, E'\n'), E'\n');
  return next jsonb_build_object('command_id', v_command.id, 'action', v_command.action, 'status', v_command.status,
    'text', coalesce(array_to_string(v_all[greatest(cardinality(v_all) - v_lines + 1, 1):], E'\n'), ''),
    'cut', coalesce(cardinality(v_all), 0) > v_lines);
end
$$;

create or replace function hq.task_row(p_task public.tasks) returns jsonb language sql stable
set search_path = '' as $$
  select hq.task_result(p_task) || hq.pick(to_jsonb(p_task), '{created_at,description,priority,due_date}')
    || jsonb_build_object('waits', hq.task_wait(p_task))
$$;

create or replace function hq.read_tasks(p_who hq.speaker, p_args jsonb, p_limit int) returns setof jsonb language sql stable
set search_path = '' as $$
  select hq.task_row(t) from public.tasks t
  where t.tenant_id = p_who.tenant and t.archived_at is null
    and case coalesce(p_args ->> 'status', 'open') when 'all' then true
      when 'open' then t.status::text not in ('done', 'cancelled', 'missed') else t.status::text = p_args ->> 'status' end
    and (p_args ->> 'agent_id' is null or t.assignee_agent_id = (p_args ->> 'agent_id')::uuid)
  order by t.created_at desc limit p_limit
$$;

create or replace function hq.deliverable_row(p_link public.entity_links) returns jsonb language sql stable
set search_path = '' as $$
  select hq.pick(to_jsonb(p_link), '{id,created_at,url,review_status,review_note,reviewed_at}')
    || jsonb_build_object('title', p_link.label, 'entity_type', p_link.owner_type, 'entity_id', p_link.owner_id, 'agent', (select a.slug from public.agents a where a.id = p_link.submitted_by_agent_id))
$$;

create or replace function hq.read_task(p_who hq.speaker, p_args jsonb, p_limit int) returns setof jsonb language sql stable
set search_path = '' as $$
  select hq.task_row(t) || jsonb_build_object(
    'comments', coalesce((select jsonb_agg(hq.pick(to_jsonb(c), '{created_at,body,actor_type}') || jsonb_build_object(
        'agent', (select a.slug from public.agents a where a.id = c.actor_agent_id)) order by c.created_at)
      from (select * from public.comments c where c.tenant_id = t.tenant_id and c.entity_type::text = 'task' and c.entity_id = t.id
        order by c.created_at desc limit p_limit) c), '[]'),
    'deliverables', coalesce((select jsonb_agg(hq.deliverable_row(e) order by e.created_at desc)
      from (select * from public.entity_links e where e.tenant_id = t.tenant_id and e.owner_type::text = 'task' and e.owner_id = t.id
        and e.is_deliverable order by e.created_at desc limit p_limit) e), '[]'))
  from public.tasks t where t.id = hq.find_row('public.tasks', p_who.tenant, p_args ->> 'id', 'task')
$$;

create or replace function hq.read_deliverables(p_who hq.speaker, p_args jsonb, p_limit int) returns setof jsonb language sql stable
set search_path = '' as $$
  select hq.deliverable_row(e) from public.entity_links e
  where e.tenant_id = p_who.tenant and e.is_deliverable
    and case coalesce(p_args ->> 'status', 'in_review') when 'all' then true else e.review_status::text = coalesce(p_args ->> 'status', 'in_review') end
    and (p_args ->> 'agent_id' is null or e.submitted_by_agent_id = (p_args ->> 'agent_id')::uuid)
  order by e.created_at desc limit p_limit
$$;

create or replace function hq.read_deliverable(p_who hq.speaker, p_args jsonb, p_limit int) returns setof jsonb language sql stable
set search_path = '' as $$
  select hq.deliverable_row(e) from public.entity_links e
  where e.id = hq.find_row('public.entity_links', p_who.tenant, p_args ->> 'id', 'deliverable') and e.is_deliverable
$$;

create or replace function hq.read_inbox(p_who hq.speaker, p_args jsonb, p_limit int) returns setof jsonb language sql stable
set search_path = '' as $$
  select hq.pick(to_jsonb(i), '{id,created_at,event_type,task_id,status,attempt_count,summary}') || jsonb_build_object('agent', i.agent_slug,
    'waits', hq.item_wait(i))
  from public.agent_inbox_items i
  where i.tenant_id = p_who.tenant
    and case coalesce(p_args ->> 'status', 'open') when 'all' then true
      when 'open' then i.status in ('pending', 'leased') else i.status::text = p_args ->> 'status' end
    and (p_args ->> 'agent_id' is null or i.agent_id = (p_args ->> 'agent_id')::uuid)
  order by i.created_at desc limit p_limit
$$;

create or replace function hq.read_usage(p_who hq.speaker, p_args jsonb, p_limit int) returns setof jsonb language sql stable
set search_path = '' as $$ select hq.usage_rows(p_who.tenant, (p_args ->> 'agent_id')::uuid, p_limit) $$;

create or replace function hq.read_budgets(p_who hq.speaker, p_args jsonb, p_limit int) returns setof jsonb language sql stable
set search_path = '' as $$
  select hq.budget_row(b) from public.agent_budgets b join public.agents a on a.id = b.agent_id
  where b.tenant_id = p_who.tenant and (p_args ->> 'agent_id' is null or b.agent_id = (p_args ->> 'agent_id')::uuid)
    and (p_args ->> 'status' is null or b.status::text = p_args ->> 'status')
  order by a.slug limit p_limit
$$;

create or replace function hq.read_alerts(p_who hq.speaker, p_args jsonb, p_limit int) returns setof jsonb language sql stable
set search_path = '' as $$
  select hq.pick(to_jsonb(n), '{id,created_at,last_at,type,severity,title,body,entity_type,entity_id,subject,occurrences,read_at,resolved_at,muted}')
  from public.notifications n
  where n.tenant_id = p_who.tenant and n.dismissed_at is null
    and case coalesce(p_args ->> 'status', 'open') when 'all' then true when 'open' then n.resolved_at is null and n.read_at is null
      else n.severity = p_args ->> 'status' end
  order by n.last_at desc limit p_limit
$$;

-- Returns names and states, never values.
create or replace function hq.read_secrets(p_who hq.speaker, p_args jsonb, p_limit int) returns setof jsonb language sql stable
set search_path = '' as $$
  select hq.pick(to_jsonb(s), '{id,key,name,category,sync_status,sync_error,last_synced_at}') || jsonb_build_object(
    'gateway', (select g.slug from public.gateways g where g.id = s.gateway_id),
    'agent', (select a.slug from public.agents a where a.id = s.agent_id))
  from public.secrets s
  where s.tenant_id = p_who.tenant and (p_args ->> 'gateway_id' is null or s.gateway_id = (p_args ->> 'gateway_id')::uuid)
    and (p_args ->> 'agent_id' is null or s.agent_id = (p_args ->> 'agent_id')::uuid)
    and (p_args ->> 'status' is null or s.sync_status::text = p_args ->> 'status')
  order by s.key, s.id limit p_limit
$$;

-- Returns known templates: those that gateways report and those of existing agents.
create or replace function hq.read_templates(p_who hq.speaker, p_args jsonb, p_limit int) returns setof jsonb language sql stable
set search_path = '' as $$
  select jsonb_build_object('name', n.name) from (
    select t #>> '{}' as name from public.gateways g,
      jsonb_array_elements(case when jsonb_typeof(g.meta -> 'templates') = 'array' then g.meta -> 'templates' else '[]' end) t
    where g.tenant_id = p_who.tenant and jsonb_typeof(t) = 'string'
    union select a.meta ->> 'template_branch' from public.agents a where a.tenant_id = p_who.tenant) n
  where n.name is not null order by 1 limit p_limit
$$;

create or replace function hq.read_links(p_who hq.speaker, p_args jsonb, p_limit int) returns setof jsonb language sql stable
set search_path = '' as $$
  select hq.pick(to_jsonb(i), '{id,created_at,platform,install,last_seen_at}') || jsonb_build_object(
    'user', i.chat_user, 'email', hq.email_of(i.user_id))
  from public.chat_identities i
  where i.tenant_id = p_who.tenant and i.revoked_at is null and (i.user_id = p_who.member or hq.effective_role(p_who) >= 'admin')
  order by i.created_at desc limit p_limit
$$;

-- Returns the address of a gateway's desktop: host, port and path, since the rest may hold a password.
create or replace function hq.read_desktop(p_who hq.speaker, p_args jsonb, p_limit int) returns setof jsonb language sql stable
set search_path = '' as $$
  select jsonb_build_object('gateway', d.slug, 'url', d.url,
    'port', coalesce(substring(d.url from '^[a-z]+://[^/]*:([0-9]+)')::int, 6901), 'host', substring(d.url from '^[a-z]+://([^/:]+)'))
  from (
    select g.slug, substring(regexp_replace(regexp_replace(g.meta #>> '{reachable_urls,novnc}', '[?#].*$', ''), '//[^/]*@', '//')
      from '^[a-z]+://[A-Za-z0-9.-]+(?::[0-9]{1,5})?(?:/[^@]*)?$') as url
    from public.gateways g
    where g.tenant_id = p_who.tenant and g.id = coalesce((p_args ->> 'gateway_id')::uuid, p_who.gateway_id, g.id)) d
  order by d.slug limit p_limit
$$;

create or replace function hq.chat_read(p_who hq.speaker, p_request jsonb) returns jsonb language plpgsql
set search_path = '' as $$
declare
  v_what text := p_request ->> 'what';
  v_args jsonb := case when jsonb_typeof(p_request -> 'args') = 'object' then p_request -> 'args' else '{}' end;
  v_limit int := least(greatest(coalesce(hq.int_or_null(v_args -> 'limit'), 20), 1), 100);
  v_rows jsonb;
begin
  perform hq.require_role(p_who.tenant, 'viewer', 'reading');
  perform hq.require_role_for(p_who, v_args ->> 'for');
  if v_what is null or v_what <> all (array['fleet', 'gateways', 'agents', 'agent', 'commands', 'command', 'output', 'tasks', 'task',
    'deliverables', 'deliverable', 'inbox', 'usage', 'budgets', 'alerts', 'secrets', 'templates', 'subscriptions', 'links', 'desktop',
    'needs'])
  then
    raise exception 'there is nothing called % to read', left(v_what, 40) using errcode = '22023', column = 'what';
  end if;
  -- A gateway or agent that does not exist is refused, even where the answer would be empty.
  v_args := v_args || jsonb_build_object('gateway_id', hq.find_gateway(p_who.tenant, v_args ->> 'gateway'),
    'agent_id', case when v_args ->> 'agent' is not null then hq.agent_by_slug(p_who.tenant, v_args ->> 'agent') end);
  execute format('select coalesce(jsonb_agg(r), ''[]'') from hq.%I($1, $2, $3) r', 'read_' || v_what)
    into v_rows using p_who, v_args, v_limit;
  return jsonb_build_object('rows', v_rows);
end
$$;

create or replace function public.chat_read(p_chat jsonb, p_what text, p_args jsonb default '{}') returns jsonb
language sql security definer set search_path = '' as $$
  select hq.chat_call('read', p_chat, jsonb_build_object('what', p_what, 'args', p_args)) $$;
select hq.open_function('public.chat_read(jsonb, text, jsonb)', 'authenticated, service_role',
  'Returns `{rows}`, newest first, or `{refused}`. Without `limit` there are 20 rows, at most 100.

- `p_what`: `fleet`, `gateways`, `agents`, `agent`, `commands`, `command`, `output`, `tasks`, `task`, `deliverables`, `deliverable`, `inbox`, `usage`, `budgets`, `alerts`, `secrets`, `templates`, `subscriptions`, `links`, `desktop`, `needs`
- `p_args`: `id` (whole, or at least its first eight characters), `status` (`open`, `all` or a status), `agent`, `gateway`, `lines`, `limit`, `for` (as `p_for` of chat_may)');

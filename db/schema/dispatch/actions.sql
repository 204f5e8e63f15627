-- Actions of operators: stopping all agents, and items that are tried again or cancelled.

create or replace function hq.audit_dispatch(p_command public.agent_commands, p_action text, p_type text, p_id uuid, p_summary text)
returns void language sql set search_path = '' as $$
  select hq.write_audit(jsonb_build_object('tenant_id', p_command.tenant_id, 'actor_user_id', p_command.requested_by, 'module', 'agents',
    'entity_type', p_type, 'entity_id', p_id, 'action', p_action, 'summary', left(p_summary, 500),
    'meta', jsonb_build_object('origin', p_command.origin)))
$$;

-- Adds the workspace's row where there is none yet. Stopping what is stopped changes nothing: several people may press at once.
create or replace function hq.do_stop_all(p_command public.agent_commands) returns jsonb language plpgsql
set search_path = '' as $$
declare
  v_workspace public.workspace;
  v_who text := coalesce(hq.email_of(p_command.requested_by), 'the service');
  v_turns int := (select count(*) from hq.agent_dispatch d join public.agents a on a.id = d.agent_id
    where a.tenant_id = p_command.tenant_id and d.token is not null);
begin
  perform hq.insert_fields('public.workspace', jsonb_build_object('tenant_id', p_command.tenant_id, 'name', 'HQ'))
  where not exists (select from public.workspace w where w.tenant_id = p_command.tenant_id);
  select * into v_workspace from public.workspace w where w.tenant_id = p_command.tenant_id for no key update;
  if v_workspace.stopped_at is null then
    update public.workspace w set stopped_at = clock_timestamp(), stopped_by = p_command.requested_by where w.id = v_workspace.id
    returning * into v_workspace;
    perform hq.audit_dispatch(p_command, 'workspace.stopped', 'workspace', v_workspace.id, format('%s stopped all agents', v_who));
    perform hq.notify(jsonb_build_object('tenant_id', p_command.tenant_id, 'type', 'workspace_stopped', 'severity', 'critical',
      'subject', 'workspace:' || v_workspace.id, 'dedup_key', 'workspace_stopped:' || v_workspace.id, 'title', 'All agents are stopped',
      'body', format('%s stopped them; %s turns were running. resume_all lets them work again.', v_who, v_turns),
      'entity_type', 'workspace', 'entity_id', v_workspace.id, 'actor_type', 'system'));
  end if;
  return jsonb_build_object('stopped', true, 'since', v_workspace.stopped_at, 'turns', v_turns);
end
$$;

create or replace function hq.do_resume_all(p_command public.agent_commands) returns jsonb language plpgsql
set search_path = '' as $$
declare
  v_workspace public.workspace;
begin
  select * into v_workspace from public.workspace w where w.tenant_id = p_command.tenant_id for no key update;
  if v_workspace.stopped_at is not null then
    update public.workspace w set stopped_at = null, stopped_by = null where w.id = v_workspace.id;
    perform hq.audit_dispatch(p_command, 'workspace.resumed', 'workspace', v_workspace.id,
      format('%s let all agents work again', coalesce(hq.email_of(p_command.requested_by), 'the service')));
    perform hq.resolve_alert(p_command.tenant_id, 'workspace_stopped:' || v_workspace.id);
  end if;
  return jsonb_build_object('stopped', false, 'since', null, 'waiting', (select count(*) from public.agent_inbox_items i
    where i.tenant_id = p_command.tenant_id and i.status = 'pending'));
end
$$;

-- Locks the item that the payload names, and before it the agent's turn, as an exchange does.
create or replace function hq.lock_item(p_command public.agent_commands) returns public.agent_inbox_items language plpgsql
set search_path = '' as $$
declare
  v_id uuid := hq.find_row('public.agent_inbox_items', p_command.tenant_id, p_command.payload ->> 'item', 'item');
  v_item public.agent_inbox_items;
begin
  perform hq.keep_agent(i.agent_id) from public.agent_inbox_items i where i.id = v_id;
  perform from hq.agent_dispatch d where d.agent_id = (select i.agent_id from public.agent_inbox_items i where i.id = v_id) for no key update;
  select * into v_item from public.agent_inbox_items i where i.id = v_id for no key update;
  return v_item;
end
$$;

create or replace function hq.item_result(p_item public.agent_inbox_items) returns jsonb language sql immutable
set search_path = '' as $$
  select jsonb_build_object('id', p_item.id, 'title', coalesce(p_item.summary, replace(p_item.event_type::text, '_', ' ')), 'status', p_item.status,
    'agent', p_item.agent_slug)
$$;

create or replace function hq.do_retry_item(p_command public.agent_commands) returns jsonb language plpgsql
set search_path = '' as $$
declare
  v_item public.agent_inbox_items := hq.lock_item(p_command);
begin
  if v_item.status::text not in ('dead_letter', 'failed') then
    raise exception 'this item is %', v_item.status using errcode = '23505', column = 'item',
      hint = 'Only an item that was given up can be tried again.';
  end if;
  update public.agent_inbox_items i
  set status = 'pending', attempt_count = 0, failed_at = null, completed_at = null, leased_at = null, leased_until = null
  where i.id = v_item.id returning * into v_item;
  perform hq.clear_waits(array[v_item.agent_id]);
  perform hq.audit_dispatch(p_command, 'item.retried', 'agent_inbox_item', v_item.id, format('%s tries again: %s', v_item.agent_slug, v_item.summary));
  return hq.item_result(v_item);
end
$$;

create or replace function hq.do_cancel_item(p_command public.agent_commands) returns jsonb language plpgsql
set search_path = '' as $$
declare
  v_item public.agent_inbox_items := hq.lock_item(p_command);
begin
  if v_item.status::text not in ('pending', 'leased') then
    raise exception 'this item is % already', replace(v_item.status::text, '_', ' ') using errcode = '23505', column = 'item';
  end if;
  perform hq.withdraw_items(array[v_item.id]);
  return hq.item_result((select i from public.agent_inbox_items i where i.id = v_item.id));
end
$$;

-- Changes that let a dispatcher look for work or abort a turn, and that end what keeps an agent back.

-- The counter of changes that may wake or abort an agent. A gateway's row is locked at the end of the transaction that adds an item, in
-- the order of ids and once: a member who assigns tasks delays no heartbeat, and two of them never deadlock.
create or replace function hq.bump_dispatch_version(p_gateways uuid[]) returns void language sql
set search_path = '' as $$
  select from public.gateways g where g.id = any (p_gateways) order by g.id for no key update;
  update public.gateways g set dispatch_version = g.dispatch_version + 1 where g.id = any (p_gateways)
$$;

-- Notes the gateway of an item that waits or was withdrawn, for the end of the transaction. An exchange does not note its own
-- gateway: its answer says what comes next.
create or replace function hq.note_item_change() returns trigger language plpgsql security definer
set search_path = '' as $$
declare
  v_noted uuid[] := coalesce(nullif(current_setting('hq.changed_gateways', true), ''), '{}')::uuid[];
  v_gateway uuid;
begin
  v_gateway := (select a.gateway_id from public.agents a where a.id = new.agent_id);
  if v_gateway is not null and v_gateway <> all (v_noted) and v_gateway::text <> coalesce(current_setting('hq.dispatching', true), '') then
    perform set_config('hq.changed_gateways', (v_noted || v_gateway)::text, true);
  end if;
  return null;
end
$$;

create or replace function hq.count_item_changes() returns trigger language plpgsql security definer
set search_path = '' as $$
declare
  v_noted uuid[] := coalesce(nullif(current_setting('hq.changed_gateways', true), ''), '{}')::uuid[];
begin
  if v_noted <> '{}' then
    perform set_config('hq.changed_gateways', '', true);
    perform hq.bump_dispatch_version(v_noted);
  end if;
  return null;
end
$$;

create or replace trigger hq_note_item_made after insert on public.agent_inbox_items
for each row when (new.status = 'pending') execute function hq.note_item_change();
create or replace trigger hq_note_item_changed after update of status on public.agent_inbox_items
for each row when (new.status is distinct from old.status and (new.status = 'pending' or new.context ? 'withdrawn'))
execute function hq.note_item_change();
drop trigger if exists hq_count_items_made on public.agent_inbox_items;
create constraint trigger hq_count_items_made after insert on public.agent_inbox_items deferrable initially deferred
for each row when (new.status = 'pending') execute function hq.count_item_changes();
drop trigger if exists hq_count_items_changed on public.agent_inbox_items;
create constraint trigger hq_count_items_changed after update of status on public.agent_inbox_items deferrable initially deferred
for each row when (new.status is distinct from old.status and (new.status = 'pending' or new.context ? 'withdrawn'))
execute function hq.count_item_changes();

create or replace function hq.clear_waits(p_agents uuid[]) returns void language sql
set search_path = '' as $$
  update hq.agent_dispatch d set stalled_at = null, failures = 0, releases = 0, cooldown_until = null, held_until = null, held_seconds = null,
    held_reason = null
  where d.agent_id = any (p_agents);
  select hq.resolve_alert(a.tenant_id, 'agent_stalled:' || a.id) from public.agents a where a.id = any (p_agents)
$$;

-- New work wakes a stalled agent: for one turn, if that fails too.
create or replace function hq.end_stall() returns trigger language plpgsql security definer
set search_path = '' as $$
begin
  update hq.agent_dispatch d set stalled_at = null where d.agent_id = new.agent_id and d.stalled_at is not null;
  return null;
end
$$;
create or replace trigger hq_end_stall after insert on public.agent_inbox_items
for each row when (new.status = 'pending') execute function hq.end_stall();

-- An agent that an operator lets work again, or that gets another model, begins anew.
create or replace function hq.dispatch_agent_change() returns trigger language plpgsql security definer
set search_path = '' as $$
begin
  if (new.status::text = 'ready' and old.status::text <> 'ready') or new.model is distinct from old.model then
    perform hq.clear_waits(array[new.id]);
  end if;
  perform hq.bump_dispatch_version(array[old.gateway_id, new.gateway_id]);
  return null;
end
$$;
create or replace trigger hq_dispatch_agent_change after update on public.agents
for each row when ((new.status, new.gateway_id, new.openclaw_id, new.model) is distinct from (old.status, old.gateway_id, old.openclaw_id, old.model))
execute function hq.dispatch_agent_change();

create or replace function hq.dispatch_gateway_change() returns trigger language plpgsql
set search_path = '' as $$
begin
  new.dispatch_version := old.dispatch_version + 1;
  return new;
end
$$;
create or replace trigger hq_dispatch_gateway_change before update on public.gateways
for each row when (new.status is distinct from old.status) execute function hq.dispatch_gateway_change();

create or replace function hq.dispatch_budget_change() returns trigger language plpgsql security definer
set search_path = '' as $$
begin
  if new.hourly_limit_usd is distinct from old.hourly_limit_usd or new.monthly_limit_usd is distinct from old.monthly_limit_usd then
    perform hq.resolve_alert(a.tenant_id, 'hourly_brake:' || a.id)
    from public.agents a where a.id = new.agent_id and hq.braked_until(a) is null;
  end if;
  perform hq.bump_dispatch_version(array(select a.gateway_id from public.agents a where a.id = new.agent_id and a.gateway_id is not null));
  return null;
end
$$;
create or replace trigger hq_dispatch_budget_change after update on public.agent_budgets
for each row when ((new.status, new.hard_cutoff, new.hourly_limit_usd, new.monthly_limit_usd)
  is distinct from (old.status, old.hard_cutoff, old.hourly_limit_usd, old.monthly_limit_usd))
execute function hq.dispatch_budget_change();

create or replace function hq.dispatch_workspace_change() returns trigger language plpgsql security definer
set search_path = '' as $$
begin
  perform hq.bump_dispatch_version(array(select g.id from public.gateways g where g.tenant_id = new.tenant_id));
  return null;
end
$$;
create or replace trigger hq_dispatch_workspace_change after insert or update on public.workspace
for each row execute function hq.dispatch_workspace_change();

-- A new credential may be what a held agent waits for.
create or replace function hq.end_holds() returns trigger language plpgsql security definer
set search_path = '' as $$
declare
  v_agents uuid[] := array(select d.agent_id from hq.agent_dispatch d join public.agents a on a.id = d.agent_id
    where a.gateway_id = new.gateway_id and d.held_until > clock_timestamp() and (new.agent_id is null or new.agent_id = a.id));
begin
  if v_agents <> '{}' then
    perform hq.clear_waits(v_agents);
    perform hq.bump_dispatch_version(array[new.gateway_id]);
  end if;
  return null;
end
$$;
create or replace trigger hq_end_holds_made after insert on public.secrets for each row execute function hq.end_holds();
create or replace trigger hq_end_holds_changed after update of encrypted_value on public.secrets
for each row when (new.encrypted_value is distinct from old.encrypted_value) execute function hq.end_holds();
create or replace trigger hq_end_holds after update of status on public.agent_commands
for each row when (new.status = 'done' and old.status <> 'done' and starts_with(new.action::text, 'auth_')) execute function hq.end_holds();

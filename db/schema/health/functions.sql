-- The health of agents: what each does, or why it does not answer, since when, and the one action that helps.

-- Conditions. A gateway reports those of its agents; turns of the dispatcher write `turn` and `refused`.
create or replace trigger hq_refuse_foreign_rows before insert or update of agent_id on public.agent_conditions for each row
execute function hq.refuse_foreign_rows('agent_id', 'agents');

-- Returns whether a channel is down because of its token: no restart helps then.
create or replace function hq.is_token_fault(p_reason text) returns boolean language sql immutable parallel safe
set search_path = '' as $$
  select coalesce(p_reason ~* '\m401\M|\m404\M|unauthori|invalid.*token|token.*(invalid|missing)', false)
$$;

-- Returns what helps against a condition, as a sentence.
create or replace function hq.condition_help(p_condition public.agent_conditions, p_slug text) returns text language sql immutable
set search_path = '' as $$
  select case p_condition.kind
    when 'mute' then case
      when hq.is_token_fault(p_condition.reason) then format(
        'Store the right token of its %s: hq-tui secrets set %s --agent %s', p_condition.subject,
        case p_condition.subject when 'slack' then 'SLACK_BOT_TOKEN' else upper(p_condition.subject) || '_BOT_TOKEN' end, p_slug)
      when p_condition.reason ~* '\m409\M|conflict' then 'Another program uses the same bot. Stop it, or give this agent a bot of its own.'
      when p_condition.reason ~* 'no plugin' then format('Install OpenClaw''s plugin for %s on the gateway.', p_condition.subject)
      else 'Look at the gateway''s log, then restart the gateway.' end
    when 'full' then 'Restart the session: the agent forgets what was said in it, and answers again.'
    when 'stuck' then 'Restart the session, which ends the turn. If that does not help, restart the gateway.'
    else format('Store a valid key as a secret and set it as the key of %s.', coalesce(p_condition.subject, 'the model''s provider')) end
$$;

-- One alert for each kind of trouble, open as long as the condition is there.
create or replace function hq.alert_condition() returns trigger language plpgsql security definer
set search_path = '' as $$
declare
  v_row public.agent_conditions := coalesce(new, old);
  v_type text := 'agent_' || case v_row.kind when 'refused' then 'signed_out' else v_row.kind end;
  v_agent public.agents;
begin
  if tg_op = 'DELETE' then
    if not exists (select from public.agent_conditions c
      where c.agent_id = old.agent_id and 'agent_' || case c.kind when 'refused' then 'signed_out' else c.kind end = v_type)
    then
      perform hq.resolve_alert(old.tenant_id, v_type || ':' || old.agent_id);
    end if;
    return null;
  end if;
  if hq.alert_is_open(new.tenant_id, v_type || ':' || new.agent_id) then
    return null;
  end if;
  select * into v_agent from public.agents a where a.id = new.agent_id;
  perform hq.notify(jsonb_build_object('tenant_id', new.tenant_id, 'type', v_type, 'severity', case new.kind when 'full' then 'warning' else 'error' end,
    'subject', 'agent:' || new.agent_id, 'dedup_key', v_type || ':' || new.agent_id,
    'title', format(case new.kind when 'mute' then '%s is mute' when 'full' then '%s is full' when 'stuck' then '%s is stuck' else '%s is signed out' end, v_agent.slug),
    'body', format('%s. %s', rtrim(new.reason, '.'), hq.condition_help(new, v_agent.slug)),
    'entity_type', 'agent', 'entity_id', new.agent_id, 'actor_type', 'system',
    'meta', jsonb_build_object('agent_slug', v_agent.slug, 'gateway_id', v_agent.gateway_id)));
  return null;
end
$$;
create or replace trigger hq_alert_condition_began after insert on public.agent_conditions
for each row when (new.kind <> 'turn') execute function hq.alert_condition();
create or replace trigger hq_alert_condition_ended after delete on public.agent_conditions
for each row when (old.kind <> 'turn') execute function hq.alert_condition();

create or replace function hq.set_condition(p_agent public.agents, p_kind text, p_reason text, p_subject text, p_since timestamptz) returns void
language sql set search_path = '' as $$
  insert into public.agent_conditions as c (agent_id, tenant_id, kind, reason, subject, since)
  values (p_agent.id, p_agent.tenant_id, p_kind, left(p_reason, 1000), left(p_subject, 500), coalesce(p_since, clock_timestamp()))
  on conflict (agent_id, kind) do update
  set reason = excluded.reason, subject = excluded.subject, since = case when excluded.kind = 'turn' then excluded.since else c.since end
  where (c.reason, c.subject) is distinct from (excluded.reason, excluded.subject)
$$;

create or replace function public.report_agent_health(p_gateway_id uuid, p_agents jsonb) returns void language plpgsql security definer
set search_path = '' as $$
declare
  c_reported constant text[] := '{signed_out,stuck,full,mute}';
  v_agent public.agents;
  v_entries jsonb;
begin
  for v_agent in
    select * from public.agents a where a.gateway_id = p_gateway_id and p_agents ? a.openclaw_id order by a.id
  loop
    v_entries := case when v_agent.status::text = 'ready' then p_agents -> v_agent.openclaw_id else '[]' end;
    delete from public.agent_conditions c
    where c.agent_id = v_agent.id and c.kind = any (c_reported)
      and not exists (select from hq.entries(v_entries) e where e ->> 'kind' = c.kind);
    perform hq.set_condition(v_agent, e ->> 'kind', e ->> 'reason', e ->> 'subject', null)
    from hq.entries(v_entries) e where e ->> 'kind' = any (c_reported) and e ->> 'reason' <> '';
  end loop;
end
$$;
select hq.open_function('public.report_agent_health(uuid, jsonb)', 'service_role',
  'Records what keeps agents of a gateway from answering, by their ids in OpenClaw: `{id: [{kind, reason, subject}]}`. `kind` is `signed_out`, `stuck`, `full` or `mute`. What an agent''s list leaves out is over; agents that are not named stay as they are.');

-- Ends what a gateway said of an agent when its work there ends. The next report says anew what is left.
create or replace function hq.end_conditions() returns trigger language plpgsql security definer
set search_path = '' as $$
begin
  delete from public.agent_conditions c where c.agent_id = new.id and c.kind not in ('turn', 'refused');
  return null;
end
$$;
create or replace trigger hq_end_conditions after update of status, gateway_id on public.agents
for each row when (new.gateway_id is distinct from old.gateway_id or (old.status::text = 'ready' and new.status::text <> 'ready'))
execute function hq.end_conditions();

-- Marks the beginning and the end of a turn. The activity itself changes every second.
create or replace function hq.note_turn() returns trigger language plpgsql security definer
set search_path = '' as $$
begin
  if new.item_id is null then
    delete from public.agent_conditions c where c.agent_id = new.agent_id and c.kind = 'turn';
  else
    perform hq.set_condition(a, 'turn', coalesce((select i.summary from public.agent_inbox_items i where i.id = new.item_id), 'an item of its inbox'),
      new.item_id::text, new.since)
    from public.agents a where a.id = new.agent_id;
  end if;
  return null;
end
$$;
create or replace trigger hq_note_turn_began after insert on public.agent_activity
for each row when (new.item_id is not null) execute function hq.note_turn();
create or replace trigger hq_note_turn_changed after update on public.agent_activity
for each row when ((new.item_id, new.run_id) is distinct from (old.item_id, old.run_id)) execute function hq.note_turn();

-- Adds up what a turn spends while it runs: each model call is charged when its answer is stored.
create or replace function hq.note_usage() returns trigger language plpgsql security definer
set search_path = '' as $$
begin
  update public.agent_activity x
  set tokens = coalesce(x.tokens, 0) + new.total_tokens, cost_usd = coalesce(x.cost_usd, 0) + new.cost_total_usd, updated_at = clock_timestamp()
  where x.agent_id = new.agent_id and x.run_id = new.run_id;
  return null;
end
$$;
create or replace trigger hq_note_usage after insert on public.agent_usage
for each row when (new.agent_id is not null) execute function hq.note_usage();

-- Returns whether a provider refused a turn because of the key or the account, and not for a moment.
create or replace function hq.is_refusal(p_reason text) returns boolean language sql immutable parallel safe
set search_path = '' as $$
  select coalesce(p_reason ~* '\mHTTP 40[123]\M|auth/billing|billing error|unauthori[sz]ed|(invalid|incorrect|missing|no).{0,20}api.?key|authentication', false)
$$;

-- A turn that the provider refused holds the agent. The condition lasts until a turn succeeds, a key comes, or somebody lets it go on.
create or replace function hq.note_hold() returns trigger language plpgsql security definer
set search_path = '' as $$
begin
  if hq.is_refusal(new.held_reason) then
    perform hq.set_condition(a, 'refused', new.held_reason, split_part(a.model, '/', 1), null) from public.agents a where a.id = new.agent_id;
  else
    delete from public.agent_conditions c where c.agent_id = new.agent_id and c.kind = 'refused';
  end if;
  return null;
end
$$;
create or replace trigger hq_note_hold after update on hq.agent_dispatch
for each row when (new.held_reason is distinct from old.held_reason) execute function hq.note_hold();

-- Health.

-- Returns what is wrong with a gateway, so that its agents do not answer; null where it works, or rests.
create or replace function hq.gateway_trouble(p_gateway public.gateways) returns text language sql stable
set search_path = '' as $$
  select case
    when p_gateway.status::text in ('paused', 'hibernating') then null
    when p_gateway.last_seen_at is null then format('%s was never heard of', p_gateway.slug)
    when hq.is_stale(p_gateway) then format('%s is not heard of', p_gateway.slug)
    when p_gateway.status::text = 'error' then format('%s is in error', p_gateway.slug)
    when p_gateway.meta ->> 'gateway_problem' <> '' then p_gateway.meta ->> 'gateway_problem'
    else (select format('%s of %s is %s', s ->> 'name', p_gateway.slug, s ->> 'health') from hq.entries(p_gateway.meta -> 'services') s
      where s ->> 'health' in ('unhealthy', 'stopped', 'missing') limit 1) end
$$;

-- Returns whether an agent in this state does not answer though nobody paused it.
create or replace function hq.is_trouble(p_state text) returns boolean language sql immutable parallel safe
set search_path = '' as $$
  select p_state in ('error', 'offline', 'over_budget', 'signed_out', 'stuck', 'stalled', 'held', 'full', 'mute')
$$;

-- Returns who paused an agent and when, where a command says so.
create or replace function hq.pause_of(p_agent_id uuid, out by text, out at timestamptz) language sql stable
set search_path = '' as $$
  select hq.email_of(c.requested_by), c.completed_at from public.agent_commands c
  where c.agent_id = p_agent_id and c.action::text = 'pause_agent' and c.status = 'done' order by c.created_at desc limit 1
$$;

-- Returns an item of an agent that was given up and may be retried.
create or replace function hq.given_up_item(p_agent_id uuid) returns uuid language sql stable
set search_path = '' as $$
  select i.id from public.agent_inbox_items i where i.agent_id = p_agent_id and i.status = 'dead_letter'
  order by i.failed_at desc nulls last limit 1
$$;

-- Returns what decides about the health of agents, those named or all of a tenant, and their state. The first that is true counts: what an
-- operator decided, what stops all work, what stops a part, what the agent does. Each part is computed for all agents at once.
create or replace function hq.health_facts(p_tenant uuid, p_agents uuid[]) returns table (
  id uuid, slug text, status text, error text, created_at timestamptz, updated_at timestamptz,
  gateway_id uuid, gateway text, gateway_status text, gateway_is_silent boolean, gateway_seen_at timestamptz, gateway_updated_at timestamptz, trouble text,
  stopped_at timestamptz, spending text, spending_until timestamptz, condition public.agent_conditions, turn hq.agent_dispatch,
  need_title text, need_since timestamptz, need_action jsonb, needs int, woken_at timestamptz, woken_by uuid, queued int, state text
) language sql stable set search_path = '' as $$
  with needs as (
    select distinct on (n.agent_id) n.agent_id, n.kind, n.title, n.since, (array_remove(n.actions, null))[1] as action,
      count(*) over (partition by n.agent_id)::int as waiting
    from hq.needs_of(p_tenant) n where n.agent_id is not null and n.kind <> 'budget' and (p_agents is null or n.agent_id = any (p_agents))
    order by n.agent_id, n.kind not in ('question', 'allow_host'), n.since),
  wakes as (
    select distinct on (c.agent_id) c.agent_id, coalesce(c.started_at, c.created_at) as started_at, c.requested_by
    from public.agent_commands c
    where c.tenant_id = p_tenant and c.status in ('leased', 'running') and c.action::text = 'wake_agent'
    order by c.agent_id, c.created_at),
  conditions as (
    select distinct on (c.agent_id) c.agent_id, c as condition from public.agent_conditions c
    where c.tenant_id = p_tenant and c.kind <> 'turn'
    order by c.agent_id, array_position('{refused,signed_out,stuck,full,mute}', c.kind)),
  queues as (
    select i.agent_id, count(*)::int as queued from public.agent_inbox_items i
    where i.status in ('pending', 'leased') and i.tenant_id = p_tenant and (p_agents is null or i.agent_id = any (p_agents)) group by 1),
  asked as (
    select distinct q.agent_id, q.item_id from public.agent_questions q
    where q.tenant_id = p_tenant and q.status = 'open' and q.waits_until > clock_timestamp()),
  hosts as materialized (
    select g.id, g.slug, g.status::text as status, g.last_seen_at, g.updated_at, hq.is_stale(g) or g.last_seen_at is null as is_silent,
      hq.gateway_trouble(g) as trouble
    from public.gateways g where g.tenant_id = p_tenant),
  facts as (
    select a.id, a.slug, a.status::text as status, a.meta ->> 'error' as error, a.created_at, a.updated_at,
      h.id as gateway_id, h.slug as gateway, h.status as gateway_status, h.is_silent, h.last_seen_at, h.updated_at as gateway_updated_at,
      case when h.id is null then 'it is on no gateway' else h.trouble end as trouble,
      (select w.stopped_at from public.workspace w where w.tenant_id = p_tenant limit 1) as stopped_at, s.reason as spending, s.until as spending_until,
      c.condition, d as turn, n.title, n.since, n.action, coalesce(n.waiting, 0) as waiting, k.started_at as woken_at, k.requested_by,
      coalesce(q.queued, 0) as queued, x.agent_id is not null as is_asking
    from public.agents a
    left join hosts h on h.id = a.gateway_id
    left join hq.agent_dispatch d on d.agent_id = a.id
    left join public.agent_budgets b on b.agent_id = a.id
    left join hq.agent_hours o on o.agent_id = a.id
    left join lateral hq.spending_gate(a) s on b.agent_id is not null or o.agent_id is not null
    left join conditions c on c.agent_id = a.id
    left join needs n on n.agent_id = a.id
    left join wakes k on k.agent_id = a.id
    left join queues q on q.agent_id = a.id
    left join asked x on x.agent_id = a.id and x.item_id = d.item_id
    where a.tenant_id = p_tenant and (p_agents is null or a.id = any (p_agents)))
  select f.id, f.slug, f.status, f.error, f.created_at, f.updated_at, f.gateway_id, f.gateway, f.gateway_status, f.is_silent, f.last_seen_at,
    f.gateway_updated_at, f.trouble, f.stopped_at, f.spending, f.spending_until, f.condition, f.turn, f.title, f.since, f.action, f.waiting,
    f.woken_at, f.requested_by, f.queued, case
      when f.stopped_at is not null or f.status in ('paused', 'hibernating') then 'paused'
      when f.status in ('error', 'provisioning') then f.status
      when f.trouble is not null then 'offline'
      when f.gateway_status in ('paused', 'hibernating') then 'paused'
      when f.spending is not null then 'over_budget'
      when (f.condition).kind in ('refused', 'signed_out') then 'signed_out'
      when (f.condition).kind = 'stuck' or ((f.turn).token is not null and (f.turn).leased_until < clock_timestamp() - interval '2 minutes') then 'stuck'
      when (f.turn).stalled_at is not null then 'stalled'
      when (f.turn).held_until > clock_timestamp() then 'held'
      when (f.condition).kind in ('full', 'mute') then (f.condition).kind
      when f.is_asking then 'waiting'
      when (f.turn).token is not null or f.woken_at is not null then 'working'
      when f.waiting > 0 then 'waiting'
      else 'idle' end
  from facts f
$$;

-- Returns what helps an agent that does not answer, as a sentence.
create or replace function hq.health_help(p_state text, p_slug text, p_gateway text, p_is_silent boolean, p_is_asleep boolean,
  p_condition public.agent_conditions) returns text language sql immutable set search_path = '' as $$
  select case p_state
    when 'error' then 'The gateway tries again every five minutes. Remove the cause, then update the agent.'
    when 'provisioning' then case when p_gateway is null then 'Provision it again, on a gateway.' else 'Wait: its command shows each step.' end
    when 'offline' then case when p_gateway is null then 'Provision it again, on a gateway.'
      when p_is_silent then format('Start hq-runner on the host of %s, or look at its network.', p_gateway)
      else 'Restart the gateway, and look at its log.' end
    when 'paused' then case when p_is_asleep then 'It wakes when it is used in the web product.' end
    when 'over_budget' then 'Raise its limit, or wait.'
    when 'stalled' then 'Retry an item, give it new work or another model, or pause and resume it.'
    when 'held' then 'Wait: it tries again by itself. A new key ends the wait.'
    when 'stuck' then 'Restart the session, which ends the turn. If that does not help, restart the gateway.'
    else hq.condition_help(p_condition, p_slug) end
$$;

-- Returns the one action that helps an agent; null where none does.
create or replace function hq.health_action(p_state text, p_agent_id uuid, p_slug text, p_status text, p_gateway text, p_gateway_status text,
  p_is_silent boolean, p_is_stopped boolean, p_spending text, p_subject text, p_reason text) returns jsonb language sql stable
set search_path = '' as $$
  select case p_state
    when 'paused' then case
      when p_is_stopped then hq.offered_action('resume_all', '{}')
      when p_status = 'paused' then hq.offered_action('resume_agent', '{}', p_slug, p_gateway)
      when p_status = 'ready' and p_gateway_status = 'paused' then hq.offered_action('resume_gateway', '{}', null, p_gateway) end
    when 'error' then hq.offered_action('update', '{}', p_slug, p_gateway)
    when 'offline' then case when p_gateway is not null and not p_is_silent then hq.offered_action('restart_gateway', '{}', null, p_gateway) end
    when 'over_budget' then hq.offered_action(case p_spending when 'hourly_brake' then 'set_budget' else 'top_up_budget' end, '{}', p_slug, p_gateway)
    when 'stalled' then coalesce(
      (select hq.offered_action('retry_item', jsonb_build_object('item', i)) from hq.given_up_item(p_agent_id) i where i is not null),
      hq.offered_action('set_agent_model', '{}', p_slug, p_gateway))
    when 'signed_out' then hq.offered_action('auth_set_api_key', jsonb_strip_nulls(jsonb_build_object('provider', p_subject)), null, p_gateway)
    when 'mute' then case when not hq.is_token_fault(p_reason) then hq.offered_action('restart_gateway', '{}', null, p_gateway) end
    when 'stuck' then hq.offered_action('restart_session', jsonb_strip_nulls(jsonb_build_object('session', p_subject)), p_slug, p_gateway)
    when 'full' then hq.offered_action('restart_session', jsonb_strip_nulls(jsonb_build_object('session', p_subject)), p_slug, p_gateway) end
$$;

-- Returns the health of agents: of those named, or of all of a tenant.
create or replace function hq.health_rows(p_tenant uuid, p_agents uuid[]) returns table (agent_id uuid, slug text, health jsonb) language sql stable
set search_path = '' as $$
  select f.id, f.slug, jsonb_build_object('state', f.state, 'reason', case f.state
      when 'paused' then case
        when f.stopped_at is not null then 'all agents are stopped' when f.status = 'hibernating' then 'it hibernates'
        when f.status = 'paused' then coalesce('paused by ' || p.by, 'it is paused') else 'its gateway is ' || f.gateway_status end
      when 'error' then coalesce(f.error, 'it is not on its gateway as it has to be')
      when 'provisioning' then coalesce('HQ sets it up on ' || f.gateway, 'it is on no gateway')
      when 'offline' then f.trouble
      when 'over_budget' then case f.spending when 'hourly_brake' then 'it spent what it may in an hour' else 'it spent the budget of this month' end
      when 'stalled' then case (f.turn).failures when 1 then 'its last turn failed' else format('%s turns in a row failed', (f.turn).failures) end
      when 'held' then coalesce((f.turn).held_reason, 'the provider refused')
      when 'stuck' then coalesce(case when (f.condition).kind = 'stuck' then (f.condition).reason end, 'nobody hears of its turn any more')
      when 'working' then coalesce(t.reason, 'a message of ' || hq.email_of(f.woken_by), 'a message')
      when 'waiting' then f.need_title
      when 'idle' then case f.queued when 0 then 'nothing to do' else format('%s in its inbox', f.queued) end
      else (f.condition).reason end,
    'since', case f.state
      when 'paused' then case when f.stopped_at is not null then f.stopped_at when f.status in ('paused', 'hibernating') then coalesce(p.at, f.updated_at)
        else f.gateway_updated_at end
      when 'error' then f.updated_at when 'provisioning' then f.created_at
      when 'offline' then case when f.gateway_is_silent then f.gateway_seen_at else f.gateway_updated_at end
      when 'over_budget' then (select b.updated_at from public.agent_budgets b where b.agent_id = f.id)
      when 'stalled' then (f.turn).stalled_at when 'held' then (f.turn).last_wake_at
      when 'stuck' then case when (f.condition).kind = 'stuck' then (f.condition).since else (f.turn).leased_until end
      when 'working' then coalesce((f.turn).started_at, f.woken_at)
      when 'waiting' then f.need_since when 'idle' then (f.turn).last_wake_at else (f.condition).since end,
    'until', case f.state when 'over_budget' then f.spending_until when 'held' then (f.turn).held_until end,
    'help', case when f.state not in ('idle', 'working', 'waiting') then hq.health_help(f.state, f.slug, f.gateway, f.gateway_is_silent,
      'hibernating' in (f.status, f.gateway_status), f.condition) end,
    'action', case when f.state = 'waiting' then f.need_action when f.state not in ('idle', 'working') then hq.health_action(f.state, f.id, f.slug,
      f.status, f.gateway, f.gateway_status, f.gateway_is_silent, f.stopped_at is not null, f.spending,
      case when f.state = 'stuck' and (f.condition).kind is distinct from 'stuck' then (f.turn).lease_session else (f.condition).subject end,
      (f.condition).reason) end,
    'queued', f.queued, 'needs', f.needs)
  from hq.health_facts(p_tenant, p_agents) f
  left join lateral hq.pause_of(f.id) p on f.state = 'paused' and f.status = 'paused'
  left join public.agent_conditions t on t.agent_id = f.id and t.kind = 'turn'
$$;

create or replace function public.agent_health(p_agents uuid[] default null) returns jsonb language sql stable security definer
set search_path = '' as $$
  select coalesce(jsonb_agg(jsonb_build_object('agent_id', h.agent_id, 'agent', h.slug) || h.health order by h.slug), '[]')
  from hq.health_rows(public.current_tenant_id(), p_agents) h
  where hq.caller_role() not in ('anon', 'authenticated') or public.member_role_of_caller() is not null
$$;
select hq.open_function('public.agent_health(uuid[])', 'authenticated, service_role',
  'Returns what each agent does, or why it does not answer: `[{agent_id, agent, state, reason, since, until, help, action, queued, needs}]`, of the agents named or of all. `state` is the first that is true of `paused`, `error`, `provisioning`, `offline`, `over_budget`, `signed_out`, `stuck`, `stalled`, `held`, `full`, `mute`, `waiting` (for a person), `working`, `idle`. `action` is what helps, as `needs_you` has it, or null; `help` says it as a sentence. It is empty for somebody who is no member.');

-- Reads of the chat.
create or replace function hq.read_agents(p_who hq.speaker, p_args jsonb, p_limit int) returns setof jsonb language sql stable
set search_path = '' as $$
  select hq.agent_row(a) || jsonb_build_object('health', h.health)
  from public.agents a join hq.health_rows(p_who.tenant, null) h on h.agent_id = a.id
  where case coalesce(p_args ->> 'status', 'all') when 'all' then true when 'trouble' then hq.is_trouble(h.health ->> 'state')
      else p_args ->> 'status' in (a.status::text, h.health ->> 'state') end
    and (p_args ->> 'gateway_id' is null or a.gateway_id = (p_args ->> 'gateway_id')::uuid)
  order by a.slug limit p_limit
$$;

create or replace function hq.read_agent(p_who hq.speaker, p_args jsonb, p_limit int) returns setof jsonb language plpgsql stable
set search_path = '' as $$
declare
  v_slug text := coalesce(p_args ->> 'agent', p_args ->> 'id', (select a.slug from public.agents a where a.id = p_who.agent_id));
  v_agent public.agents;
begin
  if v_slug is null then
    raise exception 'which agent?' using errcode = '22023', column = 'agent', hint = 'Name it by its slug.';
  end if;
  select * into v_agent from public.agents a where a.id = hq.agent_by_slug(p_who.tenant, v_slug);
  return next hq.agent_row(v_agent) || jsonb_build_object(
    'health', (select h.health from hq.health_rows(p_who.tenant, array[v_agent.id]) h),
    'budget', (select hq.budget_row(b) from public.agent_budgets b where b.agent_id = v_agent.id),
    'tasks', (select count(*) from public.tasks t where t.assignee_agent_id = v_agent.id and t.archived_at is null
      and t.status::text not in ('done', 'cancelled', 'missed')),
    'inbox', (select count(*) from public.agent_inbox_items i where i.agent_id = v_agent.id and i.status in ('pending', 'leased')));
end
$$;

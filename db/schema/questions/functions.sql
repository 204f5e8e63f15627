-- Questions of agents to the operators, and the list of everything that waits for a person.
select hq.add_updated_at_trigger('public.agent_questions');
create or replace trigger hq_refuse_foreign_rows before insert or update of agent_id, task_id, item_id on public.agent_questions for each row
execute function hq.refuse_foreign_rows('agent_id', 'agents', 'task_id', 'tasks', 'item_id', 'agent_inbox_items');

create or replace function hq.question_json(p_question public.agent_questions) returns jsonb language sql stable
set search_path = '' as $$
  select jsonb_build_object('id', p_question.id, 'kind', p_question.kind, 'question', p_question.question, 'status', p_question.status,
    'answer', p_question.answer, 'answered_by', case when p_question.answered_by is not null then hq.email_of(p_question.answered_by) end,
    'answered_at', p_question.answered_at, 'expires_at', p_question.expires_at)
$$;

-- Returns what became of a question as a line, such as `answered "yes" by ann@example.org`.
create or replace function hq.question_outcome(p_question public.agent_questions) returns text language sql stable
set search_path = '' as $$
  select case p_question.status when 'expired' then 'nobody answered in time'
    else format('answered "%s" by %s', left(p_question.answer, 200), coalesce(hq.email_of(p_question.answered_by), 'an operator')) end
$$;

create or replace function hq.alert_question() returns trigger language plpgsql security definer
set search_path = '' as $$
declare
  v_agent public.agents;
begin
  select * into v_agent from public.agents a where a.id = new.agent_id;
  if tg_op = 'UPDATE' then
    update public.notifications n
    set resolved_at = clock_timestamp(), meta = n.meta || jsonb_build_object('outcome', hq.question_outcome(new))
    where n.tenant_id = new.tenant_id and n.dedup_key = 'agent_question:' || new.id and n.resolved_at is null;
    return null;
  end if;
  perform hq.notify(jsonb_build_object(
    'tenant_id', new.tenant_id, 'type', 'agent_question', 'severity', 'warning', 'subject', 'agent:' || new.agent_id,
    'dedup_key', 'agent_question:' || new.id, 'title', case new.kind
      when 'allow_host' then format('%s wants to reach %s', v_agent.slug, new.host) else format('%s asks: %s', v_agent.slug, left(new.question, 200)) end,
    'body', case when new.kind = 'allow_host' or length(new.question) > 200 then new.question end,
    'entity_type', 'agent_question', 'entity_id', new.id, 'actor_type', 'agent', 'actor_agent_id', new.agent_id,
    'meta', jsonb_build_object('agent_slug', v_agent.slug, 'question_kind', new.kind, 'choices', new.choices, 'free_text', new.free_text)));
  return null;
end
$$;
create or replace trigger hq_alert_question_made after insert on public.agent_questions
for each row execute function hq.alert_question();
create or replace trigger hq_alert_question_ended after update of status on public.agent_questions
for each row when (old.status = 'open' and new.status <> 'open') execute function hq.alert_question();
create or replace trigger hq_resolve_alerts_of after delete on public.agent_questions
for each row execute function hq.resolve_alerts_of('agent_question');

-- Returns whether an item waits for the answer to a question about it. Nobody is woken for such an item.
create or replace function hq.awaits_answer(p_item_id uuid) returns boolean language sql stable
set search_path = '' as $$ select exists (select from public.agent_questions q where q.item_id = p_item_id and q.status = 'open') $$;

-- Returns whether a turn asked something about its item and ended before the answer: that is no attempt.
create or replace function hq.asked_in_turn(p_item_id uuid, p_since timestamptz) returns boolean language sql stable
set search_path = '' as $$
  select exists (select from public.agent_questions q where q.item_id = p_item_id
    and (q.status = 'open' or (q.delivered_at >= p_since and coalesce(q.waits_until, '-infinity') < q.delivered_at)))
$$;

-- An answer may wake the agent for an item that was there all the time.
create or replace trigger hq_note_question_settled after update of status on public.agent_questions
for each row when (old.status = 'open' and new.status <> 'open' and new.item_id is not null) execute function hq.note_item_change();
drop trigger if exists hq_count_questions_settled on public.agent_questions;
create constraint trigger hq_count_questions_settled after update of status on public.agent_questions deferrable initially deferred
for each row when (old.status = 'open' and new.status <> 'open' and new.item_id is not null) execute function hq.count_item_changes();

-- Adds a question, its alert and the line in the audit log.
create or replace function hq.add_question(p_agent public.agents, p_question public.agent_questions) returns public.agent_questions language plpgsql
set search_path = '' as $$
declare
  v_row public.agent_questions;
begin
  insert into public.agent_questions (tenant_id, agent_id, kind, question, choices, free_text, task_id, item_id, host, expires_at, waits_until)
  values (p_agent.tenant_id, p_agent.id, p_question.kind, p_question.question, coalesce(p_question.choices, '{}'), coalesce(p_question.free_text, true),
    p_question.task_id, p_question.item_id, p_question.host, clock_timestamp() + interval '3 days', p_question.waits_until)
  returning * into v_row;
  perform hq.audit_agent(p_agent, 'question.asked', v_row.question,
    jsonb_build_object('actor_type', 'agent', 'actor_agent_id', p_agent.id, 'entity_type', 'agent_question', 'entity_id', v_row.id));
  return v_row;
end
$$;

-- Asks the operators. The same open question again is the same row. Until `wait_seconds` are over the turn asks for the answer itself.
create or replace function hq.agent_ask(p_agent public.agents, p_arguments jsonb) returns jsonb language plpgsql
set search_path = '' as $$
declare
  c_open constant int := 5;
  c_an_hour constant int := 20;
  v_new public.agent_questions;
  v_row public.agent_questions;
begin
  v_new.kind := 'question';
  v_new.question := btrim(p_arguments ->> 'question');
  v_new.choices := array(select btrim(c #>> '{}') from hq.entries(p_arguments -> 'choices') c);
  v_new.free_text := coalesce((p_arguments ->> 'free_text')::boolean, true);
  v_new.waits_until := clock_timestamp() + make_interval(secs => (p_arguments ->> 'wait_seconds')::numeric + 10);
  if v_new.question = '' then
    raise exception 'a question needs text' using errcode = '22023', column = 'question';
  elsif '' = any (v_new.choices)
    or (select count(distinct lower(c)) from unnest(v_new.choices) c) < cardinality(v_new.choices) then
    raise exception 'choices must be different texts, none of them blank' using errcode = '22023', column = 'choices';
  elsif cardinality(v_new.choices) = 0 and not v_new.free_text then
    raise exception 'a question without choices needs free_text' using errcode = '22023', column = 'free_text';
  end if;
  perform hq.lock_agent(p_agent.id);
  if p_arguments ? 'task' then
    v_new.task_id := (hq.lock_task_of_agent(p_agent, p_arguments ->> 'task', 'task', false)).id;
  end if;
  -- The item is the named one, or the one that this session works on.
  if p_arguments ? 'item' then
    v_new.item_id := (hq.lock_inbox_item(p_agent, p_arguments)).id;
  else
    select i.id into v_new.item_id from public.agent_inbox_items i
    where i.agent_id = p_agent.id and i.status = 'leased' and i.lease_session = p_arguments ->> 'session_key'
    order by i.leased_at desc limit 1;
  end if;
  v_new.task_id := coalesce(v_new.task_id, (select i.task_id from public.agent_inbox_items i where i.id = v_new.item_id));
  update public.agent_questions q set waits_until = v_new.waits_until
  where q.agent_id = p_agent.id and q.status = 'open' and q.kind = 'question' and q.question = v_new.question
    and q.task_id is not distinct from v_new.task_id
  returning * into v_row;
  if found then
    return hq.question_json(v_row);
  end if;
  if c_open <= (select count(*) from public.agent_questions q where q.agent_id = p_agent.id and q.status = 'open' and q.kind = 'question') then
    raise exception '% of your questions wait for an answer already', c_open
      using errcode = '42501', column = 'question', hint = 'Wait for their answers, or decide yourself and say so in a comment.';
  end if;
  if not hq.within_rate_limit(p_agent.tenant_id, p_agent.id::text, 'questions of an agent', c_an_hour, 3600) then
    raise exception 'you asked % questions in this hour', c_an_hour
      using errcode = '42501', column = 'question', hint = 'Decide yourself and say so in a comment.';
  end if;
  return hq.question_json(hq.add_question(p_agent, v_new));
end
$$;

-- Returns the present answer. With `stop` the turn no longer waits, and a later answer comes to the inbox.
create or replace function hq.agent_answer(p_agent public.agents, p_arguments jsonb) returns jsonb language plpgsql
set search_path = '' as $$
declare
  v_row public.agent_questions;
begin
  select * into v_row from public.agent_questions q
  where q.id = hq.find_row('public.agent_questions', p_agent.tenant_id, p_arguments ->> 'question', 'question') and q.agent_id = p_agent.id
    and q.kind = 'question';
  if not found then
    raise exception 'there is no such question' using errcode = 'P0002', column = 'question';
  end if;
  if v_row.status = 'open' and not coalesce((p_arguments ->> 'stop')::boolean, false) then
    return hq.question_json(v_row);
  end if;
  update public.agent_questions q
  set waits_until = case when q.status <> 'open' then q.waits_until end, delivered_at = case when q.status <> 'open' then coalesce(q.delivered_at, clock_timestamp()) end
  where q.id = v_row.id
  returning * into v_row;
  return hq.question_json(v_row);
end
$$;

-- Asks whether the agent may reach a host that its proxy refused. Once for each host; after a no, for a day not again.
create or replace function hq.agent_host_refused(p_agent public.agents, p_arguments jsonb) returns jsonb language plpgsql
set search_path = '' as $$
declare
  c_open constant int := 5;
  c_an_hour constant int := 10;
  v_host text := lower(p_arguments ->> 'host') || case when (p_arguments ->> 'port')::numeric::int not in (80, 443) then ':' || (p_arguments ->> 'port') else '' end;
  v_new public.agent_questions;
begin
  perform hq.lock_agent(p_agent.id);
  if exists (select from public.agent_questions q where q.agent_id = p_agent.id and q.kind = 'allow_host' and q.host = v_host
      and (q.status = 'open' or q.created_at > clock_timestamp() - interval '1 day'))
    or coalesce(p_agent.config -> 'allowed_hosts' ? v_host, false)
    or c_open <= (select count(*) from public.agent_questions q where q.agent_id = p_agent.id and q.status = 'open' and q.kind = 'allow_host')
    or not hq.within_rate_limit(p_agent.tenant_id, p_agent.id::text, 'hosts that an agent asks for', c_an_hour, 3600)
  then
    return jsonb_build_object('asked', false);
  end if;
  v_new.kind := 'allow_host';
  v_new.host := v_host;
  v_new.question := format('May %s reach %s? Whatever it can read, it can send there.', p_agent.slug, v_host);
  v_new.choices := '{allow,deny}';
  v_new.free_text := false;
  return jsonb_build_object('asked', true, 'id', (hq.add_question(p_agent, v_new)).id);
end
$$;

-- Puts what became of a question into the item that waits for it while that is open, else into the inbox as an item of its own.
create or replace function hq.deliver_answer(p_question public.agent_questions) returns void language plpgsql
set search_path = '' as $$
declare
  v_answer jsonb := jsonb_build_object('question', p_question.question, 'status', p_question.status) || jsonb_strip_nulls(jsonb_build_object(
    'answer', p_question.answer, 'by', hq.email_of(p_question.answered_by), 'host', p_question.host));
begin
  update public.agent_inbox_items i
  set context = coalesce(i.context, '{}') || jsonb_build_object('answers', coalesce(i.context -> 'answers', '[]') || v_answer)
  where i.id = p_question.item_id and i.status in ('pending', 'leased');
  if not found then
    perform hq.add_inbox_item(p_question.agent_id, 'question_answer', 'question:' || p_question.id,
      format('%s: %s', hq.question_outcome(p_question), p_question.question), p_question.task_id, null, v_answer);
  end if;
  update public.agent_questions q set delivered_at = clock_timestamp() where q.id = p_question.id;
end
$$;

-- Locks an open question of the tenant. One that is over raises 23505 with who decided.
create or replace function hq.lock_open_question(p_command public.agent_commands) returns public.agent_questions language plpgsql
set search_path = '' as $$
declare
  v_row public.agent_questions;
begin
  select * into v_row from public.agent_questions q
  where q.id = hq.find_row('public.agent_questions', p_command.tenant_id, p_command.payload ->> 'question', 'question')
  for update;
  if v_row.status = 'open' and v_row.expires_at <= clock_timestamp() then
    raise exception 'nobody answered this question in time' using errcode = '23505', column = 'question', hint = 'The agent is told so.';
  elsif v_row.status <> 'open' then
    raise exception 'this question is over: %', hq.question_outcome(v_row)
      using errcode = '23505', column = 'question', hint = 'The first answer counts. Tell the agent in a comment if it has to know more.';
  end if;
  return v_row;
end
$$;

create or replace function hq.settle_question(p_command public.agent_commands, p_question public.agent_questions, p_answer text) returns jsonb
language plpgsql set search_path = '' as $$
declare
  v_row public.agent_questions;
begin
  update public.agent_questions q
  set status = 'answered', answer = p_answer, answered_at = clock_timestamp(), answered_by = p_command.requested_by
  where q.id = p_question.id
  returning * into v_row;
  if coalesce(v_row.waits_until, '-infinity') <= clock_timestamp() then
    perform hq.deliver_answer(v_row);
  end if;
  perform hq.audit_agent(a, 'question.answered', format('%s: %s', p_answer, v_row.question),
    jsonb_build_object('entity_type', 'agent_question', 'entity_id', v_row.id)) from public.agents a where a.id = v_row.agent_id;
  return jsonb_build_object('id', v_row.id, 'title', left(v_row.question, 200), 'answer', p_answer,
    'agent', (select a.slug from public.agents a where a.id = v_row.agent_id));
end
$$;

-- Answers a question: by one of its choices or the number of one, or by another text where the agent allows that.
create or replace function hq.do_answer_question(p_command public.agent_commands) returns jsonb language plpgsql
set search_path = '' as $$
declare
  v_question public.agent_questions := hq.lock_open_question(p_command);
  v_given text := btrim(p_command.payload ->> 'answer');
  v_answer text;
begin
  select c into v_answer from unnest(v_question.choices) with ordinality x (c, n)
  where lower(c) = lower(v_given) or n::text = v_given order by lower(c) = lower(v_given) desc limit 1;
  if v_answer is null and (not v_question.free_text or v_given = '') then
    raise exception 'the answer must be one of: %', array_to_string(v_question.choices, ', ') using errcode = '22023', column = 'answer';
  end if;
  if v_question.kind = 'allow_host' and v_answer = 'allow' then
    raise exception 'allowing a host is an action of its own' using errcode = '22023', column = 'answer',
      hint = format('Use allow_host with the question %s. It needs the role admin.', left(v_question.id::text, 8));
  end if;
  return hq.settle_question(p_command, v_question, coalesce(v_answer, v_given));
end
$$;

-- Answers a question about a host with yes, and adds the host to the agent's list.
create or replace function hq.do_allow_host(p_command public.agent_commands) returns jsonb language plpgsql
set search_path = '' as $$
declare
  v_question public.agent_questions := hq.lock_open_question(p_command);
begin
  if v_question.kind <> 'allow_host' then
    raise exception 'this question is about no host' using errcode = '22023', column = 'question', hint = 'Use answer_question.';
  end if;
  update public.agents a set config = case jsonb_typeof(a.config) when 'object' then a.config else '{}' end || jsonb_build_object('allowed_hosts',
    (select jsonb_agg(distinct h) from (select h #>> '{}' as h from hq.entries(a.config -> 'allowed_hosts') h union select v_question.host) o))
  where a.id = v_question.agent_id;
  return hq.settle_question(p_command, v_question, 'allow') || jsonb_build_object('host', v_question.host);
end
$$;

-- Ends questions that nobody answered, and gives agents the answers that no turn has taken.
create or replace function hq.sweep_questions(p_tenant uuid) returns void language plpgsql
set search_path = '' as $$
declare
  v_row public.agent_questions;
begin
  for v_row in
    select * from public.agent_questions q
    where q.tenant_id = p_tenant and (q.status = 'open' and q.expires_at <= clock_timestamp()
      or q.status <> 'open' and q.delivered_at is null and coalesce(q.waits_until, '-infinity') <= clock_timestamp())
    order by q.id for update skip locked
  loop
    if v_row.status = 'open' then
      update public.agent_questions q set status = 'expired' where q.id = v_row.id returning * into v_row;
      perform hq.notify(jsonb_build_object('tenant_id', p_tenant, 'type', 'question_expired', 'severity', 'warning', 'subject', 'agent:' || a.id,
          'title', format('nobody answered %s: %s', a.slug, left(v_row.question, 200)), 'body', 'The agent is told so and goes on without an answer.',
          'entity_type', 'agent', 'entity_id', a.id, 'actor_type', 'system', 'meta', jsonb_build_object('agent_slug', a.slug))),
        hq.audit_agent(a, 'question.expired', v_row.question, jsonb_build_object('entity_type', 'agent_question', 'entity_id', v_row.id))
      from public.agents a where a.id = v_row.agent_id;
    end if;
    perform hq.deliver_answer(v_row);
  end loop;
  delete from public.agent_questions q
  where q.tenant_id = p_tenant and q.status <> 'open' and q.delivered_at is not null and q.created_at < clock_timestamp() - interval '90 days';
end
$$;

-- Returns an action that settles something, with its payload, or null where this HQ has no such action.
create or replace function hq.offered_action(p_name text, p_payload jsonb, p_agent text default null, p_gateway text default null) returns jsonb
language sql stable set search_path = '' as $$
  select jsonb_build_object('action', a.name, 'title', a.title, 'payload', p_payload, 'agent', p_agent, 'gateway', p_gateway,
    'allowed', hq.caller_role() not in ('anon', 'authenticated') or coalesce(public.member_role_of_caller() >= a.role, false))
  from hq.actions a where a.name = p_name
$$;

-- Returns everything of a tenant that waits for a person.
create or replace function hq.needs_of(p_tenant uuid) returns table (
  kind text, id uuid, agent_id uuid, title text, detail text, since timestamptz, expires_at timestamptz, choices text[], free_text boolean, actions jsonb[]
) language sql stable set search_path = '' as $$
  select q.kind, q.id, q.agent_id, q.question, null, q.created_at, q.expires_at, q.choices, q.free_text, array[
    case when q.kind = 'allow_host' then hq.offered_action('allow_host', jsonb_build_object('question', q.id)) end,
    hq.offered_action('answer_question', jsonb_build_object('question', q.id))]
  from public.agent_questions q where q.tenant_id = p_tenant and q.status = 'open'
  union all
  select 'deliverable', e.id, e.submitted_by_agent_id, coalesce(e.label, e.url, 'a deliverable'), e.url, e.created_at, null, '{}', false, array[
    hq.offered_action('approve_deliverable', jsonb_build_object('deliverable', e.id)),
    hq.offered_action('request_revision', jsonb_build_object('deliverable', e.id)),
    hq.offered_action('reject_deliverable', jsonb_build_object('deliverable', e.id))]
  from public.entity_links e where e.tenant_id = p_tenant and e.is_deliverable and e.review_status::text = 'in_review'
  union all
  select 'pairing', r.id, r.agent_id, format('%s asks to write on %s', hq.sender_label(r), r.channel), null, r.created_at,
    r.expires_at, '{}', false, array[hq.offered_action('approve_pairing',
      jsonb_build_object('pairing_code', r.id, 'channel', r.channel), null, (select g.slug from public.gateways g where g.id = r.gateway_id))]
  from public.pairing_requests r where r.tenant_id = p_tenant and r.status = 'pending' and r.expires_at > clock_timestamp()
  union all
  select 'dead_letter', i.id, i.agent_id, coalesce(i.summary, i.event_type::text), i.context ->> 'last_failure', coalesce(i.failed_at, i.updated_at), null,
    '{}', false, array[hq.offered_action('retry_item', jsonb_build_object('item', i.id))]
  from public.agent_inbox_items i
  where i.tenant_id = p_tenant and i.status = 'dead_letter' and coalesce(i.failed_at, i.updated_at) > clock_timestamp() - interval '30 days'
  union all
  select 'budget', b.agent_id, b.agent_id, 'has used up its budget',
    format('%s of %s USD this month', round(b.current_period_spend_usd, 2), b.monthly_limit_usd), b.updated_at, null, '{}', false, array[
    hq.offered_action('top_up_budget', '{}', a.slug), hq.offered_action('set_budget', '{}', a.slug)]
  from public.agent_budgets b join public.agents a on a.id = b.agent_id
  where b.tenant_id = p_tenant and b.status::text = 'exceeded' and b.hard_cutoff
$$;

create or replace function hq.needs_json(p_tenant uuid, p_limit int) returns setof jsonb language sql stable
set search_path = '' as $$
  select jsonb_build_object('kind', n.kind, 'id', n.id, 'agent', a.slug, 'title', n.title, 'detail', n.detail, 'since', n.since,
    'expires_at', n.expires_at, 'choices', n.choices, 'free_text', n.free_text, 'actions', to_jsonb(array_remove(n.actions, null)))
  from hq.needs_of(p_tenant) n left join public.agents a on a.id = n.agent_id
  order by n.since, n.id limit p_limit
$$;

create or replace function public.needs_you() returns jsonb language sql stable security definer
set search_path = '' as $$
  select coalesce(jsonb_agg(n), '[]') from hq.needs_json(public.current_tenant_id(), 200) n
  where hq.caller_role() not in ('anon', 'authenticated') or public.member_role_of_caller() is not null
$$;
select hq.open_function('public.needs_you()', 'authenticated, service_role',
  'Returns everything that waits for a person, the oldest first, at most 200: `[{kind, id, agent, title, detail, since, expires_at, choices, free_text, actions: [{action, title, payload, agent, gateway, allowed}]}]`. `kind` is `question`, `allow_host`, `deliverable`, `pairing`, `dead_letter` or `budget`; `allowed` says whether the role of the caller suffices. It is empty for somebody who is no member.');

create or replace function hq.read_needs(p_who hq.speaker, p_args jsonb, p_limit int) returns setof jsonb language sql stable
set search_path = '' as $$ select hq.needs_json(p_who.tenant, p_limit) $$;

-- What stands on the card of a question: who asks, as the others in the channel cannot always see that, and once it was refused, what
-- it was, by whom and when, also for whoever refuses it once more.
do $$
begin
  execute replace(pg_get_functiondef('hq.chat_act'::regproc), '''target'', v_target,',
    '''target'', v_target, ''asked_by'', hq.email_of(p_who.member),');
end
$$;

create or replace function hq.chat_decline(p_who hq.speaker, p_said jsonb) returns jsonb language plpgsql
set search_path = '' as $$
declare
  v_row public.chat_confirmations := hq.question_of(p_who, p_said ->> 'token');
  v_action hq.actions;
begin
  select * into v_action from hq.actions a where a.name = v_row.action;
  if v_row.identity_id <> p_who.identity then
    perform hq.require_role(p_who.tenant, v_action.role, v_row.action);
  end if;
  if v_row.decision = 'confirmed' then
    perform hq.decided_already(v_row);
  elsif v_row.decision is null then
    update public.chat_confirmations c set decision = 'declined', decided_at = clock_timestamp(), decided_by = p_who.member
    where c.id = v_row.id returning * into v_row;
    perform hq.audit_chat(p_who, 'chat.declined', format('%s declined', v_row.action), 'chat_identity', v_row.identity_id);
  end if;
  return jsonb_build_object('declined', true,
    'prompt', format('%s: %s', v_action.title, coalesce((select a.slug from public.agents a where a.id = v_row.agent_id),
      (select g.slug from public.gateways g where g.id = v_row.gateway_id), 'the workspace')),
    'decided', jsonb_build_object('by', hq.email_of(v_row.decided_by), 'at', v_row.decided_at));
end
$$;

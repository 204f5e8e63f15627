comment on table public.agent_questions is
  'What agents ask the operators. answer_question and allow_host answer; the first answer wins.';
comment on column public.agent_questions.kind is '`question`, or `allow_host` for a host that HQ refused the agent.';

select hq.guard_table('public.agent_questions', 'viewer', null, null, null);
select hq.publish('public.agent_questions');

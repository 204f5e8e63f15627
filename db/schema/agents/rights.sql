comment on table hq.agent_credentials is 'Hashes of the credentials with which agents call agent_call. Nobody reads a token.';
comment on column public.gateways.agents_version is 'Counts changes of what gateway_agents returns for the gateway.';
comment on column public.agents.branch is 'The branch of the gateway''s repository that holds the agent''s files.';
comment on column public.agents.openclaw_id is 'The agent''s id in OpenClaw, once it is there.';

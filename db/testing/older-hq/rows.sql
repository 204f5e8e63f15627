-- Rows in every table, as an HQ in use has them: accounts of every kind, old commands in every state, values in clear.
create trigger set_tenant_id before insert on auth.users for each row execute function public.set_tenant_id_on_signup();
insert into public.tenants (id, name, slug) values ('11111111-1111-4111-8111-111111111111', 'Second', 'second');
insert into auth.users (id, email, raw_app_meta_data, deleted_at, banned_until, is_anonymous) values
  ('aaaaaaaa-0000-4000-8000-000000000001', 'owner@example.test', '{}', null, null, false),
  ('aaaaaaaa-0000-4000-8000-000000000002', 'second@example.test', '{"tenant_id": "11111111-1111-4111-8111-111111111111"}', null, null, false),
  ('aaaaaaaa-0000-4000-8000-000000000003', 'lost@example.test', '{"tenant_id": "99999999-9999-4999-8999-999999999999"}', null, null, false),
  ('aaaaaaaa-0000-4000-8000-000000000004', 'deleted@example.test', '{}', now() - interval '1 day', null, false),
  ('aaaaaaaa-0000-4000-8000-000000000005', 'banned@example.test', '{}', null, now() + interval '1 year', false),
  ('aaaaaaaa-0000-4000-8000-000000000006', null, '{}', null, null, true),
  ('aaaaaaaa-0000-4000-8000-000000000007', 'returned@example.test', '{}', null, now() - interval '1 day', false);
insert into public.workspace (name, settings) values ('HQ', '{"kept": true}');
insert into public.streams (name) values ('Sales');
insert into public.stages (name) values ('Lead');
insert into public.fields (name) values ('City');

insert into public.gateways (id, slug, label, status, last_seen_at) values
  ('bbbbbbbb-0000-4000-8000-000000000001', 'default', 'Primary gateway', 'ready', now());
insert into public.gateways (id, tenant_id, slug, label, status) values
  ('bbbbbbbb-0000-4000-8000-000000000002', '11111111-1111-4111-8111-111111111111', 'second', 'Theirs', 'ready');
insert into public.gateway_registration_tokens (token_hash, expires_at) values (encode(sha256('token'), 'hex'), now() + interval '1 hour');
insert into public.agents (id, gateway_id, name, slug, status) values
  ('cccccccc-0000-4000-8000-000000000001', 'bbbbbbbb-0000-4000-8000-000000000001', 'Main', 'main', 'ready'),
  ('cccccccc-0000-4000-8000-000000000002', 'bbbbbbbb-0000-4000-8000-000000000001', 'Scout', 'scout', 'ready');

insert into public.agent_commands (id, gateway_id, action, status, payload, created_at, leased_until, started_at, stdout) values
  ('dddddddd-0000-4000-8000-000000000001', 'bbbbbbbb-0000-4000-8000-000000000001', 'restart_gateway', 'pending', null, now() - interval '1 minute', null, null, null),
  ('dddddddd-0000-4000-8000-000000000002', 'bbbbbbbb-0000-4000-8000-000000000001', 'update_all', 'running', '{}', now() - interval '9 days', now() - interval '9 days', now() - interval '9 days', null),
  ('dddddddd-0000-4000-8000-000000000003', 'bbbbbbbb-0000-4000-8000-000000000001', 'provision', 'done', '{"channel": "none"}', now() - interval '8 days', null, null, 'ok'),
  ('dddddddd-0000-4000-8000-000000000004', null, 'restart_dispatcher', 'pending', '{}', now() - interval '7 days', null, null, null);

insert into public.audit_log (actor_type, module, entity_type, entity_id, action) values
  ('system', 'setup', 'workspace', '00000000-0000-0000-0000-000000000000', 'configured');
insert into public.contacts (id, name) values ('ffffffff-0000-4000-8000-000000000001', 'Ada');
insert into public.interactions (contact_id, summary) values ('ffffffff-0000-4000-8000-000000000001', 'A call');
insert into public.routines (agent_id, name, schedule, watches) values
  ('cccccccc-0000-4000-8000-000000000002', 'Greet', '0 9 * * *', 'contacts');
insert into public.tasks (id, title, assignee_type, assignee_agent_id) values
  ('ffffffff-0000-4000-8000-00000000000a', 'Write', 'agent', 'cccccccc-0000-4000-8000-000000000002');
insert into public.tasks (id, title, status) values ('ffffffff-0000-4000-8000-00000000000b', 'Publish', 'blocked');
insert into public.task_relations (source_task_id, target_task_id) values
  ('ffffffff-0000-4000-8000-00000000000a', 'ffffffff-0000-4000-8000-00000000000b');
insert into public.comments (entity_type, entity_id, body, mentions) values
  ('task', 'ffffffff-0000-4000-8000-00000000000a', 'See to it, @scout', '{scout}');
insert into public.entity_links (id, owner_type, owner_id, url, label, is_deliverable, review_status, submitted_by_agent_id) values
  ('ffffffff-0000-4000-8000-00000000000c', 'task', 'ffffffff-0000-4000-8000-00000000000a', 'https://example.test/draft', 'The draft', true, 'in_review',
    'cccccccc-0000-4000-8000-000000000002');
insert into public.agent_inbox_items (agent_id, agent_slug, event_type, status, attempt_count, failed_at, dedup_key) values
  ('cccccccc-0000-4000-8000-000000000002', 'scout', 'heartbeat', 'dead_letter', 3, now(), 'heartbeat:1');
insert into public.agent_usage (agent_id, run_id, provider, model, total_tokens, cost_total_usd, occurred_at) values
  ('cccccccc-0000-4000-8000-000000000002', 'run-1', 'openai', 'm', 100, 1.5, now()),
  ('cccccccc-0000-4000-8000-000000000001', 'run-2', 'plan', 'm', 100, null, now());

insert into public.secrets (id, gateway_id, agent_id, key, name, encrypted_value, sync_status) values
  ('eeeeeeee-0000-4000-8000-000000000001', 'bbbbbbbb-0000-4000-8000-000000000001', null, 'OPENAI_API_KEY', 'OpenAI', 'enc:v1:AAECAwQFBgcICQoL.3UOw-kVwfImm9-ejRmLEoQ.vlxHGEc', 'active'),
  ('eeeeeeee-0000-4000-8000-000000000002', 'bbbbbbbb-0000-4000-8000-000000000001', null, 'in_clear', 'Clear', 'plain text', 'pending'),
  ('eeeeeeee-0000-4000-8000-000000000003', 'bbbbbbbb-0000-4000-8000-000000000001', 'cccccccc-0000-4000-8000-000000000001', 'NODE_OPTIONS', 'Node', 'enc:v1:AAECAwQFBgcICQoL.3UOw-kVwfImm9-ejRmLEoQ.vlxHGEc', 'active'),
  ('eeeeeeee-0000-4000-8000-000000000004', 'bbbbbbbb-0000-4000-8000-000000000001', null, 'EMPTY', 'Empty', null, 'pending');

insert into public.knowledge_items (id, title, content) values ('ffffffff-0000-4000-8000-00000000000d', 'Prices', 'as they are');
insert into public.knowledge_chunks (item_id, position, text) values ('ffffffff-0000-4000-8000-00000000000d', 1, 'as they are');
insert into public.collections (id, name) values ('ffffffff-0000-4000-8000-00000000000e', 'Cities');
insert into public.collection_records (collection_id, data) values ('ffffffff-0000-4000-8000-00000000000e', '{"name": "Paris"}');
insert into public._schema_version (version, description) values (38, 'collections');
insert into public._yourhq_migrations (name) values ('038_collections.sql');

import type { Role } from '@hq/shared/actions';

/** The least that may: a member of the tenant with this role, or nobody but the service role, which may everything. */
export type Least = Role | 'service';

export interface TableRule {
  readonly select: Least;
  readonly insert: Least;
  readonly update: Least;
  readonly delete: Least;
  /** The columns that members who may update may change. */
  readonly columns?: readonly string[];
}

/** Every table of `public`. Nobody of another tenant, no signed-in stranger and no anonymous caller gets anything. */
export const tables: Readonly<Record<string, TableRule>> = {
  agent_budgets: {
    select: 'viewer',
    insert: 'admin',
    update: 'admin',
    delete: 'service',
    columns: ['hard_cutoff', 'monthly_limit_usd', 'period_anchor_tz', 'soft_threshold_pct'],
  },
  agent_command_output: { select: 'viewer', insert: 'service', update: 'service', delete: 'service' },
  // The guard decides which commands a member may insert: schema/commands/guard.test.ts.
  agent_commands: { select: 'viewer', insert: 'viewer', update: 'service', delete: 'service' },
  agent_inbox_items: { select: 'viewer', insert: 'service', update: 'service', delete: 'service' },
  agent_usage: { select: 'viewer', insert: 'service', update: 'service', delete: 'service' },
  agents: {
    select: 'viewer',
    insert: 'operator',
    update: 'operator',
    delete: 'admin',
    columns: [
      ...[
        'avatar_url',
        'capabilities',
        'config',
        'description',
        'domains',
        'meta',
        'model',
        'name',
        'reports_to_id',
      ],
      ...['slug', 'status', 'thinking'],
    ],
  },
  alert_mutes: { select: 'viewer', insert: 'service', update: 'service', delete: 'service' },
  audit_log: { select: 'viewer', insert: 'operator', update: 'service', delete: 'service' },
  chat_adapters: { select: 'viewer', insert: 'service', update: 'service', delete: 'service' },
  chat_alert_messages: { select: 'service', insert: 'service', update: 'service', delete: 'service' },
  chat_bots: { select: 'service', insert: 'service', update: 'service', delete: 'service' },
  chat_buttons: { select: 'service', insert: 'service', update: 'service', delete: 'service' },
  chat_cards: { select: 'service', insert: 'service', update: 'service', delete: 'service' },
  chat_channels: { select: 'viewer', insert: 'service', update: 'service', delete: 'service' },
  chat_confirmations: { select: 'service', insert: 'service', update: 'service', delete: 'service' },
  chat_deliveries: { select: 'service', insert: 'service', update: 'service', delete: 'service' },
  chat_identities: { select: 'viewer', insert: 'service', update: 'service', delete: 'service' },
  chat_link_codes: { select: 'service', insert: 'service', update: 'service', delete: 'service' },
  chat_subscriptions: { select: 'viewer', insert: 'service', update: 'service', delete: 'service' },
  comments: {
    select: 'viewer',
    insert: 'operator',
    update: 'operator',
    delete: 'operator',
    columns: ['body', 'mentions', 'parent_id'],
  },
  entity_links: {
    select: 'viewer',
    insert: 'operator',
    update: 'operator',
    delete: 'operator',
    columns: [
      ...['is_deliverable', 'label', 'owner_id', 'owner_type', 'review_note', 'review_status', 'reviewed_at'],
      ...['submitted_by_agent_id', 'target_id', 'target_type', 'url'],
    ],
  },
  gateway_registration_tokens: { select: 'admin', insert: 'admin', update: 'service', delete: 'admin' },
  gateways: {
    select: 'viewer',
    insert: 'admin',
    update: 'admin',
    delete: 'admin',
    columns: ['label', 'meta', 'slug'],
  },
  notifications: {
    select: 'viewer',
    insert: 'service',
    update: 'operator',
    delete: 'service',
    columns: ['dismissed_at', 'read_at'],
  },
  // Of a value nobody but the service role reads anything: see schema/secrets/secrets.test.ts.
  secrets: {
    select: 'viewer',
    insert: 'operator',
    update: 'operator',
    delete: 'operator',
    columns: ['category', 'encrypted_value', 'name', 'note'],
  },
  task_relations: { select: 'viewer', insert: 'operator', update: 'service', delete: 'operator' },
  tasks: {
    select: 'viewer',
    insert: 'operator',
    update: 'operator',
    delete: 'operator',
    columns: [
      ...[
        'archived_at',
        'assignee_agent_id',
        'assignee_type',
        'description',
        'due_date',
        'model_override',
        'parent_id',
        'priority',
      ],
      ...['status', 'stream_id', 'thinking_override', 'title'],
    ],
  },
  tenant_members: { select: 'viewer', insert: 'admin', update: 'admin', delete: 'admin', columns: ['role'] },
  tenants: { select: 'viewer', insert: 'service', update: 'service', delete: 'service' },
  workspace: {
    select: 'viewer',
    insert: 'admin',
    update: 'admin',
    delete: 'service',
    columns: [
      ...[
        'default_agent_budget_usd',
        'default_hard_cutoff',
        'default_soft_threshold_pct',
        'description',
        'initialized',
      ],
      ...['name', 'owner_name', 'owner_preferred_name', 'owner_timezone', 'settings', 'slug'],
    ],
  },
};

/** Callers of each function: everybody, every signed-in account (the function decides further), or the service role alone. */
export const functions: Readonly<Record<string, 'anon' | 'authenticated' | 'service_role'>> = {
  cancel_command: 'authenticated',
  chat_act: 'authenticated',
  chat_bind: 'authenticated',
  chat_cancel: 'authenticated',
  chat_check: 'authenticated',
  chat_confirm: 'authenticated',
  chat_decline: 'authenticated',
  chat_heartbeat: 'authenticated',
  chat_link: 'authenticated',
  chat_list_subscriptions: 'authenticated',
  chat_may: 'authenticated',
  chat_open_cards: 'authenticated',
  chat_open_questions: 'authenticated',
  chat_press: 'authenticated',
  chat_read: 'authenticated',
  chat_record_alerts: 'authenticated',
  chat_refuse: 'authenticated',
  chat_save_buttons: 'authenticated',
  chat_save_card: 'authenticated',
  chat_save_question: 'authenticated',
  chat_subscribe: 'authenticated',
  chat_unbind: 'authenticated',
  chat_unlink: 'authenticated',
  chat_unsubscribe: 'authenticated',
  chat_whoami: 'authenticated',
  complete_command: 'service_role',
  complete_inbox_item: 'service_role',
  consume_gateway_token: 'anon',
  current_tenant_id: 'anon',
  delete_secret: 'authenticated',
  enqueue_command: 'authenticated',
  fail_command: 'service_role',
  fail_inbox_item: 'service_role',
  issue_chat_code: 'authenticated',
  lease_command: 'service_role',
  lease_inbox_item: 'service_role',
  member_role_of_caller: 'authenticated',
  note_secret: 'authenticated',
  replace_envelopes: 'service_role',
  revoke_chat_identity: 'authenticated',
  runner_exchange: 'service_role',
  secret_envelopes: 'service_role',
  secrets_snapshot: 'service_role',
  secrets_synced: 'service_role',
  set_gateway_paused: 'service_role',
  set_secret: 'authenticated',
  start_command: 'service_role',
  tenant_people: 'authenticated',
  whoami: 'authenticated',
};

/** The kinds of alerts that HQ raises. */
export const alertKinds = [
  'command_failed',
  'gateway_stale',
  'agent_error',
  'budget_warned',
  'budget_exceeded',
  'task_blocked',
  'task_overdue',
  'deliverable_submitted',
  'pairing_requested',
  'agent_notice',
  'agent_question',
  'question_expired',
  'secret_sync_failed',
  'bot_disconnected',
] as const;
export type AlertKind = (typeof alertKinds)[number];

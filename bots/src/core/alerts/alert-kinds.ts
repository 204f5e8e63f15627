/** The kinds of alerts that HQ raises. */
export const alertKinds = [
  'command_failed',
  'gateway_stale',
  'gateway_restarting',
  'agent_error',
  'agent_stalled',
  'item_dead_letter',
  'workspace_stopped',
  'budget_warned',
  'budget_exceeded',
  'hourly_brake',
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

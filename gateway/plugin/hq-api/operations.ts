/** Operations of the database function `agent_call`. A read or a repetition of the others below changes nothing more. */
const reads = ['inbox', 'item', 'tasks', 'task', 'budget'] as const;
const repeatableWrites = [
  'take_item',
  'complete_item',
  'release_items',
  'set_task_status',
  'record_usage',
  'pairing_requested',
  'ask',
  'answer',
  'host_refused',
] as const;
const singleWrites = ['fail_item', 'create_task', 'comment', 'submit_deliverable', 'notify'] as const;

export type Operation =
  | (typeof reads)[number]
  | (typeof repeatableWrites)[number]
  | (typeof singleWrites)[number];

const repeatable = new Set<Operation>([...reads, ...repeatableWrites]);

/** True if the operation may be sent again when no answer came. */
export const isRepeatable = (operation: Operation): boolean => repeatable.has(operation);

import { z } from 'zod';

export const taskStatuses = ['todo', 'in_progress', 'blocked', 'done', 'cancelled', 'missed'] as const;
/** Statuses of tasks that somebody still has to work on. */
export const openTaskStatuses = ['todo', 'in_progress', 'blocked'] as const;
export const itemStatuses = ['pending', 'leased', 'done', 'dead_letter', 'failed'] as const;
/** Statuses of items that the agent still has to work on. */
export const openItemStatuses = ['pending', 'leased'] as const;

export const taskRow = z.object({
  id: z.string(),
  created_at: z.string(),
  title: z.string().nullable(),
  status: z.string(),
  priority: z.string().nullable(),
  assignee_agent_id: z.string().nullable(),
  due_date: z.string().nullable(),
  archived_at: z.string().nullable(),
});
export type TaskRow = z.output<typeof taskRow>;

export const inboxItemRow = z.object({
  id: z.string(),
  created_at: z.string(),
  agent_id: z.string(),
  agent_slug: z.string(),
  event_type: z.string(),
  status: z.string(),
  summary: z.string().nullable(),
  attempt_count: z.number(),
  max_attempts: z.number(),
  task_id: z.string().nullable(),
});
export type InboxItemRow = z.output<typeof inboxItemRow>;

/** Why an item or a task waits. docs/agents.md lists the reasons. */
export const wait = z.object({
  reason: z.string(),
  until: z.string().nullable(),
  place: z.number(),
  text: z.string(),
});
export type Wait = z.output<typeof wait>;

/** Spending of an agent in this month. Agents that are gone have no name. */
export const usageRow = z.object({
  agent: z.string().nullable(),
  cost_usd: z.number(),
  today_usd: z.number(),
  tokens: z.number(),
  runs: z.number(),
  limit_usd: z.number().nullable(),
  status: z.string(),
  since: z.string(),
});
export type UsageRow = z.output<typeof usageRow>;

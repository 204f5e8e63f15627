import type { InboxItemRow, TaskRow, UsageRow } from '@hq/shared/rows';
import type { Waiting } from '../../columns/work.ts';
import { type DocumentContext, fieldsOf, slugOf } from './document.ts';

export function taskDocument(task: Waiting<TaskRow>, { agents }: DocumentContext) {
  const own = fieldsOf(task, ['id', 'created_at', 'title', 'status', 'priority', 'due_date']);
  return { ...own, agent: slugOf(task.assignee_agent_id, agents), waits: task.wait };
}

export function itemDocument(item: Waiting<InboxItemRow>) {
  const attempts = ['attempt_count', 'max_attempts'] as const;
  const own = fieldsOf(item, ['id', 'created_at', 'event_type', 'status', 'summary', 'task_id', ...attempts]);
  return { ...own, agent: item.agent_slug, waits: item.wait };
}

export function usageDocument(usage: UsageRow) {
  return fieldsOf(usage, [
    'agent',
    'cost_usd',
    'today_usd',
    'tokens',
    'runs',
    'limit_usd',
    'status',
    'since',
  ]);
}

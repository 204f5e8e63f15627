import { z } from 'zod';
import type { HqClient } from '../client/index.ts';
import { readAnswer } from '../client/read-answer.ts';
import {
  type InboxItemRow,
  inboxItemRow,
  type TaskRow,
  taskRow,
  type UsageRow,
  usageRow,
  type Wait,
  wait,
} from '../rows/index.ts';
import { parseRow, readRows } from './read-rows.ts';
import { newestFirst } from './row-order.ts';

/** `statuses` are those to read; all by default. */
interface WorkFilter {
  readonly agentId?: string | undefined;
  readonly statuses?: readonly string[] | undefined;
  readonly limit: number;
}

/** The most ids of one kind that the database answers at once. */
const mostIds = 500;

/** Reads the newest tasks that are not archived. */
export function readTasks(client: HqClient, { agentId, statuses, limit }: WorkFilter): Promise<TaskRow[]> {
  return readRows<TaskRow>(client, {
    ...{ table: 'tasks', row: taskRow, ...newestFirst, limit },
    where: [
      ['archived_at', 'is', null],
      ['assignee_agent_id', 'eq', agentId],
      ['status', 'in', statuses],
    ],
  });
}

/** Reads the newest items of the agents' inboxes. */
export function readInbox(
  client: HqClient,
  { agentId, statuses, limit }: WorkFilter,
): Promise<InboxItemRow[]> {
  return readRows<InboxItemRow>(client, {
    ...{ table: 'agent_inbox_items', row: inboxItemRow, ...newestFirst, limit },
    where: [
      ['agent_id', 'eq', agentId],
      ['status', 'in', statuses],
    ],
  });
}

/** Reads why items or tasks wait, by their ids; those that nothing waits for are left out. */
export async function readWaits(
  client: HqClient,
  kind: 'p_items' | 'p_tasks',
  ids: readonly string[],
): Promise<ReadonlyMap<string, Wait>> {
  const waits = new Map<string, Wait>();
  for (let first = 0; first < ids.length; first += mostIds) {
    const some = ids.slice(first, first + mostIds);
    const answer = await client.askAgain<unknown>(() => client.supabase.rpc('work_waits', { [kind]: some }));
    const found = readAnswer(z.record(z.string(), wait), answer, client.host);
    for (const [id, one] of Object.entries(found)) waits.set(id, one);
  }
  return waits;
}

/** Reads what each agent spent in this month, the most expensive first. */
export async function readUsage(client: HqClient): Promise<UsageRow[]> {
  const answer = await client.askAgain<unknown>(() => client.supabase.rpc('month_usage'));
  return readAnswer(z.array(z.unknown()), answer, client.host).flatMap(
    (record) => parseRow(usageRow, record) ?? [],
  );
}

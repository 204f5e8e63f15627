import { z } from 'zod';
import type { HqClient } from '../client/index.ts';
import { readAnswer } from '../client/read-answer.ts';
import { createLiveQuery, type LiveQuery } from '../live/index.ts';
import { type NeedRow, needRow, type QuestionRow, questionRow } from '../rows/index.ts';
import { parseRow, readRows } from './read-rows.ts';

/** Longer than any session: the rows are of several tables, so an event never names the need that it is about. */
const withoutProofMs = 2_000_000_000;

/** Alerts that come without anything that waits for a person; there may be hundreds of them in a second. */
const withoutNeed: ReadonlySet<unknown> = new Set([
  ...[
    'command_failed',
    'gateway_stale',
    'gateway_restarting',
    'agent_error',
    'agent_stalled',
    'agent_notice',
  ],
  ...['task_blocked', 'task_overdue', 'secret_sync_failed', 'bot_disconnected', 'workspace_stopped'],
]);

/** Reads everything that waits for a person, the oldest first. */
export async function readNeeds(client: HqClient): Promise<NeedRow[]> {
  const answer = await client.askAgain<unknown>(() => client.supabase.rpc('needs_you'));
  return readAnswer(z.array(z.unknown()), answer, client.host).flatMap(
    (record) => parseRow(needRow, record) ?? [],
  );
}

/** Reads again at each change of a question, or of an alert that tells of a need: whatever waits for a person has one of these. */
export function liveNeeds(client: HqClient): LiveQuery<NeedRow> {
  return createLiveQuery<NeedRow>({
    client: client.supabase,
    bindings: [{ table: 'agent_questions' }, { table: 'notifications' }],
    read: () => readNeeds(client),
    isUnrelated: ({ table, row }) => table === 'notifications' && withoutNeed.has(row.type),
    parse: () => null,
    key: ({ kind, id }) => `${kind} ${id}`,
    compare: (a, b) => Date.parse(a.since) - Date.parse(b.since) || (a.id < b.id ? -1 : 1),
    timing: { proofMs: withoutProofMs },
  });
}

export async function readQuestion(client: HqClient, id: string): Promise<QuestionRow | null> {
  const [row] = await readRows(client, {
    table: 'agent_questions',
    row: questionRow,
    order: ['id'],
    where: [['id', 'eq', id]],
  });
  return row ?? null;
}

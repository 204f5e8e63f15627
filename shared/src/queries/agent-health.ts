import { z } from 'zod';
import type { HqClient } from '../client/index.ts';
import { readAnswer } from '../client/read-answer.ts';
import { createLiveQuery, type LiveQuery } from '../live/index.ts';
import { type AgentHealthRow, agentHealthRow } from '../rows/index.ts';
import { parseRow } from './read-rows.ts';

/** Longer than any session: the rows are of several tables, so an event never names the agent that it is about. */
const withoutProofMs = 2_000_000_000;

/** Reads what each agent does, or why it does not answer. */
export async function readAgentHealth(client: HqClient): Promise<AgentHealthRow[]> {
  const answer = await client.askAgain<unknown>(() => client.supabase.rpc('agent_health'));
  return readAnswer(z.array(z.unknown()), answer, client.host).flatMap(
    (record) => parseRow(agentHealthRow, record) ?? [],
  );
}

/** Reads again when an agent, a turn, a condition, a question or an alert changes: whatever changes a health has one of these. */
export function liveAgentHealth(client: HqClient): LiveQuery<AgentHealthRow> {
  return createLiveQuery<AgentHealthRow>({
    client: client.supabase,
    bindings: [
      { table: 'agent_conditions' },
      { table: 'agent_questions' },
      { table: 'agents' },
      { table: 'notifications' },
      { table: 'agent_commands', event: 'UPDATE', filter: 'action=eq.wake_agent' },
    ],
    read: () => readAgentHealth(client),
    parse: () => null,
    key: ({ agent_id }) => agent_id,
    compare: (a, b) => (a.agent < b.agent ? -1 : a.agent > b.agent ? 1 : 0),
    timing: { proofMs: withoutProofMs },
  });
}

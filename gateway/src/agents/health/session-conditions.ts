import type { AgentCondition } from '@hq/shared/agents';
import { z } from 'zod';

/** A session of `sessions.list`. */
export const sessionRow = z.object({
  key: z.string(),
  agentId: z.string(),
  archived: z.boolean().optional(),
  hasActiveRun: z.boolean().optional(),
  totalTokens: z.number().nullish(),
  totalTokensFresh: z.boolean().nullish(),
  contextTokens: z.number().nullish(),
  lastActivityAt: z.number().nullish(),
});
export type SessionRow = z.output<typeof sessionRow>;

/** Part of the context that leaves no room for an answer. OpenClaw shortens a session long before, if it can. */
const fullAt = 0.95;
/** Milliseconds after which nobody goes on with a session. */
const forgottenMs = 7 * 86_400_000;
/** Milliseconds that a turn which HQ does not dispatch may take. */
const longestTurnMs = 3_600_000;
/** Milliseconds that the end of a turn past its time may take. */
const graceMs = 120_000;

/** Sessions of single items: nobody writes to them again. */
const ofItem = /:hq-item-/;

/** Returns what is wrong with a session, worst first. `busySince` is when its turn was first seen. */
export function sessionConditions(
  session: SessionRow,
  {
    now,
    busySince,
    turnMs,
  }: { readonly now: number; readonly busySince: number | null; readonly turnMs: number },
): AgentCondition[] {
  const found: AgentCondition[] = [];
  const deadlineMs = ofItem.test(session.key) ? turnMs + graceMs : longestTurnMs;
  if (busySince !== null && now - busySince > deadlineMs) {
    const minutes = Math.round(deadlineMs / 60_000);
    found.push({ kind: 'stuck', reason: `a turn runs for more than ${minutes} min`, subject: session.key });
  }
  if (isFull(session, now)) {
    const reason = `the session ${session.key} has used its ${session.contextTokens} tokens of context`;
    found.push({ kind: 'full', reason, subject: session.key });
  }
  return found;
}

function isFull(session: SessionRow, now: number): boolean {
  const { totalTokens, contextTokens } = session;
  if (totalTokens == null || contextTokens == null || contextTokens <= 0) return false;
  if (session.totalTokensFresh !== true || session.archived === true || ofItem.test(session.key))
    return false;
  if (session.lastActivityAt != null && now - session.lastActivityAt > forgottenMs) return false;
  return totalTokens >= contextTokens * fullAt;
}

import { HqError } from '@hq/shared/errors';
import { z } from 'zod';

/** HQ's answer about what an agent may spend. */
export const budgetAnswer = z.object({
  allowed: z.boolean(),
  reason: z.string().nullable(),
  limit_usd: z.coerce.number().nullish(),
  spent_usd: z.coerce.number().nullish(),
  /** Rest of the month and of the hour, the smaller one; null without a limit that ends hard. */
  left_usd: z.coerce.number().nullish(),
  /** Cost of the most expensive of the last calls; null without one. */
  dearest_call_usd: z.coerce.number().nullish(),
});

export type Budget = z.output<typeof budgetAnswer>;

/** A sentence why the agent may not work now, or null. */
export type Verdict = string | null;

/** Beginnings and ends of the sentences below. */
const refusal =
  /nobody can tell whether (?:this agent|it) may spend|This agent is close to its limit|Until an operator has looked at it, this agent rests|An operator has (?:paused this|stopped all) |This agent has spent what it may in an hour|Budget exceeded: this agent has spent|HQ does not allow this agent to work now/;

/** Returns true for the error of a run that this gate has refused. */
export const isGateRefusal = (text: string): boolean => refusal.test(text);

export const unanswered =
  'HQ’s database does not answer, so nobody can tell whether this agent may spend. Try again later.';

export const crowded =
  'This agent is close to its limit and makes one model call at a time; the others took too long. Try again later.';

export const unusable =
  'HQ’s record of this agent cannot be read, so nobody can tell whether it may spend. Update the agent in HQ.';

export function closedBecause(error: unknown): string {
  const reason =
    error instanceof HqError ? error.message : 'HQ’s database gave an answer of another version.';
  return `${reason} Until an operator has looked at it, this agent rests.`;
}

export function verdictOf({ allowed, reason, limit_usd: limit, spent_usd: spent }: Budget): Verdict {
  if (allowed) return null;
  if (reason === 'agent_paused') return 'An operator has paused this agent.';
  if (reason === 'workspace_stopped') return 'An operator has stopped all agents.';
  if (reason === 'hourly_brake')
    return 'This agent has spent what it may in an hour. It rests until the hour is over.';
  if (reason === 'gateway_paused') return 'An operator has paused this gateway.';
  if (reason === 'budget_exceeded') {
    const figures = limit == null || spent == null ? '' : ` (${dollars(spent)} of ${dollars(limit)})`;
    return `Budget exceeded: this agent has spent its budget of this month${figures}.`;
  }
  return 'HQ does not allow this agent to work now.';
}

const dollars = (amount: number): string => `$${amount.toFixed(2)}`;

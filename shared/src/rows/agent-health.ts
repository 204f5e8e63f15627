import { z } from 'zod';
import { offeredAction } from './need.ts';

/** States of an agent, the worst first. docs/agents.md explains each. */
export const healthStates = [
  'error',
  'offline',
  'over_budget',
  'signed_out',
  'stuck',
  'stalled',
  'held',
  'full',
  'mute',
  'waiting',
  'paused',
  'provisioning',
  'working',
  'idle',
] as const;

/** State of an agent: what it does, or why it does not answer. The function `agent_health` decides it. */
export const agentHealth = z.object({
  /** One of `healthStates`, or of a later version. */
  state: z.string(),
  reason: z.string(),
  since: z.string().nullable(),
  /** The time at which it ends by itself, where that is known. */
  until: z.string().nullable(),
  /** A sentence that says what helps. */
  help: z.string().nullable(),
  action: offeredAction.nullable(),
  /** Items in its inbox, and things that wait for a person. */
  queued: z.number(),
  needs: z.number(),
});
export type AgentHealth = z.output<typeof agentHealth>;

export const agentHealthRow = agentHealth.extend({ agent_id: z.string(), agent: z.string() });
export type AgentHealthRow = z.output<typeof agentHealthRow>;

const quiet: ReadonlySet<string> = new Set(['working', 'idle', 'paused', 'provisioning', 'waiting']);

/** True where the agent does not answer though nobody decided so. */
export function isTrouble({ state }: Pick<AgentHealth, 'state'>): boolean {
  return !quiet.has(state);
}

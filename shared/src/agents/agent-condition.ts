import { z } from 'zod';

/** Something that keeps an agent from answering, as its gateway sees it. */
export const agentCondition = z.object({
  /**
   * `signed_out`: no valid credential for the provider of its model. `stuck`: a turn runs past its deadline. `full`: the
   * context of a session is used up. `mute`: its chat channel is down.
   */
  kind: z.enum(['signed_out', 'stuck', 'full', 'mute']),
  /** The reason without the agent's name. It is the same until something changes. */
  reason: z.string(),
  /** The provider, session or channel. */
  subject: z.string().nullable(),
});
export type AgentCondition = z.output<typeof agentCondition>;

/** Answer of `GET /agents/conditions`: those of each agent by its id in OpenClaw. */
export const agentConditions = z.object({ agents: z.record(z.string(), z.array(agentCondition)) });
export type AgentConditions = z.output<typeof agentConditions>;

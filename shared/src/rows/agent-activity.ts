import { z } from 'zod';

/** Activity of an agent in the turn that it has now. Without an item it has none. */
export const agentActivityRow = z.object({
  agent_id: z.string(),
  item_id: z.string().nullable(),
  run_id: z.string().nullable(),
  tool: z.string().nullable(),
  /** The end of what it says. */
  text: z.string().nullable(),
  tokens: z.number().nullable(),
  cost_usd: z.number().nullable(),
  model: z.string().nullable(),
  since: z.string().nullable(),
  updated_at: z.string(),
});
export type AgentActivityRow = z.output<typeof agentActivityRow>;

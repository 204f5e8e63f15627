import { z } from 'zod';

export const agentStatuses = ['ready', 'paused', 'error', 'provisioning', 'hibernating'] as const;

export const agentRow = z.object({
  id: z.string(),
  gateway_id: z.string().nullable(),
  slug: z.string(),
  name: z.string().nullable(),
  description: z.string().nullable(),
  status: z.enum(agentStatuses),
  last_seen_at: z.string().nullable(),
  model: z.string().nullable(),
  thinking: z.string().nullable(),
  created_at: z.string(),
  updated_at: z.string(),
});
export type AgentRow = z.output<typeof agentRow>;

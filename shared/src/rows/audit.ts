import { z } from 'zod';

export const auditRow = z.object({
  id: z.string(),
  created_at: z.string(),
  actor_type: z.string(),
  actor_user_id: z.string().nullable(),
  actor_agent_id: z.string().nullable(),
  module: z.string().nullable(),
  entity_type: z.string().nullable(),
  entity_id: z.string().nullable(),
  action: z.string(),
  summary: z.string().nullable(),
});
export type AuditRow = z.output<typeof auditRow>;

import { z } from 'zod';

/** A tenant’s workspace, as far as it says whether its agents may work. */
export const workspaceRow = z.object({
  id: z.string(),
  /** Since when all agents are stopped; null while they work. */
  stopped_at: z.string().nullable(),
  stopped_by: z.string().nullable(),
});
export type WorkspaceRow = z.output<typeof workspaceRow>;

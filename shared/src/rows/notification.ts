import { z } from 'zod';

export const notificationRow = z.object({
  id: z.string(),
  created_at: z.string(),
  type: z.string(),
  title: z.string(),
  body: z.string().nullable(),
  entity_type: z.string().nullable(),
  entity_id: z.string().nullable(),
  read_at: z.string().nullable(),
  dismissed_at: z.string().nullable(),
  /** The end of the problem. */
  resolved_at: z.string().nullable(),
});
export type NotificationRow = z.output<typeof notificationRow>;

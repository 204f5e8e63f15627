import { z } from 'zod';

export const commandOutputRow = z.object({
  command_id: z.string(),
  attempt: z.number(),
  seq: z.number(),
  stream: z.enum(['stdout', 'stderr']),
  text: z.string(),
  created_at: z.string(),
});
export type CommandOutputRow = z.output<typeof commandOutputRow>;

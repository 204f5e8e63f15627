import { z } from 'zod';

export const secretStates = ['pending', 'active', 'error', 'waiting'] as const;
export const secretCategories = ['user', 'channel', 'integration'] as const;
export type SecretCategory = (typeof secretCategories)[number];

/** What a member sees of a secret: everything but its value, which no face can read. */
export const secretRow = z.object({
  id: z.string(),
  gateway_id: z.string(),
  /** Null for a secret that every agent of the gateway has. */
  agent_id: z.string().nullable(),
  key: z.string(),
  name: z.string().nullable(),
  category: z.enum(secretCategories),
  note: z.string().nullable(),
  sync_status: z.enum(secretStates),
  sync_error: z.string().nullable(),
  last_synced_at: z.string().nullable(),
  /** Counts the changes of its value. */
  revision: z.number(),
  /** When its value last changed. */
  value_since: z.string(),
  updated_by: z.string().nullable(),
  created_at: z.string(),
  updated_at: z.string(),
});
export type SecretRow = z.output<typeof secretRow>;

import { z } from 'zod';

export const secretStates = ['pending', 'active', 'error', 'waiting'] as const;
export const secretCategories = ['user', 'channel', 'integration'] as const;
export type SecretCategory = (typeof secretCategories)[number];

/** A secret without its value, which no client can read. */
export const secretRow = z.object({
  id: z.string(),
  gateway_id: z.string(),
  /** Null for a secret of all agents of the gateway. */
  agent_id: z.string().nullable(),
  key: z.string(),
  name: z.string().nullable(),
  category: z.enum(secretCategories),
  note: z.string().nullable(),
  sync_status: z.enum(secretStates),
  sync_error: z.string().nullable(),
  last_synced_at: z.string().nullable(),
  /** Counts the changes of the value. */
  revision: z.number(),
  /** The last change of the value. */
  value_since: z.string(),
  updated_by: z.string().nullable(),
  created_at: z.string(),
  updated_at: z.string(),
});
export type SecretRow = z.output<typeof secretRow>;

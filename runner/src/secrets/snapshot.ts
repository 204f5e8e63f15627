import { z } from 'zod';

/** One secret as stored: its value is an envelope. */
const storedSecret = z.object({
  id: z.string(),
  agent_id: z.string().nullable(),
  /** Null for a secret of the gateway, and for one whose agent is gone or on another gateway. */
  agent_slug: z.string().nullable(),
  key: z.string(),
  encrypted_value: z.string(),
  category: z.string().nullable(),
  revision: z.number(),
  sync_status: z.string(),
  sync_error: z.string().nullable(),
});
export type StoredSecret = z.output<typeof storedSecret>;

/** Consistent read of everything that the files of one gateway contain. */
export const secretsSnapshot = z.object({
  /** Counts the changes; null when there is no such gateway. */
  version: z.number().nullable(),
  agents: z.array(z.object({ id: z.string(), slug: z.string() })),
  secrets: z.array(storedSecret),
});
export type SecretsSnapshot = z.output<typeof secretsSnapshot>;

/** New status of one row, sent only if it differs from the current one. */
export interface SecretResult {
  readonly id: string;
  readonly revision: number;
  readonly status: 'active' | 'error' | 'waiting';
  readonly error: string | null;
}

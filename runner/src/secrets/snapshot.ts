import { z } from 'zod';

/** One secret as the database keeps it: its value is an envelope. */
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

/** Everything that one gateway's files are made from, as of one moment. */
export const secretsSnapshot = z.object({
  /** Counts the changes; null when there is no such gateway. */
  version: z.number().nullable(),
  agents: z.array(z.object({ id: z.string(), slug: z.string() })),
  secrets: z.array(storedSecret),
});
export type SecretsSnapshot = z.output<typeof secretsSnapshot>;

/** What became of one row, told to the database where it differs from what the row says. */
export interface SecretResult {
  readonly id: string;
  readonly revision: number;
  readonly status: 'active' | 'error' | 'waiting';
  readonly error: string | null;
}

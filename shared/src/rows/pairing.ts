import { z } from 'zod';

export const pairingStatuses = ['pending', 'approved', 'expired'] as const;

/** Somebody who wrote to an agent in a chat and waits for an operator. Viewers cannot read these rows. */
export const pairingRow = z.object({
  id: z.string(),
  gateway_id: z.string(),
  agent_id: z.string(),
  channel: z.string(),
  /** OpenClaw's id of the agent. */
  account: z.string(),
  sender: z.string(),
  sender_name: z.string().nullable(),
  code: z.string(),
  status: z.enum(pairingStatuses),
  expires_at: z.string(),
  created_at: z.string(),
  updated_at: z.string(),
});
export type PairingRow = z.output<typeof pairingRow>;

/** Returns true while an approval can still be given. */
export function isWaiting({ status, expires_at }: PairingRow, now: number): boolean {
  return status === 'pending' && Date.parse(expires_at) > now;
}

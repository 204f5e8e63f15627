import type { Handle } from '../../contract/card.ts';

/** Identifies a message. A response URL alone can edit one that a single person sees. */
export function messageHandle(channel: string, ts: string, isEphemeral = false): Handle {
  return isEphemeral ? { channel, ts, seen_by: 'one' } : { channel, ts };
}

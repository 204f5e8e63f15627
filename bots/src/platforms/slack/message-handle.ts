import type { Handle } from '../../contract/card.ts';

/** What a message is found by again. One that a single person sees is no message of its channel. */
export function messageHandle(channel: string, ts: string, onEphemeral = false): Handle {
  return onEphemeral ? { channel, ts, seen_by: 'one' } : { channel, ts };
}

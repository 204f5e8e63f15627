import type { Handle } from '../../contract/card.ts';

/** Identifies a message. Only the interaction's token can edit a private one. */
export function messageHandle(channel: string, message: string, isPrivate = false): Handle {
  return { channel, message, ...(isPrivate && { private: 'yes' }) };
}

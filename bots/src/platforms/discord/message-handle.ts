import type { Handle } from '../../contract/card.ts';
import type { ChatLocation } from '../../contract/inbound.ts';

/** The id under which Discord takes messages: a thread is a channel there. */
export function channelOf({ channel, thread }: Pick<ChatLocation, 'channel' | 'thread'>): string {
  return thread ?? channel;
}

/** Identifies a message. Only the interaction's token can edit a private one. */
export function messageHandle(channel: string, message: string, isPrivate = false): Handle {
  return { channel, message, ...(isPrivate && { private: 'yes' }) };
}

import type { Handle } from '../../contract/card.ts';

/** Identifies a message. */
export function messageHandle(chat: string, message: string): Handle {
  return { chat, message };
}

import type { Bot } from './update.ts';

/** How updates come in. */
export interface Ingress {
  /** Called once per successful sign-in, before the first turn. */
  open(bot: Bot, signal: AbortSignal): Promise<void>;
  /** One round; returning means that all is well. `isProbe`: come back soon, somebody waits to hear whether it works. */
  turn(isProbe: boolean, signal: AbortSignal): Promise<void>;
  /** After the last turn. */
  close(): Promise<void>;
}

export const allowedUpdates = ['message', 'callback_query', 'my_chat_member'] as const;

/** How updates come in. */
export interface Transport {
  /** Before the first turn, until it has succeeded. */
  open(): Promise<void>;
  /** One round; returning means that all is well. `isProbe`: come back soon, somebody waits to hear whether it works. */
  turn(isProbe: boolean, signal: AbortSignal): Promise<void>;
  /** After the last turn. */
  close(): Promise<void>;
}

export const allowedUpdates = ['message', 'callback_query', 'my_chat_member'] as const;

/** How long the connection waits for what. */
export interface ConnectionTiming {
  /** After a failure, and at most after many. */
  readonly firstMs: number;
  readonly longestMs: number;
  /** While another program has the bot. */
  readonly conflictMs: number;
  /** Until a token that was refused while it was used is tried again. */
  readonly revokedMs: number;
  /** How long Telegram holds a poll that has nothing to say. */
  readonly pollSeconds: number;
  /** A poll that says nothing for so long beyond its time is dead, though its socket stands. */
  readonly slackMs: number;
  /** Without updates for so long, the next one may have a lower number than the last: Telegram counts anew after a week. */
  readonly anewMs: number;
}

export const defaultTiming: ConnectionTiming = {
  firstMs: 1_000,
  longestMs: 60_000,
  conflictMs: 30_000,
  revokedMs: 300_000,
  pollSeconds: 50,
  slackMs: 20_000,
  anewMs: 86_400_000,
};

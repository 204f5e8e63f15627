import { refusedRetryMs } from '../../connection-loop.ts';

/** The source of updates. */
export interface Transport {
  /** Called before the first poll, until it succeeds. */
  open(): Promise<void>;
  /** Rejects if there is a problem. `isProbe`: return soon, because the state of the connection is unknown. */
  poll(isProbe: boolean, signal: AbortSignal): Promise<void>;
  /** Called after the last poll. */
  close(): Promise<void>;
}

export const allowedUpdates = ['message', 'callback_query', 'my_chat_member'] as const;

export interface ConnectionTiming {
  /** Pause after the first failure, and the longest one after many. */
  readonly firstMs: number;
  readonly longestMs: number;
  /** Pause while another program uses the bot. */
  readonly conflictMs: number;
  /** Pause after Telegram refused the token of a connected bot. */
  readonly revokedMs: number;
  /** Time that Telegram holds a poll without updates. */
  readonly pollSeconds: number;
  /** A poll without an answer for so long beyond its time is dead although its socket is open. */
  readonly slackMs: number;
  /** After so long without updates the next id may be lower: Telegram chooses a new number after a week. */
  readonly idsResetMs: number;
}

export const defaultTiming: ConnectionTiming = {
  firstMs: 1_000,
  longestMs: 60_000,
  conflictMs: 30_000,
  revokedMs: refusedRetryMs,
  pollSeconds: 50,
  slackMs: 20_000,
  idsResetMs: 86_400_000,
};

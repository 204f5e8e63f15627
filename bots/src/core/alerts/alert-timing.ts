import { backoffMs } from '@hq/shared/program';
export interface AlertTiming {
  /** After the first alert for a chat: what comes meanwhile goes into the same message. */
  readonly gatherMs: number;
  /** Between two looks while nobody tells of changes, and before what the database did not answer is asked again. */
  readonly pollMs: number;
  /** Between two looks while changes are told. */
  readonly resyncMs: number;
  readonly reloadMs: number;
  /** What is told within this time is kept together. */
  readonly saveMs: number;
  /** Before a chat that could not be told is tried again, the first time. */
  readonly retryMs: number;
}

export const defaultTiming: AlertTiming = {
  gatherMs: 250,
  pollMs: 2_000,
  resyncMs: 15_000,
  reloadMs: 60_000,
  saveMs: 50,
  retryMs: 30_000,
};

/**
 * A row's time is taken before its transaction ends: a later one may be seen before an earlier one, also across a restart. What was
 * told is known by its message and not told again.
 */
export const overlapMs = 10_000;
/** What nobody was told of in this time is no news any more. Longer than the longest summary. */
export const oldestMs = 172_800_000;

const longestRetryMs = 600_000;

/** Milliseconds until a chat is tried again after this many failed tries. */
export function retryDelay(firstMs: number, tries: number): number {
  return backoffMs(tries + 1, { firstMs, longestMs: longestRetryMs, jitter: 'none' });
}

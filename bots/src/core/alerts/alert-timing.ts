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
 * Milliseconds that are read again. A row gets its time before its transaction commits, so a later one may be read first,
 * also across a restart. Alerts that were sent are recognized by their messages.
 */
export const overlapMs = 10_000;
/** Milliseconds after which an alert is not sent any more; longer than the longest summary. */
export const oldestMs = 172_800_000;

const longestRetryMs = 600_000;

/** Milliseconds before the next try after this many failures in a row. */
export function retryPauseMs({ retryMs }: Pick<AlertTiming, 'retryMs'>, failures: number): number {
  return backoffMs(failures, { firstMs: retryMs, longestMs: longestRetryMs, jitter: 'none' });
}

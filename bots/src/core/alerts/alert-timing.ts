import { backoffMs } from '@hq/shared/program';
export interface AlertTiming {
  /** Milliseconds after the first alert of a message, in which others join it. */
  readonly gatherMs: number;
  /** Milliseconds between two reads without live changes, and before a failed read is repeated. */
  readonly pollMs: number;
  /** Milliseconds between two reads with live changes. */
  readonly resyncMs: number;
  readonly reloadMs: number;
  /** Milliseconds in which deliveries are recorded together. */
  readonly saveMs: number;
  /** Milliseconds before the first retry of a chat. */
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

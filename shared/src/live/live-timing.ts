import { backoffMs } from '../program/backoff.ts';
import type { LiveStatus } from './live-snapshot.ts';

export interface LiveTiming {
  /** Between two reads while the query is live: catches a channel that has gone silent. */
  readonly resyncMs: number;
  /** The largest share of the time that those reads may take, so that large tables are not read all the time. */
  readonly readShare: number;
  /** Between two reads while events do not arrive. */
  readonly pollMs: number;
  /** The longest pause while the database does not answer. */
  readonly longestRetryMs: number;
  /** Between two notifications of the listeners. */
  readonly notifyMs: number;
  /** Between the last listener's leave and the end of the subscription. */
  readonly lingerMs: number;
  /** Between a read and the event for the change that it brought, at most. */
  readonly proofMs: number;
}

export const defaultTiming: LiveTiming = {
  resyncMs: 30_000,
  readShare: 1 / 200,
  pollMs: 2_000,
  longestRetryMs: 10_000,
  notifyMs: 50,
  lingerMs: 5_000,
  proofMs: 3_000,
};

const firstRetryMs = 500;

/** Milliseconds until the next read. `failures` counts the failed reads in a row, `tookMs` is the last read's time. */
export function pauseBeforeRead(
  timing: LiveTiming,
  status: LiveStatus,
  failures: number,
  tookMs: number,
): number {
  if (failures > 0) return backoffMs(failures, { firstMs: firstRetryMs, longestMs: timing.longestRetryMs });
  const jitter = 0.75 + Math.random() / 2;
  const pause =
    status === 'live'
      ? Math.max(timing.resyncMs, tookMs / timing.readShare)
      : Math.max(timing.pollMs, tookMs * 2);
  return pause * jitter;
}

/** Input of `nextDispatchAt`. Times are milliseconds of `performance.now()`. */
export interface DispatchTimes {
  readonly now: number;
  /** Start of the last request that succeeded. */
  readonly lastExchangeAt: number;
  readonly lastActivityAt: number;
  /** Time since which there may be work. */
  readonly hintedAt: number | null;
  /** Time at which an agent may wake, or the gateway may be ready. */
  readonly nextAt: number | null;
  /** Earliest time to look for work: the gateway takes none before. */
  readonly lookAt: number;
  /** Time since which an agent does something that was not told. */
  readonly activitySince: number | null;
  /** Earliest time of the next request, after one that failed. */
  readonly retryAt: number;
  readonly hasReports: boolean;
  readonly hasTurns: boolean;
  readonly sweepMs: number;
  readonly leaseMs: number;
}

/** Milliseconds between two reports of what agents do; the database takes one a second. */
export const activityEveryMs = 2_000;

/** Returns the time at which the next request is due. */
export function nextDispatchAt(times: DispatchTimes): number {
  const looks = [
    times.lastExchangeAt + times.sweepMs,
    ...(times.hintedAt === null ? [] : [times.hintedAt]),
    ...(times.nextAt === null ? [] : [times.nextAt]),
  ];
  const look = Math.max(Math.min(...looks), times.lookAt);
  return Math.max(Math.min(look, nextTellingAt(times)), times.retryAt);
}

/** Returns the time at which something has to be told, whether or not there may be work. */
export function nextTellingAt(times: DispatchTimes): number {
  const due = [
    ...(times.hasReports ? [times.now] : []),
    ...(times.activitySince === null
      ? []
      : [Math.max(times.activitySince, times.lastActivityAt + activityEveryMs)]),
    ...(times.hasTurns ? [times.lastExchangeAt + times.leaseMs / 3] : []),
  ];
  return Math.max(Math.min(...due, Number.POSITIVE_INFINITY), times.retryAt);
}

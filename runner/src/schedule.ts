/** What the loop knows when it asks itself how long it may rest. Times are milliseconds of the process's own clock. */
export interface Schedule {
  readonly now: number;
  /** The last turn that was answered. */
  readonly lastExchangeAt: number;
  readonly lastHeartbeatAt: number;
  /** A turn failed: none before this time. */
  readonly retryAt: number;
  readonly pollEveryMs: number;
  readonly heartbeatEveryMs: number;
  readonly hasResults: boolean;
  /** Somebody said that there may be work, and when the next turn for such a hint is due. */
  readonly hintedAt: number | null;
  /** Since when output or progress waits. */
  readonly outputSince: number | null;
  readonly lastOutputAt: number;
  /** When the next lease of another runner of this gateway runs out. */
  readonly sweepAt: number | null;
  /** The shortest lease among the commands that are held. */
  readonly leaseMs: number | null;
}

/** Output goes out five times a second at most, and waits a moment for what comes right behind it. */
const outputEveryMs = 200;
const outputGatherMs = 40;

/** When the next turn is due. */
export function nextExchangeAt(pace: Schedule): number {
  const wanted = [
    pace.lastExchangeAt + pace.pollEveryMs,
    pace.lastHeartbeatAt + pace.heartbeatEveryMs,
    ...(pace.hasResults ? [pace.now] : []),
    ...(pace.hintedAt === null ? [] : [pace.hintedAt]),
    ...(pace.outputSince === null
      ? []
      : [Math.max(pace.outputSince + outputGatherMs, pace.lastOutputAt + outputEveryMs)]),
    ...(pace.sweepAt === null ? [] : [pace.sweepAt]),
    ...(pace.leaseMs === null ? [] : [pace.lastExchangeAt + pace.leaseMs / 3]),
  ];
  return Math.max(Math.min(...wanted), pace.retryAt);
}

const firstRetryMs = 200;
const longestRetryMs = 2_000;
const longestRefusedRetryMs = 30_000;

/** How long to wait after so many failures in a row; a key that is not accepted is not tried every other second. */
export function retryDelay(failures: number, keyRefused: boolean, random: number = Math.random()): number {
  const longest = keyRefused ? longestRefusedRetryMs : longestRetryMs;
  const growing = Math.min(longest, firstRetryMs * 2 ** Math.min(failures - 1, 12));
  return growing * (0.75 + 0.25 * random);
}

/** How long a hint waits when the ones before it came to nothing, such as while a lane is busy. */
export function hintDelay(emptyHints: number): number {
  return emptyHints < 2 ? 0 : Math.min(500, 10 * 2 ** (emptyHints - 1));
}

import { backoffMs } from '@hq/shared/program';

/** Input of `nextExchangeAt`. Times are milliseconds of `performance.now()`. */
export interface Schedule {
  readonly now: number;
  /** Start of the last exchange that succeeded. */
  readonly lastExchangeAt: number;
  readonly lastHeartbeatAt: number;
  /** Earliest time of the next exchange, after one that failed. */
  readonly retryAt: number;
  readonly pollEveryMs: number;
  readonly heartbeatEveryMs: number;
  readonly hasResults: boolean;
  /** Time at which a hint makes an exchange due. */
  readonly hintedAt: number | null;
  /** Time since which output or progress waits. */
  readonly outputSince: number | null;
  readonly lastOutputAt: number;
  /** Expiry of the next lease of another runner of this gateway. */
  readonly sweepAt: number | null;
  /** Shortest lease among the commands that run. */
  readonly leaseMs: number | null;
}

/** Output is sent at most five times a second, after a short delay that gathers what follows at once. */
const outputEveryMs = 200;
const outputGatherMs = 40;

/** Returns the time at which the next exchange is due. */
export function nextExchangeAt(schedule: Schedule): number {
  const due = [
    schedule.lastExchangeAt + schedule.pollEveryMs,
    schedule.lastHeartbeatAt + schedule.heartbeatEveryMs,
    ...(schedule.hasResults ? [schedule.now] : []),
    ...(schedule.hintedAt === null ? [] : [schedule.hintedAt]),
    ...(schedule.outputSince === null
      ? []
      : [Math.max(schedule.outputSince + outputGatherMs, schedule.lastOutputAt + outputEveryMs)]),
    ...(schedule.sweepAt === null ? [] : [schedule.sweepAt]),
    ...(schedule.leaseMs === null ? [] : [schedule.lastExchangeAt + schedule.leaseMs / 3]),
  ];
  return Math.max(Math.min(...due), schedule.retryAt);
}

/** Returns the milliseconds to wait after `failures` failures in a row; longer where the key is refused. */
export function retryDelay(failures: number, keyRefused: boolean, random?: number): number {
  return backoffMs(failures, { firstMs: 200, longestMs: keyRefused ? 30_000 : 2_000 }, random);
}

/** Returns the milliseconds that a hint waits after hints that found no work, as while a lane is busy. */
export function hintDelay(emptyHints: number): number {
  return emptyHints < 2 ? 0 : backoffMs(emptyHints, { firstMs: 10, longestMs: 500, jitter: 'none' });
}

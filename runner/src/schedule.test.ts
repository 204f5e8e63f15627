import { describe, expect, it } from 'vitest';
import { hintDelay, nextExchangeAt, retryDelay, type Schedule } from './schedule.ts';

const idle: Schedule = {
  now: 100_000,
  lastExchangeAt: 100_000,
  lastHeartbeatAt: 100_000,
  retryAt: Number.NEGATIVE_INFINITY,
  pollEveryMs: 30_000,
  heartbeatEveryMs: 30_000,
  hasResults: false,
  hintedAt: null,
  outputSince: null,
  lastOutputAt: Number.NEGATIVE_INFINITY,
  sweepAt: null,
  leaseMs: null,
};
const delayOf = (changes: Partial<Schedule>) => nextExchangeAt({ ...idle, ...changes }) - idle.now;

describe('the next exchange is due', () => {
  it.each([
    ['at the poll when nothing happens', {}, 30_000],
    ['soon while Realtime is not trusted', { pollEveryMs: 2_000 }, 2_000],
    ['with the heartbeat, however recent the last exchange', { lastHeartbeatAt: 71_000 }, 1_000],
    ['at once for a result', { hasResults: true }, 0],
    ['at once for a hint', { hintedAt: 100_000 }, 0],
    ['a moment after the first output', { outputSince: 100_000 }, 40],
    ['five times a second for continuous output', { outputSince: 100_000, lastOutputAt: 100_000 }, 200],
    ['at a third of the shortest lease', { leaseMs: 6_000 }, 2_000],
    ['when another runner’s lease expires', { sweepAt: 105_000 }, 5_000],
    ['not before the retry after a failure', { hasResults: true, retryAt: 101_500 }, 1_500],
  ])('%s', (_when, changes, expected) => {
    expect(delayOf(changes)).toBe(expected);
  });
});

describe('a retry', () => {
  it('waits longer after each failure, two seconds at most', () => {
    const delays = [1, 2, 3, 4, 5, 50].map((failures) => retryDelay(failures, false, 0));
    expect(delays).toEqual([200, 400, 800, 1_600, 2_000, 2_000]);
    expect(retryDelay(5, false, 1)).toBe(1_000);
  });

  it('waits up to half a minute while the key is refused', () => {
    expect(retryDelay(50, true, 0)).toBe(30_000);
  });
});

describe('a hint', () => {
  it('waits only after hints that found no work', () => {
    expect([0, 1, 2, 4, 20].map(hintDelay)).toEqual([0, 0, 20, 80, 500]);
  });
});

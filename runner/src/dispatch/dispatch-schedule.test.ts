import { expect, test } from 'vitest';
import { type DispatchTimes, nextDispatchAt } from './dispatch-schedule.ts';

const idle: DispatchTimes = {
  now: 1_000,
  lastExchangeAt: 1_000,
  lastActivityAt: 1_000,
  hintedAt: null,
  nextAt: null,
  lookAt: 0,
  activitySince: null,
  retryAt: 0,
  hasReports: false,
  hasTurns: false,
  sweepMs: 60_000,
  leaseMs: 60_000,
};
const due = (times: Partial<DispatchTimes>) => nextDispatchAt({ ...idle, ...times });

test('an idle dispatcher sweeps, a hint and an opening gate come earlier', () => {
  expect(due({})).toBe(61_000);
  expect(due({ hintedAt: 1_500 })).toBe(1_500);
  expect(due({ nextAt: 9_000 })).toBe(9_000);
});

test('a gateway that is not ready delays the look for work, and no report or renewal', () => {
  expect(due({ hintedAt: 1_500, lookAt: 3_000 })).toBe(3_000);
  expect(due({ lookAt: 3_000, hasReports: true })).toBe(1_000);
  expect(due({ lookAt: 100_000, hasTurns: true })).toBe(21_000);
});

test('activity is told every two seconds, and nothing before a retry is due', () => {
  expect(due({ activitySince: 1_200 })).toBe(3_000);
  expect(due({ activitySince: 5_000 })).toBe(5_000);
  expect(due({ hasReports: true, retryAt: 4_000 })).toBe(4_000);
});

import { describe, expect, it } from 'vitest';
import { hashOfConfig, restartProblem, waitBeforeStart } from './recent-starts.ts';

const now = Date.parse('2026-01-01T12:00:00Z');
const minutesAgo = (minutes: number, config = 'a') => ({
  at: new Date(now - minutes * 60_000).toISOString(),
  config,
});

describe('a gateway whose starts end by themselves', () => {
  it('starts four times at once, then waits 1, 2, 4 … minutes', () => {
    const starts = Array.from({ length: 8 }, (_, index) => minutesAgo(index));
    const waits = starts.map((_, count) => waitBeforeStart(starts.slice(0, count), 'a', now) / 60_000);
    expect(waits).toEqual([0, 0, 0, 0, 1, 2, 4, 8]);
  });

  it('does not wait for what was more than 15 minutes ago', () => {
    const starts = [minutesAgo(16), minutesAgo(17), minutesAgo(18), minutesAgo(1), minutesAgo(2)];
    expect(waitBeforeStart(starts, 'a', now)).toBe(0);
  });

  it('does not wait once its configuration was changed', () => {
    const starts = [minutesAgo(1), minutesAgo(2), minutesAgo(3), minutesAgo(4)];
    expect(waitBeforeStart(starts, 'a', now)).toBe(60_000);
    expect(waitBeforeStart(starts, 'b', now)).toBe(0);
  });
});

describe('the problem that a gateway reports', () => {
  const ends = (count: number) => Array.from({ length: count }, (_, index) => minutesAgo(index + 1));
  const run = { startedAt: now - 30_000, readySince: null, areChannelsOff: false };

  it('begins with the third end within 15 minutes', () => {
    // The present start is on the list, and has not ended.
    expect(restartProblem([...ends(2), minutesAgo(0)], run, now)).toBeNull();
    expect(restartProblem(ends(3), run, now)).toMatch(/ended by itself 3 times within 15 minutes/);
    expect(restartProblem([minutesAgo(16), ...ends(2)], run, now)).toBeNull();
  });

  it('is over when OpenClaw has run for two minutes, with its channels', () => {
    const starting = { ...run, startedAt: now - 150_000 };
    const starts = [minutesAgo(3), minutesAgo(4), minutesAgo(5)];
    expect(restartProblem(starts, { ...starting, readySince: now - 60_000 }, now)).not.toBeNull();
    const stable = { ...starting, readySince: now - 120_000 };
    expect(restartProblem(starts, stable, now)).toBeNull();
    expect(restartProblem(starts, { ...stable, areChannelsOff: true }, now)).toMatch(/chat channels off/);
  });
});

it('a configuration in which OpenClaw wrote only its own notes is the same', () => {
  const config = (port: number, meta: object) => JSON.stringify({ gateway: { port }, meta });
  expect(hashOfConfig(config(1, { at: 1 }))).toBe(hashOfConfig(config(1, { at: 2 })));
  expect(hashOfConfig(config(1, {}))).not.toBe(hashOfConfig(config(2, {})));
  expect(hashOfConfig('// no JSON')).not.toBe(hashOfConfig('// other'));
});

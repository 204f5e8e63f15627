import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { backoffMs, sleep } from './backoff.ts';

const range = { firstMs: 200, longestMs: 2_000 };

describe('a backoff', () => {
  it('doubles after each failure up to the longest pause', () => {
    const pauses = [0, 1, 2, 3, 4, 5, 5_000].map((failures) =>
      backoffMs(failures, { ...range, jitter: 'none' }),
    );
    expect(pauses).toEqual([200, 200, 400, 800, 1_600, 2_000, 2_000]);
  });

  it.each([
    ['none', 1],
    ['equal', 0.5],
    ['full', 0],
  ] as const)('with jitter %s is at least %d of the pause and at most the pause', (jitter, least) => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 100 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (failures, random) => {
          const most = backoffMs(failures, { ...range, jitter: 'none' });
          const pause = backoffMs(failures, { ...range, jitter }, random);
          expect(pause).toBeLessThanOrEqual(most);
          expect(pause).toBeGreaterThanOrEqual(most * least);
        },
      ),
    );
  });
});

describe('a sleep', () => {
  it('ends after its time', async () => {
    const startedAt = performance.now();
    await sleep(20);
    expect(performance.now() - startedAt).toBeGreaterThan(15);
  });

  it('ends at once when its signal aborts, also before it began', async () => {
    const stop = new AbortController();
    const sleeping = sleep(60_000, stop.signal);
    stop.abort();
    await sleeping;
    await sleep(60_000, stop.signal);
  });
});

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ReadLoop } from './read-loop.ts';

const pauseMs = 1_000;

/** A loop whose reads end when the test says so. */
function createLoop() {
  const reads: PromiseWithResolvers<number>[] = [];
  const settled: number[] = [];
  const loop = new ReadLoop<number>(
    () => {
      const read = Promise.withResolvers<number>();
      reads.push(read);
      return read.promise;
    },
    (result) => {
      settled.push(result);
      return pauseMs;
    },
  );
  const end = async (read: number): Promise<void> => {
    reads[read]?.resolve(read);
    await vi.advanceTimersByTimeAsync(0);
  };
  return { loop, reads, settled, end };
}

describe('a read loop', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('reads at its start, and again after the pause', async () => {
    const { loop, reads, settled, end } = createLoop();
    loop.start();
    await end(0);
    await vi.advanceTimersByTimeAsync(pauseMs - 1);
    expect([reads.length, settled]).toEqual([1, [0]]);
    await vi.advanceTimersByTimeAsync(1);
    expect([reads.length, loop.isReading]).toEqual([2, true]);
  });

  it('meets all demands during a read by one read soon after it', async () => {
    const { loop, reads, end } = createLoop();
    loop.start();
    loop.demand();
    loop.demand();
    expect(reads).toHaveLength(1);
    await end(0);
    await vi.advanceTimersByTimeAsync(50);
    expect(reads).toHaveLength(2);
    await end(1);
    await vi.advanceTimersByTimeAsync(pauseMs - 1);
    expect(reads).toHaveLength(2);
  });

  it('drops the result of a read from before a stop, and reads again', async () => {
    const { loop, reads, settled, end } = createLoop();
    loop.start();
    loop.stop();
    loop.start();
    await end(0);
    expect([reads.length, settled]).toEqual([2, []]);
    await end(1);
    expect(settled).toEqual([1]);
  });

  it('reads no more after its stop', async () => {
    const { loop, reads, settled, end } = createLoop();
    loop.start();
    loop.stop();
    await end(0);
    loop.demand();
    loop.readAfter(1);
    await vi.advanceTimersByTimeAsync(10 * pauseMs);
    expect([reads.length, settled]).toEqual([1, []]);
  });
});

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { DueLoop } from './due-loop.ts';

const pauseMs = 1_000;

/** A loop whose work ends when the test says so. */
function createLoop(apartMs = 0) {
  const works: PromiseWithResolvers<number>[] = [];
  const loop = new DueLoop(() => {
    const work = Promise.withResolvers<number>();
    works.push(work);
    return work.promise;
  }, apartMs);
  const end = async (): Promise<void> => {
    works.at(-1)?.resolve(pauseMs);
    await vi.advanceTimersByTimeAsync(0);
  };
  return { loop, works, end };
}

describe('a due loop', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('works when it is due, and again after the pause', async () => {
    const { loop, works, end } = createLoop();
    await vi.advanceTimersByTimeAsync(pauseMs);
    expect(works).toHaveLength(0);
    loop.dueIn(10);
    await vi.advanceTimersByTimeAsync(10);
    expect([works.length, loop.isRunning]).toEqual([1, true]);
    await end();
    await vi.advanceTimersByTimeAsync(pauseMs - 1);
    expect([works.length, loop.isRunning]).toEqual([1, false]);
    await vi.advanceTimersByTimeAsync(1);
    expect(works).toHaveLength(2);
  });

  it('keeps the earliest of several times', async () => {
    const { loop, works } = createLoop();
    loop.dueIn(500);
    loop.dueIn(100);
    loop.dueIn(300);
    await vi.advanceTimersByTimeAsync(100);
    expect(works).toHaveLength(1);
  });

  it('works once more where it became due during the work, and leaves the distance', async () => {
    const { loop, works, end } = createLoop(50);
    loop.dueIn(0);
    await vi.advanceTimersByTimeAsync(0);
    loop.dueIn(0);
    loop.dueIn(10);
    await end();
    await vi.advanceTimersByTimeAsync(49);
    expect(works).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(works).toHaveLength(2);
    await end();
    await vi.advanceTimersByTimeAsync(pauseMs - 1);
    expect(works).toHaveLength(2);
  });

  it('never works again where the pause is infinite, until it is due', async () => {
    const { loop, works } = createLoop();
    loop.dueIn(0);
    await vi.advanceTimersByTimeAsync(0);
    works[0]?.resolve(Number.POSITIVE_INFINITY);
    await vi.advanceTimersByTimeAsync(10 * pauseMs);
    expect(works).toHaveLength(1);
    loop.dueIn(0);
    await vi.advanceTimersByTimeAsync(0);
    expect(works).toHaveLength(2);
  });

  it('is closed when its work has ended, and works no more', async () => {
    const { loop, works, end } = createLoop();
    loop.dueIn(0);
    await vi.advanceTimersByTimeAsync(0);
    let isClosed = false;
    void loop.close().then(() => {
      isClosed = true;
    });
    await vi.advanceTimersByTimeAsync(0);
    expect(isClosed).toBe(false);
    await end();
    loop.dueIn(0);
    await vi.advanceTimersByTimeAsync(10 * pauseMs);
    expect([isClosed, works.length]).toEqual([true, 1]);
  });
});

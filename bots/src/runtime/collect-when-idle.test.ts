import { expect, it } from 'vitest';
import { collectWhenIdle } from './collect-when-idle.ts';

const lookEveryMs = 50;

it('collects garbage once after a start and once after a burst of work', async () => {
  let times = 0;
  // Polling would keep the thread from being idle.
  let onCollected = (): void => undefined;
  const collected = () =>
    new Promise<void>((resolve) => {
      onCollected = resolve;
    });
  collectWhenIdle(lookEveryMs, () => {
    times += 1;
    onCollected();
  });
  await collected();
  const waste = new WeakRef({ of: 'the burst' });
  const kept = Array.from({ length: 1_000_000 }, (_, number) => ({ number }));
  await collected();
  expect(waste.deref()).toBeUndefined();
  // Nothing happens in the time of ten looks.
  await new Promise((resolve) => setTimeout(resolve, 10 * lookEveryMs));
  expect(times).toBe(2);
  expect(kept).toHaveLength(1_000_000);
});

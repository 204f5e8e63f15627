import { describe, expect, it } from 'vitest';
import { pauses, Turns } from './turns.ts';

function work(milliseconds: number): void {
  const beganAt = performance.now();
  while (performance.now() - beganAt < milliseconds);
}

describe('long work', () => {
  it.each([
    [
      'of many callers',
      async () => {
        const turns = new Turns();
        await Promise.all(Array.from({ length: 60 }, () => turns.next().then(() => work(2))));
      },
    ],
    [
      'in steps',
      async () => {
        const pause = pauses();
        for (let at = 0; at < 60; at += 1) {
          work(2);
          await pause();
        }
      },
    ],
  ])('%s lets others of the event loop have their turns', async (_whose, run) => {
    let turnsOfOthers = 0;
    const others = setInterval(() => {
      turnsOfOthers += 1;
    }, 1);
    await run();
    clearInterval(others);
    expect(turnsOfOthers).toBeGreaterThan(5);
  });
});

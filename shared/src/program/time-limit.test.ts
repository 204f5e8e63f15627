import { describe, expect, it } from 'vitest';
import { timedOut, withinLimit } from './time-limit.ts';

describe('work within a limit', () => {
  it('gives its result, also when that is undefined', async () => {
    expect(await withinLimit(60_000, Promise.resolve(7))).toBe(7);
    expect(await withinLimit(60_000, Promise.resolve(undefined))).toBeUndefined();
  });

  it('fails as the work fails', async () => {
    await expect(withinLimit(60_000, Promise.reject(new Error('broken')))).rejects.toThrow('broken');
  });

  it('is given up after the limit', async () => {
    expect(await withinLimit(5, new Promise(() => undefined))).toBe(timedOut);
  });
});

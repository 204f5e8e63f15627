import { describe, expect, it } from 'vitest';
import type { Sender } from '../../contract/inbound.ts';
import { createRateLimiter, type RateLimitExcess } from './rate-limit.ts';

const limits = {
  person: { atOnce: 5, perSecond: 0.001 },
  channel: { atOnce: 8, perSecond: 0.001 },
  inPublic: { atOnce: 2, perSecond: 0.001 },
};
const sender = (user: string, channel = 'C1'): Sender => ({
  platform: 'telegram',
  install: 'T1',
  channel,
  kind: 'group',
  thread: null,
  user,
});
const tooMuch = { waitMs: expect.any(Number) };

describe('the rate limit', () => {
  it('counts one person over all channels', () => {
    const count = createRateLimiter(limits);
    for (const channel of ['C1', 'C2', 'C3', 'C4', 'C5'])
      expect(count(sender('ann', channel), false)).toBeNull();
    expect(count(sender('ann', 'C6'), false)).toMatchObject(tooMuch);
    expect(count(sender('bob', 'C6'), false)).toBeNull();
  });

  it('counts one channel over all senders', () => {
    const count = createRateLimiter(limits);
    const found = Array.from({ length: 9 }, (_, at): RateLimitExcess | null =>
      count(sender(`person-${at}`), false),
    );
    expect(found.filter((one) => one === null)).toHaveLength(8);
    expect(found.at(-1)).toMatchObject(tooMuch);
  });

  it('is lower in public groups', () => {
    const count = createRateLimiter(limits);
    for (let time = 0; time < 2; time += 1) expect(count(sender('ann'), true)).toBeNull();
    expect(count(sender('ann'), true)).toMatchObject(tooMuch);
    expect(count(sender('bob'), true)).toBeNull();
    expect(count(sender('ann', 'C2'), true)).toBeNull();
  });

  it('marks the first excess until a request is accepted again', async () => {
    const count = createRateLimiter({ ...limits, person: { atOnce: 1, perSecond: 50 } });
    const say = (): RateLimitExcess | null => count(sender('ann'), false);
    expect([say(), say(), say()]).toMatchObject([null, { isFirst: true }, { isFirst: false }]);
    await expect.poll(say, { interval: 1 }).toBeNull();
    expect(say()).toMatchObject({ isFirst: true });
  });
});

import { describe, expect, it } from 'vitest';
import type { Speaker } from '../../contract/inbound.ts';
import { createLimiter, type TooMuch } from './rate-limit.ts';

const limits = {
  person: { atOnce: 5, perSecond: 0.001 },
  channel: { atOnce: 8, perSecond: 0.001 },
  inPublic: { atOnce: 2, perSecond: 0.001 },
};
const speaker = (user: string, channel = 'C1'): Speaker => ({
  platform: 'telegram',
  install: 'T1',
  channel,
  kind: 'group',
  thread: null,
  user,
});
const tooMuch = { waitMs: expect.any(Number) };

describe('what is taken in', () => {
  it('from one person is counted over all channels', () => {
    const count = createLimiter(limits);
    for (const channel of ['C1', 'C2', 'C3', 'C4', 'C5'])
      expect(count(speaker('ann', channel), false)).toBeNull();
    expect(count(speaker('ann', 'C6'), false)).toMatchObject(tooMuch);
    expect(count(speaker('bob', 'C6'), false)).toBeNull();
  });

  it('in one channel is counted over all who speak there', () => {
    const count = createLimiter(limits);
    const found = Array.from({ length: 9 }, (_, at): TooMuch => count(speaker(`person-${at}`), false));
    expect(found.filter((one) => one === null)).toHaveLength(8);
    expect(found.at(-1)).toMatchObject(tooMuch);
  });

  it('is less where everybody sees the answers', () => {
    const count = createLimiter(limits);
    for (let time = 0; time < 2; time += 1) expect(count(speaker('ann'), true)).toBeNull();
    expect(count(speaker('ann'), true)).toMatchObject(tooMuch);
    expect(count(speaker('bob'), true)).toBeNull();
    expect(count(speaker('ann', 'C2'), true)).toBeNull();
  });

  it('tells once that it is too much, until something is taken in again', async () => {
    const count = createLimiter({ ...limits, person: { atOnce: 1, perSecond: 50 } });
    const say = (): TooMuch => count(speaker('ann'), false);
    expect([say(), say(), say()]).toMatchObject([null, { isNews: true }, { isNews: false }]);
    await expect.poll(say, { interval: 1 }).toBeNull();
    expect(say()).toMatchObject({ isNews: true });
  });
});

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ChatPace } from './chat-pace.ts';

/** Sends as fast as it may for two minutes, to chats in turn; the times at which each chat got its messages. */
function flood(pace: ChatPace, chats: readonly string[], isGroup: boolean): Map<string, number[]> {
  const sent = new Map<string, number[]>(chats.map((chat) => [chat, []]));
  for (let now = 0; now < 120_000; now += 20) {
    for (const chat of chats) if (pace.take(chat, isGroup, now) === 0) sent.get(chat)?.push(now);
  }
  return sent;
}

function mostWithin(times: readonly number[], ms: number): number {
  return Math.max(...times.map((from) => times.filter((at) => at >= from && at < from + ms).length));
}

test('a group gets at most twenty messages in any minute', () => {
  const times = flood(new ChatPace(), ['-1'], true).get('-1') ?? [];
  expect(mostWithin(times, 60_000)).toBeLessThanOrEqual(20);
  expect(times.length).toBeGreaterThan(30);
});

test('a direct chat gets one a second, a few at once at first', () => {
  const times = flood(new ChatPace(), ['1'], false).get('1') ?? [];
  expect(mostWithin(times, 10_000)).toBeLessThanOrEqual(10);
  expect(times.length).toBeGreaterThan(100);
});

test('all chats together get at most thirty a second', () => {
  const chats = Array.from({ length: 50 }, (_, index) => String(index + 1));
  const times = [...flood(new ChatPace(), chats, false).values()].flat().sort((one, other) => one - other);
  expect(mostWithin(times, 1_000)).toBeLessThanOrEqual(30);
});

test('who is told to wait may send after that time, if nobody else does', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 4_000 }), { minLength: 1, maxLength: 80 }), (gaps) => {
      const pace = new ChatPace();
      let now = 0;
      for (const gap of gaps) {
        now += gap;
        const wait = pace.take('-1', true, now);
        if (wait > 0) {
          expect(pace.take('-1', true, now + wait - 1)).toBeGreaterThan(0);
          now += wait;
          expect(pace.take('-1', true, now)).toBe(0);
        }
      }
    }),
  );
});

test('what Telegram says itself goes before', () => {
  const pace = new ChatPace();
  pace.hold('1', 9_000);
  expect(pace.take('1', false, 1_000)).toBe(8_000);
  expect(pace.take('2', false, 1_000)).toBe(0);
  expect(pace.take('1', false, 9_000)).toBe(0);
});

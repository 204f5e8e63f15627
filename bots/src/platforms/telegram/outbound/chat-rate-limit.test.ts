import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ChatRateLimit } from './chat-rate-limit.ts';

const inGroup = { isGroup: true, isEdit: false };
const inDirect = { isGroup: false, isEdit: false };

/** Sends at full speed for two minutes, to chats in turn. Returns the times of the messages of each chat. */
function flood(
  timing: ChatRateLimit,
  chats: readonly string[],
  kind: { isGroup: boolean; isEdit: boolean },
): Map<string, number[]> {
  const sent = new Map<string, number[]>(chats.map((chat) => [chat, []]));
  for (let now = 0; now < 120_000; now += 20) {
    for (const chat of chats) if (timing.take(chat, kind, now) === 0) sent.get(chat)?.push(now);
  }
  return sent;
}

function mostWithin(times: readonly number[], ms: number): number {
  return Math.max(...times.map((from) => times.filter((at) => at >= from && at < from + ms).length));
}

test('a group gets at most twenty messages in any minute', () => {
  const times = flood(new ChatRateLimit(), ['-1'], inGroup).get('-1') ?? [];
  expect(mostWithin(times, 60_000)).toBeLessThanOrEqual(20);
  expect(times.length).toBeGreaterThan(30);
});

test('a direct chat gets one a second, a few at once at first', () => {
  const times = flood(new ChatRateLimit(), ['1'], inDirect).get('1') ?? [];
  expect(mostWithin(times, 10_000)).toBeLessThanOrEqual(10);
  expect(times.length).toBeGreaterThan(100);
});

test('all chats together get at most thirty a second', () => {
  const chats = Array.from({ length: 50 }, (_, index) => String(index + 1));
  const times = [...flood(new ChatRateLimit(), chats, inDirect).values()]
    .flat()
    .sort((one, other) => one - other);
  expect(mostWithin(times, 1_000)).toBeLessThanOrEqual(30);
});

test.each([inGroup, inDirect])('a card that changes all the time leaves room for answers: %o', (kind) => {
  const timing = new ChatRateLimit();
  let answered = 0;
  for (let now = 0; now < 120_000; now += 20) {
    timing.take('-1', { ...kind, isEdit: true }, now);
    // A user asks every thirty seconds meanwhile.
    if (now % 30_000 === 15_000) {
      expect(timing.take('-1', kind, now)).toBe(0);
      answered += 1;
    }
  }
  expect(answered).toBe(4);
});

test('a stream of messages leaves room for edits of a card', () => {
  const timing = new ChatRateLimit();
  let edits = 0;
  for (let now = 0; now < 120_000; now += 20) {
    // An edit is tried in every round, as the messages are.
    if (timing.take('-1', { isGroup: true, isEdit: true }, now) === 0) edits += 1;
    timing.take('-1', inGroup, now);
  }
  expect(edits).toBeGreaterThan(20);
});

test('a message may go out after its wait if no other does', () => {
  const step = fc.record({ gap: fc.integer({ min: 0, max: 4_000 }), isEdit: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 80 }), (steps) => {
      const timing = new ChatRateLimit();
      let now = 0;
      for (const { gap, isEdit } of steps) {
        now += gap;
        const kind = { isGroup: true, isEdit };
        const wait = timing.take('-1', kind, now);
        if (wait > 0) {
          expect(timing.take('-1', kind, now + wait - 1)).toBeGreaterThan(0);
          now += wait;
          expect(timing.take('-1', kind, now)).toBe(0);
        }
      }
    }),
  );
});

test('a wait that Telegram demands comes first', () => {
  const timing = new ChatRateLimit();
  timing.block('1', 9_000);
  expect(timing.take('1', inDirect, 1_000)).toBe(8_000);
  expect(timing.take('2', inDirect, 1_000)).toBe(0);
  expect(timing.take('1', inDirect, 9_000)).toBe(0);
});

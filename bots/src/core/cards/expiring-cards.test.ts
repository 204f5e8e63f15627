import { pino } from 'pino';
import { expect, it } from 'vitest';
import { eventually } from '../../../../db/testing/eventually.ts';
import { TestAdapter } from '../../../testing/test-adapter.ts';
import type { ChatLocation } from '../../contract/inbound.ts';
import { createExpiringCards } from './expiring-cards.ts';
import { Outbox } from './outbox.ts';

it('replaces expired cards, and leaves answered ones', async () => {
  const adapter = new TestAdapter('slack');
  const outbox = new Outbox({ adapter, sanitizer: { card: (card) => card, file: (file) => file } });
  const forgotten: unknown[] = [];
  const expiring = createExpiringCards({
    api: {
      storeQuestion: async () => undefined,
      openQuestions: async () => [],
      forgetQuestion: async (key) => void forgotten.push(key),
    },
    outbox: () => outbox,
    now: Date.now,
    log: pino({ level: 'silent' }),
  });
  const place: ChatLocation = {
    platform: 'slack',
    install: 'T1',
    channel: 'C1',
    kind: 'group',
    thread: null,
  };
  const [answered, left, prompt] = await Promise.all(
    ['answered', 'left', 'prompt'].map((title) => adapter.send(place, { title, tone: 'neutral' })),
  );
  if (
    !answered?.ok ||
    !left?.ok ||
    !prompt?.ok ||
    answered.handle === null ||
    left.handle === null ||
    prompt.handle === null
  )
    throw new Error('unsent');
  const expiresIn = (ms: number): string => new Date(Date.now() + ms).toISOString();
  expiring.put(place, answered.handle, { token: 'a', title: 'answered', expiresAt: expiresIn(20) });
  expiring.put(place, left.handle, { token: 'l', title: 'left', expiresAt: expiresIn(40) });
  expiring.hold(place, prompt.handle, { title: 'prompt', forMs: 30 });
  // As it comes back from the database.
  expiring.forget(Object.fromEntries(Object.entries(answered.handle).toReversed()));
  await eventually(() => expect(forgotten).toEqual([{ token: 'l' }]));
  expect(adapter.messages.map(({ card: { state } }) => state)).toEqual([
    undefined,
    'expired, nothing was done',
    'expired, nothing was done',
  ]);
});

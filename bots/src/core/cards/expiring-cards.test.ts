import { expect, it } from 'vitest';
import { eventually } from '../../../../db/testing/eventually.ts';
import { TestAdapter } from '../../../testing/test-adapter.ts';
import type { ChatLocation } from '../../contract/inbound.ts';
import { createExpiringCards } from './expiring-cards.ts';
import { Outbox } from './outbox.ts';

it('replaces expired cards, and leaves answered ones', async () => {
  const adapter = new TestAdapter('slack');
  const outbox = new Outbox({ adapter, sanitizer: { card: (card) => card, file: (file) => file } });
  const expiring = createExpiringCards(() => outbox);
  const place: ChatLocation = {
    platform: 'slack',
    install: 'T1',
    channel: 'C1',
    kind: 'group',
    thread: null,
  };
  const [answered, left] = await Promise.all(
    ['answered', 'left'].map((title) => adapter.send(place, { title, tone: 'neutral' })),
  );
  if (!answered?.ok || !left?.ok || answered.handle === null || left.handle === null)
    throw new Error('unsent');
  const expired = { title: 'expired', tone: 'neutral' } as const;
  expiring.put(place, answered.handle, 20, expired);
  expiring.put(place, left.handle, 40, expired);
  expiring.forget(answered.handle);
  await eventually(() => expect(adapter.messages.map(({ card }) => card.title)).toContain('expired'));
  expect(adapter.messages.map(({ card }) => card.title)).toEqual(['answered', 'expired']);
});

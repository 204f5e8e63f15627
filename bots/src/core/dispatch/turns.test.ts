import { expect, it } from 'vitest';
import type { Sender } from '../../contract/inbound.ts';
import { createTurns } from './turns.ts';

const ann: Sender = {
  platform: 'slack',
  install: 'T1',
  channel: 'C1',
  kind: 'group',
  thread: null,
  user: 'U1',
};

async function hasCome(come: Promise<void>): Promise<boolean> {
  return Promise.race([
    come.then(() => true),
    new Promise<boolean>((resolve) => setTimeout(resolve, 5, false)),
  ]);
}

it('a request comes when all earlier ones of the same person in the same chat have passed', async () => {
  const turns = createTurns();
  const [first, second, third] = [turns.take(ann), turns.take({ ...ann, thread: '1.1' }), turns.take(ann)];
  expect(await hasCome(first.come)).toBe(true);
  second.pass();
  expect(await Promise.all([second, third].map(({ come }) => hasCome(come)))).toEqual([false, false]);
  first.pass();
  expect(await Promise.all([second, third].map(({ come }) => hasCome(come)))).toEqual([true, true]);
});

it.each([
  ['person', { user: 'U2' }],
  ['chat', { channel: 'C2' }],
  ['workspace', { install: 'T2' }],
  ['platform', { platform: 'discord' }],
] as const)('a request of another %s does not wait', async (_what, other) => {
  const turns = createTurns();
  turns.take(ann);
  expect(await hasCome(turns.take({ ...ann, ...other }).come)).toBe(true);
});

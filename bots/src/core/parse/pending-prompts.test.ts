import { expect, it } from 'vitest';
import { eventually } from '../../../../db/testing/eventually.ts';
import type { Handle } from '../../contract/card.ts';
import type { Sender } from '../../contract/inbound.ts';
import { createPendingPrompts } from './pending-prompts.ts';

const sender: Sender = {
  ...{
    platform: 'telegram',
    install: '1',
    channel: '2',
    thread: null,
    kind: 'direct',
    user: '3',
    userName: 'ann',
  },
};
const message: Handle = { id: '9' };

it('tells the message of a prompt that words have answered, so that its card does not expire', async () => {
  const taken: Handle[] = [];
  const prompts = createPendingPrompts((handle) => taken.push(handle));
  const prompt = { command: 'pause_agent', values: {}, field: 'agent', takesWords: true, title: 'Pause' };
  const leave = { command: 'leave_question', values: {} };
  await prompts.ask(sender, { ...prompt, leave }, () => Promise.resolve(message));
  expect(prompts.take(sender)).toMatchObject(prompt);
  await eventually(() => expect(taken).toEqual([message]));
  expect(prompts.take(sender)).toBeNull();
});

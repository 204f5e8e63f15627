import { afterAll, beforeAll, expect, it } from 'vitest';
import { eventually } from '../../../../db/testing/eventually.ts';
import { type ChatTestStack, type OpenCore, openChatStack } from '../../../testing/chat-stack.ts';
import { textOf } from '../../../testing/test-adapter.ts';

let chat: ChatTestStack;
let open: OpenCore;
beforeAll(async () => {
  chat = await openChatStack();
  open = await chat.open();
});
afterAll(() => chat.close());

const isStopped = async () =>
  (await chat.stack.database.query('select stopped_at from workspace')).some(
    ({ stopped_at }) => stopped_at !== null,
  );

it('“stop-all” stops all agents after a yes, and the status says who did', { timeout: 90_000 }, async () => {
  const slack = open.adapter('slack');
  const operator = await chat.person('operator');
  const asked = await slack.ask(operator, 'stop-all');
  expect(textOf(asked.card)).toMatch(/Every running turn is aborted/);
  expect(await isStopped()).toBe(false);
  await slack.press(operator, asked, 'Confirm');
  await eventually(async () => expect(await isStopped()).toBe(true));
  expect(textOf((await slack.ask(operator, 'status')).card)).toMatch(
    /Stopped: by .*@.* since \d\d:\d\d UTC: resume-all lets agents work again/,
  );
  await slack.ask(operator, 'resume-all');
  await eventually(async () => expect(await isStopped()).toBe(false));
  expect(textOf((await slack.ask(operator, 'status')).card)).not.toMatch(/Stopped/);
});

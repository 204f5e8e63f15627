import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ChatFixture, openChatFixture } from '../../testing/chat.ts';
import { cloneDatabase, type TestDatabase } from '../../testing/database.ts';

let database: TestDatabase;
let chats: ChatFixture;

beforeAll(async () => {
  database = await cloneDatabase();
  chats = await openChatFixture(database);
  await chats.bind('C-low', 'viewer');
  await chats.bind('C-high', 'admin');
});
afterAll(() => database.drop());

const group = (channel: string) => ({ channel, kind: 'group' }) as const;

test('a refusal names the channel’s ceiling or the member’s role, whichever is the reason', async () => {
  const admin = await chats.link('admin', group('C-low'));
  expect((await chats.call('chat_act', admin, { action: 'restart_gateway' })).refused).toMatchObject({
    code: 'refused',
    message: 'restart_gateway needs the role operator; this channel allows viewer and below',
    hint: 'Try it in a direct message, or let an admin say here: bind operator.',
  });
  const viewer = await chats.link('viewer', group('C-high'));
  expect((await chats.call('chat_act', viewer, { action: 'restart_gateway' })).refused).toMatchObject({
    code: 'refused',
    message: 'restart_gateway needs the role operator; yours is viewer',
    hint: 'Ask an admin for the role operator.',
  });
  const inHigh = { ...admin, ...group('C-high') };
  expect((await chats.call('chat_act', inHigh, { action: 'restart_gateway' })).confirm).toBeDefined();
});

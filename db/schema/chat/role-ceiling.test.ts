import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ChatHouse, openChatHouse } from '../../testing/chat.ts';
import { cloneDatabase, type TestDatabase } from '../../testing/database.ts';

let database: TestDatabase;
let house: ChatHouse;

beforeAll(async () => {
  database = await cloneDatabase();
  house = await openChatHouse(database);
  await house.bind('C-low', 'viewer');
  await house.bind('C-high', 'admin');
});
afterAll(() => database.drop());

const group = (channel: string) => ({ channel, kind: 'group' }) as const;

test('whom a channel’s ceiling refuses is told of the ceiling, and whom their role refuses of their role', async () => {
  const admin = await house.link('admin', group('C-low'));
  expect((await house.call('chat_act', admin, { action: 'restart_gateway' })).refused).toMatchObject({
    code: 'refused',
    message: 'restart_gateway needs the role operator; this channel allows viewer and below',
    hint: 'Try it in a direct message, or let an admin say here: bind operator.',
  });
  const viewer = await house.link('viewer', group('C-high'));
  expect((await house.call('chat_act', viewer, { action: 'restart_gateway' })).refused).toMatchObject({
    code: 'refused',
    message: 'restart_gateway needs the role operator; yours is viewer',
    hint: 'Ask an admin for the role operator.',
  });
  const inHigh = { ...admin, ...group('C-high') };
  expect((await house.call('chat_act', inHigh, { action: 'restart_gateway' })).confirm).toBeDefined();
});

import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Account, type ChatFixture, openChatFixture } from '../../testing/chat.ts';
import { cloneDatabase, type TestDatabase } from '../../testing/database.ts';

let database: TestDatabase;
let chats: ChatFixture;

beforeAll(async () => {
  database = await cloneDatabase();
  chats = await openChatFixture(database);
  await chats.bind('C1', 'admin');
});
afterAll(() => database.drop());

const here = { channel: 'C1', kind: 'group' } as const;
const names = (who: Account, purpose: unknown) =>
  chats.call('chat_read', who, { what: 'gateways', args: { for: purpose } });

test('names are read for an action by whoever may do it, and by nobody else', async () => {
  const [viewer, operator] = [await chats.link('viewer', here), await chats.link('operator', here)];
  expect((await names(operator, 'restart_gateway')).rows).toHaveLength(1);
  expect((await names(viewer, 'restart_gateway')).refused).toMatchObject({
    code: 'refused',
    message: 'restart_gateway needs the role operator; yours is viewer',
  });
  const [line] = await database.query(
    `select summary, meta ->> 'user' as who from audit_log where action = 'chat.refused' order by created_at desc limit 1`,
  );
  expect(line).toMatchObject({ summary: expect.stringContaining('restart_gateway'), who: viewer.user });
  expect((await names(viewer, 'stack_status')).rows).toHaveLength(1);
});

test('where a channel allows less, its ceiling counts', async () => {
  await chats.bind('C2', 'viewer');
  const operator = await chats.link('operator', { ...here, channel: 'C2' });
  expect((await names(operator, 'restart_gateway')).refused?.code).toBe('refused');
});

test('what a channel is bound to is named to admins', async () => {
  expect((await names(await chats.link('operator', here), 'bind')).refused?.code).toBe('refused');
  expect((await names(await chats.link('admin', here), 'bind')).rows).toHaveLength(1);
});

test('no purpose is reading and no more', async () => {
  expect((await names(await chats.link('viewer', here), null)).rows).toHaveLength(1);
  const stranger = await chats.call('chat_read', here, { what: 'gateways', args: { for: null } });
  expect(stranger.refused?.code).toBe('refused');
});

test.each(['no_such_action', '', 42])('the unknown purpose %j is refused', async (purpose) => {
  expect((await names(await chats.link('viewer', here), purpose)).refused).toMatchObject({
    code: 'usage',
    field: 'for',
  });
});

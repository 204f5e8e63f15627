import { type ChatPlatform, chatPlatformNames, chatPlatforms } from '@hq/shared/chat';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { withConnection } from '../../src/connection.ts';
import { migrate } from '../../src/migrate.ts';
import { findPlatformDrift, syncPlatforms } from '../../src/platform-sync.ts';
import { verify } from '../../src/verify.ts';
import { type ChatFixture, openChatFixture } from '../../testing/chat.ts';
import { cloneDatabase, type TestDatabase } from '../../testing/database.ts';

let database: TestDatabase;
let chats: ChatFixture;
beforeAll(async () => {
  database = await cloneDatabase();
  chats = await openChatFixture(database);
});
afterAll(() => database.drop());

const skeleton: ChatPlatform = {
  name: 'skeleton',
  userScope: 'platform',
  direct: { field: 'channel', rule: 'starts with', value: 'dm-' },
  sharedAccounts: ['everybody'],
};

test('the table holds the list', async () => {
  expect(await database.query(`select name from hq.chat_platforms order by 1`)).toEqual(
    chatPlatformNames.toSorted().map((name) => ({ name })),
  );
  expect(await withConnection(database.url, findPlatformDrift)).toEqual([]);
});

test('a row that was changed by hand is reported, and put right by the next migrate', async () => {
  await database.query(`update hq.chat_platforms set direct_value = 'C' where name = 'slack'`);
  await database.query(
    `insert into hq.chat_platforms values ('unlisted', 'install', 'channel', 'equals', '', '{}')`,
  );
  expect(await verify(database.url)).toEqual([
    'the chat platform slack is different in the database',
    'the chat platform unlisted is extra in the database',
  ]);
  await migrate(database.url);
  expect(await verify(database.url)).toEqual([]);
});

describe('a platform that is one more entry of the list', () => {
  const account = { platform: 'skeleton', install: 'S1', user: 'ann', channel: 'dm-ann' };
  const delivery = (more: object = {}) => ({ ...chats.delivery({}), ...account, ...more });
  beforeAll(() =>
    withConnection(database.url, (client) => syncPlatforms(client, [...chatPlatforms, skeleton])),
  );

  test('is refused before it is in the table, naming those that are', async () => {
    expect(
      (await chats.request('chat_whoami', { chat: delivery({ platform: 'unknown' }) })).refused,
    ).toMatchObject({
      field: 'platform',
      message: `chat.platform must be one of ${[...chatPlatformNames, 'skeleton'].toSorted().join(', ')}`,
    });
  });

  test('links, acts, binds, subscribes and reports its heartbeat', async () => {
    const member = await database.addUser({ role: 'admin' });
    const { code } = await chats.request('issue_chat_code', {}, member);
    expect((await chats.request('chat_link', { chat: delivery(), code })).refused).toBeUndefined();
    // One id in all installs, so another install knows the account too.
    expect(await chats.request('chat_whoami', { chat: delivery({ install: 'S2' }) })).toMatchObject({
      linked: true,
      role: 'admin',
    });
    const { command } = await chats.request('chat_act', {
      chat: delivery(),
      action: 'create_task',
      payload: { title: 'From the skeleton' },
    });
    expect(command).toMatchObject({ origin: 'skeleton', status: 'done' });
    const channel = delivery({ channel: 'team', kind: 'group' });
    expect((await chats.request('chat_bind', { chat: channel, ceiling: 'viewer' })).refused).toBeUndefined();
    expect(
      (await chats.request('chat_subscribe', { chat: delivery({ channel: 'team', kind: 'group' }) })).refused
        ?.message,
    ).toContain('this channel allows viewer');
    expect((await chats.request('chat_subscribe', { chat: delivery() })).refused).toBeUndefined();
    expect(await chats.request('chat_list_subscriptions', { platform: 'skeleton' })).toHaveLength(1);
    const adapters = [
      { platform: 'skeleton', install: 'S1', fingerprint: 'f'.repeat(32), state: 'connected' },
    ];
    expect(await chats.request('chat_heartbeat', { holder: 'here', adapters })).toMatchObject({
      held: { skeleton: true },
    });
  });

  test('has its own rule for direct messages, and its shared accounts are nobody’s', async () => {
    expect(await chats.request('chat_whoami', { chat: delivery({ channel: 'not-direct' }) })).toMatchObject({
      role: null,
    });
    expect(
      (await chats.request('chat_refuse', { chat: delivery({ user: 'everybody' }) })).refused?.message,
    ).toBe('nobody is known behind an anonymous account');
  });

  test('cannot be taken out while its rows are there', async () => {
    await expect(migrate(database.url)).rejects.toMatchObject({
      code: 'conflict',
      message: 'a chat platform that this release does not know is still in use',
    });
  });
});

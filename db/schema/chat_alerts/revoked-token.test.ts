import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ChatFixture, openChatFixture } from '../../testing/chat.ts';
import { cloneDatabase, type TestDatabase } from '../../testing/database.ts';

let database: TestDatabase;
let chats: ChatFixture;

beforeAll(async () => {
  database = await cloneDatabase();
  chats = await openChatFixture(database);
});
afterAll(() => database.drop());

const beat = (state: string, detail: string | null = null) =>
  chats.request('chat_heartbeat', {
    holder: 'p1',
    adapters: [
      {
        platform: 'slack',
        install: 'T1',
        fingerprint: createHash('sha256').update('one').digest('hex'),
        state,
        detail,
        last_inbound_at: null,
        last_outbound_at: null,
      },
    ],
  });

const alerts = () =>
  database.query<{ body: string; resolved: boolean }>(
    `select body, resolved_at is not null as resolved from notifications where type = 'bot_disconnected'`,
  );

test('raises an alert for a revoked token with the next heartbeat, once, until it is accepted again', async () => {
  await beat('connected');
  await beat('reconnecting');
  expect(await alerts()).toEqual([]);
  await beat('revoked', 'Slack does not accept the bot token.');
  await beat('revoked', 'Slack does not accept the bot token.');
  expect(await alerts()).toEqual([{ body: 'Slack does not accept the bot token.', resolved: false }]);
  await beat('connected');
  expect(await alerts()).toEqual([{ body: 'Slack does not accept the bot token.', resolved: true }]);
});

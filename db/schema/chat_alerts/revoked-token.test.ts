import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ChatHouse, openChatHouse } from '../../testing/chat.ts';
import { cloneDatabase, type TestDatabase } from '../../testing/database.ts';

let database: TestDatabase;
let house: ChatHouse;

beforeAll(async () => {
  database = await cloneDatabase();
  house = await openChatHouse(database);
});
afterAll(() => database.drop());

const beat = (state: string, detail: string | null = null) =>
  house.tell('chat_heartbeat', {
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

test('tells of a refused token with the next beat, once, until it is accepted again', async () => {
  await beat('connected');
  await beat('reconnecting');
  expect(await alerts()).toEqual([]);
  await beat('revoked', 'Slack does not accept the bot token.');
  await beat('revoked', 'Slack does not accept the bot token.');
  expect(await alerts()).toEqual([{ body: 'Slack does not accept the bot token.', resolved: false }]);
  await beat('connected');
  expect(await alerts()).toEqual([{ body: 'Slack does not accept the bot token.', resolved: true }]);
});

import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Account, type ChatFixture, openChatFixture } from '../../testing/chat.ts';
import { cloneDatabase, nilTenant, type TestDatabase } from '../../testing/database.ts';

let database: TestDatabase;
let chats: ChatFixture;
let viewer: Account;
let gateway: string;

beforeAll(async () => {
  database = await cloneDatabase();
  chats = await openChatFixture(database);
  viewer = await chats.link('viewer');
  const [home] = await database.query<{ id: string }>(`select id from gateways where tenant_id = $1`, [
    nilTenant,
  ]);
  gateway = home?.id ?? '';
});
afterAll(() => database.drop());

const read = async (what: string, args: object = {}) =>
  (await chats.call('chat_read', viewer, { what, args })).rows;

test('usage is grouped by agent, the most expensive first, deleted agents included', async () => {
  const spend = (agent: string, run: string, usd: number) =>
    database.query(
      `insert into agent_usage (agent_id, run_id, provider, model, total_tokens, cost_total_usd, occurred_at)
       values ($1, $2, 'p', 'm', 10, $3, now())`,
      [agent, run, usd],
    );
  const [thrifty, dear, gone] = [
    await database.addAgent('thrifty', gateway),
    await database.addAgent('dear', gateway),
    await database.addAgent('gone', gateway),
  ];
  await spend(thrifty, 'r1', 1);
  await spend(dear, 'r1', 2);
  await spend(dear, 'r1', 2);
  await spend(dear, 'r2', 1);
  await spend(gone, 'r9', 3);
  await database.query(`delete from agents where id = $1`, [gone]);
  expect(await read('usage')).toMatchObject([
    { agent: 'dear', cost_usd: 5, runs: 2 },
    { agent: null, cost_usd: 3, runs: 1 },
    { agent: 'thrifty', cost_usd: 1, runs: 1 },
  ]);
  expect(await read('usage', { agent: 'thrifty' })).toMatchObject([
    { agent: 'thrifty', today_usd: 1, tokens: 10 },
  ]);
  expect(await read('usage', { limit: 1 })).toHaveLength(1);
});

test('a gateway has its waiting and its running commands', async () => {
  await database.query(`insert into agent_commands (action, gateway_id) values ('ping', $1), ('ping', $1)`, [
    gateway,
  ]);
  expect(await read('gateways')).toMatchObject([{ commands: { pending: 2, running: 0 }, agents: 2 }]);
  expect(await read('fleet')).toMatchObject([{ gateways: [{ slug: 'default' }], failed: 0 }]);
});

test('commands are found by each of what they are asked for', async () => {
  expect(await read('commands', { status: 'pending' })).toHaveLength(2);
  expect(await read('commands', { status: 'failed' })).toEqual([]);
  expect(await read('commands', { gateway: 'default', limit: 1 })).toHaveLength(1);
  expect(await read('commands', { agent: 'dear' })).toEqual([]);
});

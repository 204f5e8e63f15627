import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ChatFixture, openChatFixture } from '../../testing/chat.ts';
import { cloneDatabase, type TestDatabase } from '../../testing/database.ts';

/** A bot that lies about everything, in every shape that JSON has. */
let database: TestDatabase;
let chats: ChatFixture;
let admin: Awaited<ReturnType<ChatFixture['link']>>;

beforeAll(async () => {
  database = await cloneDatabase();
  chats = await openChatFixture(database);
  await chats.bind('C-low', 'viewer');
  admin = await chats.link('admin', { channel: 'C-low', kind: 'group' });
});
afterAll(() => database.drop());

const json = fc
  .jsonValue({ maxDepth: 2, stringUnit: 'binary' })
  .filter((value) => !JSON.stringify(value).includes('\\u'));
const chat = fc.oneof(
  json,
  fc.dictionary(
    fc.constantFrom(
      'platform',
      'install',
      'user',
      'channel',
      'thread',
      'kind',
      'delivery',
      'stranger',
      'ceiling',
      'member',
    ),
    json,
  ),
);
/** A text is JSON only with its quotes. */
const asJson = (value: unknown): unknown =>
  typeof value === 'object' && value !== null ? value : JSON.stringify(value);
const calls: readonly (readonly [
  string,
  (one: unknown, two: unknown) => Readonly<Record<string, unknown>>,
])[] = [
  ['chat_act', (one, two) => ({ action: JSON.stringify(one), payload: asJson(two) })],
  ['chat_act', (one) => ({ action: 'create_task', payload: asJson(one) })],
  ['chat_read', (one, two) => ({ what: JSON.stringify(one), args: asJson(two) })],
  [
    'chat_read',
    (one, two) => ({ what: 'tasks', args: { status: one, agent: two, limit: one, id: two, for: one } }),
  ],
  ['chat_confirm', (one, two) => ({ token: JSON.stringify(one), typed: JSON.stringify(two) })],
  ['chat_decline', (one) => ({ token: JSON.stringify(one) })],
  ['chat_press', (one) => ({ token: JSON.stringify(one) })],
  ['chat_bind', (one, two) => ({ ceiling: JSON.stringify(one), gateway: JSON.stringify(two) })],
  ['chat_subscribe', (one) => ({ filter: asJson(one) })],
  ['chat_link', (one) => ({ code: JSON.stringify(one) })],
  ['chat_whoami', () => ({})],
];
const state = () =>
  database.query(
    `select (select count(*) from agent_commands) as commands, (select count(*) from tasks) as tasks,
       (select jsonb_agg(to_jsonb(c) order by c.id) from chat_channels c) as channels,
       (select count(*) from chat_subscriptions) as subscriptions,
       (select count(*) from chat_identities where revoked_at is null) as links`,
  );

test('whatever a bot says of a delivery is answered, and moves nothing that nobody linked has asked for', async () => {
  const before = await state();
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...calls), chat, json, json, async ([name, args], who, one, two) => {
      await database.query('delete from hq.rate_counters');
      const answer = await chats.request(name, { chat: asJson(who), ...args(one, two) });
      expect(answer).toBeTypeOf('object');
      if (name !== 'chat_whoami') expect(answer.refused?.code).toMatch(/^(refused|usage|conflict)$/);
    }),
    { numRuns: 400 },
  );
  expect(await state()).toEqual(before);
});

test('whatever somebody who may everything asks for is answered', async () => {
  const boss = await chats.link('admin');
  const actions = await database.query<{ name: string }>('select name from hq.actions where served');
  const words = fc.constantFrom(
    'fleet',
    'agents',
    'agent',
    'commands',
    'command',
    'output',
    'tasks',
    'task',
    'usage',
    'alerts',
  );
  const fields = fc.constantFrom(
    'id',
    'status',
    'agent',
    'gateway',
    'lines',
    'limit',
    'for',
    'gateway_id',
    'agent_id',
  );
  const asked = fc.oneof(
    fc
      .tuple(words, fc.dictionary(fields, json))
      .map(([what, args]) => ['chat_read', { what, args }] as const),
    fc
      .tuple(fc.constantFrom(...actions.map(({ name }) => name)), json)
      .map(([action, payload]) => ['chat_act', { action, payload: asJson(payload) }] as const),
    json.map((filter) => ['chat_subscribe', { filter: asJson(filter) }] as const),
    fc
      .tuple(json, json)
      .map(
        ([one, two]) =>
          [
            'chat_bind',
            { ceiling: 'viewer', gateway: JSON.stringify(one), agent: JSON.stringify(two) },
          ] as const,
      ),
  );
  await fc.assert(
    fc.asyncProperty(asked, async ([name, args]) => {
      await database.query('delete from hq.rate_counters');
      expect(await chats.call(name, boss, args)).toBeTypeOf('object');
    }),
    { numRuns: 400 },
  );
});

test('rights in a delivery count for nothing', async () => {
  const claimed = {
    ...{
      ceiling: 'admin',
      role: 'admin',
      member_role: 'admin',
      is_direct: true,
      direct: true,
      member: admin.member.id,
    },
    ...{ channel_id: null, tenant: crypto.randomUUID(), identity: crypto.randomUUID(), stranger: null },
  };
  const before = await state();
  for (const who of [
    { ...admin, ...claimed },
    { ...admin, ...claimed, user: 'U-nobody', kind: 'direct', channel: 'D-nobody' },
  ]) {
    const { refused } = await chats.request('chat_act', {
      chat: { ...who, delivery: crypto.randomUUID() },
      action: 'create_task',
      payload: { title: 'claimed' },
    });
    expect(refused?.code).toBe('refused');
  }
  expect(await state()).toEqual(before);
});

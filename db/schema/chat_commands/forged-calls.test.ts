import { createHash, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ChatFixture, openChatFixture } from '../../testing/chat.ts';
import { cloneDatabase, nilTenant, type TestDatabase } from '../../testing/database.ts';
import { enqueue } from '../../testing/enqueue.ts';

/** Deliveries that a faulty or hostile adapter could send, and attacks of members on deliveries. */
let database: TestDatabase;
let chats: ChatFixture;

beforeAll(async () => {
  database = await cloneDatabase();
  chats = await openChatFixture(database);
});
afterAll(() => database.drop());

describe('a direct message', () => {
  test('is none where the channel is bound: its ceiling counts, whatever the adapter calls it', async () => {
    await chats.bind('D-bound', 'viewer');
    const admin = await chats.link('admin', { channel: 'D-bound' });
    const who = await chats.call('chat_whoami', admin);
    expect(who.role).toBe('viewer');
    const { refused } = await chats.call('chat_act', admin, {
      action: 'create_task',
      payload: { title: 'x' },
    });
    expect(refused?.code).toBe('refused');
  });

  test.each([
    ['slack', { channel: 'C0GROUP' }],
    ['slack', { channel: 'G0GROUP' }],
    ['discord', { install: '81384788765712384', channel: '41771983423143937' }],
    ['telegram', { install: '110201543', channel: '-1001234567890' }],
    ['telegram', { install: '110201543', channel: '42', user: '43' }],
  ] as const)('of %s is none in %j', async (platform, place) => {
    const admin = await chats.link('admin', { platform, ...place });
    expect((await chats.call('chat_whoami', admin)).role).toBeNull();
    const { refused } = await chats.call('chat_read', admin, { what: 'fleet' });
    expect(refused?.message).toBe('this channel is bound to nothing');
  });

  test.each([
    ['slack', { channel: 'D024BE91L' }],
    ['discord', { install: '@me', channel: '41771983423143938' }],
    ['telegram', { install: '110201543', channel: '44', user: '44' }],
  ] as const)('of %s is one in %j', async (platform, place) => {
    const admin = await chats.link('admin', { platform, ...place });
    expect((await chats.call('chat_whoami', admin)).role).toBe('admin');
  });
});

describe('the key that keeps a delivery from being obeyed twice', () => {
  const keyOf = (...parts: string[]) => `chat:${createHash('sha256').update(parts.join(':')).digest('hex')}`;

  test('cannot be taken beforehand by a member who knows what comes next', async () => {
    const member = await database.addUser({ role: 'operator' });
    const taken = [keyOf('slack', 'T1', 'next'), `chat:confirm:${randomUUID()}`, 'chat:'];
    for (const key of taken) {
      const { refused } = await enqueue(database, member, 'ping', { key });
      expect(refused, key).toMatchObject({ code: 'refused', field: 'idempotency_key' });
    }
    const operator = await chats.link('operator');
    const { command } = await chats.call(
      'chat_act',
      { ...operator, delivery: 'next' },
      { action: 'create_task', payload: { title: 'mine' } },
    );
    expect(command?.status).toBe('done');
  });

  test('is another one for another install, however the ids are cut', async () => {
    const one = await chats.link('operator', { install: 'T1:a' });
    const other = await chats.link('operator', { install: 'T1' });
    const act = { action: 'create_task', payload: { title: 'the same' } };
    const first = await chats.call('chat_act', { ...one, delivery: 'b' }, act);
    const second = await chats.call('chat_act', { ...other, delivery: 'a:b' }, act);
    expect(first.command?.id).toBeTypeOf('string');
    expect(second.created).toBe(true);
    expect(second.command?.id).not.toBe(first.command?.id);
  });
});

describe('the log of refusals', () => {
  test('still records the refusals of a linked account after a crowd of strangers', async () => {
    const viewer = await chats.link('viewer');
    await database.query(`delete from hq.rate_counters`);
    const nobody = (n: number) => chats.call('chat_read', { user: `U-crowd-${n}` }, { what: 'fleet' });
    for (let round = 0; round < 201; round += 20) {
      await Promise.all(Array.from({ length: 20 }, (_, n) => nobody(round + n)));
    }
    const before = await refusalsOf(viewer.user);
    const { refused } = await chats.call('chat_act', viewer, {
      action: 'create_task',
      payload: { title: 'x' },
    });
    expect(refused?.code).toBe('refused');
    expect(await refusalsOf(viewer.user)).toBe(before + 1);
  }, 60_000);

  const refusalsOf = async (user: string) =>
    Number(
      (
        await database.query<{ n: string }>(
          `select count(*) as n from audit_log where action = 'chat.refused' and meta ->> 'user' = $1`,
          [user],
        )
      )[0]?.n,
    );
});

describe('what takes two people', () => {
  test('is not agreed to in a direct message, where nobody else sees it', async () => {
    await database.query(
      `insert into workspace (tenant_id, settings) values ($1, '{"chat": {"second_person": ["disruptive"]}}')`,
      [nilTenant],
    );
    await chats.bind('D-was-bound', 'operator');
    const asker = await chats.link('operator', { channel: 'D-was-bound', kind: 'group' });
    const other = await chats.link('operator', { channel: 'D-was-bound', kind: 'group' });
    const { confirm } = await chats.call('chat_act', asker, { action: 'restart_gateway' });
    expect(confirm?.kind).toBe('second');
    await database.query(`delete from chat_channels where channel = 'D-was-bound'`);
    const { refused } = await chats.call(
      'chat_confirm',
      { ...other, kind: 'direct' },
      { token: confirm?.token },
    );
    expect(refused?.code).toBe('refused');
  });
});

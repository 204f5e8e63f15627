import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Account, type Chat, type ChatFixture, openChatFixture } from '../../testing/chat.ts';
import { type Caller, cloneDatabase, type TestDatabase } from '../../testing/database.ts';

let database: TestDatabase;
let chats: ChatFixture;
let callers: Record<string, { chat: Partial<Chat>; by?: Caller }>;
let token: string;
let command: string;

/** Every function that carries somebody’s word, with what it needs, and the least role that may call it there. */
const surfaces: Readonly<Record<string, { args?: () => object; least: 'viewer' | 'operator' | 'admin' }>> = {
  chat_act: { args: () => ({ action: 'create_task', payload: { title: 'x' } }), least: 'operator' },
  chat_confirm: { args: () => ({ token }), least: 'operator' },
  chat_decline: { args: () => ({ token }), least: 'operator' },
  chat_cancel: { args: () => ({ command_id: command }), least: 'operator' },
  chat_read: { args: () => ({ what: 'fleet' }), least: 'viewer' },
  chat_press: { args: () => ({ token: 'v1:no-such-button-at-all-1' }), least: 'viewer' },
  chat_bind: { args: () => ({ ceiling: 'viewer' }), least: 'admin' },
  chat_unbind: { least: 'admin' },
  chat_unlink: { least: 'viewer' },
};

beforeAll(async () => {
  database = await cloneDatabase();
  chats = await openChatFixture(database);
  const otherTenant = await database.addTenant('other');
  const theirs = await openChatFixture(database, otherTenant.id);
  await chats.bind('C-high', 'admin');
  await chats.bind('C-low', 'viewer');
  const group = (account: Account, channel: string): Partial<Chat> => ({
    ...account,
    channel,
    kind: 'group',
  });

  const asker = await chats.link('operator');
  const { confirm } = await chats.call('chat_act', group(asker, 'C-high'), { action: 'restart_gateway' });
  const { command: pinged } = await chats.call('chat_act', group(asker, 'C-high'), { action: 'ping' });
  token = confirm?.token ?? '';
  command = pinged?.id ?? '';

  const viewer = await chats.link('viewer');
  const operator = await chats.link('operator');
  const revoked = await chats.link('admin');
  await chats.call('chat_unlink', revoked);
  const removed = await chats.link('admin');
  await database.query(`delete from tenant_members where user_id = $1`, [removed.member.id]);
  const foreign = await theirs.link('admin');
  const boss = await chats.link('admin');
  callers = {
    unlinked: { chat: { user: 'U-nobody', channel: 'C-high', kind: 'group' } },
    'unlinked in a direct message': { chat: { user: 'U-nobody' } },
    revoked: { chat: group(revoked, 'C-high') },
    'no member any more': { chat: group(removed, 'C-high') },
    'of another tenant': { chat: group(foreign, 'C-high') },
    'of a foreign workspace': { chat: { ...group(boss, 'C-high'), install: 'T-foreign' } },
    'a bot': { chat: { ...group(boss, 'C-high'), stranger: 'bot' } },
    'an admin in a channel that is not bound': { chat: group(boss, 'C-unbound') },
    'through no bot': { chat: group(boss, 'C-high'), by: boss.member },
    'through another tenant’s bot': { chat: group(boss, 'C-high'), by: theirs.bot },
    'through nobody': { chat: group(boss, 'C-high'), by: await database.addUser({ role: null }) },
    viewer: { chat: group(viewer, 'C-high') },
    'operator under a viewer’s ceiling': { chat: group(operator, 'C-low') },
  };
});
afterAll(() => database.drop());

const refusals = async () =>
  Number(
    (
      await database.query<{ n: string }>(`select count(*) as n from audit_log where action = 'chat.refused'`)
    )[0]?.n,
  );
const nothingChanged = () =>
  database.query(
    `select (select count(*) from agent_commands) as commands, (select count(*) from tasks) as tasks,
       (select count(*) from chat_channels) as channels, (select count(*) from chat_identities where revoked_at is null) as links,
       (select count(*) from chat_confirmations where decided_at is not null) as decided`,
  );

/** Callers without any right here; the last two have what their role allows. */
const strangers = [
  ...['unlinked', 'unlinked in a direct message', 'revoked', 'no member any more', 'of another tenant'],
  ...['of a foreign workspace', 'a bot', 'through no bot', 'through another tenant’s bot', 'through nobody'],
];

describe.each(Object.entries(surfaces))('%s', (name, { args }) => {
  test.each(strangers)('is refused to somebody who is %s, and that is written down', async (who) => {
    const caller = callers[who];
    // Each test has its own minute of strangers.
    await database.query(`delete from hq.rate_counters`);
    const [before, written] = [await nothingChanged(), await refusals()];
    const { refused } = await chats.call(name, caller?.chat ?? {}, { ...args?.() }, caller?.by);
    expect(refused?.code).toMatch(/^(refused|unauthenticated)$/);
    expect(await nothingChanged()).toEqual(before);
    expect(await refusals()).toBe(written + 1);
  });
});

describe.each(Object.entries(surfaces).filter(([, { least }]) => least !== 'viewer'))(
  '%s',
  (name, { args }) => {
    test('is refused to a viewer, and where the channel allows no more', async () => {
      for (const who of ['viewer', 'operator under a viewer’s ceiling']) {
        await database.query(`delete from hq.rate_counters`);
        const [before, written] = [await nothingChanged(), await refusals()];
        const { refused } = await chats.call(name, callers[who]?.chat ?? {}, { ...args?.() });
        expect(refused?.code, who).toBe('refused');
        expect(await nothingChanged()).toEqual(before);
        expect(await refusals()).toBe(written + 1);
      }
    });
  },
);

// An admin binds a channel, and anybody takes their link back, wherever they are.
describe.each(Object.entries(surfaces).filter(([name]) => !['chat_bind', 'chat_unlink'].includes(name)))(
  '%s',
  (name, { args }) => {
    test('is refused in a channel that is not bound, to an admin too', async () => {
      const { refused } = await chats.call(
        name,
        callers['an admin in a channel that is not bound']?.chat ?? {},
        {
          ...args?.(),
        },
      );
      expect(refused).toMatchObject({ code: 'refused', message: 'this channel is bound to nothing' });
    });
  },
);

describe('what a bot keeps and asks for itself', () => {
  test.each([
    ['chat_save_buttons', { rows: [] }],
    ['chat_save_card', { card: {} }],
    ['chat_open_cards', { platform: 'slack' }],
  ])('%s is for bots alone', async (name, args) => {
    expect((await chats.request(name, args)).refused).toBeUndefined();
    const written = await refusals();
    const admin = await database.addUser({ role: 'admin' });
    expect((await chats.request(name, args, admin)).refused).toMatchObject({
      code: 'refused',
      hint: expect.stringContaining('--bot'),
    });
    expect(await refusals()).toBe(written + 1);
  });

  test('a bot that was put out is one no longer', async () => {
    const doomed = await openChatFixture(database);
    await database.query(`delete from tenant_members where user_id = $1`, [doomed.bot.id]);
    expect((await doomed.call('chat_whoami', {})).refused?.code).toBe('refused');
  });

  test('a bot asks for nothing in its own name that a viewer may not', async () => {
    const answer = await chats.request('enqueue_command', { action: 'restart_gateway' });
    expect(answer.refused?.code).toBe('refused');
  });
});

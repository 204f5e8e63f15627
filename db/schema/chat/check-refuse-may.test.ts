import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ChatFixture, openChatFixture } from '../../testing/chat.ts';
import { type Caller, cloneDatabase, nilTenant, service, type TestDatabase } from '../../testing/database.ts';

let database: TestDatabase;
let chats: ChatFixture;
beforeAll(async () => {
  database = await cloneDatabase();
  chats = await openChatFixture(database);
});
afterAll(() => database.drop());

const lines = () =>
  database.query<{ summary: string; meta: Record<string, unknown> }>(
    `select summary, meta from audit_log where action = 'chat.refused' order by created_at`,
  );
const newest = async () => (await lines()).at(-1);

describe('chat_check', () => {
  test('names the bot and its tenant', async () => {
    expect(await chats.request('chat_check')).toEqual({ tenant_id: nilTenant, user_id: chats.bot.id });
  });

  test('refuses who is no bot of the tenant, with a line in the audit log', async () => {
    const admin = await database.addUser({ role: 'admin' });
    expect((await chats.request('chat_check', {}, admin)).refused).toMatchObject({
      code: 'refused',
      message: 'this account is no chat bot of this tenant',
    });
    expect(await newest()).toMatchObject({ meta: { what: 'check', user: admin.id } });
    expect((await chats.request('chat_check', {}, service)).refused?.code).toBe('unauthenticated');
  });

  test('refuses a bot that was taken out', async () => {
    const other = await database.addTenant('elsewhere');
    const { bot, request } = await openChatFixture(database, other.id);
    expect((await request('chat_check')).user_id).toBe(bot.id);
    await database.query(`delete from chat_bots where user_id = $1`, [bot.id]);
    expect((await request('chat_check')).refused?.code).toBe('refused');
  });
});

describe('chat_refuse', () => {
  test.each(['bot', 'anonymous', 'outsider'] as const)(
    'refuses a stranger (%s) and audits the account',
    async (stranger) => {
      const user = `U-${stranger}`;
      expect((await chats.call('chat_refuse', { user, stranger })).refused).toMatchObject({
        code: 'refused',
        hint: 'Send it under your own name.',
      });
      expect(await newest()).toMatchObject({ meta: { what: 'refuse', user, stranger, code: 'refused' } });
    },
  );

  test('refuses an account that is linked to nobody', async () => {
    expect((await chats.call('chat_refuse', { user: 'U-unlinked' })).refused?.message).toBe(
      'this account is linked to nobody',
    );
    expect(await newest()).toMatchObject({ meta: { user: 'U-unlinked' } });
  });

  test('has nothing to refuse for a linked account, and audits nothing', async () => {
    const person = await chats.link('viewer');
    const before = (await lines()).length;
    expect((await chats.call('chat_refuse', person)).refused).toMatchObject({ code: 'usage', field: 'user' });
    expect(await lines()).toHaveLength(before);
  });

  test('keeps no delivery of a stranger', async () => {
    await chats.call('chat_refuse', { user: 'U-flood', stranger: 'bot', delivery: 'flood-1' });
    expect(await database.query(`select 1 from chat_deliveries where delivery = 'flood-1'`)).toEqual([]);
  });
});

describe('chat_may', () => {
  const may = (chat: object, what: string | null = null, by?: Caller) =>
    chats.call('chat_may', chat, { for: what }, by);

  test('allows what the role allows, for an action, a binding and reading', async () => {
    const viewer = await chats.link('viewer');
    const operator = await chats.link('operator');
    expect(await may(viewer)).toEqual({ may: true });
    expect(await may(operator, 'restart_gateway')).toEqual({ may: true });
    expect((await may(viewer, 'restart_gateway')).refused).toMatchObject({
      code: 'refused',
      message: 'restart_gateway needs the role operator; yours is viewer',
    });
    expect(await newest()).toMatchObject({ meta: { what: 'may', user: viewer.user } });
  });

  test.each(['no_such_action', ''])('allows nothing for %j, which is no action', async (what) => {
    const admin = await chats.link('admin');
    expect((await may(admin, what)).refused).toMatchObject({ code: 'usage', field: 'for' });
  });

  test('counts a channel’s ceiling, and refuses in one that is not bound', async () => {
    const admin = await chats.link('admin');
    await chats.bind('C-low', 'viewer');
    const here = { ...admin, channel: 'C-low', kind: 'group' };
    expect(await may(here)).toEqual({ may: true });
    expect((await may(here, 'restart_gateway')).refused?.message).toContain(
      'this channel allows viewer and below',
    );
    expect((await may({ ...here, channel: 'C-unbound' })).refused?.message).toBe(
      'this channel is bound to nothing',
    );
    expect(await may(here, 'bind')).toEqual({ may: true });
  });

  test('refuses strangers, unlinked accounts and callers that are no bot', async () => {
    expect((await may({ user: 'U-nobody' })).refused?.code).toBe('refused');
    expect((await may({ user: 'U-nobody', stranger: 'outsider' })).refused?.code).toBe('refused');
    const admin = await database.addUser({ role: 'admin' });
    expect((await may({ user: 'U-nobody' }, null, admin)).refused?.code).toBe('refused');
  });

  test('has no effect, so that the same delivery asks as often as it likes', async () => {
    const viewer = await chats.link('viewer');
    const chat = chats.delivery(viewer);
    expect(await may(chat)).toEqual({ may: true });
    expect((await may(chat, 'restart_gateway')).refused?.code).toBe('refused');
    expect(
      await database.query(`select 1 from chat_deliveries where delivery = $1`, [chat.delivery]),
    ).toEqual([]);
  });
});

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ChatFixture, openChatFixture } from '../../testing/chat.ts';
import { type Caller, cloneDatabase, nilTenant, type TestDatabase } from '../../testing/database.ts';

let database: TestDatabase;
let chats: ChatFixture;
let admin: Caller & { id: string };
let operator: Caller & { id: string };
let other: { id: string; gateway: string };
beforeAll(async () => {
  database = await cloneDatabase();
  other = await database.addTenant('other');
  chats = await openChatFixture(database);
  admin = await database.addUser({ role: 'admin', email: 'admin@example.test' });
  operator = await database.addUser({ role: 'operator', email: 'op@example.test' });
});
afterAll(() => database.drop());

const codeOf = async (member: Caller): Promise<string> => {
  const { code } = await chats.request('issue_chat_code', {}, member);
  if (typeof code !== 'string') throw new Error('no code');
  return code;
};
const lines = (action: string) =>
  database.query<{ actor_user_id: string; summary: string; meta: Record<string, unknown> }>(
    `select actor_user_id, summary, meta from audit_log where action = $1 order by created_at`,
    [action],
  );

describe('a code', () => {
  test('is long enough not to be guessed, fits where a phone pastes it, and is kept as a hash alone', async () => {
    const code = await codeOf(operator);
    expect(code).toMatch(/^[A-Za-z0-9_-]{20,64}$/);
    expect(code).not.toBe(await codeOf(operator));
    expect(
      await database.query(`select 1 from chat_link_codes c where to_jsonb(c)::text like '%' || $1 || '%'`, [
        code,
      ]),
    ).toEqual([]);
  });

  test('links an account once', async () => {
    const code = await codeOf(operator);
    const first = await chats.call('chat_link', { user: 'U-once' }, { code });
    expect(first).toEqual({ member: { email: 'op@example.test', role: 'operator' } });
    expect((await chats.call('chat_link', { user: 'U-twice' }, { code })).refused).toMatchObject({
      code: 'usage',
      message: 'this code does not work',
    });
    expect((await lines('chat.linked')).at(-1)).toMatchObject({
      actor_user_id: operator.id,
      summary: 'op@example.test linked on slack',
      meta: { platform: 'slack', install: 'T1', user: 'U-once', channel: 'D0' },
    });
  });

  test('that two accounts send at once links one', async () => {
    const code = await codeOf(operator);
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, n) => chats.call('chat_link', { user: `U-race-${n}` }, { code })),
    );
    expect(answers.filter(({ refused }) => refused === undefined)).toHaveLength(1);
  });

  test.each([
    ['an unlinked account', { user: 'U-public' }],
    ['a stranger', { user: 'U-anonymous', stranger: 'anonymous' }],
  ] as const)('that %s sends outside of a direct message is refused and void', async (_who, sender) => {
    const code = await codeOf(operator);
    const posted = { ...sender, kind: 'group', channel: 'C-public' } as const;
    const { refused } = await chats.call('chat_link', posted, { code });
    expect(refused?.code).toBe('refused');
    // A wrong code gets the same answer.
    expect((await chats.call('chat_link', posted, { code: 'hq_wrong' })).refused).toEqual(refused);
    expect((await chats.call('chat_link', { user: 'U-reader' }, { code })).refused).toMatchObject({
      code: 'usage',
      message: 'this code does not work',
    });
  });

  test('is void outside of a direct message after too many attempts, too', async () => {
    const code = await codeOf(operator);
    for (let attempt = 0; attempt < 6; attempt += 1) {
      await chats.call('chat_link', { user: 'U-too-many' }, { code: `hq_wrong_${attempt}` });
    }
    await chats.call('chat_link', { user: 'U-too-many', kind: 'group', channel: 'C-public' }, { code });
    expect((await chats.call('chat_link', { user: 'U-reader' }, { code })).refused?.code).toBe('usage');
  });

  test('runs out after ten minutes', async () => {
    const code = await codeOf(operator);
    await database.query(`update chat_link_codes set expires_at = now()`);
    expect((await chats.call('chat_link', { user: 'U-late' }, { code })).refused?.code).toBe('usage');
  });

  test('a member has three of them open: the fourth ends the oldest', async () => {
    const codes = [];
    for (let n = 0; n < 4; n += 1) codes.push(await codeOf(admin));
    const answers = [];
    for (const [n, code] of codes.entries()) {
      answers.push(await chats.call('chat_link', { user: `U-four-${n}` }, { code }));
    }
    expect(answers.map(({ refused }) => refused === undefined)).toEqual([false, true, true, true]);
  });

  test('is not guessed: after five tries an account waits, with the right one too', async () => {
    for (let n = 0; n < 5; n += 1) {
      const { refused } = await chats.call('chat_link', { user: 'U-guess' }, { code: `hq_${n}` });
      expect(refused?.message).toBe('this code does not work');
    }
    const { refused } = await chats.call('chat_link', { user: 'U-guess' }, { code: await codeOf(operator) });
    expect(refused).toMatchObject({ code: 'refused', hint: 'Wait ten minutes.' });
  });

  test('is for members: a stranger and a bot get none', async () => {
    const stranger = await database.addUser({ role: null });
    expect((await chats.request('issue_chat_code', {}, stranger)).refused?.code).toBe('refused');
    expect((await chats.request('issue_chat_code')).refused?.code).toBe('refused');
  });

  test('of another tenant links nothing here', async () => {
    const foreigner = await database.addUser({ role: 'admin', tenant: other.id });
    const { refused } = await chats.call('chat_link', { user: 'U-f' }, { code: await codeOf(foreigner) });
    expect(refused?.code).toBe('usage');
  });

  test.each(['1087968824', '136817688', '777000'])(
    'does not link Telegram’s anonymous account %s',
    async (user) => {
      const chat = { platform: 'telegram', install: '1', user } as const;
      expect((await chats.call('chat_link', chat, { code: await codeOf(operator) })).refused?.code).toBe(
        'refused',
      );
    },
  );
});

describe('an account', () => {
  test('belongs to one member of one tenant, and a member may have several', async () => {
    const one = await chats.link('viewer');
    expect((await chats.call('chat_link', one, { code: await codeOf(operator) })).refused?.code).toBe(
      'conflict',
    );
    const theirs = await openChatFixture(database, other.id);
    const foreigner = await database.addUser({ role: 'admin', tenant: other.id });
    const { code } = await chats.request('issue_chat_code', {}, foreigner);
    expect((await theirs.call('chat_link', one, { code })).refused).toMatchObject({
      code: 'conflict',
      message: 'this account is linked in another HQ',
    });
    for (const user of ['U-a', 'U-b']) {
      expect(
        (await chats.call('chat_link', { user }, { code: await codeOf(admin) })).refused,
      ).toBeUndefined();
    }
  });

  test('of Discord is the same in every server and in direct messages', async () => {
    const { member: _member, ...chat } = await chats.link('operator', {
      platform: 'discord',
      install: '@me',
    });
    expect(await chats.call('chat_whoami', { ...chat, install: 'G1', kind: 'group' })).toMatchObject({
      linked: true,
      channel: { bound: false },
      role: null,
      actions: [],
    });
  });

  test('of Slack is one of its team: the same id in another team is a stranger', async () => {
    const one = await chats.link('admin');
    expect(await chats.call('chat_whoami', { ...one, install: 'T-foreign' })).toMatchObject({
      linked: false,
      member: null,
      role: null,
      actions: [],
      tenant: null,
    });
  });

  test('that was unlinked is a stranger at once, and may be linked again', async () => {
    const one = await chats.link('operator');
    expect((await chats.call('chat_unlink', one)).member).toMatchObject({ role: 'operator' });
    expect((await chats.call('chat_whoami', one)).linked).toBe(false);
    expect((await chats.call('chat_unlink', one)).refused?.code).toBe('refused');
    const again = await chats.call('chat_link', one, { code: await codeOf(one.member) });
    expect(again.refused).toBeUndefined();
    expect((await chats.call('chat_whoami', one)).linked).toBe(true);
  });

  test('is revoked by its member or by an admin, and by nobody else', async () => {
    const one = await chats.link('viewer');
    const [row] = await database.query<{ id: string }>(
      `select id from chat_identities where chat_user = $1`,
      [one.user],
    );
    const revoke = (by: Caller) => chats.request('revoke_chat_identity', { id: row?.id }, by);
    const foreigner = await database.addUser({ role: 'admin', tenant: other.id });
    expect((await revoke(operator)).refused?.code).toBe('refused');
    expect((await revoke(foreigner)).refused?.code).toBe('not_found');
    expect((await chats.call('chat_whoami', one)).linked).toBe(true);
    expect(await revoke(admin)).toMatchObject({ identity: { revoked_by: admin.id } });
    expect((await chats.call('chat_whoami', one)).linked).toBe(false);
    const own = await chats.link('viewer');
    const [mine] = await database.query<{ id: string }>(
      `select id from chat_identities where chat_user = $1`,
      [own.user],
    );
    expect(
      (await chats.request('revoke_chat_identity', { id: mine?.id }, own.member)).refused,
    ).toBeUndefined();
    expect((await lines('chat.revoked')).map(({ actor_user_id: who }) => who)).toEqual([
      admin.id,
      own.member.id,
    ]);
  });

  test('loses everything with its member’s membership', async () => {
    const one = await chats.link('operator');
    await database.query(`delete from tenant_members where user_id = $1`, [one.member.id]);
    expect((await chats.call('chat_whoami', one)).linked).toBe(false);
    await database.query(`insert into tenant_members (user_id, role) values ($1, 'operator')`, [
      one.member.id,
    ]);
    expect((await chats.call('chat_whoami', one)).linked).toBe(false);
  });
});

describe('whoami', () => {
  test('returns the role that counts here, and its actions', async () => {
    const one = await chats.link('operator');
    const direct = await chats.call('chat_whoami', one);
    expect(direct).toMatchObject({ linked: true, role: 'operator', tenant: 'Default' });
    expect(direct.actions).toContain('restart_gateway');
    expect(direct.actions).not.toContain('set_budget');
    await chats.bind('C-low', 'viewer');
    const here = await chats.call('chat_whoami', { ...one, channel: 'C-low', kind: 'group' });
    expect(here).toMatchObject({ channel: { bound: true, ceiling: 'viewer' }, role: 'viewer' });
    expect(here.actions).toContain('stack_status');
    expect(here.actions).not.toContain('restart_gateway');
  });

  test('follows a member who is promoted or demoted', async () => {
    const one = await chats.link('viewer');
    await database.query(`update tenant_members set role = 'admin' where user_id = $1`, [one.member.id]);
    expect((await chats.call('chat_whoami', one)).role).toBe('admin');
    await database.query(`update tenant_members set role = 'viewer' where user_id = $1`, [one.member.id]);
    expect((await chats.call('chat_whoami', one)).role).toBe('viewer');
  });
});

describe('a channel', () => {
  const here = { channel: 'C-bound', kind: 'group' } as const;

  test('is bound by an admin, with what it is about, and again when that changes', async () => {
    const boss = await chats.link('admin');
    const gateway = await database.addGateway('bound');
    await database.addAgent('channel-agent', gateway);
    expect(
      await chats.call('chat_bind', { ...boss, ...here }, { ceiling: 'operator', agent: 'channel-agent' }),
    ).toMatchObject({
      channel: { bound: true, ceiling: 'operator', gateway: 'bound', agent: 'channel-agent' },
    });
    expect(
      await chats.call('chat_bind', { ...boss, ...here }, { ceiling: 'viewer', gateway: 'bound' }),
    ).toMatchObject({ channel: { ceiling: 'viewer', gateway: 'bound', agent: null } });
    expect(await database.query(`select 1 from chat_channels where channel = 'C-bound'`)).toHaveLength(1);
    expect((await lines('chat.bound')).at(-1)).toMatchObject({ actor_user_id: boss.member.id });
  });

  test('is not bound by anybody else, in a direct message, or to what is not there', async () => {
    const boss = await chats.link('admin');
    const someone = await chats.link('operator');
    expect((await chats.call('chat_bind', { ...someone, ...here })).refused?.code).toBe('refused');
    expect((await chats.call('chat_bind', boss)).refused?.code).toBe('usage');
    const bind = (args: object) => chats.call('chat_bind', { ...boss, ...here }, { ...args });
    expect((await bind({ ceiling: 'king' })).refused?.field).toBe('ceiling');
    expect((await bind({ gateway: 'nowhere' })).refused?.code).toBe('not_found');
    expect((await bind({ agent: 'nobody' })).refused?.code).toBe('not_found');
    await database.addGateway('elsewhere');
    expect((await bind({ gateway: 'elsewhere', agent: 'channel-agent' })).refused?.field).toBe('agent');
  });

  test('that is unbound allows nothing any more', async () => {
    const boss = await chats.link('admin');
    const chat = { ...boss, channel: 'C-gone', kind: 'group' } as const;
    expect((await chats.call('chat_unbind', chat)).refused?.message).toBe('this channel is bound to nothing');
    await chats.call('chat_bind', chat, { ceiling: 'admin' });
    expect(await chats.call('chat_unbind', chat)).toMatchObject({ channel: { bound: false } });
    expect(await chats.call('chat_whoami', chat)).toMatchObject({ role: null, actions: [] });
  });
});

describe('a delivery', () => {
  test('that comes twenty times at once is obeyed once and answered alike', async () => {
    const code = await codeOf(operator);
    const chat = chats.delivery({ user: 'U-many' });
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => chats.call('chat_link', chat, { code })),
    );
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    expect(answers[0]?.refused).toBeUndefined();
  });

  test('of somebody who unlinked by it is answered the same when it comes again', async () => {
    const one = await chats.link('viewer');
    const chat = chats.delivery(one);
    const answers = [await chats.call('chat_unlink', chat), await chats.call('chat_unlink', chat)];
    expect(answers[0]?.refused).toBeUndefined();
    expect(answers[1]).toEqual(answers[0]);
  });

  test('is not used for something else', async () => {
    const chat = chats.delivery({ user: 'U-other' });
    await chats.call('chat_link', chat, { code: 'hq_one' });
    expect((await chats.call('chat_link', chat, { code: 'hq_two' })).refused).toMatchObject({
      code: 'conflict',
      field: 'delivery',
    });
  });

  test.each([
    ['platform', { platform: 'irc' }],
    ['kind', { kind: 'crowd' }],
    ['thread', { thread: 7 }],
    ['stranger', { stranger: 'unknown' }],
    ['user', { user: '' }],
    ['delivery', { delivery: 'x'.repeat(201) }],
  ])('with a malformed %s is refused by its name', async (field, wrong) => {
    const chat = { ...chats.delivery({}), ...wrong };
    expect((await chats.request('chat_whoami', { chat })).refused).toMatchObject({ code: 'usage', field });
  });
});

describe('strangers', () => {
  test('leave nothing behind but the codes that they tried', async () => {
    await database.query(`delete from chat_deliveries`);
    for (let n = 0; n < 8; n += 1) {
      await chats.call('chat_unlink', { user: 'U-idle' });
      await chats.call('chat_link', { user: 'U-idle' }, { code: `hq_${n}` });
    }
    expect(await database.query(`select 1 from chat_deliveries`)).toHaveLength(5);
  });

  test('cannot fill the log', async () => {
    const count = async () => (await lines('chat.refused')).length;
    const before = await count();
    for (let n = 0; n < 25; n += 1) await chats.call('chat_unlink', { user: 'U-flood' });
    const written = (await count()) - before;
    // The minute may turn while they come.
    expect(written).toBeGreaterThanOrEqual(10);
    expect(written).toBeLessThanOrEqual(20);
  });

  test('are written down with their account', async () => {
    await chats.call('chat_unlink', { user: 'U-named', channel: 'C9' });
    expect((await lines('chat.refused')).at(-1)).toMatchObject({
      summary: 'unlink refused: this account is linked to nobody',
      meta: {
        platform: 'slack',
        install: 'T1',
        user: 'U-named',
        channel: 'C9',
        what: 'unlink',
        code: 'refused',
      },
    });
  });
});

test('what is done for somebody leaves the bot what it was', async () => {
  const boss = await chats.link('admin');
  const [row] = await database.as<{ role: string; who: string }>(
    chats.bot,
    `select chat_whoami($1) is not null as asked, chat_unbind($1) is not null as refused, member_role_of_caller() as role, auth.uid() as who`,
    [JSON.stringify(chats.delivery(boss))],
  );
  expect(row).toMatchObject({ role: 'viewer', who: chats.bot.id });
});

test('a tenant’s rows of chat go with it', async () => {
  const doomed = await database.addTenant('doomed');
  const theirs = await openChatFixture(database, doomed.id);
  await theirs.link('admin', { user: 'U-doomed' });
  await database.query(`delete from tenants where id = $1`, [doomed.id]);
  expect(
    await database.query(`select 1 from chat_identities where tenant_id <> $1 and tenant_id <> $2`, [
      nilTenant,
      other.id,
    ]),
  ).toEqual([]);
});

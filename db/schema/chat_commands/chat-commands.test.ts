import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type Account,
  type Chat,
  type ChatAnswer,
  type ChatFixture,
  openChatFixture,
} from '../../testing/chat.ts';
import { cloneDatabase, nilTenant, type TestDatabase } from '../../testing/database.ts';
import { claimOne, exchange } from '../../testing/exchange.ts';

let database: TestDatabase;
let chats: ChatFixture;
let operator: Account;
let admin: Account;
let gateway: string;
beforeAll(async () => {
  database = await cloneDatabase();
  chats = await openChatFixture(database);
  await database.query(`delete from gateways where slug = 'default' and tenant_id = $1`, [nilTenant]);
  gateway = await database.addGateway('main-host');
  await database.addAgent('scribe', gateway);
  await database.addAgent('other', gateway);
  operator = await chats.link('operator');
  admin = await chats.link('admin');
  await chats.bind('C-op', 'operator');
  // No action of the catalogue is destructive yet; the database asks by its policy row, whoever wrote that.
  await database.query(
    `insert into hq.actions (name, title, target, executor, danger, role, lane, retry, max_attempts, timeout_seconds, while_paused,
       payload_schema, served)
     values ('wipe_agent', 'Wipe an agent', 'agent', 'runner', 'destructive', 'operator', 'agent', 'never', 1, 60, false,
       '{"type": "object", "properties": {}, "additionalProperties": false}', true)`,
  );
  await database.query(`alter type command_action add value 'wipe_agent'`);
});
afterAll(() => database.drop());

const act = (chat: Partial<Chat>, action: string, args: object = {}) =>
  chats.call('chat_act', chat, { action, ...args });
const confirm = (chat: Partial<Chat>, token: string | undefined, typed?: string) =>
  chats.call('chat_confirm', chat, { token, ...(typed !== undefined && { typed }) });
const inChannel = (account: Account, channel = 'C-op') => ({ ...account, channel, kind: 'group' }) as const;
const commandsOf = (action: string) =>
  database.query<{ id: string; requested_by: string; origin: string; meta: Record<string, unknown> }>(
    `select id, requested_by, origin, meta from agent_commands where action = $1::command_action order by created_at`,
    [action],
  );

describe('what asks for nothing', () => {
  test('is done at once in the member’s name, and says where it came from', async () => {
    const { command, created } = await act(operator, 'stack_status');
    expect(created).toBe(true);
    expect(command).toMatchObject({
      requested_by: operator.member.id,
      origin: 'slack',
      meta: { chat: { platform: 'slack', install: 'T1', user: operator.user, channel: 'D0' } },
    });
    const [line] = await database.query(
      `select actor_user_id, meta from audit_log where entity_id = $1 and action = 'command.enqueued'`,
      [command?.id],
    );
    expect(line).toMatchObject({
      actor_user_id: operator.member.id,
      meta: { chat: { user: operator.user }, origin: 'slack' },
    });
  });

  test('executed by the database itself is done when the answer comes', async () => {
    const { command } = await act(operator, 'create_task', { payload: { title: 'From my phone' } });
    expect(command).toMatchObject({ status: 'done', result: { title: 'From my phone' } });
  });

  test('is not done twice for one delivery, be it twenty at once or after a day', async () => {
    const chat = chats.delivery(operator);
    const payload = { title: 'One delivery' };
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => act(chat, 'create_task', { payload })),
    );
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    expect(await database.query(`select 1 from tasks where title = 'One delivery'`)).toHaveLength(1);
    // The delivery was forgotten; the command's own key still knows it.
    await database.query(`delete from chat_deliveries`);
    const late = await act(chat, 'create_task', { payload });
    expect(late).toMatchObject({ created: false, command: { id: answers[0]?.command?.id } });
  });

  test('means what the channel is about where nothing else is said', async () => {
    const second = await database.addGateway('second-host');
    await database.query(
      `insert into chat_channels (platform, install, channel, ceiling, gateway_id, agent_id)
       values ('slack', 'T1', 'C-about', 'admin', $1, (select id from agents where slug = 'scribe'))`,
      [gateway],
    );
    const here = inChannel(operator, 'C-about');
    expect((await act(here, 'stack_status')).command?.gateway_id).toBe(gateway);
    expect((await act(here, 'stack_status', { gateway: 'second-host' })).command?.gateway_id).toBe(second);
    expect((await act(here, 'pause_agent')).command?.agent_slug).toBe('scribe');
    expect((await act(here, 'resume_agent', { agent: 'other' })).command?.agent_slug).toBe('other');
    expect((await act(here, 'create_task', { payload: { title: 'x' } })).command?.gateway_id).toBeNull();
    expect((await act(operator, 'stack_status')).refused?.field).toBe('gateway');
    await database.query(`delete from gateways where id = $1`, [second]);
  });

  test.each([
    ['an action that is not there', 'fly', {}, 'action'],
    ['one that is for other programs', 'update_gateway', {}, 'action'],
    ['a payload of another shape', 'tail_logs', { payload: { lines: 'all' } }, 'lines'],
    ['an agent that is not there', 'pause_agent', { agent: 'unknown' }, 'agent'],
  ])('is refused for %s', async (_what, action, args, field) => {
    expect((await act(operator, action, args)).refused).toMatchObject({ field });
  });
});

describe('a disruptive action', () => {
  const ask = async (chat: Partial<Chat> = operator): Promise<NonNullable<ChatAnswer['confirm']>> => {
    const { confirm: question } = await act(chat, 'restart_gateway');
    if (question === undefined) throw new Error('nothing was asked');
    return question;
  };

  test('asks first, and leaves no command before the yes', async () => {
    const before = (await commandsOf('restart_gateway')).length;
    const question = await ask();
    expect(question).toMatchObject({
      kind: 'button',
      expected: null,
      prompt: 'Restart the gateway: main-host',
    });
    expect(question.token).toMatch(/^v1:[A-Za-z0-9_-]{22}$/);
    const seconds = (Date.parse(question.expires_at) - Date.now()) / 1000;
    expect(seconds).toBeGreaterThan(100);
    expect(seconds).toBeLessThan(300);
    expect(await commandsOf('restart_gateway')).toHaveLength(before);
    expect(
      await database.query(
        `select 1 from chat_confirmations c where to_jsonb(c)::text like '%' || $1 || '%'`,
        [question.token.slice(3)],
      ),
    ).toEqual([]);
    const yes = await confirm(operator, question.token);
    expect(yes).toMatchObject({
      created: true,
      command: { action: 'restart_gateway', requested_by: operator.member.id, gateway_id: gateway },
      decided: { by: operator.member.claims.email },
    });
  });

  test('pressed many times at once makes one command', async () => {
    const before = (await commandsOf('restart_gateway')).length;
    const { token } = await ask();
    const answers = await Promise.all(Array.from({ length: 12 }, () => confirm(operator, token)));
    expect(answers.filter(({ created }) => created)).toHaveLength(1);
    expect(new Set(answers.map(({ command }) => command?.id)).size).toBe(1);
    const by = operator.member.claims.email;
    for (const { decided } of answers) expect(decided).toMatchObject({ by, asked_by: by });
    expect(await commandsOf('restart_gateway')).toHaveLength(before + 1);
  });

  test('asked for twice by one delivery is one question', async () => {
    const chat = chats.delivery(operator);
    const answers = await Promise.all(Array.from({ length: 8 }, () => act(chat, 'restart_gateway')));
    expect(new Set(answers.map(({ confirm: question }) => question?.token)).size).toBe(1);
  });

  test('is answered by whoever asked, where they asked', async () => {
    const { token } = await ask(inChannel(operator));
    expect((await confirm(inChannel(admin), token)).refused).toMatchObject({
      code: 'refused',
      message: 'this was asked of somebody else',
    });
    expect((await confirm(operator, token)).refused?.message).toBe('this was asked in another chat');
    expect((await confirm(inChannel(operator), token)).created).toBe(true);
  });

  test('is not answered late, after a no, or with a made-up token', async () => {
    const late = await ask();
    await database.query(
      `update chat_confirmations set expires_at = now() - interval '1 second' where decided_at is null`,
    );
    expect((await confirm(operator, late.token)).refused).toMatchObject({ code: 'conflict' });
    const declined = await ask();
    expect(await chats.call('chat_decline', operator, { token: declined.token })).toMatchObject({
      declined: true,
      decided: { by: operator.member.claims.email },
    });
    expect((await confirm(operator, declined.token)).refused?.message).toMatch(/declined already/);
    expect((await confirm(operator, 'v1:aaaaaaaaaaaaaaaaaaaaaa')).refused?.code).toBe('not_found');
    const done = await ask();
    await confirm(operator, done.token);
    expect((await chats.call('chat_decline', operator, { token: done.token })).refused?.code).toBe(
      'conflict',
    );
  });

  test('is refused before anybody is asked', async () => {
    expect((await act(operator, 'restart_gateway', { gateway: 'nowhere' })).refused?.code).toBe('not_found');
    expect((await act(operator, 'restart_gateway', { payload: { now: true } })).refused?.code).toBe('usage');
    const viewer = await chats.link('viewer');
    expect((await act(viewer, 'restart_gateway')).refused?.code).toBe('refused');
  });

  test('whose asker lost the role, the link or the membership in between does not happen', async () => {
    for (const lose of [
      `update tenant_members set role = 'viewer' where user_id = $1`,
      `update chat_identities set revoked_at = now() where user_id = $1`,
      `delete from tenant_members where user_id = $1`,
    ]) {
      const before = (await commandsOf('restart_gateway')).length;
      const one = await chats.link('operator');
      const { token } = await ask(one);
      await database.query(lose, [one.member.id]);
      expect((await confirm(one, token)).refused?.code).toBe('refused');
      expect(await commandsOf('restart_gateway')).toHaveLength(before);
      // Linked anew, the old question is still gone where the link was lost.
      if (lose.includes('chat_identities')) {
        const { code } = await chats.request('issue_chat_code', {}, one.member);
        await chats.call('chat_link', one, { code });
        expect((await confirm(one, token)).refused?.code).toBe('not_found');
      }
    }
  });
});

describe('a destructive action', () => {
  test('takes the typed name, and no other', async () => {
    const { confirm: question } = await act(operator, 'wipe_agent', { agent: 'scribe' });
    expect(question).toMatchObject({ kind: 'typed', expected: 'scribe' });
    expect((await confirm(operator, question?.token)).refused).toMatchObject({ field: 'typed' });
    expect((await confirm(operator, question?.token, 'Scribe')).refused?.field).toBe('typed');
    expect((await confirm(operator, question?.token, ' scribe ')).created).toBe(true);
  });
});

describe('what takes two people', () => {
  beforeAll(async () => {
    await database.query(
      `insert into workspace (tenant_id, settings) values ($1, '{"chat": {"second_person": ["restart_dispatcher", "destructive"]}}')
       on conflict (tenant_id) do update set settings = excluded.settings`,
      [nilTenant],
    );
  });
  afterAll(() => database.query(`update workspace set settings = '{}'`));
  const ask = async () => (await act(inChannel(operator), 'restart_dispatcher')).confirm;

  test('is the asker’s command, said yes to by somebody else', async () => {
    const question = await ask();
    expect(question).toMatchObject({ kind: 'second' });
    expect((await confirm(inChannel(operator), question?.token)).refused?.message).toMatch(/another person/);
    const { command, decided } = await confirm(inChannel(admin), question?.token);
    expect(command).toMatchObject({
      requested_by: operator.member.id,
      meta: { chat: { confirmed_by: admin.member.id } },
    });
    expect(decided).toMatchObject({
      by: admin.member.claims.email,
      asked_by: operator.member.claims.email,
    });
  });

  test('is not two accounts of one person', async () => {
    const question = await ask();
    const { code } = await chats.request('issue_chat_code', {}, operator.member);
    const twin = { user: 'U-twin', channel: 'C-op', kind: 'group' } as const;
    await chats.call('chat_link', { user: twin.user }, { code });
    expect((await confirm(twin, question?.token)).refused?.message).toMatch(/another person/);
  });

  test('is not said yes to by somebody who may not do it themselves', async () => {
    const question = await ask();
    const viewer = await chats.link('viewer');
    expect((await confirm(inChannel(viewer), question?.token)).refused?.code).toBe('refused');
    expect(
      (await chats.call('chat_decline', inChannel(viewer), { token: question?.token })).refused?.code,
    ).toBe('refused');
  });

  test('needs a place where somebody else is', async () => {
    expect((await act(operator, 'restart_dispatcher')).refused?.hint).toMatch(/channel/);
  });

  test('is asked by the degree of danger as well', async () => {
    expect((await act(inChannel(operator), 'wipe_agent', { agent: 'other' })).confirm?.kind).toBe('second');
  });
});

describe('cancelling', () => {
  test('takes back what waits and asks the runner of what runs, by the same rules as everywhere', async () => {
    await database.query(`update agent_commands set status = 'cancelled' where status = 'pending'`);
    const { command } = await act(operator, 'ping');
    const viewer = await chats.link('viewer');
    const cancel = (by: Account) => chats.call('chat_cancel', by, { command_id: command?.id });
    expect((await cancel(viewer)).refused?.code).toBe('refused');
    const { lease_token: token } = await claimOne(database, gateway);
    expect((await cancel(operator)).command).toMatchObject({ status: 'running' });
    await exchange(database, { gateway, results: [{ token, status: 'cancelled' }] });
    expect((await cancel(operator)).command?.status).toBe('cancelled');
  });
});

describe('buttons', () => {
  const keep = async (more: object = {}) => {
    const token = `v1:${crypto.randomUUID().replaceAll('-', '').slice(0, 22)}`;
    const row = {
      ...{
        token,
        platform: 'slack',
        install: 'T1',
        channel: 'D0',
        user: null,
        intent: { command: 'status' },
      },
      ...{ seconds: 60, once: true, ...more },
    };
    expect(await chats.request('chat_save_buttons', { rows: [row] })).toEqual({ kept: 1 });
    return token;
  };
  const press = (chat: Partial<Chat>, token: string) => chats.call('chat_press', chat, { token });

  test('mean what was kept for them, once', async () => {
    const token = await keep();
    const answers = await Promise.all(Array.from({ length: 6 }, () => press(operator, token)));
    expect(answers.filter(({ intent }) => intent !== undefined)).toEqual([{ intent: { command: 'status' } }]);
    const again = answers.flatMap(({ refused }) => refused ?? []);
    expect(again).toHaveLength(5);
    // Not the field of a button that is gone: a card of the first press is in its place.
    for (const { message, field } of again)
      expect({ message, field }).toEqual({ message: 'this button was pressed already', field: 'press' });
    expect(
      await database.query(`select 1 from chat_buttons b where to_jsonb(b)::text like '%' || $1 || '%'`, [
        token,
      ]),
    ).toEqual([]);
  });

  test('that may be pressed again are, and a delivery that comes again gets its answer', async () => {
    const many = await keep({ once: false });
    expect((await press(operator, many)).intent).toBeDefined();
    expect((await press(admin, many)).intent).toBeDefined();
    const once = await keep();
    const chat = chats.delivery(operator);
    expect(await press(chat, once)).toEqual(await press(chat, once));
  });

  test('are nobody else’s, and of no other chat', async () => {
    const token = await keep({ user: operator.user });
    expect((await press(admin, token)).refused?.message).toMatch(/somebody else/);
    expect((await press(inChannel(operator), token)).refused?.message).toMatch(/another chat/);
    const discord = await keep({ platform: 'discord', user: operator.user });
    expect((await press(operator, discord)).refused?.message).toMatch(/another chat/);
    expect((await press(operator, token)).intent).toBeDefined();
  });

  test('run out', async () => {
    const token = await keep();
    await database.query(`update chat_buttons set expires_at = now() - interval '1 second'`);
    expect((await press(operator, token)).refused?.code).toBe('not_found');
  });
});

test('cards are kept until they are closed, with their commands', async () => {
  const { command } = await act(operator, 'stack_status');
  const card = {
    ...{ command_id: command?.id, platform: 'slack', install: 'T1', channel: 'D0', thread: null },
    ...{ handle: { ts: '1.2' }, shown: 'pending' },
  };
  const keep = (more: object) => chats.request('chat_save_card', { card: { ...card, ...more } });
  const open = async () => {
    const { cards } = await chats.request('chat_open_cards', { platform: 'slack' });
    return Array.isArray(cards) ? cards : [];
  };
  await keep({});
  await keep({ shown: 'running', handle: { ts: '1.3' } });
  expect(await open()).toEqual([
    expect.objectContaining({
      ...card,
      shown: 'running',
      handle: { ts: '1.3' },
      command: expect.objectContaining({ id: command?.id, status: 'pending' }),
    }),
  ]);
  expect(await chats.request('chat_open_cards', { platform: 'discord' })).toEqual({ cards: [] });
  await keep({ closed: true });
  expect(await open()).toEqual([]);
  const theirs = await openChatFixture(database, (await database.addTenant('cards')).id);
  expect(await theirs.request('chat_save_card', { card })).toEqual({ kept: false });
});

import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Account, type ChatFixture, openChatFixture } from '../../testing/chat.ts';
import { cloneDatabase, nilTenant, type TestDatabase } from '../../testing/database.ts';
import { eventually } from '../../testing/eventually.ts';

/** Changes between a question and its confirmation, and the people who may confirm. */
let database: TestDatabase;
let chats: ChatFixture;
let asker: Account;
let one: Account;
let other: Account;

beforeAll(async () => {
  database = await cloneDatabase();
  chats = await openChatFixture(database);
  await demand(['restart_dispatcher']);
  const [home] = await database.query<{ id: string }>(`select id from gateways where tenant_id = $1`, [
    nilTenant,
  ]);
  await database.addAgent('scribe', home?.id ?? null);
});
afterAll(() => database.drop());
beforeEach(async () => {
  await chats.bind('C1', 'operator');
  await database.query(`delete from hq.rate_counters`);
  const here = { channel: 'C1', kind: 'group' } as const;
  [asker, one, other] = await Promise.all([
    chats.link('operator', here),
    chats.link('operator', here),
    chats.link('admin', here),
  ]);
});

const demand = (what: readonly string[]) =>
  database.query(
    `insert into workspace (tenant_id, settings) values ($1, jsonb_build_object('chat', jsonb_build_object('second_person', $2::jsonb)))
     on conflict (tenant_id) do update set settings = excluded.settings`,
    [nilTenant, JSON.stringify(what)],
  );

async function ask(action: string, args: object = {}): Promise<string> {
  const { confirm } = await chats.call('chat_act', asker, { action, ...args });
  if (confirm === undefined) throw new Error('nothing was asked');
  return confirm.token;
}
const yes = (by: Account, token: string) => chats.call('chat_confirm', by, { token });
const commandsOfAsker = () =>
  database.query<{ action: string; meta: unknown }>(
    `select action, meta from agent_commands where requested_by = $1 order by created_at`,
    [asker.member.id],
  );

describe('what takes two people', () => {
  test('is done once when two of them confirm at the same moment, and each answer names who it was', async () => {
    const token = await ask('restart_dispatcher');
    const answers = await Promise.all([
      yes(one, token),
      yes(other, token),
      yes(one, token),
      yes(other, token),
    ]);
    expect(answers.filter(({ created }) => created)).toHaveLength(1);
    const late = answers.filter(({ refused }) => refused !== undefined);
    expect(late).toHaveLength(2);
    for (const { refused } of late) expect(refused?.message).toMatch(/^it was confirmed already by /);
    const emails = [one, other].map(({ member }) => member.claims.email);
    expect(emails).toContain(late[0]?.refused?.message.replace('it was confirmed already by ', ''));
    expect(await commandsOfAsker()).toHaveLength(1);
  });

  test('has one end when one says yes and another says no at the same moment', async () => {
    for (let round = 0; round < 10; round += 1) {
      const before = (await commandsOfAsker()).length;
      const token = await ask('restart_dispatcher');
      const [agreed, refused] = await Promise.all([
        yes(one, token),
        chats.call('chat_decline', other, { token }),
      ]);
      expect([agreed.created === true, refused.declined === true].filter(Boolean)).toHaveLength(1);
      expect(await commandsOfAsker()).toHaveLength(before + (agreed.created === true ? 1 : 0));
    }
  });

  test('waits for somebody else where whoever was to agree has lost the role, or the link', async () => {
    const token = await ask('restart_dispatcher');
    await database.query(`update tenant_members set role = 'viewer' where user_id = $1`, [one.member.id]);
    expect((await yes(one, token)).refused?.message).toMatch(/needs the role operator; yours is viewer/);
    await chats.call('chat_unlink', one);
    expect((await yes(one, token)).refused?.message).toBe('this account is linked to nobody');
    expect(await commandsOfAsker()).toEqual([]);
    expect((await yes(other, token)).created).toBe(true);
  });

  test.each([
    ['the link', `update chat_identities set revoked_at = now() where user_id = $1`],
    ['the membership', `delete from tenant_members where user_id = $1`],
    ['the role', `update tenant_members set role = 'viewer' where user_id = $1`],
  ])('is not done when who asked has lost %s', async (_what, lose) => {
    const token = await ask('restart_dispatcher');
    await database.query(lose, [asker.member.id]);
    expect((await yes(one, token)).refused).toBeDefined();
    expect(await commandsOfAsker()).toEqual([]);
  });

  test('ends one way when the link of who asked is revoked at the moment of the yes', async () => {
    for (let round = 0; round < 10; round += 1) {
      asker = await chats.link('operator', { channel: 'C1', kind: 'group' });
      const token = await ask('restart_dispatcher');
      const [agreed] = await Promise.all([yes(one, token), chats.call('chat_unlink', asker)]);
      expect(await commandsOfAsker()).toHaveLength(agreed.created === true ? 1 : 0);
      expect(agreed.created === true || agreed.refused !== undefined).toBe(true);
      expect((await yes(other, token)).refused).toBeDefined();
    }
  });

  test('is not done in a channel whose ceiling was lowered, nor where it was unbound', async () => {
    const token = await ask('restart_dispatcher');
    await chats.bind('C1', 'viewer');
    expect((await yes(other, token)).refused?.code).toBe('refused');
    await database.query(`delete from chat_channels where channel = 'C1'`);
    expect((await yes(other, token)).refused?.message).toBe('this channel is bound to nothing');
    expect(await commandsOfAsker()).toEqual([]);
  });
});

describe('a question', () => {
  test('that runs out while its yes is on the way is not answered', async () => {
    const token = await ask('restart_dispatcher');
    const holder = new pg.Client({ connectionString: database.url });
    await holder.connect();
    try {
      await holder.query('begin');
      await holder.query(`select 1 from chat_confirmations where decided_at is null for update`);
      const answer = yes(one, token);
      await eventually(async () => {
        const waiting = await database.query(
          `select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
        );
        expect(waiting).toHaveLength(1);
      });
      await holder.query(
        `update chat_confirmations set expires_at = clock_timestamp() where decided_at is null`,
      );
      await holder.query('commit');
      expect((await answer).refused).toMatchObject({
        code: 'conflict',
        message: 'this question has expired',
      });
    } finally {
      await holder.end();
    }
    expect(await commandsOfAsker()).toEqual([]);
  });

  test('is about what was asked for then: not about who has that name now', async () => {
    await demand(['pause_agent']);
    const asked = () => ask('pause_agent', { agent: 'scribe' });
    const [renamed, gone] = [await asked(), await asked()];
    await database.query(`update agents set slug = 'scribe-renamed' where slug = 'scribe'`);
    const [home] = await database.query<{ id: string }>(`select id from gateways where tenant_id = $1`, [
      nilTenant,
    ]);
    await database.addAgent('scribe', home?.id ?? null);
    expect((await yes(one, renamed)).command).toMatchObject({ agent_slug: 'scribe-renamed' });
    await database.query(`delete from agents where slug = 'scribe-renamed'`);
    expect((await yes(one, gone)).refused?.code).toBe('not_found');
    const paused = await database.query(`select 1 from agents where slug = 'scribe' and status = 'paused'`);
    expect(paused).toEqual([]);
    await demand(['restart_dispatcher']);
  });

  test('that one person could answer takes two once the workspace demands it', async () => {
    const token = await ask('restart_gateway');
    await demand(['disruptive']);
    expect((await yes(asker, token)).refused).toMatchObject({
      code: 'refused',
      message: 'restart_gateway takes two people now',
    });
    await demand(['restart_dispatcher']);
    expect((await yes(asker, token)).created).toBe(true);
  });

  test('that was refused says what it was and by whom, also to whoever refuses it once more', async () => {
    const token = await ask('restart_dispatcher');
    const first = await chats.call('chat_decline', one, { token });
    expect(first).toMatchObject({
      prompt: 'Restart the dispatcher: default',
      decided: { by: one.member.claims.email },
    });
    expect((await chats.call('chat_decline', other, { token })).decided).toEqual(first.decided);
    expect((await yes(other, token)).refused?.message).toBe(
      `it was declined already by ${one.member.claims.email}`,
    );
  });

  test('carries the arguments it was asked with, whatever comes with the yes', async () => {
    await demand(['create_task']);
    const token = await ask('create_task', { payload: { title: 'as it was asked' } });
    await chats.call(
      'chat_confirm',
      { ...one, ...{ payload: { title: 'another' } } },
      { token, typed: 'another' },
    );
    const titles = await database.query(`select title from tasks where title like 'a%'`);
    expect(titles).toEqual([{ title: 'as it was asked' }]);
    await demand(['restart_dispatcher']);
  });
});

import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Account, type ChatFixture, openChatFixture } from '../../testing/chat.ts';
import { cloneDatabase, nilTenant, type TestDatabase } from '../../testing/database.ts';

let database: TestDatabase;
let chats: ChatFixture;
let theirs: ChatFixture;
let operator: Account;
let viewer: Account;
beforeAll(async () => {
  database = await cloneDatabase();
  chats = await openChatFixture(database);
  theirs = await openChatFixture(database, (await database.addTenant('other')).id);
  operator = await chats.link('operator');
  viewer = await chats.link('viewer');
  await chats.bind('C1', 'admin');
});
afterAll(() => database.drop());

const here = (account: Account, channel = 'C1') => ({ ...account, channel, kind: 'group' }) as const;
const watch = async (from = chats): Promise<Record<string, unknown>[]> => {
  const answer: unknown = await from.request('chat_list_subscriptions', { platform: 'slack' });
  return Array.isArray(answer) ? answer : [];
};

describe('a subscription', () => {
  const filter = {
    ...{ severity: 'warning', kinds: ['command_failed'], agents: ['scribe'], tags: ['team-a'] },
    ...{ quiet: { from: '22:00', to: '07:00', tz: 'Europe/Berlin' }, digest_minutes: 15 },
  };

  test('of a channel takes an operator, of a direct message whoever it is', async () => {
    expect((await chats.call('chat_subscribe', here(viewer), {})).refused?.code).toBe('refused');
    expect((await chats.call('chat_subscribe', here(operator), { filter })).subscription).toMatchObject({
      channel: 'C1',
      kind: 'group',
      filter,
    });
    expect((await chats.call('chat_subscribe', { ...viewer, channel: 'D-v' })).subscription).toMatchObject({
      kind: 'direct',
      filter: {},
    });
    expect((await watch()).map(({ channel }) => channel).sort()).toEqual(['C1', 'D-v']);
    expect(await watch(theirs)).toEqual([]);
  });

  test('is one for a chat: another filter takes the place of the first', async () => {
    await chats.call('chat_subscribe', here(operator), { filter: { severity: 'critical' } });
    const rows = (await watch()).filter(({ channel }) => channel === 'C1');
    expect(rows.map((row) => row.filter)).toEqual([{ severity: 'critical' }]);
    expect(rows[0]?.cursor).toMatch(/^\d{4}-\d\d-\d\dT/);
  });

  test.each([
    [{ severity: 'loud' }, 'filter.severity'],
    [{ quiet: { from: '22:00', to: '25:00', tz: 'UTC' } }, 'filter.quiet.to'],
    [{ quiet: { from: '22:00', to: '07:00', tz: 'Nowhere/Else' } }, 'filter.quiet.tz'],
    [{ digest_minutes: 5000 }, 'filter.digest_minutes'],
    [{ volume: 11 }, 'filter.volume'],
  ])('with %j is refused', async (wrong, field) => {
    expect((await chats.call('chat_subscribe', here(operator), { filter: wrong })).refused).toMatchObject({
      code: 'usage',
      field,
    });
  });

  test('stores the messages of open alerts, and removes those of ended ones', async () => {
    const id = (await watch()).find(({ channel }) => channel === 'C1')?.id;
    const report = (messages: object[], more: object = {}) =>
      chats.request('chat_record_alerts', {
        rows: [{ subscription_id: id, cursor: 'c2', messages, ...more }],
      });
    const open = async () => (await watch()).find((row) => row.id === id)?.messages;
    await report([
      { key: 'a', handle: { ts: '1' }, open: true },
      { key: 'b', handle: { ts: '2' }, open: true },
    ]);
    await report([
      { key: 'a', handle: { ts: '2.5' }, open: true },
      { key: 'a', handle: { ts: '3' }, open: true },
      { key: 'b', handle: { ts: '2' }, open: false },
    ]);
    expect(await open()).toEqual([{ key: 'a', handle: { ts: '3' }, open: true }]);
    expect((await watch()).find((row) => row.id === id)?.cursor).toBe('c2');
    expect(
      await theirs.request('chat_record_alerts', {
        rows: [{ subscription_id: id, cursor: 'stolen', messages: [] }],
      }),
    ).toEqual({ saved: 0 });
    await report([], { disabled: 'not in the channel' });
    expect((await watch()).find((row) => row.id === id)).toBeUndefined();
    const { rows } = await chats.call('chat_read', here(operator), { what: 'subscriptions' });
    expect(rows).toEqual([expect.objectContaining({ here: true, disabled_reason: 'not in the channel' })]);
    await chats.call('chat_subscribe', here(operator));
    expect((await watch()).find((row) => row.id === id)?.cursor).not.toBe('c2');
  });

  test('that ends during a report loses nothing of the others', async () => {
    const watched = await watch();
    for (let n = 0; n < 30; n += 1) {
      await chats.bind('C-ending', 'admin');
      await chats.call('chat_subscribe', here(operator, 'C-ending'));
      const ending = (await watch()).map(({ id }) => id);
      const rows = ending.map((id) => ({
        subscription_id: id,
        cursor: '2026-11-22T10:00:00Z',
        messages: [{ key: 'ending', handle: {}, open: true }],
      }));
      const [told] = await Promise.all([
        chats.request('chat_record_alerts', { rows }),
        chats.call('chat_unsubscribe', here(operator, 'C-ending')),
      ]);
      expect(told.saved).toBeGreaterThanOrEqual(watched.length);
    }
    await database.query(`delete from chat_alert_messages where key = 'ending'`);
    await database.query(`delete from chat_channels where channel = 'C-ending'`);
  });

  test('ends with unsubscribe, with the binding of its channel, and with the link of its person', async () => {
    const boss = await chats.link('admin');
    await chats.call('chat_unsubscribe', here(operator));
    expect((await chats.call('chat_unsubscribe', here(operator))).refused?.code).toBe('not_found');
    await chats.bind('C2', 'admin');
    await chats.call('chat_subscribe', here(operator, 'C2'));
    await chats.call('chat_subscribe', { ...boss, channel: 'D-boss' });
    expect((await watch()).map(({ channel }) => channel).sort()).toEqual(['C2', 'D-boss', 'D-v']);
    await chats.call('chat_unbind', here(boss, 'C2'));
    await chats.call('chat_unlink', boss);
    await database.query(`delete from tenant_members where user_id = $1`, [viewer.member.id]);
    expect(await watch()).toEqual([]);
  });
});

describe('the beat', () => {
  const fingerprint = (token: string) => createHash('sha256').update(token).digest('hex');
  const adapter = (more: object = {}) => ({
    ...{ platform: 'slack', install: 'T1', fingerprint: fingerprint('one'), state: 'connected' },
    ...{ detail: null, last_inbound_at: '2026-11-22T10:00:00Z', last_outbound_at: null, ...more },
  });
  const beat = async (holder: string, more: object = {}, by = chats) =>
    (await by.request('chat_heartbeat', { holder, adapters: [adapter(more)] })).held;
  const alerts = () =>
    database.query<{ title: string; resolved: boolean }>(
      `select title, resolved_at is not null as resolved from notifications where type = 'bot_disconnected' order by created_at`,
    );
  const later = (column: string, by = '61 seconds') =>
    database.query(`update chat_adapters set ${column} = ${column} - $1::interval`, [by]);

  test('gives a token to one of those who ask at once', async () => {
    const held = await Promise.all(Array.from({ length: 10 }, (_, n) => beat(`p${n}`)));
    expect(held.filter((answer) => JSON.stringify(answer) === '{"slack":true}')).toHaveLength(1);
    await database.query(`delete from chat_adapters`);
  });

  test('keeps it for its holder until that falls silent or stops', async () => {
    expect(await beat('p1')).toEqual({ slack: true });
    expect(await beat('p2')).toEqual({ slack: false });
    expect(await beat('p1')).toEqual({ slack: true });
    await later('held_until', '31 seconds');
    expect(await beat('p2')).toEqual({ slack: true });
    expect(await beat('p1')).toEqual({ slack: false });
    expect(await beat('p2', { state: 'stopped' })).toEqual({ slack: false });
    expect(await beat('p1')).toEqual({ slack: true });
  });

  test('keeps it across tenants: one token has one consumer in all', async () => {
    expect(await beat('p9', {}, theirs)).toEqual({ slack: false });
    // Not by the holder's name either, which members of this tenant can read.
    expect(await beat('p1', {}, theirs)).toEqual({ slack: false });
    expect(await beat('p1')).toEqual({ slack: true });
  });

  test('says how the adapters are to members, with no token', async () => {
    const member = await database.addUser({ role: 'viewer' });
    expect(await database.as(member, `select platform, install, state, holder from chat_adapters`)).toEqual([
      { platform: 'slack', install: 'T1', state: 'connected', holder: 'p1' },
    ]);
  });

  test('raises one alert for an adapter that is not connected for a minute, until it is', async () => {
    await beat('p1', { state: 'connecting', detail: 'the token was revoked' });
    expect(await alerts()).toEqual([]);
    await later('state_since');
    for (let n = 0; n < 3; n += 1) await beat('p1', { state: 'connecting' });
    expect(await alerts()).toEqual([{ title: 'the Slack bot is not connected', resolved: false }]);
    await beat('p1');
    expect((await alerts()).map(({ resolved }) => resolved)).toEqual([true]);
  });

  test('raises an alert for a silent adapter with another’s heartbeat, and none for a stopped one', async () => {
    const discord = { platform: 'discord', install: 'G1', fingerprint: fingerprint('two') };
    await beat('p1', { state: 'stopped' });
    await later('last_beat_at');
    await beat('p3', discord);
    expect((await alerts()).map(({ resolved }) => resolved)).toEqual([true]);
    await beat('p1');
    await later('last_beat_at');
    await beat('p3', discord);
    expect((await alerts()).map(({ resolved }) => resolved)).toEqual([true, false]);
    // A new token takes the old one's place.
    await later('held_until', '31 seconds');
    await beat('p1', { fingerprint: fingerprint('three') });
    expect((await alerts()).map(({ resolved }) => resolved)).toEqual([true, true]);
  });

  test('resolves the alert of a wrong token, which never named its install, once there is a right one', async () => {
    const wrong = {
      platform: 'telegram',
      install: null,
      fingerprint: fingerprint('wrong'),
      state: 'revoked',
    };
    const telegram = () =>
      database.query(
        `select resolved_at is not null as resolved from notifications where title like 'the Telegram bot%'`,
      );
    await beat('p1', wrong);
    await later('state_since');
    await beat('p1', wrong);
    expect(await telegram()).toEqual([{ resolved: false }]);
    await later('held_until', '31 seconds');
    await beat('p1', { platform: 'telegram', install: '110201543', fingerprint: fingerprint('right') });
    expect(await telegram()).toEqual([{ resolved: true }]);
  });

  test('brings what time alone brings, however many beat at once', async () => {
    const gateway = await database.addGateway('silent');
    await database.query(`update gateways set last_seen_at = now() - interval '10 minutes' where id = $1`, [
      gateway,
    ]);
    await Promise.all(Array.from({ length: 6 }, (_, n) => beat(`many-${n}`)));
    expect(
      await database.query(`select occurrences from notifications where type = 'gateway_stale'`),
    ).toEqual([{ occurrences: 1 }]);
  });

  test('clears away what is over, and keeps deliveries for a day', async () => {
    const chat = chats.delivery(operator);
    await chats.call('chat_act', chat, { action: 'restart_gateway', gateway: 'silent' });
    const stored = () =>
      database.query<{ answer: unknown }>(`select answer from chat_deliveries where delivery = $1`, [
        chat.delivery,
      ]);
    const pass = async (time: string) => {
      for (const table of ['chat_deliveries', 'chat_confirmations', 'chat_buttons'])
        await database.query(`update ${table} set created_at = created_at - $1::interval`, [time]);
      await database.query(`delete from hq.rate_counters`);
      await beat('p1');
    };
    await pass('6 minutes');
    expect(JSON.stringify(await stored())).not.toContain('v1:');
    await pass('25 hours');
    expect(await stored()).toHaveLength(1);
    expect(await database.query(`select 1 from chat_confirmations`)).toEqual([]);
    await pass('24 hours');
    expect(await stored()).toEqual([]);
  });

  test.each([
    ['an unknown platform', { platform: 'irc' }],
    ['no fingerprint', { fingerprint: null }],
  ])('with %s is refused', async (_what, wrong) => {
    const answer = await chats.request('chat_heartbeat', { holder: 'p1', adapters: [adapter(wrong)] });
    expect(answer.refused?.code).toBe('usage');
  });
});

test('none of it is for anybody but bots', async () => {
  const admin = await database.addUser({ role: 'admin', tenant: nilTenant });
  for (const [name, args] of [
    ['chat_list_subscriptions', { platform: 'slack' }],
    ['chat_record_alerts', { rows: [] }],
    ['chat_heartbeat', { holder: 'x', adapters: [] }],
  ] as const) {
    expect((await chats.request(name, args, admin)).refused?.code, name).toBe('refused');
  }
});

import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { nilTenant } from '../../../../db/testing/database.ts';
import { eventually } from '../../../../db/testing/eventually.ts';
import { type ChatTestStack, type OpenCore, openChatStack } from '../../../testing/chat-stack.ts';
import { type ShownMessage, type TestAdapter, textOf } from '../../../testing/test-adapter.ts';
import type { Sender } from '../../contract/inbound.ts';
import { type AlertEngine, createAlertEngine } from './alert-engine.ts';

let chat: ChatTestStack;
let open: OpenCore;
let engine: AlertEngine;
const log = pino({ level: process.env.TEST_LOG ?? 'silent' });
const timing = { gatherMs: 20, pollMs: 100, resyncMs: 500, reloadMs: 300, saveMs: 20, retryMs: 100 };

beforeAll(async () => {
  chat = await openChatStack();
  await begin();
});
afterAll(async () => {
  engine.stop();
  await chat.close();
});
afterEach(async () => {
  await chat.stack.database.query('delete from chat_subscriptions');
  await chat.stack.database.query('delete from notifications');
  await chat.stack.database.query('delete from alert_mutes');
});

async function begin(adapters?: readonly TestAdapter[]): Promise<void> {
  open = await chat.open({}, adapters);
  engine = createAlertEngine({
    client: chat.bot,
    core: open.core,
    platforms: ['slack', 'discord', 'telegram'],
    log,
    timing,
  });
  engine.start();
}

/** As when the program is started again. */
async function restart(meanwhile: () => Promise<unknown> = async () => undefined): Promise<void> {
  engine.stop();
  await engine.flush();
  await open.close();
  await meanwhile();
  await begin([open.adapter('slack'), open.adapter('discord'), open.adapter('telegram')]);
}

async function alert(key: string, more: Readonly<Record<string, unknown>> = {}): Promise<void> {
  await chat.stack.database.query('select hq.notify($1::jsonb)', [
    JSON.stringify({
      tenant_id: nilTenant,
      type: 'agent_error',
      severity: 'error',
      title: key,
      dedup_key: key,
      actor_type: 'system',
      ...more,
    }),
  ]);
}

const resolve = (key: string) =>
  chat.stack.database.query('select hq.resolve_alert($1, $2)', [nilTenant, key]);

function seenBy(sender: Sender): ShownMessage[] {
  return open.adapter(sender.platform).messages.filter(({ channel }) => channel === sender.channel);
}

/** The messages that came after the subscription was confirmed. */
async function subscribed(sender: Sender, words = 'subscribe'): Promise<() => ShownMessage[]> {
  await open.adapter(sender.platform).ask(sender, words);
  const before = seenBy(sender).length;
  await eventually(async () => {
    const rows = await chat.stack.database.query('select 1 from chat_subscriptions where channel = $1', [
      sender.channel,
    ]);
    expect(rows).toHaveLength(1);
  });
  return () => seenBy(sender).slice(before);
}

describe('an alert', { timeout: 90_000 }, () => {
  it('comes once to subscribed chats, counts repetitions, and its message shows its end', async () => {
    const [slack, telegram] = [await chat.person('operator'), await chat.person('operator', 'telegram')];
    const [first, second] = [
      await subscribed(slack),
      await subscribed(telegram, 'subscribe severity=critical'),
    ];
    await alert('writer is in error');
    await eventually(() => expect(first()).toHaveLength(1));
    await alert('writer is in error');
    await eventually(() => expect(first()[0]?.card.state).toBe('error, 2 times'));
    await resolve('writer is in error');
    await eventually(() => expect(first()[0]?.card.state).toMatch(/^over after .*, 2 times$/));
    expect(first()[0]?.card.tone).toBe('good');
    expect(first()[0]?.card.buttons).toEqual([]);
    expect(first()).toHaveLength(1);
    expect(second()).toEqual([]);
  });

  it('that comes with others shares one message', async () => {
    const operator = await chat.person('operator', 'discord');
    const messages = await subscribed(operator);
    await chat.stack.database.query(
      `select hq.notify(jsonb_build_object('tenant_id', $1::uuid, 'type', 'task_blocked', 'severity', 'warning',
         'title', 'blocked ' || n, 'dedup_key', 'blocked:' || n, 'actor_type', 'system')) from generate_series(1, 60) n`,
      [nilTenant],
    );
    await eventually(() => expect(messages()).toHaveLength(1));
    expect(messages()[0]?.card.title).toBe('60 alerts');
    const words = textOf(messages()[0]?.card ?? { title: '', tone: 'neutral' });
    expect(Number(/and (\d+) more/.exec(words)?.[1]) + (words.match(/: warning/g) ?? []).length).toBe(60);
    await resolve('blocked:1');
    await eventually(() => expect(messages()[0]?.card.state).toBe('59 open'));
  });

  it('is acknowledged and muted by its buttons, with the author on the message', async () => {
    const operator = await chat.person('operator');
    const slack = open.adapter('slack');
    const messages = await subscribed(operator);
    await alert('seen soon', { subject: 'agent:one' });
    const told = await eventually(() => {
      const [message] = messages();
      if (message === undefined) throw new Error('nothing came');
      return message;
    });
    await slack.press(operator, told, 'Acknowledge');
    await eventually(() => expect(told.card.stamp).toMatch(/^seen by .*@.*, \d\d:\d\d UTC$/));
    expect(told.card.buttons?.map(({ label }) => label)).toEqual(['Mute for 1 h']);
    expect(told.card.state).toBe('seen');
    await alert('muted soon', { subject: 'agent:two' });
    const second = await eventually(() => {
      const message = messages().find(({ card }) => card.title === 'muted soon');
      if (message === undefined) throw new Error('nothing came');
      return message;
    });
    await slack.press(operator, second, 'Mute for 1 h');
    await eventually(() =>
      expect(second.card.stamp).toMatch(/^muted until (\d{4}-\d\d-\d\d )?\d\d:\d\d UTC by .*@/),
    );
    await alert('another about the same', { subject: 'agent:two' });
    await alert('about something else', { subject: 'agent:three' });
    await eventually(() =>
      expect(messages().map(({ card }) => card.title)).toContain('about something else'),
    );
    expect(messages().map(({ card }) => card.title)).not.toContain('another about the same');
  });

  it('that shares a message is acknowledged together with the others, by one button', async () => {
    const operator = await chat.person('operator');
    const messages = await subscribed(operator);
    await chat.stack.database.query(
      `select hq.notify(jsonb_build_object('tenant_id', $1::uuid, 'type', 'agent_error', 'severity', 'error',
         'title', 'together ' || n, 'dedup_key', 'together:' || n, 'actor_type', 'system')) from generate_series(1, 3) n`,
      [nilTenant],
    );
    const message = await eventually(() => {
      const [found] = messages();
      if (found === undefined) throw new Error('no message was sent');
      return found;
    });
    await open.adapter('slack').press(operator, message, 'Acknowledge all');
    await eventually(() => expect(message.card.stamp).toMatch(/^seen by .*@.*, \d\d:\d\d UTC$/));
    const unread = await chat.stack.database.query('select 1 from notifications where read_at is null');
    expect(unread).toEqual([]);
  });

  it('that ends while its message is being sent is shown as over', async () => {
    const operator = await chat.person('operator');
    const messages = await subscribed(operator);
    const { faults } = open.adapter('slack');
    faults.push({ ok: false, problem: { kind: 'wait', afterMs: 3_000 } });
    await alert('soon over');
    await eventually(() => expect(faults).toHaveLength(0));
    await resolve('soon over');
    expect(messages()).toEqual([]);
    await eventually(() => expect(messages()[0]?.card.state).toMatch(/^over after /));
    expect(messages()).toHaveLength(1);
  });

  it('is acknowledged and muted by commands too', async () => {
    const operator = await chat.person('operator');
    const messages = await subscribed(operator);
    await alert('talked about');
    await eventually(() => expect(messages()).toHaveLength(1));
    const [told] = messages();
    const id = told?.card.footer?.slice(-8) ?? '';
    await open.adapter('slack').words(operator, `ack ${id}`);
    await eventually(() => expect(told?.card.stamp).toMatch(/^seen by /));
    await open.adapter('slack').words(operator, `mute ${id} minutes=240`);
    await eventually(() => expect(told?.card.stamp).toMatch(/^muted until /));
    expect(
      await chat.stack.database.query(
        `select round(extract(epoch from muted_until - clock_timestamp()) / 60) as minutes from notifications`,
      ),
    ).toEqual([{ minutes: '240' }]);
  });

  it('that was acknowledged elsewhere shows it, also after a restart', async () => {
    const operator = await chat.person('operator');
    const messages = await subscribed(operator);
    const elsewhere = await chat.stack.clientOf(
      await chat.stack.createMember('operator', { email: 'ann@example.test' }),
    );
    await alert('seen in the terminal');
    await eventually(() => expect(messages()).toHaveLength(1));
    const { error } = await elsewhere
      .from('notifications')
      .update({ read_at: new Date().toISOString() })
      .eq('title', 'seen in the terminal');
    expect(error).toBeNull();
    await eventually(() =>
      expect(messages()[0]?.card.stamp).toMatch(/^seen by ann@example\.test, \d\d:\d\d UTC$/),
    );
    await restart();
    await alert('seen in the terminal');
    await eventually(() => expect(messages()[0]?.card.state).toBe('seen, 2 times'));
    expect(messages()[0]?.card.stamp).toMatch(/^seen by ann@example\.test/);
    expect(messages()[0]?.card.buttons?.map(({ label }) => label)).toEqual(['Mute for 1 h']);
  });

  it('about an agent’s work matches filters for the agent and for its newest tag', async () => {
    const { database } = chat.stack;
    const [writer, tagged] = [await chat.person('operator'), await chat.person('operator', 'discord')];
    const agent = await database.addAgent('writer', chat.gateway);
    await database.query(`update agents set domains = '{releases}' where id = $1`, [agent]);
    const first = await subscribed(writer, 'subscribe agents=writer');
    const second = await subscribed(
      tagged,
      'subscribe tags=releases kinds=task_blocked,deliverable_submitted',
    );
    await database.query(
      `insert into tasks (title, status, assignee_agent_id) values ('Nobody’s', 'blocked', null), ('Theirs', 'blocked', $1)`,
      [agent],
    );
    for (const messages of [first, second]) {
      await eventually(() => expect(messages().map(({ card }) => card.title)).toEqual(['blocked: Theirs']));
    }
  });

  it('is retried after a failure; a closed chat is unsubscribed, and other chats hear of it', async () => {
    const [one, two] = [await chat.person('operator', 'telegram'), await chat.person('operator', 'discord')];
    const telegram = open.adapter('telegram');
    const first = await subscribed(one);
    const second = await subscribed(two);
    const { channel } = one;
    const refused = { ok: false, problem: { kind: 'refused', reason: 'for a moment' }, channel } as const;
    // The whole message, and the shorter one in its place.
    telegram.faults.push(refused, refused);
    await alert('told later');
    await eventually(() => expect(first().map(({ card }) => card.title)).toEqual(['told later']));
    telegram.faults.push({ ok: false, problem: { kind: 'closed', reason: 'the bot was blocked' }, channel });
    await alert('told to one');
    await eventually(async () => {
      const rows = await chat.stack.database.query(
        'select disabled_reason from chat_subscriptions where channel = $1',
        [channel],
      );
      expect(rows).toEqual([{ disabled_reason: 'the bot was blocked' }]);
    });
    await eventually(() =>
      expect(JSON.stringify(second().map(({ card }) => card))).toContain(
        'Alerts no longer reach a telegram chat',
      ),
    );
  });

  it('of an earlier process is edited in place, and missed alerts are sent', async () => {
    const operator = await chat.person('operator');
    const messages = await subscribed(operator);
    await alert('lasts');
    await eventually(() => expect(messages()).toHaveLength(1));
    await eventually(async () =>
      expect(await chat.stack.database.query('select 1 from chat_alert_messages')).toHaveLength(1),
    );
    await restart(async () => {
      await resolve('lasts');
      await alert('came meanwhile');
    });
    await eventually(() => expect(messages()[0]?.card.state).toMatch(/^over after /));
    await eventually(() =>
      expect(messages().map(({ card }) => card.title)).toEqual(['lasts', 'came meanwhile']),
    );
  });
});

describe('in quiet hours', { timeout: 90_000 }, () => {
  const wholeDay = 'subscribe quiet=00:00-23:59 tz=UTC';
  const titles = (messages: readonly ShownMessage[]): string[] => messages.map(({ card }) => card.title);

  it('only critical alerts come, at once', async () => {
    const messages = await subscribed(await chat.person('operator'), wholeDay);
    await alert('can wait');
    await eventually(() => expect(engine.size()).toBe(1));
    await alert('cannot wait', { severity: 'critical' });
    await eventually(() => expect(titles(messages())).toEqual(['cannot wait']));
    expect(engine.size()).toBe(1);
  });

  it('earlier messages are edited', async () => {
    const operator = await chat.person('operator');
    const messages = await subscribed(operator, wholeDay);
    await alert('cannot wait', { severity: 'critical' });
    await alert('can wait');
    await eventually(() => expect(titles(messages())).toEqual(['cannot wait']));
    const [told] = messages();
    if (told === undefined) throw new Error('nothing came');
    await open.adapter('slack').press(operator, told, 'Acknowledge');
    await eventually(() => expect(told.card.stamp).toMatch(/^seen by /));
    await resolve('cannot wait');
    await eventually(() => expect(told.card.state).toMatch(/^over after /));
  });

  it('alerts that wait survive a restart, though later ones were sent', async () => {
    const messages = await subscribed(await chat.person('operator'), wholeDay);
    await alert('can wait');
    await eventually(() => expect(engine.size()).toBe(1));
    // Longer ago than a look goes back.
    await chat.stack.database.behindTheGuard(
      `update notifications set last_at = last_at - interval '1 minute' where title = 'can wait'`,
    );
    await chat.stack.database.behindTheGuard(
      `update chat_subscriptions set created_at = created_at - interval '5 minutes',
         cursor = to_char((clock_timestamp() - interval '5 minutes') at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`,
    );
    await restart();
    await eventually(() => expect(engine.size()).toBe(1));
    await alert('cannot wait', { severity: 'critical' });
    await eventually(() => expect(titles(messages())).toEqual(['cannot wait']));
    await restart(() => chat.stack.database.query(`update chat_subscriptions set filter = '{}'`));
    await eventually(() => expect(titles(messages())).toEqual(['cannot wait', 'can wait']));
  });
});

describe('a digest', { timeout: 90_000 }, () => {
  it('sends all alerts since the last one together', async () => {
    const messages = await subscribed(await chat.person('operator'), 'subscribe digest=1');
    const { database } = chat.stack;
    await restart(async () => {
      await alert('first');
      await alert('second');
      // Most of the minute is over.
      await database.behindTheGuard(`update notifications set last_at = last_at - interval '50 seconds'`);
      await database.behindTheGuard(
        `update chat_subscriptions set created_at = created_at - interval '5 minutes',
           cursor = to_char((clock_timestamp() - interval '5 minutes') at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`,
      );
    });
    await eventually(() => expect(engine.size()).toBe(2));
    await alert('third');
    await eventually(() => expect(engine.size()).toBe(3));
    expect(messages()).toEqual([]);
    await eventually(() => expect(messages()).toHaveLength(1));
    expect(messages()[0]?.card.title).toBe('3 alerts');
  });
});

describe('an alert whose transaction commits late', { timeout: 90_000 }, () => {
  it('is sent after a restart too, and nothing is sent twice', async () => {
    const messages = await subscribed(await chat.person('operator'));
    await alert('in time');
    await eventually(() => expect(messages()).toHaveLength(1));
    await eventually(async () =>
      expect(await chat.stack.database.query('select 1 from chat_alert_messages')).toHaveLength(1),
    );
    await restart(async () => {
      await alert('late');
      // Its time is before that of what was told already, as its transaction began before.
      await chat.stack.database.behindTheGuard(
        `update notifications n set last_at = t.last_at - interval '1 millisecond'
         from notifications t where n.title = 'late' and t.title = 'in time'`,
      );
    });
    await eventually(() => expect(messages().map(({ card }) => card.title)).toContain('late'));
    expect(messages().map(({ card }) => card.title)).toEqual(['in time', 'late']);
  });
});

describe('a thousand chats', { timeout: 90_000 }, () => {
  it('get every alert of a storm, each in order', async () => {
    const count = 300;
    await chat.stack.database.query(
      `insert into chat_subscriptions (tenant_id, platform, install, channel, kind, filter, cursor)
       select $1, 'slack', 'T1', 'C' || n, 'group', '{"severity": "info"}', to_char(clock_timestamp() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
       from generate_series(1, $2::int) n`,
      [nilTenant, count],
    );
    open.core.services.onSubscriptionsChanged('slack');
    const slack = open.adapter('slack');
    for (let n = 0; n < 20; n += 1) await alert(`storm ${String(n).padStart(2, '0')}`, { severity: 'info' });
    const wanted = Array.from({ length: 20 }, (_, n) => `storm ${String(n).padStart(2, '0')}`);
    await eventually(() => {
      for (const channel of [1, 150, count]) {
        const words = slack.messages
          .filter((message) => message.channel === `C${channel}`)
          .map(({ card }) => textOf(card))
          .join('\n');
        expect(words.match(/storm \d\d/g) ?? []).toEqual(wanted);
      }
    });
    await eventually(() => expect(engine.size()).toBe(0));
  });
});

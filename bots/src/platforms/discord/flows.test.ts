import type { Role } from '@hq/shared/actions';
import { createRedactor } from '@hq/shared/text';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { nilTenant } from '../../../../db/testing/database.ts';
import { eventually } from '../../../../db/testing/eventually.ts';
import { claimOne, exchange } from '../../../../db/testing/exchange.ts';
import {
  type ChannelRef,
  type DiscordServer,
  type DiscordUser,
  type Message,
  renderedText,
  startDiscordServer,
} from '../../../fakes/discord-server/index.ts';
import { type ChatTestStack, type OpenCore, openChatStack } from '../../../testing/chat-stack.ts';
import type { Adapter } from '../../contract/adapter.ts';
import { createAlertEngine } from '../../core/alerts/alert-engine.ts';
import { discord as platform } from './index.ts';

/** Flows through Discord, the core and the database. */
let chat: ChatTestStack;
let discord: DiscordServer;
let adapter: Adapter;
let core: OpenCore;

beforeAll(async () => {
  chat = await openChatStack();
});
afterAll(() => chat.close());

beforeEach(async () => {
  await chat.stack.database.query('delete from agent_commands');
  discord = await startDiscordServer();
  await open();
});
afterEach(async () => {
  await core.close();
  await adapter.stop();
  await discord.close();
});

async function open(): Promise<void> {
  const configured = platform.configure({
    DISCORD_BOT_TOKEN: discord.token,
    DISCORD_API_URL: discord.apiUrl,
  });
  if (!configured) throw new Error('Discord is not configured');
  adapter = await configured.create({ log: pino({ level: 'silent' }) });
  core = await chat.open({ redactor: createRedactor(configured.secrets) }, []);
  core.core.attach(adapter);
  await adapter.start(core.core.dispatcher);
  expect(await adapter.describeCommands(core.core.commands)).toMatchObject({ ok: true });
}

/** Waits for a visible message that matches, and returns the newest. */
function sees(where: ChannelRef, user: DiscordUser, words: RegExp): Promise<Message> {
  return eventually(() => {
    const last = discord.messages(where, user).at(-1);
    if (last === undefined) throw new Error('there is no message');
    expect(renderedText(last)).toMatch(words);
    return last;
  });
}

/** Links an account of Discord to a member of the role. */
async function linked(role: Role): Promise<DiscordUser> {
  const user = discord.user(role);
  const member = await chat.stack.createMember(role);
  const client = await chat.stack.clientOf(member);
  const { data } = await client.rpc('issue_chat_code');
  await discord.slash(user, discord.direct(user), 'link', { code: data.code });
  await sees(discord.direct(user), user, /Linked to /u);
  return user;
}

/** Binds a channel as an admin. */
async function bound(ceiling: Role): Promise<ChannelRef> {
  const admin = await linked('admin');
  const channel = discord.channel('ops');
  await discord.slash(admin, channel, 'bind', { ceiling });
  await sees(channel, admin, /This channel is bound/u);
  return channel;
}

function commands(action: string) {
  return chat.stack.database.query<{ id: string; status: string; origin: string }>(
    'select id, status, origin from agent_commands where action = $1',
    [action],
  );
}

function refusalsOf(user: string) {
  return chat.stack.database.query(
    `select meta ->> 'stranger' as stranger from audit_log where action = 'chat.refused' and meta ->> 'user' = $1`,
    [user],
  );
}

it('offers help and link privately to an unlinked user, and nothing else on any surface', async () => {
  const eve = discord.user('eve');
  const operator = await linked('operator');
  const ops = await bound('operator');
  await discord.slash(operator, ops, 'gateway restart_gateway');
  const question = await sees(ops, operator, /Restart the gateway/u);
  await discord.slash(eve, ops, 'gateway ping');
  const answer = await sees(ops, eve, /linked to nobody/u);
  expect(answer.onlyFor).toBe(eve.id);
  await discord.press(eve, question, 'Confirm');
  expect(await discord.complete(eve, ops, 'gateway ping', { gateway: '' }, 'gateway')).toEqual([]);
  await eventually(async () => expect((await refusalsOf(eve.id)).length).toBeGreaterThanOrEqual(2));
  expect([...(await commands('ping')), ...(await commands('restart_gateway'))]).toEqual([]);
});

it('refuses a link code in a channel, to its sender alone, and makes it void', async () => {
  const ann = discord.user('ann');
  const ops = discord.channel('ops');
  const client = await chat.stack.clientOf(await chat.stack.createMember('operator'));
  const { data } = await client.rpc('issue_chat_code');
  await discord.slash(ann, ops, 'link', { code: data.code });
  const told = await sees(
    ops,
    ann,
    /this one is void now[\s\S]*\/hq link CODE to the bot in a direct message/u,
  );
  expect(told.onlyFor).toBe(ann.id);
  await discord.slash(ann, discord.direct(ann), 'link', { code: data.code });
  await sees(discord.direct(ann), ann, /This code does not work/u);
});

it('refuses bots and deliveries for another application, and audits them', async () => {
  const operator = await linked('operator');
  const ops = await bound('operator');
  const robot = discord.user('robot', { bot: true });
  await discord.slash(robot, ops, 'gateway ping');
  await eventually(async () => expect(await refusalsOf(robot.id)).toEqual([{ stranger: 'bot' }]));
  const { interaction } = await discord.slash(operator, ops, 'whoami');
  discord.deliver({
    ...interaction.payload,
    id: '4242',
    application_id: '77',
    data: { name: 'hq', options: [{ type: 2, name: 'gateway', options: [{ type: 1, name: 'ping' }] }] },
  });
  await eventually(async () => expect(await refusalsOf(operator.id)).toEqual([{ stranger: 'outsider' }]));
  expect(await commands('ping')).toEqual([]);
});

it('does nothing in an unbound channel, in another server, or above the ceiling of the channel', async () => {
  const operator = await linked('operator');
  const reading = await bound('viewer');
  for (const loose of [discord.channel('loose'), discord.newGuild()]) {
    await discord.slash(operator, loose, 'gateway ping');
    await sees(loose, operator, /bind|bound/u);
  }
  await discord.slash(operator, reading, 'gateway restart_gateway');
  await sees(reading, operator, /operator/u);
  expect([...(await commands('ping')), ...(await commands('restart_gateway'))]).toEqual([]);
});

it('confirms a restart, and shows one card from the press to the end', async () => {
  const operator = await linked('operator');
  const ops = await bound('operator');
  await discord.slash(operator, ops, 'gateway restart_gateway');
  const question = await sees(ops, operator, /Restart the gateway.*\[Confirm\]/su);
  expect(await commands('restart_gateway')).toEqual([]);

  await Promise.all([1, 2].map(() => discord.press(operator, question, 'Confirm')));
  await eventually(() => expect(renderedText(question)).toMatch(/confirmed by .*@.*, \d\d:\d\d UTC/u));
  expect(renderedText(question)).not.toContain('[Confirm]');
  expect(await commands('restart_gateway')).toMatchObject([{ origin: 'discord', status: 'pending' }]);

  const { database } = chat.stack;
  const claimed = await claimOne(database, chat.gateway);
  const text = '\u001b[31mstopping ``` @everyone \u202e\n';
  await exchange(database, {
    gateway: chat.gateway,
    output: [{ token: claimed.lease_token, seq: 1, stream: 'stdout', text }],
  });
  await eventually(() => expect(renderedText(question)).toContain('stopping ``ˋ @everyone'));
  await exchange(database, {
    gateway: chat.gateway,
    results: [{ token: claimed.lease_token, status: 'done', exit_code: 0, stdout: text }],
  });
  await eventually(() => expect(renderedText(question)).toMatch(/done in /u));
  expect(renderedText(question)).not.toContain('[Cancel]');
  expect(question.pings).toEqual([]);
});

it('asks in a form for the typed name before a destructive action', async () => {
  const { database } = chat.stack;
  const operator = await linked('operator');
  const ops = await bound('operator');
  await database.query(`update hq.actions set danger = 'destructive' where name = 'restart_gateway'`);
  try {
    await discord.slash(operator, ops, 'gateway restart_gateway');
    const question = await sees(ops, operator, /type `default`.*\[Type the name\]/su);
    for (const typed of ['another', 'default']) {
      const form = await discord.press(operator, question, 'Type the name');
      const [part] = form.modal?.components ?? [];
      if (part?.type !== 18) throw new Error('the form asks for nothing');
      await discord.submit(operator, form, { [part.label]: typed });
      if (typed === 'another') {
        await sees(ops, operator, /name|typed/u);
        expect(await commands('restart_gateway')).toEqual([]);
      }
    }
    await eventually(async () => expect(await commands('restart_gateway')).toHaveLength(1));
    await eventually(() => expect(renderedText(question)).toMatch(/confirmed by .*@/u));
    expect(renderedText(question)).not.toContain('[Type the name]');
  } finally {
    await database.query(`update hq.actions set danger = 'disruptive' where name = 'restart_gateway'`);
  }
});

it('answers a wrong value of a form privately, and opens it again with what was written', async () => {
  const operator = await linked('operator');
  const ops = await bound('operator');
  const title = `Corrected ${operator.id}`;
  const before = discord.messages(ops).length;
  const form = await discord.slash(operator, ops, 'run', { words: 'create_task' });
  const sent = await discord.submit(operator, form, { Title: title, Description: 'two\nlines', Due: 'nope' });
  const told = await sees(ops, operator, /Due cannot be “nope”\. A date such as/u);
  expect(told.onlyFor).toBe(operator.id);
  expect(renderedText(told)).not.toContain('due_date');
  expect(discord.messages(ops)).toHaveLength(before);
  expect(sent.followUps).toEqual([]);
  const again = await discord.press(operator, told, 'Edit');
  const parts = again.modal?.components.map((part) => (part.type === 18 ? part.component : undefined));
  expect(parts).toMatchObject([{ value: title }, { value: 'two\nlines' }, {}, { value: 'nope' }, {}]);
  await discord.submit(operator, again, { Due: '2026-12-24' });
  await eventually(async () =>
    expect(
      await chat.stack.database.query('select description from tasks where title = $1', [title]),
    ).toEqual([{ description: 'two\nlines' }]),
  );
});

it('leaves a question by its button, and does nothing', async () => {
  const operator = await linked('operator');
  const direct = discord.direct(operator);
  for (const name of ['scout', 'writer']) {
    await chat.stack.database.addAgent(`${name}-${operator.id}`, chat.gateway);
  }
  await discord.slash(operator, direct, 'agent pause_agent');
  const question = await sees(direct, operator, /Agent\?/u);
  await discord.press(operator, question, 'Cancel');
  await eventually(() => expect(renderedText(question)).toMatch(/cancelled, nothing was done/u));
  expect(renderedText(question)).not.toContain('[');
  expect(await commands('pause_agent')).toEqual([]);
});

it('shows how long ago it was as Discord’s own time, and keeps joiners', async () => {
  const operator = await linked('operator');
  const ops = await bound('operator');
  const title = 'می‌خواهم 👩‍🚀';
  await discord.slash(operator, ops, 'work create_task', { title: `${title}\u202e` });
  const card = await sees(ops, operator, /Create a task \(می‌خواهم 👩‍🚀\)/u);
  expect(renderedText(card)).toMatch(/Asked by .*@.*, <t:\d{10}:R>/u);
  expect(renderedText(card)).toContain('[Open task]');
});

it('enqueues a redelivered command once, across processes', async () => {
  const operator = await linked('operator');
  const ops = await bound('operator');
  const { interaction } = await discord.slash(operator, ops, 'gateway ping');
  await discord.redeliver(interaction);
  await sees(ops, operator, /waiting for the runner/u);
  await core.close();
  await adapter.stop();
  await open();
  await discord.redeliver(interaction);
  await eventually(() => expect(core.core.dispatcher.size()).toBe(0));
  expect(await commands('ping')).toHaveLength(1);
});

it('completes the names that the user may use in the channel', async () => {
  const operator = await linked('operator');
  const ops = await bound('operator');
  await eventually(async () => {
    const choices = await discord.complete(operator, ops, 'gateway ping', { gateway: 'def' }, 'gateway');
    expect(choices.map(({ value }) => value)).toEqual(['default']);
  });
});

it('keeps updating the same card after a restart of the bot and the end of its interaction', async () => {
  const operator = await linked('operator');
  const ops = await bound('operator');
  await discord.slash(operator, ops, 'gateway pause_gateway');
  const card = await sees(ops, operator, /waiting for the runner/u);
  await eventually(async () =>
    expect(
      await chat.stack.database.query('select 1 from chat_cards where channel = $1', [ops.channel]),
    ).toHaveLength(1),
  );
  await core.close();
  await adapter.stop();
  discord.advance(16 * 60_000);

  const claimed = await claimOne(chat.stack.database, chat.gateway);
  await exchange(chat.stack.database, {
    gateway: chat.gateway,
    results: [{ token: claimed.lease_token, status: 'done', exit_code: 0 }],
  });
  await open();
  await core.core.resume('discord');
  await eventually(() => expect(renderedText(card)).toMatch(/done in /u));
  expect(discord.messages(ops)).toHaveLength(2);
});

it('keeps working if the connection breaks during a command', async () => {
  const operator = await linked('operator');
  const ops = await bound('operator');
  discord.gateway.drop();
  await discord.slash(operator, ops, 'gateway ping');
  await sees(ops, operator, /waiting for the runner/u);
  expect(discord.gateway.resumed).toBe(1);
  expect(await commands('ping')).toHaveLength(1);
});

it('gives a thread the binding of its channel, and the alerts of a deleted thread to that channel', async () => {
  const operator = await linked('operator');
  const ops = await bound('operator');
  const thread = discord.thread('incident', ops);
  const alerts = createAlertEngine({
    client: chat.bot,
    core: core.core,
    platforms: ['discord'],
    log: pino({ level: 'silent' }),
    timing: { pollMs: 50, gatherMs: 10, saveMs: 10 },
  });
  alerts.start();
  const { database } = chat.stack;
  const raise = (title: string) =>
    database.query('select hq.notify($1::jsonb)', [
      JSON.stringify({
        tenant_id: nilTenant,
        type: 'gateway_stale',
        title,
        severity: 'error',
        dedup_key: title,
      }),
    ]);
  try {
    await discord.slash(operator, thread, 'gateway restart_gateway');
    const question = await sees(thread, operator, /Restart the gateway/u);
    await discord.press(operator, question, 'Confirm');
    await eventually(() => expect(renderedText(question)).toMatch(/confirmed by /u));
    await discord.slash(operator, thread, 'chat subscribe');
    await sees(thread, operator, /alerts/iu);
    await raise('The first');
    const first = await sees(thread, operator, /The first/u);
    await discord.press(operator, first, 'Acknowledge');
    await eventually(() => expect(renderedText(first)).toMatch(/seen by .*@/u));
    discord.remove(thread);
    await database.query('select hq.resolve_alert($1, $2)', [nilTenant, 'The first']);
    await raise('The second');
    await sees(ops, operator, /The second.*Its thread is deleted or locked/su);
    expect(
      await database.query('select thread, disabled_at from chat_subscriptions where channel = $1', [
        ops.channel,
      ]),
    ).toEqual([{ thread: thread.channel, disabled_at: null }]);
  } finally {
    alerts.stop();
  }
});

it('sends an alert to a subscribed channel, takes an acknowledgement, and reports its end', async () => {
  const operator = await linked('operator');
  const ops = await bound('operator');
  const alerts = createAlertEngine({
    client: chat.bot,
    core: core.core,
    platforms: ['discord'],
    log: pino({ level: 'silent' }),
    timing: { pollMs: 50, gatherMs: 10, saveMs: 10 },
  });
  alerts.start();
  try {
    await discord.slash(operator, ops, 'chat subscribe');
    await sees(ops, operator, /alerts/iu);
    const { database } = chat.stack;
    await database.query('select hq.notify($1::jsonb)', [
      JSON.stringify({
        tenant_id: nilTenant,
        type: 'gateway_stale',
        title: 'The gateway @everyone is silent',
        severity: 'error',
        dedup_key: 'test:gateway',
        entity_type: 'gateway',
        entity_id: chat.gateway,
      }),
    ]);
    const alert = await sees(ops, operator, /The gateway \\@everyone is silent/u);
    expect(alert.pings).toEqual([]);
    await discord.press(operator, alert, 'Acknowledge');
    await eventually(() => expect(renderedText(alert)).toMatch(/seen by .*@/u));
    await database.query('select hq.resolve_alert($1, $2)', [nilTenant, 'test:gateway']);
    await eventually(() => expect(renderedText(alert)).toMatch(/over after/u));
  } finally {
    alerts.stop();
  }
});

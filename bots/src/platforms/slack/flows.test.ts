import type { Role } from '@hq/shared/actions';
import { createRedactor } from '@hq/shared/text';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { nilTenant } from '../../../../db/testing/database.ts';
import { eventually } from '../../../../db/testing/eventually.ts';
import { claimOne, exchange } from '../../../../db/testing/exchange.ts';
import type { SlackChannel, SlackMessage, SlackUser } from '../../../fakes/slack-server/index.ts';
import { type ChatTestStack, type OpenCore, openChatStack } from '../../../testing/chat-stack.ts';
import { createSlackBot, type SlackBot } from '../../../testing/slack-bot.ts';
import { createAlertEngine } from '../../core/alerts/alert-engine.ts';

/** Flows through Slack, the core and the database. */
let chat: ChatTestStack;
let bot: SlackBot;
let core: OpenCore;

beforeAll(async () => {
  chat = await openChatStack();
});
afterAll(() => chat.close());

beforeEach(async () => {
  await chat.stack.database.query('delete from agent_commands');
  bot = await createSlackBot();
  await open();
});
afterEach(async () => {
  await core.close();
  await bot.stop();
});

async function open(): Promise<void> {
  core = await chat.open({ redactor: createRedactor([bot.slack.server.botToken]) }, []);
  core.core.attach(bot.adapter);
  await bot.adapter.start(core.core.dispatcher);
}

const workspace = () => bot.slack.server.workspace;
const textOf = (message: SlackMessage): string => workspace().render(message).text;

/** Waits for a visible message that matches, and returns the newest. */
function sees(channel: SlackChannel, user: SlackUser, words: RegExp): Promise<SlackMessage> {
  return eventually(() => {
    const last = workspace().visibleMessages(channel.id, user.id).at(-1);
    if (last === undefined) throw new Error('there is no message');
    expect(textOf(last)).toMatch(words);
    return last;
  });
}

/** Links an account of Slack to a member of the role. */
async function linked(role: Role, user = workspace().user(role)): Promise<SlackUser> {
  const member = await chat.stack.createMember(role);
  const client = await chat.stack.clientOf(member);
  const { data } = await client.rpc('issue_chat_code');
  await bot.slack.actions.slash(user, workspace().direct(user), `link ${data.code}`);
  await sees(workspace().direct(user), user, /^Linked to /u);
  return user;
}

/** Binds a channel with these members as an admin. */
async function bound(ceiling: Role, ...users: SlackUser[]): Promise<SlackChannel> {
  const admin = await linked('admin');
  const channel = workspace().channel('ops', [admin, ...users]);
  await bot.slack.actions.slash(admin, channel, `bind ${ceiling}`);
  await sees(channel, admin, /This channel is bound/u);
  return channel;
}

function openForm(user: SlackUser) {
  return eventually(() => {
    const opened = bot.slack.actions.openView(user);
    if (opened === undefined) throw new Error('no form is open');
    return opened;
  });
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
  const eve = workspace().user('eve');
  const operator = await linked('operator');
  const ops = await bound('operator', operator, eve);
  await bot.slack.actions.slash(operator, ops, 'restart gateway');
  const question = await sees(ops, operator, /Restart the gateway/u);
  await bot.slack.actions.slash(eve, ops, 'ping');
  const answer = await sees(ops, eve, /linked to nobody/u);
  expect(answer.onlyFor).toBe(eve.id);
  await bot.slack.actions.press(eve, question, 'Confirm');
  await bot.slack.actions.mention(eve, ops, 'ping');
  await eventually(async () => expect((await refusalsOf(eve.id)).length).toBeGreaterThanOrEqual(3));
  expect([...(await commands('ping')), ...(await commands('restart_gateway'))]).toEqual([]);
});

it('refuses another workspace, whatever user it names, and audits it', async () => {
  const operator = await linked('operator');
  const ops = await bound('operator', operator);
  await bot.slack.actions.slash(operator, ops, 'ping', { payload: { team_id: 'T0OTHER' } });
  await eventually(async () => expect(await refusalsOf(operator.id)).toEqual([{ stranger: 'outsider' }]));
  expect(await commands('ping')).toEqual([]);
});

it('takes requests and confirmations of an enterprise’s other workspaces, and of no other enterprise', async () => {
  await core.close();
  await bot.stop();
  bot = await createSlackBot(undefined, { enterprise: 'E0ACME' });
  await open();
  const ann = await linked('operator', workspace().user('ann', 'T0OTHER', 'E0ACME'));
  const eve = workspace().user('eve', 'T0THIRD', 'E0ACME');
  const guest = workspace().user('guest', 'T0GUEST', 'E0OTHER');
  const ops = await bound('operator', ann, eve, guest);
  await bot.slack.actions.mention(ann, ops, 'restart gateway');
  const question = await sees(ops, ann, /Restart the gateway.*\[Confirm\]/su);
  await bot.slack.actions.press(guest, question, 'Confirm');
  await eventually(async () => expect(await refusalsOf(guest.id)).toEqual([{ stranger: 'outsider' }]));
  await bot.slack.actions.press(eve, question, 'Confirm');
  await eventually(async () => expect(await refusalsOf(eve.id)).toEqual([{ stranger: null }]));
  expect(await commands('restart_gateway')).toEqual([]);
  await bot.slack.actions.press(ann, question, 'Confirm');
  await eventually(() => expect(textOf(question)).toMatch(/confirmed by .*@/u));
  await bot.slack.actions.slash(ann, ops, 'create_task');
  await bot.slack.actions.submit(ann, await openForm(ann), { Title: `From elsewhere ${ann.id}` });
  await sees(ops, ann, /task/iu);
});

it('refuses a link code that was posted in a channel, to its sender alone, and makes it void', async () => {
  const ann = workspace().user('ann');
  const ops = workspace().channel('ops', [ann]);
  const client = await chat.stack.clientOf(await chat.stack.createMember('operator'));
  const { data } = await client.rpc('issue_chat_code');
  await bot.slack.actions.mention(ann, ops, `link ${data.code}`);
  const told = await sees(
    ops,
    ann,
    /this one is void now[\s\S]*\/hq link CODE to the bot in a direct message/u,
  );
  expect(told.onlyFor).toBe(ann.id);
  const direct = workspace().direct(ann);
  await bot.slack.actions.slash(ann, direct, `link ${data.code}`);
  await sees(direct, ann, /This code does not work/u);
  const { data: next } = await client.rpc('issue_chat_code');
  await bot.slack.actions.slash(ann, direct, `link ${next.code}`);
  await sees(direct, ann, /^Linked to /u);
});

it('does nothing in an unbound channel, or above the ceiling of the channel', async () => {
  const operator = await linked('operator');
  const loose = workspace().channel('loose', [operator]);
  await bot.slack.actions.slash(operator, loose, 'ping');
  await sees(loose, operator, /bind|bound/u);
  const reading = await bound('viewer', operator);
  await bot.slack.actions.slash(operator, reading, 'restart gateway');
  await sees(reading, operator, /operator/u);
  expect([...(await commands('ping')), ...(await commands('restart_gateway'))]).toEqual([]);
});

it('confirms a restart, and shows one card from the press to the end', async () => {
  const operator = await linked('operator');
  const ops = await bound('operator', operator);
  await bot.slack.actions.slash(operator, ops, 'restart gateway');
  const question = await sees(ops, operator, /Restart the gateway.*\[Confirm\]/su);
  expect(await commands('restart_gateway')).toEqual([]);

  const presses = await Promise.all([1, 2].map(() => bot.slack.actions.press(operator, question, 'Confirm')));
  expect(presses.map((press) => press.acknowledged)).toEqual([true, true]);
  await eventually(() => expect(textOf(question)).toMatch(/confirmed by .*@.*, \d\d:\d\d UTC/u));
  expect(textOf(question)).not.toContain('[Confirm]');
  expect(await commands('restart_gateway')).toMatchObject([{ origin: 'slack', status: 'pending' }]);

  const { database } = chat.stack;
  const claimed = await claimOne(database, chat.gateway);
  const text = '\u001b[31mstopping <!channel> \u202e\n';
  await exchange(database, {
    gateway: chat.gateway,
    output: [{ token: claimed.lease_token, seq: 1, stream: 'stdout', text }],
  });
  await eventually(() => expect(textOf(question)).toContain('stopping <!channel>'));
  await exchange(database, {
    gateway: chat.gateway,
    results: [{ token: claimed.lease_token, status: 'done', exit_code: 0, stdout: text }],
  });
  await eventually(() => expect(textOf(question)).toMatch(/✓ done in /u));
  expect(textOf(question)).not.toContain('[Cancel]');
  expect(workspace().render(question).notified).toEqual([]);
  expect(bot.slack.server.calls.filter((call) => call.answer.ok !== true)).toEqual([]);
});

it('asks for the typed name before a destructive action, and removes the question after the answer', async () => {
  const { database } = chat.stack;
  const operator = await linked('operator');
  const ops = await bound('operator', operator);
  await database.query(`update hq.actions set danger = 'destructive' where name = 'restart_gateway'`);
  try {
    await bot.slack.actions.slash(operator, ops, 'restart gateway');
    const question = await sees(ops, operator, /type default.*\[Type the name\]/su);
    for (const typed of ['another', 'default']) {
      await bot.slack.actions.press(operator, question, 'Type the name');
      const view = await openForm(operator);
      const [field] = view.view.blocks;
      if (field?.type !== 'input') throw new Error('the form asks for nothing');
      await bot.slack.actions.submit(operator, view, { [field.label.text]: typed });
      if (typed === 'another') {
        expect(view.errors).toEqual({ [field.label.text]: 'That is not its name. Type default.' });
        expect(await commands('restart_gateway')).toEqual([]);
      }
    }
    await eventually(async () => expect(await commands('restart_gateway')).toHaveLength(1));
    await eventually(() => expect(textOf(question)).toMatch(/confirmed by .*@/u));
    expect(textOf(question)).not.toContain('[Type the name]');
  } finally {
    await database.query(`update hq.actions set danger = 'disruptive' where name = 'restart_gateway'`);
  }
});

it('asks for what a mention lacks with a button that opens the form, because Slack opens none for a message', async () => {
  const operator = await linked('operator');
  const ops = await bound('operator', operator);
  const { ts: thread } = await sees(ops, operator, /This channel is bound/u);
  await bot.slack.actions.mention(operator, ops, `create_task description="of ${operator.id}"`, { thread });
  const question = await sees(ops, operator, /Create a task[\s\S]*Title\?[\s\S]*\[Fill in\]/u);
  expect(question.thread).toBe(thread);
  await bot.slack.actions.press(operator, question, 'Fill in');
  await bot.slack.actions.submit(operator, await openForm(operator), { Title: `By mention ${operator.id}` });
  await eventually(() => expect(textOf(question)).toContain(`By mention ${operator.id}`));
  const payloads = await chat.stack.database.query(
    `select payload ->> 'description' as description from agent_commands where payload ->> 'title' = $1`,
    [`By mention ${operator.id}`],
  );
  expect(payloads).toEqual([{ description: `of ${operator.id}` }]);
});

it('creates one row and one card for a mention that Slack delivers four times', async () => {
  const operator = await linked('operator');
  const ops = await bound('operator', operator);
  const receipt = await bot.slack.actions.mention(operator, ops, 'ping');
  for (const attempt of [1, 2, 3]) await bot.slack.actions.redeliver(receipt, attempt);
  await sees(ops, operator, /waiting for the runner/u);
  await eventually(() => expect(bot.slack.server.sockets.acknowledgements.length).toBeGreaterThanOrEqual(4));
  await eventually(() => expect(core.core.dispatcher.size()).toBe(0));
  expect(await commands('ping')).toHaveLength(1);
  const cards = workspace()
    .visibleMessages(ops.id, operator.id)
    .filter((message) => /waiting for the runner/u.test(textOf(message)));
  expect(cards).toHaveLength(1);
});

it('creates no second row for a mention that is edited after a restart of the bot', async () => {
  const operator = await linked('operator');
  const ops = await bound('operator', operator);
  const { botUser } = workspace();
  const said = { type: 'app_mention', user: operator.id, channel: ops.id, ts: '1796045847.000200' };
  await bot.slack.actions.event({ ...said, text: `<@${botUser}> ping` });
  await eventually(async () => expect(await commands('ping')).toHaveLength(1));
  await bot.adapter.stop();
  await bot.adapter.start(core.core.dispatcher);
  const edited = { user: operator.id, ts: '1796045850.000000' };
  await bot.slack.actions.event({ ...said, edited, text: `<@${botUser}> ping default` });
  await eventually(() => expect(core.core.dispatcher.size()).toBe(0));
  await bot.slack.actions.slash(operator, ops, 'whoami');
  await eventually(() => expect(core.core.dispatcher.size()).toBe(0));
  expect(await commands('ping')).toHaveLength(1);
});

it('creates no second row for a mention that is redelivered to the next process, and shows its outcome', async () => {
  const operator = await linked('operator');
  const ops = await bound('operator', operator);
  const title = `Repeated ${operator.id}`;
  const answers = (): SlackMessage[] =>
    workspace()
      .visibleMessages(ops.id, operator.id)
      .filter((message) => /for nobody yet/u.test(textOf(message)));
  const receipt = await bot.slack.actions.mention(operator, ops, `create_task "${title}"`);
  await eventually(() => expect(answers()).toHaveLength(1));
  await bot.adapter.stop();
  await bot.adapter.start(core.core.dispatcher);
  await bot.slack.actions.redeliver(receipt);
  await eventually(() => expect(answers()).toHaveLength(2));
  expect(await chat.stack.database.query('select 1 from tasks where title = $1', [title])).toHaveLength(1);
});

it('shows wrong values beside their fields in the open form, and tells nobody', async () => {
  const operator = await linked('operator');
  const ops = await bound('operator', operator);
  const before = workspace().visibleMessages(ops.id, operator.id).length;
  const title = `Corrected ${operator.id}`;
  await bot.slack.actions.slash(operator, ops, 'create_task');
  const view = await openForm(operator);
  await bot.slack.actions.submit(operator, view, { Title: title, Due: 'nope' });
  expect(view.errors).toEqual({ Due: expect.stringMatching(/^Due cannot be “nope”\. A date such as/u) });
  await bot.slack.actions.submit(operator, view, { Title: title, Due: '2026-13-45' });
  expect(view.errors).toEqual({ Due: 'Due is not a valid date.' });
  await bot.slack.actions.submit(operator, view, { Title: title, Agent: 'nobody' });
  expect(view.errors?.Agent).toMatch(/There is no agent nobody/u);
  expect(bot.slack.actions.openView(operator)).toBe(view);
  expect(workspace().visibleMessages(ops.id, operator.id)).toHaveLength(before);
  await bot.slack.actions.submit(operator, view, { Title: title, Due: '2026-12-24' });
  expect(bot.slack.actions.openView(operator)).toBeUndefined();
  await eventually(async () =>
    expect(await chat.stack.database.query('select 1 from tasks where title = $1', [title])).toHaveLength(1),
  );
});

it('asks for missing arguments by a form with completion, and runs the command', async () => {
  const operator = await linked('operator');
  const direct = workspace().direct(operator);
  const title = `Written in Slack ${operator.id}`;
  await bot.slack.actions.slash(operator, direct, 'create_task');
  await bot.slack.actions.submit(operator, await openForm(operator), { Title: title });
  await eventually(async () =>
    expect(await chat.stack.database.query('select 1 from tasks where title = $1', [title])).toHaveLength(1),
  );
  await sees(direct, operator, /Write|task|Task/u);
});

it.each([
  [
    'its button',
    (user: SlackUser, question: SlackMessage) => bot.slack.actions.press(user, question, 'Cancel'),
  ],
  ['/hq cancel', (user: SlackUser) => bot.slack.actions.slash(user, workspace().direct(user), 'cancel')],
])('leaves a question by %s, and does nothing', async (_way, leave) => {
  const operator = await linked('operator');
  const direct = workspace().direct(operator);
  for (const name of ['scout', 'writer']) {
    await chat.stack.database.addAgent(`${name}-${operator.id.toLowerCase()}`, chat.gateway);
  }
  await bot.slack.actions.slash(operator, direct, 'pause_agent');
  const question = await sees(direct, operator, /Agent\?/u);
  await leave(operator, question);
  await eventually(() => expect(textOf(question)).toMatch(/cancelled, nothing was done/u));
  expect(textOf(question)).not.toContain('[');
  expect(await commands('pause_agent')).toEqual([]);
});

it('keeps updating the same card after a restart of the bot', async () => {
  const operator = await linked('operator');
  const ops = await bound('operator', operator);
  await bot.slack.actions.slash(operator, ops, 'pause_gateway');
  const card = await sees(ops, operator, /waiting for the runner/u);
  await eventually(async () =>
    expect(
      await chat.stack.database.query('select 1 from chat_cards where channel = $1', [ops.id]),
    ).toHaveLength(1),
  );

  await core.close();

  const claimed = await claimOne(chat.stack.database, chat.gateway);
  await exchange(chat.stack.database, {
    gateway: chat.gateway,
    results: [{ token: claimed.lease_token, status: 'done', exit_code: 0 }],
  });

  core = await chat.open({}, []);
  core.core.attach(bot.adapter);
  await core.core.resume('slack');

  await eventually(() => expect(textOf(card)).toMatch(/✓ done in /u));
  expect(workspace().visibleMessages(ops.id)).toHaveLength(2);
});

it('keeps working if Slack closes the connection during a command', async () => {
  const operator = await linked('operator');
  const ops = await bound('operator', operator);
  const asking = bot.slack.actions.slash(operator, ops, 'ping');
  bot.slack.server.sockets.recycle('refresh_requested');
  expect((await asking).acknowledged).toBe(true);
  await sees(ops, operator, /waiting for the runner/u);
  await eventually(() => expect(bot.adapter.health().state).toBe('connected'));
  expect(await commands('ping')).toHaveLength(1);
});

it('sends an alert to a subscribed channel, takes an acknowledgement, and reports its end', async () => {
  const operator = await linked('operator');
  const ops = await bound('operator', operator);
  const alerts = createAlertEngine({
    client: chat.bot,
    core: core.core,
    platforms: ['slack'],
    log: pino({ level: 'silent' }),
    timing: { pollMs: 50, gatherMs: 10, saveMs: 10 },
  });
  alerts.start();
  try {
    await bot.slack.actions.slash(operator, ops, 'subscribe');
    await sees(ops, operator, /alerts/iu);
    const { database } = chat.stack;
    const raise = (text: string) =>
      database.query('select hq.notify($1::jsonb)', [
        JSON.stringify({
          tenant_id: nilTenant,
          type: 'gateway_stale',
          title: text,
          severity: 'error',
          dedup_key: 'test:gateway',
          entity_type: 'gateway',
          entity_id: chat.gateway,
        }),
      ]);
    await raise('The gateway <!channel> is silent');
    const alert = await sees(ops, operator, /The gateway <!channel> is silent/u);
    expect(workspace().render(alert).notified).toEqual([]);
    await bot.slack.actions.press(operator, alert, 'Acknowledge');
    await eventually(() => expect(textOf(alert)).toMatch(/seen by .*@/u));
    await database.query('select hq.resolve_alert($1, $2)', [nilTenant, 'test:gateway']);
    await eventually(() => expect(textOf(alert)).toMatch(/✓ over after/u));
  } finally {
    alerts.stop();
  }
});

it('shows logs in one message that only their reader sees, from the request to the end', async () => {
  const operator = await linked('operator');
  const ops = await bound('operator', operator);
  await bot.slack.actions.slash(operator, ops, 'logs');
  const card = await sees(ops, operator, /Tail the logs[\s\S]*waiting for the runner/u);
  expect(card.onlyFor).toBe(operator.id);
  const claimed = await claimOne(chat.stack.database, chat.gateway);
  await exchange(chat.stack.database, {
    gateway: chat.gateway,
    output: [{ token: claimed.lease_token, seq: 1, stream: 'stdout', text: 'the last line\n' }],
    results: [
      { token: claimed.lease_token, status: 'done', exit_code: 0, result: { service: 'gateway', lines: 1 } },
    ],
  });
  await eventually(() => expect(textOf(card)).toMatch(/done in [\s\S]*the last line/u));
  const own = workspace()
    .visibleMessages(ops.id, operator.id)
    .filter(({ onlyFor }) => onlyFor === operator.id);
  expect(own).toHaveLength(1);
});

it('shows how long ago it was as Slack’s own date, and keeps joiners', async () => {
  const operator = await linked('operator');
  const ops = await bound('operator', operator);
  const title = 'می‌خواهم 👩‍🚀';
  await bot.slack.actions.slash(operator, ops, `task create "${title}\u202e"`);
  const card = await sees(ops, operator, /Create a task \(می‌خواهم 👩‍🚀\)/u);
  const asked = card.blocks
    ?.flatMap((block) => (block.type === 'rich_text' ? block.elements : []))
    .flatMap(({ elements }) => elements as readonly { readonly type: string }[])
    .find(({ type }) => type === 'date');
  expect(asked).toMatchObject({
    format: '{ago}',
    fallback: expect.stringMatching(/^\d\d:\d\d UTC$/u),
    timestamp: expect.any(Number),
  });
  expect(textOf(card)).toMatch(/Asked by .*@/u);
});

it('cuts a message that Slack finds too long, keeps its buttons, and says so', async () => {
  const operator = await linked('operator');
  const ops = await bound('operator', operator);
  const { server } = bot.slack;
  server.fail('chat.postMessage', { body: JSON.stringify({ ok: false, error: 'msg_too_long' }) });
  await bot.slack.actions.slash(operator, ops, 'pause gateway');
  const card = await sees(ops, operator, /This message was cut[\s\S]*\[Cancel\]/u);
  const claimed = await claimOne(chat.stack.database, chat.gateway);
  await eventually(() => expect(textOf(card)).toContain('running'));
  server.fail('chat.update', { body: JSON.stringify({ ok: false, error: 'msg_blocks_too_long' }) });
  const lines = Array.from({ length: 200 }, (_, index) => `line ${index} of what went wrong`).join('\n');
  await exchange(chat.stack.database, {
    gateway: chat.gateway,
    output: [{ token: claimed.lease_token, seq: 1, stream: 'stderr', text: lines }],
    results: [{ token: claimed.lease_token, status: 'failed', exit_code: 1, error_message: 'no answer' }],
  });
  await eventually(() => expect(textOf(card)).toMatch(/failed[\s\S]*line 199[\s\S]*This message was cut/u));
  expect(textOf(card)).not.toContain('line 100');
});

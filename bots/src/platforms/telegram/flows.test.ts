import type { Role } from '@hq/shared/actions';
import { createRedactor } from '@hq/shared/text';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { nilTenant } from '../../../../db/testing/database.ts';
import { eventually } from '../../../../db/testing/eventually.ts';
import { claimOne, exchange } from '../../../../db/testing/exchange.ts';
import {
  type Chat,
  type Person,
  type RenderedMessage,
  startTelegramServer,
  type TelegramServer,
} from '../../../fakes/telegram-server/index.ts';
import { type ChatTestStack, type OpenCore, openChatStack } from '../../../testing/chat-stack.ts';
import { createAlertEngine } from '../../core/alerts/alert-engine.ts';
import { TelegramAdapter } from './adapter.ts';
import { readSettings } from './settings.ts';

/** Flows through Telegram, the core and the database. */
let chat: ChatTestStack;
let server: TelegramServer;
let core: OpenCore;
let adapter: TelegramAdapter;

beforeAll(async () => {
  chat = await openChatStack();
});

afterAll(() => chat.close());

beforeEach(async () => {
  await chat.stack.database.query('delete from agent_commands');
  server = await startTelegramServer();
  await open();
});

afterEach(async () => {
  await close();
  await server.close();
});

async function open(): Promise<void> {
  core = await chat.open({ redactor: createRedactor([server.token]) }, []);
  const settings = readSettings({ TELEGRAM_BOT_TOKEN: server.token, TELEGRAM_API_ROOT: server.url });
  if (settings === null) throw new Error('There is no token.');
  adapter = new TelegramAdapter(settings, pino({ level: 'silent' }));
  core.core.attach(adapter);
  await adapter.start(core.core.dispatcher);
  await core.core.resume('telegram');
}

async function close(): Promise<void> {
  await core.close();
  await adapter.stop();
}

interface Phone {
  readonly person: Person;
  readonly direct: Chat;
  readonly email: string;
}

/** Links an account of Telegram to a member of the role. */
async function linked(role: Role): Promise<Phone> {
  const member = await chat.stack.createMember(role);
  const person = server.person(`P${role}`);
  const direct = server.direct(person);
  const client = await chat.stack.clientOf(member);
  const { data } = await client.rpc('issue_chat_code');
  server.write(person, direct, `/start ${data.code}`);
  await sees(direct, /^✔ Linked to /u);
  return { person, direct, email: member.email };
}

/** Waits until the newest message matches, and returns it. */
function sees(chat: Chat, words: RegExp): Promise<RenderedMessage> {
  return eventually(() => {
    const last = server.last(chat);
    expect(last.text).toMatch(words);
    return last;
  });
}

function commands(action: string) {
  return chat.stack.database.query<{ id: string; status: string; origin: string }>(
    'select id, status, origin from agent_commands where action = $1',
    [action],
  );
}

test('an unlinked user gets help and link; a code from HQ links once', async () => {
  const stranger = server.person('Eve');
  const chat = server.direct(stranger);
  server.write(stranger, chat, '/hq ping');
  await sees(chat, /linked to nobody/u);
  server.write(stranger, chat, '/start wrong-code-wrong-code');
  await sees(chat, /code/iu);
  expect(await commands('ping')).toEqual([]);
  const ann = await linked('operator');
  server.write(ann.person, ann.direct, '/hq whoami');
  await sees(ann.direct, /operator here/u);
});

test('a link code that was posted in a group is void, and the answer says where a new one belongs', async () => {
  const ann = server.person('Ann');
  const group = server.group('Ops', [ann]);
  const client = await chat.stack.clientOf(await chat.stack.createMember('operator'));
  const { data } = await client.rpc('issue_chat_code');
  server.write(ann, group, `/hq link ${data.code}`);
  const told = await sees(group, /this one is void now/u);
  expect(told.text).not.toContain(data.code);
  server.write(ann, server.direct(ann), `/start ${data.code}`);
  await sees(server.direct(ann), /This code does not work/u);
  const { data: next } = await client.rpc('issue_chat_code');
  server.write(ann, server.direct(ann), `/start ${next.code}`);
  await sees(server.direct(ann), /Linked to /u);
});

test.each([
  ['the caption of a picture', (code: string) => ({ photo: [], caption: `/hq link ${code}` })],
  ['the address that adds the bot to a group', (code: string) => ({ text: `/start@hq_test_bot ${code}` })],
])('a link code in %s is void, too', async (_where, contentOf) => {
  const ann = server.person('Ann');
  const group = server.group('Ops', [ann]);
  const client = await chat.stack.clientOf(await chat.stack.createMember('operator'));
  const { data } = await client.rpc('issue_chat_code');
  server.update('message', { message_id: 900, date: 1, chat: group, from: ann, ...contentOf(data.code) });
  await sees(group, /this one is void now/u);
  server.write(ann, server.direct(ann), `/start ${data.code}`);
  await sees(server.direct(ann), /This code does not work/u);
});

test('one card shows a command from its request to its end, with the output of the runner', async () => {
  const ann = await linked('operator');
  server.write(ann.person, ann.direct, '/hq ping');
  const card = await sees(ann.direct, /waiting for the runner/u);
  expect(await commands('ping')).toMatchObject([{ origin: 'telegram' }]);
  const claimed = await claimOne(chat.stack.database, chat.gateway);
  await exchange(chat.stack.database, {
    gateway: chat.gateway,
    output: [{ token: claimed.lease_token, seq: 1, stream: 'stdout', text: '\u001b[31m@admin /hq \u202e\n' }],
  });
  const running = await sees(ann.direct, /@admin \/hq/u);
  expect(running.entities.filter(({ type }) => type === 'mention' || type === 'bot_command')).toEqual([]);
  await exchange(chat.stack.database, {
    gateway: chat.gateway,
    results: [{ token: claimed.lease_token, status: 'done', exit_code: 0, result: { runner: 'r1' } }],
  });
  const done = await sees(ann.direct, /done in /u);
  expect(done).toMatchObject({ id: card.id });
  expect(done.buttons.flat()).not.toContain('Cancel');
});

test('a disruptive action needs one press of its user, and the card shows the decision', async () => {
  const ann = await linked('operator');
  server.write(ann.person, ann.direct, '/hq_restart_gateway');
  const question = await sees(ann.direct, /Restart the gateway/u);
  const presses = [1, 2].map(() => server.press(ann.person, question, 'Confirm'));
  await eventually(() => expect(presses.map((press) => press.answer())).not.toContain(undefined));
  await eventually(() => {
    const stamped = server.messages(ann.direct).find(({ id }) => id === question.id);
    expect(stamped?.text).toMatch(/confirmed by .*@.*, \d\d:\d\d UTC/u);
    expect(stamped?.buttons.flat()).not.toContain('Confirm');
  });
  const late = server.press(ann.person, question, 'Confirm', true);
  await eventually(() => expect(late.answer()).toBeDefined());
  await eventually(() => expect(core.core.dispatcher.size()).toBe(0));
  expect(server.messages(ann.direct).find(({ id }) => id === question.id)?.text).toMatch(/confirmed by /u);
  expect(await commands('restart_gateway')).toHaveLength(1);
});

test('a missing argument is asked for, and answered by a reply', async () => {
  const ann = await linked('operator');
  const title = `From the train ${ann.person.id}`;
  server.write(ann.person, ann.direct, '/hq create_task');
  const question = await eventually(() => {
    const last = server.last(ann.direct);
    expect(last.text).toMatch(/title/iu);
    return last;
  });
  server.write(ann.person, ann.direct, title, { replyTo: question });
  await eventually(async () =>
    expect(await chat.stack.database.query('select 1 from tasks where title = $1', [title])).toHaveLength(1),
  );
});

test('the menu is short, and every command works from the menu’s word', async () => {
  await adapter.describeCommands(core.core.commands);
  const shown = server.commands('all_private_chats');
  expect(shown.length).toBeLessThanOrEqual(15);
  expect(shown.map(({ command }) => command)).toEqual(
    expect.arrayContaining(['hq', 'hq_help', 'hq_status', 'hq_tasks', 'hq_alerts', 'hq_logs']),
  );
  const ann = await linked('operator');
  server.write(ann.person, ann.direct, `/hq_create_task title="Not in the menu"`);
  await sees(ann.direct, /Create a task \(Not in the menu\)/u);
});

test('the menu of a direct chat has what the role of its person may do', async () => {
  const menuOf = async ({ direct }: Phone): Promise<readonly string[]> =>
    eventually(() => {
      const own = server.commands(`chat ${direct.id}`);
      expect(own.length).toBeGreaterThan(1);
      return own.map(({ command }) => command);
    });
  const [viewer, operator] = [await menuOf(await linked('viewer')), await menuOf(await linked('operator'))];
  expect(viewer).toEqual(expect.arrayContaining(['hq_status', 'hq_stack_status']));
  expect(viewer).not.toContain('hq_restart_gateway');
  expect(operator).toEqual(expect.arrayContaining(['hq_restart_gateway', 'hq_resume_gateway']));
  expect(operator).toContain('hq_create_task');
  expect(viewer).not.toContain('hq_create_task');
});

test('a title keeps its joined emoji and its joiners, and times are absolute', async () => {
  const ann = await linked('operator');
  const title = `می‌خواهم 👩‍🚀 क्‍ष ${ann.person.id}`;
  server.write(ann.person, ann.direct, `/hq task create "${title}\u202e\u2060"`);
  const card = await sees(ann.direct, /Create a task/u);
  expect(card.text).toContain(`Create a task (${title})`);
  expect(card.text).toMatch(/Asked \d\d:\d\d UTC/u);
});

test('a group works once an admin has bound it, up to its ceiling, and not for anonymous senders', async () => {
  const admin = await linked('admin');
  const ann = await linked('operator');
  const group = server.group('Ops', [admin.person, ann.person]);
  server.write(ann.person, group, '/hq ping');
  await sees(group, /bind/iu);
  server.write(admin.person, group, '/hq bind viewer');
  await sees(group, /viewer and below/u);
  server.write(ann.person, group, '/hq restart_gateway');
  await sees(group, /refused|not here|needs/iu);
  server.write(admin.person, group, '/hq bind operator');
  await sees(group, /operator and below/u);
  server.write(admin.person, group, '/hq ping', { as: 'anonymous' });
  await eventually(async () =>
    expect(
      await chat.stack.database.query(
        `select meta ->> 'stranger' as stranger from audit_log where action = 'chat.refused' and meta ->> 'user' = $1`,
        [String(group.id)],
      ),
    ).toEqual([{ stranger: 'anonymous' }]),
  );
  expect(await commands('ping')).toEqual([]);
  server.write(ann.person, group, '/hq ping');
  await eventually(async () => expect(await commands('ping')).toHaveLength(1));
});

test('a command that a crash interrupted runs once after the restart', async () => {
  const ann = await linked('operator');
  await chat.stack.stopApi();
  server.write(ann.person, ann.direct, '/hq ping');
  const [update] = server.unconfirmed;
  await eventually(() => expect(server.unconfirmed.length).toBeLessThanOrEqual(1));
  await chat.stack.startApi();
  await eventually(async () => expect(await commands('ping')).toHaveLength(1));
  await close();
  if (update !== undefined) server.redeliver(update);
  await open();
  await eventually(() => expect(server.messages(ann.direct).length).toBeGreaterThan(2));
  expect(await commands('ping')).toHaveLength(1);
});

test('a group that becomes a supergroup sees the end of its command, and works again once bound', async () => {
  const admin = await linked('admin');
  const group = server.group('Ops', [admin.person]);
  server.write(admin.person, group, '/hq bind');
  await sees(group, /operator and below/u);
  server.write(admin.person, group, '/hq ping');
  await sees(group, /waiting for the runner/u);
  const next = server.migrate(group);
  await sees(next, /has changed/u);
  const { lease_token } = await claimOne(chat.stack.database, chat.gateway);
  await exchange(chat.stack.database, {
    gateway: chat.gateway,
    results: [{ token: lease_token, status: 'done', exit_code: 0, result: { runner: 'r1' } }],
  });
  await sees(next, /done in /u);
  server.write(admin.person, next, '/hq ping');
  await sees(next, /bind/u);
  server.write(admin.person, next, '/hq bind');
  await sees(next, /operator and below/u);
  server.write(admin.person, next, '/hq ping');
  await sees(next, /waiting for the runner/u);
});

test('an alert whose topic was deleted comes to the group, and the subscription stays', async () => {
  const admin = await linked('admin');
  const group = server.group('Ops', [admin.person], 'supergroup');
  server.write(admin.person, group, '/hq bind', { thread: 7 });
  await sees(group, /operator and below/u);
  const alerts = createAlertEngine({
    client: chat.bot,
    core: core.core,
    platforms: ['telegram'],
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
    server.write(admin.person, group, '/hq subscribe', { thread: 7 });
    await sees(group, /alerts/iu);
    await raise('The first');
    expect(await sees(group, /The first/u)).toMatchObject({ thread: 7 });
    server.deleteTopic(group, 7);
    await raise('The second');
    const moved = await sees(group, /The second[\s\S]*Its topic is closed or deleted/u);
    expect(moved.thread).toBeUndefined();
    server.press(admin.person, moved, 'Acknowledge');
    await sees(group, /The second[\s\S]*seen by/u);
    expect(
      await database.query('select thread, disabled_at from chat_subscriptions where channel = $1', [
        String(group.id),
      ]),
    ).toEqual([{ thread: '7', disabled_at: null }]);
  } finally {
    alerts.stop();
  }
});

test('a failed command keeps its output when it is retried, and sends it as a file', async () => {
  const ann = await linked('operator');
  server.write(ann.person, ann.direct, '/hq ping');
  const card = await sees(ann.direct, /waiting for the runner/u);
  const { lease_token } = await claimOne(chat.stack.database, chat.gateway);
  const lines = Array.from({ length: 400 }, (_, index) => `line ${index} of what went wrong`).join('\n');
  await exchange(chat.stack.database, {
    gateway: chat.gateway,
    output: [{ token: lease_token, seq: 1, stream: 'stderr', text: lines }],
    results: [{ token: lease_token, status: 'failed', exit_code: 1, error_message: 'no answer' }],
  });
  const failed = await sees(ann.direct, /failed[\s\S]*line 399/u);
  expect(failed.id).toBe(card.id);
  server.press(ann.person, failed, 'All output');
  const { file } = await sees(ann.direct, /400 lines/u);
  expect(file?.content).toBe(lines);
  server.press(ann.person, failed, 'Retry');
  await eventually(async () => expect(await commands('ping')).toHaveLength(2));
  await sees(ann.direct, /waiting for the runner/u);
  expect(server.messages(ann.direct).find(({ id }) => id === failed.id)?.text).toBe(failed.text);
  expect(server.messages(ann.direct).filter(({ text }) => text.includes('in the file'))).toEqual([]);
});

/** Asks for a comment on a new task; returns the comments there. */
async function askedForComment(ann: Phone, where = ann.direct) {
  const [row] = await chat.stack.database.query<{ id: string }>(
    `insert into tasks (tenant_id, title) values ($1, 'Count the hens') returning id`,
    [nilTenant],
  );
  server.write(ann.person, where, `/hq comment_on_task ${row?.id}`);
  const question = await sees(where, /Comment\?/u);
  const comments = async (): Promise<string[]> => {
    const rows = await chat.stack.database.query<{ body: string }>(
      'select body from comments where entity_id = $1',
      [row?.id],
    );
    return rows.map(({ body }) => body);
  };
  return { question, comments };
}

const shownAgain = (where: Chat, { id }: RenderedMessage) =>
  server.messages(where).find((message) => message.id === id);

describe('a question for free text is left, and nothing is done', () => {
  test.each(['cancel', '/cancel', '/hq cancel', 'Stop.', 'never mind'])('by “%s”', async (words) => {
    const ann = await linked('operator');
    const { question, comments } = await askedForComment(ann);
    server.write(ann.person, ann.direct, words);
    await sees(ann.direct, /Comment on a task\ncancelled, nothing was done/u);
    await eventually(() => {
      expect(shownAgain(ann.direct, question)?.text).toMatch(/cancelled, nothing was done/u);
      expect(shownAgain(ann.direct, question)?.buttons).toEqual([]);
    });
    server.write(ann.person, ann.direct, 'whoami');
    await sees(ann.direct, /operator here/u);
    expect(await comments()).toEqual([]);
  });

  test.each(['status', '/status', '/hq status', '/hq_status'])(
    'by the command “%s”, which is done',
    async (words) => {
      const ann = await linked('operator');
      const { question, comments } = await askedForComment(ann);
      server.write(ann.person, ann.direct, words);
      await sees(ann.direct, /Fleet|gateway/iu);
      await eventually(() =>
        expect(shownAgain(ann.direct, question)?.text).toMatch(/cancelled, nothing was done/u),
      );
      server.write(ann.person, ann.direct, 'and some words more');
      await sees(ann.direct, /There is no command “and”/u);
      expect(await comments()).toEqual([]);
    },
  );

  test('by its button, for its person alone', async () => {
    const ann = await linked('operator');
    const ben = await linked('admin');
    const group = server.group('Ops', [ann.person, ben.person]);
    server.write(ben.person, group, '/hq bind');
    await sees(group, /operator and below/u);
    const { question, comments } = await askedForComment(ann, group);
    expect(question.text).toContain('Reply to this message to answer.');
    server.press(ben.person, question, 'Cancel');
    await sees(group, /somebody else/u);
    server.press(ann.person, question, 'Cancel');
    await eventually(() => expect(shownAgain(group, question)?.text).toMatch(/cancelled, nothing was done/u));
    server.write(ann.person, group, 'Too late', { replyTo: question });
    server.write(ann.person, group, '/hq whoami');
    await sees(group, /operator here/u);
    expect(await comments()).toEqual([]);
  });
});

test.each([
  ['“cancel”', 'cancel'],
  ['"status"', 'status'],
  ['status is fine', 'status is fine'],
  ['“two” and “three”', '“two” and “three”'],
])('the answer %s to a question for free text is “%s”', async (words, body) => {
  const ann = await linked('operator');
  const { comments } = await askedForComment(ann);
  server.write(ann.person, ann.direct, words);
  await eventually(async () => expect(await comments()).toEqual([body]));
});

test('a question for a name is left by another command, and its late Cancel cancels nothing', async () => {
  const ann = await linked('operator');
  const slugs = ['scout', 'writer'].map((name) => `${name}-${ann.person.id}`);
  for (const slug of slugs) await chat.stack.database.addAgent(slug, chat.gateway);
  server.write(ann.person, ann.direct, '/hq pause_agent');
  await sees(ann.direct, /Agent\?/u);
  server.write(ann.person, ann.direct, 'whoami');
  await sees(ann.direct, /operator here/u);
  server.write(ann.person, ann.direct, slugs[1] ?? '');
  await sees(ann.direct, /There is no command/u);
  server.write(ann.person, ann.direct, '/hq pause_agent');
  const question = await sees(ann.direct, /Agent\?/u);
  server.write(ann.person, ann.direct, slugs[1] ?? '');
  await sees(ann.direct, new RegExp(`Pause an agent \\(${slugs[1]}\\)`, 'u'));
  server.press(ann.person, question, 'Cancel');
  await eventually(() => expect(shownAgain(ann.direct, question)?.text).toMatch(/no longer open/u));
  expect(await commands('pause_agent')).toHaveLength(1);
});

test('“cancel” declines what waits for the typed name', async () => {
  const { database } = chat.stack;
  const ann = await linked('operator');
  await database.query(`update hq.actions set danger = 'destructive' where name = 'restart_gateway'`);
  try {
    server.write(ann.person, ann.direct, '/hq restart_gateway');
    await sees(ann.direct, /reply with default/u);
    server.write(ann.person, ann.direct, 'cancel');
    await sees(ann.direct, /not done[\s\S]*declined by/u);
    server.write(ann.person, ann.direct, 'default');
    await sees(ann.direct, /There is no command “default”/u);
    expect(await commands('restart_gateway')).toEqual([]);
  } finally {
    await database.query(`update hq.actions set danger = 'disruptive' where name = 'restart_gateway'`);
  }
});

test('a wrong value is asked for again by its label, and the other values are kept', async () => {
  const ann = await linked('operator');
  const title = `Kept ${ann.person.id}`;
  server.write(ann.person, ann.direct, '/hq create_task due_date=nope priority=high');
  await sees(ann.direct, /Title\?/u);
  server.write(ann.person, ann.direct, title);
  const again = await sees(ann.direct, /Due\?/u);
  expect(again.text).toMatch(/Due cannot be “nope”\. A date such as 2026-12-24/u);
  expect(again.text).not.toContain('due_date');
  server.write(ann.person, ann.direct, '2026-13-45');
  await sees(ann.direct, /Due is not a valid date/u);
  server.write(ann.person, ann.direct, '2026-12-24');
  await eventually(async () =>
    expect(await chat.stack.database.query('select priority from tasks where title = $1', [title])).toEqual([
      { priority: 'high' },
    ]),
  );
});

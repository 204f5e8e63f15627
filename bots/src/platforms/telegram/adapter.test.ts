import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { eventually } from '../../../../db/testing/eventually.ts';
import {
  type Chat,
  type Person,
  startTelegramServer,
  type TelegramServer,
} from '../../../fakes/telegram-server/index.ts';
import { ok, startTelegramBot, type TelegramBot } from '../../../testing/telegram-bot.ts';
import type { Card } from '../../contract/card.ts';
import type { ChatLocation } from '../../contract/inbound.ts';

let server: TelegramServer;
let bot: TelegramBot;
let ann: Person;
let direct: Chat;

beforeEach(async () => {
  server = await startTelegramServer();
  ann = server.person('Ann');
  direct = server.direct(ann);
  bot = await startTelegramBot(server);
});

afterEach(async () => {
  await bot.adapter.stop();
  await server.close();
});

function placeOf(chat: Chat, thread: string | null = null): ChatLocation {
  return {
    platform: 'telegram',
    install: String(server.bot.id),
    channel: String(chat.id),
    kind: chat.type === 'private' ? 'direct' : 'group',
    thread,
  };
}

/** The words of all deliveries, oldest first. */
function receivedTexts(): string[] {
  return bot.received.map(({ inbound: { input } }) => (input.kind === 'words' ? input.text : input.kind));
}

test('a command in a direct chat is handed over with immutable ids, and answered there', async () => {
  server.write(ann, direct, '/hq status');
  expect(await eventually(() => server.last(direct))).toMatchObject({ text: '✔ Done', replyTo: undefined });
  expect(bot.received[0]?.inbound).toMatchObject({
    platform: 'telegram',
    install: String(server.bot.id),
    channel: String(direct.id),
    kind: 'direct',
    thread: null,
    user: String(ann.id),
    deliveryId: expect.stringMatching(new RegExp(`^tg:${server.bot.id}:\\d+$`)),
    input: { kind: 'words', text: 'status' },
  });
  expect(bot.received[0]?.inbound.stranger).toBeUndefined();
});

test('every notation of a command means the same', async () => {
  await bot.adapter.describeCommands([
    { path: ['work', 'create_task'], summary: 'Create a task', arguments: [], rank: 1 },
    { path: ['work', 'list'], summary: 'Tasks', arguments: [], rank: 2 },
    { path: ['show', 'list'], summary: 'Everything', arguments: [], rank: 3 },
    { path: ['status'], summary: 'The fleet', arguments: [], rank: 0 },
  ]);
  expect(server.commands('all_group_chats')).toEqual(server.commands('all_private_chats'));
  expect(server.commands('all_private_chats').map(({ command }) => command)).toEqual([
    'hq',
    'hq_status',
    'hq_create_task',
    'hq_work_list',
    'hq_show_list',
  ]);
  for (const text of [
    '/hq status',
    '/HQ@HQ_Test_Bot status',
    '/hq_status',
    '/status',
    '/hq_Status@hq_test_bot',
  ]) {
    server.write(ann, direct, text);
  }
  server.write(ann, direct, '/hq_create_task  title="a b"');
  server.write(ann, direct, '/start abc-DEF_1');
  server.write(ann, direct, '/start');
  await eventually(() => expect(bot.received).toHaveLength(8));
  expect(receivedTexts()).toEqual([
    ...Array.from({ length: 5 }, () => 'status'),
    'work create_task title="a b"',
    'link abc-DEF_1',
    'help',
  ]);
});

test('a group hands over commands and replies to the bot, and nothing else', async () => {
  const group = server.group('Ops', [ann]);
  server.write(ann, group, '/hq@other_bot status');
  server.write(ann, group, '/status');
  server.write(ann, group, 'good morning');
  const command = server.write(ann, group, '/hq status');
  const card = await eventually(() => server.last(group));
  expect(card.replyTo).toBe(command.message_id);
  server.write(ann, group, 'prod, please', { replyTo: card });
  await eventually(() => expect(bot.received).toHaveLength(2));
  expect(bot.received[1]?.inbound).toMatchObject({
    kind: 'group',
    channel: String(group.id),
    input: { kind: 'words', text: 'prod, please', answer: true },
  });
});

test('a topic of a group is a thread, and answers stay in it', async () => {
  const forum = server.group('Ops', [ann], 'supergroup');
  server.write(ann, forum, '/hq status', { thread: 7 });
  expect((await eventually(() => server.last(forum))).thread).toBe(7);
  expect(bot.received[0]?.inbound.thread).toBe('7');
});

test('a sender behind a group, a channel, a bot or a forward is handed over as a stranger', async () => {
  const group = server.group('Ops', [ann]);
  const channel = server.group('News', [ann], 'channel');
  server.write(ann, group, '/hq status', { as: 'anonymous' });
  server.write(ann, group, '/hq status', { as: channel });
  server.write(server.person('Robot', true), group, '/hq status');
  server.write(ann, group, '/hq status', { isForwarded: true });
  server.write(ann, channel, '/hq status', { as: channel });
  await eventually(() => expect(bot.received).toHaveLength(5));
  expect(bot.received.map(({ inbound: { stranger, user } }) => [stranger, user])).toEqual([
    ['anonymous', String(group.id)],
    ['anonymous', String(channel.id)],
    ['bot', expect.any(String)],
    ['anonymous', String(ann.id)],
    ['anonymous', String(channel.id)],
  ]);
});

test('a press hands over the token and the message, and its spinner ends before the answer', async () => {
  const sent = await bot.adapter.send(placeOf(server.group('Ops', [ann])), {
    ...ok,
    buttons: [{ token: 'v1:abc', label: 'Restart @all', style: 'danger' }],
  });
  expect(sent).toMatchObject({ ok: true });
  bot.answer = null;
  bot.acknowledge = { kind: 'quiet' };
  const handle = sent.ok ? sent.handle : null;
  const seen = { chat: Number(handle?.chat), id: Number(handle?.message) };
  const press = server.press(ann, seen, 'Restart @all');
  await eventually(() => expect(press.answer()).toEqual({ text: undefined, isAlert: false }));
  expect(bot.received[0]?.inbound).toMatchObject({
    user: String(ann.id),
    kind: 'group',
    input: { kind: 'button', token: 'v1:abc', message: handle },
  });
});

test('a question asks for a reply, and the reply is its answer', async () => {
  const group = server.group('Ops', [ann]);
  bot.answer = { title: 'Which agent?', tone: 'neutral', question: { placeholder: 'agent' } };
  server.write(ann, group, '/hq restart');
  const question = await eventually(() => server.last(group));
  expect(question).toMatchObject({ text: 'Which agent?', asksForReply: true });
  server.write(ann, group, 'scout', { replyTo: question });
  await eventually(() => expect(receivedTexts()).toEqual(['restart', 'scout']));
});

test('a slow answer replaces a placeholder', async () => {
  bot.answer = null;
  server.write(ann, direct, '/hq status');
  const first = await eventually(() => server.last(direct));
  expect(first.text).toBe('Working on it …');
  expect(server.called('sendChatAction')).toHaveLength(1);
  expect(await bot.received[0]?.reply.send(ok)).toMatchObject({
    ok: true,
    handle: { message: String(first.id) },
  });
  expect(server.messages(direct).map(({ text }) => text)).toEqual(['✔ Done']);
  // An edit cannot ask for a reply.
  server.write(ann, direct, '/hq restart');
  await eventually(() => expect(server.last(direct).text).toBe('Working on it …'));
  await bot.received[1]?.reply.send({ title: 'Which?', tone: 'neutral', question: { placeholder: 'agent' } });
  expect(server.messages(direct).map(({ text }) => text)).toEqual(['✔ Done', 'Which?']);
});

test('a slow answer does not delay other users', async () => {
  const ben = server.person('Ben');
  const other = server.direct(ben);
  bot.answer = null;
  server.write(ann, direct, '/hq status');
  await eventually(() => expect(bot.received).toHaveLength(1));
  bot.answer = ok;
  server.write(ben, other, '/hq status');
  await eventually(() => expect(server.last(other).text).toBe('✔ Done'));
  expect(server.messages(direct)).toEqual([]);
});

test('a redelivered update is handed over once', async () => {
  server.write(ann, direct, '/hq status');
  const [update] = server.unconfirmed;
  await eventually(() => expect(bot.received).toHaveLength(1));
  if (update !== undefined) server.redeliver(update);
  server.write(ann, direct, '/hq help');
  await eventually(() => expect(receivedTexts()).toEqual(['status', 'help']));
});

test('invalid updates are ignored', async () => {
  server.update('message', {});
  server.update('message', { message_id: 1, chat: { id: 5 }, sticker: {} });
  server.update('callback_query', { id: 'q' });
  server.update('poll_answer', { user: 1 });
  server.write(ann, direct, '/hq status');
  await eventually(() => expect(receivedTexts()).toEqual(['status']));
});

test('an edit replaces text and buttons, and one that changes nothing succeeds', async () => {
  server.write(ann, direct, '/start');
  await eventually(() => server.last(direct));
  const card: Card = { ...ok, buttons: [{ token: 'v1:a', label: 'Undo', style: 'plain' }] };
  const sent = await bot.adapter.send(placeOf(direct), card);
  const handle = sent.ok && sent.handle !== null ? sent.handle : {};
  expect(server.last(direct).buttons).toEqual([['Undo']]);
  expect(await bot.adapter.edit(handle, ok)).toEqual({ ok: true, handle });
  expect(server.last(direct).buttons).toEqual([]);
  await eventually(async () => expect(await bot.adapter.edit(handle, ok)).toEqual({ ok: true, handle }));
});

test('a file arrives with its text, whatever its name and note contain', async () => {
  server.write(ann, direct, '/start');
  await eventually(() => server.last(direct));
  const file = { name: '../a"\r\nb.txt', text: '@everyone\n🙂', note: 'Log of @channel' };
  expect(await bot.adapter.file(placeOf(direct), file)).toMatchObject({ ok: true });
  const seen = server.last(direct);
  expect(seen.file).toEqual({ name: '_a_b.txt', content: '@everyone\n🙂' });
  expect(seen.entities).toEqual([]);
});

test('each refusal of a chat is classified', async () => {
  const group = server.group('Ops', [ann]);
  const location = placeOf(group);
  server.fail('sendMessage', { kind: 'refuse', status: 429, parameters: { retry_after: 3 } });
  expect(await bot.adapter.send(location, ok)).toEqual({
    ok: false,
    problem: { kind: 'wait', afterMs: 3_000 },
  });
  // No request goes out before.
  expect(await bot.adapter.send(location, ok)).toMatchObject({ problem: { kind: 'wait' } });
  expect(server.called('sendMessage')).toHaveLength(1);
  server.closeChat(direct, ann);
  expect(await bot.adapter.send(placeOf(direct), ok)).toEqual({
    ok: false,
    problem: { kind: 'closed', reason: 'Forbidden: bot was blocked by the user' },
  });
  const gone = { chat: String(server.group('Other', [ann]).id), message: '4' };
  expect(await bot.adapter.edit(gone, ok)).toEqual({ ok: false, problem: { kind: 'gone' } });
  server.fail('sendMessage', { kind: 'refuse', status: 502 });
  const third = placeOf(server.group('Third', [ann]));
  expect(await bot.adapter.send(third, ok)).toMatchObject({ problem: { kind: 'away' } });
});

test('a group that became a supergroup gets one explanation, and sends to it return its new id', async () => {
  const group = server.group('Ops', [ann]);
  const next = server.migrate(group);
  const moved = { ok: false, problem: { kind: 'moved', channel: String(next.id) } };
  await eventually(() => expect(server.last(next).text).toMatch(/has changed[\s\S]*\/hq bind/u));
  // A redelivered update, as after a crash, and the error for a send to the old id.
  server.update('message', { message_id: 2, chat: next, migrate_from_chat_id: group.id });
  expect(await bot.adapter.send(placeOf(group), ok)).toEqual(moved);
  expect(await bot.adapter.edit({ chat: String(group.id), message: '101' }, ok)).toEqual(moved);
  expect(await bot.adapter.send(placeOf(next), ok)).toMatchObject({ ok: true });
  await eventually(() => expect(server.unconfirmed).toHaveLength(0));
  expect(server.messages(next)).toHaveLength(2);
  expect(server.messages(group)).toEqual([]);
});

test('a group gets the explanation if sending reveals its new id, even after a rate limit', async () => {
  const group = server.group('Ops', [ann]);
  const id = group.id - 1_000_000_000_000;
  const next = server.direct({ ...ann, id });
  server.write(ann, next, '/start');
  await eventually(() => expect(server.messages(next)).toHaveLength(1));
  server.fail('sendMessage', { kind: 'refuse', status: 400, parameters: { migrate_to_chat_id: id } });
  server.fail('sendMessage', { kind: 'refuse', status: 429, parameters: { retry_after: 1 } });
  expect(await bot.adapter.send(placeOf(group), ok)).toMatchObject({ problem: { kind: 'moved' } });
  await eventually(() => expect(server.messages(next)).toHaveLength(2));
  expect(server.last(next).text).toContain('/hq bind');
});

test('a pending answer follows its group', async () => {
  const group = server.group('Ops', [ann]);
  bot.answer = null;
  server.write(ann, group, '/hq status');
  await eventually(() => expect(bot.received).toHaveLength(1));
  const next = server.migrate(group);
  expect(await bot.received[0]?.reply.send(ok)).toMatchObject({
    ok: true,
    handle: { chat: String(next.id) },
  });
  expect(server.messages(next).map(({ text }) => text)).toContain('✔ Done');
});

test('the messages and files of a closed or deleted topic come to its group, and say so', async () => {
  const forum = server.group('Ops', [ann], 'supergroup');
  for (const thread of [7, 8]) server.write(ann, forum, '/hq status', { thread });
  await eventually(() => expect(server.messages(forum)).toHaveLength(2));
  server.closeTopic(forum, 7);
  server.deleteTopic(forum, 8);
  const [answer] = server.messages(forum);
  for (const thread of ['7', '8']) {
    expect(await bot.adapter.send(placeOf(forum, thread), { ...ok, footer: thread })).toMatchObject({
      ok: true,
    });
    const note = `${thread} Its topic is closed or deleted. Type subscribe where alerts shall come instead.`;
    expect(server.last(forum)).toMatchObject({ text: `✔ Done\n\n${note}`, thread: undefined });
  }
  const file = { name: 'a.txt', text: 'lines', note: 'All lines.' };
  await eventually(async () =>
    expect(await bot.adapter.file(placeOf(forum, '8'), file)).toMatchObject({ ok: true }),
  );
  expect(server.last(forum)).toMatchObject({ thread: undefined, file: { content: 'lines' } });
  // A message that is lost with its topic is no closed chat.
  server.fail('editMessageText', { kind: 'refuse', status: 400, description: 'Bad Request: TOPIC_CLOSED' });
  const lost = { chat: String(forum.id), message: String(answer?.id) };
  await eventually(async () =>
    expect(await bot.adapter.edit(lost, ok)).toMatchObject({ problem: { kind: 'gone' } }),
  );
});

test('a group whose general topic is closed too is a closed chat', async () => {
  const forum = server.group('Ops', [ann], 'supergroup');
  const closed = { kind: 'refuse', status: 400, description: 'Bad Request: TOPIC_CLOSED' } as const;
  server.fail('sendMessage', closed, 2);
  expect(await bot.adapter.send(placeOf(forum, '7'), ok)).toMatchObject({ problem: { kind: 'closed' } });
});

test('a question in an edited message explains how to answer, because it cannot ask for a reply', async () => {
  const group = server.group('Ops', [ann]);
  await bot.adapter.send(placeOf(group), ok);
  const { id } = server.last(group);
  const question: Card = { title: 'Which words?', tone: 'neutral', question: { placeholder: 'words' } };
  await bot.adapter.edit({ chat: String(group.id), message: String(id) }, question);
  expect(server.last(group)).toMatchObject({
    id,
    text: 'Which words?\n\nReply to this message to answer.',
    asksForReply: false,
  });
});

test('text that was copied from a message of HQ is read as typed', async () => {
  await bot.adapter.send(placeOf(direct), ok);
  server.write(ann, direct, '/start');
  await eventually(() => expect(bot.received).toHaveLength(1));
  await bot.adapter.send(placeOf(direct), { title: 'Ask @writer', tone: 'neutral' });
  const copied = server.last(direct).text;
  expect(copied).not.toBe('Ask @writer');
  server.write(ann, direct, `/hq create_task ${copied}`);
  await eventually(() => expect(receivedTexts().at(-1)).toBe('create_task Ask @writer'));
});

test('a change of the system clock delays no message', async () => {
  const location = placeOf(server.group('Ops', [ann]));
  vi.useFakeTimers({ toFake: ['Date'] });
  try {
    for (const hours of [0, -2, 5]) {
      vi.setSystemTime(Date.now() + hours * 3_600_000);
      expect(await bot.adapter.send(location, ok)).toMatchObject({ ok: true });
    }
  } finally {
    vi.useRealTimers();
  }
});

test('a press that is too old for its spinner is still handed over', async () => {
  const group = server.group('Ops', [ann]);
  await bot.adapter.send(placeOf(group), {
    ...ok,
    buttons: [{ token: 'v1:a', label: 'Undo', style: 'plain' }],
  });
  server.fail('answerCallbackQuery', {
    kind: 'refuse',
    status: 400,
    description: 'Bad Request: query is too old and response timeout expired or query ID is invalid',
  });
  server.press(ann, server.last(group), 'Undo');
  await eventually(() => expect(receivedTexts()).toEqual(['button']));
  expect(bot.adapter.health().state).toBe('connected');
});

test('a server without a command menu only causes a detail in the health', async () => {
  server.fail('setMyCommands', { kind: 'refuse', status: 404, description: 'Not Found' }, 2);
  expect(await bot.adapter.describeCommands([])).toMatchObject({ ok: false });
  expect(bot.adapter.health()).toMatchObject({
    state: 'connected',
    detail: 'The command menu could not be set: Not Found.',
  });
});

test('messages of one group stay within its rate limit', async () => {
  const location = placeOf(server.group('Ops', [ann]));
  const sent = await Promise.all(Array.from({ length: 8 }, () => bot.adapter.send(location, ok)));
  expect(sent.filter((each) => each.ok)).toHaveLength(5);
  const waits = sent.flatMap((each) =>
    !each.ok && each.problem.kind === 'wait' ? [each.problem.afterMs] : [],
  );
  expect(waits).toHaveLength(3);
  expect(Math.max(...waits)).toBeLessThanOrEqual(5_000);
});

test('an answer before the acknowledgement gets no placeholder afterwards', async () => {
  server.write(ann, direct, '/hq status');
  await eventually(() => expect(server.last(direct).text).toBe('✔ Done'));
  // Longer than the delay of a placeholder.
  await new Promise((resolve) => setTimeout(resolve, 2_000));
  expect(server.messages(direct).map(({ text }) => text)).toEqual(['✔ Done']);
  expect(server.called('sendChatAction')).toEqual([]);
});

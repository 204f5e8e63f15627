import { afterEach, beforeEach, expect, test } from 'vitest';
import { z } from 'zod';
import type { Chat, Person } from './chat-state.ts';
import { startTelegramServer, type TelegramServer } from './telegram-server.ts';

let server: TelegramServer;
let ann: Person;
let direct: Chat;
let forum: Chat;

beforeEach(async () => {
  server = await startTelegramServer();
  ann = server.person('Ann');
  direct = server.direct(ann);
  forum = server.group('Ops', [ann], 'supergroup');
  server.write(ann, direct, '/start');
});

afterEach(() => server.close());

const answer = z.looseObject({
  ok: z.boolean(),
  error_code: z.number().optional(),
  description: z.string().optional(),
});
type Answer = z.output<typeof answer>;

async function call(method: string, params: object, token = server.token): Promise<Answer> {
  const response = await fetch(`${server.url}/bot${token}/${method}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(params),
  });
  return answer.parse(await response.json());
}

/** Returns the error of a refused call. */
async function refusal(method: string, params: object): Promise<string> {
  const { ok, error_code, description } = await call(method, params);
  return ok ? 'taken' : `${error_code} ${description}`;
}

const button = (callback_data: string) => ({ inline_keyboard: [[{ text: 'Go', callback_data }]] });

test("a message is accepted up to Telegram's limit of length", async () => {
  const send = (text: string, more: object = {}): Promise<string> =>
    refusal('sendMessage', { chat_id: direct.id, text, ...more });
  expect(await send('x'.repeat(4096))).toBe('taken');
  expect(await send('x'.repeat(4097))).toBe('400 Bad Request: message is too long');
  expect(await send(' \n')).toBe('400 Bad Request: message text is empty');
  expect(await send('x', { reply_markup: button('d'.repeat(64)) })).toBe('taken');
  expect(await send('x', { reply_markup: button('ß'.repeat(33)) })).toBe(
    '400 Bad Request: BUTTON_DATA_INVALID',
  );
  expect(await send('x', { reply_parameters: { message_id: 9 } })).toMatch(/to be replied not found/u);
});

test('an entity is within its text and splits no character', async () => {
  const send = (text: string, ...entities: object[]): Promise<string> =>
    refusal('sendMessage', { chat_id: direct.id, text, entities });
  const bold = (offset: number, length: number) => ({ type: 'bold', offset, length });
  expect(await send('a🙂b', bold(1, 2))).toBe('taken');
  expect(await send('a🙂b', bold(1, 4))).toMatch(/ENTITY_BOUNDS_INVALID/u);
  expect(await send('a🙂b', bold(2, 1))).toMatch(/UTF-16/u);
  expect(await send('abcd', bold(0, 3), { ...bold(2, 2), type: 'italic' })).toMatch(/without nesting/u);
  expect(await send('abcd', { ...bold(0, 4), type: 'pre' }, bold(1, 1))).toMatch(/can not contain/u);
  expect(await send('x'.repeat(101), ...Array.from({ length: 101 }, (_, at) => bold(at, 1)))).toMatch(
    /too many entities/u,
  );
});

test('an edit changes the text of a message of the bot', async () => {
  await call('sendMessage', { chat_id: direct.id, text: 'one' });
  const { id } = server.last(direct);
  const edit = (message_id: number, text: string): Promise<string> =>
    refusal('editMessageText', { chat_id: direct.id, message_id, text });
  expect(await edit(id, 'two')).toBe('taken');
  expect(await edit(id, 'two')).toMatch(/^400 Bad Request: message is not modified/u);
  expect(await edit(id + 7, 'two')).toBe('400 Bad Request: message to edit not found');
  expect(await edit(id - 1, 'two')).toBe("400 Bad Request: message can't be edited");
  expect(await refusal('deleteMessage', { chat_id: direct.id, message_id: id + 7 })).toMatch(
    /to delete not found/u,
  );
});

test('a callback query is answered before it expires', async () => {
  await call('sendMessage', { chat_id: direct.id, text: 'one', reply_markup: button('d') });
  const press = server.press(ann, server.last(direct), 'Go');
  const end = (callback_query_id: string): Promise<string> =>
    refusal('answerCallbackQuery', { callback_query_id });
  expect(await end(press.id)).toBe('taken');
  server.expireQueries();
  expect(await end(press.id)).toMatch(/query is too old/u);
  expect(await end('another')).toMatch(/query ID is invalid/u);
});

test('an unknown, unopened, closed or migrated chat refuses messages with the reason', async () => {
  const send = (chat_id: number, more: object = {}): Promise<Answer> =>
    call('sendMessage', { chat_id, text: 'x', ...more });
  expect(await send(5)).toMatchObject({ error_code: 400, description: 'Bad Request: chat not found' });
  expect(await send(server.direct(server.person('Ben')).id)).toMatchObject({
    error_code: 403,
    description: "Forbidden: bot can't initiate conversation with a user",
  });
  server.closeChat(direct, ann);
  expect(await send(direct.id)).toMatchObject({ description: 'Forbidden: bot was blocked by the user' });
  const group = server.group('Small', [ann]);
  const next = server.migrate(group);
  expect(await send(group.id)).toMatchObject({
    error_code: 400,
    parameters: { migrate_to_chat_id: next.id },
  });
  expect(await send(next.id)).toMatchObject({ ok: true });
});

test('a topic accepts messages while it is open', async () => {
  const send = (message_thread_id: number): Promise<string> =>
    refusal('sendMessage', { chat_id: forum.id, text: 'x', message_thread_id });
  expect(await send(7)).toBe('400 Bad Request: message thread not found');
  server.write(ann, forum, '/hq', { thread: 7 });
  expect(await send(7)).toBe('taken');
  server.closeTopic(forum, 7);
  expect(await send(7)).toBe('400 Bad Request: TOPIC_CLOSED');
  server.deleteTopic(forum, 7);
  expect(await send(7)).toBe('400 Bad Request: message thread not found');
});

test('updates are returned to polls, and removed once confirmed', async () => {
  const [first] = server.unconfirmed;
  const id = first?.update_id ?? 0;
  expect(await call('getUpdates', {})).toMatchObject({ result: [{ update_id: id }] });
  expect(await call('getUpdates', { offset: id })).toMatchObject({ result: [{ update_id: id }] });
  expect(await call('getUpdates', { offset: id + 1 })).toMatchObject({ result: [] });
  expect(server.unconfirmed).toEqual([]);
  const held = refusal('getUpdates', { timeout: 50 });
  await expect.poll(() => server.isPolled).toBe(true);
  expect(await refusal('getUpdates', {})).toBe('taken');
  expect(await held).toMatch(/^409 Conflict: terminated by other getUpdates request/u);
  await call('setWebhook', { url: 'http://127.0.0.1:9/' });
  expect(await refusal('getUpdates', {})).toMatch(/^409 Conflict: can't use getUpdates/u);
});

test('a wrong or revoked token is refused, and so is an unknown method', async () => {
  expect(await call('getMe', {}, '1:wrong')).toMatchObject({ error_code: 401, description: 'Unauthorized' });
  expect(await refusal('getYou', {})).toBe('404 Not Found');
  server.revoke();
  expect(await refusal('getMe', {})).toBe('401 Unauthorized');
});

test('privacy mode passes commands and replies to the bot, and nothing else', async () => {
  await call('getUpdates', { offset: (server.unconfirmed[0]?.update_id ?? 0) + 1 });
  await call('sendMessage', { chat_id: forum.id, text: 'question' });
  const question = server.last(forum);
  server.write(ann, forum, 'good morning');
  server.write(ann, forum, '@hq_test_bot status');
  server.write(ann, forum, '/hq@other_bot status');
  server.write(ann, forum, '/hq status');
  server.write(ann, forum, 'answer', { replyTo: question });
  expect(server.unconfirmed.map(({ message }) => Object(message).text)).toEqual(['/hq status', 'answer']);
});

test('text that notifies or can be tapped is found, except in code', async () => {
  const entityTypes = async (text: string, entities: object[] = []): Promise<string[]> => {
    await call('sendMessage', { chat_id: direct.id, text, entities });
    return server.last(direct).entities.map(({ type }) => type);
  };
  expect(await entityTypes('@admin /stop #tag $USD')).toEqual([
    'mention',
    'bot_command',
    'hashtag',
    'cashtag',
  ]);
  expect(await entityTypes('ann@example.org')).toEqual(['email']);
  expect(await entityTypes('@admin', [{ type: 'code', offset: 0, length: 6 }])).toEqual(['code']);
});

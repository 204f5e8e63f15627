import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { eventually } from '../../../../../db/testing/eventually.ts';
import {
  type Chat,
  type Person,
  startTelegramServer,
  type TelegramServer,
} from '../../../../fakes/telegram-server/index.ts';
import { startTelegramBot, type TelegramBot } from '../../../../testing/telegram-bot.ts';

const secret = 'a-secret-of-the-webhook_0123';
const timing = { firstMs: 20, longestMs: 50, conflictMs: 50 };
let server: TelegramServer;
let bot: TelegramBot;
let ann: Person;
let direct: Chat;
let url: string;

beforeEach(async () => {
  server = await startTelegramServer();
  ann = server.person('Ann');
  direct = server.direct(ann);
  const port = await freePort();
  url = `http://127.0.0.1:${port}/hooks/telegram`;
  bot = await startTelegramBot(server, {
    timing,
    env: {
      TELEGRAM_WEBHOOK_URL: url,
      TELEGRAM_WEBHOOK_SECRET: secret,
      TELEGRAM_WEBHOOK_LISTEN: `127.0.0.1:${port}`,
    },
  });
});

afterEach(async () => {
  await bot.adapter.stop();
  await server.close();
});

/** A port without a server a moment ago. */
function freePort(): Promise<number> {
  const probe = createServer();
  return new Promise((resolve, reject) => {
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      if (address === null || typeof address === 'string') return reject(new Error('no port'));
      probe.close(() => resolve(address.port));
    });
  });
}

function post(body: string, headers: Record<string, string>, to = url): Promise<number> {
  return fetch(to, { method: 'POST', body, headers }).then(({ status }) => status);
}

test('updates come to the webhook, and nothing is polled', async () => {
  expect(server.webhook).toMatchObject({ url, secretToken: secret });
  expect(bot.adapter.health()).toMatchObject({ state: 'connected', detail: null });
  server.write(ann, direct, '/hq status');
  await eventually(() => expect(server.last(direct).text).toBe('✔ Done'));
  await eventually(() => expect(server.unconfirmed).toHaveLength(0));
  expect(server.called('getUpdates')).toHaveLength(0);
});

test('the path, the method and the secret must match', async () => {
  const update = JSON.stringify({
    update_id: 1,
    message: { message_id: 1, from: ann, chat: direct, text: '/hq status' },
  });
  const right = { 'x-telegram-bot-api-secret-token': secret };
  expect(await post(update, {})).toBe(403);
  expect(await post(update, { 'x-telegram-bot-api-secret-token': `${secret}x` })).toBe(403);
  expect(await post(update, right, new URL('/', url).href)).toBe(404);
  expect((await fetch(url, { headers: right })).status).toBe(404);
  expect(await post('no json', right)).toBe(400);
  expect(await post('{}', right)).toBe(400);
  expect(await post(`"${'x'.repeat(2_000_000)}"`, right)).toBe(413);
  expect(bot.received).toHaveLength(0);
  expect(await post(update, right)).toBe(200);
  expect(bot.received).toHaveLength(1);
});

test('an update that is delivered twice is handed over once', async () => {
  const right = { 'x-telegram-bot-api-secret-token': secret };
  const update = JSON.stringify({
    update_id: 7,
    message: { message_id: 1, from: ann, chat: direct, text: '/hq status' },
  });
  server.write(ann, direct, '/start');
  expect(await Promise.all([post(update, right), post(update, right)])).toEqual([200, 200]);
  expect(await post(update, right)).toBe(200);
  await eventually(() => expect(bot.received).toHaveLength(2));
});

test('redelivered updates with lower ids are recognized', async () => {
  const right = { 'x-telegram-bot-api-secret-token': secret };
  const bring = (id: number): Promise<number> =>
    post(
      JSON.stringify({ update_id: id, message: { message_id: id, from: ann, chat: direct, text: '/hq x' } }),
      right,
    );
  bot.acknowledge = { kind: 'quiet' };
  bot.answer = null;
  for (let id = 900_000_000; id < 900_001_001; id += 1) await bring(id);
  const { length } = bot.received;
  for (const id of [5, 6, 5, 6]) expect(await bring(id)).toBe(200);
  expect(bot.received).toHaveLength(length + 2);
});

test('a slow request is cut off', async () => {
  const { hostname, port, pathname } = new URL(url);
  const socket = connect(Number(port), hostname);
  let answer = '';
  socket.on('data', (bytes) => {
    answer += bytes.toString();
  });
  const ended = once(socket, 'close');
  socket.write(
    `POST ${pathname} HTTP/1.1\r\nhost: ${hostname}\r\ncontent-type: application/json\r\ncontent-length: 500\r\nx-telegram-bot-api-secret-token: ${secret}\r\n\r\n{"update_id":`,
  );
  await ended;
  expect(answer).toMatch(/^HTTP\/1\.1 (?:408|413)/u);
  expect(bot.received).toHaveLength(0);
});

test('an update that is not handled in time is redelivered', async () => {
  bot.answer = null;
  server.write(ann, direct, '/hq restart');
  await eventually(() => expect(server.webhook?.lastError).toBe('Wrong response from the webhook: 503'));
  expect(server.unconfirmed).toHaveLength(1);
  await bot.received[0]?.reply.send({ title: 'Done', tone: 'good' });
  await eventually(() => expect(server.unconfirmed).toHaveLength(0));
  expect(bot.received).toHaveLength(1);
});

test('a stop closes the port although the token was revoked', async () => {
  server.revoke();
  server.write(ann, direct, '/hq status');
  await eventually(() => expect(bot.adapter.health().state).toBe('revoked'));
  await bot.adapter.stop();
  await expect(fetch(url)).rejects.toThrow();
});

test('after a stop the webhook stays set, so that no message is lost', async () => {
  await bot.adapter.stop();
  server.write(ann, direct, '/hq status');
  expect(server.webhook?.url).toBe(url);
  await expect(fetch(url)).rejects.toThrow();
  expect(server.unconfirmed).toHaveLength(1);
});

test('a port that is taken is reported and retried', async () => {
  const other = await startTelegramBot(server, {
    timing,
    env: { TELEGRAM_WEBHOOK_URL: url, TELEGRAM_WEBHOOK_LISTEN: new URL(url).host },
  });
  expect(other.adapter.health()).toMatchObject({
    state: 'reconnecting',
    detail: expect.stringContaining('EADDRINUSE'),
  });
  await bot.adapter.stop();
  await eventually(() => expect(other.adapter.health().state).toBe('connected'));
  await other.adapter.stop();
});

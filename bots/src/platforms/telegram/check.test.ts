import { afterEach, beforeEach, expect, test } from 'vitest';
import { startTelegramServer, type TelegramServer } from '../../../fakes/telegram-server/index.ts';
import { startTelegramBot } from '../../../testing/telegram-bot.ts';
import type { Finding } from '../../contract/adapter.ts';
import { telegram } from './index.ts';

let server: TelegramServer;

beforeEach(async () => {
  server = await startTelegramServer();
});

afterEach(async () => {
  await server.close();
});

async function check(env: Record<string, string> = {}): Promise<readonly Finding[]> {
  const configured = telegram.configure({
    TELEGRAM_BOT_TOKEN: server.token,
    TELEGRAM_API_ROOT: server.url,
    ...env,
  });
  return (await configured?.check()) ?? [];
}

test('a correct bot passes every check', async () => {
  expect(await check()).toEqual([
    { ok: true, sentence: 'Telegram knows the bot as @hq_test_bot.' },
    { ok: true, sentence: 'Updates can be polled, and no other process polls them.' },
  ]);
});

test('a server without webhooks passes', async () => {
  server.fail('getWebhookInfo', { kind: 'refuse', status: 404, description: 'Not Found: method not found' });
  expect((await check()).filter(({ ok }) => !ok)).toEqual([]);
});

test('it confirms no update', async () => {
  const ann = server.person('Ann');
  server.write(ann, server.direct(ann), '/hq status');
  await check();
  expect(server.unconfirmed).toHaveLength(1);
});

test('a running bot survives a check', async () => {
  const bot = await startTelegramBot(server, { timing: { firstMs: 20, longestMs: 50, conflictMs: 600_000 } });
  await check();
  const ann = server.person('Ann');
  server.write(ann, server.direct(ann), '/hq status');
  await expect.poll(() => bot.received.length).toBe(1);
  await bot.adapter.stop();
});

test.each([
  ['a wrong token', { TELEGRAM_BOT_TOKEN: '1:wrong' }, 'Telegram does not accept the bot token.'],
  [
    'a wrong address',
    { TELEGRAM_API_ROOT: 'http://127.0.0.1:1' },
    'The Bot API could not be asked: Telegram cannot be reached (ECONNREFUSED).',
  ],
])('%s is one sentence', async (_, env, sentence) => {
  expect(await check(env)).toEqual([{ ok: false, sentence, hint: expect.any(String) }]);
});

test('a second poller and a foreign webhook are distinguished', async () => {
  server.pollElsewhere(true);
  expect((await check()).at(-1)).toMatchObject({
    ok: false,
    sentence: 'Another process polls the updates of this bot.',
  });
  server.pollElsewhere(false);
  await fetch(`${server.url}/bot${server.token}/setWebhook`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ url: 'http://127.0.0.1:1/claw' }),
  });
  expect((await check()).at(-1)).toMatchObject({
    ok: false,
    sentence: 'A webhook is set for this bot at 127.0.0.1:1.',
  });
  const own = { TELEGRAM_WEBHOOK_URL: 'http://127.0.0.1:1/claw' };
  expect((await check(own)).at(-1)).toMatchObject({ ok: true, sentence: 'Telegram reaches the webhook.' });
});

test('a server that answers with a web page is reported as such', async () => {
  server.fail('getMe', { kind: 'html' });
  expect(await check()).toMatchObject([
    { sentence: 'The Bot API could not be asked: the server is not the Bot API (its answer is not JSON).' },
  ]);
});

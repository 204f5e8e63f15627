import { afterEach, beforeEach, expect, test } from 'vitest';
import { eventually } from '../../../../../db/testing/eventually.ts';
import {
  type Chat,
  type Person,
  startTelegramServer,
  type TelegramServer,
} from '../../../../fakes/telegram-server/index.ts';
import {
  createTelegramBot,
  receiverOf,
  startTelegramBot,
  type TelegramBot,
} from '../../../../testing/telegram-bot.ts';

const timing = { firstMs: 20, longestMs: 100, conflictMs: 50 };
const running: TelegramBot[] = [];
let server: TelegramServer;
let ann: Person;
let direct: Chat;

beforeEach(async () => {
  server = await startTelegramServer();
  ann = server.person('Ann');
  direct = server.direct(ann);
});

afterEach(async () => {
  await Promise.all(running.splice(0).map((bot) => bot.adapter.stop()));
  await server.close();
});

async function start(env: Record<string, string> = {}): Promise<TelegramBot> {
  const bot = await startTelegramBot(server, { env, timing });
  running.push(bot);
  return bot;
}

test('it reports its identity once connected', async () => {
  const bot = await start();
  expect(bot.adapter.health()).toMatchObject({
    state: 'connected',
    detail: null,
    install: String(server.bot.id),
  });
});

test('it asks for its identity once, and an update does not wait for another', async () => {
  const bot = await start();
  server.fail('getMe', { kind: 'hang' }, 5);
  server.write(ann, direct, '/hq status');
  await eventually(() => expect(bot.received).toHaveLength(1));
  expect(server.called('getMe')).toHaveLength(1);
});

test('an API root may have a path and a slash at its end, or not', async () => {
  const behindPath = await startTelegramServer({ path: '/telegram/api' });
  for (const root of [behindPath.url, `${behindPath.url}/`]) {
    const bot = await startTelegramBot(behindPath, { env: { TELEGRAM_API_ROOT: root } });
    expect(bot.adapter.health().state).toBe('connected');
    await bot.adapter.stop();
  }
  await behindPath.close();
});

test('an unknown token ends it at once, with a hint', async () => {
  const bot = createTelegramBot(server, { env: { TELEGRAM_BOT_TOKEN: '1:wrong' }, timing });
  await bot.adapter.start(receiverOf(bot));
  expect(bot.log.join()).toContain('BotFather');
  expect(bot.adapter.health().state).toBe('revoked');
  await bot.adapter.stop();
  expect(server.called('getMe')).toHaveLength(1);
});

test('a token that is revoked later is reported, and retried rarely', async () => {
  const bot = await start();
  server.revoke();
  await eventually(() => expect(bot.adapter.health().state).toBe('revoked'));
  const { length } = server.calls;
  await new Promise((resolve) => setTimeout(resolve, 3 * timing.longestMs));
  expect(server.calls).toHaveLength(length);
});

test('a token that was refused by mistake is used again, after a poll as after a message', async () => {
  const bot = createTelegramBot(server, { timing: { ...timing, revokedMs: 300 } });
  running.push(bot);
  await bot.adapter.start(receiverOf(bot));
  for (const method of ['getUpdates', 'sendMessage']) {
    await eventually(() => expect(server.isPolled).toBe(true));
    server.fail(method, { kind: 'refuse', status: 401, description: 'Unauthorized' });
    const { length } = bot.received;
    server.write(ann, direct, '/hq status');
    await eventually(() => expect(bot.log.join('')).toContain('does not accept'));
    server.write(ann, direct, '/hq help');
    await eventually(() => expect(bot.received).toHaveLength(length + 2));
    await eventually(() => expect(bot.adapter.health().state).toBe('connected'));
    bot.log.length = 0;
  }
});

test('a server that is unreachable, fails or answers with a web page is retried', async () => {
  server.fail('getMe', { kind: 'refuse', status: 502 });
  const bot = await start();
  expect(bot.adapter.health()).toMatchObject({ state: 'reconnecting', detail: expect.any(String) });
  await eventually(() => expect(bot.adapter.health().state).toBe('connected'));
  for (const failure of [
    { kind: 'html' },
    { kind: 'html', status: 502 },
    { kind: 'lost' },
    { kind: 'refuse', status: 429, parameters: { retry_after: 0 } },
  ] as const) {
    server.fail('getUpdates', failure);
    server.write(ann, direct, '/hq status');
    const { length } = bot.received;
    await eventually(() => expect(bot.received.length).toBeGreaterThan(length));
  }
  await eventually(() => expect(bot.adapter.health().state).toBe('connected'));
});

test('the token is in no line of the log and in no reason', async () => {
  const bot = await start();
  for (const failure of [
    { kind: 'html' },
    { kind: 'html', status: 500 },
    { kind: 'lost' },
    { kind: 'refuse', status: 400, description: `Bad Request: /bot${server.token}/x` },
  ] as const) {
    server.fail('sendMessage', failure);
    server.fail('getUpdates', failure);
    server.write(ann, direct, '/hq status');
  }
  await eventually(() => expect(bot.received).toHaveLength(4));
  await eventually(() => expect(server.called('sendMessage').length).toBeGreaterThanOrEqual(4));
  const sent = await bot.adapter.send(
    { platform: 'telegram', install: '1', channel: '1', kind: 'direct', thread: null },
    { title: 'x', tone: 'neutral' },
  );
  expect(bot.log.length).toBeGreaterThan(3);
  expect(JSON.stringify([bot.log, sent, bot.adapter.health()])).not.toContain(server.token.split(':')[1]);
});

test('a single conflict is retried, a lasting one is reported, and it recovers after both', async () => {
  const bot = await start();
  server.pollElsewhere(true);
  await eventually(() =>
    expect(bot.adapter.health()).toMatchObject({
      state: 'conflict',
      detail: expect.stringContaining('Another process polls this bot'),
    }),
  );
  server.pollElsewhere(false);
  server.write(ann, direct, '/hq status');
  await eventually(() => expect(bot.received).toHaveLength(1));
  await eventually(() => expect(bot.adapter.health().state).toBe('connected'));
});

test('an unfinished update of a killed process is redelivered to the next one', async () => {
  const first = await start();
  first.answer = null;
  server.write(ann, direct, '/hq restart');
  await eventually(() => expect(first.received).toHaveLength(1));
  // As if the process is killed: none of its requests reaches the server.
  await eventually(() => expect(server.unconfirmed).toHaveLength(1));
  const second = await start();
  await eventually(() => expect(second.received).toHaveLength(1));
  expect(second.received[0]?.inbound.deliveryId).toBe(first.received[0]?.inbound.deliveryId);
  await eventually(() => expect(server.unconfirmed).toHaveLength(0));
});

test('stopping confirms answered updates', async () => {
  const first = await start();
  server.write(ann, direct, '/hq status');
  await eventually(() => expect(server.last(direct).text).toBe('✔ Done'));
  await first.adapter.stop();
  expect(first.adapter.health().state).toBe('stopped');
  expect(server.unconfirmed).toHaveLength(0);
  expect(server.isPolled).toBe(false);
});

test('stopping waits for a message that is being sent', async () => {
  const bot = await start();
  bot.answer = null;
  server.write(ann, direct, '/hq status');
  await eventually(() => expect(bot.received).toHaveLength(1));
  server.fail('sendMessage', { kind: 'slow', ms: 300 });
  const saying = bot.received[0]?.reply.send({ title: 'Late', tone: 'neutral' });
  await bot.adapter.stop();
  expect(await saying).toMatchObject({ ok: true });
  expect(server.last(direct).text).toBe('Late');
});

test('a poll without an answer times out, and the next one gets the missed updates', async () => {
  const bot = createTelegramBot(server, {
    timing: { ...timing, firstMs: 500, longestMs: 500, pollSeconds: 1, slackMs: 200 },
  });
  running.push(bot);
  await bot.adapter.start(receiverOf(bot));
  await eventually(() => expect(server.isPolled).toBe(true));
  server.fail('getUpdates', { kind: 'hang' });
  server.write(ann, direct, '/hq status');
  await eventually(() => expect(bot.received).toHaveLength(1));
  server.write(ann, direct, '/hq help');
  await eventually(() => expect(bot.adapter.health().state).toBe('reconnecting'));
  await eventually(() => expect(bot.received).toHaveLength(2));
  await eventually(() => expect(bot.adapter.health().state).toBe('connected'));
});

test('an incomplete answer times out', async () => {
  const bot = createTelegramBot(server, {
    timing: { ...timing, firstMs: 500, longestMs: 500, pollSeconds: 1, slackMs: 200 },
  });
  running.push(bot);
  await bot.adapter.start(receiverOf(bot));
  server.fail('getUpdates', { kind: 'stall' });
  server.write(ann, direct, '/hq status');
  await eventually(() => expect(bot.adapter.health().state).toBe('reconnecting'));
  await eventually(() => expect(bot.received).toHaveLength(1));
});

test('a demanded wait is respected', async () => {
  const bot = await start();
  server.fail('getUpdates', { kind: 'refuse', status: 429, parameters: { retry_after: 1 } });
  server.write(ann, direct, '/hq status');
  await eventually(() => expect(bot.adapter.health().state).toBe('reconnecting'));
  server.write(ann, direct, '/hq help');
  await eventually(() => expect(bot.received).toHaveLength(2));
  const polls = server.called('getUpdates').map(({ at }) => at);
  expect(Math.max(...polls.slice(1).map((at, index) => at - (polls[index] ?? 0)))).toBeGreaterThan(950);
});

test('updates out of order are all handed over, and all confirmed', async () => {
  const bot = await start();
  const first = server.write(ann, direct, '/hq say 1');
  const [update] = server.unconfirmed;
  await eventually(() => expect(bot.received).toHaveLength(1));
  const id = update?.update_id ?? 0;
  for (const [number, text] of [
    [id + 40, '/hq say 2'],
    [id + 20, '/hq say 3'],
    [id + 30, '/hq say 4'],
    [id + 20, '/hq say 3'],
  ] as const) {
    server.redeliver({ update_id: number, message: { ...first, text } });
  }
  await eventually(() => expect(bot.received).toHaveLength(4));
  await bot.adapter.stop();
  expect(server.called('getUpdates').at(-1)?.params.offset).toBe(id + 41);
});

test('after a long silence updates with lower ids are not lost', async () => {
  const bot = createTelegramBot(server, { timing: { ...timing, pollSeconds: 1, idsResetMs: 300 } });
  running.push(bot);
  await bot.adapter.start(receiverOf(bot));
  server.write(ann, direct, '/hq say 1');
  await eventually(() => expect(server.unconfirmed).toHaveLength(0));
  // An offset is above all new numbers: with it the next poll would confirm them.
  await eventually(() => expect(server.called('getUpdates').at(-1)?.params.offset).toBe(0));
  server.resetUpdateIds();
  for (const text of ['2', '3', '4']) {
    server.write(ann, direct, `/hq say ${text}`);
    await eventually(() => expect(server.unconfirmed).toHaveLength(0));
  }
  expect(bot.received.map(({ inbound: { input } }) => (input.kind === 'words' ? input.text : ''))).toEqual([
    'say 1',
    'say 2',
    'say 3',
    'say 4',
  ]);
});

test('updates with lower ids of a new server are handed over', async () => {
  const bot = await start();
  server.write(ann, direct, '/hq say 1');
  await eventually(() => expect(server.unconfirmed).toHaveLength(0));
  server.pollElsewhere(true);
  await eventually(() => expect(bot.adapter.health().state).not.toBe('connected'));
  server.resetUpdateIds();
  server.pollElsewhere(false);
  await eventually(() => expect(bot.adapter.health().state).toBe('connected'));
  for (const count of [2, 3, 4]) {
    await eventually(() => expect(server.isPolled).toBe(true));
    server.write(ann, direct, `/hq say ${count}`);
    await eventually(() => expect(bot.received).toHaveLength(count));
  }
});

test('it can be started again after a stop and after a refused token', async () => {
  const bot = await start();
  await bot.adapter.stop();
  server.write(ann, direct, '/hq status');
  await bot.adapter.start(receiverOf(bot));
  await eventually(() => expect(bot.received).toHaveLength(1));
  server.revoke();
  await eventually(() => expect(bot.adapter.health().state).toBe('revoked'));
  await bot.adapter.stop();
  server.revoke(false);
  await bot.adapter.start(receiverOf(bot));
  expect(bot.adapter.health()).toMatchObject({ state: 'connected', detail: null });
});

test('an unacknowledged update is redelivered after a stop', async () => {
  const bot = createTelegramBot(server, { timing });
  running.push(bot);
  let isReceived = false;
  const receive = (): Promise<never> => {
    isReceived = true;
    return new Promise(() => undefined);
  };
  await bot.adapter.start({ ...receiverOf(bot), receive });
  server.write(ann, direct, '/hq status');
  await eventually(() => expect(isReceived).toBe(true));
  await bot.adapter.stop();
  expect(server.unconfirmed).toHaveLength(1);
  await bot.adapter.start(receiverOf(bot));
  await eventually(() => expect(bot.received).toHaveLength(1));
});

test('any number of open updates leaves room for new ones', async () => {
  const bot = await start();
  bot.answer = null;
  for (let index = 0; index < 250; index += 1) server.write(ann, direct, `/hq say ${index}`);
  // Before the first ones time out, which would make room too.
  await expect.poll(() => bot.received.length).toBe(250);
  // The newest ones are redelivered if this process is killed.
  expect(server.unconfirmed.length).toBeGreaterThanOrEqual(50);
});

import { freePort } from '@hq/shared/program';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { eventually } from '../../../../../db/testing/eventually.ts';
import type { SlackChannel, SlackUser } from '../../../../fakes/slack-server/index.ts';
import { type SlackBot, startSlackBot } from '../../../../testing/slack-bot.ts';

let bot: SlackBot;
let ann: SlackUser;
let ops: SlackChannel;

beforeEach(async () => {
  const port = await freePort();
  bot = await startSlackBot(({ server, env }) => ({
    SLACK_BOT_TOKEN: env.SLACK_BOT_TOKEN,
    SLACK_API_URL: env.SLACK_API_URL,
    SLACK_SIGNING_SECRET: server.signingSecret,
    SLACK_LISTEN: String(port),
  }));
  bot.slack.server.requestUrl = `http://127.0.0.1:${port}/slack/events`;
  ann = bot.slack.server.workspace.user('ann');
  ops = bot.slack.server.workspace.channel('ops', [ann]);
});
afterEach(() => bot.stop());

it('accepts signed commands, presses and events, and opens no socket', async () => {
  expect((await bot.slack.actions.slash(ann, ops, 'status')).status).toBe(200);
  expect((await bot.slack.actions.mention(ann, ops, 'status')).status).toBe(200);
  await eventually(() => expect(bot.core.received).toHaveLength(2));
  await bot.core.last.reply.send({
    title: 'Sure?',
    tone: 'neutral',
    buttons: [{ token: 'v1:a', label: 'Yes', style: 'primary' }],
  });
  const message = bot.slack.server.workspace.visibleMessages(ops.id).at(-1);
  if (message === undefined) throw new Error('nothing was posted');
  expect((await bot.slack.actions.press(ann, message, 'Yes')).status).toBe(200);
  await eventually(() =>
    expect(bot.core.last.inbound.input).toMatchObject({ kind: 'button', token: 'v1:a' }),
  );
  expect(bot.slack.server.called('apps.connections.open')).toHaveLength(0);
  expect(bot.adapter.health().state).toBe('connected');
});

it.each([
  ['forged', { signature: `v0=${'0'.repeat(64)}` }],
  ['of another version', { signature: `v1=${'0'.repeat(64)}` }],
  ['made with another secret', { secret: 'another' }],
  ['six minutes old', { ageSeconds: 360 }],
  ['empty', { signature: '' }],
])('refuses a signature that is %s', async (_how, signed) => {
  expect((await bot.slack.actions.slash(ann, ops, 'restart', { signed })).status).toBe(401);
  expect((await bot.slack.actions.mention(ann, ops, 'restart', { signed })).status).toBe(401);
  expect((await bot.slack.actions.slash(ann, ops, 'status')).status).toBe(200);
  await eventually(() => expect(bot.core.received).toHaveLength(1));
  expect(bot.core.last.inbound.input).toEqual({ kind: 'words', text: 'status' });
});

it('answers the challenge of Slack for a new address', async () => {
  const payload = { type: 'url_verification', token: 'legacy-verification-token', challenge: 'say-it-back' };
  const receipt = await bot.slack.server.deliver({ type: 'events_api', payload });
  expect(receipt).toMatchObject({ status: 200, answer: { challenge: 'say-it-back' } });
  const forged = { type: 'events_api', payload } as const;
  expect((await bot.slack.server.deliver(forged, { secret: 'another' })).status).toBe(401);
  expect(bot.core.received).toHaveLength(0);
});

it('acknowledges within three seconds although the core hangs', async () => {
  let release = (): void => undefined;
  bot.core.delay = new Promise((resolve) => {
    release = () => resolve();
  });
  expect((await bot.slack.actions.slash(ann, ops, 'status')).acknowledged).toBe(true);
  release();
});

it('handles a redelivered event once, with the same id in the next process', async () => {
  const first = await bot.slack.actions.mention(ann, ops, 'restart');
  await eventually(() => expect(bot.core.received).toHaveLength(1));
  expect((await bot.slack.actions.redeliver(first, 1, 'http_timeout')).status).toBe(200);
  await bot.slack.actions.mention(ann, ops, 'status');
  await eventually(() => expect(bot.core.received).toHaveLength(2));
  expect(bot.core.last.inbound.input).toMatchObject({ text: 'status' });
  await bot.adapter.stop();
  await bot.adapter.start(bot.core);
  await bot.slack.actions.redeliver(first, 2, 'http_timeout');
  await eventually(() => expect(bot.core.received).toHaveLength(3));
  expect(bot.core.last.inbound.deliveryId).toBe(bot.core.received[0]?.inbound.deliveryId);
});

it('handles a redelivered event if the first one failed', async () => {
  const failing = Promise.withResolvers<void>();
  bot.core.delay = failing.promise;
  const first = await bot.slack.actions.mention(ann, ops, 'restart');
  await eventually(() => expect(bot.core.received).toHaveLength(1));
  failing.reject(new Error('it failed'));
  await eventually(() => expect(bot.logged.join()).toContain('it failed'));
  bot.core.delay = Promise.resolve();
  await bot.slack.actions.redeliver(first, 1, 'http_timeout');
  await eventually(() => expect(bot.core.received).toHaveLength(2));
});

it('names the port that is taken', async () => {
  const port = new URL(bot.slack.server.requestUrl ?? '').port;
  const second = await startSlackBot(({ env }) => ({
    SLACK_BOT_TOKEN: env.SLACK_BOT_TOKEN,
    SLACK_API_URL: env.SLACK_API_URL,
    SLACK_SIGNING_SECRET: 'x',
    SLACK_LISTEN: port,
  }));
  expect(second.adapter.health()).toMatchObject({
    state: 'reconnecting',
    detail: expect.stringContaining(port),
  });
  expect(second.logged.join()).toContain('SLACK_LISTEN');
  await second.stop();
});

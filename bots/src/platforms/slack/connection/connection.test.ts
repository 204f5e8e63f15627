import { createServer } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { eventually } from '../../../../../db/testing/eventually.ts';
import { createSlackBot, type SlackBot, startSlackBot } from '../../../../testing/slack-bot.ts';

let bot: SlackBot | undefined;
afterEach(async () => {
  await bot?.stop();
  bot = undefined;
});

async function started(): Promise<SlackBot> {
  bot = await startSlackBot();
  return bot;
}

function someone({ slack }: SlackBot) {
  const ann = slack.server.workspace.user('ann');
  return { ann, ops: slack.server.workspace.channel('ops', [ann]) };
}

/** Until another connection than the one before has said hello. */
async function anotherConnection({ slack, adapter }: SlackBot, before: number): Promise<void> {
  await eventually(() => {
    expect(slack.server.called('apps.connections.open').length).toBeGreaterThan(before);
    expect(slack.server.sockets.count).toBe(1);
    expect(adapter.health().state).toBe('connected');
  });
}

describe('the connection', () => {
  it('reports its workspace once connected', async () => {
    const { adapter, slack } = await started();
    expect(adapter.health()).toEqual({
      state: 'connected',
      detail: null,
      install: slack.server.workspace.team,
    });
    expect(slack.server.sockets.count).toBe(1);
  });

  it.each(['refresh_requested', 'warning'] as const)(
    'is replaced when Slack sends %s, and a pending command ends',
    async (reason) => {
      const running = await started();
      const { slack, core } = running;
      const { ann, ops } = someone(running);
      await slack.actions.slash(ann, ops, 'restart');
      await eventually(() => expect(core.received).toHaveLength(1));
      slack.server.sockets.recycle(reason);
      await anotherConnection(running, 1);
      expect(await core.last.reply.send({ title: 'Done', tone: 'good' })).toMatchObject({ ok: true });
      expect((await slack.actions.slash(ann, ops, 'status')).acknowledged).toBe(true);
    },
  );

  it('reconnects as often as it breaks', async () => {
    const running = await started();
    for (let round = 1; round <= 4; round += 1) {
      running.slack.server.sockets.drop();
      await anotherConnection(running, round);
    }
    const { ann, ops } = someone(running);
    expect((await running.slack.actions.slash(ann, ops, 'status')).acknowledged).toBe(true);
  });

  it('reconnects without growing pauses if each connection delivered something', async () => {
    const running = await started();
    const { ann, ops } = someone(running);
    // With pauses that grow, the last of these alone would take longer than the test may.
    for (let round = 1; round <= 12; round += 1) {
      expect((await running.slack.actions.slash(ann, ops, 'status')).acknowledged).toBe(true);
      running.slack.server.sockets.drop();
      await anotherConnection(running, round);
    }
  });

  it('survives invalid frames', async () => {
    const running = await started();
    for (const frame of [
      'no json',
      '{}',
      '{"type":"events_api"}',
      '{"type":"events_api","payload":{}}',
      '[]',
      '{"type":"slash_commands"}',
    ])
      running.slack.server.sockets.send(frame);
    const { ann, ops } = someone(running);
    expect((await running.slack.actions.slash(ann, ops, 'status')).acknowledged).toBe(true);
    await eventually(() => expect(running.core.received).toHaveLength(1));
  });

  it('reports a revoked app token, and does not end the process', async () => {
    const running = await started();
    running.slack.server.revoke(running.slack.server.appToken);
    await eventually(() => expect(running.adapter.health().state).toBe('revoked'));
    expect(running.adapter.health().detail).toContain('app-level token (token_revoked)');
  });

  it('reports a revoked bot token after its use', async () => {
    const running = await started();
    const { ops } = someone(running);
    running.slack.server.revoke(running.slack.server.botToken);
    const location = {
      platform: 'slack',
      install: running.slack.server.workspace.team,
      channel: ops.id,
      kind: 'group',
      thread: null,
    } as const;
    // The channel is fine: the message can be sent later.
    expect(await running.adapter.send(location, { title: 'x', tone: 'neutral' })).toMatchObject({
      problem: { kind: 'away' },
    });
    expect(running.adapter.health().state).toBe('revoked');
  });

  it.each(['app_uninstalled', 'tokens_revoked'])('handles %s', async (type) => {
    const running = await started();
    await running.slack.actions.event({ type, tokens: { bot: [running.slack.server.workspace.botUser] } });
    await eventually(() => expect(running.adapter.health().state).toBe('revoked'));
  });

  it('continues if other tokens of the app were revoked', async () => {
    const running = await started();
    await running.slack.actions.event({ type: 'tokens_revoked', tokens: { oauth: ['U1'], bot: [] } });
    const { ann, ops } = someone(running);
    await running.slack.actions.slash(ann, ops, 'status');
    await eventually(() => expect(running.core.received).toHaveLength(1));
    expect(running.adapter.health().state).toBe('connected');
  });

  it('waits as long as Slack demands before it reconnects', async () => {
    const running = await started();
    running.slack.server.limitRate('apps.connections.open', 1);
    const begin = performance.now();
    running.slack.server.sockets.drop();
    await anotherConnection(running, 1);
    expect(performance.now() - begin).toBeGreaterThan(900);
  });

  it('reports another connection of the app, because Slack splits deliveries', async () => {
    bot = await createSlackBot();
    const other = await startSlackBot(() => bot?.slack.env ?? {});
    await bot.adapter.start(bot.core);
    expect(bot.adapter.health()).toMatchObject({
      state: 'connected',
      detail: expect.stringContaining('2 connections'),
    });
    await other.stop();
  });
});

describe('starting', () => {
  it.each([
    ['bot token', 'SLACK_BOT_TOKEN'],
    ['app-level token', 'SLACK_APP_TOKEN'],
  ] as const)('is over at once with a %s that Slack does not know, with a hint', async (what, field) => {
    bot = await createSlackBot((slack) => ({
      ...slack.env,
      [field]: field === 'SLACK_BOT_TOKEN' ? 'xoxb-1' : 'xapp-1',
    }));
    await bot.adapter.start(bot.core);
    expect(bot.logged.join()).toContain('Create a new token');
    expect(bot.slack.server.sockets.count).toBe(0);
    expect(bot.adapter.health()).toMatchObject({ state: 'revoked', detail: expect.stringContaining(what) });
  });

  it.each(['botToken', 'appToken'] as const)(
    'works when it is started again and the %s was put back',
    async (which) => {
      bot = await createSlackBot();
      const { server } = bot.slack;
      server.revoke(server[which]);
      await bot.adapter.start(bot.core);
      expect(bot.adapter.health().state).toBe('revoked');
      await bot.adapter.stop();
      server.restore(server[which]);
      await bot.adapter.start(bot.core);
      const { ann, ops } = someone(bot);
      expect((await bot.slack.actions.slash(ann, ops, 'status')).acknowledged).toBe(true);
      await eventually(() => expect(bot?.core.received).toHaveLength(1));
      expect(bot.adapter.health().state).toBe('connected');
    },
  );

  it('retries while Slack is unreachable', async () => {
    bot = await createSlackBot();
    bot.slack.server.fail('apps.connections.open', { status: 503, body: 'down' });
    await bot.adapter.start(bot.core);
    await anotherConnection(bot, 0);
  });

  it('retries while Slack does not return the identity', async () => {
    bot = await createSlackBot();
    bot.slack.server.fail('auth.test', { status: 503, body: 'down' });
    await bot.adapter.start(bot.core);
    expect(bot.adapter.health()).toMatchObject({ state: 'reconnecting', install: null });
    await anotherConnection(bot, 0);
  });
});

describe('stopping', () => {
  it('closes the connection', async () => {
    const running = await started();
    await running.adapter.stop();
    await eventually(() => expect(running.slack.server.sockets.count).toBe(0));
    expect(running.adapter.health().state).toBe('stopped');
  });

  it('permits another start', async () => {
    const running = await started();
    await running.adapter.stop();
    await running.adapter.start(running.core);
    const { ann, ops } = someone(running);
    await running.slack.actions.slash(ann, ops, 'status');
    await eventually(() => expect(running.core.received).toHaveLength(1));
    expect(running.slack.server.sockets.count).toBe(1);
  });

  it('leaves no connection that was being made', async () => {
    const running = await started();
    const { server } = running.slack;
    server.fail('apps.connections.open', { delayMs: 300, times: 100 });
    server.sockets.drop();
    await eventually(() => expect(running.adapter.health().state).toBe('reconnecting'));
    await eventually(() => expect(server.delayed).toBe(1));
    await running.adapter.stop();
    // The request for a connection that was on its way is given up, so its answer can open none.
    await eventually(() => expect(server.abandoned).toBe(1));
    expect(server.sockets.count).toBe(0);
  });

  it('opens no connection if the identity is still unknown', async () => {
    bot = await createSlackBot();
    const { server } = bot.slack;
    server.fail('auth.test', { delayMs: 300 });
    const starting = bot.adapter.start(bot.core);
    await eventually(() => expect(server.delayed).toBe(1));
    await bot.adapter.stop();
    await starting;
    expect(server.called('auth.test')).toHaveLength(1);
    expect(server.called('apps.connections.open')).toHaveLength(0);
    expect(bot.adapter.health().state).toBe('stopped');
  });

  it('waits for messages that are being sent', async () => {
    const running = await started();
    const { ops } = someone(running);
    running.slack.server.fail('chat.postMessage', { delayMs: 300 });
    const sending = running.adapter.send(
      {
        platform: 'slack',
        install: running.slack.server.workspace.team,
        channel: ops.id,
        kind: 'group',
        thread: null,
      },
      { title: 'Last words', tone: 'neutral' },
    );
    await running.adapter.stop();
    expect(await Promise.race([sending, 'still on its way'])).toMatchObject({ ok: true });
  });

  it('times out within seconds if Slack does not answer', async () => {
    const silent = createServer((socket) => socket.resume());
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const address = silent.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    bot = await createSlackBot((slack) => ({ ...slack.env, SLACK_API_URL: `http://127.0.0.1:${port}/api/` }));
    const starting = bot.adapter.start(bot.core);
    await bot.adapter.stop();
    await starting;
    await new Promise((resolve) => silent.close(resolve));
  });
});

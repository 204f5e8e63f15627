import { once } from 'node:events';
import { freePort } from '@hq/shared/program';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../../db/testing/eventually.ts';
import { startTestStack, type TestStack } from '../../local/testing/stack.ts';
import {
  type BotsProcess,
  botAccount,
  linkOperator,
  type Platforms,
  startPlatforms,
  startShippedBots,
} from '../testing/bots-process.ts';

let stack: TestStack;
let platforms: Platforms;
let bots: BotsProcess;
const ports: Record<'slack' | 'discord' | 'telegram', number> = { slack: 0, discord: 0, telegram: 0 };

/** Uses the request receiver of each library: a part that the bundle lacks fails only when it is used. */
beforeAll(async () => {
  stack = await startTestStack();
  platforms = await startPlatforms();
  const { slack, discord, telegram, env } = platforms;
  const { SLACK_APP_TOKEN: _socketMode, ...tokens } = env;
  for (const platform of ['slack', 'discord', 'telegram'] as const) ports[platform] = await freePort();
  bots = await startShippedBots({
    ...(await botAccount(stack)),
    ...tokens,
    SLACK_SIGNING_SECRET: slack.server.signingSecret,
    SLACK_LISTEN: String(ports.slack),
    DISCORD_PUBLIC_KEY: discord.publicKey,
    DISCORD_LISTEN: `127.0.0.1:${ports.discord}`,
    TELEGRAM_WEBHOOK_URL: `http://127.0.0.1:${ports.telegram}/telegram`,
    TELEGRAM_WEBHOOK_SECRET: 'a-secret-of-the-webhook_0123',
    TELEGRAM_WEBHOOK_LISTEN: `127.0.0.1:${ports.telegram}`,
  });
  slack.server.requestUrl = `http://127.0.0.1:${ports.slack}/slack/events`;
  await bots.connected();
  expect(telegram.webhook?.url).toBe(`http://127.0.0.1:${ports.telegram}/telegram`);
}, 120_000);
afterAll(async () => {
  if (bots !== undefined) {
    bots.child.kill('SIGTERM');
    await once(bots.child, 'exit');
  }
  await platforms?.close();
  await stack?.close();
});

/** The titles of the tasks that are there. */
async function tasks(): Promise<string[]> {
  const rows = await stack.database.query<{ title: string }>('select title from tasks');
  return rows.map(({ title }) => title);
}

describe('the shipped hq-bots, where every platform delivers by HTTP', { timeout: 120_000 }, () => {
  it('answers requests that Slack signed', async () => {
    const { server, actions } = platforms.slack;
    const ann = server.workspace.user('ann');
    await linkOperator(stack, 'slack', ann.id, server.workspace.team);
    const direct = server.workspace.direct(ann);
    const refused = await actions.slash(ann, direct, 'create_task Forged', { signed: { secret: 'another' } });
    expect(refused.status).toBe(401);
    expect((await actions.slash(ann, direct, 'create_task Slack')).status).toBe(200);
    await eventually(async () => expect(await tasks()).toContain('Slack'));
    await eventually(() =>
      expect(
        server.workspace.visibleMessages(direct.id, ann.id).map((one) => server.workspace.render(one).text),
      ).toContainEqual(expect.stringMatching(/task \w{8} \(.*\) for nobody yet/u)),
    );
    expect(await tasks()).not.toContain('Forged');
    expect(server.called('apps.connections.open')).toHaveLength(0);
  });

  it('answers requests that Discord signed', async () => {
    const { discord } = platforms;
    // Saving the address tries it with a ping and with a forged signature first.
    expect(await discord.useEndpoint(`http://127.0.0.1:${ports.discord}/`)).toBe(true);
    const ben = discord.user('ben');
    await linkOperator(stack, 'discord', ben.id, '');
    const turn = await discord.slash(ben, discord.direct(ben), 'work create_task', { title: 'Discord' });
    await eventually(async () => expect(await tasks()).toContain('Discord'));
    await discord.until(() => JSON.stringify(turn.message).includes('for nobody yet'));
  });

  it('answers updates that Telegram sends with the secret', async () => {
    const { telegram } = platforms;
    const cem = telegram.person('Cem');
    await linkOperator(stack, 'telegram', String(cem.id), String(telegram.bot.id));
    const chat = telegram.direct(cem);
    telegram.write(cem, chat, '/hq create_task Telegram');
    await eventually(async () => expect(await tasks()).toContain('Telegram'));
    await eventually(() => expect(telegram.last(chat).text).toMatch(/task \w{8} \(.*\) for nobody yet/u));
    const forged = await fetch(`http://127.0.0.1:${ports.telegram}/telegram`, {
      method: 'POST',
      headers: { 'x-telegram-bot-api-secret-token': 'another' },
      body: '{}',
    });
    expect(forged.status).toBe(403);
  });

  it('checks its tokens without output of libraries', async () => {
    const { env } = platforms;
    const checked = await startShippedBots({ ...(await botAccount(stack)), ...env }, ['check']);
    await checked.exit;
    expect(checked.text()).toContain('telegram: Telegram knows the bot as @');
    expect(checked.text()).not.toContain('Warning');
  });
});

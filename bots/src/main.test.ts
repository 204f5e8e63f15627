import { once } from 'node:events';
import { freePort } from '@hq/shared/program';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../../db/testing/eventually.ts';
import { startTestStack, type TestStack } from '../../local/testing/stack.ts';
import { renderedText } from '../fakes/discord-server/index.ts';
import { startTelegramServer } from '../fakes/telegram-server/index.ts';
import {
  type BotsProcess,
  botAccount,
  linkOperator,
  type Platforms,
  startBots,
  startPlatforms,
} from '../testing/bots-process.ts';

let stack: TestStack;
let platforms: Platforms;
let account: Readonly<Record<string, string>>;
const started: BotsProcess[] = [];

beforeAll(async () => {
  stack = await startTestStack();
  platforms = await startPlatforms();
  account = await botAccount(stack);
}, 120_000);
afterEach(async () => {
  for (const { child } of started.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  // Nobody waits for the lease of a process that was killed.
  await stack.database.query('delete from chat_adapters');
});
afterAll(async () => {
  await platforms?.close();
  await stack?.close();
});

function start(more: Readonly<Record<string, string>> = {}, args: readonly string[] = []): BotsProcess {
  const bots = startBots({ ...account, ...platforms.env, ...more }, args);
  started.push(bots);
  return bots;
}

describe('hq-bots', { timeout: 240_000 }, () => {
  it('carries an action from each platform to a row and back to a card', async () => {
    const bots = start();
    await bots.connected();
    const { slack, discord, telegram } = platforms;

    const ann = telegram.person('Ann');
    await linkOperator(stack, 'telegram', String(ann.id), String(telegram.bot.id));
    const chat = telegram.direct(ann);
    telegram.write(ann, chat, '/hq create_task From Telegram');
    await eventually(() => expect(telegram.last(chat).text).toMatch(/task \w{8} \(.*\) for nobody yet/));

    const ben = discord.user('ben');
    await linkOperator(stack, 'discord', ben.id, '');
    const turn = await discord.slash(ben, discord.direct(ben), 'work create_task', { title: 'From Discord' });
    await discord.until(() => turn.message !== null && renderedText(turn.message).includes('for nobody yet'));

    const cat = slack.server.workspace.user('cat');
    await linkOperator(stack, 'slack', cat.id, slack.server.workspace.team);
    const direct = slack.server.workspace.direct(cat);
    await slack.actions.slash(cat, direct, 'create_task From Slack');
    await eventually(() => {
      const seen = slack.server.workspace
        .visibleMessages(direct.id, cat.id)
        .map((one) => slack.server.workspace.render(one).text);
      expect(seen.join('\n')).toMatch(/task \w{8} \(.*\) for nobody yet/);
    });

    const tasks = await stack.database.query<{ title: string }>('select title from tasks order by title');
    expect(tasks.map(({ title }) => title)).toEqual(['From Discord', 'From Slack', 'From Telegram']);
    for (const secret of [telegram.token, discord.token, account.HQ_BOT_PASSWORD ?? '']) {
      expect(bots.text()).not.toContain(secret);
    }
  });

  it('reports a revoked token, and other platforms go on', async () => {
    const other = await startTelegramServer();
    try {
      const bots = start({ TELEGRAM_API_ROOT: other.url });
      await bots.connected();
      other.revoke();
      const seen = await eventually(async () => {
        const health = await bots.health();
        expect(health.adapters.find(({ platform }) => platform === 'telegram')?.state).toBe('revoked');
        return health;
      });
      expect(seen.status).toBe('failing');
      expect(seen.adapters.filter(({ connected }) => connected).map(({ platform }) => platform)).toEqual([
        'slack',
        'discord',
      ]);
    } finally {
      await other.close();
    }
  });

  it('leases a token to one process; the next one stands by and takes over when the first stops', async () => {
    const first = start();
    await first.connected();
    const second = start();
    await eventually(async () => {
      const { adapters } = await second.health();
      expect(adapters.map(({ state }) => state)).toEqual(['standby', 'standby', 'standby']);
    });
    first.child.kill('SIGTERM');
    expect(await first.exit).toBe(0);
    await second.connected();
  });

  it('refuses a token that an agent uses as its own channel', async () => {
    const { createHash } = await import('node:crypto');
    const fingerprint = createHash('sha256').update(platforms.telegram.token).digest('hex');
    await stack.database.query(
      `update gateways set meta = jsonb_set(coalesce(meta, '{}'), '{secrets}', jsonb_build_object('channel_tokens', jsonb_build_array($1::text)))`,
      [fingerprint],
    );
    try {
      const bots = start();
      await eventually(async () => {
        const { adapters } = await bots.health();
        const telegram = adapters.find(({ platform }) => platform === 'telegram');
        expect(telegram?.detail).toMatch(/uses this token as its own channel/);
        expect(telegram?.connected).toBe(false);
        expect(adapters.filter(({ connected }) => connected)).toHaveLength(2);
      });
      const checked = start({}, ['check']);
      expect(await checked.exit).toBe(1);
      expect(checked.text()).toMatch(/WRONG telegram: An agent on .* uses this token as its own channel/);
    } finally {
      await stack.database.query(`update gateways set meta = meta - 'secrets'`);
    }
  });

  it('says which variable is wrong, and exits', async () => {
    const bots = start({ SUPABASE_URL: 'nowhere' });
    expect(await bots.exit).toBe(2);
    expect(bots.text()).toMatch(/SUPABASE_URL must be/);
    const withKey = start({ SUPABASE_SERVICE_ROLE_KEY: stack.serviceRoleKey });
    expect(await withKey.exit).toBe(2);
    expect(withKey.text()).toMatch(/must not be given/);
    expect(withKey.text()).not.toContain(stack.serviceRoleKey);
    const asAnon = start({ SUPABASE_ANON_KEY: stack.serviceRoleKey });
    expect(await asAnon.exit).toBe(2);
    expect(asAnon.text()).toMatch(/SUPABASE_ANON_KEY must be the anon \(publishable\) key/);
    expect(asAnon.text()).not.toContain(stack.serviceRoleKey);
  });

  it('exits at once with an account that is no bot, and says how to make it one', async () => {
    const person = await stack.createMember('admin');
    const bots = start({ HQ_BOT_EMAIL: person.email, HQ_BOT_PASSWORD: person.password });
    expect(await bots.exit).toBe(2);
    expect(bots.text()).toMatch(/HQ_BOT_EMAIL/);
    expect(bots.text()).toMatch(/no chat bot of this tenant/);
    expect(bots.text()).toMatch(/hq-db member EMAIL viewer --bot/);
  });

  it('checks every token and the account', async () => {
    const well = start({}, ['check']);
    expect(await well.exit, well.text()).toBe(0);
    expect(well.text()).toMatch(/ok {4}HQ: .* is a chat bot of/);
    const wrong = start(
      {
        HQ_BOT_PASSWORD: 'not-the-password',
        TELEGRAM_BOT_TOKEN: '7000002:AAFakeTokenOfNobody_01234567890123',
      },
      ['check'],
    );
    expect(await wrong.exit).toBe(1);
    expect(wrong.text()).toMatch(/WRONG telegram: /);
    expect(wrong.text()).toMatch(/WRONG HQ: /);
    expect(wrong.text()).not.toContain('AAFakeTokenOfNobody');
    const person = await stack.createMember('viewer');
    const noBot = start({ HQ_BOT_EMAIL: person.email, HQ_BOT_PASSWORD: person.password }, ['check']);
    expect(await noBot.exit).toBe(1);
    expect(noBot.text()).toMatch(/WRONG HQ: This account is no chat bot of this tenant\. .*hq-db member/);
  });

  it('takes the tokens of a process that was killed here at once, and not before its end', async () => {
    const first = start();
    await first.connected();
    const second = start();
    await eventually(() =>
      expect(second.text()).toMatch(/another process has this token; this one takes over in \d+ s/),
    );
    expect((await second.health()).adapters.filter(({ connected }) => connected)).toEqual([]);
    for (const { child, exit } of [second, first]) {
      child.kill('SIGKILL');
      await exit;
    }
    const third = start();
    await third.connected();
    // It has waited for no lease to run out.
    expect(third.text()).not.toMatch(/another process has this token/);
  });

  it('exits regularly at a signal during the wait for its database', async () => {
    const bots = start({ SUPABASE_URL: `http://127.0.0.1:${await freePort()}` });
    await eventually(() => expect(bots.text()).toMatch(/"level":"error"/));
    expect(bots.child.exitCode).toBeNull();
    bots.child.kill('SIGTERM');
    expect(await bots.exit, bots.text()).toBe(0);
    expect(bots.text()).toMatch(/"msg":"stopped"/);
  });
});

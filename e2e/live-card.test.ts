import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { renderedText } from '../bots/fakes/discord-server/index.ts';
import {
  type BotsProcess,
  botAccount,
  type Platforms,
  startBots,
  startPlatforms,
} from '../bots/testing/bots-process.ts';
import { nilTenant } from '../db/testing/database.ts';
import { eventually } from '../db/testing/eventually.ts';
import { claimOne, exchange } from '../db/testing/exchange.ts';
import { startTestStack, type TestStack } from '../local/testing/stack.ts';

/** Person on one platform in a direct message with the bot. */
interface Client {
  readonly platform: string;
  /** Resolves when the platform has its acknowledgement; throws where that took too long. */
  say(words: string): Promise<void>;
  press(message: number, label: string): Promise<void>;
  /** Texts of the bot's messages, the oldest first. */
  seen(): readonly string[];
}

let stack: TestStack;
let platforms: Platforms;
let account: Readonly<Record<string, string>>;
let gateway: string;
let bots: BotsProcess;
let clients: readonly Client[];

async function start(): Promise<void> {
  bots = startBots({ ...account, ...platforms.env });
  await bots.connected();
}

async function kill(): Promise<void> {
  bots.child.kill('SIGKILL');
  await bots.exit;
}

beforeAll(async () => {
  [stack, platforms] = await Promise.all([startTestStack(), startPlatforms()]);
  account = await botAccount(stack);
  const [row] = await stack.database.query<{ id: string }>('select id from gateways');
  gateway = row?.id ?? '';
  await start();
  clients = await Promise.all([inSlack(), inDiscord(), inTelegram()]);
}, 120_000);
afterAll(async () => {
  bots?.child.kill('SIGTERM');
  await bots?.exit;
  await platforms?.close();
  await stack?.close();
});

async function link(platform: string, user: string, install: string): Promise<void> {
  const { id } = await stack.createMember('operator');
  await stack.database.query(
    `insert into chat_identities (tenant_id, user_id, platform, install, chat_user) values ($1, $2, $3, $4, $5)`,
    [nilTenant, id, platform, install, user],
  );
}

async function inSlack(): Promise<Client> {
  const { actions, server } = platforms.slack;
  const { workspace } = server;
  const ann = workspace.user('ann');
  const direct = workspace.direct(ann);
  await link('slack', ann.id, workspace.team);
  const messages = () => workspace.visibleMessages(direct.id, ann.id);
  return {
    platform: 'slack',
    async say(words) {
      const { acknowledged } = await actions.slash(ann, direct, words);
      if (!acknowledged) throw new Error('Slack has waited for too long');
    },
    async press(at, label) {
      const message = messages()[at];
      if (message === undefined) throw new Error(`there is no message ${at}`);
      await actions.press(ann, message, label);
    },
    seen: () => messages().map((message) => workspace.render(message).text),
  };
}

async function inDiscord(): Promise<Client> {
  const { discord } = platforms;
  const ben = discord.user('ben');
  const direct = discord.direct(ben);
  await link('discord', ben.id, '');
  const messages = () => discord.messages(direct, ben);
  return {
    platform: 'discord',
    async say(words) {
      await discord.slash(ben, direct, words);
    },
    async press(at, label) {
      const message = messages()[at];
      if (message === undefined) throw new Error(`there is no message ${at}`);
      await discord.press(ben, message, label);
    },
    seen: () => messages().map(renderedText),
  };
}

async function inTelegram(): Promise<Client> {
  const { telegram } = platforms;
  const cat = telegram.person('Cat');
  const chat = telegram.direct(cat);
  await link('telegram', String(cat.id), String(telegram.bot.id));
  const messages = () => telegram.messages(chat);
  return {
    platform: 'telegram',
    async say(words) {
      telegram.write(cat, chat, `/hq ${words}`);
    },
    async press(at, label) {
      const message = messages()[at];
      if (message === undefined) throw new Error(`there is no message ${at}`);
      telegram.press(cat, message, label);
    },
    seen: () => messages().map(({ text }) => text),
  };
}

const rows = (action: string, origin: string): Promise<{ status: string }[]> =>
  stack.database.query('select status from agent_commands where action = $1 and origin = $2', [
    action,
    origin,
  ]);

/** Adds the group of Discord's menu to the words. */
const inMenu = (client: Client, words: string, group: string): string =>
  client.platform === 'discord' ? `${group} ${words}` : words;

describe('one card for one action', { timeout: 240_000 }, () => {
  it('shows an action from the question to its result, across a killed bot', async () => {
    const first = clients.map((client) => client.seen().length);
    const card = (client: Client): string => client.seen()[first[clients.indexOf(client)] ?? 0] ?? '';
    const all = (words: RegExp): Promise<void> =>
      eventually(() => {
        for (const client of clients) expect(card(client), client.platform).toMatch(words);
      });
    await Promise.all(clients.map((client) => client.say(inMenu(client, 'restart_gateway', 'gateway'))));
    await all(/Restart the gateway[\s\S]*Confirm|not done yet/);
    await Promise.all(clients.map((client) => client.press(first[clients.indexOf(client)] ?? 0, 'Confirm')));
    await all(/confirmed by .*@[\s\S]*UTC/);

    await kill();
    await start();
    for (let n = 0; n < clients.length; n += 1) {
      const { lease_token: token } = await claimOne(stack.database, gateway);
      await exchange(stack.database, {
        gateway,
        output: [{ token, seq: 1, stream: 'stdout', text: 'stopping the gateway\n' }],
      });
      await eventually(() =>
        expect(
          clients.map(card).filter((text) => /running[\s\S]*stopping the gateway/.test(text)),
        ).toHaveLength(1),
      );
      await exchange(stack.database, {
        gateway,
        results: [{ token, status: 'done', exit_code: 0, result: { service: 'openclaw', tookMs: 4_200 } }],
      });
      await eventually(() =>
        expect(clients.map(card).filter((text) => /done in /.test(text))).toHaveLength(n + 1),
      );
    }
    await all(/healthy again after 4\.2 s[\s\S]*confirmed by/);
    for (const client of clients) {
      expect(client.seen(), client.platform).toHaveLength((first[clients.indexOf(client)] ?? 0) + 1);
      expect(await rows('restart_gateway', client.platform)).toHaveLength(1);
    }
  });

  it('shows the result of a private command, too, after a killed bot', async () => {
    await Promise.all(clients.map((client) => client.say(inMenu(client, 'ping', 'gateway'))));
    await eventually(async () => {
      const kept = await stack.database.query(`select 1 from chat_cards where not closed`);
      expect(kept).toHaveLength(clients.length);
    });
    await kill();
    await start();
    for (const _face of clients) {
      const { lease_token: token } = await claimOne(stack.database, gateway);
      await exchange(stack.database, {
        gateway,
        results: [{ token, status: 'done', exit_code: 0, result: { runner: 'r1' } }],
      });
    }
    await eventually(() => {
      for (const client of clients) {
        expect(client.seen().at(-1), client.platform).toMatch(
          /Ping the runner[\s\S]*done in [\s\S]*answered by r1/,
        );
      }
    });
  });

  it('is acknowledged in time while the database takes ten seconds, and runs once', async () => {
    const { database } = stack;
    const before = clients.map((client) => client.seen().length);
    const held = database.query(
      'do $$ begin lock table chat_deliveries in access exclusive mode; perform pg_sleep(10); end $$',
    );
    await eventually(async () =>
      expect(
        await database.query(
          `select 1 from pg_locks where mode = 'AccessExclusiveLock' and relation = 'chat_deliveries'::regclass and granted`,
        ),
      ).toHaveLength(1),
    );
    await Promise.all(clients.map((client) => client.say(inMenu(client, 'stack_status', 'gateway'))));
    // Long before the database answers.
    await eventually(() => {
      for (const [at, client] of clients.entries()) {
        if (client.platform === 'slack') continue;
        expect(client.seen().length, client.platform).toBeGreaterThan(before[at] ?? 0);
      }
    });
    expect(
      await database.query(
        `select 1 from pg_locks where mode = 'AccessExclusiveLock' and relation = 'chat_deliveries'::regclass and granted`,
      ),
    ).toHaveLength(1);
    await held;
    await eventually(async () => {
      for (const [at, client] of clients.entries()) {
        expect(client.seen().at(-1), client.platform).toMatch(/Show the stack[\s\S]*waiting for the runner/);
        expect(client.seen(), client.platform).toHaveLength((before[at] ?? 0) + 1);
        expect(await rows('stack_status', client.platform)).toHaveLength(1);
      }
    });
  });

  it('runs once when the bot was killed before it reached the database and the platform delivers it again', async () => {
    const { database } = stack;
    const [telegram] = clients.filter(({ platform }) => platform === 'telegram');
    const before = telegram?.seen().length ?? 0;
    const held = database.query(
      'do $$ begin lock table chat_deliveries in access exclusive mode; perform pg_sleep(3); end $$',
    );
    await telegram?.say('task create "Written once"');
    await eventually(() => expect(telegram?.seen().length).toBeGreaterThan(before));
    await kill();
    await held;
    await start();
    await eventually(() => expect(telegram?.seen().at(-1)).toMatch(/task \w{8} \(.*\) for nobody yet/));
    expect(await database.query(`select 1 from tasks where title = 'Written once'`)).toHaveLength(1);
  });
});

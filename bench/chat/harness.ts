import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { z } from 'zod';
import {
  type ChannelRef,
  type DiscordServer,
  type DiscordUser,
  startDiscordServer,
} from '../../bots/fakes/discord-server/index.ts';
import {
  type RunningSlack,
  type SlackChannel,
  type SlackUser,
  startSlackServer,
} from '../../bots/fakes/slack-server/index.ts';
import {
  type Chat,
  type Person,
  startTelegramServer,
  type TelegramServer,
} from '../../bots/fakes/telegram-server/index.ts';
import { createMember } from '../../local/src/member.ts';
import { ensureBuilt } from '../../scripts/build.ts';
import { path } from '../path.ts';
import { type BenchStack, closed, startBenchStack } from '../stack.ts';

/** `hq-bots` as a process, between the local stack and three fake platforms. */
export interface ChatHarness {
  readonly stack: BenchStack;
  readonly database: pg.Client;
  readonly slack: RunningSlack;
  readonly discord: DiscordServer;
  readonly telegram: TelegramServer;
  readonly bots: BotsProcess;
  stop(): Promise<void>;
}

interface BotsProcess {
  processorSeconds(): number;
  residentMemory(): number;
  openFiles(): number;
}

const health = z.object({ adapters: z.array(z.object({ connected: z.boolean() })) });

export async function startChatHarness(
  extraEnv: Readonly<Record<string, string>> = {},
): Promise<ChatHarness> {
  const stack = await startBenchStack();
  const database = new pg.Client({ connectionString: stack.databaseUrl });
  await database.connect();
  const [slack, discord, telegram] = await Promise.all([
    startSlackServer(),
    startDiscordServer(),
    startTelegramServer(),
  ]);
  const account = { email: `bots-${randomUUID()}@example.test`, password: randomUUID() };
  const id = await createMember(database, { ...account, role: 'viewer' });
  await database.query('insert into chat_bots (user_id) values ($1)', [id]);
  await ensureBuilt('hq-bots');
  const program = fileURLToPath(new URL('../../bots/bin/hq-bots.mjs', import.meta.url));
  const child = spawn(program, {
    env: {
      PATH: path,
      ...slack.env,
      DISCORD_BOT_TOKEN: discord.token,
      DISCORD_APPLICATION_ID: discord.applicationId,
      DISCORD_API_URL: discord.apiUrl,
      TELEGRAM_BOT_TOKEN: telegram.token,
      TELEGRAM_API_ROOT: telegram.url,
      SUPABASE_URL: stack.url,
      SUPABASE_ANON_KEY: stack.anonKey,
      HQ_BOT_EMAIL: account.email,
      HQ_BOT_PASSWORD: account.password,
      ...extraEnv,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await connected(child);
  return {
    stack,
    database,
    slack,
    discord,
    telegram,
    bots: measured(child),
    async stop() {
      child.kill('SIGTERM');
      await closed(child);
      await Promise.all([slack.stop(), discord.close(), telegram.close()]);
      await database.end();
      await stack.stop();
    },
  };
}

async function connected(child: ChildProcess): Promise<void> {
  if (child.stdout === null) throw new Error('the bots have no stdout');
  const port = Promise.withResolvers<number>();
  createInterface({ input: child.stdout }).on('line', (line) => {
    const found = /"port":(\d+)/u.exec(line)?.[1];
    if (found !== undefined) port.resolve(Number(found));
  });
  child.once('close', (code) => port.reject(new Error(`the bots ended with ${code}`)));
  const address = `http://127.0.0.1:${await port.promise}/healthz`;
  for (let tries = 0; tries < 600; tries += 1) {
    const { adapters } = health.parse(await (await fetch(address)).json());
    if (adapters.length === 3 && adapters.every((adapter) => adapter.connected)) return;
    await pause(100);
  }
  throw new Error('the bots did not connect within a minute');
}

function measured({ pid }: ChildProcess): BotsProcess {
  if (pid === undefined) throw new Error('the bots did not start');
  return {
    processorSeconds: () => {
      // Fields 14 and 15 are user and system time in clock ticks of 10 ms; the name before them may hold spaces.
      const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
      return (Number(fields[11]) + Number(fields[12])) / 100;
    },
    residentMemory: () =>
      Number(/VmRSS:\s+(\d+)/u.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024,
    openFiles: () => readdirSync(`/proc/${pid}/fd`).length,
  };
}

/** A person on each platform, in direct messages, linked to one new operator. */
export interface LinkedAccounts {
  readonly slack: { readonly user: SlackUser; readonly channel: SlackChannel };
  readonly discord: { readonly user: DiscordUser; readonly where: ChannelRef };
  readonly telegram: { readonly person: Person; readonly chat: Chat };
}

export async function linkAccounts(harness: ChatHarness, name: string): Promise<LinkedAccounts> {
  const { database, slack, discord, telegram } = harness;
  const user = slack.server.workspace.user(name);
  const ben = discord.user(name);
  const person = telegram.person(name);
  const chat = telegram.direct(person);
  const member = await createMember(database, {
    email: `${name}-${randomUUID()}@example.test`,
    password: randomUUID(),
    role: 'operator',
  });
  await database.query(
    `insert into chat_identities (user_id, platform, install, chat_user)
     values ($1, 'slack', $2, $3), ($1, 'discord', '', $4), ($1, 'telegram', $5, $6)`,
    [member, slack.server.workspace.team, user.id, ben.id, String(telegram.bot.id), String(person.id)],
  );
  return {
    slack: { user, channel: slack.server.workspace.direct(user) },
    discord: { user: ben, where: discord.direct(ben) },
    telegram: { person, chat },
  };
}

/** Polls until `look` returns a value. */
export async function until<T>(look: () => T | null | Promise<T | null>, limitMs = 60_000): Promise<T> {
  const end = performance.now() + limitMs;
  for (;;) {
    const found = await look();
    if (found !== null) return found;
    if (performance.now() > end) throw new Error('timed out');
    await pause(5);
  }
}

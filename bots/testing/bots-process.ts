import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { delimiter, dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { nilTenant } from '../../db/testing/database.ts';
import { eventually } from '../../db/testing/eventually.ts';
import type { TestStack } from '../../local/testing/stack.ts';
import { ensureBuilt } from '../../scripts/build.ts';
import { type DiscordServer, startDiscordServer } from '../fakes/discord-server/index.ts';
import { type RunningSlack, startSlackServer } from '../fakes/slack-server/index.ts';
import { startTelegramServer, type TelegramServer } from '../fakes/telegram-server/index.ts';
import type { Platform } from '../src/contract/inbound.ts';

const program = fileURLToPath(new URL('../src/main.ts', import.meta.url));
const bundle = fileURLToPath(new URL('../bin/hq-bots.mjs', import.meta.url));

/** The fake platforms on loopback. */
export interface Platforms {
  readonly slack: RunningSlack;
  readonly discord: DiscordServer;
  readonly telegram: TelegramServer;
  readonly env: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

export async function startPlatforms(): Promise<Platforms> {
  const [slack, discord, telegram] = await Promise.all([
    startSlackServer(),
    startDiscordServer(),
    startTelegramServer(),
  ]);
  return {
    slack,
    discord,
    telegram,
    env: {
      ...slack.env,
      DISCORD_BOT_TOKEN: discord.token,
      DISCORD_APPLICATION_ID: discord.applicationId,
      DISCORD_API_URL: discord.apiUrl,
      TELEGRAM_BOT_TOKEN: telegram.token,
      TELEGRAM_API_ROOT: telegram.url,
    },
    async close() {
      await Promise.all([slack.stop(), discord.close(), telegram.close()]);
    },
  };
}

/** A new account that hq-bots signs in with. */
export async function botAccount(stack: TestStack): Promise<Readonly<Record<string, string>>> {
  const { id, email, password } = await stack.createMember('viewer');
  await stack.database.query('insert into chat_bots (tenant_id, user_id) values ($1, $2)', [nilTenant, id]);
  return {
    SUPABASE_URL: stack.url,
    SUPABASE_ANON_KEY: stack.anonKey,
    HQ_BOT_EMAIL: email,
    HQ_BOT_PASSWORD: password,
  };
}

/** Links an account of a platform to a new operator. */
export async function linkOperator(
  stack: TestStack,
  platform: Platform,
  user: string,
  install: string,
): Promise<void> {
  const member = await stack.createMember('operator');
  await stack.database.query(
    `insert into chat_identities (tenant_id, user_id, platform, install, chat_user) values ($1, $2, $3, $4, $5)`,
    [nilTenant, member.id, platform, install, user],
  );
}

const health = z.object({
  status: z.string(),
  adapters: z.array(
    z.object({
      platform: z.string(),
      state: z.string(),
      detail: z.string().nullable(),
      connected: z.boolean(),
      held: z.boolean(),
      crashes: z.number(),
      unsent: z.number(),
    }),
  ),
});
type Health = z.output<typeof health>;

/** A process of `hq-bots`. */
export interface BotsProcess {
  readonly child: ChildProcess;
  /** The output so far. */
  text(): string;
  health(): Promise<Health>;
  connected(): Promise<Health>;
  exit: Promise<number | null>;
}

/** Starts hq-bots from its sources. */
export function startBots(env: Readonly<Record<string, string>>, args: readonly string[] = []): BotsProcess {
  return spawnBots(process.execPath, [program, ...args], env);
}

/** Starts the bundled program as on a host, by the interpreter of its first line. */
export async function startShippedBots(
  env: Readonly<Record<string, string>>,
  args: readonly string[] = [],
): Promise<BotsProcess> {
  await ensureBuilt('hq-bots');
  // The interpreter line finds Node in PATH.
  const path = [dirname(process.execPath), process.env.PATH ?? ''].join(delimiter);
  return spawnBots(bundle, args, { PATH: path, ...env });
}

function spawnBots(
  command: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): BotsProcess {
  const child = spawn(command, args, {
    env: { PATH: process.env.PATH, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  const read = (bytes: Buffer): void => {
    text += bytes.toString();
  };
  child.stdout.on('data', read);
  child.stderr.on('data', read);
  const readHealth = async (): Promise<Health> => {
    const port = /"port":(\d+)/.exec(text)?.[1];
    if (port === undefined) throw new Error(`hq-bots has not started: ${text}`);
    const response = await fetch(`http://127.0.0.1:${port}/healthz`);
    return health.parse(await response.json());
  };
  return {
    child,
    text: () => text,
    health: readHealth,
    connected: () =>
      eventually(async () => {
        const current = await readHealth();
        if (!current.adapters.every(({ connected }) => connected)) throw new Error(JSON.stringify(current));
        return current;
      }),
    exit: once(child, 'exit').then(([code]) => (typeof code === 'number' ? code : null)),
  };
}

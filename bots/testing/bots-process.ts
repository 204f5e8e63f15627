import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { nilTenant } from '../../db/testing/database.ts';
import { eventually } from '../../db/testing/eventually.ts';
import type { TestStack } from '../../db/testing/stack.ts';
import { type DiscordServer, startDiscordServer } from './discord-server/index.ts';
import { type RunningSlack, startSlackServer } from './slack-server/index.ts';
import { startTelegramServer, type TelegramServer } from './telegram-server/index.ts';

const program = fileURLToPath(new URL('../src/main.ts', import.meta.url));

/** The three platforms on loopback. */
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
type SeenHealth = z.output<typeof health>;

/** `hq-bots` as it is started on a host. */
export interface BotsProcess {
  readonly child: ChildProcess;
  /** All that it has written. */
  text(): string;
  health(): Promise<SeenHealth>;
  connected(): Promise<SeenHealth>;
  exit: Promise<number | null>;
}

export function startBots(env: Readonly<Record<string, string>>, args: readonly string[] = []): BotsProcess {
  const child = spawn(process.execPath, [program, ...args], {
    env: { PATH: process.env.PATH, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  const read = (bytes: Buffer): void => {
    text += bytes.toString();
  };
  child.stdout.on('data', read);
  child.stderr.on('data', read);
  const readHealth = async (): Promise<SeenHealth> => {
    const port = /"port":(\d+)/.exec(text)?.[1];
    if (port === undefined) throw new Error(`it has not started: ${text}`);
    const response = await fetch(`http://127.0.0.1:${port}/healthz`);
    return health.parse(await response.json());
  };
  return {
    child,
    text: () => text,
    health: readHealth,
    connected: () =>
      eventually(async () => {
        const seen = await readHealth();
        if (!seen.adapters.every(({ connected }) => connected)) throw new Error(JSON.stringify(seen));
        return seen;
      }),
    exit: once(child, 'exit').then(([code]) => (typeof code === 'number' ? code : null)),
  };
}

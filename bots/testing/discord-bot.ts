import { createServer } from 'node:http';
import { PassThrough } from 'node:stream';
import { pino } from 'pino';
import { afterEach, beforeEach, expect } from 'vitest';
import { type DiscordServer, startDiscordServer } from '../fakes/discord-server/index.ts';
import type { Adapter, CommandDescription } from '../src/contract/adapter.ts';
import type { Card, Handle } from '../src/contract/card.ts';
import type { Acknowledgement, ChatLocation, Inbound, Receiver, Reply } from '../src/contract/inbound.ts';
import { discord as platform } from '../src/platforms/discord/index.ts';

export const commands: readonly CommandDescription[] = [
  { path: ['status'], summary: 'How the fleet is', arguments: [], rank: 1 },
  {
    path: ['restart'],
    summary: 'Restarts a gateway',
    arguments: [
      { name: 'gateway', summary: 'Which one', kind: 'text', required: true, completes: true },
      { name: 'lines', summary: 'How many', kind: 'integer', required: false, completes: false, min: 1 },
    ],
    rank: 2,
  },
];

export const card = (title: string, more: Partial<Card> = {}): Card => ({ title, tone: 'neutral', ...more });
export const publicly: Acknowledgement = { kind: 'working', private: false };
export const privately: Acknowledgement = { kind: 'working', private: true };

/** A scripted core that records its deliveries. */
class Core implements Receiver {
  readonly received: { inbound: Inbound; reply: Reply }[] = [];
  take: (inbound: Inbound, reply: Reply) => Promise<Acknowledgement> = async () => publicly;
  complete: Receiver['complete'] = async () => [];

  receive(inbound: Inbound, reply: Reply): Promise<Acknowledgement> {
    this.received.push({ inbound, reply });
    return this.take(inbound, reply);
  }

  last(): { inbound: Inbound; reply: Reply } {
    const last = this.received.at(-1);
    if (!last) throw new Error('Nothing was received');
    return last;
  }
}

export interface DiscordBot {
  server: DiscordServer;
  core: Core;
  adapter: Adapter;
  logged: string;
  create(variables?: Record<string, string>): Promise<Adapter>;
  /** Starts a new adapter and registers its commands. */
  startAll(): Promise<void>;
  placeOf(channel?: string): ChatLocation;
}

/** A fake Discord and the real adapter on it, new for each test of the file. */
export function useDiscordBot(): DiscordBot {
  const server = (): DiscordServer => bot.server;
  const bot = {
    logged: '',
    async create(variables = {}) {
      const stream = new PassThrough();
      stream.on('data', (chunk) => {
        bot.logged += String(chunk);
      });
      const configured = platform.configure({
        DISCORD_BOT_TOKEN: server().token,
        DISCORD_API_URL: server().apiUrl,
        ...variables,
      });
      if (!configured) throw new Error('not configured');
      return configured.create({ log: pino({ level: 'trace' }, stream) });
    },
    async startAll() {
      bot.adapter = await bot.create();
      await bot.adapter.start(bot.core);
      expect(await bot.adapter.describeCommands(commands)).toEqual({ ok: true, handle: null });
    },
    placeOf: (channel = server().home.channel) => ({
      platform: 'discord',
      install: server().home.guild ?? '@me',
      channel,
      kind: 'group',
      thread: null,
    }),
  } as DiscordBot;
  beforeEach(async () => {
    bot.logged = '';
    bot.core = new Core();
    bot.server = await startDiscordServer({ rate: { limit: 100, windowMs: 1000 } });
    await bot.startAll();
  });
  afterEach(async () => {
    await bot.adapter.stop();
    await bot.server.close();
  });
  return bot;
}

/** A port without a server. */
export async function closedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (typeof address !== 'object' || address === null) throw new Error('it has no port');
  return address.port;
}

export function handleOf(sent: Awaited<ReturnType<Reply['send']>>): Handle {
  if (!sent.ok || !sent.handle) throw new Error(`not sent: ${JSON.stringify(sent)}`);
  return sent.handle;
}

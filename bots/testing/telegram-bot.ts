import { pino } from 'pino';
import type { TelegramServer } from '../fakes/telegram-server/index.ts';
import type { Card } from '../src/contract/card.ts';
import type { Acknowledgement, Inbound, Receiver, Reply } from '../src/contract/inbound.ts';
import { TelegramAdapter } from '../src/platforms/telegram/adapter.ts';
import { type ConnectionTiming, defaultTiming } from '../src/platforms/telegram/connection/transport.ts';
import { readSettings } from '../src/platforms/telegram/settings.ts';

interface ReceivedDelivery {
  readonly inbound: Inbound;
  readonly reply: Reply;
}

/** The real adapter on the fake Telegram, with a receiver that records its deliveries. */
export interface TelegramBot {
  readonly adapter: TelegramAdapter;
  readonly received: ReceivedDelivery[];
  /** The lines of the log. */
  readonly log: string[];
  /** The acknowledgement of all later deliveries. */
  acknowledge: Acknowledgement;
  /** The immediate answer to every delivery; null for none. */
  answer: Card | null;
}

export const ok: Card = { title: 'Done', tone: 'good' };

export function createTelegramBot(
  server: TelegramServer,
  options: { readonly env?: Record<string, string>; readonly timing?: Partial<ConnectionTiming> } = {},
): TelegramBot {
  const settings = readSettings({
    TELEGRAM_BOT_TOKEN: server.token,
    TELEGRAM_API_ROOT: server.url,
    ...options.env,
  });
  if (settings === null) throw new Error('There is no token.');
  const log: string[] = [];
  const logger = pino({ level: 'trace' }, { write: (line) => void log.push(line) });
  const adapter = new TelegramAdapter(settings, logger, { ...defaultTiming, ...options.timing });
  return { adapter, received: [], log, acknowledge: { kind: 'working', private: false }, answer: ok };
}

export async function startTelegramBot(
  server: TelegramServer,
  options: { readonly env?: Record<string, string>; readonly timing?: Partial<ConnectionTiming> } = {},
): Promise<TelegramBot> {
  const bot = createTelegramBot(server, options);
  await bot.adapter.start(receiverOf(bot));
  return bot;
}

export function receiverOf(bot: TelegramBot): Receiver {
  return {
    receive: async (inbound, reply) => {
      bot.received.push({ inbound, reply });
      if (bot.answer !== null) void reply.send(bot.answer);
      return bot.acknowledge;
    },
    complete: async () => [],
  };
}

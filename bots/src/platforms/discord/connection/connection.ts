import { sleep, withinLimit } from '@hq/shared/program';
import {
  Client,
  Events,
  GatewayCloseCodes,
  GatewayDispatchEvents,
  GatewayIntentBits,
  Options,
  SimpleShardingStrategy,
  WebSocketShardStatus,
} from 'discord.js';
import type { Logger } from 'pino';
import { z } from 'zod';
import {
  type ConnectionProblem,
  type ConnectionReport,
  refusedRetryMs,
  untilAborted,
} from '../../connection-loop.ts';
import { describeError, isRevoked } from '../errors.ts';
import { restOptions } from '../outbound/rest-options.ts';
import type { DiscordSettings } from '../settings.ts';

/** Limit for a connection attempt that is in progress at a stop: it cannot be closed before it is up. */
const closeWithinMs = 2000;

export const revoked = 'Discord does not accept the bot’s token: it was reset, or its bot was deleted.';
const hint = 'Create a new token on the page “Bot” of the developer portal and start hq-bots with it.';

/** Close codes after which the library does not reconnect. */
const finalCloseCodes: Readonly<Record<number, string>> = {
  [GatewayCloseCodes.InvalidShard]: 'Discord did not accept the shard.',
  [GatewayCloseCodes.ShardingRequired]:
    'The bot is in so many servers that Discord requires sharding, which HQ does not support.',
  [GatewayCloseCodes.InvalidAPIVersion]: 'Discord no longer supports version 10 of its gateway.',
  [GatewayCloseCodes.InvalidIntents]: 'Discord did not accept the intents.',
  [GatewayCloseCodes.DisallowedIntents]: 'Discord does not allow this application the intent Guilds.',
};

/** Discord has closed the connection for good. */
class GatewayClosed extends Error {
  readonly code: number;

  constructor(code: number) {
    super(finalCloseCodes[code] ?? `Discord closed the connection with code ${code}.`);
    this.code = code;
  }
}

export function explainConnection(error: unknown): ConnectionProblem {
  const isFinal = error instanceof GatewayClosed;
  if (isRevoked(error) || (isFinal && error.code === GatewayCloseCodes.AuthenticationFailed)) {
    return { state: 'revoked', detail: revoked, hint, afterMs: refusedRetryMs };
  }
  return isFinal
    ? { state: 'reconnecting', detail: error.message, afterMs: refusedRetryMs }
    : { state: 'reconnecting', detail: `Discord cannot be reached: ${describeError(error)}.` };
}

/** HQ reads none of the library's caches; the library needs those that are not listed here. */
const cacheLimits = Options.cacheWithLimits({
  AutoModerationRuleManager: 0,
  GuildEmojiManager: 0,
  GuildMemberManager: 0,
  GuildScheduledEventManager: 0,
  GuildStickerManager: 0,
  MessageManager: 0,
  PresenceManager: 0,
  StageInstanceManager: 0,
  ThreadManager: 0,
  UserManager: 0,
  VoiceStateManager: 0,
});

const ready = z.object({ application: z.object({ id: z.string() }) });

interface GatewayListener {
  onInteraction(payload: unknown): void;
  /** The application is known after a new session, and null after a resumed one. */
  onConnected(application: string | null): void;
}

/** Connects by discord.js, which sends heartbeats, resumes and reconnects by itself, until Discord ends it for good. */
export class GatewayConnection {
  readonly #settings: DiscordSettings;
  readonly #listener: GatewayListener;
  readonly #log: Logger;
  #isInServer = false;
  #client: Client | null = null;

  constructor(settings: DiscordSettings, listener: GatewayListener, log: Logger) {
    this.#settings = settings;
    this.#listener = listener;
    this.#log = log;
  }

  get isInServer(): boolean {
    return this.#isInServer || (this.#client !== null && this.#client.guilds.cache.size > 0);
  }

  async attempt(signal: AbortSignal, report: ConnectionReport): Promise<void> {
    let strategy: SimpleShardingStrategy | null = null;
    const client = new Client({
      intents: GatewayIntentBits.Guilds,
      allowedMentions: { parse: [] },
      makeCache: cacheLimits,
      rest: restOptions(this.#settings.apiUrl),
      ws: {
        buildStrategy: (manager) => {
          const { retrieveSessionInfo } = manager.options;
          // A reconnection that the library has planned asks for this first: it waits for ever after a stop.
          manager.options.retrieveSessionInfo = (shard) =>
            signal.aborted ? new Promise(() => undefined) : retrieveSessionInfo(shard);
          strategy = new SimpleShardingStrategy(manager);
          return strategy;
        },
      },
    });
    this.#client = client;
    const ended = Promise.withResolvers<void>();
    this.#listen(client, report, ended.reject);
    try {
      const served = client.login(this.#settings.token).then(() => ended.promise);
      await Promise.race([served, untilAborted(signal)]);
    } finally {
      await close(client, strategy);
    }
  }

  #listen(client: Client, report: ConnectionReport, fail: (error: Error) => void): void {
    const warn = (error: unknown): void =>
      this.#log.warn({ problem: describeError(error) }, 'The connection to Discord failed');
    client.on(Events.Error, warn);
    client.on(Events.ShardError, warn);
    client.on(Events.ShardReconnecting, () =>
      report.lost('Discord cannot be reached: the connection ended.'),
    );
    client.on(Events.ShardDisconnect, ({ code }) => fail(new GatewayClosed(code)));
    const { Ready, Resumed, InteractionCreate } = GatewayDispatchEvents;
    const onConnected = (application: string | null): void => {
      report.connected();
      report.proven();
      this.#listener.onConnected(application);
    };
    client.ws.on(Ready, (data) => onConnected(ready.parse(data).application.id));
    client.ws.on(Resumed, () => onConnected(null));
    client.ws.on(InteractionCreate, (data) => {
      this.#isInServer ||= typeof data.guild_id === 'string';
      this.#listener.onInteraction(takePayload(data));
    });
  }
}

async function close(client: Client, strategy: SimpleShardingStrategy | null): Promise<void> {
  for (const until = Date.now() + closeWithinMs; Date.now() < until; await sleep(25)) {
    const status = (await strategy?.fetchStatus())?.get(0);
    if (status !== WebSocketShardStatus.Connecting && status !== WebSocketShardStatus.Resuming) break;
  }
  await withinLimit(closeWithinMs, client.destroy());
}

/** Empties the library's object, so that the library neither caches it nor fails over a missing field. */
function takePayload(data: object): object {
  const payload = { ...data };
  for (const field of Object.keys(data)) Reflect.deleteProperty(data, field);
  return payload;
}

import { HqError } from '@hq/shared/errors';
import { backoffMs, sleep, withinLimit } from '@hq/shared/program';
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
import type { AdapterState } from '../../../contract/adapter.ts';
import { describeError, isRevoked } from '../errors.ts';
import { restOptions } from '../outbound/rest-options.ts';
import type { DiscordSettings } from '../settings.ts';

const retry = { firstMs: 1000, longestMs: 60_000 };
/** `start` leaves a connection that takes longer to the background. */
const startWithinMs = 10_000;
/** Limit for a connection attempt that is in progress at `stop`: it cannot be closed before it is up. */
const stopWithinMs = 2000;

const revoked = 'Discord does not accept the bot’s token: it was reset, or its bot was deleted.';
const hint = 'Create a new token on the page “Bot” of the developer portal and start hq-bots with it.';

/** Close codes after which a retry is useless. */
const finalCloseCodes: Readonly<Record<number, string>> = {
  [GatewayCloseCodes.AuthenticationFailed]: revoked,
  [GatewayCloseCodes.InvalidShard]: 'Discord did not accept the shard.',
  [GatewayCloseCodes.ShardingRequired]:
    'The bot is in so many servers that Discord requires sharding, which HQ does not support.',
  [GatewayCloseCodes.InvalidAPIVersion]: 'Discord no longer supports version 10 of its gateway.',
  [GatewayCloseCodes.InvalidIntents]: 'Discord did not accept the intents.',
  [GatewayCloseCodes.DisallowedIntents]: 'Discord does not allow this application the intent Guilds.',
};

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

/** Supervises discord.js, which sends heartbeats, resumes and reconnects by itself. */
export class GatewayConnection {
  readonly #settings: DiscordSettings;
  readonly #listener: GatewayListener;
  readonly #log: Logger;
  #stopping = new AbortController();
  #state: AdapterState = 'starting';
  #detail: string | null = null;
  #hasConnected = false;
  #isInServer = false;
  #client: Client | null = null;
  #strategy: SimpleShardingStrategy | null = null;

  constructor(settings: DiscordSettings, listener: GatewayListener, log: Logger) {
    this.#settings = settings;
    this.#listener = listener;
    this.#log = log;
  }

  get state(): AdapterState {
    return this.#state;
  }

  get detail(): string | null {
    if (this.#state !== 'connected') return this.#detail;
    return this.#isInServer || (this.#client && this.#client.guilds.cache.size > 0)
      ? null
      : 'The bot is in no server yet: docs/chat.md has the invitation link.';
  }

  async start(): Promise<void> {
    this.#stopping = new AbortController();
    this.#state = 'starting';
    const first = Promise.withResolvers<void>();
    this.#keepTrying(first.resolve, this.#stopping.signal).then(first.resolve, first.reject);
    await withinLimit(startWithinMs, first.promise);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    for (const until = Date.now() + stopWithinMs; Date.now() < until; ) {
      const status = (await this.#strategy?.fetchStatus())?.get(0);
      if (status !== WebSocketShardStatus.Connecting && status !== WebSocketShardStatus.Resuming) break;
      await sleep(25);
    }
    if (this.#client) await withinLimit(stopWithinMs, this.#client.destroy());
    this.#state = 'stopped';
    this.#detail = null;
  }

  /** Records that a request was refused with 401. */
  revoke(): void {
    this.#state = 'revoked';
    this.#detail = revoked;
  }

  /** Rejects if a retry is useless; calls back after the first attempt. */
  async #keepTrying(onAttempted: () => void, stopping: AbortSignal): Promise<void> {
    for (let failures = 1; !stopping.aborted; failures += 1) {
      try {
        return await this.#connect(stopping);
      } catch (error) {
        if (isRevoked(error)) this.revoke();
        if (this.#state === 'revoked' || this.#state === 'stopped') {
          throw new HqError('refused', this.#detail ?? revoked, { hint });
        }
        this.#onLost(describeError(error));
        onAttempted();
        await sleep(backoffMs(failures, retry), stopping);
      }
    }
  }

  async #connect(stopping: AbortSignal): Promise<void> {
    const client = new Client({
      intents: GatewayIntentBits.Guilds,
      allowedMentions: { parse: [] },
      makeCache: cacheLimits,
      rest: restOptions(this.#settings.apiUrl),
      ws: {
        buildStrategy: (manager) => {
          const { retrieveSessionInfo } = manager.options;
          // A reconnection that the library has planned asks for this first: it waits for ever after `stop`.
          manager.options.retrieveSessionInfo = (shard) =>
            stopping.aborted ? new Promise(() => undefined) : retrieveSessionInfo(shard);
          this.#strategy = new SimpleShardingStrategy(manager);
          return this.#strategy;
        },
      },
    });
    this.#client = client;
    const warn = (error: unknown): void =>
      this.#log.warn({ problem: describeError(error) }, 'The connection to Discord failed');
    client.on(Events.Error, warn);
    client.on(Events.ShardError, warn);
    client.on(Events.ShardReconnecting, () => this.#onLost('the connection ended'));
    client.on(Events.ShardDisconnect, ({ code }) => this.#onEnded(code));
    const { Ready, Resumed, InteractionCreate } = GatewayDispatchEvents;
    client.ws.on(Ready, (data) => this.#onConnected(ready.parse(data).application.id));
    client.ws.on(Resumed, () => this.#onConnected(null));
    client.ws.on(InteractionCreate, (data) => {
      this.#isInServer ||= typeof data.guild_id === 'string';
      this.#listener.onInteraction(takePayload(data));
    });
    await client.login(this.#settings.token);
  }

  #onConnected(application: string | null): void {
    this.#hasConnected = true;
    this.#state = 'connected';
    this.#listener.onConnected(application);
  }

  /** The library does not reconnect after this. */
  #onEnded(code: number): void {
    if (this.#stopping.signal.aborted) return;
    this.#state = code === GatewayCloseCodes.AuthenticationFailed ? 'revoked' : 'stopped';
    this.#detail = finalCloseCodes[code] ?? `Discord closed the connection with code ${code}.`;
    this.#log.error({ code }, this.#detail);
  }

  #onLost(reason: string): void {
    if (this.#stopping.signal.aborted) return;
    this.#state = this.#hasConnected ? 'reconnecting' : 'starting';
    this.#detail = `Discord cannot be reached: ${reason}.`;
    this.#log.warn({ reason }, 'Not connected to Discord, retrying');
  }
}

/** Empties the library's object, so that the library neither caches it nor fails over a missing field. */
function takePayload(data: object): object {
  const payload = { ...data };
  for (const field of Object.keys(data)) Reflect.deleteProperty(data, field);
  return payload;
}

import { setTimeout as sleep } from 'node:timers/promises';
import { HqError } from '@hq/shared/errors';
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
import { describeProblem, isRevoked, problemOf } from '../errors.ts';
import { restOptions } from '../outbound/rest-options.ts';

const firstPauseMs = 1000;
const longestPauseMs = 60_000;
/** How long `start` waits for a connection before it leaves it to the background. */
const startWithinMs = 10_000;
/** How long `stop` waits for a connection that is just being made, which cannot be ended cleanly before it stands. */
const stopWithinMs = 2000;

const revoked = 'Discord does not accept the bot’s token: it was reset or belongs to a deleted bot.';
const hint = 'Take a new token from the page “Bot” of the developer portal and start hq-bots with it.';

const uselessToRepeat: Readonly<Record<number, { readonly state: AdapterState; readonly detail: string }>> = {
  [GatewayCloseCodes.AuthenticationFailed]: { state: 'revoked', detail: revoked },
  [GatewayCloseCodes.InvalidShard]: { state: 'stopped', detail: 'Discord did not accept the shard.' },
  [GatewayCloseCodes.ShardingRequired]: {
    state: 'stopped',
    detail: 'This bot is in so many servers that Discord wants it sharded, which HQ does not do.',
  },
  [GatewayCloseCodes.InvalidAPIVersion]: {
    state: 'stopped',
    detail: 'Discord no longer speaks version 10 of its gateway.',
  },
  [GatewayCloseCodes.InvalidIntents]: { state: 'stopped', detail: 'Discord did not accept the intents.' },
  [GatewayCloseCodes.DisallowedIntents]: {
    state: 'stopped',
    detail: 'Discord does not allow this application the intent Guilds.',
  },
};

/** HQ looks at none of what the library would remember; what is not named here it cannot do without. */
const remembered = Options.cacheWithLimits({
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

/** What is needed of Discord's greeting. */
const readiness = z.object({ application: z.object({ id: z.string() }) });

interface Hearing {
  onInteraction(payload: unknown): void;
  /** Anew or again; the application is told anew only. */
  onConnected(application: string | null): void;
}

interface GatewayOptions {
  readonly apiUrl: string;
  readonly token: string;
  readonly hearing: Hearing;
  readonly log: Logger;
}

/** discord.js beats, resumes and reconnects; this decides when that is over, and tells how it is. */
export class GatewayConnection {
  readonly #apiUrl: string;
  readonly #token: string;
  readonly #hearing: Hearing;
  readonly #log: Logger;
  #stopping = new AbortController();
  #state: AdapterState = 'starting';
  #detail: string | null = null;
  #hasConnected = false;
  #isSpokenToInAServer = false;
  #client: Client | null = null;
  /** What the client keeps its connection with. */
  #strategy: SimpleShardingStrategy | null = null;

  constructor({ apiUrl, token, hearing, log }: GatewayOptions) {
    this.#apiUrl = apiUrl;
    this.#token = token;
    this.#hearing = hearing;
    this.#log = log;
  }

  get state(): AdapterState {
    return this.#state;
  }

  get detail(): string | null {
    if (this.#state !== 'connected') return this.#detail;
    return this.#isSpokenToInAServer || (this.#client && this.#client.guilds.cache.size > 0)
      ? null
      : 'The bot is in no server yet: docs/chat.md has the invitation.';
  }

  async start(): Promise<void> {
    this.#stopping = new AbortController();
    this.#state = 'starting';
    const first = Promise.withResolvers<void>();
    const connecting = this.#keepTrying(first, this.#stopping.signal);
    connecting.then(first.resolve, first.reject);
    const waited = sleep(startWithinMs, undefined, { ref: false });
    await Promise.race([first.promise, waited]);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    for (const until = Date.now() + stopWithinMs; Date.now() < until; ) {
      const status = (await this.#strategy?.fetchStatus())?.get(0);
      if (status !== WebSocketShardStatus.Connecting && status !== WebSocketShardStatus.Resuming) break;
      await sleep(25);
    }
    await Promise.race([this.#client?.destroy(), sleep(stopWithinMs, undefined, { ref: false })]);
    this.#state = 'stopped';
    this.#detail = null;
  }

  /** Rejects where it is useless; `first` hears of the first attempt. */
  async #keepTrying(first: PromiseWithResolvers<void>, stopping: AbortSignal): Promise<void> {
    let pauseMs = firstPauseMs;
    while (!stopping.aborted) {
      try {
        await this.#connect(stopping);
        return;
      } catch (error) {
        if (isRevoked(error)) this.revoke();
        if (this.#state === 'revoked' || this.#state === 'stopped') {
          throw new HqError('refused', this.#detail ?? revoked, { hint });
        }
        this.#lose(describeProblem(problemOf(error)));
        first.resolve();
        await sleep(pauseMs, undefined, { signal: stopping }).catch(() => undefined);
        pauseMs = Math.min(pauseMs * 2, longestPauseMs);
      }
    }
  }

  /** Another part met a 401. */
  revoke(): void {
    this.#state = 'revoked';
    this.#detail = revoked;
  }

  async #connect(stopping: AbortSignal): Promise<void> {
    const client = new Client({
      intents: GatewayIntentBits.Guilds,
      allowedMentions: { parse: [] },
      makeCache: remembered,
      rest: restOptions(this.#apiUrl),
      ws: {
        buildStrategy: (manager) => {
          const { retrieveSessionInfo } = manager.options;
          // After `stop` it never answers: a reconnection that the library has already planned asks for this first.
          manager.options.retrieveSessionInfo = (shard) =>
            stopping.aborted ? new Promise(() => undefined) : retrieveSessionInfo(shard);
          this.#strategy = new SimpleShardingStrategy(manager);
          return this.#strategy;
        },
      },
    });
    this.#client = client;
    client.on(Events.Error, (error) => this.#failed(error));
    client.on(Events.ShardError, (error) => this.#failed(error));
    client.on(Events.ShardReconnecting, () => this.#lose('the connection ended'));
    client.on(Events.ShardDisconnect, ({ code }) => this.#ended(code));
    const { Ready, Resumed, InteractionCreate } = GatewayDispatchEvents;
    client.ws.on(Ready, (data) => this.#connected(readiness.parse(data).application.id));
    client.ws.on(Resumed, () => this.#connected(null));
    client.ws.on(InteractionCreate, (data) => {
      this.#isSpokenToInAServer ||= typeof data.guild_id === 'string';
      this.#hearing.onInteraction(takenOut(data));
    });
    await client.login(this.#token);
  }

  #connected(application: string | null): void {
    this.#hasConnected = true;
    this.#state = 'connected';
    this.#hearing.onConnected(application);
  }

  #failed(error: unknown): void {
    this.#log.warn({ problem: describeProblem(problemOf(error)) }, 'The connection to Discord failed');
  }

  /** The library does not try again. */
  #ended(code: number): void {
    if (this.#stopping.signal.aborted) return;
    const { state, detail } = uselessToRepeat[code] ?? {
      state: 'stopped',
      detail: `Discord ended the connection with ${code}.`,
    };
    this.#state = state;
    this.#detail = detail;
    this.#log.error({ code }, detail);
  }

  #lose(reason: string): void {
    if (this.#stopping.signal.aborted) return;
    this.#state = this.#hasConnected ? 'reconnecting' : 'starting';
    this.#detail = `Discord cannot be reached: ${reason}.`;
    this.#log.warn({ reason }, 'Not connected to Discord, trying again');
  }
}

/**
 * An interaction is read in one way, whether it comes from here or signed by HTTP. The library finds nothing left of it, so it
 * neither keeps objects of that nor fails over a field that is missing.
 */
function takenOut(data: object): object {
  const payload = { ...data };
  for (const field of Object.keys(data)) Reflect.deleteProperty(data, field);
  return payload;
}

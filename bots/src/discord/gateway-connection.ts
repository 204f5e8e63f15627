import { setTimeout as sleep } from 'node:timers/promises';
import type { REST } from '@discordjs/rest';
import {
  type SessionInfo,
  WebSocketManager,
  WebSocketShardEvents,
  WebSocketShardStatus,
} from '@discordjs/ws';
import { HqError } from '@hq/shared/errors';
import { GatewayCloseCodes, GatewayDispatchEvents, GatewayIntentBits } from 'discord-api-types/v10';
import type { Logger } from 'pino';
import { z } from 'zod';
import type { AdapterState } from '../core/adapter.ts';
import { isRevoked, problemOf, tell } from './problem.ts';

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

/** What is needed of Discord's greeting; the rest may be missing. */
const readiness = z.object({
  application: z.object({ id: z.string() }).optional(),
  guilds: z.array(z.object({ id: z.string() })).default([]),
});

export interface Hearing {
  onInteraction(payload: unknown): void;
  /** Anew or again; the application is told anew only. */
  onConnected(application: string | null): void;
}

/** The gateway's WebSocket. The library beats, resumes and reconnects; this decides when that is over, and tells how it is. */
export class GatewayConnection {
  readonly #rest: REST;
  readonly #token: string;
  readonly #hearing: Hearing;
  readonly #log: Logger;
  readonly #stopped = new AbortController();
  #state: AdapterState = 'starting';
  #detail: string | null = null;
  #session: SessionInfo | null = null;
  #manager: WebSocketManager | null = null;
  readonly #guilds = new Set<string>();

  constructor(options: { rest: REST; token: string; hearing: Hearing; log: Logger }) {
    this.#rest = options.rest;
    this.#token = options.token;
    this.#hearing = options.hearing;
    this.#log = options.log;
  }

  get state(): AdapterState {
    return this.#state;
  }

  get detail(): string | null {
    if (this.#state !== 'connected') return this.#detail;
    return this.#guilds.size > 0 ? null : 'The bot is in no server yet: docs/chat.md has the invitation.';
  }

  async start(): Promise<void> {
    const first = Promise.withResolvers<void>();
    const connecting = this.#keepTrying(first);
    connecting.then(first.resolve, first.reject);
    const waited = sleep(startWithinMs, undefined, { ref: false });
    await Promise.race([first.promise, waited]);
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    const manager = this.#manager;
    if (manager) {
      for (const until = Date.now() + stopWithinMs; Date.now() < until; ) {
        const status = (await manager.fetchStatus()).get(0);
        if (status !== WebSocketShardStatus.Connecting && status !== WebSocketShardStatus.Resuming) break;
        await sleep(25);
      }
      await Promise.race([manager.destroy({ code: 1000 }), sleep(stopWithinMs, undefined, { ref: false })]);
    }
    this.#state = 'stopped';
    this.#detail = null;
  }

  /** Rejects where it is useless; `first` hears of the first attempt. */
  async #keepTrying(first: PromiseWithResolvers<void>): Promise<void> {
    let pauseMs = firstPauseMs;
    while (!this.#stopped.signal.aborted) {
      try {
        await this.#connect();
        return;
      } catch (error) {
        if (isRevoked(error)) this.revoke();
        if (this.#state === 'revoked' || this.#state === 'stopped') {
          throw new HqError('refused', this.#detail ?? revoked, { hint });
        }
        this.#lose(tell(problemOf(error)));
        first.resolve();
        await sleep(pauseMs, undefined, { signal: this.#stopped.signal }).catch(() => undefined);
        pauseMs = Math.min(pauseMs * 2, longestPauseMs);
      }
    }
  }

  /** Another part met a 401. */
  revoke(): void {
    this.#state = 'revoked';
    this.#detail = revoked;
  }

  async #connect(): Promise<void> {
    // A 401 makes the library forget it.
    this.#rest.setToken(this.#token);
    const manager = new WebSocketManager({
      token: this.#token,
      rest: this.#rest,
      intents: GatewayIntentBits.Guilds,
      shardCount: 1,
      // After `stop` it never answers: a reconnection that the library has already planned asks for this first.
      retrieveSessionInfo: () =>
        this.#stopped.signal.aborted ? new Promise(() => undefined) : this.#session,
      updateSessionInfo: (_, session) => {
        this.#session = session;
      },
    });
    this.#manager = manager;
    manager.on(WebSocketShardEvents.Ready, ({ data }) => {
      const { application, guilds } = readiness.parse(data);
      this.#guilds.clear();
      for (const { id } of guilds) this.#guilds.add(id);
      this.#state = 'connected';
      this.#hearing.onConnected(application?.id ?? null);
    });
    manager.on(WebSocketShardEvents.Resumed, () => {
      this.#state = 'connected';
      this.#hearing.onConnected(null);
    });
    manager.on(WebSocketShardEvents.Closed, ({ code }) => this.#closed(code));
    manager.on(WebSocketShardEvents.Error, ({ error }) => {
      this.#log.warn({ problem: tell(problemOf(error)) }, 'The connection to Discord failed');
    });
    manager.on(WebSocketShardEvents.Dispatch, ({ data }) => {
      if (this.#stopped.signal.aborted) return;
      if (data.t === GatewayDispatchEvents.InteractionCreate) this.#hearing.onInteraction(data.d);
      else if (data.t === GatewayDispatchEvents.GuildCreate) this.#guilds.add(data.d.id);
      else if (data.t === GatewayDispatchEvents.GuildDelete && !data.d.unavailable)
        this.#guilds.delete(data.d.id);
    });
    await manager.connect();
  }

  #closed(code: number): void {
    if (this.#stopped.signal.aborted) return;
    const useless = uselessToRepeat[code];
    if (useless) {
      this.#state = useless.state;
      this.#detail = useless.detail;
      this.#log.error({ code }, useless.detail);
      return;
    }
    this.#lose(`the connection ended with ${code}`);
  }

  #lose(reason: string): void {
    this.#state = this.#session || this.#state === 'connected' ? 'reconnecting' : 'starting';
    this.#detail = `Discord cannot be reached: ${reason}.`;
    this.#log.warn({ reason }, 'Not connected to Discord, trying again');
  }
}

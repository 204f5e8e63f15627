import { createHash, randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { LRUCache } from 'lru-cache';
import type { Logger } from 'pino';
import type {
  Adapter,
  AdapterHealth,
  AdapterState,
  Capabilities,
  CommandDescription,
} from '../../contract/adapter.ts';
import type { Card, Handle } from '../../contract/card.ts';
import type { ChatLocation, Receiver, SendResult } from '../../contract/inbound.ts';
import { GatewayConnection } from './connection/connection.ts';
import { InteractionsEndpoint, type Respond } from './connection/http-endpoint.ts';
import { describeProblem, isRevoked, isTransient, problemOf } from './errors.ts';
import { InboundHandler } from './inbound/inbound-handler.ts';
import { InteractionTokens } from './outbound/interaction-tokens.ts';
import { DiscordApi, type MessageRef } from './outbound/outbound.ts';
import { failedResult } from './outbound/reply.ts';
import { type Registration, renderCommands } from './render/commands-menu.ts';
import { maxButtons, renderCard, renderNote } from './render/render.ts';
import type { DiscordSettings } from './settings.ts';

const capabilities: Capabilities = {
  private: true,
  forms: true,
  completion: true,
  threads: false,
  files: true,
  redelivers: false,
  maxText: 3500,
  maxButtons,
  editEveryMs: 1500,
  chatEveryMs: 1000,
  perSecond: 45,
};

/** For how long a second program at the same commands is told of, since it last was first. */
const conflictLastsMs = 5 * 60_000;
const drainWithinMs = 10_000;
const maxFileBytes = 8 * 1024 * 1024;
/** Within this time Discord knows a message by its nonce and does not make it twice. */
const nonceLivesMs = 2 * 60_000;

export class DiscordAdapter implements Adapter {
  readonly platform = 'discord';
  readonly capabilities = capabilities;
  readonly #settings: DiscordSettings;
  readonly #log: Logger;
  readonly #api: DiscordApi;
  readonly #gateway: GatewayConnection;
  readonly #endpoint: InteractionsEndpoint | null;
  readonly #tokens = new InteractionTokens();
  /** Under which nonce a message was sent that may have arrived or not: the next attempt is the same message. */
  readonly #nonces = new LRUCache<string, string>({ max: 1000, ttl: nonceLivesMs });
  readonly #inFlight = new Set<Promise<unknown>>();
  #handler: InboundHandler | null = null;
  #endpointState: AdapterState = 'starting';
  #applicationId: string | null;
  #conflictAt: number | null = null;
  #registration: Registration | null = null;
  #commandsProblem: string | null = null;
  #stopping = false;

  constructor(settings: DiscordSettings, log: Logger) {
    this.#settings = settings;
    this.#log = log;
    this.#applicationId = settings.applicationId;
    this.#api = new DiscordApi(settings);
    this.#gateway = new GatewayConnection({
      apiUrl: settings.apiUrl,
      token: settings.token,
      log,
      hearing: {
        onInteraction: (payload) => this.#receive(payload, null),
        onConnected: (application) => this.#connected(application),
      },
    });
    this.#endpoint =
      settings.endpoint &&
      new InteractionsEndpoint(
        settings.endpoint.publicKey,
        (payload, respond) => this.#receive(payload, respond),
        log,
      );
  }

  async start(receiver: Receiver): Promise<void> {
    this.#stopping = false;
    this.#handler = new InboundHandler(receiver, {
      api: this.#api,
      tokens: this.#tokens,
      log: this.#log,
      track: (work) => this.#track(work),
      onConflict: () => {
        this.#conflictAt = Date.now();
        this.#log.error('Another program answers the commands of this application');
      },
    });
    const { endpoint } = this.#settings;
    if (!this.#endpoint || !endpoint) return this.#gateway.start();
    const port = await this.#endpoint.listen(endpoint.host, endpoint.port);
    this.#endpointState = 'connected';
    await this.#sending(async () => {
      this.#connected(await this.#api.ownApplication());
      return {};
    });
    this.#log.info({ host: endpoint.host, port }, 'Waiting for interactions');
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#endpoint?.close();
    const drained = (async () => {
      while (this.#inFlight.size > 0) await Promise.allSettled(this.#inFlight);
    })();
    await Promise.race([drained, sleep(drainWithinMs, undefined, { ref: false })]);
    if (!this.#endpoint) await this.#gateway.stop();
    this.#endpointState = 'stopped';
  }

  health(): AdapterHealth {
    const { state, detail } = this.#status();
    return {
      state,
      detail,
      install: this.#applicationId,
      lastInboundAt: this.#handler?.lastAt ?? null,
      lastOutboundAt: this.#api.lastOutboundAt,
    };
  }

  send(location: ChatLocation, card: Card): Promise<SendResult> {
    const message = renderCard(card);
    const key = createHash('sha256')
      .update(`${location.channel}\n${JSON.stringify(message)}`)
      .digest('base64url');
    return this.#sending(async () => {
      const nonce = this.#nonces.get(key) ?? randomUUID().replaceAll('-', '').slice(0, 25);
      this.#nonces.delete(key);
      try {
        return handleOf(await this.#api.send(location.channel, { ...message, nonce }), location.channel);
      } catch (error) {
        if (isTransient(error)) this.#nonces.set(key, nonce);
        throw error;
      }
    });
  }

  edit(handle: Handle, card: Card): Promise<SendResult> {
    const { channel, message } = handle;
    if (channel === undefined || message === undefined) {
      return Promise.resolve({
        ok: false,
        problem: { kind: 'refused', reason: 'That is no message of Discord' },
      });
    }
    return this.#sending(async () => {
      const rendered = renderCard(card);
      const known = this.#tokens.of(message);
      if (known) {
        try {
          await this.#api.editAnswer(known.application, known.token, known.name, rendered);
          return handle;
        } catch (error) {
          const { kind } = problemOf(error);
          if (kind !== 'gone' && kind !== 'closed') throw error;
          this.#tokens.forget(message);
        }
      }
      if (handle.private) return null;
      await this.#api.edit(channel, message, rendered);
      return handle;
    });
  }

  file(
    location: ChatLocation,
    { name, text, note }: { readonly name: string; readonly text: string; readonly note: string },
  ): Promise<SendResult> {
    const data = Buffer.from(text);
    const shown = data.byteLength > maxFileBytes ? data.subarray(data.byteLength - maxFileBytes) : data;
    const filename = name.replace(/[^\w.-]+/gu, '_').slice(-100) || 'output.txt';
    return this.#sending(async () => {
      const files = [{ name: filename, data: shown, contentType: 'text/plain; charset=utf-8' }];
      return handleOf(await this.#api.send(location.channel, renderNote(note), files), location.channel);
    });
  }

  async describeCommands(commands: readonly CommandDescription[]): Promise<SendResult> {
    this.#registration = renderCommands(commands);
    const { leftOut } = this.#registration;
    if (leftOut > 0) {
      this.#log.warn({ leftOut }, 'Not every command found room under /hq; the others are said with /hq run');
    }
    return this.#register(this.#registration);
  }

  /** A registration that fails is tried again with the next connection. */
  async #register(registration: Registration): Promise<SendResult> {
    const application = this.#applicationId;
    const sent: SendResult =
      application === null
        ? { ok: false, problem: { kind: 'away', reason: 'Discord has not told the application’s id yet' } }
        : await this.#sending(async () => {
            await this.#api.register(application, registration);
            return {};
          });
    this.#commandsProblem = sent.ok
      ? null
      : `The commands are not registered: ${describeProblem(sent.problem)}.`;
    return sent.ok ? { ok: true, handle: null } : sent;
  }

  #connected(application: string | null): void {
    this.#applicationId ??= application;
    if (this.#commandsProblem !== null && this.#registration) void this.#register(this.#registration);
  }

  #receive(payload: unknown, respond: Respond | null): void {
    if (!this.#stopping) this.#handler?.receive(payload, this.#applicationId, respond);
  }

  #status(): { state: AdapterState; detail: string | null } {
    const connection =
      this.#endpoint && this.#gateway.state !== 'revoked'
        ? { state: this.#endpointState, detail: null }
        : { state: this.#gateway.state, detail: this.#gateway.detail };
    if (connection.state !== 'connected') return connection;
    if (this.#conflictAt !== null && Date.now() - this.#conflictAt < conflictLastsMs) {
      return { state: 'conflict', detail: 'Another program answers the commands of this application.' };
    }
    return { state: 'connected', detail: connection.detail ?? this.#commandsProblem };
  }

  /** `null` as the handle of what was to be edited says that nothing can be. */
  #sending(work: () => Promise<Handle | null>): Promise<SendResult> {
    return this.#track(
      work().then(
        (handle): SendResult => (handle ? { ok: true, handle } : { ok: false, problem: { kind: 'gone' } }),
        (error: unknown): SendResult => {
          if (isRevoked(error)) this.#gateway.revoke();
          const sent = failedResult(error);
          if (!sent.ok)
            this.#log.debug({ problem: describeProblem(sent.problem) }, 'Discord did not take it');
          return sent;
        },
      ),
    );
  }

  #track<T>(work: Promise<T>): Promise<T> {
    this.#inFlight.add(work);
    const done = (): void => void this.#inFlight.delete(work);
    work.then(done, done);
    return work;
  }
}

function handleOf({ id, channel_id: channel }: MessageRef, location: string): Handle {
  return { channel: channel ?? location, message: id };
}

import { createHash, randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import type {
  Adapter,
  AdapterHealth,
  AdapterState,
  Capabilities,
  CommandDescription,
} from '../../contract/adapter.ts';
import type { Card, Handle } from '../../contract/card.ts';
import type { Place, Receiver, Sent } from '../../contract/inbound.ts';
import { Recent } from '../recent.ts';
import { type Registration, renderCommands } from './commands-menu.ts';
import { GatewayConnection } from './connection.ts';
import { isAway, isRevoked, problemOf, tell } from './errors.ts';
import { InteractionsEndpoint, type Respond } from './http-endpoint.ts';
import { Incoming } from './inbound-handler.ts';
import { InteractionTokens } from './interaction-tokens.ts';
import { type MessageRef, Wire } from './outbound.ts';
import { maxButtons, render, renderNote } from './render.ts';
import { failed } from './reply.ts';
import type { Configuration } from './settings.ts';

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
  readonly #configuration: Configuration;
  readonly #log: Logger;
  readonly #wire: Wire;
  readonly #gateway: GatewayConnection;
  readonly #endpoint: InteractionsEndpoint | null;
  readonly #tokens = new InteractionTokens();
  /** Under which nonce a message was sent that may have arrived or not: the next attempt is the same message. */
  readonly #nonces = new Recent<string>(nonceLivesMs, 1000);
  readonly #underWay = new Set<Promise<unknown>>();
  #incoming: Incoming | null = null;
  #endpointState: AdapterState = 'starting';
  #applicationId: string | null;
  #conflictAt: number | null = null;
  #registration: Registration | null = null;
  #commandsProblem: string | null = null;
  #stopping = false;

  constructor(configuration: Configuration, log: Logger) {
    this.#configuration = configuration;
    this.#log = log;
    this.#applicationId = configuration.applicationId;
    this.#wire = new Wire(configuration);
    this.#gateway = new GatewayConnection({
      apiUrl: configuration.apiUrl,
      token: configuration.token,
      log,
      hearing: {
        onInteraction: (payload) => this.#hear(payload, null),
        onConnected: (application) => this.#connected(application),
      },
    });
    this.#endpoint =
      configuration.endpoint &&
      new InteractionsEndpoint(
        configuration.endpoint.publicKey,
        (payload, respond) => this.#hear(payload, respond),
        log,
      );
  }

  async start(receiver: Receiver): Promise<void> {
    this.#stopping = false;
    this.#incoming = new Incoming(receiver, {
      wire: this.#wire,
      tokens: this.#tokens,
      log: this.#log,
      track: (work) => this.#track(work),
      onConflict: () => {
        this.#conflictAt = Date.now();
        this.#log.error('Another program answers the commands of this application');
      },
    });
    const { endpoint } = this.#configuration;
    if (!this.#endpoint || !endpoint) return this.#gateway.start();
    const port = await this.#endpoint.listen(endpoint.host, endpoint.port);
    this.#endpointState = 'connected';
    await this.#sending(async () => {
      this.#connected(await this.#wire.ownApplication());
      return {};
    });
    this.#log.info({ host: endpoint.host, port }, 'Waiting for interactions');
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#endpoint?.close();
    const drained = (async () => {
      while (this.#underWay.size > 0) await Promise.allSettled(this.#underWay);
    })();
    await Promise.race([drained, sleep(drainWithinMs, undefined, { ref: false })]);
    if (!this.#endpoint) await this.#gateway.stop();
    this.#endpointState = 'stopped';
  }

  health(): AdapterHealth {
    const { state, detail } = this.#standing();
    return {
      state,
      detail,
      install: this.#applicationId,
      lastInboundAt: this.#incoming?.lastAt ?? null,
      lastOutboundAt: this.#wire.lastOutboundAt,
    };
  }

  send(place: Place, card: Card): Promise<Sent> {
    const message = render(card);
    const key = createHash('sha256')
      .update(`${place.channel}\n${JSON.stringify(message)}`)
      .digest('base64url');
    return this.#sending(async () => {
      const nonce = this.#nonces.get(key) ?? randomUUID().replaceAll('-', '').slice(0, 25);
      this.#nonces.delete(key);
      try {
        return handleOf(await this.#wire.send(place.channel, { ...message, nonce }), place.channel);
      } catch (error) {
        if (isAway(error)) this.#nonces.set(key, nonce);
        throw error;
      }
    });
  }

  edit(handle: Handle, card: Card): Promise<Sent> {
    const { channel, message } = handle;
    if (channel === undefined || message === undefined) {
      return Promise.resolve({
        ok: false,
        problem: { kind: 'refused', reason: 'That is no message of Discord' },
      });
    }
    return this.#sending(async () => {
      const rendered = render(card);
      const known = this.#tokens.of(message);
      if (known) {
        try {
          await this.#wire.editAnswer(known.application, known.token, known.name, rendered);
          return handle;
        } catch (error) {
          const { kind } = problemOf(error);
          if (kind !== 'gone' && kind !== 'closed') throw error;
          this.#tokens.forget(message);
        }
      }
      if (handle.private) return null;
      await this.#wire.edit(channel, message, rendered);
      return handle;
    });
  }

  file(
    place: Place,
    { name, text, note }: { readonly name: string; readonly text: string; readonly note: string },
  ): Promise<Sent> {
    const data = Buffer.from(text);
    const shown = data.byteLength > maxFileBytes ? data.subarray(data.byteLength - maxFileBytes) : data;
    const filename = name.replace(/[^\w.-]+/gu, '_').slice(-100) || 'output.txt';
    return this.#sending(async () => {
      const files = [{ name: filename, data: shown, contentType: 'text/plain; charset=utf-8' }];
      return handleOf(await this.#wire.send(place.channel, renderNote(note), files), place.channel);
    });
  }

  async describeCommands(commands: readonly CommandDescription[]): Promise<Sent> {
    this.#registration = renderCommands(commands);
    const { leftOut } = this.#registration;
    if (leftOut > 0) {
      this.#log.warn({ leftOut }, 'Not every command found room under /hq; the others are said with /hq run');
    }
    return this.#register(this.#registration);
  }

  /** A registration that fails is tried again with the next connection. */
  async #register(registration: Registration): Promise<Sent> {
    const application = this.#applicationId;
    const sent: Sent =
      application === null
        ? { ok: false, problem: { kind: 'away', reason: 'Discord has not told the application’s id yet' } }
        : await this.#sending(async () => {
            await this.#wire.register(application, registration);
            return {};
          });
    this.#commandsProblem = sent.ok ? null : `The commands are not registered: ${tell(sent.problem)}.`;
    return sent.ok ? { ok: true, handle: null } : sent;
  }

  #connected(application: string | null): void {
    this.#applicationId ??= application;
    if (this.#commandsProblem !== null && this.#registration) void this.#register(this.#registration);
  }

  #hear(payload: unknown, respond: Respond | null): void {
    if (!this.#stopping) this.#incoming?.hear(payload, this.#applicationId, respond);
  }

  #standing(): { state: AdapterState; detail: string | null } {
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
  #sending(work: () => Promise<Handle | null>): Promise<Sent> {
    return this.#track(
      work().then(
        (handle): Sent => (handle ? { ok: true, handle } : { ok: false, problem: { kind: 'gone' } }),
        (error: unknown): Sent => {
          if (isRevoked(error)) this.#gateway.revoke();
          const sent = failed(error);
          if (!sent.ok) this.#log.debug({ problem: tell(sent.problem) }, 'Discord did not take it');
          return sent;
        },
      ),
    );
  }

  #track<T>(work: Promise<T>): Promise<T> {
    this.#underWay.add(work);
    const done = (): void => void this.#underWay.delete(work);
    work.then(done, done);
    return work;
  }
}

function handleOf({ id, channel_id: channel }: MessageRef, place: string): Handle {
  return { channel: channel ?? place, message: id };
}

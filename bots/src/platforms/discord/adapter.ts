import type { Logger } from 'pino';
import type {
  Adapter,
  AdapterHealth,
  AdapterState,
  Capabilities,
  CommandDescription,
  TextFile,
} from '../../contract/adapter.ts';
import type { Card, Handle } from '../../contract/card.ts';
import type { ChatLocation, Receiver, SendResult } from '../../contract/inbound.ts';
import type { HttpServer } from '../http-server.ts';
import { createInFlight } from '../in-flight.ts';
import { GatewayConnection } from './connection/connection.ts';
import { type Respond, serveInteractions } from './connection/http-endpoint.ts';
import { describeProblem, isRevoked, toProblem } from './errors.ts';
import { InboundHandler } from './inbound/inbound-handler.ts';
import { messageHandle } from './message-handle.ts';
import { createInteractionTokens } from './outbound/interaction-tokens.ts';
import { DiscordOutbound } from './outbound/outbound.ts';
import { failedResult } from './outbound/reply.ts';
import { type Registration, renderCommands } from './render/commands-menu.ts';
import { maxButtons, type Rendered, renderCard, renderNote } from './render/render.ts';
import type { DiscordSettings } from './settings.ts';

const capabilities: Capabilities = {
  private: true,
  forms: true,
  completion: true,
  files: true,
  redelivers: false,
  maxText: 3500,
  maxButtons,
  editEveryMs: 1500,
  chatEveryMs: 1000,
  perSecond: 45,
};

/** `health` reports a second program with the same token for this time after each collision. */
const conflictForMs = 5 * 60_000;
const drainWithinMs = 10_000;
const maxFileBytes = 8 * 1024 * 1024;

export class DiscordAdapter implements Adapter {
  readonly platform = 'discord';
  readonly capabilities = capabilities;
  readonly #settings: DiscordSettings;
  readonly #log: Logger;
  readonly #outbound: DiscordOutbound;
  readonly #gateway: GatewayConnection;
  readonly #tokens = createInteractionTokens();
  readonly #inFlight = createInFlight();
  #server: HttpServer | null = null;
  #serverState: AdapterState = 'starting';
  #handler: InboundHandler | null = null;
  #applicationId: string | null;
  #conflictAt: number | null = null;
  #registration: Registration | null = null;
  #registrationError: string | null = null;
  #isStopping = false;

  constructor(settings: DiscordSettings, log: Logger) {
    this.#settings = settings;
    this.#log = log;
    this.#applicationId = settings.applicationId;
    this.#outbound = new DiscordOutbound(settings);
    this.#gateway = new GatewayConnection(
      settings,
      {
        onInteraction: (payload) => this.#receive(payload, null),
        onConnected: (application) => this.#onConnected(application),
      },
      log,
    );
  }

  async start(receiver: Receiver): Promise<void> {
    this.#isStopping = false;
    this.#handler = new InboundHandler(receiver, {
      outbound: this.#outbound,
      tokens: this.#tokens,
      log: this.#log,
      inFlight: this.#inFlight,
      onConflict: () => {
        this.#conflictAt = Date.now();
        this.#log.error('Another program answers the commands of this application');
      },
    });
    const { endpoint } = this.#settings;
    if (endpoint === null) return this.#gateway.start();
    const onInteraction = (payload: unknown, respond: Respond): void => this.#receive(payload, respond);
    this.#server = await serveInteractions(endpoint, onInteraction, this.#log);
    this.#serverState = 'connected';
    await this.#attempt(async () => {
      this.#onConnected(await this.#outbound.ownApplication());
      return {};
    });
    this.#log.info({ host: endpoint.host, port: this.#server.port }, 'Listening for interactions');
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    await this.#server?.close();
    await this.#inFlight.drain(drainWithinMs);
    if (this.#settings.endpoint === null) await this.#gateway.stop();
    this.#serverState = 'stopped';
  }

  health(): AdapterHealth {
    return {
      ...this.#status(),
      install: this.#applicationId,
      lastInboundAt: this.#handler?.lastAt ?? null,
      lastOutboundAt: this.#outbound.lastAt,
    };
  }

  send(location: ChatLocation, card: Card): Promise<SendResult> {
    return this.#attempt(async () => {
      const { id, channel_id } = await this.#outbound.sendOnce(location.channel, renderCard(card));
      return messageHandle(channel_id ?? location.channel, id);
    });
  }

  edit(handle: Handle, card: Card): Promise<SendResult> {
    return this.#attempt(async () => {
      const { channel, message } = handle;
      if (channel === undefined || message === undefined) return null;
      const rendered = renderCard(card);
      if (await this.#editByToken(message, rendered)) return handle;
      if (handle.private) return null;
      await this.#outbound.edit(channel, message, rendered);
      return handle;
    });
  }

  file(location: ChatLocation, { name, text, note }: TextFile): Promise<SendResult> {
    const data = Buffer.from(text).subarray(-maxFileBytes);
    const filename = name.replace(/[^\w.-]+/gu, '_').slice(-100) || 'output.txt';
    return this.#attempt(async () => {
      const files = [{ name: filename, data, contentType: 'text/plain; charset=utf-8' }];
      const { id, channel_id } = await this.#outbound.send(location.channel, renderNote(note), files);
      return messageHandle(channel_id ?? location.channel, id);
    });
  }

  async describeCommands(commands: readonly CommandDescription[]): Promise<SendResult> {
    this.#registration = renderCommands(commands);
    const { omitted } = this.#registration;
    if (omitted > 0) {
      this.#log.warn({ omitted }, 'Some commands do not fit under /hq; /hq run still takes them as text');
    }
    return this.#register(this.#registration);
  }

  /** Retried at the next connection after a failure. */
  async #register(registration: Registration): Promise<SendResult> {
    const application = this.#applicationId;
    const sent: SendResult =
      application === null
        ? { ok: false, problem: { kind: 'away', reason: 'Discord has not sent the application’s id yet' } }
        : await this.#attempt(async () => {
            await this.#outbound.registerCommands(application, registration);
            return {};
          });
    this.#registrationError = sent.ok
      ? null
      : `The commands are not registered: ${describeProblem(sent.problem)}.`;
    return sent.ok ? { ok: true, handle: null } : sent;
  }

  /** False if no valid token for the message is known. */
  async #editByToken(message: string, rendered: Rendered): Promise<boolean> {
    const token = this.#tokens.get(message);
    if (!token) return false;
    try {
      await this.#outbound.editAnswer(token, token.message, rendered);
      return true;
    } catch (error) {
      const { kind } = toProblem(error);
      if (kind !== 'gone' && kind !== 'closed') throw error;
      this.#tokens.delete(message);
      return false;
    }
  }

  #onConnected(application: string | null): void {
    this.#applicationId ??= application;
    if (this.#registrationError !== null && this.#registration) void this.#register(this.#registration);
  }

  #receive(payload: unknown, respond: Respond | null): void {
    if (!this.#isStopping) this.#handler?.receive(payload, this.#applicationId, respond);
  }

  #status(): Pick<AdapterHealth, 'state' | 'detail'> {
    const usesGateway = this.#settings.endpoint === null || this.#gateway.state === 'revoked';
    const { state, detail } = usesGateway ? this.#gateway : { state: this.#serverState, detail: null };
    if (state !== 'connected') return { state, detail };
    if (this.#conflictAt !== null && Date.now() - this.#conflictAt < conflictForMs) {
      return { state: 'conflict', detail: 'Another program answers the commands of this application.' };
    }
    return { state, detail: detail ?? this.#registrationError };
  }

  /** A null handle means that there is no message to edit. */
  #attempt(work: () => Promise<Handle | null>): Promise<SendResult> {
    return this.#inFlight.track(
      work().then(
        (handle): SendResult => (handle ? { ok: true, handle } : { ok: false, problem: { kind: 'gone' } }),
        (error: unknown): SendResult => {
          if (isRevoked(error)) this.#gateway.revoke();
          const failed = failedResult(error);
          if (!failed.ok)
            this.#log.debug({ problem: describeProblem(failed.problem) }, 'Discord refused a request');
          return failed;
        },
      ),
    );
  }
}

import type { Logger } from 'pino';
import type {
  Adapter,
  Capabilities,
  CommandDescription,
  ConnectionHealth,
  TextFile,
} from '../../contract/adapter.ts';
import type { Card, Handle } from '../../contract/card.ts';
import type { ChatLocation, Receiver, SendResult } from '../../contract/inbound.ts';
import { ConnectionLoop, type ConnectionReport, untilAborted } from '../connection-loop.ts';
import { createInFlight } from '../in-flight.ts';
import { createSendAttempt, describeProblem, type SendAttempt } from '../send-attempts.ts';
import { explainConnection, GatewayConnection, revoked } from './connection/connection.ts';
import { type Endpoint, type Respond, serveInteractions } from './connection/http-endpoint.ts';
import { isRevoked, isThreadLost, toProblem } from './errors.ts';
import { InboundHandler } from './inbound/inbound-handler.ts';
import { channelOf, messageHandle } from './message-handle.ts';
import { createInteractionTokens } from './outbound/interaction-tokens.ts';
import { DiscordOutbound } from './outbound/outbound.ts';
import { commandName, type Registration, renderCommands } from './render/commands-menu.ts';
import { preferredCommands, textFallback } from './render/menu-groups.ts';
import { maxButtons, type Rendered, renderCard, renderNote } from './render/render.ts';
import type { DiscordSettings } from './settings.ts';

const capabilities: Capabilities = {
  private: true,
  forms: true,
  formErrors: false,
  commands: {
    prefix: `/${commandName}`,
    asText: `/${commandName} ${textFallback.command}`,
    direct: preferredCommands,
  },
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
  readonly #connection: ConnectionLoop;
  readonly #gateway: GatewayConnection;
  readonly #tokens = createInteractionTokens();
  readonly #inFlight = createInFlight();
  readonly #call: SendAttempt;
  #handler: InboundHandler | null = null;
  #applicationId: string | null;
  #conflictAt: number | null = null;
  #registration: Registration | null = null;
  #registrationError: string | null = null;

  constructor(settings: DiscordSettings, log: Logger) {
    const { endpoint } = settings;
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
    this.#connection = new ConnectionLoop({
      log,
      attempt: (signal, report) =>
        endpoint === null ? this.#gateway.attempt(signal, report) : this.#serve(endpoint, signal, report),
      explain: explainConnection,
      lostDetail: 'The connection to Discord is lost; reconnecting.',
      firstMs: 1000,
      longestMs: 60_000,
    });
    this.#call = createSendAttempt({
      toProblem,
      isRevoked,
      onRevoked: () => this.#connection.revoke(revoked),
      inFlight: this.#inFlight,
      log,
    });
  }

  async start(receiver: Receiver): Promise<void> {
    this.#handler = new InboundHandler(receiver, {
      outbound: this.#outbound,
      tokens: this.#tokens,
      call: this.#call,
      log: this.#log,
      inFlight: this.#inFlight,
      onConflict: () => {
        this.#conflictAt = Date.now();
        this.#log.error('Another program answers the commands of this application');
      },
    });
    await this.#connection.start();
  }

  async stop(): Promise<void> {
    const stopping = this.#connection.stop();
    await this.#inFlight.drain(drainWithinMs);
    await stopping;
  }

  health(): ConnectionHealth {
    const { state, detail } = this.#connection.status;
    const shown = { state, detail, install: this.#applicationId };
    if (state !== 'connected') return shown;
    if (this.#conflictAt !== null && Date.now() - this.#conflictAt < conflictForMs) {
      const conflict = 'Another program answers the commands of this application.';
      return { ...shown, state: 'conflict', detail: conflict };
    }
    const needsServer = this.#settings.endpoint === null && !this.#gateway.isInServer;
    const invite = 'The bot is in no server yet: docs/chat.md has the invitation link.';
    return { ...shown, detail: (needsServer ? invite : null) ?? this.#registrationError };
  }

  send(location: ChatLocation, card: Card): Promise<SendResult> {
    return this.#attempt(() =>
      inThreadOrChannel(location, async (channel, note) => {
        const footer = [card.footer, note].filter(Boolean).join(' ');
        const { id, channel_id } = await this.#outbound.sendOnce(channel, renderCard({ ...card, footer }));
        return messageHandle(channel_id ?? channel, id);
      }),
    );
  }

  edit(handle: Handle, card: Card): Promise<SendResult> {
    return this.#attempt(async () => {
      const { channel, message } = handle;
      if (channel === undefined || message === undefined) return null;
      const rendered = renderCard(card);
      if (await this.#editByToken(message, rendered)) return handle;
      if (handle.private) return null;
      try {
        await this.#outbound.edit(channel, message, rendered);
      } catch (error) {
        // The message is lost with its thread; the channel of the thread is not closed.
        if (isThreadLost(error)) return null;
        throw error;
      }
      return handle;
    });
  }

  file(location: ChatLocation, { name, text, note }: TextFile): Promise<SendResult> {
    const data = Buffer.from(text).subarray(-maxFileBytes);
    const filename = name.replace(/[^\w.-]+/gu, '_').slice(-100) || 'output.txt';
    const files = [{ name: filename, data, contentType: 'text/plain; charset=utf-8' }];
    return this.#attempt(() =>
      inThreadOrChannel(location, async (channel, moved) => {
        const words = renderNote([note, moved].filter(Boolean).join(' '));
        const { id, channel_id } = await this.#outbound.send(channel, words, files);
        return messageHandle(channel_id ?? channel, id);
      }),
    );
  }

  /** Discord has one menu for everybody. */
  async describeCommands(commands: readonly CommandDescription[], chat?: ChatLocation): Promise<SendResult> {
    if (chat !== undefined) return { ok: true, handle: null };
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
        : await this.#call(async () => {
            await this.#outbound.registerCommands(application, registration);
            return null;
          });
    this.#registrationError = sent.ok
      ? null
      : `The commands are not registered: ${describeProblem(sent.problem)}.`;
    return sent;
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
    if (!this.#connection.isStopped) this.#handler?.receive(payload, this.#applicationId, respond);
  }

  async #serve(endpoint: Endpoint, signal: AbortSignal, report: ConnectionReport): Promise<void> {
    const server = await serveInteractions(
      endpoint,
      (payload, respond) => this.#receive(payload, respond),
      this.#log,
    );
    report.connected();
    this.#log.info({ host: endpoint.host, port: server.port }, 'Listening for interactions');
    await this.#call(async () => {
      this.#onConnected(await this.#outbound.ownApplication());
      return null;
    });
    await untilAborted(signal);
    await server.close();
  }

  /** A null handle means that there is no message to edit. */
  async #attempt(work: () => Promise<Handle | null>): Promise<SendResult> {
    const sent = await this.#call(work);
    return sent.ok && sent.handle === null ? { ok: false, problem: { kind: 'gone' } } : sent;
  }
}

const threadNote = 'Its thread is deleted or locked. Type subscribe where alerts shall come instead.';

/** Sends to the channel of a thread, with a note, if the thread is deleted or locked. */
async function inThreadOrChannel(
  location: ChatLocation,
  send: (channel: string, note: string) => Promise<Handle>,
): Promise<Handle> {
  try {
    return await send(channelOf(location), '');
  } catch (error) {
    if (location.thread === null || !isThreadLost(error)) throw error;
    return send(location.channel, threadNote);
  }
}

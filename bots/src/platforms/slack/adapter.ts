import { HqError } from '@hq/shared/errors';
import type { webApi } from '@slack/bolt';
import type { Logger } from 'pino';
import type { Adapter, Capabilities, ConnectionHealth, TextFile } from '../../contract/adapter.ts';
import type { Card, Handle } from '../../contract/card.ts';
import type { ChatLocation, Receiver, SendResult } from '../../contract/inbound.ts';
import { ConnectionLoop, type ConnectionReport } from '../connection-loop.ts';
import { createInFlight } from '../in-flight.ts';
import { createSendAttempt } from '../send-attempts.ts';
import { SocketConnection } from './connection/connection.ts';
import { serveRequests } from './connection/http-endpoint.ts';
import { explainConnection, isRevoked, toProblem, withToken } from './errors.ts';
import { InboundHandler } from './inbound/inbound-handler.ts';
import type { Identity } from './inbound/sender.ts';
import { createOutbound, type SlackOutbound } from './outbound/outbound.ts';
import { createResponseUrls, isUsable, messageKey } from './outbound/response-urls.ts';
import { createWebClient } from './outbound/web-client.ts';
import { maxBody, maxButtons } from './render/render.ts';
import type { SlackSettings } from './settings.ts';

const capabilities: Capabilities = {
  private: true,
  forms: true,
  formErrors: true,
  // Slack has no slash commands in threads.
  commands: { prefix: '/hq', inThread: '@HQ' },
  completion: true,
  files: true,
  // Slack redelivers events, but never slash commands and presses.
  redelivers: false,
  maxText: maxBody,
  maxButtons,
  editEveryMs: 1500,
  chatEveryMs: 1000,
  // Slack documents "several hundred messages per minute" for a workspace.
  perSecond: 5,
};

const drainWithinMs = 10_000;
/** A removed app becomes valid again if someone reinstalls it. */
const verifyRevokedMs = 60_000;

export class SlackAdapter implements Adapter {
  readonly platform = 'slack';
  readonly capabilities = capabilities;
  readonly #settings: SlackSettings;
  readonly #log: Logger;
  readonly #client: webApi.WebClient;
  readonly #outbound: SlackOutbound;
  readonly #connection: ConnectionLoop;
  readonly #responseUrls = createResponseUrls();
  readonly #inFlight = createInFlight();
  #identity: Identity | undefined;
  #isIdentified = false;
  #filesError: string | null = null;
  /** Of the current run: an adapter may be started again. */
  #listener: InboundHandler | undefined;
  #socket: SocketConnection | undefined;

  constructor(settings: SlackSettings, log: Logger) {
    this.#settings = settings;
    this.#log = log;
    this.#client = createWebClient(settings.botToken, settings.apiUrl, log);
    this.#connection = new ConnectionLoop({
      log,
      attempt: (signal, report) => this.#connect(signal, report),
      explain: explainConnection,
      lostDetail: 'The connection to Slack is lost; reconnecting.',
      // Slack drops commands while there is no socket, so the next one opens at once.
      gapMs: 25,
      firstMs: 250,
      longestMs: 30_000,
    });
    const attempt = createSendAttempt({
      toProblem,
      isRevoked,
      onRevoked: () => this.#onRevoked('Slack no longer accepts the bot token.'),
      inFlight: this.#inFlight,
      log,
    });
    this.#outbound = createOutbound(this.#client, attempt, log);
  }

  health(): ConnectionHealth {
    const { state, detail } = this.#connection.status;
    return {
      state,
      detail: detail ?? (state === 'connected' ? this.#filesError : null),
      install: this.#identity?.team ?? null,
    };
  }

  async start(receiver: Receiver): Promise<void> {
    this.#isIdentified = false;
    this.#socket = undefined;
    this.#listener = new InboundHandler({
      receiver,
      outbound: this.#outbound,
      identity: () => this.#identity,
      responseUrls: this.#responseUrls,
      inFlight: this.#inFlight,
      log: this.#log,
      isStopped: () => this.#connection.isStopped,
      onRevoked: (reason) => this.#onRevoked(reason, verifyRevokedMs),
    });
    await this.#connection.start();
  }

  async stop(): Promise<void> {
    await this.#connection.stop();
    await this.#inFlight.drain(drainWithinMs);
  }

  async send(location: ChatLocation, card: Card): Promise<SendResult> {
    return this.#refuseForeign(location) ?? this.#outbound.post(location, card);
  }

  async edit(handle: Handle, card: Card): Promise<SendResult> {
    const { channel, ts, seen_by } = handle;
    if (channel === undefined || ts === undefined) return { ok: false, problem: { kind: 'gone' } };
    if (seen_by === undefined) return this.#outbound.update(channel, ts, card);
    const url = this.#responseUrls.get(messageKey(handle));
    if (!isUsable(url)) return { ok: false, problem: { kind: 'gone' } };
    url.usesLeft -= 1;
    const options = { isPublic: false, replacesOriginal: true, thread: null };
    const sent = await this.#outbound.respond(url.url, card, options);
    return sent.ok ? { ok: true, handle } : sent;
  }

  async file(location: ChatLocation, file: TextFile): Promise<SendResult> {
    const refused = this.#refuseForeign(location);
    if (refused !== undefined) return refused;
    const sent = await this.#outbound.file(location, file);
    if (sent.ok) this.#filesError = null;
    else if (sent.problem.kind === 'refused')
      this.#filesError = `Files cannot be sent. ${sent.problem.reason}`;
    return sent;
  }

  /** Slack takes commands from the app's manifest only. */
  async describeCommands(): Promise<SendResult> {
    return { ok: true, handle: null };
  }

  #refuseForeign(location: ChatLocation): SendResult | undefined {
    if (this.#identity === undefined || location.install === this.#identity.team) return undefined;
    return { ok: false, problem: { kind: 'closed', reason: 'That is another Slack workspace.' } };
  }

  #onRevoked(reason: string, pauseMs?: number): void {
    this.#isIdentified = false;
    this.#connection.revoke(reason, pauseMs);
  }

  async #connect(signal: AbortSignal, report: ConnectionReport): Promise<void> {
    const { transport, botToken, apiUrl } = this.#settings;
    if (!this.#isIdentified) {
      const identity = await withToken('bot token', identify(this.#client));
      this.#identity = { ...identity, appId: this.#identity?.appId };
      this.#isIdentified = true;
    }
    if (signal.aborted || this.#listener === undefined || this.#identity === undefined) return;
    const options = { botToken, apiUrl, identity: this.#identity, listener: this.#listener, log: this.#log };
    if (transport.kind === 'http') return serveRequests({ ...options, ...transport }, signal, report);
    this.#socket ??= new SocketConnection({
      ...options,
      appToken: transport.appToken,
      onApp: (appId) => {
        if (this.#identity !== undefined) this.#identity = { ...this.#identity, appId };
      },
    });
    await this.#socket.attempt(signal, report);
  }
}

/** Asks Slack who the bot is. */
async function identify(client: webApi.WebClient): Promise<Identity> {
  const {
    team_id: team,
    enterprise_id: enterprise,
    user_id: botUser,
    bot_id: botId,
  } = await client.auth.test();
  if (team === undefined || botUser === undefined) {
    throw new HqError('failed', 'Slack does not return the workspace of the bot token.');
  }
  return { team, enterprise, botUser, botId, appId: undefined };
}

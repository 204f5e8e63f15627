import { HqError } from '@hq/shared/errors';
import { withinLimit } from '@hq/shared/program';
import type { Logger } from 'pino';
import type { Adapter, AdapterHealth, AdapterState, Capabilities, TextFile } from '../../contract/adapter.ts';
import type { Card, Handle } from '../../contract/card.ts';
import type { ChatLocation, Receiver, SendResult } from '../../contract/inbound.ts';
import { createInFlight } from '../in-flight.ts';
import { BotToken, newTokenHint } from './connection/bot-token.ts';
import { SocketConnection } from './connection/connection.ts';
import { HttpEndpoint } from './connection/http-endpoint.ts';
import type { Transport } from './connection/transport.ts';
import { InboundHandler } from './inbound/inbound-handler.ts';
import { createOutbound, type SlackOutbound } from './outbound/outbound.ts';
import { createResponseUrls, isUsable, messageKey } from './outbound/response-urls.ts';
import { createWebClient } from './outbound/web-client.ts';
import { maxBody, maxButtons } from './render/render.ts';
import type { SlackSettings } from './settings.ts';

const capabilities: Capabilities = {
  private: true,
  forms: true,
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

export class SlackAdapter implements Adapter {
  readonly platform = 'slack';
  readonly capabilities = capabilities;
  readonly #settings: SlackSettings;
  readonly #log: Logger;
  readonly #token: BotToken;
  readonly #outbound: SlackOutbound;
  readonly #responseUrls = createResponseUrls();
  readonly #inFlight = createInFlight();
  /** Of the current run: an adapter may be started again. */
  #stopping = new AbortController();
  #isStopped = false;
  #transport: Transport | undefined;
  #filesError: string | null = null;
  #handler: InboundHandler | undefined;

  constructor(settings: SlackSettings, log: Logger) {
    this.#settings = settings;
    this.#log = log;
    const client = createWebClient(settings.botToken, settings.apiUrl, log);
    this.#token = new BotToken(client, log);
    const onRevoked = (): void =>
      this.#token.revoke('Slack no longer accepts the bot token.', this.#stopping.signal);
    this.#outbound = createOutbound(client, onRevoked, log);
  }

  health(): AdapterHealth {
    const { refusal, problem, identity } = this.#token;
    const state = this.#state();
    return {
      state,
      detail:
        refusal ?? problem ?? this.#transport?.detail ?? (state === 'connected' ? this.#filesError : null),
      install: identity?.team ?? null,
      lastInboundAt: this.#handler?.lastAt ?? null,
      lastOutboundAt: this.#outbound.lastAt,
    };
  }

  async start(receiver: Receiver): Promise<void> {
    const stopping = new AbortController();
    this.#stopping = stopping;
    this.#isStopped = false;
    this.#transport = undefined;
    if (!(await this.#token.identify())) {
      const { refusal } = this.#token;
      if (refusal !== null)
        throw new HqError('unauthenticated', refusal, { field: 'SLACK_BOT_TOKEN', hint: newTokenHint });
      this.#inFlight.track(this.#openOnceIdentified(receiver, stopping));
      return;
    }
    const refusal = await this.#open(receiver, stopping);
    if (refusal === undefined) return;
    await this.#close();
    throw refusal;
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#stopping.abort();
    await withinLimit(drainWithinMs, this.#close());
    await this.#inFlight.drain(drainWithinMs);
  }

  async send(location: ChatLocation, card: Card): Promise<SendResult> {
    return this.#refuseForeign(location) ?? this.#inFlight.track(this.#outbound.post(location, card));
  }

  async edit(handle: Handle, card: Card): Promise<SendResult> {
    const { channel, ts, seen_by } = handle;
    if (channel === undefined || ts === undefined) return { ok: false, problem: { kind: 'gone' } };
    if (seen_by === undefined) return this.#inFlight.track(this.#outbound.update(channel, ts, card));
    const url = this.#responseUrls.get(messageKey(handle));
    if (!isUsable(url)) return { ok: false, problem: { kind: 'gone' } };
    url.usesLeft -= 1;
    const options = { isPublic: false, replacesOriginal: true, thread: null };
    const sent = await this.#inFlight.track(this.#outbound.respond(url.url, card, options));
    return sent.ok ? { ok: true, handle } : sent;
  }

  async file(location: ChatLocation, file: TextFile): Promise<SendResult> {
    const refused = this.#refuseForeign(location);
    if (refused !== undefined) return refused;
    const sent = await this.#inFlight.track(this.#outbound.file(location, file));
    if (sent.ok) this.#filesError = null;
    else if (sent.problem.kind === 'refused')
      this.#filesError = `Files cannot be sent. ${sent.problem.reason}`;
    return sent;
  }

  /** Slack takes commands from the app's manifest only. */
  async describeCommands(): Promise<SendResult> {
    return { ok: true, handle: null };
  }

  #state(): AdapterState {
    if (this.#isStopped) return 'stopped';
    if (this.#token.refusal !== null) return 'revoked';
    if (this.#token.problem !== null) return 'reconnecting';
    return this.#transport?.state ?? 'starting';
  }

  #refuseForeign(location: ChatLocation): SendResult | undefined {
    const { identity } = this.#token;
    if (identity === undefined || location.install === identity.team) return undefined;
    return { ok: false, problem: { kind: 'closed', reason: 'That is another Slack workspace.' } };
  }

  async #openOnceIdentified(receiver: Receiver, stopping: AbortController): Promise<void> {
    await this.#token.keepIdentifying(stopping.signal);
    const refusal = await this.#open(receiver, stopping);
    if (refusal !== undefined) this.#log.error({ hint: refusal.hint }, refusal.message);
  }

  /** Resolves with the error if a retry is useless. */
  async #open(receiver: Receiver, stopping: AbortController): Promise<HqError | undefined> {
    if (stopping.signal.aborted) return undefined;
    this.#transport = this.#createTransport(receiver, stopping);
    return this.#transport.open();
  }

  async #close(): Promise<void> {
    await this.#transport?.close();
  }

  #createTransport(receiver: Receiver, stopping: AbortController): Transport {
    const { transport, botToken, apiUrl } = this.#settings;
    this.#handler = new InboundHandler({
      receiver,
      outbound: this.#outbound,
      token: this.#token,
      responseUrls: this.#responseUrls,
      inFlight: this.#inFlight,
      log: this.#log,
      stopping: stopping.signal,
    });
    const options = { botToken, apiUrl, token: this.#token, listener: this.#handler, log: this.#log };
    return transport.kind === 'socket'
      ? new SocketConnection({ ...options, appToken: transport.appToken, stopping })
      : new HttpEndpoint({ ...options, ...transport });
  }
}

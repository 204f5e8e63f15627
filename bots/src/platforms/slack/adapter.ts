import { HqError } from '@hq/shared/errors';
import type { Logger } from 'pino';
import type { Adapter, AdapterHealth, AdapterState } from '../../contract/adapter.ts';
import type { Card, Handle } from '../../contract/card.ts';
import type { ChatLocation, Receiver, SendResult } from '../../contract/inbound.ts';
import { InFlight } from '../in-flight.ts';
import { settledWithin } from './abort-signals.ts';
import { capabilities } from './capabilities.ts';
import { BotToken, newTokenHint } from './connection/bot-token.ts';
import { HttpEndpoint } from './connection/http-endpoint.ts';
import { SocketTransport } from './connection/socket-transport.ts';
import type { Transport } from './connection/transport.ts';
import { InboundHandler } from './inbound/inbound-handler.ts';
import { SlackApi } from './outbound/outbound.ts';
import { ResponseUrls } from './outbound/response-urls.ts';
import { webClient } from './outbound/web-client.ts';
import type { SlackSettings } from './settings.ts';

const drainWithinMs = 10_000;

export class SlackAdapter implements Adapter {
  readonly platform = 'slack';
  readonly capabilities = capabilities;
  readonly #settings: SlackSettings;
  readonly #log: Logger;
  readonly #token: BotToken;
  readonly #api: SlackApi;
  readonly #responseUrls = new ResponseUrls();
  readonly #inFlight = new InFlight();
  /** Of this run: an adapter may be started again. */
  #stopping = new AbortController();
  #isStopped = false;
  #transport: Transport | undefined;
  /** Why files cannot be sent. */
  #withoutFiles: string | null = null;
  #lastInboundAt: number | null = null;
  #lastOutboundAt: number | null = null;

  constructor(settings: SlackSettings, log: Logger) {
    this.#settings = settings;
    this.#log = log;
    const client = webClient(settings.botToken, settings.apiUrl, log);
    this.#token = new BotToken(client, log);
    const sent = (): void => {
      this.#lastOutboundAt = Date.now();
    };
    const tokenDied = (): void =>
      this.#token.died('Slack does not accept the bot token any more.', this.#stopping.signal);
    this.#api = new SlackApi(client, { sent, tokenDied }, log);
  }

  health(): AdapterHealth {
    const state = this.#state();
    return {
      state,
      detail: this.#token.refusal ?? (state === 'connected' ? this.#limitation() : this.#trouble()),
      install: this.#token.identity?.team ?? null,
      lastInboundAt: this.#lastInboundAt,
      lastOutboundAt: this.#lastOutboundAt,
    };
  }

  async start(receiver: Receiver): Promise<void> {
    const stopping = new AbortController();
    this.#stopping = stopping;
    this.#isStopped = false;
    this.#transport = undefined;
    if (!(await this.#token.ask())) {
      if (this.#token.refusal !== null) throw refused(this.#token.refusal);
      // Whoever started us goes on: what is wrong is told by our health.
      this.#inFlight.track(this.#openOnceKnown(receiver, stopping));
      return;
    }
    const refusal = await this.#open(receiver, stopping);
    if (refusal === undefined) return;
    await this.#leave();
    throw refusal;
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#stopping.abort();
    await settledWithin(drainWithinMs, this.#leave());
    await this.#inFlight.ended(drainWithinMs);
  }

  async send(location: ChatLocation, card: Card): Promise<SendResult> {
    return this.#foreign(location) ?? this.#inFlight.track(this.#api.post(location, card));
  }

  async edit(handle: Handle, card: Card): Promise<SendResult> {
    const { channel, ts, seen_by } = handle;
    if (channel === undefined || ts === undefined) return { ok: false, problem: { kind: 'gone' } };
    if (seen_by === undefined) return this.#inFlight.track(this.#api.update(channel, ts, card));
    const url = this.#responseUrls.find(ResponseUrls.ofMessage(handle));
    if (url === undefined) return { ok: false, problem: { kind: 'gone' } };
    url.usesLeft -= 1;
    const sent = await this.#inFlight.track(
      this.#api.respond(url.url, card, { openly: false, replacing: true, thread: null }),
    );
    return sent.ok ? { ok: true, handle } : sent;
  }

  async file(
    location: ChatLocation,
    file: { readonly name: string; readonly text: string; readonly note: string },
  ): Promise<SendResult> {
    const foreign = this.#foreign(location);
    if (foreign !== undefined) return foreign;
    const sent = await this.#inFlight.track(this.#api.file(location, file));
    if (sent.ok) this.#withoutFiles = null;
    else if (sent.problem.kind === 'refused')
      this.#withoutFiles = `Files cannot be sent. ${sent.problem.reason}`;
    return sent;
  }

  /** Slack's commands stand in the app's manifest alone. */
  async describeCommands(): Promise<SendResult> {
    return { ok: true, handle: null };
  }

  #state(): AdapterState {
    if (this.#isStopped) return 'stopped';
    if (this.#token.refusal !== null || this.#transport?.state === 'refused') return 'revoked';
    if (this.#transport?.state === 'up') return 'connected';
    return this.#trouble() === null ? 'starting' : 'reconnecting';
  }

  #trouble(): string | null {
    return this.#token.trouble ?? this.#transport?.trouble ?? null;
  }

  /** What is worth knowing although it works. */
  #limitation(): string | null {
    return this.#transport?.limitation ?? this.#withoutFiles;
  }

  #foreign(location: ChatLocation): SendResult | undefined {
    const us = this.#token.identity;
    if (us === undefined || location.install === us.team) return undefined;
    return { ok: false, problem: { kind: 'closed', reason: 'That is another Slack workspace.' } };
  }

  async #openOnceKnown(receiver: Receiver, stopping: AbortController): Promise<void> {
    await this.#token.askOn(stopping.signal);
    const refusal = await this.#open(receiver, stopping);
    if (refusal !== undefined) this.#log.error({ hint: refusal.hint }, refusal.message);
  }

  /** Opens the way in; what Slack or the machine has against it is the answer. */
  async #open(receiver: Receiver, stopping: AbortController): Promise<HqError | undefined> {
    if (stopping.signal.aborted) return undefined;
    this.#transport = this.#newIngress(receiver, stopping);
    return this.#transport.open();
  }

  #newIngress(receiver: Receiver, stopping: AbortController): Transport {
    const { transport, botToken, apiUrl } = this.#settings;
    const listener = new InboundHandler({
      receiver,
      api: this.#api,
      token: this.#token,
      responseUrls: this.#responseUrls,
      inFlight: this.#inFlight,
      log: this.#log,
      onInbound: () => {
        this.#lastInboundAt = Date.now();
      },
      stopping: stopping.signal,
    });
    const handlerOptions = { botToken, apiUrl, token: this.#token, listener, log: this.#log };
    return transport.kind === 'socket'
      ? new SocketTransport({ ...handlerOptions, appToken: transport.appToken, stopping })
      : new HttpEndpoint({ ...handlerOptions, ...transport });
  }

  async #leave(): Promise<void> {
    await this.#transport?.close();
  }
}

function refused(message: string): HqError {
  return new HqError('unauthenticated', message, { field: 'SLACK_BOT_TOKEN', hint: newTokenHint });
}

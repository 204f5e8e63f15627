import { HqError } from '@hq/shared/errors';
import { App, HTTPReceiver, SocketModeReceiver } from '@slack/bolt';
import type { Logger } from 'pino';
import type { Adapter, AdapterHealth, AdapterState } from '../core/adapter.ts';
import type { Card, Handle } from '../core/card.ts';
import type { Form } from '../core/form.ts';
import type { Place, Receiver, Sent } from '../core/inbound.ts';
import { clientOptions, SlackApi, webClient } from './api.ts';
import { capabilities } from './capabilities.ts';
import { choiceOption, formView } from './form-view.ts';
import { homeView } from './home-view.ts';
import { type Identity, type Incoming, readSuggestion } from './incoming.ts';
import { libraryLog } from './library-log.ts';
import { envelopeProperties, listen } from './listen.ts';
import { isDeadToken, problemOf, slackError } from './problem.ts';
import { SlackReply } from './reply.ts';
import { ResponseUrls, responseUrl } from './response-urls.ts';
import type { SlackSettings } from './settings.ts';
import { Socket } from './socket.ts';
import { either, waited, within } from './waiting.ts';

/** Slack waits three seconds for a completion. */
const completeWithinMs = 2000;
const mostOptions = 100;
const drainWithinMs = 10_000;
const identifyAgainMs = 5000;
const probeMs = 60_000;
const newTokenHint = "Make a new token in the app's settings and start hq-bots with it.";

const nothingToLeave = (): Promise<void> => Promise.resolve();

/** How deliveries come in, as far as it got. */
type IngressState = 'none' | 'up' | 'down' | 'refused';

export class SlackAdapter implements Adapter {
  readonly platform = 'slack';
  readonly capabilities = capabilities;
  readonly #settings: SlackSettings;
  readonly #log: Logger;
  readonly #client: ReturnType<typeof webClient>;
  readonly #api: SlackApi;
  readonly #ways = new ResponseUrls();
  readonly #underway = new Set<Promise<unknown>>();
  /** Of this run: an adapter may be started again. */
  #stopping = new AbortController();
  #isStopped = false;
  #leave: () => Promise<void> = nothingToLeave;
  #identity: Identity | undefined;
  #ingress: IngressState = 'none';
  /** Why the bot token is not accepted any more. */
  #deadToken: string | null = null;
  /** What is worth knowing although it works. */
  #limitation: string | null = null;
  #trouble: string | null = null;
  #probe: NodeJS.Timeout | undefined;
  #lastInboundAt: number | null = null;
  #lastOutboundAt: number | null = null;

  constructor(settings: SlackSettings, log: Logger) {
    this.#settings = settings;
    this.#log = log;
    this.#client = webClient(settings.botToken, settings.apiUrl, log);
    const sent = (): void => {
      this.#lastOutboundAt = Date.now();
    };
    const tokenDied = (): void => this.#tokenDied('Slack does not accept the bot token any more.');
    this.#api = new SlackApi(this.#client, { sent, tokenDied }, log);
  }

  health(): AdapterHealth {
    const state = this.#state();
    const detail = this.#deadToken ?? (state === 'connected' ? this.#limitation : this.#trouble);
    return {
      state,
      detail,
      install: this.#identity?.team ?? null,
      lastInboundAt: this.#lastInboundAt,
      lastOutboundAt: this.#lastOutboundAt,
    };
  }

  async start(receiver: Receiver): Promise<void> {
    this.#stopping = new AbortController();
    this.#isStopped = false;
    this.#ingress = 'none';
    this.#deadToken = null;
    this.#trouble = null;
    if (!(await this.#identify())) {
      this.#track(this.#connectOnceKnown(receiver).catch((error) => this.#unprocessed(error)));
      return;
    }
    const refusal = await this.#connect(receiver);
    if (refusal === undefined) return;
    await this.#leave();
    throw refusal;
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#stopping.abort();
    clearTimeout(this.#probe);
    await within(drainWithinMs, this.#leave());
    this.#leave = nothingToLeave;
    await within(drainWithinMs, Promise.allSettled([...this.#underway]));
  }

  async send(place: Place, card: Card): Promise<Sent> {
    return this.#foreign(place) ?? this.#track(this.#api.post(place, card));
  }

  async edit(handle: Handle, card: Card): Promise<Sent> {
    const { channel, ts, seen_by } = handle;
    if (channel === undefined || ts === undefined) return { ok: false, problem: { kind: 'gone' } };
    if (seen_by === undefined) return this.#track(this.#api.update(channel, ts, card));
    const way = this.#ways.find(ResponseUrls.ofMessage(handle));
    if (way === undefined) return { ok: false, problem: { kind: 'gone' } };
    way.usesLeft -= 1;
    const sent = await this.#track(
      this.#api.respond(way.url, card, { openly: false, replacing: true, thread: null }),
    );
    return sent.ok ? { ok: true, handle } : sent;
  }

  async file(
    place: Place,
    file: { readonly name: string; readonly text: string; readonly note: string },
  ): Promise<Sent> {
    const foreign = this.#foreign(place);
    if (foreign !== undefined) return foreign;
    const sent = await this.#track(this.#api.file(place, file));
    if (sent.ok) this.#limitation = null;
    else if (sent.problem.kind === 'refused')
      this.#limitation = `Files cannot be sent. ${sent.problem.reason}`;
    return sent;
  }

  /** Slack's commands stand in the app's manifest alone. */
  async describeCommands(): Promise<Sent> {
    return { ok: true, handle: null };
  }

  #state(): AdapterState {
    if (this.#isStopped) return 'stopped';
    if (this.#deadToken !== null || this.#ingress === 'refused') return 'revoked';
    if (this.#ingress === 'up') return 'connected';
    return this.#trouble === null ? 'starting' : 'reconnecting';
  }

  #foreign(place: Place): Sent | undefined {
    if (this.#identity === undefined || place.install === this.#identity.team) return undefined;
    return { ok: false, problem: { kind: 'closed', reason: 'That is another Slack workspace.' } };
  }

  /** Whether Slack said who we are. */
  async #identify(): Promise<boolean> {
    try {
      const us = await this.#client.auth.test();
      if (us.team_id === undefined || us.user_id === undefined) {
        this.#trouble = 'Slack does not say which workspace the bot token belongs to.';
        return false;
      }
      this.#identity = {
        team: us.team_id,
        botUser: us.user_id,
        botId: us.bot_id,
        appId: this.#identity?.appId,
      };
      return true;
    } catch (error) {
      if (isDeadToken(error)) {
        this.#deadToken = `Slack does not accept the bot token (${slackError(error)}).`;
        throw new HqError('unauthenticated', this.#deadToken, {
          field: 'SLACK_BOT_TOKEN',
          hint: newTokenHint,
        });
      }
      const problem = problemOf(error);
      this.#trouble = 'reason' in problem ? problem.reason : 'Slack asks to wait.';
      return false;
    }
  }

  /** Whoever started us has gone on by now: what is wrong is told by our health. */
  async #connectOnceKnown(receiver: Receiver): Promise<void> {
    const { signal } = this.#stopping;
    for (let isKnown = false; !isKnown; ) {
      await waited(this.#deadToken === null ? identifyAgainMs : probeMs, signal);
      if (signal.aborted) return;
      try {
        isKnown = await this.#identify();
      } catch (error) {
        if (!(error instanceof HqError)) throw error;
      }
    }
    this.#deadToken = null;
    const refusal = await this.#connect(receiver);
    if (refusal !== undefined) this.#trouble = refusal.message;
  }

  /** Opens the way in; what Slack or the machine has against it is the answer. */
  #connect(receiver: Receiver): Promise<HqError | undefined> {
    const { ingress } = this.#settings;
    return ingress.kind === 'socket'
      ? this.#connectSocket(ingress.appToken, receiver)
      : this.#listenForRequests(ingress, receiver);
  }

  async #connectSocket(appToken: string, receiver: Receiver): Promise<HqError | undefined> {
    const { signal } = this.#stopping;
    const bolt = new SocketModeReceiver({
      appToken,
      autoReconnectEnabled: false,
      customPropertiesExtractor: envelopeProperties,
      logger: libraryLog(this.#log),
      installerOptions: {
        clientOptions: {
          ...clientOptions(this.#settings.apiUrl, this.#log),
          // A connection that is being made ends with us.
          fetch: (url, init) => fetch(url, { ...init, signal: either(signal, init?.signal) }),
        },
      },
      processEventErrorHandler: ({ error }) => this.#unprocessed(error),
    });
    this.#hear(bolt, receiver);
    let refusal: string | undefined;
    const socket = new Socket(
      bolt.client,
      this.#stopping,
      {
        state: (state, said) => {
          refusal = state === 'refused' ? `Slack does not accept the app-level token (${said}).` : undefined;
          this.#ingress = state === 'connected' ? 'up' : state === 'refused' ? 'refused' : 'down';
          this.#trouble = refusal ?? 'The connection to Slack is lost and being made again.';
          this.#log.info({ state, said }, 'Slack');
        },
        hello: (appId, connections) => this.#greeted(appId, connections),
      },
      this.#log,
    );
    this.#leave = () => socket.stop();
    await socket.start();
    return refusal === undefined
      ? undefined
      : new HqError('unauthenticated', refusal, { field: 'SLACK_APP_TOKEN', hint: newTokenHint });
  }

  #greeted(appId: string | undefined, connections: number): void {
    if (this.#identity !== undefined) this.#identity = { ...this.#identity, appId };
    const shared = `Slack counts ${connections} connections of this app, and gives each delivery to only one of them.`;
    if (connections > 1) this.#log.warn(shared);
    this.#limitation = connections > 1 ? shared : null;
  }

  async #listenForRequests(
    { signingSecret, host, port }: Extract<SlackSettings['ingress'], { kind: 'http' }>,
    receiver: Receiver,
  ): Promise<HqError | undefined> {
    const bolt = new HTTPReceiver({
      signingSecret,
      logger: libraryLog(this.#log),
      processEventErrorHandler: ({ error }) => this.#unprocessed(error),
    });
    this.#hear(bolt, receiver);
    try {
      await bolt.start({ host, port });
    } catch (error) {
      return new HqError('failed', `Nothing can listen on ${host}:${port}.`, {
        field: 'SLACK_LISTEN',
        hint: 'Another program may have that port: set SLACK_LISTEN to a free one.',
        cause: error,
      });
    }
    this.#leave = () => bolt.stop();
    this.#ingress = 'up';
    return undefined;
  }

  #hear(bolt: SocketModeReceiver | HTTPReceiver, receiver: Receiver): void {
    const us = this.#identity;
    const app = new App({
      receiver: bolt,
      // Who may do what is decided elsewhere; here it is only known which token is ours.
      authorize: async () => ({
        botToken: this.#settings.botToken,
        ...(us === undefined ? {} : { teamId: us.team, botUserId: us.botUser }),
        ...(us?.botId === undefined ? {} : { botId: us.botId }),
      }),
      ignoreSelf: false,
      convoStore: false,
      logger: libraryLog(this.#log),
      clientOptions: clientOptions(this.#settings.apiUrl, this.#log),
    });
    listen(app, {
      take: (read, isCommand) => this.#take(receiver, read, isCommand),
      options: (body) => this.#options(receiver, body),
      homeOpened: (user) => void this.#track(this.#api.publishHome(user, homeView())),
      tokenDied: (reason) => this.#tokenDied(reason),
      failed: (error) => void this.#unprocessed(error),
    });
  }

  #take(receiver: Receiver, read: (us: Identity) => Incoming | undefined, isCommand: boolean): void {
    const us = this.#identity;
    if (us === undefined || this.#stopping.signal.aborted) return;
    this.#lastInboundAt = Date.now();
    const incoming = read(us);
    if (incoming === undefined) return;
    this.#track(this.#converse(receiver, incoming, isCommand).catch((error) => this.#unprocessed(error)));
  }

  async #converse(receiver: Receiver, incoming: Incoming, isCommand: boolean): Promise<void> {
    const { inbound } = incoming;
    const { input } = inbound;
    const way =
      incoming.responseUrl !== undefined
        ? responseUrl(incoming.responseUrl)
        : input.kind === 'form'
          ? this.#ways.find(ResponseUrls.ofForm(inbound.user, input.token))
          : undefined;
    if (way !== undefined && incoming.onEphemeral && input.kind === 'button' && input.message !== null)
      this.#ways.keep(ResponseUrls.ofMessage(input.message), way);
    const reply = new SlackReply(this.#api, inbound, way, isCommand);
    const acknowledgement = await receiver.receive(inbound, {
      say: (card, options) => this.#track(reply.say(card, options)),
    });
    if (acknowledgement.kind === 'working') reply.work();
    if (acknowledgement.kind !== 'form') return;
    if (way !== undefined)
      this.#ways.keep(ResponseUrls.ofForm(inbound.user, acknowledgement.form.token), way);
    if (!(await this.#openForm(incoming, acknowledgement.form)))
      await reply.say(
        { title: 'Slack did not open the form. Please ask once more.', tone: 'warning' },
        { private: true },
      );
  }

  async #openForm({ inbound, triggerId }: Incoming, form: Form): Promise<boolean> {
    if (triggerId === undefined) return false;
    const message = inbound.input.kind === 'button' ? inbound.input.message : null;
    const opened = await this.#api.openView(triggerId, formView(form, inbound, message));
    return opened.ok;
  }

  async #options(receiver: Receiver, body: unknown) {
    const asked = this.#identity === undefined ? undefined : readSuggestion(body, this.#identity);
    if (asked === undefined) return [];
    const { speaker, ...request } = asked;
    const known = await within(completeWithinMs, receiver.complete(speaker, request)).catch(() => []);
    // What was typed may be right although nothing is known of it.
    const isKnown = known?.some((choice) => choice.value === request.typed || choice.label === request.typed);
    const own = request.typed === '' || isKnown ? [] : [{ label: request.typed, value: request.typed }];
    return [...(known ?? []), ...own].flatMap(choiceOption).slice(0, mostOptions);
  }

  async #unprocessed(error: unknown): Promise<false> {
    this.#log.warn({ reason: error instanceof Error ? error.message : 'unknown' }, 'Slack: something failed');
    return false;
  }

  /** Nothing but another token helps, save that somebody puts the app back. */
  #tokenDied(reason: string): void {
    if (this.#deadToken !== null || this.#isStopped) return;
    this.#deadToken = reason;
    this.#log.error(reason);
    this.#askLater();
  }

  #askLater(): void {
    clearTimeout(this.#probe);
    this.#probe = setTimeout(() => void this.#askAgain(), probeMs).unref();
  }

  async #askAgain(): Promise<void> {
    try {
      if (await this.#identify()) this.#deadToken = null;
    } catch (error) {
      if (!(error instanceof HqError)) throw error;
    }
    if (this.#deadToken !== null && !this.#isStopped) this.#askLater();
  }

  #track<T>(work: Promise<T>): Promise<T> {
    this.#underway.add(work);
    const done = (): void => {
      this.#underway.delete(work);
    };
    work.then(done, done);
    return work;
  }
}

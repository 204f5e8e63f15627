import { createHash, randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { InteractionResponseType } from 'discord-api-types/v10';
import type { Logger } from 'pino';
import type {
  Adapter,
  AdapterHealth,
  AdapterState,
  Capabilities,
  CommandDescription,
} from '../core/adapter.ts';
import type { Card, Handle } from '../core/card.ts';
import type { Acknowledgement, Choice, Inbound, Place, Receiver, Sent } from '../core/inbound.ts';
import type { Configuration } from './configuration.ts';
import { Conversation, failed } from './conversation.ts';
import { cutEnd } from './cut.ts';
import { InteractionsEndpoint, type Respond } from './endpoint.ts';
import { GatewayConnection } from './gateway-connection.ts';
import { type Heard, read } from './interaction.ts';
import { InteractionTokens } from './interaction-tokens.ts';
import { isRevoked, problemOf, tell } from './problem.ts';
import { Recent } from './recent.ts';
import { renderCommands } from './registration.ts';
import { maxButtons, render, renderNote } from './render.ts';
import { type MessageRef, Wire } from './wire.ts';

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

/** How long the core may take to say how to acknowledge, of the three seconds that there are in all. */
const receiveWithinMs = 1500;
const completeWithinMs = 2000;
const completionsLiveMs = 300;
/** The same interaction may be told again while a connection resumes. */
const deliveriesLiveMs = 15 * 60_000;
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
  readonly #deliveries = new Recent<true>(deliveriesLiveMs, 5000);
  readonly #completions = new Recent<Promise<readonly Choice[]>>(completionsLiveMs, 200);
  /** Under which nonce a message was sent that may or may not have arrived. */
  readonly #nonces = new Recent<string>(nonceLivesMs, 1000);
  readonly #underWay = new Set<Promise<unknown>>();
  #receiver: Receiver | null = null;
  #endpointState: AdapterState = 'starting';
  #applicationId: string | null;
  #lastInboundAt: number | null = null;
  #conflictAt: number | null = null;
  #commandsProblem: string | null = null;
  #stopping = false;

  constructor(configuration: Configuration, log: Logger) {
    this.#configuration = configuration;
    this.#log = log;
    this.#applicationId = configuration.applicationId;
    this.#wire = new Wire(configuration);
    this.#gateway = new GatewayConnection({
      rest: this.#wire.rest,
      token: configuration.token,
      log,
      hearing: {
        onInteraction: (payload) => this.#hear(payload, null),
        onApplication: (id) => {
          this.#applicationId ??= id;
        },
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
    this.#receiver = receiver;
    const { endpoint } = this.#configuration;
    if (!this.#endpoint || !endpoint) return this.#gateway.start();
    const port = await this.#endpoint.listen(endpoint.host, endpoint.port);
    this.#endpointState = 'connected';
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
      lastInboundAt: this.#lastInboundAt,
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
      // It stands for as long as nobody knows whether the message arrived: the next attempt is the same message.
      this.#nonces.set(key, nonce);
      const sent = await this.#wire.send(place.channel, { ...message, nonce });
      this.#nonces.delete(key);
      return handleOf(sent, place.channel);
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
          await this.#wire.editFollowUp(known.application, known.token, message, rendered);
          return handle;
        } catch (error) {
          if (problemOf(error).kind !== 'gone') throw error;
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
    const application = this.#applicationId;
    const registration = renderCommands(commands);
    if (registration.leftOut > 0) {
      this.#log.warn({ leftOut: registration.leftOut }, 'Not every command found room under /hq');
    }
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

  #standing(): { state: AdapterState; detail: string | null } {
    const connection = this.#endpoint
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

  /** `respond` answers a signed request; over the gateway, the first answer goes by REST. */
  #hear(payload: unknown, respond: Respond | null): void {
    if (this.#stopping || !this.#receiver) return;
    const heard = read(payload, this.#applicationId);
    if (!heard) {
      this.#log.debug('An interaction of an unknown shape was left alone');
      return;
    }
    if (this.#deliveries.get(heard.id)) return;
    this.#deliveries.set(heard.id, true);
    this.#lastInboundAt = Date.now();
    const answered =
      heard.kind === 'input'
        ? this.#take(heard, this.#receiver, respond)
        : this.#complete(heard, this.#receiver, respond);
    this.#track(answered).catch((error: unknown) => {
      this.#log.warn({ problem: tell(problemOf(error)) }, 'An interaction could not be answered');
    });
  }

  async #take(
    heard: Extract<Heard, { kind: 'input' }>,
    receiver: Receiver,
    respond: Respond | null,
  ): Promise<void> {
    const { id, token, speaker, onMessage, input } = heard;
    const receivedAt = Date.now();
    const application = heard.applicationId ?? '0';
    const conversation = new Conversation(
      { id, token, application, speaker, onMessage, receivedAt },
      {
        wire: this.#wire,
        tokens: this.#tokens,
        log: this.#log,
        respond: respond ?? ((response, signal) => this.#wire.acknowledge({ id, token }, response, signal)),
        onConflict: () => {
          this.#conflictAt = Date.now();
          this.#log.error('Another program answers the commands of this application');
        },
      },
    );
    const inbound: Inbound = { ...speaker, delivery: `dc:${id}`, input, receivedAt };
    const said = receiver.receive(inbound, {
      say: (card, options) => this.#track(conversation.say(card, options)),
    });
    await conversation.acknowledge(await this.#inTime(said, conversation));
  }

  /** What the core says to do; private thinking where it takes too long or fails, because that gives nothing away. */
  async #inTime(said: Promise<Acknowledgement>, conversation: Conversation): Promise<Acknowledgement> {
    const working: Acknowledgement = { kind: 'working', private: true };
    const late = Symbol('late');
    const timer = new AbortController();
    const waited = sleep(receiveWithinMs, late, { signal: timer.signal });
    waited.catch(() => undefined);
    try {
      const first = await Promise.race([said, waited]);
      if (typeof first !== 'symbol') return first;
      this.#log.warn('The core was late; the interaction was acknowledged without it');
      this.#track(
        said.then(
          (then) => this.#afterwards(then, conversation),
          () => this.#lost(conversation),
        ),
      );
      return working;
    } catch (error) {
      this.#log.error(
        { problem: error instanceof Error ? error.name : 'unknown' },
        'The core took nothing in',
      );
      this.#track(this.#lost(conversation));
      return working;
    } finally {
      timer.abort();
    }
  }

  async #afterwards({ kind }: Acknowledgement, conversation: Conversation): Promise<void> {
    if (kind === 'form') await conversation.note('The form did not open in time. Please say it again.');
  }

  async #lost(conversation: Conversation): Promise<void> {
    await conversation.note('That was not taken in. Please say it again.');
  }

  async #complete(
    heard: Extract<Heard, { kind: 'completion' }>,
    receiver: Receiver,
    respond: Respond | null,
  ): Promise<void> {
    const { id, token, speaker, words, argument, typed, options } = heard;
    const signal = AbortSignal.timeout(completeWithinMs + 500);
    const key = JSON.stringify([speaker.user, speaker.channel, words, argument, typed, options]);
    const known =
      this.#completions.get(key) ?? receiver.complete(speaker, { words, argument, typed, options });
    this.#completions.set(key, known);
    const none: readonly Choice[] = [];
    const found = await Promise.race([known, sleep(completeWithinMs, none, { ref: false })]).catch(
      () => none,
    );
    const choices = found.slice(0, 25).map(({ label, value }) => ({
      name: cutEnd(label, 100) || '—',
      value: value.slice(0, 100),
    }));
    const response = {
      type: InteractionResponseType.ApplicationCommandAutocompleteResult,
      data: { choices },
    } as const;
    await (respond ? respond(response) : this.#wire.acknowledge({ id, token }, response, signal));
  }
}

function handleOf({ id, channel_id: channel }: MessageRef, place: string): Handle {
  return { channel: channel ?? place, message: id };
}

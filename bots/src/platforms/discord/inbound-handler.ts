import { setTimeout as sleep } from 'node:timers/promises';
import { InteractionResponseType } from 'discord-api-types/v10';
import type { Logger } from 'pino';
import type { Acknowledgement, Choice, Inbound, Receiver } from '../../contract/inbound.ts';
import { Recent } from '../recent.ts';
import { problemOf, tell } from './errors.ts';
import type { Respond } from './http-endpoint.ts';
import { type Heard, read } from './inbound.ts';
import type { InteractionTokens } from './interaction-tokens.ts';
import type { Wire } from './outbound.ts';
import { Conversation } from './reply.ts';
import { cutEnd } from './truncate.ts';

/** How long the core may take to say how to acknowledge, of the three seconds that there are in all. */
const receiveWithinMs = 1500;
const completeWithinMs = 2000;
const completionsLiveMs = 300;
/** The same interaction may be told again while a connection resumes. */
const deliveriesLiveMs = 15 * 60_000;
const most = { deliveries: 5000, completions: 200, choices: 25, choice: 100 };
const none: readonly Choice[] = [];

const notTakenIn = 'That was not taken in. Please say it again.';
const openedTooLate = 'The form did not open in time. Please say it again.';

interface Means {
  readonly wire: Wire;
  readonly tokens: InteractionTokens;
  readonly log: Logger;
  /** Remembers work that `stop` waits for. */
  readonly track: <T>(work: Promise<T>) => Promise<T>;
  readonly onConflict: () => void;
}

/** What comes in: each interaction is read, handed to the core once, and acknowledged in time. */
export class Incoming {
  readonly #means: Means;
  readonly #receiver: Receiver;
  readonly #deliveries = new Recent<true>(deliveriesLiveMs, most.deliveries);
  readonly #completions = new Recent<Promise<readonly Choice[]>>(completionsLiveMs, most.completions);
  #lastAt: number | null = null;

  constructor(receiver: Receiver, means: Means) {
    this.#receiver = receiver;
    this.#means = means;
  }

  get lastAt(): number | null {
    return this.#lastAt;
  }

  /** `respond` answers a signed request; over the gateway, the first answer goes by REST. */
  hear(payload: unknown, application: string | null, respond: Respond | null): void {
    const { log, track } = this.#means;
    const heard = read(payload, application);
    if (!heard) {
      log.debug('An interaction of an unknown shape was left alone');
      return;
    }
    if (this.#deliveries.get(heard.id)) return;
    this.#deliveries.set(heard.id, true);
    this.#lastAt = Date.now();
    const answered = heard.kind === 'input' ? this.#take(heard, respond) : this.#complete(heard, respond);
    track(answered).catch((error: unknown) => {
      log.warn({ problem: tell(problemOf(error)) }, 'An interaction could not be answered');
    });
  }

  async #take(heard: Extract<Heard, { kind: 'input' }>, respond: Respond | null): Promise<void> {
    const { wire, tokens, log, track, onConflict } = this.#means;
    const { id, token, application, speaker, onMessage, input } = heard;
    const receivedAt = Date.now();
    const conversation = new Conversation(
      { id, token, application, speaker, onMessage, receivedAt },
      {
        wire,
        tokens,
        log,
        onConflict,
        respond: respond ?? ((response, signal) => wire.acknowledge({ id, token }, response, signal)),
      },
    );
    const inbound: Inbound = { ...speaker, delivery: `dc:${id}`, input, receivedAt };
    const said = this.#receiver.receive(inbound, {
      say: (card, options) => track(conversation.say(card, options)),
    });
    await conversation.acknowledge(await this.#inTime(said, conversation));
  }

  /** What the core says to do; private thinking where it takes too long or fails, because that gives nothing away. */
  async #inTime(said: Promise<Acknowledgement>, conversation: Conversation): Promise<Acknowledgement> {
    const { log, track } = this.#means;
    const note = (text: string): void => void track(conversation.note(text));
    const timer = new AbortController();
    const waited = sleep(receiveWithinMs, null, { signal: timer.signal });
    waited.catch(() => undefined);
    try {
      const first = await Promise.race([said, waited]);
      if (first) return first;
      log.warn('The core was late; the interaction was acknowledged without it');
      said.then(
        ({ kind }) => {
          if (kind === 'form') note(openedTooLate);
        },
        () => note(notTakenIn),
      );
    } catch (error) {
      log.error({ problem: error instanceof Error ? error.name : 'unknown' }, 'The core took nothing in');
      note(notTakenIn);
    } finally {
      timer.abort();
    }
    return { kind: 'working', private: true };
  }

  async #complete(heard: Extract<Heard, { kind: 'completion' }>, respond: Respond | null): Promise<void> {
    const { id, token, speaker, words, argument, typed, options } = heard;
    const signal = AbortSignal.timeout(completeWithinMs + 500);
    const key = JSON.stringify([
      speaker.install,
      speaker.user,
      speaker.channel,
      words,
      argument,
      typed,
      options,
    ]);
    const asked =
      this.#completions.get(key) ?? this.#receiver.complete(speaker, { words, argument, typed, options });
    this.#completions.set(key, asked);
    const tooLate = sleep(completeWithinMs, none, { ref: false });
    const found = await Promise.race([asked, tooLate]).catch((error: unknown) => {
      this.#means.log.warn(
        { problem: error instanceof Error ? error.name : 'unknown' },
        'No completion came',
      );
      return none;
    });
    const choices = found.slice(0, most.choices).map(({ label, value }) => ({
      name: cutEnd(label, most.choice) || '—',
      value: value.slice(0, most.choice),
    }));
    const type = InteractionResponseType.ApplicationCommandAutocompleteResult;
    const response = { type, data: { choices } } as const;
    await (respond ? respond(response) : this.#means.wire.acknowledge({ id, token }, response, signal));
  }
}

import { setTimeout as sleep } from 'node:timers/promises';
import { InteractionResponseType } from 'discord-api-types/v10';
import { LRUCache } from 'lru-cache';
import type { Logger } from 'pino';
import type { Acknowledgement, Choice, Inbound, Receiver } from '../../../contract/inbound.ts';
import type { Respond } from '../connection/http-endpoint.ts';
import { describeProblem, problemOf } from '../errors.ts';
import type { InteractionTokens } from '../outbound/interaction-tokens.ts';
import type { DiscordApi } from '../outbound/outbound.ts';
import { InteractionReply } from '../outbound/reply.ts';
import { truncateEnd } from '../truncate.ts';
import { type ReadInteraction, readInteraction } from './inbound.ts';

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

interface ReplyContext {
  readonly api: DiscordApi;
  readonly tokens: InteractionTokens;
  readonly log: Logger;
  /** Remembers work that `stop` waits for. */
  readonly track: <T>(work: Promise<T>) => Promise<T>;
  readonly onConflict: () => void;
}

/** What comes in: each interaction is read, handed to the core once, and acknowledged in time. */
export class InboundHandler {
  readonly #context: ReplyContext;
  readonly #receiver: Receiver;
  readonly #deliveries = new LRUCache<string, true>({ max: most.deliveries, ttl: deliveriesLiveMs });
  readonly #completions = new LRUCache<string, Promise<readonly Choice[]>>({
    max: most.completions,
    ttl: completionsLiveMs,
  });
  #lastAt: number | null = null;

  constructor(receiver: Receiver, context: ReplyContext) {
    this.#receiver = receiver;
    this.#context = context;
  }

  get lastAt(): number | null {
    return this.#lastAt;
  }

  /** `respond` answers a signed request; over the gateway, the first answer goes by REST. */
  receive(payload: unknown, application: string | null, respond: Respond | null): void {
    const { log, track } = this.#context;
    const interaction = readInteraction(payload, application);
    if (!interaction) {
      log.debug('An interaction of an unknown shape was left alone');
      return;
    }
    if (this.#deliveries.get(interaction.id)) return;
    this.#deliveries.set(interaction.id, true);
    this.#lastAt = Date.now();
    const answered =
      interaction.kind === 'input'
        ? this.#handleInput(interaction, respond)
        : this.#handleCompletion(interaction, respond);
    track(answered).catch((error: unknown) => {
      log.warn({ problem: describeProblem(problemOf(error)) }, 'An interaction could not be answered');
    });
  }

  async #handleInput(
    interaction: Extract<ReadInteraction, { kind: 'input' }>,
    respond: Respond | null,
  ): Promise<void> {
    const { api, tokens, log, track, onConflict } = this.#context;
    const { id, token, application, sender, onMessage, input } = interaction;
    const receivedAt = Date.now();
    const conversation = new InteractionReply(
      { id, token, application, sender, onMessage, receivedAt },
      {
        api,
        tokens,
        log,
        onConflict,
        respond: respond ?? ((response, signal) => api.acknowledge({ id, token }, response, signal)),
      },
    );
    const inbound: Inbound = { ...sender, deliveryId: `dc:${id}`, input, receivedAt };
    const said = this.#receiver.receive(inbound, {
      send: (card, options) => track(conversation.send(card, options)),
    });
    await conversation.acknowledge(await this.#inTime(said, conversation));
  }

  /** What the core says to do; private thinking where it takes too long or fails, because that gives nothing away. */
  async #inTime(said: Promise<Acknowledgement>, conversation: InteractionReply): Promise<Acknowledgement> {
    const { log, track } = this.#context;
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

  async #handleCompletion(
    interaction: Extract<ReadInteraction, { kind: 'completion' }>,
    respond: Respond | null,
  ): Promise<void> {
    const { id, token, sender, words, argument, typed, options } = interaction;
    const signal = AbortSignal.timeout(completeWithinMs + 500);
    const key = JSON.stringify([
      sender.install,
      sender.user,
      sender.channel,
      words,
      argument,
      typed,
      options,
    ]);
    const completion =
      this.#completions.get(key) ?? this.#receiver.complete(sender, { words, argument, typed, options });
    this.#completions.set(key, completion);
    const tooLate = sleep(completeWithinMs, none, { ref: false });
    const found = await Promise.race([completion, tooLate]).catch((error: unknown) => {
      this.#context.log.warn(
        { problem: error instanceof Error ? error.name : 'unknown' },
        'No completion came',
      );
      return none;
    });
    const choices = found.slice(0, most.choices).map(({ label, value }) => ({
      name: truncateEnd(label, most.choice) || '—',
      value: value.slice(0, most.choice),
    }));
    const type = InteractionResponseType.ApplicationCommandAutocompleteResult;
    const response = { type, data: { choices } } as const;
    await (respond ? respond(response) : this.#context.api.acknowledge({ id, token }, response, signal));
  }
}

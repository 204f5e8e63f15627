import { timedOut, withinLimit } from '@hq/shared/program';
import { truncate } from '@hq/shared/text';
import { InteractionResponseType } from 'discord-api-types/v10';
import { LRUCache } from 'lru-cache';
import type { Choice } from '../../../contract/choice.ts';
import type { Acknowledgement, Inbound, Receiver } from '../../../contract/inbound.ts';
import { completeWithin } from '../../complete-within.ts';
import type { InFlight } from '../../in-flight.ts';
import type { Respond } from '../connection/http-endpoint.ts';
import { describeError } from '../errors.ts';
import { DiscordReply, formTooLate, type ReplyServices } from '../outbound/reply.ts';
import { type ReadInteraction, readInteraction } from './inbound.ts';

/** The core's share of the three seconds that Discord waits for an acknowledgement. */
const receiveWithinMs = 1500;
const completeWithinMs = 2000;
const completionsLiveMs = 300;
/** Discord may deliver an interaction again while a connection resumes. */
const deliveriesLiveMs = 15 * 60_000;
const limits = { deliveries: 5000, completions: 200, choices: 25, choice: 100 };

const notProcessed = 'HQ could not process that. Please send it again.';

interface HandlerServices extends Omit<ReplyServices, 'respond'> {
  readonly inFlight: InFlight;
}

/** Hands each interaction to the core once, and acknowledges it in time. */
export class InboundHandler {
  readonly #services: HandlerServices;
  readonly #receiver: Receiver;
  readonly #deliveries = new LRUCache<string, true>({ max: limits.deliveries, ttl: deliveriesLiveMs });
  readonly #completions = new LRUCache<string, Promise<readonly Choice[]>>({
    max: limits.completions,
    ttl: completionsLiveMs,
  });

  constructor(receiver: Receiver, services: HandlerServices) {
    this.#receiver = receiver;
    this.#services = services;
  }

  /** `respond` answers a signed request; it is null over the gateway, where the first answer goes by REST. */
  receive(payload: unknown, application: string | null, respond: Respond | null): void {
    const { log, inFlight } = this.#services;
    const interaction = readInteraction(payload, application);
    if (!interaction) {
      log.debug('An interaction of an unknown format was ignored');
      return;
    }
    if (this.#deliveries.has(interaction.id)) return;
    this.#deliveries.set(interaction.id, true);
    const handled =
      interaction.kind === 'input'
        ? this.#handleInput(interaction, respond)
        : this.#handleCompletion(interaction, respond);
    inFlight.track(handled).catch((error: unknown) => {
      log.warn({ problem: describeError(error) }, 'An interaction could not be answered');
    });
  }

  async #handleInput(
    { input, ...interaction }: Extract<ReadInteraction, { kind: 'input' }>,
    respond: Respond | null,
  ): Promise<void> {
    const { outbound, inFlight } = this.#services;
    const receivedAt = Date.now();
    const reply = new DiscordReply(
      { ...interaction, receivedAt },
      {
        ...this.#services,
        respond: respond ?? ((response, signal) => outbound.acknowledge(interaction, response, signal)),
      },
    );
    const inbound: Inbound = { ...interaction.sender, deliveryId: `dc:${interaction.id}`, input, receivedAt };
    const received = this.#receiver.receive(inbound, {
      send: (card, options) => inFlight.track(reply.send(card, options)),
    });
    await reply.acknowledge(await this.#acknowledgementOf(received, reply));
  }

  /** Falls back to a private "is thinking", which discloses nothing, if the core is late or fails. */
  async #acknowledgementOf(
    received: Promise<Acknowledgement>,
    reply: DiscordReply,
  ): Promise<Acknowledgement> {
    const { log, inFlight } = this.#services;
    const note = (text: string): void => void inFlight.track(reply.note(text));
    try {
      const first = await withinLimit(receiveWithinMs, received);
      if (first !== timedOut) return first;
      log.warn('The core did not acknowledge an interaction in time');
      received.then(
        ({ kind }) => {
          if (kind === 'form') note(formTooLate);
        },
        () => note(notProcessed),
      );
    } catch (error) {
      log.error({ problem: error instanceof Error ? error.name : 'unknown' }, 'The core rejected a delivery');
      note(notProcessed);
    }
    return { kind: 'working', private: true };
  }

  async #handleCompletion(
    { id, token, sender, words, argument, typed }: Extract<ReadInteraction, { kind: 'completion' }>,
    respond: Respond | null,
  ): Promise<void> {
    const { outbound, log } = this.#services;
    const signal = AbortSignal.timeout(completeWithinMs + 500);
    const { install, user, channel } = sender;
    const key = JSON.stringify([install, user, channel, words, argument, typed]);
    const completion =
      this.#completions.get(key) ?? this.#receiver.complete(sender, { words, argument, typed });
    this.#completions.set(key, completion);
    const found = await completeWithin(completeWithinMs, completion, log);
    const choices = found.slice(0, limits.choices).map(({ label, value }) => ({
      name: truncate(label, limits.choice) || '—',
      value: value.slice(0, limits.choice),
    }));
    const type = InteractionResponseType.ApplicationCommandAutocompleteResult;
    const response = { type, data: { choices } } as const;
    await (respond ? respond(response) : outbound.acknowledge({ id, token }, response, signal));
  }
}

import { sleep } from '@hq/shared/program';
import { type APIInteractionResponse, InteractionResponseType, MessageFlags } from 'discord-api-types/v10';
import type { Logger } from 'pino';
import type { Card, Handle } from '../../../contract/card.ts';
import type { Acknowledgement, Reply, Sender, SendResult } from '../../../contract/inbound.ts';
import type { SendAttempt } from '../../send-attempts.ts';
import { describeError, isAlreadyAcknowledged, isExpired, isTransient } from '../errors.ts';
import { channelOf, messageHandle } from '../message-handle.ts';
import { renderForm } from '../render/forms.ts';
import { type Rendered, renderCard, renderNote } from '../render/render.ts';
import { type InteractionTokens, tokenTtlMs } from './interaction-tokens.ts';
import type { DiscordOutbound, MessageRef } from './outbound.ts';

/** Discord waits three seconds for the first answer; a request that starts later arrives too late. */
const acknowledgeWithinMs = 2800;
const retryAfterMs = 150;

export const formTooLate = 'The form did not open in time. Please send the command again.';

export interface InteractionRef {
  readonly id: string;
  readonly token: string;
  readonly application: string;
  readonly sender: Sender;
  /** It comes from a message of the bot, so an empty answer is possible. */
  readonly onMessage: boolean;
  readonly receivedAt: number;
}

export interface ReplyServices {
  readonly outbound: DiscordOutbound;
  readonly tokens: InteractionTokens;
  readonly call: SendAttempt;
  readonly log: Logger;
  /** Sends the first answer: by REST, or in the response to the signed request. */
  readonly respond: (response: APIInteractionResponse, signal: AbortSignal) => Promise<void>;
  /** Another program acknowledged the interaction first. */
  readonly onConflict: () => void;
}

/** `deferred`: Discord shows "is thinking" until the first card. `lost`: only the bot's own token can still answer. */
type Acknowledged = 'deferred' | 'answered' | 'lost';

/** Answers one interaction: the acknowledgement first, then the cards in order. */
export class DiscordReply implements Reply {
  readonly #interaction: InteractionRef;
  readonly #services: ReplyServices;
  readonly #acknowledged = Promise.withResolvers<Acknowledged>();
  #isPlaceholderPrivate = false;
  #isPlaceholderUsed = false;
  /** Cards go out one after another, so that the first one replaces the placeholder. */
  #queue: Promise<unknown> = Promise.resolve();

  constructor(interaction: InteractionRef, services: ReplyServices) {
    this.#interaction = interaction;
    this.#services = services;
  }

  async acknowledge(acknowledgement: Acknowledgement): Promise<void> {
    const { kind } = acknowledgement;
    const { onMessage } = this.#interaction;
    const isQuiet = kind === 'quiet' && !onMessage;
    this.#isPlaceholderPrivate = isQuiet || (kind === 'working' && acknowledgement.private);
    const outcome = await this.#respond(toResponse(acknowledgement, onMessage, this.#isPlaceholderPrivate));
    this.#acknowledged.resolve(outcome);
    if (outcome === 'lost' && kind === 'form') {
      await this.#services.call(() => this.#sendToChannel(renderNote(formTooLate), true));
    }
    if (outcome === 'deferred' && isQuiet) {
      this.#isPlaceholderUsed = true;
      await this.#removePlaceholder();
    }
  }

  send(card: Card, { private: isPrivate = false }: { readonly private?: boolean } = {}): Promise<SendResult> {
    return this.#enqueue(renderCard(card), isPrivate);
  }

  note(text: string): Promise<SendResult> {
    return this.#enqueue(renderNote(text), true);
  }

  #enqueue(message: Rendered, isPrivate: boolean): Promise<SendResult> {
    const sent = this.#queue.then(() => this.#show(message, isPrivate));
    this.#queue = sent;
    return sent;
  }

  async #respond(response: APIInteractionResponse): Promise<Acknowledged> {
    const { respond, log, onConflict } = this.#services;
    const until = this.#interaction.receivedAt + acknowledgeWithinMs;
    const signal = AbortSignal.timeout(Math.max(1, until - Date.now()));
    const isDeferred = response.type === InteractionResponseType.DeferredChannelMessageWithSource;
    const done = isDeferred ? 'deferred' : 'answered';
    for (let attempt = 1; ; attempt += 1) {
      try {
        await respond(response, signal);
        return done;
      } catch (error) {
        if (isAlreadyAcknowledged(error)) {
          // An earlier attempt may have succeeded although its answer was lost.
          if (attempt > 1) return done;
          onConflict();
          return 'answered';
        }
        if (!isTransient(error) || Date.now() + retryAfterMs > until) {
          log.warn({ problem: describeError(error) }, 'An interaction could not be acknowledged');
          return 'lost';
        }
        await sleep(retryAfterMs);
      }
    }
  }

  #show(message: Rendered, wantsPrivate: boolean): Promise<SendResult> {
    return this.#services.call(async () => {
      const outcome = await this.#acknowledged.promise;
      const isPrivate = wantsPrivate || (this.#isPlaceholderPrivate && !this.#isPlaceholderUsed);
      if (outcome === 'lost' || tokenTtlMs(this.#interaction.receivedAt) === 0) {
        return this.#sendToChannel(message, isPrivate);
      }
      try {
        return outcome === 'deferred' && !this.#isPlaceholderUsed
          ? await this.#fillPlaceholder(message, wantsPrivate)
          : await this.#followUp(message, isPrivate);
      } catch (error) {
        if (isExpired(error)) return this.#sendToChannel(message, isPrivate);
        throw error;
      }
    });
  }

  async #fillPlaceholder(message: Rendered, wantsPrivate: boolean): Promise<Handle> {
    const { outbound } = this.#services;
    if (wantsPrivate && !this.#isPlaceholderPrivate && this.#interaction.sender.kind === 'group') {
      // The visibility of a placeholder cannot change: a note fills it, and is then deleted.
      await outbound.editAnswer(this.#interaction, '@original', renderNote('Answered privately.'));
      this.#isPlaceholderUsed = true;
      const sent = await this.#followUp(message, true);
      await this.#removePlaceholder();
      return sent;
    }
    const shown = await outbound.editAnswer(this.#interaction, '@original', message);
    this.#isPlaceholderUsed = true;
    return this.#shown(shown, this.#isPlaceholderPrivate, '@original');
  }

  async #followUp(message: Rendered, isPrivate: boolean): Promise<Handle> {
    const flags = message.flags | (isPrivate ? MessageFlags.Ephemeral : 0);
    const shown = await this.#services.outbound.followUp(this.#interaction, { ...message, flags });
    return this.#shown(shown, isPrivate, shown.id);
  }

  /** Deletes the first answer; a failure is only logged. */
  async #removePlaceholder(): Promise<void> {
    const { outbound, log } = this.#services;
    await outbound.deleteOriginal(this.#interaction).catch((error: unknown) => {
      log.warn({ problem: describeError(error) }, 'An empty answer could not be deleted');
    });
  }

  /** `message` is the name of the message for the interaction's token. */
  #shown({ id, channel_id: channel }: MessageRef, isPrivate: boolean, message: string): Handle {
    const { token, application, receivedAt, sender } = this.#interaction;
    const ttl = Math.max(1, tokenTtlMs(receivedAt));
    this.#services.tokens.set(id, { token, application, message }, { ttl });
    return messageHandle(channel ?? channelOf(sender), id, isPrivate);
  }

  /** Uses the bot's own token: to the channel, or as a direct message. */
  async #sendToChannel(message: Rendered, isPrivate: boolean): Promise<Handle> {
    const { sender } = this.#interaction;
    const { outbound } = this.#services;
    const isDirect = isPrivate && sender.kind === 'group';
    const channel = isDirect ? await outbound.directChannel(sender.user) : channelOf(sender);
    const { id } = await outbound.send(channel, message);
    return messageHandle(channel, id);
  }
}

function toResponse(
  acknowledgement: Acknowledgement,
  onMessage: boolean,
  isPrivate: boolean,
): APIInteractionResponse {
  if (acknowledgement.kind === 'form') {
    return { type: InteractionResponseType.Modal, data: renderForm(acknowledgement.form) };
  }
  if (acknowledgement.kind === 'quiet' && onMessage) {
    return { type: InteractionResponseType.DeferredMessageUpdate };
  }
  return {
    type: InteractionResponseType.DeferredChannelMessageWithSource,
    ...(isPrivate && { data: { flags: MessageFlags.Ephemeral } }),
  };
}

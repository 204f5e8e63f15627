import { setTimeout as sleep } from 'node:timers/promises';
import { type APIInteractionResponse, InteractionResponseType, MessageFlags } from 'discord-api-types/v10';
import type { Logger } from 'pino';
import type { Card, Handle } from '../../../contract/card.ts';
import type { Acknowledgement, Reply, Sender, SendResult } from '../../../contract/inbound.ts';
import { describeProblem, isAlreadyAcknowledged, isExpired, isTransient, problemOf } from '../errors.ts';
import { renderForm } from '../render/forms.ts';
import { type Rendered, renderCard, renderNote } from '../render/render.ts';
import { InteractionTokens } from './interaction-tokens.ts';
import type { DiscordApi, MessageRef } from './outbound.ts';

/** Discord waits three seconds for the first answer; what starts later than this comes too late. */
const acknowledgeWithinMs = 2800;
const againAfterMs = 150;

export interface InteractionRef {
  readonly id: string;
  readonly token: string;
  readonly application: string;
  readonly sender: Sender;
  readonly onMessage: boolean;
  readonly receivedAt: number;
}

interface ReplyContext {
  readonly api: DiscordApi;
  readonly tokens: InteractionTokens;
  readonly log: Logger;
  /** How the first answer goes back: by REST, or as the answer to the signed request. */
  readonly respond: (response: APIInteractionResponse, signal: AbortSignal) => Promise<void>;
  /** Another program acknowledged it first. */
  readonly onConflict: () => void;
}

/**
 * How the first answer went. `promised`: "is thinking" stands there and waits for the first card. `answered`: nothing stands there that
 * waits. `lost`: the interaction cannot be answered, and what there is to say goes by the bot's own token.
 */
type Standing = 'promised' | 'answered' | 'lost';

/** One interaction from its acknowledgement to the last word about it. */
export class InteractionReply implements Reply {
  readonly #interaction: InteractionRef;
  readonly #context: ReplyContext;
  readonly #acknowledged = Promise.withResolvers<Standing>();
  #placeholderIsPrivate = false;
  #isPlaceholderUsed = false;
  /** Cards go out one after the other, so that the first one finds the promise. */
  #queue: Promise<unknown> = Promise.resolve();

  constructor(interaction: InteractionRef, context: ReplyContext) {
    this.#interaction = interaction;
    this.#context = context;
  }

  async acknowledge(acknowledgement: Acknowledgement): Promise<void> {
    const { kind } = acknowledgement;
    const { onMessage } = this.#interaction;
    const quietly = kind === 'quiet' && !onMessage;
    this.#placeholderIsPrivate = quietly || (kind === 'working' && acknowledgement.private);
    const standing = await this.#answer(responseTo(acknowledgement, onMessage, this.#placeholderIsPrivate));
    this.#acknowledged.resolve(standing);
    if (standing === 'lost' && kind === 'form') {
      await this.#sendToChannel(renderNote('The form did not open in time. Please say it again.'), true);
    }
    if (standing === 'promised' && quietly) {
      this.#isPlaceholderUsed = true;
      await this.#takeAway();
    }
  }

  send(card: Card, { private: wanted = false }: { readonly private?: boolean } = {}): Promise<SendResult> {
    return this.#inTurn(renderCard(card), wanted);
  }

  note(text: string): Promise<SendResult> {
    return this.#inTurn(renderNote(text), true);
  }

  #inTurn(message: Rendered, wanted: boolean): Promise<SendResult> {
    const sent = this.#queue.then(() => this.#show(message, wanted));
    this.#queue = sent;
    return sent;
  }

  async #answer(response: APIInteractionResponse): Promise<Standing> {
    const until = this.#interaction.receivedAt + acknowledgeWithinMs;
    const signal = AbortSignal.timeout(Math.max(1, until - Date.now()));
    const good = response.type === InteractionResponseType.DeferredChannelMessageWithSource;
    for (let attempt = 1; ; attempt += 1) {
      try {
        await this.#context.respond(response, signal);
        return good ? 'promised' : 'answered';
      } catch (error) {
        if (isAlreadyAcknowledged(error)) {
          // An answer of ours may have been taken while the word of it was lost.
          if (attempt > 1) return good ? 'promised' : 'answered';
          this.#context.onConflict();
          return 'answered';
        }
        if (!isTransient(error) || Date.now() + againAfterMs > until) {
          this.#context.log.warn(
            { problem: describeProblem(problemOf(error)) },
            'An interaction could not be acknowledged',
          );
          return 'lost';
        }
        await sleep(againAfterMs);
      }
    }
  }

  async #show(message: Rendered, wanted: boolean): Promise<SendResult> {
    const standing = await this.#acknowledged.promise;
    const isPrivate = wanted || (this.#placeholderIsPrivate && !this.#isPlaceholderUsed);
    if (standing === 'lost' || InteractionTokens.isOver(this.#interaction.receivedAt)) {
      return this.#sendToChannel(message, isPrivate);
    }
    try {
      if (standing === 'promised' && !this.#isPlaceholderUsed)
        return await this.#fillPlaceholder(message, wanted);
      return await this.#followUp(message, isPrivate);
    } catch (error) {
      return isExpired(error) ? this.#sendToChannel(message, isPrivate) : failedResult(error);
    }
  }

  async #fillPlaceholder(message: Rendered, wanted: boolean): Promise<SendResult> {
    const { api } = this.#context;
    const { application, token } = this.#interaction;
    if (wanted && !this.#placeholderIsPrivate && this.#interaction.sender.kind === 'group') {
      // The promise was made to everybody and its privacy cannot be changed: it is kept with a word, and taken away.
      await api.editAnswer(application, token, '@original', renderNote('Answered privately.'));
      this.#isPlaceholderUsed = true;
      const sent = await this.#followUp(message, true);
      await this.#takeAway();
      return sent;
    }
    const shown = await api.editAnswer(application, token, '@original', message);
    this.#isPlaceholderUsed = true;
    return this.#shown(shown, this.#placeholderIsPrivate, '@original');
  }

  async #followUp(message: Rendered, wanted: boolean): Promise<SendResult> {
    const { application, token } = this.#interaction;
    const flags = message.flags | (wanted ? MessageFlags.Ephemeral : 0);
    const shown = await this.#context.api.followUp(application, token, { ...message, flags });
    return this.#shown(shown, wanted, shown.id);
  }

  /** Takes the first answer away; one that stays is not worth failing for. */
  async #takeAway(): Promise<void> {
    const { application, token } = this.#interaction;
    await this.#context.api.deleteOriginal(application, token).catch((error: unknown) => {
      this.#context.log.warn(
        { problem: describeProblem(problemOf(error)) },
        'An empty answer could not be taken away',
      );
    });
  }

  /** `name` is what the message is called by whoever has the interaction’s token. */
  #shown({ id, channel_id: channel }: MessageRef, isPrivate: boolean, name: string): SendResult {
    const { token, application, receivedAt, sender } = this.#interaction;
    this.#context.tokens.remember(id, { token, application, name }, receivedAt);
    return { ok: true, handle: handleOf(channel ?? sender.channel, id, isPrivate) };
  }

  /** By the bot's own token: in the channel, or to the person alone. */
  async #sendToChannel(message: Rendered, isPrivate: boolean): Promise<SendResult> {
    const { sender } = this.#interaction;
    try {
      const channel =
        isPrivate && sender.kind === 'group'
          ? await this.#context.api.directChannel(sender.user)
          : sender.channel;
      const { id } = await this.#context.api.send(channel, message);
      return { ok: true, handle: handleOf(channel, id, false) };
    } catch (error) {
      return failedResult(error);
    }
  }
}

/** Private messages can be reached by the interaction's token alone. */
function handleOf(channel: string, message: string, isPrivate: boolean): Handle {
  return { channel, message, ...(isPrivate && { private: 'yes' }) };
}

export function failedResult(error: unknown): SendResult {
  return { ok: false, problem: problemOf(error) };
}

function responseTo(
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

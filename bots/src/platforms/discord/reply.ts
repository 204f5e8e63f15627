import { setTimeout as sleep } from 'node:timers/promises';
import { type APIInteractionResponse, InteractionResponseType, MessageFlags } from 'discord-api-types/v10';
import type { Logger } from 'pino';
import type { Card, Handle } from '../../contract/card.ts';
import type { Acknowledgement, Reply, Sent, Speaker } from '../../contract/inbound.ts';
import { isAlreadyAcknowledged, isAway, isOver, problemOf, tell } from './errors.ts';
import { renderForm } from './forms.ts';
import { InteractionTokens } from './interaction-tokens.ts';
import type { MessageRef, Wire } from './outbound.ts';
import { type Rendered, render, renderNote } from './render.ts';

/** Discord waits three seconds for the first answer; what starts later than this comes too late. */
const acknowledgeWithinMs = 2800;
const againAfterMs = 150;

export interface Asked {
  readonly id: string;
  readonly token: string;
  readonly application: string;
  readonly speaker: Speaker;
  readonly onMessage: boolean;
  readonly receivedAt: number;
}

interface Means {
  readonly wire: Wire;
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
export class Conversation implements Reply {
  readonly #asked: Asked;
  readonly #means: Means;
  readonly #acknowledged = Promise.withResolvers<Standing>();
  #promisedPrivately = false;
  #kept = false;
  /** Cards go out one after the other, so that the first one finds the promise. */
  #queue: Promise<unknown> = Promise.resolve();

  constructor(asked: Asked, means: Means) {
    this.#asked = asked;
    this.#means = means;
  }

  async acknowledge(acknowledgement: Acknowledgement): Promise<void> {
    const { kind } = acknowledgement;
    const { onMessage } = this.#asked;
    const quietly = kind === 'quiet' && !onMessage;
    this.#promisedPrivately = quietly || (kind === 'working' && acknowledgement.private);
    const standing = await this.#answer(responseTo(acknowledgement, onMessage, this.#promisedPrivately));
    this.#acknowledged.resolve(standing);
    if (standing === 'lost' && kind === 'form') {
      await this.#outside(renderNote('The form did not open in time. Please say it again.'), true);
    }
    if (standing === 'promised' && quietly) {
      this.#kept = true;
      await this.#takeAway();
    }
  }

  say(card: Card, { private: wanted = false }: { readonly private?: boolean } = {}): Promise<Sent> {
    return this.#inTurn(render(card), wanted);
  }

  note(text: string): Promise<Sent> {
    return this.#inTurn(renderNote(text), true);
  }

  #inTurn(message: Rendered, wanted: boolean): Promise<Sent> {
    const sent = this.#queue.then(() => this.#show(message, wanted));
    this.#queue = sent;
    return sent;
  }

  async #answer(response: APIInteractionResponse): Promise<Standing> {
    const until = this.#asked.receivedAt + acknowledgeWithinMs;
    const signal = AbortSignal.timeout(Math.max(1, until - Date.now()));
    const good = response.type === InteractionResponseType.DeferredChannelMessageWithSource;
    for (let attempt = 1; ; attempt += 1) {
      try {
        await this.#means.respond(response, signal);
        return good ? 'promised' : 'answered';
      } catch (error) {
        if (isAlreadyAcknowledged(error)) {
          // An answer of ours may have been taken while the word of it was lost.
          if (attempt > 1) return good ? 'promised' : 'answered';
          this.#means.onConflict();
          return 'answered';
        }
        if (!isAway(error) || Date.now() + againAfterMs > until) {
          this.#means.log.warn(
            { problem: tell(problemOf(error)) },
            'An interaction could not be acknowledged',
          );
          return 'lost';
        }
        await sleep(againAfterMs);
      }
    }
  }

  async #show(message: Rendered, wanted: boolean): Promise<Sent> {
    const standing = await this.#acknowledged.promise;
    const isPrivate = wanted || (this.#promisedPrivately && !this.#kept);
    if (standing === 'lost' || InteractionTokens.isOver(this.#asked.receivedAt)) {
      return this.#outside(message, isPrivate);
    }
    try {
      if (standing === 'promised' && !this.#kept) return await this.#keepPromise(message, wanted);
      return await this.#beside(message, isPrivate);
    } catch (error) {
      return isOver(error) ? this.#outside(message, isPrivate) : failed(error);
    }
  }

  async #keepPromise(message: Rendered, wanted: boolean): Promise<Sent> {
    const { wire } = this.#means;
    const { application, token } = this.#asked;
    if (wanted && !this.#promisedPrivately && this.#asked.speaker.kind === 'group') {
      // The promise was made to everybody and its privacy cannot be changed: it is kept with a word, and taken away.
      await wire.editAnswer(application, token, '@original', renderNote('Answered privately.'));
      this.#kept = true;
      const sent = await this.#beside(message, true);
      await this.#takeAway();
      return sent;
    }
    const shown = await wire.editAnswer(application, token, '@original', message);
    this.#kept = true;
    return this.#shown(shown, this.#promisedPrivately, '@original');
  }

  async #beside(message: Rendered, wanted: boolean): Promise<Sent> {
    const { application, token } = this.#asked;
    const flags = message.flags | (wanted ? MessageFlags.Ephemeral : 0);
    const shown = await this.#means.wire.followUp(application, token, { ...message, flags });
    return this.#shown(shown, wanted, shown.id);
  }

  /** Takes the first answer away; one that stays is not worth failing for. */
  async #takeAway(): Promise<void> {
    const { application, token } = this.#asked;
    await this.#means.wire.deleteOriginal(application, token).catch((error: unknown) => {
      this.#means.log.warn({ problem: tell(problemOf(error)) }, 'An empty answer could not be taken away');
    });
  }

  /** `name` is what the message is called by whoever has the interaction’s token. */
  #shown({ id, channel_id: channel }: MessageRef, isPrivate: boolean, name: string): Sent {
    const { token, application, receivedAt, speaker } = this.#asked;
    this.#means.tokens.keep(id, { token, application, name }, receivedAt);
    return { ok: true, handle: handleOf(channel ?? speaker.channel, id, isPrivate) };
  }

  /** By the bot's own token: in the channel, or to the person alone. */
  async #outside(message: Rendered, isPrivate: boolean): Promise<Sent> {
    const { speaker } = this.#asked;
    try {
      const channel =
        isPrivate && speaker.kind === 'group'
          ? await this.#means.wire.directChannel(speaker.user)
          : speaker.channel;
      const { id } = await this.#means.wire.send(channel, message);
      return { ok: true, handle: handleOf(channel, id, false) };
    } catch (error) {
      return failed(error);
    }
  }
}

/** Private messages can be reached by the interaction's token alone. */
function handleOf(channel: string, message: string, isPrivate: boolean): Handle {
  return { channel, message, ...(isPrivate && { private: 'yes' }) };
}

export function failed(error: unknown): Sent {
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

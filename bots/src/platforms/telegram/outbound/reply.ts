import type { Card, Handle } from '../../../contract/card.ts';
import type { ChatLocation, Reply, SendResult } from '../../../contract/inbound.ts';
import type { TelegramOutbound } from './outbound.ts';

/** Faster answers need no sign of progress. */
const typingAfterMs = 300;
const placeholderAfterMs = 1_500;

const working: Card = { title: 'Working on it …', tone: 'neutral' };

/** Answers one message or press. */
export class TelegramReply implements Reply {
  readonly #outbound: TelegramOutbound;
  readonly #onAnswered: () => void;
  readonly #timers: NodeJS.Timeout[] = [];
  #location: ChatLocation;
  #replyTo: string | null;
  #placeholder: Promise<SendResult> | null = null;
  #hasAnswered = false;

  /** `onAnswered`: Telegram need not deliver the update again. */
  constructor(
    outbound: TelegramOutbound,
    location: ChatLocation,
    replyTo: string | null,
    onAnswered: () => void,
  ) {
    this.#outbound = outbound;
    this.#location = location;
    this.#replyTo = replyTo;
    this.#onAnswered = onAnswered;
  }

  /** Shows progress unless an answer comes soon. */
  showWorking(): void {
    if (this.#hasAnswered) return;
    this.#timers.push(
      setTimeout(() => void this.#outbound.typing(this.#location), typingAfterMs),
      setTimeout(() => {
        // A placeholder costs a message and an edit of the rate limit.
        if (!this.#outbound.isBusy) this.#placeholder = this.#sendNew(working);
      }, placeholderAfterMs),
    );
  }

  async send(card: Card): Promise<SendResult> {
    this.#hasAnswered = true;
    for (const timer of this.#timers.splice(0)) clearTimeout(timer);
    const placeholder = await this.#takePlaceholder();
    const shown = await this.#show(card, placeholder);
    const hasMoved = !shown.ok && shown.problem.kind === 'moved';
    const sent = hasMoved ? await this.#sendToMoved(shown.problem.channel, card) : shown;
    const isTransient = !sent.ok && (sent.problem.kind === 'wait' || sent.problem.kind === 'away');
    if (!isTransient) this.#onAnswered();
    return sent;
  }

  #sendNew(card: Card): Promise<SendResult> {
    return this.#outbound.send(this.#location, card, this.#replyTo);
  }

  async #takePlaceholder(): Promise<Handle | null> {
    const sending = this.#placeholder;
    this.#placeholder = null;
    const sent = await sending;
    return sent?.ok === true ? sent.handle : null;
  }

  async #show(card: Card, placeholder: Handle | null): Promise<SendResult> {
    if (placeholder === null) return this.#sendNew(card);
    // Only a new message can ask for a reply.
    if (card.question !== undefined) {
      const sent = await this.#sendNew(card);
      if (sent.ok) await this.#outbound.remove(placeholder);
      else this.#keepPlaceholder(placeholder);
      return sent;
    }
    const sent = await this.#outbound.edit(placeholder, card);
    if (sent.ok) return { ok: true, handle: placeholder };
    if (sent.problem.kind === 'gone') return this.#sendNew(card);
    this.#keepPlaceholder(placeholder);
    return sent;
  }

  /** Sends to the supergroup that replaced a group; the message to reply to is in the old chat. */
  #sendToMoved(channel: string, card: Card): Promise<SendResult> {
    this.#location = { ...this.#location, channel };
    this.#replyTo = null;
    return this.#sendNew(card);
  }

  #keepPlaceholder(handle: Handle): void {
    this.#placeholder = Promise.resolve({ ok: true, handle });
  }
}

import type { Card, Handle } from '../../../contract/card.ts';
import type { ChatLocation, Reply, SendResult } from '../../../contract/inbound.ts';
import type { TelegramOutbound } from './outbound.ts';

/** Most answers are there sooner, and then nothing has to be shown before them. */
const typingAfterMs = 300;
const placeholderAfterMs = 1_500;

const working: Card = { title: 'Working on it …', tone: 'neutral' };

/** The way back to somebody who said or pressed something. */
export class TelegramReply implements Reply {
  readonly #sender: TelegramOutbound;
  readonly #onSaid: () => void;
  readonly #timers: NodeJS.Timeout[] = [];
  #place: ChatLocation;
  #replyTo: string | null;
  #placeholder: Promise<SendResult> | null = null;
  #isSaid = false;

  /** `onSaid`: there is an answer, so the question needs not to come again. */
  constructor(sender: TelegramOutbound, location: ChatLocation, replyTo: string | null, onSaid: () => void) {
    this.#sender = sender;
    this.#place = location;
    this.#replyTo = replyTo;
    this.#onSaid = onSaid;
  }

  /** Tells that it is being worked on, unless the answer is there soon. */
  work(): void {
    if (this.#isSaid) return;
    this.#timers.push(
      setTimeout(() => void this.#sender.typing(this.#place), typingAfterMs),
      setTimeout(() => {
        // It is a message and an edit more, which a crowd has no room for.
        if (this.#sender.isBusy) return;
        this.#placeholder = this.#sender.send(this.#place, working, this.#replyTo);
      }, placeholderAfterMs),
    );
  }

  async send(card: Card): Promise<SendResult> {
    this.#isSaid = true;
    for (const timer of this.#timers.splice(0)) clearTimeout(timer);
    const placeholder = await this.#takePlaceholder();
    const shown = await this.#show(card, placeholder);
    const hasMoved = !shown.ok && shown.problem.kind === 'moved';
    const sent = hasMoved ? await this.#showAt(shown.problem.channel, card) : shown;
    const mayPass = !sent.ok && (sent.problem.kind === 'wait' || sent.problem.kind === 'away');
    if (!mayPass) this.#onSaid();
    return sent;
  }

  async #takePlaceholder(): Promise<Handle | null> {
    const sending = this.#placeholder;
    this.#placeholder = null;
    const sent = await sending;
    return sent?.ok === true ? sent.handle : null;
  }

  async #show(card: Card, placeholder: Handle | null): Promise<SendResult> {
    if (placeholder === null) return await this.#sender.send(this.#place, card, this.#replyTo);
    // The keyboard can be pointed at a new message only.
    if (card.question !== undefined) {
      const sent = await this.#sender.send(this.#place, card, this.#replyTo);
      if (sent.ok) await this.#sender.remove(placeholder);
      else this.#keep(placeholder);
      return sent;
    }
    const sent = await this.#sender.edit(placeholder, card);
    if (sent.ok) return { ok: true, handle: placeholder };
    if (sent.problem.kind === 'gone') return await this.#sender.send(this.#place, card, this.#replyTo);
    this.#keep(placeholder);
    return sent;
  }

  /** A group that became a supergroup. What is answered is a message of the old one. */
  #showAt(channel: string, card: Card): Promise<SendResult> {
    this.#place = { ...this.#place, channel };
    this.#replyTo = null;
    return this.#sender.send(this.#place, card);
  }

  #keep(placeholder: Handle): void {
    this.#placeholder = Promise.resolve({ ok: true, handle: placeholder });
  }
}

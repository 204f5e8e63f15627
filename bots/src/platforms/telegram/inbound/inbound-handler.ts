import { withinLimit } from '@hq/shared/program';
import type { Update } from 'telegraf/types';
import type { Handle } from '../../../contract/card.ts';
import type { Receiver } from '../../../contract/inbound.ts';
import { messageHandle } from '../message-handle.ts';
import type { TelegramOutbound } from '../outbound/outbound.ts';
import { TelegramReply } from '../outbound/reply.ts';
import { readUpdate, type UpdateContext } from './inbound.ts';

/** An update without an answer counts as handled after this time: it was not for HQ, or the answer went elsewhere. */
const handledAfterMs = { words: 10_000, press: 2_000 };

/** Hands updates to the core, and resolves once each is answered. */
export class InboundHandler {
  readonly #outbound: TelegramOutbound;
  /** Presses that an edit of their message answers. */
  readonly #openPresses = new Map<string, () => void>();

  constructor(outbound: TelegramOutbound) {
    this.#outbound = outbound;
  }

  /** Resolves once Telegram need not deliver the update again. */
  async onUpdate(update: Update, context: UpdateContext, receiver: Receiver): Promise<void> {
    const delivery = readUpdate(update, context);
    if (delivery === null) return;
    const { inbound, message, callback } = delivery;
    if (callback !== null) void this.#outbound.answerCallback(callback);
    const isPress = inbound.input.kind === 'button';
    const answered = Promise.withResolvers<void>();
    const reply = new TelegramReply(this.#outbound, inbound, message, answered.resolve);
    const acknowledgement = await receiver.receive(inbound, reply);
    if (acknowledgement.kind === 'working') reply.showWorking();
    if (acknowledgement.kind === 'quiet' && !isPress) return;
    const key = isPress && message !== null ? toKey(messageHandle(inbound.channel, message)) : null;
    if (key !== null) this.#openPresses.set(key, answered.resolve);
    await withinLimit(isPress ? handledAfterMs.press : handledAfterMs.words, answered.promise);
    if (key !== null && this.#openPresses.get(key) === answered.resolve) this.#openPresses.delete(key);
  }

  onEdited(handle: Handle): void {
    this.#openPresses.get(toKey(handle))?.();
  }
}

function toKey({ chat, message }: Handle): string {
  return `${chat}/${message}`;
}

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

export type InboundHandler = ReturnType<typeof createInboundHandler>;

/** Hands updates to the core, and resolves once each is answered. */
export function createInboundHandler(outbound: TelegramOutbound) {
  /** Presses that an edit of their message answers. */
  const openPresses = new Map<string, () => void>();
  return {
    /** Resolves once Telegram need not deliver the update again. */
    async onUpdate(update: Update, context: UpdateContext, receiver: Receiver): Promise<void> {
      const delivery = readUpdate(update, context);
      if (delivery === null) return;
      const { inbound, message, callback } = delivery;
      if (callback !== null) void outbound.answerCallback(callback);
      const isPress = inbound.input.kind === 'button';
      const answered = Promise.withResolvers<void>();
      const reply = new TelegramReply(outbound, inbound, message, answered.resolve);
      const acknowledgement = await receiver.receive(inbound, reply);
      if (acknowledgement.kind === 'working') reply.showWorking();
      if (acknowledgement.kind === 'quiet' && !isPress) return;
      const key = isPress && message !== null ? toKey(messageHandle(inbound.channel, message)) : null;
      if (key !== null) openPresses.set(key, answered.resolve);
      await withinLimit(isPress ? handledAfterMs.press : handledAfterMs.words, answered.promise);
      if (key !== null && openPresses.get(key) === answered.resolve) openPresses.delete(key);
    },
    onEdited(handle: Handle): void {
      openPresses.get(toKey(handle))?.();
    },
  };
}

function toKey({ chat, message }: Handle): string {
  return `${chat}/${message}`;
}

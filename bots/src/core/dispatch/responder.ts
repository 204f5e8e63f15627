import type { Log } from '@hq/shared/log';
import type { Card, Handle } from '../../contract/card.ts';
import type { Reply, Sender } from '../../contract/inbound.ts';
import type { Outbox } from '../cards/outbox.ts';

/** The way back to who spoke, in the words that commands use. */
export interface Responder {
  /** Shows a card to who asked; gives where it can be edited. */
  answer(card: Card, options?: { readonly private?: boolean }): Promise<Handle | null>;
  /** Puts a card in the place of the one that what was said is about; elsewhere it answers. */
  replace(card: Card): Promise<Handle | null>;
  /** The next answer takes the place of this message. */
  replaceNext(handle: Handle | null): void;
}

export interface ResponderOptions {
  readonly sender: Sender;
  readonly reply: Reply;
  readonly outbox: Outbox;
  readonly isPrivate: boolean;
  /** The message that what was said is about. */
  readonly message: Handle | null;
  /** Another card is shown where this one was. */
  readonly onReplaced: (message: Handle) => void;
  readonly log: Log;
}

export function createResponder(options: ResponderOptions): Responder {
  const { sender, reply, outbox, isPrivate, message, onReplaced, log } = options;
  let settled: Handle | null = null;

  async function edit(handle: Handle, card: Card): Promise<Handle | null> {
    const edited = await outbox.edit(sender, handle, card);
    return edited.ok ? (edited.handle ?? handle) : null;
  }

  async function answer(
    card: Card,
    { private: only = isPrivate }: { readonly private?: boolean } = {},
  ): Promise<Handle | null> {
    // Two bots that answer each other never end.
    if (sender.stranger === 'bot') return null;
    if (settled !== null) {
      const handle = settled;
      settled = null;
      const edited = await edit(handle, card);
      if (edited !== null) return edited;
    }
    const sent = await outbox.reply(reply, card, only);
    if (sent.ok) return sent.handle;
    log.warn({ platform: sender.platform, problem: sent.problem }, 'an answer could not be shown');
    return null;
  }

  return {
    answer,
    async replace(card) {
      if (message === null) return answer(card);
      onReplaced(message);
      return (await edit(message, card)) ?? (await answer(card));
    },
    replaceNext(handle) {
      settled = handle;
    },
  };
}

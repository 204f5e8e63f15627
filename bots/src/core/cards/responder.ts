import type { Log } from '@hq/shared/log';
import type { Card, Handle } from '../../contract/card.ts';
import type { Reply, ReplyOptions, Sender } from '../../contract/inbound.ts';
import type { Outbox } from './outbox.ts';

/** Shows the cards of one request to its sender. */
export interface Responder extends Pick<ResponderOptions, 'sender' | 'isPrivate' | 'message'> {
  /** Sends a card and returns its handle; the first card takes the place of "working on it". */
  answer(card: Card, options?: ReplyOptions): Promise<Handle | null>;
  /** Puts a card in the place of `message`; answers if there is none. */
  replace(card: Card): Promise<Handle | null>;
  /** Lets the next answer take the place of this message. */
  replaceNext(handle: Handle | null): void;
  /** The same request without its message: all cards are answers. */
  inNewMessage(): Responder;
}

export interface ResponderOptions {
  readonly sender: Sender;
  readonly reply: Reply;
  readonly outbox: Outbox;
  /** Cards go to the sender alone, if the platform can do that. */
  readonly isPrivate: boolean;
  /** The message whose button was pressed or whose form was sent. */
  readonly message: Handle | null;
  /** Called before another card takes the place of the message. */
  readonly onReplaced: (message: Handle) => void;
  /** Writes the commands of footers as people write them there. */
  readonly phrase: (text: string) => string;
  readonly log: Log;
}

export function createResponder(options: ResponderOptions): Responder {
  const { sender, reply, outbox, isPrivate, message, onReplaced, phrase, log } = options;
  let placeholder: Handle | null = null;

  const phrased = (card: Card): Card =>
    card.footer === undefined ? card : { ...card, footer: phrase(card.footer) };

  async function edit(handle: Handle, card: Card): Promise<Handle | null> {
    const edited = await outbox.edit(sender, handle, phrased(card));
    return edited.ok ? (edited.handle ?? handle) : null;
  }

  async function answer(
    card: Card,
    { private: toSenderAlone = isPrivate, replaces = false }: ReplyOptions = {},
  ): Promise<Handle | null> {
    // Two bots that answer each other never stop.
    if (sender.stranger === 'bot') return null;
    if (placeholder !== null) {
      const handle = placeholder;
      placeholder = null;
      const edited = await edit(handle, card);
      if (edited !== null) return edited;
    }
    const sent = await outbox.reply(reply, phrased(card), { private: toSenderAlone, replaces });
    if (sent.ok) return sent.handle;
    log.warn({ platform: sender.platform, problem: sent.problem }, 'an answer could not be sent');
    return null;
  }

  const responder: Responder = {
    sender,
    isPrivate,
    message,
    answer,
    async replace(card) {
      if (message === null) return answer(card);
      onReplaced(message);
      return (await edit(message, card)) ?? (await answer(card));
    },
    replaceNext(handle) {
      placeholder = handle;
    },
    inNewMessage: () => ({ ...responder, message: null, replace: answer }),
  };
  return responder;
}

/** The same responder; calls back before each card. */
export function onAnswer(responder: Responder, callback: () => void): Responder {
  return {
    ...responder,
    answer: (...args) => {
      callback();
      return responder.answer(...args);
    },
    replace: (card) => {
      callback();
      return responder.replace(card);
    },
  };
}

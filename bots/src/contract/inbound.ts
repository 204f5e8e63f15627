/** Deliveries: everything that people write, press or fill in, as an adapter hands it to the core. */
import { type ChatPlatformName, chatPlatformNames } from '@hq/shared/chat';
import type { Card, Handle } from './card.ts';
import type { Choice } from './choice.ts';
import type { Form } from './form.ts';

export const platforms = chatPlatformNames;
export type Platform = ChatPlatformName;

/** A chat. All ids are the platform's immutable ones, never names. */
export interface ChatLocation {
  readonly platform: Platform;
  /** The Slack team, the Discord guild (`@me` in direct messages) or the Telegram bot's id. */
  readonly install: string;
  readonly channel: string;
  readonly kind: 'direct' | 'group';
  /** The Slack thread, the Telegram topic; null outside of one. A Discord thread is a channel of its own. */
  readonly thread: string | null;
}

/** An account in a chat. */
export interface Sender extends ChatLocation {
  readonly user: string;
  /** For logs and greetings; nothing is ever decided by it. */
  readonly userName?: string;
  /** BCP 47, where the platform tells it. */
  readonly locale?: string;
  /**
   * Why this cannot be somebody who may be linked. Adapters hand such deliveries over like any other, so that the
   * database can write down who was turned away. `outsider`: a user of another workspace in a shared channel, or a
   * delivery for another app or an unknown workspace.
   */
  readonly stranger?: 'bot' | 'anonymous' | 'outsider';
}

export interface Inbound extends Sender {
  /**
   * Names this delivery, and stays the same when the platform delivers it again: Slack `sl:<event_id or trigger_id>`,
   * Discord `dc:<interaction id>`, Telegram `tg:<bot id>:<update_id>`; a second tap on one Telegram button is another.
   */
  readonly deliveryId: string;
  readonly input: Input;
  /** Local epoch milliseconds. */
  readonly receivedAt: number;
}

export type Input =
  /**
   * The words behind `/hq` or the mention (`/hq_restart_gateway x` is `restart_gateway x`; `/start CODE` is
   * `link CODE`), unescaped. `answer`: it was not addressed by command or mention but is a plain direct message or a
   * reply to a message of the bot; the core takes it for an answer to its question, else for a command in a direct chat.
   */
  | { readonly kind: 'words'; readonly text: string; readonly answer?: boolean }
  /** A structured command: the path of its `CommandDescription` and its options by name. */
  | {
      readonly kind: 'options';
      readonly words: readonly string[];
      readonly options: Readonly<Record<string, string>>;
    }
  /** `message` is the one that bears the button, where the platform tells it. */
  | { readonly kind: 'button'; readonly token: string; readonly message: Handle | null }
  /** `message` is the one whose button opened the form, where there is one and the platform tells it. */
  | {
      readonly kind: 'form';
      readonly token: string;
      readonly values: Readonly<Record<string, string>>;
      readonly message?: Handle;
    };

/**
 * The immediate answer to the platform. It needs no database, because platforms wait three seconds and some
 * fix with the first answer whether the rest is private, or allow a form as the first answer only.
 */
export type Acknowledgement =
  /** Say that it is being worked on; the first `say` takes the place of that. */
  | { readonly kind: 'working'; readonly private: boolean }
  | { readonly kind: 'form'; readonly form: Form }
  /** Nothing to show: a press on a card that will itself change, or words that are not for the bot. */
  | { readonly kind: 'quiet' };

/** Answers one delivery. Its methods never reject. */
export interface Reply {
  /**
   * Shows a card where it was asked. The first one replaces the "working on it" of the acknowledgement, a later one
   * comes beside it. `private` may be asked for where `capabilities.private`; elsewhere it is said openly.
   */
  send(card: Card, options?: { readonly private?: boolean }): Promise<SendResult>;
}

export type SendResult =
  | { readonly ok: true; readonly handle: Handle | null }
  | { readonly ok: false; readonly problem: SendProblem };

/** Why something could not be shown, in the words that decide what to do next. */
export type SendProblem =
  /** Too fast: again after this time. */
  | { readonly kind: 'wait'; readonly afterMs: number }
  /** The platform did not answer or failed: again later. */
  | { readonly kind: 'away'; readonly reason: string }
  /** The message is not there any more, or can no longer be edited. */
  | { readonly kind: 'gone' }
  /** The chat does not take anything from the bot: blocked, removed, not a member, no permission. */
  | { readonly kind: 'closed'; readonly reason: string }
  /** The chat has another id now. */
  | { readonly kind: 'moved'; readonly channel: string }
  /** The platform does not accept this card and never will. */
  | { readonly kind: 'refused'; readonly reason: string };

/** Takes an adapter's deliveries. */
export interface Receiver {
  /**
   * Answers within milliseconds, whatever the database does; the work goes on behind it and ends in `reply`. Call it at
   * once for every delivery, do what the acknowledgement says, and do not wait for anything else.
   */
  receive(inbound: Inbound, reply: Reply): Promise<Acknowledgement>;
  /**
   * At most 25 values of an argument, for senders who may use the command here; empty for everybody else, and
   * where the database is slow. Answers within 1.5 s.
   */
  complete(
    sender: Sender,
    request: {
      /** The path of the `CommandDescription`. */
      readonly words: readonly string[];
      readonly argument: string;
      readonly typed: string;
      /** Values of the other arguments. */
      readonly options?: Readonly<Record<string, string>>;
    },
  ): Promise<readonly Choice[]>;
}

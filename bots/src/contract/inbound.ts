/** Deliveries: everything that people write, press or fill in, as an adapter hands it to the core. */
import { type ChatPlatformName, chatPlatformNames } from '@hq/shared/chat';
import type { Card, Handle } from './card.ts';
import type { Choice } from './choice.ts';
import type { Form, FormErrors } from './form.ts';

export const platforms = chatPlatformNames;
export type Platform = ChatPlatformName;

/** A chat. All ids are the platform's immutable ones, never names. */
export interface ChatLocation {
  readonly platform: Platform;
  /** The Slack team, the Discord guild (`@me` in direct messages) or the Telegram bot's id. */
  readonly install: string;
  readonly channel: string;
  readonly kind: 'direct' | 'group';
  /** The Slack or Discord thread, the Telegram topic; null outside of one. */
  readonly thread: string | null;
}

/** An account in a chat. */
export interface Sender extends ChatLocation {
  readonly user: string;
  /**
   * The reason why this account can never be linked. Adapters hand over such deliveries too, so that the database audits
   * the refusal. `outsider`: a user of another workspace, or a delivery for another app or an unknown workspace.
   */
  readonly stranger?: 'bot' | 'anonymous' | 'outsider';
}

export interface Inbound extends Sender {
  /**
   * Identifies what was said or pressed, also when the platform delivers it again: Slack `sl:<team>:<channel>:<ts>` of a
   * message and `sl:<trigger_id>`, Discord `dc:<interaction id>`, Telegram `tg:<bot id>:<update_id>`; a second tap on one
   * Telegram button is another.
   */
  readonly deliveryId: string;
  /** The id names a message: with other words it is the same delivery, because the message was edited. */
  readonly isOneMessage?: boolean;
  /** The platform opens no form for this delivery: Slack opens them for commands and presses, and not for messages. */
  readonly opensNoForm?: boolean;
  readonly input: Input;
  /** Local epoch milliseconds. */
  readonly receivedAt: number;
}

export type Input =
  /**
   * The unescaped words after `/hq` or the mention (`/hq_restart_gateway x` is `restart_gateway x`; `/start CODE` is
   * `link CODE`). `answer`: a plain direct message or a reply to a message of the bot. The core takes it as the answer to
   * its prompt, or else as a command in a direct chat.
   */
  | { readonly kind: 'words'; readonly text: string; readonly answer?: boolean }
  /** A structured command: the path of its `CommandDescription` and its options by name. */
  | {
      readonly kind: 'options';
      readonly words: readonly string[];
      readonly options: Readonly<Record<string, string>>;
    }
  /** `message` is the one with the button, if the platform reports it. */
  | { readonly kind: 'button'; readonly token: string; readonly message: Handle | null }
  /** `message` is the one whose button opened the form, if the platform reports it. */
  | {
      readonly kind: 'form';
      readonly token: string;
      readonly values: Readonly<Record<string, string>>;
      readonly message?: Handle;
    };

/**
 * The immediate answer to the platform. It needs no database: platforms wait three seconds, and with some of them the
 * first answer decides about privacy or is the only one that may be a form.
 */
export type Acknowledgement =
  /** Shows that HQ is working; the first card takes its place. */
  | { readonly kind: 'working'; readonly private: boolean }
  | { readonly kind: 'form'; readonly form: Form }
  /** The form stays open and shows these sentences beside the fields of these names. Only with `formErrors`. */
  | { readonly kind: 'errors'; readonly errors: FormErrors }
  /** Shows nothing: the pressed card itself will change, or the words are not for the bot. */
  | { readonly kind: 'quiet' };

/** Answers one delivery. Its methods never reject. */
export interface Reply {
  /**
   * Sends a card to the chat of the delivery. The first one replaces the "working on it" of the acknowledgement. With
   * `private` only the sender sees it, if `capabilities.private`.
   */
  send(card: Card, options?: ReplyOptions): Promise<SendResult>;
}

export interface ReplyOptions {
  readonly private?: boolean;
  /** It takes the place of the last private answer, if the platform can do that although the answer has no handle. */
  readonly replaces?: boolean;
}

export type SendResult =
  | { readonly ok: true; readonly handle: Handle | null }
  | { readonly ok: false; readonly problem: SendProblem };

/** The reason why a card was not sent; its kind decides what to do next. */
export type SendProblem =
  /** A rate limit: retry after this time. */
  | { readonly kind: 'wait'; readonly afterMs: number }
  /** The platform did not answer or failed: retry later. */
  | { readonly kind: 'away'; readonly reason: string }
  /** The message was deleted or can no longer be edited. */
  | { readonly kind: 'gone' }
  /** The chat accepts nothing from the bot: blocked, removed, not a member, no permission. */
  | { readonly kind: 'closed'; readonly reason: string }
  /** The chat has another id now. */
  | { readonly kind: 'moved'; readonly channel: string }
  /** The platform will never accept this card. */
  | { readonly kind: 'refused'; readonly reason: string };

/** Takes an adapter's deliveries. */
export interface Receiver {
  /**
   * Resolves within milliseconds, also while the database is down; the result follows by `reply`. Call it at once for
   * every delivery, and wait for nothing else before the acknowledgement.
   */
  receive(inbound: Inbound, reply: Reply): Promise<Acknowledgement>;
  /**
   * At most 25 values of an argument, for senders who may use the command here; empty for everybody else. An adapter waits
   * no longer than its platform: the database may be slow.
   */
  complete(
    sender: Sender,
    request: {
      /** The path of the `CommandDescription`. */
      readonly words: readonly string[];
      readonly argument: string;
      readonly typed: string;
    },
  ): Promise<readonly Choice[]>;
}

/**
 * The interface between the core and one platform. An adapter runs in a worker thread, apart from the core: every
 * argument and answer here crosses a message port, so all of them are plain data. An adapter knows its platform and
 * nothing of HQ: no database, no rights, no catalogue.
 */
import type { Logger } from 'pino';
import type { Card, Handle } from './card.ts';
import type { Choice } from './choice.ts';
import type { ChatLocation, Platform, Receiver, SendResult } from './inbound.ts';

/** Features and limits of a platform; the core adapts its cards to them. */
export interface Capabilities {
  /** Answers that only the sender sees. */
  readonly private: boolean;
  readonly forms: boolean;
  /** A form that was sent shows errors beside its fields and stays open. */
  readonly formErrors: boolean;
  readonly completion: boolean;
  readonly files: boolean;
  readonly commands: CommandSyntax;
  /** Delivers again what was not acknowledged. */
  readonly redelivers: boolean;
  /** Characters of the body of one message; longer texts are paged or sent as a file. */
  readonly maxText: number;
  readonly maxButtons: number;
  /** Milliseconds between two edits of one message, at least. */
  readonly editEveryMs: number;
  /** The same in direct messages, if they may be edited more often. */
  readonly directEditEveryMs?: number;
  /** Milliseconds between two messages or edits in one chat, at least. */
  readonly chatEveryMs: number;
  /** Messages and edits per second over all chats. */
  readonly perSecond: number;
}

/** The words that people write before a command. */
export interface CommandSyntax {
  readonly prefix: string;
  /** In a thread of a group, where it differs. */
  readonly inThread?: string;
  /** Before commands that the menu may hold in a group of its own. */
  readonly asText?: string;
  /** The commands that are always found directly behind the prefix, if `asText` is set. */
  readonly direct?: readonly string[];
}

export type AdapterState =
  | 'starting'
  | 'connected'
  /** The connection is lost and the adapter reconnects. */
  | 'reconnecting'
  /** The platform refuses the token. Only another token helps. */
  | 'revoked'
  /** Another program uses the same token. */
  | 'conflict'
  | 'stopped';

export interface ConnectionHealth {
  readonly state: AdapterState;
  /** One sentence for an operator about a state that is not `connected`; without secrets. */
  readonly detail: string | null;
  /** The Slack team, the Discord application, the Telegram bot; null until known. */
  readonly install: string | null;
}

export interface AdapterHealth extends ConnectionHealth {
  /** Local epoch milliseconds; null for never. */
  readonly lastInboundAt: number | null;
  readonly lastOutboundAt: number | null;
}

/**
 * One platform. `send`, `edit`, `file` and `describeCommands` never reject, and never retry after a rate limit: they
 * return `wait`, and the core's queue of that chat waits.
 */
export interface Adapter {
  readonly platform: Platform;
  readonly capabilities: Capabilities;
  /**
   * Resolves when it is connected, or when the first attempt failed or takes longer; `health` shows which. The adapter
   * tries again by itself until it is stopped.
   */
  start(receiver: Receiver): Promise<void>;
  /** Accepts no delivery any more, finishes sending (10 s at most), and disconnects. */
  stop(): Promise<void>;
  health(): ConnectionHealth;
  send(location: ChatLocation, card: Card): Promise<SendResult>;
  /** Replaces the whole message, its buttons too. An edit that changes nothing is `ok`. */
  edit(handle: Handle, card: Card): Promise<SendResult>;
  /** Sends a text as a file, with one sentence beside it. */
  file(location: ChatLocation, file: TextFile): Promise<SendResult>;
  /**
   * Registers the commands for menus and options. Called after `start` and after each change. With a direct chat, they are
   * what its person may do: for the menu of that chat, on a platform that has one.
   */
  describeCommands(commands: readonly CommandDescription[], chat?: ChatLocation): Promise<SendResult>;
}

export interface TextFile {
  readonly name: string;
  readonly text: string;
  readonly note: string;
}

/** One command for menus and structured options. */
export interface CommandDescription {
  /** A word, or a group and a word, `^[a-z][a-z0-9_]{0,31}$`. At most 25 first words and 25 words in a group. */
  readonly path: readonly [string] | readonly [string, string];
  readonly summary: string;
  /** The required ones first; at most 25. */
  readonly arguments: readonly ArgumentDescription[];
  /** Lower ranks come first in menus that hold few commands. */
  readonly rank: number;
}

export interface ArgumentDescription {
  /** `^[a-z][a-z0-9_]{0,31}$` */
  readonly name: string;
  readonly summary: string;
  readonly kind: 'text' | 'integer' | 'number' | 'boolean' | 'choice';
  readonly required: boolean;
  /** For a `choice`, at most 25. */
  readonly choices?: readonly Choice[];
  /** The receiver's `complete` offers values for it. */
  readonly completes: boolean;
  readonly min?: number;
  readonly max?: number;
  readonly maxLength?: number;
}

/**
 * The export of a platform's folder, as `slack`, `discord` and `telegram` from its `index.ts`. That file loads nothing
 * of the platform's library: the core asks every platform whether it is configured, and loads the library in the
 * worker alone.
 */
export interface PlatformModule {
  readonly platform: Platform;
  /** The names of its environment variables; its worker gets no others. */
  readonly variables: readonly string[];
  /** Null where none of its variables is set. Throws an `HqError` of code `usage`, `field` the variable, for a wrong one. */
  configure(env: Readonly<Record<string, string | undefined>>): Configured | null;
}

export interface Configured {
  /** sha256 in hex of each token that only one program may use, the bot token first. */
  readonly fingerprints: readonly string[];
  /** The tokens themselves, for the redactor of everything that leaves this program. */
  readonly secrets: readonly string[];
  create(options: { readonly log: Logger }): Promise<Adapter>;
  /** Asks the platform, changing nothing there. */
  check(): Promise<readonly Finding[]>;
}

/** One line of `hq-bots check`. */
export interface Finding {
  readonly ok: boolean;
  readonly sentence: string;
  /** The next step for the operator. */
  readonly hint?: string;
}

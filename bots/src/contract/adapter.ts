/**
 * The seam between the core and one platform. An adapter lives in an isolate of its own, apart from the core: every
 * argument and answer here crosses a message port, so all of them are plain data. An adapter knows its platform and
 * nothing of HQ: no database, no rights, no catalogue.
 */
import type { Logger } from 'pino';
import type { Card, Handle } from './card.ts';
import type { Choice } from './choice.ts';
import type { ChatLocation, Platform, Receiver, SendResult } from './inbound.ts';

/** What a platform can do. The core degrades by it. */
export interface Capabilities {
  /** Answers that only who asked can see. */
  readonly private: boolean;
  readonly forms: boolean;
  readonly completion: boolean;
  readonly threads: boolean;
  readonly files: boolean;
  /** Whether a delivery that was not acknowledged comes again. */
  readonly redelivers: boolean;
  /** How many characters of body one message holds; longer ones are paged or sent as a file. */
  readonly maxText: number;
  readonly maxButtons: number;
  /** The least time between two edits of one message, in milliseconds. */
  readonly editEveryMs: number;
  /** In direct messages, where the platform takes more there. */
  readonly directEditEveryMs?: number;
  /** The least time between two messages (edits count too) in one chat, in milliseconds. */
  readonly chatEveryMs: number;
  /** Messages and edits per second over all chats. */
  readonly perSecond: number;
}

export type AdapterState =
  | 'starting'
  | 'connected'
  /** The connection is lost and being made again. */
  | 'reconnecting'
  /** The platform does not accept the token any more. Nothing but another token helps. */
  | 'revoked'
  /** Another program uses the same token. */
  | 'conflict'
  | 'stopped';

export interface AdapterHealth {
  readonly state: AdapterState;
  /** One sentence for an operator about a state that is not `connected`; without secrets. */
  readonly detail: string | null;
  /** The Slack team, the Discord application, the Telegram bot; null until known. */
  readonly install: string | null;
  /** Local epoch milliseconds; null for never. */
  readonly lastInboundAt: number | null;
  readonly lastOutboundAt: number | null;
}

/**
 * One platform. `send`, `edit`, `file` and `describeCommands` never reject, and never repeat by themselves what the
 * platform called too fast: they say `wait`, and the core's queue of that chat waits.
 */
export interface Adapter {
  readonly platform: Platform;
  readonly capabilities: Capabilities;
  /**
   * Resolves when it is connected, or when it knows that it will have to try for longer (`health` tells). Rejects with
   * an `HqError` only where trying again is useless. From then on it keeps itself connected.
   */
  start(receiver: Receiver): Promise<void>;
  /** Takes nothing in any more, lets what is being sent end (10 s at most), and leaves the platform. */
  stop(): Promise<void>;
  health(): AdapterHealth;
  send(location: ChatLocation, card: Card): Promise<SendResult>;
  /** Replaces the whole message, its buttons too. An edit that changes nothing is `ok`. */
  edit(handle: Handle, card: Card): Promise<SendResult>;
  /** Sends text as a file, with one sentence beside it. */
  file(
    location: ChatLocation,
    file: { readonly name: string; readonly text: string; readonly note: string },
  ): Promise<SendResult>;
  /** Makes the platform's menu or structured commands of these. Called after `start`, and again when they change. */
  describeCommands(commands: readonly CommandDescription[]): Promise<SendResult>;
}

/** One command for menus and structured options. */
export interface CommandDescription {
  /** One word, or a group and a word, all `^[a-z][a-z0-9_]{0,31}$`. At most 25 first words, and 25 in a group. */
  readonly path: readonly [string] | readonly [string, string];
  readonly summary: string;
  /** The required ones first; at most 25. */
  readonly arguments: readonly ArgumentDescription[];
  /** For menus that hold few: the smaller, the earlier. */
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
  /** Whether the receiver's `complete` knows what may stand here. */
  readonly completes: boolean;
  readonly min?: number;
  readonly max?: number;
  readonly maxLength?: number;
}

/**
 * What a platform's folder exports, as `slack`, `discord` and `telegram` from its `index.ts`. That file loads nothing
 * of the platform's library: the core asks every platform whether it is configured, and loads the library in the
 * isolate alone.
 */
export interface PlatformModule {
  readonly platform: Platform;
  /** The names of its environment variables: an isolate gets these and no other. */
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

/** What `hq-bots check` says about one thing, in one sentence each. */
export interface Finding {
  readonly ok: boolean;
  readonly sentence: string;
  /** What to do about it. */
  readonly hint?: string;
}

import type { Capabilities } from '../../contract/adapter.ts';
import type { ArgumentValues, CommandDefinition } from '../../contract/command.ts';
import type { ChatLocation, Platform } from '../../contract/inbound.ts';
import type { ActionTable } from '../action-table.ts';
import type { Autocomplete } from '../api/autocomplete.ts';
import type { ChatApi, Delivery } from '../api/chat-api.ts';
import type { Blockers } from '../cards/blockers.ts';
import type { Buttons } from '../cards/buttons.ts';
import type { ExpiringCards } from '../cards/expiring-cards.ts';
import type { CardDetails, LiveCommandCards } from '../cards/live-command-cards.ts';
import type { Outbox } from '../cards/outbox.ts';
import type { Responder } from '../cards/responder.ts';
import type { CommandRegistry } from '../parse/command-registry.ts';
import type { PendingPrompts } from '../parse/pending-prompts.ts';

/** A chat command: an action of the catalogue, or one of chat's own. */
export interface Command extends CommandDefinition {
  /**
   * Runs the command and shows the result, or returns the command that has to run in its place. Throws an `HqError`
   * for the dispatcher to show; a command shows no error itself.
   */
  run(context: CommandContext): Promise<Redirect | undefined>;
}

/** Another command that runs in place of this one. */
export interface Redirect {
  readonly command: string;
  readonly values: ArgumentValues;
  readonly details?: CardDetails;
  /** Keeps the message whose button was pressed as it is. */
  readonly inNewMessage?: boolean;
}

/** One request on its way through a command. */
export interface CommandContext {
  readonly delivery: Delivery;
  readonly values: ArgumentValues;
  readonly responder: Responder;
  readonly services: Services;
  /** Passed on by the command that redirected here. */
  readonly details?: CardDetails;
}

/** The parts of the core that commands and the dispatcher work with. */
export interface Services {
  readonly api: ChatApi;
  readonly actions: ActionTable;
  readonly registry: CommandRegistry<Command>;
  readonly buttons: Buttons;
  readonly prompts: PendingPrompts;
  readonly cards: LiveCommandCards;
  readonly expiringCards: ExpiringCards;
  readonly autocomplete: Autocomplete;
  readonly blockers: Blockers;
  /** Epoch milliseconds by the database's clock. */
  now(): number;
  capabilities(platform: Platform): Capabilities;
  outbox(platform: Platform): Outbox;
  /** Writes the commands between backticks as people write them there. */
  phrase(text: string, place: ChatLocation): string;
  /** Fills the menu of a direct chat with what its person may do. */
  describeTo(chat: ChatLocation, commands: readonly Command[]): void;
  /** Reloads the subscriptions of the platform's chats. */
  onSubscriptionsChanged(platform: Platform): void;
  /** Refreshes the messages of alerts that were acknowledged or muted. */
  onAlertsDecided(): void;
  /** The state of the database and of each adapter, for `doctor`. */
  health(): readonly { readonly label: string; readonly value: string; readonly ok: boolean }[];
}

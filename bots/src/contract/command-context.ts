import type { ActionTable } from '../core/action-table.ts';
import type { Autocomplete } from '../core/api/autocomplete.ts';
import type { ChatApi, Delivery } from '../core/api/chat-api.ts';
import type { Blockers } from '../core/cards/blockers.ts';
import type { Buttons } from '../core/cards/buttons.ts';
import type { ExpiringCards } from '../core/cards/expiring-cards.ts';
import type { LiveCommandCards } from '../core/cards/live-command-cards.ts';
import type { Outbox } from '../core/cards/outbox.ts';
import type { CommandRegistry } from '../core/parse/command-registry.ts';
import type { PendingPrompts } from '../core/parse/pending-prompts.ts';
import type { Capabilities } from './adapter.ts';
import type { Card, Handle } from './card.ts';
import type { Platform } from './inbound.ts';

/** What a command works with. */
export interface Services {
  readonly api: ChatApi;
  readonly actions: ActionTable;
  readonly registry: CommandRegistry;
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
  /** Somebody has changed what comes to a chat of the platform. */
  onSubscriptionsChanged(platform: Platform): void;
  /** Somebody has decided about alerts, wherever those are shown. */
  onAlertsDecided(): void;
  /** How each adapter and the database are, as lines for `doctor`. */
  health(): readonly { readonly label: string; readonly value: string; readonly ok: boolean }[];
}

/** One request on its way: who said what, and the way back. */
export interface CommandContext {
  readonly delivery: Delivery;
  readonly values: Readonly<Record<string, string>>;
  /** Whether the answer is for who asked alone. */
  readonly isPrivate: boolean;
  /** The card whose button was pressed. */
  readonly message: Handle | null;
  readonly services: Services;
  /** Shows a card to who asked; gives where it can be edited. The first one takes the place of "working on it". */
  answer(card: Card, options?: { readonly private?: boolean }): Promise<Handle | null>;
  /** Puts a card in the place of the one whose button was pressed; elsewhere it answers. */
  replace(card: Card): Promise<Handle | null>;
}

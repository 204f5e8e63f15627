import type { LiveQuery } from '@hq/shared/live';
import type { Log } from '@hq/shared/log';
import { withinLimit } from '@hq/shared/program';
import { type CommandRow, isFinished } from '@hq/shared/rows';
import type { Capabilities } from '../../contract/adapter.ts';
import type { Card, Handle } from '../../contract/card.ts';
import type { ChatLocation, Platform } from '../../contract/inbound.ts';
import { type ChatApi, isUnreachable } from '../api/chat-api.ts';
import type { RowQueries } from '../api/row-queries.ts';
import { createRepeater, type Repeater } from '../repeater.ts';
import { type CardStore, createCardStore } from './card-store.ts';
import { type CommandView, type CommandViewOptions, createCommandView } from './command-view.ts';
import { handleKey } from './handle-key.ts';
import { editEveryMs, type Outbox } from './outbox.ts';
import type { Responder } from './responder.ts';

export interface CardDetails {
  /** The address of the person who requested it. */
  readonly askedBy?: string | null;
  /** The decision, its author and its time. */
  readonly stamp?: string;
  /** Limits the output to lines that contain this. */
  readonly grep?: string;
}

/** A card that follows its command. */
interface FollowedCard {
  readonly location: ChatLocation;
  readonly askedBy: string | null;
  readonly stamp: string | undefined;
  readonly grep: string | undefined;
  /** Only one person sees the card. */
  readonly isPrivate: boolean;
  /** Sends the end as a new message if there is none to edit. */
  readonly sendEnd: ((card: Card) => Promise<unknown>) | null;
  readonly view: CommandView;
  handle: Handle | null;
  row: CommandRow;
  /** The last card as people saw it. */
  shown: string;
  readonly refreshing: Repeater;
}

export interface LiveCommandCardsOptions extends CommandViewOptions {
  readonly api: Pick<ChatApi, 'storeCard' | 'openCards'>;
  readonly rows: RowQueries;
  readonly capabilities: (platform: Platform) => Capabilities;
  readonly outbox: (platform: Platform) => Outbox;
  readonly log: Log;
}

/** Milliseconds between two refreshes of a card, at least. */
const minPauseMs = 1_500;
/** Milliseconds between two looks at what keeps a pending command waiting. */
const pendingPauseMs = 5_000;
const retryMs = 1_000;
/** Milliseconds that a card waits for its place to be stored. */
const storeFirstMs = 1_000;

/** Keeps one card for each command up to date until the command ends, also across restarts. */
export class LiveCommandCards {
  readonly #options: LiveCommandCardsOptions;
  readonly #store: CardStore;
  readonly #followed = new Set<FollowedCard>();
  readonly #live: LiveQuery<CommandRow>;
  #unsubscribe: (() => void) | null = null;

  constructor(options: LiveCommandCardsOptions) {
    this.#options = options;
    this.#store = createCardStore(options.api, options.log);
    this.#live = options.rows.commands(() => [...new Set([...this.#followed].map(({ row }) => row.id))]);
  }

  /** Shows a command to its sender and follows it. */
  async show(responder: Responder, row: CommandRow, details: CardDetails = {}): Promise<void> {
    const { sender, message } = responder;
    const { askedBy = null, stamp, grep } = details;
    const card = this.#newCard(sender, row, {
      askedBy,
      stamp,
      grep,
      isPrivate: responder.isPrivate && this.#options.capabilities(sender.platform).private,
      sendEnd: (view) => responder.answer(view, { replaces: true }),
      handle: null,
    });
    const view = await this.#render(card);
    card.shown = visiblePart(view);
    // A card that people see is not lost by a crash, so its place is stored first, unless the database is slow.
    const storing = isFinished(row) || message === null ? null : this.#save(card, message, false);
    if (storing !== null) await withinLimit(storeFirstMs, storing);
    card.handle = await responder.replace(view);
    if (isFinished(row)) return;
    this.#follow(card);
    await storing;
    const isLost = card.handle === null && !card.isPrivate;
    if (isLost && message !== null) await this.#save(card, message, true);
    const isStored = message !== null && isSame(card.handle, message);
    if (!isLost && !isStored && this.#followed.has(card)) await this.#save(card, card.handle, false);
  }

  /** Follows the cards of an earlier process. */
  async resume(platform: Platform): Promise<void> {
    for (const { location, handle, row, askedBy, stamp, isPrivate } of await this.#store.load(platform)) {
      const isFollowed = [...this.#followed].some(
        (card) => card.row.id === row.id && card.location.channel === location.channel,
      );
      if (isFollowed) continue;
      const card = this.#newCard(location, row, {
        askedBy,
        stamp,
        grep: undefined,
        isPrivate,
        sendEnd: isPrivate ? (view) => this.#sendEndToAll(location, view) : null,
        handle: isPrivate ? null : handle,
      });
      this.#follow(card);
      card.refreshing.request(0);
    }
  }

  /** The number of cards that are followed. */
  size(): number {
    return this.#followed.size;
  }

  async stop(): Promise<void> {
    this.#store.stop();
    for (const { refreshing } of this.#followed) refreshing.stop();
    this.#followed.clear();
    this.#live.close();
  }

  #newCard(
    location: ChatLocation,
    row: CommandRow,
    given: Pick<FollowedCard, 'askedBy' | 'stamp' | 'grep' | 'isPrivate' | 'sendEnd' | 'handle'>,
  ): FollowedCard {
    const card: FollowedCard = {
      ...given,
      location,
      row,
      view: createCommandView(this.#options),
      shown: '',
      refreshing: createRepeater(() => this.#update(card)),
    };
    return card;
  }

  readonly #onRows = (): void => {
    const byId = new Map(this.#live.getSnapshot().rows.map((row) => [row.id, row]));
    for (const card of this.#followed) {
      const row = byId.get(card.row.id);
      // A snapshot may be older than the row that the request itself returned.
      if (row === undefined || Date.parse(row.updated_at) <= Date.parse(card.row.updated_at)) continue;
      card.row = row;
      card.refreshing.request(0);
    }
  };

  #follow(card: FollowedCard): void {
    // A delivery that came twice replaces its own card.
    for (const other of this.#followed) {
      if (card.handle !== null && isSame(other.handle, card.handle)) this.#unfollow(other);
    }
    this.#followed.add(card);
    this.#unsubscribe ??= this.#live.subscribe(this.#onRows);
    this.#live.refresh();
    card.refreshing.request(this.#pauseMs(card));
  }

  #unfollow(card: FollowedCard): void {
    card.refreshing.stop();
    this.#followed.delete(card);
    if (this.#followed.size > 0) return;
    this.#unsubscribe?.();
    this.#unsubscribe = null;
  }

  /** Milliseconds until the card is refreshed though no row has changed: new output and new blockers change none. */
  #pauseMs({ location, row }: FollowedCard): number {
    const editPauseMs = editEveryMs(this.#options.capabilities(location.platform), location);
    return Math.max(minPauseMs, editPauseMs, row.status === 'pending' ? pendingPauseMs : 0);
  }

  /** Shows the card's present state; returns the milliseconds until the next time. */
  async #update(card: FollowedCard): Promise<number | null> {
    const { row } = card;
    try {
      const view = await this.#render(card);
      const shown = visiblePart(view);
      if (shown !== card.shown || isFinished(row)) {
        card.shown = shown;
        await this.#send(card, view, row);
      }
    } catch (error) {
      if (!isUnreachable(error)) {
        this.#options.log.warn({ err: error, command: row.id }, 'a command card could not be updated');
      }
      return retryMs;
    }
    if (!isFinished(row)) return this.#pauseMs(card);
    this.#unfollow(card);
    await this.#save(card, card.handle, true);
    return null;
  }

  async #send(card: FollowedCard, view: Card, row: CommandRow): Promise<void> {
    const { location, handle, sendEnd } = card;
    const outbox = this.#options.outbox(location.platform);
    if (handle === null) {
      if (isFinished(row)) await sendEnd?.(view);
      return;
    }
    const sent = await outbox.edit(location, handle, view);
    if (sent.ok || !isFinished(row)) return;
    const { problem } = sent;
    if (problem.kind === 'moved') {
      // The message stays in the old chat, where nobody can change it.
      await outbox.send({ ...location, channel: problem.channel }, view, { urgent: true });
    } else if (problem.kind !== 'gone') {
      this.#options.log.warn({ command: row.id, problem }, 'the end of a command could not be shown');
    } else if (sendEnd !== null) await sendEnd(view);
    else await outbox.send(location, view, { urgent: true });
  }

  /** Sends the end of a private card after a restart. In a group, others see it: it has no output. */
  #sendEndToAll(location: ChatLocation, view: Card): Promise<unknown> {
    const { body: _body, fields: _fields, ...outcome } = view;
    const card = location.kind === 'direct' ? view : outcome;
    return this.#options.outbox(location.platform).send(location, card, { urgent: true });
  }

  #render({ view, row, location, askedBy, stamp, grep, isPrivate }: FollowedCard): Promise<Card> {
    const { maxText } = this.#options.capabilities(location.platform);
    // Its only reader is the one who asked.
    const named = location.kind === 'group' && !isPrivate ? askedBy : null;
    return view({ row, location, maxText, askedBy: named, stamp, grep });
  }

  async #save(card: FollowedCard, handle: Handle | null, isClosed: boolean): Promise<void> {
    if (handle === null && !card.isPrivate) return;
    const { location, row, stamp, isPrivate } = card;
    await this.#store.save({ location, row, stamp, isPrivate, handle: handle ?? {} }, isClosed);
  }
}

function isSame(one: Handle | null, other: Handle | null): boolean {
  return one === null || other === null ? one === other : handleKey(one) === handleKey(other);
}

/** Leaves out the tokens of buttons, which nobody sees. */
function visiblePart(view: Card): string {
  return JSON.stringify({ ...view, buttons: view.buttons?.map(({ label }) => label) });
}

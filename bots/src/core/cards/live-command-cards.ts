import { setTimeout as delay } from 'node:timers/promises';
import type { Log } from '@hq/shared/log';
import { type CommandRow, isFinished } from '@hq/shared/rows';
import type { Capabilities } from '../../contract/adapter.ts';
import type { Button, Card, Handle } from '../../contract/card.ts';
import type { CommandContext } from '../../contract/command-context.ts';
import type { ChatLocation, Platform } from '../../contract/inbound.ts';
import type { ActionTable } from '../action-table.ts';
import { type ChatApi, isUnreachable } from '../api/chat-api.ts';
import type { RowQueries } from '../api/row-queries.ts';
import type { Blockers } from './blockers.ts';
import type { Buttons } from './buttons.ts';
import { createCardStore } from './card-store.ts';
import { commandButtons } from './command-buttons.ts';
import { matchingLines } from './matching-lines.ts';
import { editEveryMs, type Outbox } from './outbox.ts';
import { renderCommandCard } from './render-command-card.ts';

/** One card for one row, kept up to date until the row has ended, over restarts of this program too. */
export interface LiveCommandCards {
  /** Shows the row to who asked for it. */
  show(context: CommandContext, row: CommandRow, shown?: CardDetails): Promise<void>;
  /** Brings the cards of an earlier run up to date. */
  resume(platform: Platform): Promise<void>;
  /** How many rows are followed. */
  size(): number;
  /** Follows nothing any longer. */
  stop(): Promise<void>;
}

/** What a card says besides what the row says. */
export interface CardDetails {
  /** Who decided, and when. */
  readonly stamp?: string;
  /** Only lines that hold this are shown of what it writes. */
  readonly grep?: string;
}

interface FollowedCard {
  readonly location: ChatLocation;
  readonly stamp: string | undefined;
  readonly grep: string | undefined;
  /** Whether only one person sees the card. */
  readonly isPrivate: boolean;
  /** Where there is no message that could be edited: says it anew. */
  readonly sayAgain: ((card: Card) => Promise<unknown>) | null;
  handle: Handle | null;
  row: CommandRow;
  shown: string;
  buttons: readonly Button[];
  buttonsFor: string;
  isBusy: boolean;
  isDirty: boolean;
  timer: NodeJS.Timeout | null;
}

export interface LiveCommandCardsOptions {
  readonly api: Pick<ChatApi, 'storeCard' | 'openCards'>;
  readonly rows: RowQueries;
  readonly blockers: Blockers;
  readonly actions: ActionTable;
  readonly buttons: Buttons;
  readonly capabilities: (platform: Platform) => Capabilities;
  readonly outbox: (platform: Platform) => Outbox;
  readonly now: () => number;
  readonly log: Log;
}

const leastPauseMs = 1_500;
/** How soon a card tells what its command waits for. */
const waitingPauseMs = 5_000;

export function createLiveCommandCards(options: LiveCommandCardsOptions): LiveCommandCards {
  const { rows, blockers, actions, capabilities, outbox, now, log } = options;
  const kept = createCardStore(options.api, log);
  const followed = new Set<FollowedCard>();
  let isStopping = false;
  const live = rows.commands(() => [...new Set([...followed].map(({ row }) => row.id))]);
  let unsubscribe: (() => void) | null = null;

  function onRows(): void {
    const byId = new Map(live.getSnapshot().rows.map((row) => [row.id, row]));
    for (const card of followed) {
      const row = byId.get(card.row.id);
      if (row === undefined || Date.parse(row.updated_at) <= Date.parse(card.row.updated_at)) continue;
      card.row = row;
      touch(card);
    }
  }

  function follow(card: FollowedCard): void {
    // The same press that came twice.
    for (const other of followed) {
      if (card.handle !== null && isSame(other.handle, card.handle)) unfollow(other);
    }
    followed.add(card);
    unsubscribe ??= live.subscribe(onRows);
    live.refresh();
    schedule(card);
  }

  function unfollow(card: FollowedCard): void {
    if (card.timer !== null) clearTimeout(card.timer);
    followed.delete(card);
    if (followed.size > 0 || unsubscribe === null) return;
    unsubscribe();
    unsubscribe = null;
  }

  function touch(card: FollowedCard): void {
    card.isDirty = true;
    if (card.isBusy || !followed.has(card)) return;
    card.isBusy = true;
    void bringUpToDate(card).finally(() => {
      card.isBusy = false;
      if (card.isDirty && followed.has(card)) touch(card);
      else schedule(card);
    });
  }

  /** What a command writes, and what it waits for, changes no row: its card is looked at again. */
  function schedule(card: FollowedCard): void {
    if (card.timer !== null) clearTimeout(card.timer);
    card.timer = null;
    if (!followed.has(card) || isStopping) return;
    const pauseMs = Math.max(leastPauseMs, editEveryMs(capabilities(card.location.platform), card.location));
    card.timer = setTimeout(
      () => touch(card),
      card.row.status === 'pending' ? Math.max(pauseMs, waitingPauseMs) : pauseMs,
    );
  }

  async function bringUpToDate(card: FollowedCard): Promise<void> {
    card.isDirty = false;
    const { row } = card;
    try {
      const view = await cardOf(card, row);
      const shown = asShown(view);
      if (shown !== card.shown || isFinished(row)) {
        card.shown = shown;
        await tell(card, view, row);
      }
    } catch (error) {
      if (!isUnreachable(error))
        log.warn({ err: error, command: row.id }, 'a card could not be brought up to date');
      await delay(1_000);
      card.isDirty = true;
      return;
    }
    if (!isFinished(row)) return;
    unfollow(card);
    await keep(card, card.handle, true);
  }

  async function tell(card: FollowedCard, view: Card, row: CommandRow): Promise<void> {
    const box = outbox(card.location.platform);
    const { handle } = card;
    if (handle === null) {
      // It cannot be edited, so it is said once more, when it has ended.
      if (isFinished(row)) await card.sayAgain?.(view);
      return;
    }
    const sent = await box.edit(card.location, handle, view);
    if (sent.ok || !isFinished(row)) return;
    if (sent.problem.kind === 'moved') {
      // The message stays where nobody can change it any more.
      await box.send({ ...card.location, channel: sent.problem.channel }, view, { urgent: true });
      return;
    }
    if (sent.problem.kind !== 'gone') {
      log.warn({ command: row.id, problem: sent.problem }, 'the end of a command could not be shown');
      return;
    }
    if (card.sayAgain !== null) await card.sayAgain(view);
    else await box.send(card.location, view, { urgent: true });
  }

  /** What one person saw cannot be changed any more. The end of it is told anew, and to others without what it wrote. */
  function tellEnd(location: ChatLocation, view: Card): Promise<unknown> {
    const { body: _body, fields: _fields, ...outcome } = view;
    return outbox(location.platform).send(location, location.kind === 'direct' ? view : outcome, {
      urgent: true,
    });
  }

  async function cardOf(card: FollowedCard, row: CommandRow): Promise<Card> {
    const hasOutput = row.status === 'running' || isFinished(row);
    const { gateway_id: id } = row;
    const [output, gateway, blocker] = await Promise.all([
      hasOutput && row.runner_id !== null ? rows.lastOutput(row.id) : '',
      id === null ? null : rows.gatewaySlug(id),
      id === null || row.status !== 'pending' ? null : blockers.find(row.action, { id }),
    ]);
    const { maxText } = capabilities(card.location.platform);
    const isLong = isFinished(row) && output.length > maxText / 2;
    const buttonsFor = `${row.status}${isLong}${row.cancel_requested_at === null}`;
    if (buttonsFor !== card.buttonsFor) {
      card.buttonsFor = buttonsFor;
      card.buttons = commandButtons(options, card.location, row, gateway, isLong);
    }
    return renderCommandCard(actions, {
      row,
      gateway,
      output: card.grep === undefined ? output : holding(output, card.grep),
      stamp: card.stamp,
      blocker,
      buttons: card.buttons,
      now: now(),
      maxText,
    });
  }

  async function keep(card: FollowedCard, handle: Handle | null, isOver: boolean): Promise<void> {
    if (handle !== null || card.isPrivate) await kept.save({ ...card, handle: handle ?? {} }, isOver);
  }

  return {
    async show(context, row, { stamp, grep } = {}) {
      const card: FollowedCard = {
        ...unshown,
        location: context.delivery.sender,
        stamp,
        grep,
        isPrivate: context.isPrivate && capabilities(context.delivery.sender.platform).private,
        sayAgain: (view) => context.answer(view),
        handle: null,
        row,
      };
      const view = await cardOf(card, row);
      card.shown = asShown(view);
      // Where the card is going to be is known before a press is answered, and a crash in between must not lose it.
      const early = context.message;
      const keeping = isFinished(row) || early === null ? null : keep(card, early, false);
      card.handle = await context.replace(view);
      if (isFinished(row)) return;
      follow(card);
      await keeping;
      const isLost = card.handle === null && !card.isPrivate;
      if (isLost && early !== null) await keep(card, early, true);
      const isKept = early !== null && isSame(card.handle, early);
      if (!isLost && !isKept && followed.has(card)) await keep(card, card.handle, false);
    },
    async resume(platform) {
      for (const { location, handle, row, stamp, isPrivate } of await kept.load(platform)) {
        const isFollowed = [...followed].some(
          (card) => card.row.id === row.id && card.location.channel === location.channel,
        );
        if (isFollowed) continue;
        const card: FollowedCard = {
          ...unshown,
          location,
          stamp,
          grep: undefined,
          isPrivate,
          sayAgain: isPrivate ? (view) => tellEnd(location, view) : null,
          handle: isPrivate ? null : handle,
          row,
        };
        follow(card);
        touch(card);
      }
    },
    size: () => followed.size,
    async stop() {
      isStopping = true;
      kept.stop();
      for (const card of followed) if (card.timer !== null) clearTimeout(card.timer);
      followed.clear();
      live.close();
    },
  };
}

const unshown = {
  shown: '',
  buttons: [],
  buttonsFor: '',
  isBusy: false,
  isDirty: false,
  timer: null,
} satisfies Partial<FollowedCard>;

function isSame(one: Handle | null, other: Handle | null): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

/** What somebody sees of it: buttons by what they say, not by their tokens. */
function asShown(view: Card): string {
  return JSON.stringify({ ...view, buttons: view.buttons?.map(({ label }) => label) });
}

function holding(output: string, wanted: string): string {
  const lines = matchingLines(output, wanted);
  return lines.length === 0 ? `no line holds ${wanted}` : lines.join('\n');
}

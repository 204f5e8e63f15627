import { setTimeout as delay } from 'node:timers/promises';
import { type CommandRow, isFinished } from '@hq/shared/rows';
import type { Log } from '../log.ts';
import { type ActionTable, actionOf } from './action-table.ts';
import type { Capabilities } from './adapter.ts';
import type { Asked } from './asked.ts';
import type { BotRows } from './bot-rows.ts';
import type { Buttons } from './buttons.ts';
import type { Button, Card, Handle } from './card.ts';
import { type ChatHq, isAway, type OpenCard } from './chat-hq.ts';
import { commandCard } from './command-card.ts';
import type { Place, Platform } from './inbound.ts';
import { editEveryMs, type Outbox } from './outbox.ts';

/** One card for one row, kept up to date until the row has ended, over restarts of this program too. */
export interface CommandCards {
  /** Shows the row to who asked for it. */
  show(asked: Asked, row: CommandRow, shown?: ShownAs): Promise<void>;
  /** Replaces a card that nobody has answered by then. A card that is shown there first keeps its place. */
  expire(place: Place, handle: Handle, afterMs: number, card: Card): void;
  /** Brings the cards of an earlier run up to date. */
  resume(platform: Platform): Promise<void>;
  /** How many rows are followed. */
  size(): number;
  /** Tells what is known of the rows once more, and follows them no longer. */
  stop(): Promise<void>;
}

/** What a card says besides what the row says. */
export interface ShownAs {
  /** Who decided, and when. */
  readonly stamp?: string;
  /** Only lines that hold this are shown of what it writes. */
  readonly grep?: string;
}

interface Followed {
  readonly place: Place;
  readonly stamp: string | undefined;
  readonly grep: string | undefined;
  /** Whether the card is kept in the database; one that only one person sees is not. */
  readonly isKept: boolean;
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

export interface CommandCardsOptions {
  readonly hq: Pick<ChatHq, 'keepCard' | 'openCards'>;
  readonly rows: BotRows;
  readonly actions: ActionTable;
  readonly buttons: Buttons;
  readonly capabilities: (platform: Platform) => Capabilities;
  readonly outbox: (platform: Platform) => Outbox;
  readonly now: () => number;
  readonly log: Log;
}

/** The stamp of a card is kept beside its handle: who pressed what is in no row. */
const stampKey = 'hq_stamp';
const keepPatienceMs = 600_000;

export function createCommandCards(options: CommandCardsOptions): CommandCards {
  const { hq, rows, actions, buttons, capabilities, outbox, now, log } = options;
  const followed = new Set<Followed>();
  const expiring = new Map<string, NodeJS.Timeout>();
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

  function follow(card: Followed): void {
    // The same press that came twice.
    for (const other of followed) {
      if (card.handle !== null && JSON.stringify(other.handle) === JSON.stringify(card.handle))
        unfollow(other);
    }
    followed.add(card);
    unsubscribe ??= live.subscribe(onRows);
    live.refresh();
    schedule(card);
  }

  function unfollow(card: Followed): void {
    if (card.timer !== null) clearTimeout(card.timer);
    followed.delete(card);
    if (followed.size > 0 || unsubscribe === null) return;
    unsubscribe();
    unsubscribe = null;
  }

  function touch(card: Followed): void {
    card.isDirty = true;
    if (card.isBusy || !followed.has(card)) return;
    card.isBusy = true;
    void bringUpToDate(card).finally(() => {
      card.isBusy = false;
      if (card.isDirty && followed.has(card)) touch(card);
      else schedule(card);
    });
  }

  /** What a command writes changes no row: while it runs its card is looked at again. */
  function schedule(card: Followed): void {
    if (card.timer !== null) clearTimeout(card.timer);
    card.timer = null;
    if (!followed.has(card) || isStopping) return;
    const pause = Math.max(1_500, editEveryMs(capabilities(card.place.platform), card.place));
    card.timer = setTimeout(() => {
      if (card.row.status === 'running') touch(card);
      else schedule(card);
    }, pause);
  }

  async function bringUpToDate(card: Followed): Promise<void> {
    card.isDirty = false;
    const { row } = card;
    try {
      const view = await cardOf(card, row);
      const shown = JSON.stringify({ ...view, buttons: view.buttons?.map(({ label }) => label) });
      if (shown !== card.shown || isFinished(row)) {
        card.shown = shown;
        await tell(card, view, row);
      }
    } catch (error) {
      if (!isAway(error)) log.warn({ err: error, command: row.id }, 'a card could not be brought up to date');
      await delay(1_000);
      card.isDirty = true;
      return;
    }
    if (!isFinished(row)) return;
    unfollow(card);
    if (card.isKept && card.handle !== null) await keep(card, true);
  }

  async function tell(card: Followed, view: Card, row: CommandRow): Promise<void> {
    const box = outbox(card.place.platform);
    const { handle } = card;
    if (handle === null) {
      // It cannot be edited, so it is said once more, when it has ended.
      if (isFinished(row)) await card.sayAgain?.(view);
      return;
    }
    const sent = await box.edit(card.place, handle, view);
    if (sent.ok || !isFinished(row)) return;
    if (sent.problem.kind === 'moved') {
      // The message stays where nobody can change it any more.
      await box.send({ ...card.place, channel: sent.problem.channel }, view, { urgent: true });
      return;
    }
    if (sent.problem.kind !== 'gone') {
      log.warn({ command: row.id, problem: sent.problem }, 'the end of a command could not be shown');
      return;
    }
    if (card.sayAgain !== null) await card.sayAgain(view);
    else await box.send(card.place, view, { urgent: true });
  }

  async function cardOf(card: Followed, row: CommandRow): Promise<Card> {
    const hasOutput = row.status === 'running' || isFinished(row);
    const [output, gateway] = await Promise.all([
      hasOutput && row.runner_id !== null ? rows.lastOutput(row.id) : '',
      row.gateway_id === null ? null : rows.gatewaySlug(row.gateway_id),
    ]);
    const { maxText } = capabilities(card.place.platform);
    const isLong = isFinished(row) && output.length > maxText / 2;
    const buttonsFor = `${row.status}${isLong}${row.cancel_requested_at === null}`;
    if (buttonsFor !== card.buttonsFor) {
      card.buttonsFor = buttonsFor;
      card.buttons = buttonsOf(card.place, row, gateway, isLong);
    }
    return commandCard(actions, {
      row,
      gateway,
      output: card.grep === undefined ? output : holding(output, card.grep),
      stamp: card.stamp,
      buttons: card.buttons,
      now: now(),
      maxText,
    });
  }

  function buttonsOf(place: Place, row: CommandRow, gateway: string | null, isLong: boolean): Button[] {
    const offer = (label: string, command: string, values: Record<string, string>): Button =>
      buttons.offer(place, { label, intent: { command, values }, user: null });
    const target = {
      ...(gateway !== null && { gateway }),
      ...(row.agent_slug !== null && { agent: row.agent_slug }),
    };
    if (!isFinished(row)) {
      return row.cancel_requested_at === null ? [offer('Cancel', 'cancel', { command: row.id })] : [];
    }
    const action = actionOf(actions, row.action);
    const undo = action?.undo;
    const undone = undo === undefined ? undefined : actionOf(actions, undo);
    return [
      ...(row.status === 'done' && undo !== undefined && undone !== undefined
        ? [offer(undone.title, undo, targetFor(undone.target, target))]
        : []),
      ...(row.status === 'failed' && action !== undefined
        ? [offer('Retry', row.action, { ...targetFor(action.target, target), ...textsOf(row.payload) })]
        : []),
      ...(isLong ? [offer('All output', 'output', { command: row.id })] : []),
    ];
  }

  async function keep(card: Followed, closed: boolean): Promise<void> {
    if (card.handle === null) return;
    const { place, row, stamp } = card;
    const kept: OpenCard = {
      command_id: row.id,
      platform: place.platform,
      install: place.install,
      channel: place.channel,
      thread: place.thread,
      handle: { ...card.handle, ...(stamp !== undefined && { [stampKey]: stamp }) },
      shown: row.status,
      closed,
    };
    const until = Date.now() + keepPatienceMs;
    for (let pause = 500; ; pause = Math.min(pause * 2, 15_000)) {
      try {
        await hq.keepCard(kept);
        return;
      } catch (error) {
        if (!isAway(error) || Date.now() > until || isStopping) {
          log.warn({ err: error, command: row.id }, 'where a card is could not be kept');
          return;
        }
        await delay(pause);
      }
    }
  }

  return {
    async show(asked, row, { stamp, grep } = {}) {
      const { speaker } = asked.said;
      const card: Followed = {
        place: speaker,
        stamp,
        grep,
        isKept: !asked.isPrivate,
        sayAgain: (view) => asked.answer(view),
        handle: null,
        row,
        shown: '',
        buttons: [],
        buttonsFor: '',
        isBusy: false,
        isDirty: false,
        timer: null,
      };
      const view = await cardOf(card, row);
      card.shown = JSON.stringify({ ...view, buttons: view.buttons?.map(({ label }) => label) });
      // Where the card is going to be is known before a press is answered, and a crash in between must not lose it.
      const early = card.isKept && !isFinished(row) ? asked.message : null;
      const keeping = early === null ? null : keep({ ...card, handle: early }, false);
      card.handle = await asked.replace(view);
      if (card.handle !== null) {
        const pending = expiring.get(JSON.stringify(card.handle));
        if (pending !== undefined) clearTimeout(pending);
        expiring.delete(JSON.stringify(card.handle));
      }
      if (isFinished(row)) return;
      follow(card);
      await keeping;
      if (card.handle === null && early !== null) await keep({ ...card, handle: early }, true);
      const isElsewhere = JSON.stringify(card.handle) !== JSON.stringify(early);
      if (card.isKept && isElsewhere && followed.has(card)) await keep(card, false);
    },
    expire(place, handle, afterMs, card) {
      const key = JSON.stringify(handle);
      const timer = setTimeout(() => {
        expiring.delete(key);
        void outbox(place.platform).edit(place, handle, card);
      }, afterMs);
      timer.unref();
      expiring.set(key, timer);
    },
    async resume(platform) {
      for (const { handle, command, install, channel, thread } of await hq.openCards(platform)) {
        const { [stampKey]: stamp, ...message } = handle;
        const place: Place = { platform, install, channel, thread, kind: 'group' };
        const isFollowed = [...followed].some(
          (card) => card.row.id === command.id && card.place.channel === channel,
        );
        if (isFollowed) continue;
        const card: Followed = {
          place,
          stamp,
          grep: undefined,
          isKept: true,
          sayAgain: null,
          handle: message,
          row: command,
          shown: '',
          buttons: [],
          buttonsFor: '',
          isBusy: false,
          isDirty: false,
          timer: null,
        };
        follow(card);
        touch(card);
      }
    },
    size: () => followed.size,
    async stop() {
      isStopping = true;
      for (const timer of expiring.values()) clearTimeout(timer);
      for (const card of followed) if (card.timer !== null) clearTimeout(card.timer);
      followed.clear();
      live.close();
    },
  };
}

function holding(output: string, wanted: string): string {
  const lines = output.split('\n').filter((line) => line.toLowerCase().includes(wanted.toLowerCase()));
  return lines.length === 0 ? `no line holds ${wanted}` : lines.join('\n');
}

function targetFor(
  kind: 'gateway' | 'agent' | 'workspace',
  target: { gateway?: string; agent?: string },
): Record<string, string> {
  if (kind === 'gateway') return target.gateway === undefined ? {} : { gateway: target.gateway };
  return kind === 'agent' && target.agent !== undefined ? { agent: target.agent } : {};
}

function textsOf(payload: Readonly<Record<string, unknown>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(payload).flatMap(([key, value]) =>
      typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
        ? [[key, String(value)]]
        : [],
    ),
  );
}

import type { Log } from '@hq/shared/log';
import { byTime, microseconds } from '@hq/shared/text';
import type { Card } from '../../contract/card.ts';
import type { ChatLocation, SendProblem, SendResult } from '../../contract/inbound.ts';
import type { AlertDelivery, Subscription } from '../api/chat-api.ts';
import type { Buttons } from '../cards/buttons.ts';
import type { Outbox } from '../cards/outbox.ts';
import type { AlertAgent } from './alert-agents.ts';
import { createAlertMessages } from './alert-messages.ts';
import { createAlertQueue } from './alert-queue.ts';
import { type AlertRow, needsAnnouncement } from './alert-row.ts';
import { type AlertTiming, overlapMs, retryDelay } from './alert-timing.ts';
import { matchesFilter } from './matches-filter.ts';
import { countFitting } from './render-alert-card.ts';

/** One chat that wants alerts: it is told what is new, in order, and its messages follow what they tell of. */
export interface AlertChannel {
  /** What came before it was known here was told already, or not wanted yet. In microseconds. */
  readonly from: number;
  readonly location: () => ChatLocation;
  /** Takes over what somebody has changed about the subscription. */
  update(watched: Subscription): void;
  offer(row: AlertRow, agent: AlertAgent | null): void;
  /** The messages of an earlier run. */
  restore(rows: ReadonlyMap<string, AlertRow>): void;
  /** What came before was offered: from now on it is told. */
  begin(): void;
  hasBegun(): boolean;
  prune(now: number): void;
  /** How many alerts wait to be told. */
  size(): number;
  stop(): void;
}

export interface AlertChannelOptions {
  readonly watched: Subscription;
  readonly outbox: (location: ChatLocation) => Outbox;
  /** What the body of one message holds there. */
  readonly maxText: number;
  readonly buttons: Pick<Buttons, 'offer'>;
  /** Epoch milliseconds by the database's clock. */
  readonly now: () => number;
  readonly keep: (told: Omit<AlertDelivery, 'subscription_id'>) => void;
  /** It takes nothing any more. */
  readonly onClosed: (reason: string) => void;
  readonly timing: AlertTiming;
  readonly log: Log;
}

const buttonSeconds = 604_800;

export function createAlertChannel(options: AlertChannelOptions): AlertChannel {
  const { outbox, maxText, buttons, now, onClosed, timing, log } = options;
  let { watched } = options;
  let location = placeOf(watched);
  const from = Math.max(
    microseconds(watched.created_at) ?? 0,
    (microseconds(watched.cursor) ?? now() * 1000) - overlapMs * 1000,
  );
  const waiting = createAlertQueue();
  /** What is on its way, in its newest state. */
  const leaving = new Map<string, AlertRow>();
  let latestTold = '';
  let hasBegun = false;
  let isStopped = false;
  let timer: NodeJS.Timeout | null = null;
  let timerAt = 0;
  let tries = 0;
  let retryAt = 0;

  const messages = createAlertMessages({
    timing,
    log,
    edit: (handle, card) => outbox(location).edit(location, handle, card),
    offer: ({ label, intent }) =>
      buttons.offer(location, { label, intent, user: null, seconds: buttonSeconds }),
    keep: keepMessages,
    onProblem: react,
  });

  /** A new process begins with what waits here, and knows by its message what was told since. */
  function keepMessages(kept: AlertDelivery['messages']): void {
    const unsent = [waiting.oldest(), ...[...leaving.values()].map(({ last_at }) => last_at)];
    const oldest = unsent.reduce(
      (least, time) => (least === null || (time !== null && byTime(time, least) < 0) ? time : least),
      null,
    );
    options.keep({ cursor: oldest ?? latestTold, messages: kept });
  }

  /** A chat with another id is another chat: neither its binding nor what it subscribed to goes along. */
  function react(problem: SendProblem): void {
    if (problem.kind === 'closed') onClosed(problem.reason);
    if (problem.kind === 'moved') onClosed('the chat has another id now');
  }

  function schedule(): void {
    if (!hasBegun || isStopped || leaving.size > 0) return;
    const pause = waiting.pause(watched.filter, now());
    if (pause === null) return;
    const at = Math.max(performance.now() + Math.max(pause, timing.gatherMs), retryAt);
    if (timer !== null && timerAt <= at) return;
    if (timer !== null) clearTimeout(timer);
    timerAt = at;
    timer = setTimeout(() => {
      timer = null;
      void tell().finally(schedule);
    }, at - performance.now());
  }

  async function send(card: Card): Promise<SendResult> {
    try {
      return await outbox(location).send(location, card);
    } catch (error) {
      log.error({ err: error }, 'alerts could not be told');
      return { ok: false, problem: { kind: 'away', reason: 'the outbox failed' } };
    }
  }

  async function tell(): Promise<void> {
    const rows = waiting.take(watched.filter, now());
    if (rows.length === 0) return;
    for (const row of rows) leaving.set(row.id, row);
    const listed = rows.slice(0, countFitting(rows, maxText));
    const draft = messages.draft(listed, rows.length - listed.length);
    const sent = await send(draft.card);
    const newest = new Map(leaving);
    leaving.clear();
    if (sent.ok) {
      tries = 0;
      latestTold = rows.at(-1)?.last_at ?? latestTold;
      if (sent.handle !== null) messages.sent(draft, sent.handle);
      else keepMessages([]);
      // What happened meanwhile is not on the message yet.
      for (const row of listed) {
        const newer = newest.get(row.id);
        if (newer !== undefined && newer.last_at !== row.last_at) messages.update(newer);
      }
      return;
    }
    for (const row of newest.values()) if (needsAnnouncement(row)) waiting.putBack(row);
    react(sent.problem);
    if (sent.problem.kind === 'closed' || sent.problem.kind === 'moved') return;
    log.warn({ problem: sent.problem, platform: location.platform }, 'alerts wait for a chat');
    retryAt = performance.now() + retryDelay(timing.retryMs, tries);
    tries += 1;
  }

  return {
    from,
    location: () => location,
    update(next) {
      watched = next;
      location = placeOf(next);
      schedule();
    },
    offer(row, agent) {
      if ((microseconds(row.last_at) ?? 0) <= from) return;
      if (messages.has(row.id)) messages.update(row);
      else if (leaving.has(row.id)) leaving.set(row.id, row);
      else if (needsAnnouncement(row) && matchesFilter(watched.filter, row, agent)) {
        waiting.put(row);
        schedule();
      } else {
        // It was over before anybody had to be told.
        waiting.drop(row.id);
      }
    },
    restore: (rows) => messages.restore(watched.messages, rows),
    begin() {
      hasBegun = true;
      schedule();
    },
    hasBegun: () => hasBegun,
    prune: messages.prune,
    size: () => waiting.size() + leaving.size,
    stop() {
      isStopped = true;
      if (timer !== null) clearTimeout(timer);
      messages.stop();
    },
  };
}

function placeOf({ platform, install, channel, thread, kind }: Subscription): ChatLocation {
  return { platform, install, channel, thread: thread ?? null, kind };
}

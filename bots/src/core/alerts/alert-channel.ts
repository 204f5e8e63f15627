import type { Log } from '@hq/shared/log';
import type { Card } from '../../contract/card.ts';
import type { Place, Problem, Sent } from '../../contract/inbound.ts';
import type { Told, Watched } from '../api/chat-api.ts';
import type { Buttons } from '../cards/buttons.ts';
import type { Outbox } from '../cards/outbox.ts';
import type { AlertAgent } from './alert-agents.ts';
import { createToldMessages } from './alert-messages.ts';
import { createWaitingAlerts } from './alert-queue.ts';
import { type AlertRow, isNews } from './alert-row.ts';
import { type AlertTiming, backoff, overlapMs } from './alert-timing.ts';
import { matches } from './matches-filter.ts';
import { countListed } from './render-alert-card.ts';
import { byTime, microsOf } from './timestamps.ts';

/** One chat that wants alerts: it is told what is new, in order, and its messages follow what they tell of. */
export interface AlertChat {
  /** What came before it was known here was told already, or not wanted yet. In microseconds. */
  readonly from: number;
  readonly place: () => Place;
  /** Takes over what somebody has changed about the subscription. */
  update(watched: Watched): void;
  offer(row: AlertRow, agent: AlertAgent | null): void;
  /** The messages of an earlier run. */
  recall(rows: ReadonlyMap<string, AlertRow>): void;
  /** What came before was offered: from now on it is told. */
  begin(): void;
  hasBegun(): boolean;
  tidy(now: number): void;
  /** How many alerts wait to be told. */
  size(): number;
  stop(): void;
}

export interface AlertChatOptions {
  readonly watched: Watched;
  readonly outbox: (place: Place) => Outbox;
  /** What the body of one message holds there. */
  readonly maxText: number;
  readonly buttons: Pick<Buttons, 'offer'>;
  /** Epoch milliseconds by the database's clock. */
  readonly now: () => number;
  readonly keep: (told: Omit<Told, 'subscription_id'>) => void;
  /** It takes nothing any more. */
  readonly onClosed: (reason: string) => void;
  readonly timing: AlertTiming;
  readonly log: Log;
}

const buttonSeconds = 604_800;

export function createAlertChat(options: AlertChatOptions): AlertChat {
  const { outbox, maxText, buttons, now, onClosed, timing, log } = options;
  let { watched } = options;
  let place = placeOf(watched);
  const from = Math.max(
    microsOf(watched.created_at) ?? 0,
    (microsOf(watched.cursor) ?? now() * 1000) - overlapMs * 1000,
  );
  const waiting = createWaitingAlerts();
  /** What is on its way, in its newest state. */
  const leaving = new Map<string, AlertRow>();
  let latestTold = '';
  let hasBegun = false;
  let isStopped = false;
  let timer: NodeJS.Timeout | null = null;
  let timerAt = 0;
  let tries = 0;
  let retryAt = 0;

  const messages = createToldMessages({
    timing,
    log,
    edit: (handle, card) => outbox(place).edit(place, handle, card),
    offer: ({ label, intent }) => buttons.offer(place, { label, intent, user: null, seconds: buttonSeconds }),
    keep: keepMessages,
    onProblem: react,
  });

  /** A new process begins with what waits here, and knows by its message what was told since. */
  function keepMessages(kept: Told['messages']): void {
    const unsent = [waiting.oldest(), ...[...leaving.values()].map(({ last_at }) => last_at)];
    const oldest = unsent.reduce(
      (least, time) => (least === null || (time !== null && byTime(time, least) < 0) ? time : least),
      null,
    );
    options.keep({ cursor: oldest ?? latestTold, messages: kept });
  }

  /** A chat with another id is another chat: neither its binding nor what it subscribed to goes along. */
  function react(problem: Problem): void {
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

  async function send(card: Card): Promise<Sent> {
    try {
      return await outbox(place).send(place, card);
    } catch (error) {
      log.error({ err: error }, 'alerts could not be told');
      return { ok: false, problem: { kind: 'away', reason: 'the outbox failed' } };
    }
  }

  async function tell(): Promise<void> {
    const rows = waiting.take(watched.filter, now());
    if (rows.length === 0) return;
    for (const row of rows) leaving.set(row.id, row);
    const listed = rows.slice(0, countListed(rows, maxText));
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
        if (newer !== undefined && newer.last_at !== row.last_at) messages.change(newer);
      }
      return;
    }
    for (const row of newest.values()) if (isNews(row)) waiting.putBack(row);
    react(sent.problem);
    if (sent.problem.kind === 'closed' || sent.problem.kind === 'moved') return;
    log.warn({ problem: sent.problem, platform: place.platform }, 'alerts wait for a chat');
    retryAt = performance.now() + backoff(timing.retryMs, tries);
    tries += 1;
  }

  return {
    from,
    place: () => place,
    update(next) {
      watched = next;
      place = placeOf(next);
      schedule();
    },
    offer(row, agent) {
      if ((microsOf(row.last_at) ?? 0) <= from) return;
      if (messages.has(row.id)) messages.change(row);
      else if (leaving.has(row.id)) leaving.set(row.id, row);
      else if (isNews(row) && matches(watched.filter, row, agent)) {
        waiting.put(row);
        schedule();
      } else {
        // It was over before anybody had to be told.
        waiting.drop(row.id);
      }
    },
    recall: (rows) => messages.recall(watched.messages, rows),
    begin() {
      hasBegun = true;
      schedule();
    },
    hasBegun: () => hasBegun,
    tidy: messages.tidy,
    size: () => waiting.size() + leaving.size,
    stop() {
      isStopped = true;
      if (timer !== null) clearTimeout(timer);
      messages.stop();
    },
  };
}

function placeOf({ platform, install, channel, thread, kind }: Watched): Place {
  return { platform, install, channel, thread: thread ?? null, kind };
}

import type { Log } from '@hq/shared/log';
import { byTime, microseconds } from '@hq/shared/text';
import type { Card } from '../../contract/card.ts';
import type { ChatLocation, SendProblem, SendResult } from '../../contract/inbound.ts';
import type { AlertDelivery, Subscription } from '../api/chat-api.ts';
import type { Outbox } from '../cards/outbox.ts';
import type { Services } from '../commands/command.ts';
import { createRepeater } from '../repeater.ts';
import type { AlertAgent } from './alert-agents.ts';
import { AlertMessages } from './alert-messages.ts';
import { type AlertQueue, createAlertQueue } from './alert-queue.ts';
import { type AlertRow, needsAnnouncement } from './alert-row.ts';
import { type AlertTiming, overlapMs, retryPauseMs } from './alert-timing.ts';
import type { DeliveryLog } from './delivery-log.ts';
import { matchesFilter } from './matches-filter.ts';
import { countFitting } from './render-alert-card.ts';

export interface AlertChannelOptions {
  readonly services: Pick<Services, 'buttons' | 'capabilities' | 'now' | 'outbox' | 'phrase'>;
  readonly deliveryLog: DeliveryLog;
  readonly timing: AlertTiming;
  readonly log: Log;
}

const buttonSeconds = 604_800;

/** One subscribed chat. It gets new alerts in order, and its messages follow their alerts. */
export class AlertChannel {
  /** Microseconds. Earlier alerts were delivered by an earlier process, or before the subscription. */
  readonly from: number;
  readonly #options: AlertChannelOptions;
  readonly #onClosed: (reason: string) => void;
  readonly #queue: AlertQueue = createAlertQueue();
  /** Alerts of the message that is being sent, in their newest state. */
  readonly #sending = new Map<string, AlertRow>();
  readonly #messages: AlertMessages;
  #subscription: Subscription;
  #location: ChatLocation;
  #lastDelivered = '';
  #hasBegun = false;
  readonly #work = createRepeater(() => this.#sendNext());
  /** Time of `performance.now()`. */
  #retryAt = 0;
  #failures = 0;

  constructor(
    subscription: Subscription,
    options: AlertChannelOptions,
    /** The chat accepts nothing any more. */
    onClosed: (reason: string) => void,
  ) {
    const { services, timing, log } = options;
    this.#options = options;
    this.#onClosed = onClosed;
    this.#subscription = subscription;
    this.#location = locationOf(subscription);
    this.from = Math.max(
      microseconds(subscription.created_at) ?? 0,
      (microseconds(subscription.cursor) ?? services.now() * 1000) - overlapMs * 1000,
    );
    this.#messages = new AlertMessages({
      timing,
      log,
      edit: (handle, card) => this.#outbox().edit(this.#location, handle, card),
      offer: ({ label, intent }) =>
        services.buttons.offer(this.#location, { label, intent, user: null, seconds: buttonSeconds }),
      record: (messages) => this.#record(messages),
      onProblem: (problem) => this.#closeAfter(problem),
    });
  }

  location(): ChatLocation {
    return this.#location;
  }

  /** Applies a changed subscription. */
  update(subscription: Subscription): void {
    this.#subscription = subscription;
    this.#location = locationOf(subscription);
    this.#schedule();
  }

  offer(row: AlertRow, agent: AlertAgent | null): void {
    if ((microseconds(row.last_at) ?? 0) <= this.from) return;
    if (this.#messages.has(row.id)) this.#messages.update(row);
    else if (this.#sending.has(row.id)) this.#sending.set(row.id, row);
    else if (needsAnnouncement(row) && matchesFilter(this.#subscription.filter, row, agent)) {
      this.#queue.put(row);
      this.#schedule();
    } else {
      // Closed before it was sent.
      this.#queue.drop(row.id);
    }
  }

  /** Follows the messages of an earlier process. */
  restore(rows: ReadonlyMap<string, AlertRow>): void {
    this.#messages.restore(this.#subscription.messages, rows);
  }

  /** Starts sending, once all earlier alerts were offered. */
  begin(): void {
    this.#hasBegun = true;
    this.#schedule();
  }

  hasBegun(): boolean {
    return this.#hasBegun;
  }

  prune(now: number): void {
    this.#messages.prune(now);
  }

  /** The number of alerts that wait. */
  size(): number {
    return this.#queue.size() + this.#sending.size;
  }

  stop(): void {
    this.#work.stop();
    this.#messages.stop();
  }

  /** The next process begins with what waits here; what was sent later it recognizes by its message. */
  #record(messages: AlertDelivery['messages']): void {
    const unsent = [this.#queue.oldest(), ...[...this.#sending.values()].map(({ last_at }) => last_at)];
    const oldest = unsent.reduce(
      (least, time) => (least === null || (time !== null && byTime(time, least) < 0) ? time : least),
      null,
    );
    const { id: subscription_id } = this.#subscription;
    const cursor = oldest ?? this.#lastDelivered;
    this.#options.deliveryLog.record({ subscription_id, cursor, messages });
  }

  /** A chat with another id is another chat: its binding and its subscription do not move along. */
  #closeAfter(problem: SendProblem): void {
    if (problem.kind === 'closed') this.#onClosed(problem.reason);
    if (problem.kind === 'moved') this.#onClosed('the chat has another id now');
  }

  #schedule(): void {
    const pauseMs = this.#pauseMs();
    if (this.#hasBegun && pauseMs !== null) this.#work.request(pauseMs);
  }

  /** Milliseconds until the next alert is due; null if none waits. */
  #pauseMs(): number | null {
    const pauseMs = this.#queue.pause(this.#subscription.filter, this.#options.services.now());
    if (pauseMs === null) return null;
    return Math.max(pauseMs, this.#options.timing.gatherMs, this.#retryAt - performance.now());
  }

  async #sendNext(): Promise<number | null> {
    const rows = this.#queue.take(this.#subscription.filter, this.#options.services.now());
    if (rows.length === 0) return this.#pauseMs();
    for (const row of rows) this.#sending.set(row.id, row);
    const { maxText } = this.#options.services.capabilities(this.#location.platform);
    const listed = rows.slice(0, countFitting(rows, maxText));
    const draft = this.#messages.draft(listed, rows.length - listed.length);
    const sent = await this.#send(draft.card);
    const newest = new Map(this.#sending);
    this.#sending.clear();
    if (!sent.ok) {
      this.#onFailure([...newest.values()], sent.problem);
      return this.#pauseMs();
    }
    this.#failures = 0;
    this.#lastDelivered = rows.at(-1)?.last_at ?? this.#lastDelivered;
    if (sent.handle !== null) this.#messages.sent(draft, sent.handle);
    else this.#record([]);
    // Changes during the sending are not in the message yet.
    for (const row of listed) {
      const newer = newest.get(row.id);
      if (newer !== undefined && newer.last_at !== row.last_at) this.#messages.update(newer);
    }
    return this.#pauseMs();
  }

  #outbox(): Outbox {
    return this.#options.services.outbox(this.#location.platform);
  }

  async #send(card: Card): Promise<SendResult> {
    try {
      return await this.#outbox().send(this.#location, card);
    } catch (error) {
      this.#options.log.error({ err: error }, 'alerts could not be sent');
      return { ok: false, problem: { kind: 'away', reason: 'the outbox failed' } };
    }
  }

  #onFailure(rows: readonly AlertRow[], problem: SendProblem): void {
    for (const row of rows) if (needsAnnouncement(row)) this.#queue.putBack(row);
    this.#closeAfter(problem);
    if (problem.kind === 'closed' || problem.kind === 'moved') return;
    const { log, timing } = this.#options;
    log.warn({ problem, platform: this.#location.platform }, 'alerts for a chat are sent later');
    this.#failures += 1;
    this.#retryAt = performance.now() + retryPauseMs(timing, this.#failures);
  }
}

function locationOf({ platform, install, channel, thread, kind }: Subscription): ChatLocation {
  return { platform, install, channel, thread: thread ?? null, kind };
}

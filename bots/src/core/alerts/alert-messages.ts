import type { Log } from '@hq/shared/log';
import type { Button, Card, Handle } from '../../contract/card.ts';
import type { SendProblem, SendResult } from '../../contract/inbound.ts';
import type { AlertDelivery, Subscription } from '../api/chat-api.ts';
import { createRepeater, type Repeater } from '../repeater.ts';
import type { AlertButtonOffer } from './alert-button-offer.ts';
import { alertButtonOffers } from './alert-buttons.ts';
import { type AlertRow, isClosed } from './alert-row.ts';
import { type AlertTiming, retryPauseMs } from './alert-timing.ts';
import { renderAlertCard } from './render-alert-card.ts';

export interface AlertMessagesOptions {
  readonly timing: AlertTiming;
  readonly log: Log;
  readonly edit: (handle: Handle, card: Card) => Promise<SendResult>;
  readonly offer: (offer: AlertButtonOffer) => Button;
  readonly record: (messages: AlertDelivery['messages']) => void;
  /** The chat accepts nothing any more, or has another id. */
  readonly onProblem: (problem: SendProblem) => void;
}

interface Content {
  readonly alerts: Map<string, AlertRow>;
  /** Alerts beside those that are listed. */
  readonly more: number;
  /** Buttons by what they do: an agent chooses the labels of its answers. */
  readonly buttons: Map<string, Button>;
}

interface DraftMessage extends Content {
  readonly card: Card;
}

interface Message extends Content {
  readonly handle: Handle;
  readonly editing: Repeater;
  failures: number;
}

/** The lifetime of its buttons. An alert without a `dedup_key` never resolves by itself. */
const followedMs = 604_800_000;

/** The messages of one chat. Each is edited as its alerts change, until all are closed. */
export class AlertMessages {
  readonly #options: AlertMessagesOptions;
  readonly #byAlert = new Map<string, Message>();

  constructor(options: AlertMessagesOptions) {
    this.#options = options;
  }

  has(id: string): boolean {
    return this.#byAlert.has(id);
  }

  /** Renders a message that is yet to be sent. */
  draft(rows: readonly AlertRow[], more: number): DraftMessage {
    const content: Content = { alerts: new Map(rows.map((row) => [row.id, row])), more, buttons: new Map() };
    return { ...content, card: this.#render(content) };
  }

  /** Follows a draft that was sent. */
  sent(draft: DraftMessage, handle: Handle): void {
    this.#add(draft, handle);
    this.#options.record([...draft.alerts.keys()].map((key) => ({ key, handle, open: true })));
  }

  /** Follows the messages of an earlier process. */
  restore(stored: Subscription['messages'], rows: ReadonlyMap<string, AlertRow>): void {
    const byHandle = new Map<string, { readonly handle: Handle; readonly alerts: Map<string, AlertRow> }>();
    for (const { key, handle } of stored) {
      const row = rows.get(key);
      if (row === undefined) {
        this.#options.record([{ key, handle, open: false }]);
        continue;
      }
      const text = JSON.stringify(handle);
      const message = byHandle.get(text) ?? { handle, alerts: new Map() };
      byHandle.set(text, message);
      message.alerts.set(key, row);
    }
    for (const { handle, alerts } of byHandle.values()) {
      const message = this.#add({ alerts, more: 0, buttons: new Map() }, handle);
      // Closed while no process ran.
      if ([...alerts.values()].some(isClosed)) message.editing.request(this.#options.timing.gatherMs);
    }
  }

  /** Shows the new state of an alert. */
  update(row: AlertRow): void {
    const message = this.#byAlert.get(row.id);
    if (message === undefined) return;
    message.alerts.set(row.id, row);
    message.editing.request(this.#options.timing.gatherMs);
  }

  /** Stops following alerts that will not change any more. */
  prune(now: number): void {
    for (const message of new Set(this.#byAlert.values())) {
      const expired = [...message.alerts.values()].filter(
        ({ id, dedup_key, created_at }) =>
          this.#byAlert.has(id) && dedup_key === null && Date.parse(created_at) < now - followedMs,
      );
      this.#unfollow(message, expired);
    }
  }

  stop(): void {
    for (const { editing } of this.#byAlert.values()) editing.stop();
  }

  #render({ alerts, more, buttons }: Content): Card {
    const rows = [...alerts.values()];
    const offered = alertButtonOffers(rows).map((offer) => {
      const key = JSON.stringify(offer.intent);
      const button = buttons.get(key) ?? this.#options.offer(offer);
      buttons.set(key, button);
      return button;
    });
    return renderAlertCard({ alerts: rows, more, buttons: offered });
  }

  #add({ alerts, more, buttons }: Content, handle: Handle): Message {
    const editing = createRepeater(() => this.#edit(message));
    const message: Message = { alerts, more, buttons, handle, editing, failures: 0 };
    for (const id of alerts.keys()) this.#byAlert.set(id, message);
    return message;
  }

  /** Returns the milliseconds until another try, or null. */
  async #edit(message: Message): Promise<number | null> {
    const { timing, edit, log, onProblem } = this.#options;
    const shown = [...message.alerts.values()];
    const sent = await edit(message.handle, this.#render(message)).catch((error: unknown): SendResult => {
      log.error({ err: error }, 'the message of an alert could not be edited');
      return { ok: false, problem: { kind: 'away', reason: 'the outbox failed' } };
    });
    if (sent.ok) {
      message.failures = 0;
      this.#unfollow(message, shown.filter(isClosed));
      return null;
    }
    const { problem } = sent;
    if (problem.kind === 'gone') this.#unfollow(message, shown);
    else if (problem.kind === 'closed' || problem.kind === 'moved') onProblem(problem);
    else {
      log.warn({ problem }, 'the message of an alert is edited later');
      message.failures += 1;
      return retryPauseMs(timing, message.failures);
    }
    return null;
  }

  #unfollow({ handle }: Message, rows: readonly AlertRow[]): void {
    for (const { id } of rows) this.#byAlert.delete(id);
    if (rows.length > 0) this.#options.record(rows.map(({ id }) => ({ key: id, handle, open: false })));
  }
}

import type { Log } from '@hq/shared/log';
import type { Button, Card, Handle } from '../../contract/card.ts';
import type { SendProblem, SendResult } from '../../contract/inbound.ts';
import type { AlertDelivery, Subscription } from '../api/chat-api.ts';
import { type AlertButtonOffer, alertButtonOffers } from './alert-buttons.ts';
import { type AlertRow, isClosed } from './alert-row.ts';
import { type AlertTiming, retryDelay } from './alert-timing.ts';
import { renderAlertCard } from './render-alert-card.ts';

/** What one chat was told: the messages there, each of which follows its alerts until they are over. */
export interface AlertMessages {
  has(id: string): boolean;
  /** The card of a message that is yet to be sent. */
  draft(alerts: readonly AlertRow[], more: number): DraftedMessage;
  sent(draft: DraftedMessage, handle: Handle): void;
  /** The messages of an earlier run. */
  restore(kept: Subscription['messages'], rows: ReadonlyMap<string, AlertRow>): void;
  /** Something about an alert that was told is different now. */
  update(row: AlertRow): void;
  /** Leaves alone what nothing will happen to any more. */
  prune(now: number): void;
  stop(): void;
}

export interface AlertMessagesOptions {
  readonly timing: AlertTiming;
  readonly log: Log;
  readonly edit: (handle: Handle, card: Card) => Promise<SendResult>;
  readonly offer: (offer: AlertButtonOffer) => Button;
  readonly keep: (messages: AlertDelivery['messages']) => void;
  /** The chat takes nothing any more, or has another id. */
  readonly onProblem: (problem: SendProblem) => void;
}

interface Content {
  readonly alerts: Map<string, AlertRow>;
  readonly more: number;
  /** Those that were made, by their labels. */
  readonly buttons: Map<string, Button>;
}

interface DraftedMessage extends Content {
  readonly card: Card;
}

interface Message extends Content {
  readonly handle: Handle;
  timer: NodeJS.Timeout | null;
  isBusy: boolean;
  /** It changed while it was being edited. */
  isStale: boolean;
  tries: number;
}

/** As long as its buttons work. What is not counted while it lasts never ends by itself. */
const followedMs = 604_800_000;

export function createAlertMessages(options: AlertMessagesOptions): AlertMessages {
  const { timing, log, edit, offer, keep, onProblem } = options;
  const byAlert = new Map<string, Message>();
  let isStopped = false;

  function cardOf({ alerts, more, buttons }: Content): Card {
    const rows = [...alerts.values()];
    const offered = alertButtonOffers(rows).map((one) => {
      const button = buttons.get(one.label) ?? offer(one);
      buttons.set(one.label, button);
      return button;
    });
    return renderAlertCard({ alerts: rows, more, buttons: offered });
  }

  function add({ alerts, more, buttons }: Content, handle: Handle): Message {
    const message: Message = {
      alerts,
      more,
      buttons,
      handle,
      timer: null,
      isBusy: false,
      isStale: false,
      tries: 0,
    };
    for (const id of alerts.keys()) byAlert.set(id, message);
    return message;
  }

  function follow(message: Message, pauseMs: number): void {
    if (message.isBusy) message.isStale = true;
    else if (message.timer === null && !isStopped) {
      message.timer = setTimeout(() => {
        message.timer = null;
        if (isStopped) return;
        show(message).catch((error: unknown) =>
          log.error({ err: error }, 'an alert’s message was not changed'),
        );
      }, pauseMs);
    }
  }

  async function show(message: Message): Promise<void> {
    message.isBusy = true;
    message.isStale = false;
    const shown = [...message.alerts.values()];
    const sent = await edit(message.handle, cardOf(message)).finally(() => {
      message.isBusy = false;
    });
    if (sent.ok) {
      message.tries = 0;
      leave(message, shown.filter(isClosed));
      if (message.isStale) follow(message, timing.gatherMs);
      return;
    }
    const { problem } = sent;
    if (problem.kind === 'gone') leave(message, shown);
    else if (problem.kind === 'closed' || problem.kind === 'moved') onProblem(problem);
    else {
      log.warn({ problem }, 'an alert’s message waits to be changed');
      follow(message, retryDelay(timing.retryMs, message.tries));
      message.tries += 1;
    }
  }

  function leave(message: Message, rows: readonly AlertRow[]): void {
    for (const { id } of rows) byAlert.delete(id);
    if (rows.length > 0) keep(rows.map(({ id }) => ({ key: id, handle: message.handle, open: false })));
  }

  return {
    has: (id) => byAlert.has(id),
    draft(rows, more) {
      const content: Content = {
        alerts: new Map(rows.map((row) => [row.id, row])),
        more,
        buttons: new Map(),
      };
      return { ...content, card: cardOf(content) };
    },
    sent(draft, handle) {
      add(draft, handle);
      keep([...draft.alerts.keys()].map((key) => ({ key, handle, open: true })));
    },
    restore(kept, rows) {
      const byHandle = new Map<string, { readonly handle: Handle; readonly alerts: Map<string, AlertRow> }>();
      for (const { key, handle } of kept) {
        const row = rows.get(key);
        if (row === undefined) {
          keep([{ key, handle, open: false }]);
          continue;
        }
        const text = JSON.stringify(handle);
        const one = byHandle.get(text) ?? { handle, alerts: new Map() };
        byHandle.set(text, one);
        one.alerts.set(key, row);
      }
      for (const { handle, alerts } of byHandle.values()) {
        const message = add({ alerts, more: 0, buttons: new Map() }, handle);
        // It ended while nobody could say so.
        if ([...alerts.values()].some(isClosed)) follow(message, timing.gatherMs);
      }
    },
    update(row) {
      const message = byAlert.get(row.id);
      if (message === undefined) return;
      message.alerts.set(row.id, row);
      follow(message, timing.gatherMs);
    },
    prune(now) {
      for (const message of new Set(byAlert.values())) {
        leave(
          message,
          [...message.alerts.values()].filter(
            ({ id, dedup_key, created_at }) =>
              byAlert.has(id) && dedup_key === null && Date.parse(created_at) < now - followedMs,
          ),
        );
      }
    },
    stop() {
      isStopped = true;
      for (const { timer } of byAlert.values()) if (timer !== null) clearTimeout(timer);
    },
  };
}

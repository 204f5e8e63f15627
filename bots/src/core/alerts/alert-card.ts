import { duration } from '@hq/shared/text';
import type { Button, Card, Tone } from '../card.ts';
import { type AlertRow, severities } from './alert-row.ts';

const toneOf: Readonly<Record<AlertRow['severity'], Tone>> = {
  info: 'neutral',
  warning: 'warning',
  error: 'bad',
  critical: 'bad',
};

/** How many alerts one message lists. What is more is counted. */
export const mostListed = 20;

export interface AlertMessage {
  readonly alerts: readonly AlertRow[];
  /** Those that found no room. */
  readonly more: number;
  readonly buttons: readonly Button[];
  readonly stamp: string | undefined;
}

/** One alert, or those that came together, as one message. */
export function alertCard({ alerts, more, buttons, stamp }: AlertMessage): Card {
  const [first] = alerts;
  const isOver = alerts.every(({ resolved_at }) => resolved_at !== null) && more === 0;
  const shared = {
    tone: isOver ? ('good' as const) : worst(alerts),
    buttons: isOver ? [] : buttons,
    ...(stamp !== undefined && { stamp }),
  };
  if (alerts.length === 1 && more === 0 && first !== undefined) {
    return {
      ...shared,
      title: first.title,
      state: stateOf(first),
      body: first.body === null || first.body === '' ? [] : [{ kind: 'text', text: first.body }],
      footer: `${first.type.replaceAll('_', ' ')}, ${first.id.slice(0, 8)}`,
    };
  }
  const open = alerts.filter(({ resolved_at }) => resolved_at === null).length + more;
  return {
    ...shared,
    title: `${alerts.length + more} alerts`,
    state: open === 0 ? 'all over' : `${open} open`,
    body: [
      ...alerts.flatMap((alert, at) => [
        { kind: 'text' as const, text: at === 0 ? '' : '\n' },
        { kind: 'code' as const, text: alert.id.slice(0, 8) },
        { kind: 'text' as const, text: ` ${alert.title}: ${stateOf(alert)}` },
      ]),
      ...(more === 0 ? [] : [{ kind: 'text' as const, text: `\nand ${more} more: alerts lists them` }]),
    ],
  };
}

function stateOf(alert: AlertRow): string {
  const times = alert.occurrences > 1 ? `, ${alert.occurrences} times` : '';
  if (alert.resolved_at !== null) {
    const lasted = Date.parse(alert.resolved_at) - Date.parse(alert.created_at);
    return `over after ${duration(lasted)}${times}`;
  }
  if (alert.dismissed_at !== null) return `dismissed${times}`;
  if (alert.read_at !== null) return `seen${times}`;
  return `${alert.severity}${times}`;
}

function worst(alerts: readonly AlertRow[]): Tone {
  const open = alerts.filter(({ resolved_at }) => resolved_at === null);
  const rank = Math.max(0, ...open.map(({ severity }) => severities.indexOf(severity)));
  return toneOf[severities[rank] ?? 'info'];
}

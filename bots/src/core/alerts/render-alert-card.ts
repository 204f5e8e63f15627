import { byTime, duration, truncate, utcTime, withoutShapes } from '@hq/shared/text';
import type { Button, Card, Tone } from '../../contract/card.ts';
import { code, linesOf, moment, newLine, shortId, text } from '../cards/card-parts.ts';
import { type AlertRow, isClosed, severities } from './alert-row.ts';

const toneOf: Readonly<Record<AlertRow['severity'], Tone>> = {
  info: 'neutral',
  warning: 'warning',
  error: 'bad',
  critical: 'bad',
};

/** Alerts that one message lists; further ones are counted. */
const mostListed = 50;
const longestTitle = 120;
/** Characters of the id, the separators and the longest state. */
const besideTitle = 60;

/** The number of alerts that one message lists, with room for their later states. */
export function countFitting(alerts: readonly AlertRow[], maxText: number): number {
  let left = maxText - besideTitle;
  const fitting = alerts.findIndex((alert, at) => {
    left -= titleInList(alert).length + besideTitle;
    return left < 0 || at === mostListed;
  });
  return Math.max(1, fitting < 0 ? alerts.length : fitting);
}

export interface AlertContent {
  readonly alerts: readonly AlertRow[];
  /** Alerts beside those that are listed. */
  readonly more: number;
  readonly buttons: readonly Button[];
}

/** Renders one alert, or several that came together, as one message. */
export function renderAlertCard({ alerts, more, buttons }: AlertContent): Card {
  const [first] = alerts;
  const hasEnded = alerts.every(({ resolved_at }) => resolved_at !== null) && more === 0;
  const shared = {
    tone: hasEnded ? ('good' as const) : worst(alerts),
    buttons,
    stamp: stampOf(alerts),
  };
  if (alerts.length === 1 && more === 0 && first !== undefined) {
    return {
      ...shared,
      title: first.title,
      state: stateOf(first),
      body: [
        text('Since '),
        moment(first.created_at, Date.parse(first.last_at)),
        ...(first.body ? [newLine, text(first.body)] : []),
      ],
      footer: `${first.type.replaceAll('_', ' ')}, ${shortId(first.id)}`,
    };
  }
  const open = alerts.filter((alert) => !isClosed(alert)).length;
  const ended = more === 0 ? 'all over' : 'those listed are over';
  return {
    ...shared,
    title: `${alerts.length + more} alerts`,
    state: open === 0 ? ended : `${open + more} open`,
    body: linesOf([
      ...alerts.map((alert) => [code(shortId(alert.id)), text(` ${titleInList(alert)}: ${stateOf(alert)}`)]),
      ...(more === 0 ? [] : [[text(`and ${more} more: alerts lists them`)]]),
    ]),
  };
}

const titleInList = ({ title }: AlertRow): string => truncate(withoutShapes(title), longestTitle);

function stateOf(alert: AlertRow): string {
  const times = alert.occurrences > 1 ? `, ${alert.occurrences} times` : '';
  if (alert.resolved_at !== null) {
    const lasted = Date.parse(alert.resolved_at) - Date.parse(alert.created_at);
    return `over after ${duration(lasted)}${times}`;
  }
  if (alert.dismissed_at !== null) return `dismissed${times}`;
  if (alert.muted) return `muted${times}`;
  if (alert.read_at !== null) return `seen${times}`;
  return `${alert.severity}${times}`;
}

const nobodyKnown = 'a member without an address';

/** The last decision, once all alerts of the message are decided. */
function stampOf(alerts: readonly AlertRow[]): string | undefined {
  const [only] = alerts;
  // A question shows who answered it and what.
  if (alerts.length === 1 && typeof only?.meta.outcome === 'string' && only.resolved_at !== null)
    return `${only.meta.outcome}, ${utcTime(only.resolved_at, only.created_at)}`;
  const decided = alerts
    .flatMap((alert) => (alert.read_at === null ? [] : [{ ...alert, read_at: alert.read_at }]))
    .sort((a, b) => byTime(a.read_at, b.read_at));
  const last = decided.at(-1);
  if (last === undefined || alerts.some((alert) => alert.read_at === null && !isClosed(alert)))
    return undefined;
  if (alerts.length === 1 && last.muted && last.muted_until !== null) {
    return `muted until ${utcTime(last.muted_until, last.last_at)} by ${last.muted_by ?? nobodyKnown}`;
  }
  return `seen by ${last.seen_by ?? nobodyKnown}, ${utcTime(last.read_at, last.created_at)}`;
}

function worst(alerts: readonly AlertRow[]): Tone {
  const open = alerts.filter((alert) => !isClosed(alert));
  const rank = Math.max(0, ...open.map(({ severity }) => severities.indexOf(severity)));
  return toneOf[severities[rank] ?? 'info'];
}

import type { AlertFilter } from '../chat-hq.ts';
import { type AlertRow, severities } from './alert-row.ts';

/** What is known of the agent that an alert is about. */
export interface AlertAgent {
  readonly slug: string;
  readonly tags: readonly string[];
}

export function matches(filter: AlertFilter, alert: AlertRow, agent: AlertAgent | null): boolean {
  const least = severities.findIndex((severity) => severity === (filter.severity ?? 'warning'));
  if (severities.indexOf(alert.severity) < least) return false;
  if (filter.kinds !== undefined && !filter.kinds.includes(alert.type)) return false;
  if (filter.agents !== undefined && (agent === null || !filter.agents.includes(agent.slug))) return false;
  if (filter.tags === undefined) return true;
  const tags = [...(agent?.tags ?? []), ...stringsOf(alert.meta.tags)];
  return filter.tags.some((tag) => tags.includes(tag));
}

function stringsOf(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((one): one is string => typeof one === 'string') : [];
}

const clocks = new Map<string, Intl.DateTimeFormat>();

/** Minutes until the quiet hours end, by the clock of their zone; 0 outside of them. */
export function quietMinutes(quiet: AlertFilter['quiet'], now: number): number {
  if (quiet === undefined) return 0;
  const from = minutesOf(quiet.from);
  const to = minutesOf(quiet.to);
  const at = minutesIn(quiet.tz, now);
  if (from === null || to === null || at === null || from === to) return 0;
  const isQuiet = from < to ? at >= from && at < to : at >= from || at < to;
  if (!isQuiet) return 0;
  return at < to ? to - at : to + 24 * 60 - at;
}

function minutesOf(time: string): number | null {
  const match = /^(\d{2}):(\d{2})$/.exec(time);
  return match === null ? null : Number(match[1]) * 60 + Number(match[2]);
}

function minutesIn(zone: string, now: number): number | null {
  let clock = clocks.get(zone);
  if (clock === undefined) {
    try {
      clock = new Intl.DateTimeFormat('en-GB', {
        timeZone: zone,
        hour: '2-digit',
        minute: '2-digit',
        hourCycle: 'h23',
      });
    } catch (error) {
      // A zone that this machine does not know keeps nothing quiet.
      if (error instanceof RangeError) return null;
      throw error;
    }
    clocks.set(zone, clock);
  }
  return minutesOf(clock.format(now));
}

import { byTime, microseconds } from '@hq/shared/text';
import type { AlertFilter } from '../api/chat-api.ts';
import type { AlertRow } from './alert-row.ts';
import { quietMinutes } from './quiet-hours.ts';

interface Waiting {
  readonly row: AlertRow;
  /** The time since which it waits for the next digest. */
  readonly since: number;
}

/** Quiet hours are checked again, because clocks change. */
const longestPauseMs = 60_000;

export type AlertQueue = ReturnType<typeof createAlertQueue>;

/** Alerts that wait for one chat. Times are epoch milliseconds by the database's clock. */
export function createAlertQueue() {
  const waiting = new Map<string, Waiting>();

  /** Critical alerts wait neither for the end of quiet hours nor for a digest. */
  const isUrgent = ({ row }: Waiting): boolean => row.severity === 'critical';

  function held(filter: AlertFilter, now: number): number {
    const quiet = quietMinutes(filter.quiet, now) * 60_000;
    if (quiet > 0) return Math.min(quiet, longestPauseMs);
    if (filter.digest_minutes === undefined) return 0;
    const first = Math.min(...[...waiting.values()].map(({ since }) => since));
    return Math.min(longestPauseMs, Math.max(0, first + filter.digest_minutes * 60_000 - now));
  }

  return {
    /** Adds an alert or its newer state. */
    put(row: AlertRow): void {
      const since = waiting.get(row.id)?.since ?? (microseconds(row.last_at) ?? 0) / 1000;
      waiting.set(row.id, { row, since });
    },
    /** Puts back an alert that could not be sent; it waits for no digest again. */
    putBack(row: AlertRow): void {
      waiting.set(row.id, { row, since: 0 });
    },
    drop(id: string): void {
      waiting.delete(id);
    },
    size: (): number => waiting.size,
    /** The oldest change of a waiting alert; null if none waits. */
    oldest(): string | null {
      let oldest: string | null = null;
      for (const { row } of waiting.values()) {
        if (oldest === null || byTime(row.last_at, oldest) < 0) oldest = row.last_at;
      }
      return oldest;
    },
    /** Milliseconds until the next alert is due; null if none waits. */
    pause(filter: AlertFilter, now: number): number | null {
      if (waiting.size === 0) return null;
      return [...waiting.values()].some(isUrgent) ? 0 : held(filter, now);
    },
    /** Removes and returns the alerts that are due, in the order of their changes. */
    take(filter: AlertFilter, now: number): AlertRow[] {
      const isHeld = waiting.size > 0 && held(filter, now) > 0;
      const due = [...waiting.values()].filter((one) => !isHeld || isUrgent(one)).map(({ row }) => row);
      for (const { id } of due) waiting.delete(id);
      return due.sort((a, b) => byTime(a.last_at, b.last_at));
    },
  };
}

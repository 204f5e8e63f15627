import { byTime, microseconds } from '@hq/shared/text';
import type { AlertFilter } from '../api/chat-api.ts';
import type { AlertRow } from './alert-row.ts';
import { quietMinutes } from './quiet-hours.ts';

/** What one chat is to be told, until it is time. Times are epoch milliseconds by the database's clock. */
export interface AlertQueue {
  /** Takes an alert in, or its newer state. */
  put(row: AlertRow): void;
  /** Takes back what could not be told: it waits for no summary again. */
  putBack(row: AlertRow): void;
  drop(id: string): void;
  size(): number;
  /** When the longest waiting one last changed; null where none waits. */
  oldest(): string | null;
  /** How long nothing needs to be told; null where nothing waits. */
  pause(filter: AlertFilter, now: number): number | null;
  /** What is to be told now, in the order of the changes. It does not wait any more. */
  take(filter: AlertFilter, now: number): AlertRow[];
}

interface Waiting {
  readonly row: AlertRow;
  /** From when on it has waited for the next summary. */
  readonly since: number;
}

/** Quiet hours are looked at again: clocks change. */
const longestPauseMs = 60_000;

export function createAlertQueue(): AlertQueue {
  const waiting = new Map<string, Waiting>();

  /** What is critical waits neither for the end of the quiet hours nor for a summary. */
  const isUrgent = ({ row }: Waiting): boolean => row.severity === 'critical';

  function held(filter: AlertFilter, now: number): number {
    const quiet = quietMinutes(filter.quiet, now) * 60_000;
    if (quiet > 0) return Math.min(quiet, longestPauseMs);
    if (filter.digest_minutes === undefined) return 0;
    const first = Math.min(...[...waiting.values()].map(({ since }) => since));
    return Math.min(longestPauseMs, Math.max(0, first + filter.digest_minutes * 60_000 - now));
  }

  return {
    put(row) {
      const since = waiting.get(row.id)?.since ?? (microseconds(row.last_at) ?? 0) / 1000;
      waiting.set(row.id, { row, since });
    },
    putBack(row) {
      waiting.set(row.id, { row, since: 0 });
    },
    drop(id) {
      waiting.delete(id);
    },
    size: () => waiting.size,
    oldest() {
      let oldest: string | null = null;
      for (const { row } of waiting.values()) {
        if (oldest === null || byTime(row.last_at, oldest) < 0) oldest = row.last_at;
      }
      return oldest;
    },
    pause(filter, now) {
      if (waiting.size === 0) return null;
      return [...waiting.values()].some(isUrgent) ? 0 : held(filter, now);
    },
    take(filter, now) {
      const isHeld = waiting.size > 0 && held(filter, now) > 0;
      const due = [...waiting.values()].filter((one) => !isHeld || isUrgent(one)).map(({ row }) => row);
      for (const { id } of due) waiting.delete(id);
      return due.sort((a, b) => byTime(a.last_at, b.last_at));
    },
  };
}

import type { HqClient } from '@hq/shared/client';
import { type Watch, watchChanges } from '@hq/shared/live';
import type { Log } from '@hq/shared/log';
import { isUnreachable } from '../api/chat-api.ts';
import { type AlertRow, alertsSince } from './alert-row.ts';
import { type AlertTiming, oldestMs, overlapMs } from './alert-timing.ts';

/** What there is to tell: every alert that changes, in the order of the changes, each change once. */
export interface AlertFeed {
  start(): void;
  /** Something may have changed. */
  refresh(): void;
  stop(): void;
}

export interface AlertFeedOptions {
  readonly client: HqClient;
  readonly log: Log;
  readonly timing: AlertTiming;
  /** Epoch milliseconds by the database's clock. */
  readonly now: () => number;
  /** Whether anybody is to be told at all. */
  readonly isWanted: () => boolean;
  /** What it rejects is handed over again. */
  readonly onAlerts: (rows: readonly AlertRow[]) => Promise<void>;
}

const mostSeen = 50_000;

export function createAlertFeed(options: AlertFeedOptions): AlertFeed {
  const { client, log, timing, now, isWanted, onAlerts } = options;
  /** What was handed over, as it was then. The overlap brings it again. */
  const seen = new Map<string, string>();
  let since = now();
  let watch: Watch | null = null;
  let isJoined = false;
  let isStopped = false;
  let isRefreshing = false;
  let refreshAgain = false;
  let timer: NodeJS.Timeout | null = null;

  function refresh(): void {
    if (isStopped) return;
    if (isRefreshing) {
      refreshAgain = true;
      return;
    }
    isRefreshing = true;
    refreshAgain = false;
    if (timer !== null) clearTimeout(timer);
    void read()
      .catch((error: unknown) => {
        if (!isUnreachable(error)) log.warn({ err: error }, 'the alerts could not be read');
      })
      .finally(() => {
        isRefreshing = false;
        const pause = refreshAgain ? timing.gatherMs / 2 : isJoined ? timing.resyncMs : timing.pollMs;
        if (!isStopped) timer = setTimeout(refresh, pause);
      });
  }

  async function read(): Promise<void> {
    if (!isWanted()) {
      since = now();
      return;
    }
    const from = new Date(Math.max(since - overlapMs, now() - oldestMs)).toISOString();
    for await (const rows of alertsSince(client, from)) {
      const fresh = rows.filter((row) => seen.get(row.id) !== versionOf(row));
      await onAlerts(fresh);
      for (const row of fresh) {
        // Put behind the others, of which the first ones are forgotten.
        seen.delete(row.id);
        seen.set(row.id, versionOf(row));
      }
      since = Math.max(since, Date.parse(rows.at(-1)?.last_at ?? '') || 0);
    }
    for (const id of seen.keys()) {
      if (seen.size <= mostSeen) break;
      seen.delete(id);
    }
  }

  return {
    start() {
      watch = watchChanges(client.supabase, {
        bindings: [{ table: 'notifications' }],
        onChange: refresh,
        onState: (state) => {
          isJoined = state === 'joined';
          refresh();
        },
      });
    },
    refresh,
    stop() {
      isStopped = true;
      if (timer !== null) clearTimeout(timer);
      void watch?.close();
    },
  };
}

function versionOf({ last_at, resolved_at, read_at, dismissed_at }: AlertRow): string {
  return `${last_at}${resolved_at}${read_at}${dismissed_at}`;
}

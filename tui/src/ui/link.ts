import type { LinkStatus, Snapshot } from './house.ts';

export interface Link {
  readonly status: LinkStatus;
  /** Local epoch milliseconds of the oldest rows on the screen that are known to be right. */
  readonly asOf: number | null;
  readonly reason: string | null;
}

const worst: readonly LinkStatus[] = ['offline', 'polling', 'loading', 'live'];

/** How the whole screen stands: no better than the worst of what it shows. */
export function linkOf(snapshots: readonly Snapshot<unknown>[]): Link {
  const status = worst.find((each) => snapshots.some((snapshot) => snapshot.status === each)) ?? 'loading';
  const times = snapshots.flatMap(({ asOf }) => (asOf === null ? [] : [asOf]));
  const failed = snapshots.find(({ error }) => error !== null)?.error ?? null;
  return {
    status,
    asOf: times.length === 0 ? null : Math.min(...times),
    reason: failed === null ? null : failed.message,
  };
}

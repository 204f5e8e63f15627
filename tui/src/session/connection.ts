import { errorText } from '../actions/error-text.ts';
import type { ConnectionStatus, Snapshot } from './session.ts';

export interface Connection {
  readonly status: ConnectionStatus;
  /** Local epoch milliseconds of the oldest rows on the screen that are known to be right. */
  readonly asOf: number | null;
  readonly reason: string | null;
}

const worstFirst: readonly ConnectionStatus[] = ['offline', 'polling', 'loading', 'live'];

/** The connection of a screen: no better than the worst of its feeds. */
export function connectionOf(snapshots: readonly Snapshot<unknown>[]): Connection {
  const status = worstFirst.find((each) => snapshots.some((snapshot) => snapshot.status === each));
  const times = snapshots.flatMap(({ asOf }) => (asOf === null ? [] : [asOf]));
  const failed = snapshots.find(({ error }) => error !== null)?.error ?? null;
  return {
    status: status ?? 'loading',
    asOf: times.length === 0 ? null : Math.min(...times),
    reason: failed === null ? null : errorText(failed),
  };
}

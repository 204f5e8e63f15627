import { staleAfterMs } from '@hq/shared/fleet';
import { msSince, utcTime } from '@hq/shared/text';
import { type ActionTable, findAction } from '../action-table.ts';
import { createCache } from '../api/cached.ts';
import type { GatewayState, RowQueries } from '../api/row-queries.ts';

/** The reason why a command for a gateway does not begin. Its words stay the same while it lasts. */
export interface Blocker {
  /** The state of the waiting command. */
  readonly state: string;
  /** The event that ends it. */
  readonly remedy: string;
  /** The same before the command is confirmed. */
  readonly warning: string;
}

const blockingStatuses = new Set<string>(['paused', 'hibernating']);
const cacheMs = 1_000;

export type Blockers = ReturnType<typeof createBlockers>;

export function createBlockers(
  rows: Pick<RowQueries, 'gatewayState'>,
  actions: ActionTable,
  now: () => number,
) {
  const states = createCache<GatewayState | null>(cacheMs);
  return {
    /** Null if the action can begin there. */
    async find(
      name: string,
      gateway: { readonly id: string } | { readonly slug: string },
    ): Promise<Blocker | null> {
      const action = findAction(actions, name);
      const state = await states(JSON.stringify(gateway), () => rows.gatewayState(gateway));
      if (state === null || action?.executor !== 'runner') return null;
      if (blockingStatuses.has(state.status) && !action.whilePaused) return pausedGateway(state.status);
      const at = now();
      const unseenMs = msSince(state.last_seen_at, at);
      if (unseenMs !== null && unseenMs <= staleAfterMs) return null;
      return noRunner(state.last_seen_at, at);
    },
  };
}

function pausedGateway(status: string): Blocker {
  const remedy =
    status === 'paused'
      ? 'It goes on once somebody resumes the gateway.'
      : 'It goes on when the gateway wakes up.';
  return {
    state: `waiting: the gateway is ${status}`,
    remedy,
    warning: `The gateway is ${status}, so this will wait. ${remedy}`,
  };
}

function noRunner(lastSeenAt: string | null, now: number): Blocker {
  const since =
    lastSeenAt === null ? 'has ever been seen' : `has been seen since ${utcTime(lastSeenAt, now)}`;
  return {
    state: `waiting for the runner: none ${since}`,
    remedy: 'It begins when the gateway’s runner is back.',
    warning: `No runner ${since}, so this will wait until it is back.`,
  };
}

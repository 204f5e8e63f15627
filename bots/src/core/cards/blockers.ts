import { staleAfterMs } from '@hq/shared/fleet';
import { msSince } from '@hq/shared/text';
import { type ActionTable, findAction } from '../action-table.ts';
import type { GatewayState, RowQueries } from '../api/row-queries.ts';
import { clock } from './clock.ts';

/** Why a command for a gateway is not begun, in words that stay the same while it lasts. */
export interface Blocker {
  /** How the command is. */
  readonly state: string;
  /** What ends it. */
  readonly remedy: string;
  /** The same to somebody who has not asked for the command yet. */
  readonly warning: string;
}

export interface Blockers {
  /** Null where nothing keeps the action from being begun there. */
  find(action: string, gateway: { readonly id: string } | { readonly slug: string }): Promise<Blocker | null>;
}

const keepsBack = new Set<string>(['paused', 'hibernating']);
const keptForMs = 1_000;
const mostKept = 1_000;

export function createBlockers(
  rows: Pick<RowQueries, 'gatewayState'>,
  actions: ActionTable,
  now: () => number,
): Blockers {
  const kept = new Map<string, { readonly until: number; readonly row: Promise<GatewayState | null> }>();

  /** All cards that wait for one gateway ask at the same time. */
  function look(gateway: Parameters<Blockers['find']>[1]): Promise<GatewayState | null> {
    const key = JSON.stringify(gateway);
    const before = kept.get(key);
    if (before !== undefined && Date.now() < before.until) return before.row;
    const row = rows.gatewayState(gateway);
    kept.delete(key);
    kept.set(key, { until: Date.now() + keptForMs, row });
    row.catch(() => kept.delete(key));
    const [oldest] = kept.keys();
    if (kept.size > mostKept && oldest !== undefined) kept.delete(oldest);
    return row;
  }

  return {
    async find(name, gateway) {
      const action = findAction(actions, name);
      const seen = await look(gateway);
      if (seen === null || action?.executor !== 'runner') return null;
      if (keepsBack.has(seen.status) && !action.whilePaused) {
        const isPaused = seen.status === 'paused';
        const remedy = isPaused ? 'resume_gateway lets it go on.' : 'It goes on when the gateway is woken.';
        return {
          state: `waiting: the gateway is ${seen.status}`,
          remedy,
          warning: `The gateway is ${seen.status}, so this will wait. ${remedy}`,
        };
      }
      const at = now();
      const unseenFor = msSince(seen.last_seen_at, at);
      if (unseenFor !== null && unseenFor <= staleAfterMs) return null;
      const when =
        seen.last_seen_at === null
          ? 'has ever been seen'
          : `has been seen since ${clock(seen.last_seen_at, at)}`;
      return {
        state: `waiting for the runner: none ${when}`,
        remedy: 'It begins when the gateway’s runner is back.',
        warning: `No runner ${when}, so this will wait until it is back.`,
      };
    },
  };
}

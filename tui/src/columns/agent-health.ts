import type { AgentHealthRow, AgentRow } from '@hq/shared/rows';
import { ageOf } from '@hq/shared/text';
import type { StateLabel } from './command-state.ts';
import type { RowContext } from './row-context.ts';

const looks: Readonly<Record<string, Omit<StateLabel, 'word'>>> = {
  working: { mark: 'busy', tone: 'busy' },
  idle: { mark: 'good', tone: 'good' },
  waiting: { mark: 'warn', tone: 'warn' },
  paused: { mark: 'off', tone: 'off' },
  provisioning: { mark: 'busy', tone: 'busy' },
  held: { mark: 'warn', tone: 'warn' },
  full: { mark: 'warn', tone: 'warn' },
};

/** States of the row alone, while the health is not read yet. */
const ofRow: Readonly<Record<AgentRow['status'], StateLabel>> = {
  ready: { word: 'ready', mark: 'good', tone: 'good' },
  paused: { word: 'paused', mark: 'off', tone: 'off' },
  error: { word: 'error', mark: 'bad', tone: 'bad' },
  provisioning: { word: 'provisioning', mark: 'busy', tone: 'busy' },
  hibernating: { word: 'hibernating', mark: 'off', tone: 'off' },
};

/** Returns the state of an agent as screens and tables show it. */
export function agentState({ id, status }: AgentRow, { lookups }: RowContext): StateLabel {
  const health = lookups.healthOf.get(id);
  if (health === undefined) return ofRow[status];
  const { mark = 'bad', tone = 'bad' } = looks[health.state] ?? {};
  return { word: healthWord(health), mark, tone };
}

/** Returns the state in words. */
function healthWord({ state }: Pick<AgentHealthRow, 'state'>): string {
  return state.replaceAll('_', ' ');
}

/** Returns how long an agent is in its state; empty where nobody knows, and for one that has nothing to do. */
export function healthAge({ id }: AgentRow, { lookups, now }: RowContext): string | null {
  const health = lookups.healthOf.get(id);
  return health === undefined || health.state === 'idle' ? null : ageOf(health.since, now);
}

/** Returns the number of agents in each state, such as `2 idle, 1 mute`. */
export function healthCounts(health: readonly AgentHealthRow[]): string {
  const counts = Map.groupBy(health, healthWord);
  return [...counts].map(([word, rows]) => `${rows.length} ${word}`).join(', ');
}

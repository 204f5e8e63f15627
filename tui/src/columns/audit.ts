import type { AuditRow } from '@hq/shared/rows';
import { localTime } from '@hq/shared/text';
import type { Column, Table } from '../table/column.ts';
import { column } from './column-kinds.ts';
import type { StateLabel } from './command-state.ts';
import { memberName } from './member-name.ts';
import type { RowContext } from './row-context.ts';

const ordinary: StateLabel = { word: '', mark: 'none', tone: 'dim' };
const refused: StateLabel = { word: 'refused', mark: 'warn', tone: 'warn' };

function entryState({ action }: AuditRow): StateLabel {
  return /refused|denied/.test(action) ? refused : ordinary;
}

function actorName(entry: AuditRow, context: RowContext): string {
  const agent = agentName(entry, context);
  if (agent !== null) return agent;
  return entry.actor_user_id === null ? entry.actor_type : memberName(entry.actor_user_id, context.member);
}

function agentName({ actor_agent_id: id }: AuditRow, { lookups }: RowContext): string | null {
  return id === null ? null : (lookups.agents.get(id)?.slug ?? id.slice(0, 8));
}

const when = column<AuditRow>('WHEN', ({ created_at }, { now }) => localTime(created_at, now), {
  tone: 'dim',
  width: { min: 16 },
  sortKey: ({ created_at }) => Date.parse(created_at),
});
const who = column('WHO', actorName, { width: { min: 10, max: 20, flex: 1 } });
const action = column<AuditRow>('DID', (entry) => entry.action, {
  tone: (entry) => (entryState(entry) === refused ? 'warn' : 'strong'),
  width: { min: 20, max: 30, flex: 1 },
  cutTo: 12,
});
const summary = column<AuditRow>('WHAT', (entry) => entry.summary, {
  width: { min: 20, flex: 5 },
  dropOrder: 1,
  cutTo: 20,
});
const entity = column<AuditRow>('ON', (entry) => entry.entity_type, {
  tone: 'dim',
  width: { min: 14 },
  dropOrder: 2,
});

export const auditTable: Table<AuditRow, RowContext> = {
  mark: entryState,
  searched: (entry, context) => [actorName(entry, context), entry.action, entry.summary, entry.entity_type],
  columns: [when, who, action, summary, entity],
};

export const printedAuditColumns: readonly Column<AuditRow, RowContext>[] = [
  when,
  {
    ...who,
    value: (entry, context) => agentName(entry, context) ?? memberName(entry.actor_user_id, context.member),
  },
  { ...action, header: 'ACTION', tone: 'plain' },
  summary,
];

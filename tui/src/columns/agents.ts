import type { AgentRow } from '@hq/shared/rows';
import type { Column, Table } from '../table/column.ts';
import { agentState, healthAge } from './agent-health.ts';
import { ageColumn, column, epochOf, openCommandsColumn, stateColumn } from './column-kinds.ts';
import { slugIn } from './lookups.ts';
import type { RowContext } from './row-context.ts';

function gatewaySlug({ gateway_id }: AgentRow, { lookups }: RowContext): string | null {
  return slugIn(lookups.gateways, gateway_id);
}

function gatewayOrNone(agent: AgentRow, context: RowContext): string | null {
  return agent.gateway_id === null ? 'none' : gatewaySlug(agent, context);
}

const slug = column<AgentRow>('AGENT', (agent) => agent.slug, {
  tone: 'strong',
  width: { min: 14, max: 40, flex: 2 },
  cutTo: 12,
});
const name = column<AgentRow>('NAME', (agent) => agent.name, {
  width: { min: 12, max: 32, flex: 1 },
  dropOrder: 5,
  cutTo: 8,
  placeholder: '–',
});
const state = stateColumn(agentState, { width: { min: 12 } });
const age = column('FOR', healthAge, {
  tone: 'dim',
  width: { min: 4 },
  sortKey: ({ id }, { lookups }) => -epochOf(lookups.healthOf.get(id)?.since ?? null),
});
const reason = column(
  'WHY',
  ({ id }: AgentRow, { lookups }: RowContext) => lookups.healthOf.get(id)?.reason ?? null,
  {
    width: { min: 18, flex: 6 },
    cutTo: 12,
    placeholder: '–',
  },
);
const action = column(
  'HELPS',
  ({ id }: AgentRow, { lookups }: RowContext) => lookups.healthOf.get(id)?.action?.title ?? null,
  { width: { min: 19, max: 24 }, dropOrder: 1, cutTo: 12, placeholder: '–' },
);
const gateway = column('GATEWAY', gatewayOrNone, {
  width: { min: 12, max: 24, flex: 1 },
  dropOrder: 2,
  cutTo: 10,
  placeholder: '–',
});
const seen = ageColumn<AgentRow>('SEEN', (agent) => agent.last_seen_at, {
  width: { min: 6 },
  dropOrder: 4,
  sortKey: (agent) => -epochOf(agent.last_seen_at),
});
const model = column<AgentRow>('MODEL', (agent) => agent.model, {
  tone: 'dim',
  width: { min: 20, max: 34, flex: 1 },
  dropOrder: 6,
  cutTo: 8,
  placeholder: '–',
});
const openCommand = openCommandsColumn<AgentRow>(
  ({ id }, { openCommandOfAgent }) => openCommandOfAgent.get(id) ?? [],
  { width: { min: 20, flex: 2 }, dropOrder: 7 },
);

export const agentsTable: Table<AgentRow, RowContext> = {
  mark: agentState,
  searched: (agent, context) => [
    agent.slug,
    agent.name,
    agent.status,
    agentState(agent, context).word,
    context.lookups.healthOf.get(agent.id)?.reason,
    gatewayOrNone(agent, context),
    agent.model,
  ],
  columns: [slug, name, state, age, reason, action, gateway, seen, model, openCommand],
};

export const printedAgentColumns: readonly Column<AgentRow, RowContext>[] = [
  slug,
  { ...state, header: 'STATUS' },
  { ...age, align: 'right', placeholder: '–' },
  reason,
  action,
  { ...gateway, value: gatewaySlug },
  { ...seen, align: 'right' },
  model,
  name,
];

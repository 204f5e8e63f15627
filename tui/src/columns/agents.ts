import type { AgentRow } from '@hq/shared/rows';
import type { Column, Table } from '../table/column.ts';
import { ageColumn, column, epochOf, openCommandsColumn, stateColumn } from './column-kinds.ts';
import type { StateLabel } from './command-state.ts';
import { slugIn } from './lookups.ts';
import type { RowContext } from './row-context.ts';

const states: Readonly<Record<AgentRow['status'], StateLabel>> = {
  ready: { word: 'ready', mark: 'good', tone: 'good' },
  paused: { word: 'paused', mark: 'off', tone: 'off' },
  error: { word: 'error', mark: 'bad', tone: 'bad' },
  provisioning: { word: 'provisioning', mark: 'busy', tone: 'busy' },
  hibernating: { word: 'hibernating', mark: 'off', tone: 'off' },
};

export function agentState(agent: AgentRow): StateLabel {
  return states[agent.status];
}

function gatewaySlug({ gateway_id }: AgentRow, { lookups }: RowContext): string | null {
  return slugIn(lookups.gateways, gateway_id);
}

function gatewayOrNone(agent: AgentRow, context: RowContext): string | null {
  return agent.gateway_id === null ? 'none' : gatewaySlug(agent, context);
}

const slug = column<AgentRow>('AGENT', (agent) => agent.slug, {
  tone: 'strong',
  width: { min: 16, max: 40, flex: 2 },
  cutTo: 12,
});
const name = column<AgentRow>('NAME', (agent) => agent.name, {
  width: { min: 14, max: 32, flex: 2 },
  dropOrder: 3,
  cutTo: 8,
  placeholder: '–',
});
const state = stateColumn(agentState, { width: { min: 12 } });
const gateway = column('GATEWAY', gatewayOrNone, {
  width: { min: 12, max: 24, flex: 1 },
  dropOrder: 1,
  cutTo: 10,
  placeholder: '–',
});
const seen = ageColumn<AgentRow>('SEEN', (agent) => agent.last_seen_at, {
  width: { min: 6 },
  dropOrder: 2,
  sortKey: (agent) => -epochOf(agent.last_seen_at),
});
const model = column<AgentRow>('MODEL', (agent) => agent.model, {
  tone: 'dim',
  width: { min: 20, max: 34, flex: 1 },
  dropOrder: 4,
  cutTo: 8,
  placeholder: '–',
});
const openCommand = openCommandsColumn<AgentRow>(
  ({ id }, { openCommandOfAgent }) => openCommandOfAgent.get(id) ?? [],
  { width: { min: 20, flex: 2 }, dropOrder: 5 },
);

export const agentsTable: Table<AgentRow, RowContext> = {
  mark: agentState,
  searched: (agent, context) => [
    agent.slug,
    agent.name,
    agent.status,
    gatewayOrNone(agent, context),
    agent.model,
  ],
  columns: [slug, name, state, gateway, seen, model, openCommand],
};

export const printedAgentColumns: readonly Column<AgentRow, RowContext>[] = [
  slug,
  { ...state, header: 'STATUS' },
  { ...gateway, value: gatewaySlug },
  { ...seen, align: 'right' },
  model,
  name,
];

import type { AgentRow } from '@hq/shared/rows';
import { ageOf } from '@hq/shared/text';
import type { Column, Table } from '../table/column.ts';
import { commandState, openCommandText, type StateLabel } from './command-state.ts';
import type { RowContext } from './row-context.ts';

type AgentColumn = Column<AgentRow, RowContext>;

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

function gatewaySlug({ gateway_id }: AgentRow, { lookups }: RowContext): string {
  return gateway_id === null ? '' : (lookups.gateways.get(gateway_id)?.slug ?? '');
}

function gatewayOrNone(agent: AgentRow, context: RowContext): string {
  return agent.gateway_id === null ? 'none' : gatewaySlug(agent, context);
}

const slug: AgentColumn = {
  key: 'agent',
  header: 'AGENT',
  value: (agent) => agent.slug,
  sortKey: (agent) => agent.slug,
  tone: 'strong',
  width: { min: 16, max: 40, flex: 2 },
  cutTo: 12,
};
const name: AgentColumn = {
  key: 'name',
  header: 'NAME',
  value: (agent) => agent.name ?? '',
  width: { min: 14, max: 32, flex: 2 },
  dropOrder: 3,
  cutTo: 8,
  placeholder: '–',
};
const state: AgentColumn = {
  key: 'state',
  header: 'STATE',
  value: (agent) => agentState(agent).word,
  tone: (agent) => agentState(agent).tone,
  width: { min: 12 },
};
const gateway: AgentColumn = {
  key: 'gateway',
  header: 'GATEWAY',
  value: gatewayOrNone,
  width: { min: 12, max: 24, flex: 1 },
  dropOrder: 1,
  cutTo: 10,
  placeholder: '–',
};
const seen: AgentColumn = {
  key: 'seen',
  header: 'SEEN',
  value: ({ last_seen_at }, { now }) => ageOf(last_seen_at, now),
  tone: 'dim',
  width: { min: 6 },
  dropOrder: 2,
  sortKey: ({ last_seen_at }) => (last_seen_at === null ? 0 : -Date.parse(last_seen_at)),
};
const model: AgentColumn = {
  key: 'model',
  header: 'MODEL',
  value: (agent) => agent.model ?? '',
  tone: 'dim',
  width: { min: 20, max: 34, flex: 1 },
  dropOrder: 4,
  cutTo: 8,
  placeholder: '–',
};
const openCommand: AgentColumn = {
  key: 'now',
  header: 'NOW',
  value: ({ id }, { lookups, now }) => {
    const command = lookups.openCommandOfAgent.get(id);
    return command === undefined ? '' : openCommandText(command, now);
  },
  tone: ({ id }, { lookups }) => {
    const command = lookups.openCommandOfAgent.get(id);
    return command === undefined ? 'plain' : commandState(command).tone;
  },
  width: { min: 20, flex: 2 },
  dropOrder: 5,
};

export const agentsTable: Table<AgentRow, RowContext> = {
  id: ({ id }) => id,
  mark: agentState,
  filterText: (agent, context) =>
    [agent.slug, agent.name ?? '', agent.status, gatewayOrNone(agent, context), agent.model ?? ''].join(' '),
  columns: [slug, name, state, gateway, seen, model, openCommand],
};

export const printedAgentColumns: readonly AgentColumn[] = [
  slug,
  { ...state, header: 'STATUS' },
  { ...gateway, value: gatewaySlug },
  { ...seen, align: 'right' },
  model,
  name,
];

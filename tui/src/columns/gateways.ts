import { type GatewayCondition, gatewayCondition, isUnwell } from '@hq/shared/fleet';
import type { GatewayRow } from '@hq/shared/rows';
import type { Column, Table } from '../table/column.ts';
import type { Tone } from '../theme/theme.ts';
import { ageColumn, column, epochOf, openCommandsColumn, stateColumn } from './column-kinds.ts';
import type { StateLabel } from './command-state.ts';
import type { RowContext } from './row-context.ts';

type GatewayColumn = Column<GatewayRow, RowContext>;

const states: Readonly<Record<GatewayCondition, StateLabel>> = {
  healthy: { word: 'healthy', mark: 'good', tone: 'good' },
  starting: { word: 'starting', mark: 'busy', tone: 'busy' },
  provisioning: { word: 'provisioning', mark: 'busy', tone: 'busy' },
  unhealthy: { word: 'unhealthy', mark: 'warn', tone: 'warn' },
  error: { word: 'error', mark: 'bad', tone: 'bad' },
  stale: { word: 'stale', mark: 'bad', tone: 'bad' },
  unseen: { word: 'never seen', mark: 'none', tone: 'dim' },
  paused: { word: 'paused', mark: 'off', tone: 'off' },
  hibernating: { word: 'hibernating', mark: 'off', tone: 'off' },
};

/** Order of the column STATE: the worst first. */
const urgency: readonly GatewayCondition[] = [
  'stale',
  'error',
  'unhealthy',
  'starting',
  'provisioning',
  'paused',
  'hibernating',
  'unseen',
  'healthy',
];

export function gatewayState(gateway: GatewayRow, { now }: RowContext): StateLabel {
  return states[gatewayCondition(gateway, now)];
}

/** Counts the services that are well. Null for a silent gateway: its last report may no longer be true. */
function countServices(gateway: GatewayRow, { now }: RowContext): { well: number; all: number } | null {
  const { services } = gateway.meta;
  const condition = gatewayCondition(gateway, now);
  if (services === undefined || condition === 'stale' || condition === 'unseen') return null;
  return { well: services.filter(({ health }) => !isUnwell(health)).length, all: services.length };
}

const slug = column<GatewayRow>('GATEWAY', (gateway) => gateway.slug, {
  tone: 'strong',
  width: { min: 10, max: 30, flex: 2 },
  cutTo: 12,
});
const label = column<GatewayRow>('LABEL', (gateway) => gateway.label, {
  width: { min: 18, max: 30, flex: 1 },
  dropOrder: 5,
  cutTo: 8,
  placeholder: '–',
});
const state = stateColumn(gatewayState, {
  width: { min: 12 },
  sortKey: (gateway, { now }) => urgency.indexOf(gatewayCondition(gateway, now)),
});
const seen = ageColumn<GatewayRow>('SEEN', (gateway) => gateway.last_seen_at, {
  width: { min: 5 },
  dropOrder: 3,
  sortKey: (gateway) => -epochOf(gateway.last_seen_at),
});
const services: GatewayColumn = {
  header: 'SERVICES',
  value: (gateway, context) => {
    const count = countServices(gateway, context);
    return count === null ? 'unknown' : `${count.well} of ${count.all}`;
  },
  tone: (gateway, context): Tone => {
    const count = countServices(gateway, context);
    if (count === null) return 'dim';
    return count.well === count.all ? 'plain' : 'warn';
  },
  dropOrder: 1,
};
const agents: GatewayColumn = {
  header: 'AGENTS',
  align: 'right',
  value: ({ id }, { lookups }) => String(lookups.agentsOf.get(id)?.length ?? 0),
  dropOrder: 4,
  sortKey: ({ id }, { lookups }) => lookups.agentsOf.get(id)?.length ?? 0,
};
const openCommands = openCommandsColumn<GatewayRow>(
  ({ id }, { openCommandsOf }) => openCommandsOf.get(id) ?? [],
  {
    width: { min: 24, flex: 4 },
    dropOrder: 2,
    sortKey: ({ id }, { lookups }) => -(lookups.openCommandsOf.get(id)?.length ?? 0),
  },
);

export const gatewaysTable: Table<GatewayRow, RowContext> = {
  mark: gatewayState,
  searched: (gateway, context) => [
    gateway.slug,
    gateway.label,
    gatewayState(gateway, context).word,
    gateway.meta.version,
  ],
  columns: [slug, label, state, seen, services, agents, openCommands],
};

export const printedGatewayColumns: readonly GatewayColumn[] = [
  slug,
  { ...state, header: 'CONDITION', value: (gateway, { now }) => gatewayCondition(gateway, now) },
  { ...seen, align: 'right' },
  agents,
  {
    header: 'SERVICES',
    value: ({ meta }) => (meta.services ?? []).map(({ name, health }) => `${name} ${health}`).join(', '),
    cutTo: 16,
    placeholder: '–',
  },
  label,
];

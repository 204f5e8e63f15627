import type { SecretRow } from '@hq/shared/rows';
import { plain } from '@hq/shared/text';
import type { SecretWithOverrides as Secret } from '../secrets/secret-overrides.ts';
import type { Column, Table } from '../table/column.ts';
import { ageColumn, column, stateColumn } from './column-kinds.ts';
import type { StateLabel } from './command-state.ts';
import type { RowContext } from './row-context.ts';

const states: Readonly<Record<SecretRow['sync_status'], StateLabel>> = {
  active: { word: 'active', mark: 'good', tone: 'good' },
  pending: { word: 'pending', mark: 'busy', tone: 'busy' },
  error: { word: 'error', mark: 'bad', tone: 'bad' },
  waiting: { word: 'waiting', mark: 'off', tone: 'off' },
};

export function secretState(secret: SecretRow): StateLabel {
  return states[secret.sync_status];
}

export function gatewayName({ gateway_id }: SecretRow, { lookups }: RowContext): string {
  return plain(lookups.gateways.get(gateway_id)?.slug ?? gateway_id.slice(0, 8));
}

export function agentName(id: string, { lookups }: RowContext): string {
  return plain(lookups.agents.get(id)?.slug ?? id.slice(0, 8));
}

/** Returns `primary`, or `primary/ada` for a secret of one agent. */
function ownerName(secret: SecretRow, context: RowContext): string {
  const gateway = gatewayName(secret, context);
  return secret.agent_id === null ? gateway : `${gateway}/${agentName(secret.agent_id, context)}`;
}

function overridesText({ overrides, overriddenFor }: Secret, context: RowContext): string | null {
  if (overrides) return 'the gateway’s';
  return overriddenFor.length === 0
    ? null
    : `not for ${overriddenFor.map((id) => agentName(id, context)).join(', ')}`;
}

const key = column<Secret>('KEY', (secret) => secret.key, {
  tone: 'strong',
  width: { min: 18, max: 36, flex: 2 },
  cutTo: 12,
});
const owner = column<Secret>('OF', ownerName, { width: { min: 13, max: 28, flex: 1 }, cutTo: 8 });
const state = stateColumn<Secret>(secretState, { width: { min: 8 } });
const age = ageColumn<Secret>('AGE', (secret) => secret.value_since, { width: { min: 5 }, dropOrder: 3 });
const synced = ageColumn<Secret>('SYNCED', (secret) => secret.last_synced_at, { dropOrder: 4 });
const overrides = column<Secret>('OVERRIDES', overridesText, {
  width: { min: 13, max: 26, flex: 1 },
  dropOrder: 2,
  cutTo: 6,
  placeholder: '–',
});
const category = column<Secret>('CATEGORY', (secret) => secret.category, {
  tone: 'dim',
  width: { min: 11 },
  dropOrder: 5,
});
const note = column<Secret>('NOTE', (secret) => secret.sync_error ?? secret.note, {
  tone: ({ sync_error }) => (sync_error === null ? 'plain' : 'bad'),
  width: { min: 8, flex: 3 },
  dropOrder: 1,
  cutTo: 4,
});

export const secretsTable: Table<Secret, RowContext> = {
  mark: secretState,
  searched: (secret, context) => [
    secret.key,
    secret.name,
    ownerName(secret, context),
    secret.sync_status,
    secret.category,
    secret.note,
    secret.sync_error,
  ],
  columns: [key, owner, state, age, synced, overrides, category, note],
};

export const printedSecretColumns: readonly Column<Secret, RowContext>[] = [
  key,
  owner,
  state,
  category,
  { ...age, align: 'right' },
  { ...synced, align: 'right' },
  overrides,
  { ...note, tone: 'plain' },
];

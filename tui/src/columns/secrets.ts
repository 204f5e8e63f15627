import type { SecretRow } from '@hq/shared/rows';
import { ageOf, plain } from '@hq/shared/text';
import type { SecretWithOverrides } from '../secrets/secret-overrides.ts';
import type { Column, Table } from '../table/column.ts';
import type { StateLabel } from './command-state.ts';
import type { RowContext } from './row-context.ts';

type SecretColumn = Column<SecretWithOverrides, RowContext>;

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

const key: SecretColumn = {
  key: 'key',
  header: 'KEY',
  value: (secret) => secret.key,
  sortKey: (secret) => secret.key,
  tone: 'strong',
  width: { min: 18, max: 36, flex: 2 },
  cutTo: 12,
};
const owner: SecretColumn = {
  key: 'of',
  header: 'OF',
  value: ownerName,
  width: { min: 13, max: 28, flex: 1 },
  cutTo: 8,
};
const state: SecretColumn = {
  key: 'state',
  header: 'STATE',
  value: (secret) => secretState(secret).word,
  tone: (secret) => secretState(secret).tone,
  width: { min: 8 },
};
const age: SecretColumn = {
  key: 'age',
  header: 'AGE',
  value: ({ value_since }, { now }) => ageOf(value_since, now),
  tone: 'dim',
  width: { min: 5 },
  dropOrder: 3,
  sortKey: ({ value_since }) => Date.parse(value_since),
};
const synced: SecretColumn = {
  key: 'synced',
  header: 'SYNCED',
  value: ({ last_synced_at }, { now }) => ageOf(last_synced_at, now),
  tone: 'dim',
  dropOrder: 4,
  sortKey: ({ last_synced_at }) => (last_synced_at === null ? 0 : Date.parse(last_synced_at)),
};
const overrides: SecretColumn = {
  key: 'overrides',
  header: 'OVERRIDES',
  value: (secret, context) => {
    if (secret.overrides) return 'the gateway’s';
    if (secret.overriddenFor.length === 0) return '';
    return `not for ${secret.overriddenFor.map((id) => agentName(id, context)).join(', ')}`;
  },
  width: { min: 13, max: 26, flex: 1 },
  dropOrder: 2,
  cutTo: 6,
  placeholder: '–',
};
const category: SecretColumn = {
  key: 'category',
  header: 'CATEGORY',
  value: (secret) => secret.category,
  tone: 'dim',
  width: { min: 11 },
  dropOrder: 5,
};
const note: SecretColumn = {
  key: 'note',
  header: 'NOTE',
  value: (secret) => secret.sync_error ?? secret.note ?? '',
  tone: ({ sync_error }) => (sync_error === null ? 'plain' : 'bad'),
  width: { min: 8, flex: 3 },
  dropOrder: 1,
  cutTo: 4,
};

export const secretsTable: Table<SecretWithOverrides, RowContext> = {
  id: ({ id }) => id,
  mark: secretState,
  filterText: (secret, context) =>
    [
      secret.key,
      secret.name ?? '',
      ownerName(secret, context),
      secret.sync_status,
      secret.category,
      secret.note ?? '',
      secret.sync_error ?? '',
    ].join(' '),
  columns: [key, owner, state, age, synced, overrides, category, note],
};

export const printedSecretColumns: readonly SecretColumn[] = [
  key,
  owner,
  state,
  category,
  { ...age, align: 'right' },
  { ...synced, align: 'right' },
  overrides,
  { ...note, tone: 'plain' },
];

import type { SecretRow } from '@hq/shared/rows';
import { plain } from '@hq/shared/text';
import type { LayeredSecret } from '../../secrets/layers.ts';
import { ago } from '../ages.ts';
import type { Table } from '../table.ts';
import type { State } from '../told.ts';
import type { Context } from '../view.ts';

const states: Readonly<Record<SecretRow['sync_status'], State>> = {
  active: { word: 'active', mark: 'good', tone: 'good' },
  pending: { word: 'pending', mark: 'busy', tone: 'busy' },
  error: { word: 'error', mark: 'bad', tone: 'bad' },
  waiting: { word: 'waiting', mark: 'off', tone: 'off' },
};

export function secretState(secret: SecretRow): State {
  return states[secret.sync_status];
}

export function gatewayOf({ gateway_id }: SecretRow, { survey }: Context): string {
  return plain(survey.gateways.get(gateway_id)?.slug ?? gateway_id.slice(0, 8));
}

export function agentCalled(id: string, { survey }: Context): string {
  return plain(survey.agents.get(id)?.slug ?? id.slice(0, 8));
}

/** Whose it is: `primary`, or `primary/ada` for one agent's. */
function ownerOf(secret: SecretRow, context: Context): string {
  const gateway = gatewayOf(secret, context);
  return secret.agent_id === null ? gateway : `${gateway}/${agentCalled(secret.agent_id, context)}`;
}

/** Which other secrets of the same key it stands above or below, in a few words. */
function overridesTold({ overrides, overriddenFor }: LayeredSecret, context: Context): string {
  if (overrides) return 'the gateway’s';
  if (overriddenFor.length === 0) return '';
  return `not for ${overriddenFor.map((id) => agentCalled(id, context)).join(', ')}`;
}

export const secretsTable: Table<LayeredSecret, Context> = {
  id: ({ id }) => id,
  mark: secretState,
  text: (secret, context) =>
    [
      secret.key,
      secret.name ?? '',
      ownerOf(secret, context),
      secret.sync_status,
      secret.category,
      secret.note ?? '',
      secret.sync_error ?? '',
    ]
      .map(plain)
      .join(' '),
  columns: [
    {
      key: 'key',
      title: 'KEY',
      width: 18,
      grow: 2,
      max: 36,
      giveWay: 0,
      cell: ({ key }) => ({ text: plain(key), tone: 'strong' }),
    },
    {
      key: 'of',
      title: 'OF',
      width: 13,
      grow: 1,
      max: 28,
      giveWay: 0,
      cell: (secret, context) => ({ text: ownerOf(secret, context) }),
    },
    {
      key: 'state',
      title: 'STATE',
      width: 8,
      giveWay: 0,
      cell: (secret) => ({ text: secretState(secret).word, tone: secretState(secret).tone }),
    },
    {
      key: 'age',
      title: 'AGE',
      width: 5,
      giveWay: 3,
      cell: ({ value_since }, { now }) => ({ text: ago(value_since, now), tone: 'dim' }),
      order: ({ value_since }) => Date.parse(value_since),
    },
    {
      key: 'synced',
      title: 'SYNCED',
      width: 6,
      giveWay: 4,
      cell: ({ last_synced_at }, { now }) => ({ text: ago(last_synced_at, now), tone: 'dim' }),
      order: ({ last_synced_at }) => (last_synced_at === null ? 0 : Date.parse(last_synced_at)),
    },
    {
      key: 'overrides',
      title: 'OVERRIDES',
      width: 13,
      grow: 1,
      max: 26,
      giveWay: 2,
      cell: (secret, context) => ({ text: overridesTold(secret, context) }),
    },
    {
      key: 'category',
      title: 'CATEGORY',
      width: 11,
      giveWay: 5,
      cell: ({ category }) => ({ text: category, tone: 'dim' }),
    },
    {
      key: 'note',
      title: 'NOTE',
      width: 8,
      grow: 3,
      giveWay: 1,
      cell: ({ note, sync_error }) =>
        sync_error === null ? { text: plain(note ?? '') } : { text: plain(sync_error), tone: 'bad' },
    },
  ],
};

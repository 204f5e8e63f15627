import type { HqClient } from '../client/index.ts';
import type { LiveQuery } from '../live/index.ts';
import { type SecretRow, secretRow } from '../rows/index.ts';
import { readRows } from './read-rows.ts';
import { updatedAt } from './row-order.ts';
import { watchRows } from './watch-rows.ts';

const source = { table: 'secrets', row: secretRow, order: ['key', 'id'] } as const;

interface SecretsFilter {
  readonly gatewayId?: string;
  readonly agentId?: string;
  readonly key?: string;
}

export function readSecrets(client: HqClient, filter: SecretsFilter = {}): Promise<SecretRow[]> {
  return readRows(client, {
    ...source,
    where: [
      ['gateway_id', 'eq', filter.gatewayId],
      ['agent_id', 'eq', filter.agentId],
      ['key', 'eq', filter.key],
    ],
  });
}

/** Every secret without its value: no member may select or subscribe to that column. */
export function liveSecrets(client: HqClient): LiveQuery<SecretRow> {
  return watchRows<SecretRow>(client, {
    ...source,
    read: () => readSecrets(client),
    version: updatedAt,
  });
}

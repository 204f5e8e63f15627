import type { HqClient } from '@hq/shared/client';
import { createLiveQuery, type LiveQuery } from '@hq/shared/live';
import { type SecretRow, secretRow } from '@hq/shared/rows';
import { byText } from './order.ts';
import { parseRow, readRows } from './read-rows.ts';

const table = 'secrets';

export interface SecretsFilter {
  readonly gatewayId?: string;
  readonly agentId?: string;
  readonly key?: string;
}

export function readSecrets(client: HqClient, filter: SecretsFilter = {}): Promise<SecretRow[]> {
  return readRows(client, {
    table,
    row: secretRow,
    where: [
      ['gateway_id', 'eq', filter.gatewayId],
      ['agent_id', 'eq', filter.agentId],
      ['key', 'eq', filter.key],
    ],
    order: ['key', 'id'],
  });
}

/** Every secret without its value: that column is not among those that are read or told. */
export function secretsStore(client: HqClient): LiveQuery<SecretRow> {
  return createLiveQuery<SecretRow>({
    client: client.supabase,
    bindings: [{ table }],
    read: () => readSecrets(client),
    parse: (record) => parseRow(secretRow, record),
    key: (row) => row.id,
    compare: byText((row) => row.key),
    version: (row) => Date.parse(row.updated_at),
  });
}

import type { HqClient } from '../client/index.ts';
import type { LiveQuery } from '../live/index.ts';
import { type PairingRow, pairingRow } from '../rows/index.ts';
import { readRows } from './read-rows.ts';
import { newestFirst, updatedAt } from './row-order.ts';
import { watchRows } from './watch-rows.ts';

const source = { table: 'pairing_requests', row: pairingRow, ...newestFirst } as const;
const windowSize = 200;

interface PairingsFilter {
  readonly gatewayId?: string;
  readonly agentId?: string;
  readonly status?: PairingRow['status'];
  readonly since?: string;
  readonly limit?: number;
}

/** Reads the newest requests to write to an agent. A viewer gets none. */
export function readPairings(client: HqClient, filter: PairingsFilter = {}): Promise<PairingRow[]> {
  return readRows(client, {
    ...source,
    where: [
      ['gateway_id', 'eq', filter.gatewayId],
      ['agent_id', 'eq', filter.agentId],
      ['status', 'eq', filter.status],
      ['created_at', 'gte', filter.since],
    ],
    limit: filter.limit ?? windowSize,
  });
}

export function livePairings(client: HqClient): LiveQuery<PairingRow> {
  return watchRows<PairingRow>(client, {
    ...source,
    read: (limit = windowSize) => readPairings(client, { limit }),
    limit: windowSize,
    version: updatedAt,
  });
}

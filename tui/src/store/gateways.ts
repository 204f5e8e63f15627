import type { HqClient } from '@hq/shared/client';
import { createLiveQuery, type LiveQuery } from '@hq/shared/live';
import { type GatewayRow, gatewayRow } from '@hq/shared/rows';
import { byText } from './order.ts';
import { parseRow, readRows } from './read-rows.ts';

export function readGateways(client: HqClient): Promise<GatewayRow[]> {
  return readRows(client, {
    table: 'gateways',
    row: gatewayRow,
    order: ['slug', 'id'],
  });
}

export function gatewaysStore(client: HqClient): LiveQuery<GatewayRow> {
  return createLiveQuery<GatewayRow>({
    client: client.supabase,
    bindings: [{ table: 'gateways' }],
    async read() {
      // How a gateway is depends on the database's clock: it is looked at together with the rows.
      const [rows] = await Promise.all([readGateways(client), client.clock.isOld() ? client.whoami() : null]);
      return rows;
    },
    parse: (record) => parseRow(gatewayRow, record),
    key: (row) => row.id,
    compare: byText((row) => row.slug),
    version: (row) => Date.parse(row.updated_at),
  });
}

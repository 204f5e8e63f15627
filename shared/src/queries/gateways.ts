import { type HqClient, noMember } from '../client/index.ts';
import type { LiveQuery } from '../live/index.ts';
import { type GatewayRow, gatewayRow } from '../rows/index.ts';
import { readRows } from './read-rows.ts';
import { byText, rowId, updatedAt } from './row-order.ts';
import { watchRows } from './watch-rows.ts';

const source = { table: 'gateways', row: gatewayRow } as const;

/** Reads all gateways, or the one that the filter names. */
export function readGateways(
  client: HqClient,
  filter: { readonly id?: string; readonly slug?: string } = {},
): Promise<GatewayRow[]> {
  return readRows(client, {
    ...source,
    where: [
      ['id', 'eq', filter.id],
      ['slug', 'eq', filter.slug],
    ],
    order: ['slug', 'id'],
  });
}

export function liveGateways(client: HqClient): LiveQuery<GatewayRow> {
  return watchRows<GatewayRow>(client, {
    ...source,
    async read() {
      // A gateway's condition depends on the database's clock, so the clock is read together with the rows.
      const [rows, known] = await Promise.all([
        readGateways(client),
        client.clock.isOld() ? client.whoami() : null,
      ]);
      // Whoever is no member any more reads no rows, without an error.
      const member = rows.length === 0 ? await client.whoami() : known;
      if (member?.role === null) throw noMember(member);
      return rows;
    },
    key: rowId,
    compare: byText((row) => row.slug),
    version: updatedAt,
  });
}

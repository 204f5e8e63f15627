import { type HqClient, noMember } from '../client/index.ts';
import type { LiveQuery } from '../live/index.ts';
import { type GatewayRow, gatewayRow } from '../rows/index.ts';
import { readRows } from './read-rows.ts';
import { updatedAt } from './row-order.ts';
import { watchRows } from './watch-rows.ts';

const source = { table: 'gateways', row: gatewayRow, order: ['slug', 'id'] } as const;

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
  });
}

export function liveGateways(client: HqClient): LiveQuery<GatewayRow> {
  return watchGateways(client, {});
}

/** One gateway; no row while it loads, and none if it does not exist for this member. */
export function liveGateway(client: HqClient, id: string): LiveQuery<GatewayRow> {
  return watchGateways(client, { id });
}

function watchGateways(client: HqClient, filter: { readonly id?: string }): LiveQuery<GatewayRow> {
  return watchRows<GatewayRow>(client, {
    ...source,
    changes: filter.id === undefined ? {} : { filter: `id=eq.${filter.id}` },
    async read() {
      // A gateway's condition depends on the database's clock, so the clock is read together with the rows.
      const [rows, known] = await Promise.all([
        readGateways(client, filter),
        client.clock.isOld() ? client.whoami() : null,
      ]);
      // Whoever is no member any more reads no rows, without an error.
      const member = rows.length === 0 ? await client.whoami() : known;
      if (member?.role === null) throw noMember(member);
      return rows;
    },
    version: updatedAt,
  });
}

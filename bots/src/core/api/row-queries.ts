import type { HqClient } from '@hq/shared/client';
import type { LiveQuery } from '@hq/shared/live';
import { liveCommandsById, readGateways, readLastOutput } from '@hq/shared/queries';
import type { CommandRow, GatewayRow } from '@hq/shared/rows';

export type GatewayState = Pick<GatewayRow, 'status' | 'last_seen_at'>;

const mostCommands = 2_000;
const lastPieces = 40;

export type RowQueries = ReturnType<typeof createRowQueries>;

/** Rows that the bot reads as the viewer that it is: the state of commands whose cards it keeps up to date. */
export function createRowQueries(client: HqClient) {
  const slugs = new Map<string, string>();
  return {
    /** The commands that `ids` returns at each read, and every command that changes in between. */
    commands: (ids: () => readonly string[]): LiveQuery<CommandRow> =>
      liveCommandsById(client, ids, mostCommands),
    /** The last lines that a command wrote in its last attempt. */
    async lastOutput(commandId: string): Promise<string> {
      const rows = await readLastOutput(client, commandId, lastPieces);
      return rows.map(({ text }) => text).join('');
    },
    /** A gateway's slug by its id; null if it does not exist. */
    async gatewaySlug(id: string): Promise<string | null> {
      const known = slugs.get(id);
      if (known !== undefined) return known;
      const [row] = await readGateways(client, { id });
      if (row !== undefined) slugs.set(id, row.slug);
      return row?.slug ?? null;
    },
    /** The gateway's status and when it was last seen. */
    async gatewayState(
      gateway: { readonly id: string } | { readonly slug: string },
    ): Promise<GatewayState | null> {
      const [row] = await readGateways(client, gateway);
      return row ?? null;
    },
  };
}

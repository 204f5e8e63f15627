import type { HqClient } from '@hq/shared/client';
import { createLiveQuery, type LiveQuery } from '@hq/shared/live';
import { type CommandRow, commandOutputRow, commandRow, gatewayRow } from '@hq/shared/rows';
import { z } from 'zod';

/** What the bot reads as the viewer that it is: the state of commands whose cards it keeps up to date. */
export interface RowQueries {
  /** The commands that `ids` names whenever it is asked, and whatever else is told of meanwhile. */
  commands(ids: () => readonly string[]): LiveQuery<CommandRow>;
  /** The last lines that a command wrote in its last attempt. */
  lastOutput(commandId: string): Promise<string>;
  /** A gateway's slug by its id; null where there is none. */
  gatewaySlug(id: string): Promise<string | null>;
  /** How a gateway is at this moment. */
  gatewayState(gateway: { readonly id: string } | { readonly slug: string }): Promise<GatewayState | null>;
}

const gatewayState = gatewayRow.pick({ status: true, last_seen_at: true });
export type GatewayState = z.output<typeof gatewayState>;

const table = 'agent_commands';
const columns = Object.keys(commandRow.shape).join(',');
/** As many commands as one request names. */
const mostFollowed = 150;
const lastPieces = 40;
const slug = z.array(z.object({ slug: z.string() }));

export function createRowQueries(client: HqClient): RowQueries {
  const slugs = new Map<string, string>();

  async function readCommands(ids: readonly string[]): Promise<CommandRow[]> {
    const rows: CommandRow[] = [];
    for (let from = 0; from < ids.length; from += mostFollowed) {
      const some = ids.slice(from, from + mostFollowed);
      const records = await client.ask<unknown[]>(client.supabase.from(table).select(columns).in('id', some));
      rows.push(...records.flatMap((record) => parse(record) ?? []));
    }
    return rows;
  }

  return {
    commands: (ids) =>
      createLiveQuery<CommandRow>({
        client: client.supabase,
        bindings: [{ table }],
        read: () => readCommands(ids()),
        parse,
        key: (row) => row.id,
        compare: (a, b) =>
          a.created_at === b.created_at ? (a.id < b.id ? 1 : -1) : a.created_at < b.created_at ? 1 : -1,
        limit: 2_000,
        version: (row) => Date.parse(row.updated_at),
        timing: { resyncMs: 10_000, pollMs: 1_000 },
      }),
    async lastOutput(commandId) {
      const records = await client.ask<unknown[]>(
        client.supabase
          .from('agent_command_output')
          .select(Object.keys(commandOutputRow.shape).join(','))
          .eq('command_id', commandId)
          .order('attempt', { ascending: false })
          .order('seq', { ascending: false })
          .limit(lastPieces),
      );
      const rows = z.array(commandOutputRow).parse(records);
      const attempt = rows[0]?.attempt;
      return rows
        .filter((row) => row.attempt === attempt)
        .reverse()
        .map(({ text }) => text)
        .join('');
    },
    async gatewaySlug(id) {
      const known = slugs.get(id);
      if (known !== undefined) return known;
      const [row] = slug.parse(
        await client.ask<unknown>(client.supabase.from('gateways').select('slug').eq('id', id).limit(1)),
      );
      if (row !== undefined) slugs.set(id, row.slug);
      return row?.slug ?? null;
    },
    async gatewayState(gateway) {
      const [column, value] = 'id' in gateway ? ['id', gateway.id] : ['slug', gateway.slug];
      const found = await client.ask<unknown>(
        client.supabase.from('gateways').select('status,last_seen_at').eq(column, value).limit(1),
      );
      return z.array(gatewayState).parse(found)[0] ?? null;
    },
  };
}

function parse(record: unknown): CommandRow | null {
  const parsed = commandRow.safeParse(record);
  return parsed.success ? parsed.data : null;
}

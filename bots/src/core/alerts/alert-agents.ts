import type { HqClient } from '@hq/shared/client';
import { z } from 'zod';
import type { AlertRow } from './alert-row.ts';

/** The agent of an alert. */
export interface AlertAgent {
  readonly slug: string;
  readonly tags: readonly string[];
}

/** Milliseconds after which an agent's tags are read again. */
const freshMs = 60_000;
const mostAtOnce = 100;
const mostKnown = 5_000;

const words = z
  .array(z.string())
  .nullish()
  .transform((tags) => tags ?? []);
const agentRows = z.array(
  z.object({
    id: z.string(),
    slug: z.string(),
    domains: words,
    capabilities: words,
    meta: z.object({ team: z.string().optional() }).catch({}),
  }),
);

type Column = 'id' | 'slug';
interface Reference {
  readonly column: Column;
  readonly value: string;
}

export type AlertAgents = ReturnType<typeof createAlertAgents>;

/** Looks up the agents of alerts. */
export function createAlertAgents(client: HqClient) {
  const known = new Map<string, { readonly agent: AlertAgent | null; readonly until: number }>();
  const keyOf = ({ column, value }: Reference): string => `${column}:${value}`;

  async function read(column: Column, values: readonly string[]): Promise<void> {
    const until = Date.now() + freshMs;
    for (let from = 0; from < values.length; from += mostAtOnce) {
      const some = values.slice(from, from + mostAtOnce);
      const rows = agentRows.parse(
        await client.ask<unknown>(
          client.supabase.from('agents').select('id,slug,domains,capabilities,meta').in(column, some),
        ),
      );
      const found = new Map(rows.map((row) => [row[column], row]));
      for (const value of some) {
        const row = found.get(value);
        const agent =
          row === undefined
            ? null
            : {
                slug: row.slug,
                tags: [
                  ...row.domains,
                  ...row.capabilities,
                  ...(row.meta.team === undefined ? [] : [row.meta.team]),
                ],
              };
        known.set(keyOf({ column, value }), { agent, until });
      }
    }
  }

  return {
    /** Reads the agents of these alerts that are unknown or were read too long ago. */
    async know(rows: readonly AlertRow[]): Promise<void> {
      if (known.size > mostKnown) known.clear();
      const unknown = rows.flatMap((row) => {
        const reference = referenceOf(row);
        if (reference === null) return [];
        return (known.get(keyOf(reference))?.until ?? 0) > Date.now() ? [] : [reference];
      });
      for (const column of ['id', 'slug'] as const) {
        const values = unknown.filter((one) => one.column === column).map(({ value }) => value);
        await read(column, [...new Set(values)]);
      }
    },
    of(row: AlertRow): AlertAgent | null {
      const reference = referenceOf(row);
      const agent = reference === null ? undefined : known.get(keyOf(reference))?.agent;
      const slug = slugOf(row);
      // One that is gone has a name still.
      return agent ?? (slug === null ? null : { slug, tags: [] });
    },
  };
}

const guid = z.guid();
const slugInMeta = z.object({ agent_slug: z.string().regex(/^[a-z0-9-]{1,60}$/) });

function slugOf({ meta }: AlertRow): string | null {
  const parsed = slugInMeta.safeParse(meta);
  return parsed.success ? parsed.data.agent_slug : null;
}

function referenceOf(row: AlertRow): Reference | null {
  for (const value of [
    row.actor_agent_id,
    row.entity_type === 'agent' ? row.entity_id : null,
    /^agent:(.+)$/.exec(row.subject ?? '')?.[1],
  ]) {
    const id = guid.safeParse(value);
    if (id.success) return { column: 'id', value: id.data };
  }
  const slug = slugOf(row);
  return slug === null ? null : { column: 'slug', value: slug };
}

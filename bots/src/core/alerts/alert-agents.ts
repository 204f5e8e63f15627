import type { HqClient } from '@hq/shared/client';
import { LRUCache } from 'lru-cache';
import { z } from 'zod';
import { type AlertRow, inPortions } from './alert-row.ts';

/** The agent of an alert. */
export interface AlertAgent {
  readonly slug: string;
  readonly tags: readonly string[];
}

/** Milliseconds after which an agent's tags are read again. */
const freshMs = 60_000;
const mostKnown = 5_000;

const words = z
  .array(z.string())
  .nullish()
  .transform((tags) => tags ?? []);
const agentRow = z.object({
  id: z.string(),
  slug: z.string(),
  domains: words,
  capabilities: words,
  meta: z.object({ team: z.string().optional() }).catch({}),
});
const guid = z.guid();
const slugInMeta = z.object({ agent_slug: z.string().regex(/^[a-z0-9-]{1,60}$/) });

export type FindAlertAgents = ReturnType<typeof createAlertAgents>;

/** Finds the agents of alerts. One that is gone still has a name. */
export function createAlertAgents(client: HqClient) {
  /** The agents of an id or a slug: one or none. */
  const known = new LRUCache<string, readonly AlertAgent[]>({ max: mostKnown, ttl: freshMs });

  async function read(column: 'id' | 'slug', values: readonly string[]): Promise<void> {
    const select = client.supabase.from('agents').select('id,slug,domains,capabilities,meta');
    const rows = z.array(agentRow).parse(await client.ask<unknown>(select.in(column, values)));
    for (const value of values) {
      const found = rows.filter((row) => row[column] === value);
      known.set(
        value,
        found.map(({ slug, domains, capabilities, meta: { team } }) => ({
          slug,
          tags: [...domains, ...capabilities, ...(team === undefined ? [] : [team])],
        })),
      );
    }
  }

  return async (rows: readonly AlertRow[]): Promise<(row: AlertRow) => AlertAgent | null> => {
    const unknown = [...new Set(rows.flatMap((row) => idOf(row) ?? slugOf(row) ?? []))].filter(
      (one) => !known.has(one),
    );
    const isId = (value: string): boolean => guid.safeParse(value).success;
    for (const ids of inPortions(unknown.filter(isId))) await read('id', ids);
    for (const slugs of inPortions(unknown.filter((one) => !isId(one)))) await read('slug', slugs);
    return (row) => {
      const slug = slugOf(row);
      const [agent] = known.get(idOf(row) ?? slug ?? '', { allowStale: true }) ?? [];
      return agent ?? (slug === null ? null : { slug, tags: [] });
    };
  };
}

function slugOf({ meta }: AlertRow): string | null {
  return slugInMeta.safeParse(meta).data?.agent_slug ?? null;
}

function idOf({ actor_agent_id, entity_type, entity_id, subject }: AlertRow): string | null {
  const ofEntity = entity_type === 'agent' ? entity_id : null;
  const ofSubject = /^agent:(.+)$/.exec(subject ?? '')?.[1];
  return [actor_agent_id, ofEntity, ofSubject].find((one) => guid.safeParse(one).success) ?? null;
}

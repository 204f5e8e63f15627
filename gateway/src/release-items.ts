import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { assertPortOwner, readPrivate } from '@hq/shared/program';
import { parseJson } from '@hq/shared/text';
import { z } from 'zod';
import type { Settings } from './environment.ts';

const limitMs = 5_000;
const record = z.object({ slug: z.string(), token: z.string() });
const released = z.object({ released: z.number() });

/** Result for one agent: how many items it gave back, or why it could not. */
export interface Released {
  readonly slug: string;
  readonly items: number;
  readonly fault: string | null;
}

/** Gives back the inbox items that each agent has taken, with that agent's own credential. */
export async function releaseItems(
  directory: string,
  api: NonNullable<Settings['api']>,
): Promise<readonly Released[]> {
  const files = (await readdir(directory)).filter((file) => file.endsWith('.json'));
  const results = files.map(async (file) => {
    const { data } = record.safeParse(parseJson((await readPrivate(join(directory, file))) ?? ''));
    return data === undefined ? [] : [await release(data, api)];
  });
  return (await Promise.all(results)).flat();
}

async function release(
  { slug, token }: z.output<typeof record>,
  { url, anonKey }: NonNullable<Settings['api']>,
): Promise<Released> {
  try {
    assertPortOwner(url);
    const response = await fetch(`${url}/rest/v1/rpc/agent_call`, {
      method: 'POST',
      headers: { apikey: anonKey, 'content-type': 'application/json' },
      body: JSON.stringify({ p_token: token, p_operation: 'release_items' }),
      signal: AbortSignal.timeout(limitMs),
    });
    if (!response.ok) return { slug, items: 0, fault: `status ${response.status}` };
    return { slug, items: released.parse(await response.json()).released, fault: null };
  } catch (error) {
    // Leases that stay expire by themselves after ten minutes.
    return { slug, items: 0, fault: error instanceof Error ? error.name : String(error) };
  }
}

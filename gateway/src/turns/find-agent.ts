import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { HqError } from '@hq/shared/errors';
import { readPrivate } from '@hq/shared/program';
import { parseJson } from '@hq/shared/text';
import { z } from 'zod';
import type { OpenClawClient } from '../openclaw/client.ts';

const record = z.object({ slug: z.string() });
const agentList = z.object({
  agents: z.array(z.object({ id: z.string(), workspace: z.string().optional() })),
});

/** Returns the ids in OpenClaw of the agents that HQ manages, with their slugs. */
export async function managedAgents(directory: string): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  for (const file of await readdir(directory)) {
    if (!file.endsWith('.json')) continue;
    const { data } = record.safeParse(parseJson((await readPrivate(join(directory, file))) ?? ''));
    if (data !== undefined) found.set(basename(file, '.json'), data.slug);
  }
  return found;
}

/** Returns the id in OpenClaw of the agent with this slug. Throws `not_found` where there is none. */
export async function findAgent(
  client: OpenClawClient,
  directory: string,
  slug: string,
  signal: AbortSignal,
): Promise<string> {
  for (const [id, one] of await managedAgents(directory)) if (one === slug) return id;
  // An agent that HQ did not create has no record.
  const { agents } = await client.request(agentList, { method: 'agents.list', signal });
  const agent = agents.find(({ id, workspace = '' }) => id === slug || slugOfWorkspace(workspace) === slug);
  if (agent !== undefined) return agent.id;
  throw new HqError('not_found', `The gateway has no agent ${slug}.`, {
    hint: agents.length === 0 ? 'It has none.' : `It has ${agents.map(({ id }) => id).join(', ')}.`,
    field: 'agent',
  });
}

/** Returns the last part of the branch whose worktree the workspace is. */
function slugOfWorkspace(workspace: string): string | null {
  return /\/workspace-(?:[a-z0-9-]+\/)?([a-z0-9-]+)\/?$/.exec(workspace)?.[1] ?? null;
}

import { HqError } from '@hq/shared/errors';
import { type AgentsContext, ownAgents } from './context.ts';

/** Returns OpenClaw's id of an agent that HQ made. Throws `not_found`. */
export async function findOwn(context: AgentsContext, slug: string): Promise<string> {
  const slugs: string[] = [];
  for (const [id, record] of await ownAgents(context)) {
    if (record.state !== 'present') continue;
    if (record.slug === slug) return id;
    slugs.push(record.slug);
  }
  throw new HqError('not_found', `The gateway has no agent ${slug} of HQ.`, {
    hint: slugs.length === 0 ? 'It has none.' : `It has ${slugs.join(', ')}.`,
    field: 'agent',
  });
}

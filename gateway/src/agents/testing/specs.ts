import { randomUUID } from 'node:crypto';
import type { AgentSpec } from '@hq/shared/agents';

/** Returns the spec of an agent of the workspace `acme`. */
export function specOf(slug: string, more: Partial<AgentSpec> = {}): AgentSpec {
  return {
    id: randomUUID(),
    slug,
    branch: `acme/${slug}`,
    name: slug.replace(/^./, (letter) => letter.toUpperCase()),
    description: 'Answers questions.',
    emoji: null,
    model: null,
    thinking: null,
    status: 'ready',
    template: null,
    owner: { name: 'Ann Smith', preferredName: 'Ann', timezone: 'Europe/Berlin' },
    workspaceSlug: 'acme',
    channel: null,
    allowedHosts: [],
    importId: null,
    token: 'ab'.repeat(32),
    ...more,
  };
}

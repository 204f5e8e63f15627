import { createHash } from 'node:crypto';
import { type AgentSpec, openClawIdOf } from '@hq/shared/agents';
import { plainLine } from '@hq/shared/text';
import type { CommitFile } from '../repository/commit.ts';

/** Values of `{{name}}` and the like in a template. */
function valuesOf(spec: AgentSpec): Readonly<Record<string, string>> {
  const { owner } = spec;
  const ownerName = owner.name ?? 'not known yet';
  return {
    name: spec.name,
    slug: spec.slug,
    emoji: spec.emoji ?? '',
    description: spec.description ?? 'not written yet',
    workspace: spec.workspaceSlug ?? 'not named yet',
    owner_name: ownerName,
    owner_preferred_name: owner.preferredName ?? ownerName,
    owner_timezone: owner.timezone ?? 'not known yet',
  };
}

/** Returns the template's files with the agent's values in them, and `agent.json`. */
export function renderFiles(template: readonly CommitFile[], spec: AgentSpec): readonly CommitFile[] {
  const values = valuesOf(spec);
  const rendered = template
    .filter(({ path }) => path !== 'agent.json' && path !== 'template.json')
    .map((file) =>
      file.mode !== '120000' && /\.(?:md|txt|json)$/.test(file.path)
        ? { ...file, content: Buffer.from(fillIn(file.content.toString(), values)) }
        : file,
    );
  return [...rendered, agentJson(spec)];
}

function fillIn(text: string, values: Readonly<Record<string, string>>): string {
  return text.replaceAll(/\{\{([a-z_]+)\}\}/g, (placeholder, name: string) => {
    const value = values[name];
    return value === undefined ? placeholder : plainLine(value).trim();
  });
}

function agentJson(spec: AgentSpec): CommitFile {
  const { id, slug, branch, name, description, emoji, template, workspaceSlug, owner } = spec;
  const content = {
    id,
    slug,
    branch,
    openclawId: openClawIdOf(branch),
    name,
    description,
    emoji,
    template: template ?? 'default',
    workspace: workspaceSlug,
    owner,
  };
  return {
    path: 'agent.json',
    mode: '100644',
    content: Buffer.from(`${JSON.stringify(content, null, 2)}\n`),
  };
}

export function hashOf(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}

import { type AgentSpec, openClawIdOf } from '@hq/shared/agents';
import { codeOf, HqError } from '@hq/shared/errors';
import { fileFault } from '@hq/shared/program';
import { counted } from '@hq/shared/text';
import { missingTokens } from './config/desired-config.ts';
import { type AgentsContext, type OnProgress, ownAgents } from './context.ts';
import { provisionFiles, worktreeOf } from './provision-files.ts';
import type { ProvisionRecord } from './records/provision-record.ts';
import { finishRemoval } from './remove-agent.ts';

export interface Outcome {
  readonly changed: Set<string>;
  readonly needCredential: string[];
  readonly problems: { slug: string; message: string }[];
}

/** Prepares files and records. Returns the agents that can be configured; the others are problems. */
export async function prepareAgents(
  context: AgentsContext,
  specs: readonly AgentSpec[],
  onProgress: OnProgress,
  { changed, needCredential, problems }: Outcome,
): Promise<readonly AgentSpec[]> {
  const accepted: AgentSpec[] = [];
  const own = await ownAgents(context);
  let count = [...own.values()].filter(isThere).length;
  for (const spec of specs) {
    const id = openClawIdOf(spec.branch);
    const record = own.get(id);
    try {
      assertOwn(spec, record);
      if (record === undefined || !isThere(record)) {
        assertRoom(count, context.mostAgents);
        count += 1;
      }
      if (record?.state === 'removing') await finishRemoval(context, id, record, onProgress);
      const { stateDirectory } = context;
      const isPresent = record?.state === 'present';
      const putRecord = () => writeAgentRecord(context, id, spec, needCredential);
      // Write first what the agent may do: it could spoil its files.
      const hasRecordChanged = isPresent && (await putRecord());
      if (await prepareFiles(context, spec, isPresent, onProgress, problems)) changed.add(spec.slug);
      if (hasRecordChanged || (!isPresent && (await putRecord()))) changed.add(spec.slug);
      const missing = spec.channel === null ? [] : missingTokens(spec.channel);
      if (missing.length > 0) {
        const message = `Its ${spec.channel?.name} account lacks ${missing.join(' and ')}: store that as a secret of the agent.`;
        problems.push({ slug: spec.slug, message });
      }
      context.wanted.set(id, { id, spec, workspace: worktreeOf(stateDirectory, spec.branch).workspace });
      accepted.push(spec);
    } catch (error) {
      problems.push({ slug: spec.slug, message: problemOf(error) });
    }
  }
  return accepted;
}

/**
 * Provisions the files of an agent and returns whether one was written. What an agent that is there has done to its files
 * is a problem of its own, and keeps nothing else from it.
 */
async function prepareFiles(
  { stateDirectory, provisionRecords }: AgentsContext,
  spec: AgentSpec,
  isPresent: boolean,
  onProgress: OnProgress,
  problems: Outcome['problems'],
): Promise<boolean> {
  try {
    const files = { stateDirectory, records: provisionRecords, onStep: onProgress };
    const { hasChanged, kept } = await provisionFiles(spec, files);
    if (kept.length > 0) onProgress(`${spec.slug}: kept ${kept.join(', ')}, which HQ did not write`);
    return hasChanged;
  } catch (error) {
    if (!isPresent || error instanceof HqError) throw error;
    problems.push({ slug: spec.slug, message: problemOf(error) });
    return false;
  }
}

/** Faults of files that an agent can cause in its workspace. Others, such as a full disk, are the gateway's. */
const faultsOfAgents = new Set([
  ...[
    'EACCES',
    'EEXIST',
    'EISDIR',
    'ELOOP',
    'ENAMETOOLONG',
    'ENOENT',
    'ENOTDIR',
    'ENOTEMPTY',
    'ENXIO',
    'EPERM',
  ],
]);

/** Returns what is wrong with one agent; throws a fault that concerns all of them. */
function problemOf(error: unknown): string {
  if (error instanceof HqError) return [error.message, error.hint].filter(Boolean).join(' ');
  if (!faultsOfAgents.has(codeOf(error) ?? '')) throw error;
  return `Its files cannot be written: ${fileFault(error)}.`;
}

function isThere({ state }: ProvisionRecord): boolean {
  return state === 'preparing' || state === 'adopting' || state === 'present';
}

/** Two branches may have the same id in OpenClaw: `a/b-c` and `a-b/c`. */
function assertOwn({ branch }: AgentSpec, record: ProvisionRecord | undefined): void {
  if (record === undefined || record.branch === branch || !isThere(record)) return;
  throw new HqError('conflict', `OpenClaw’s id of ${branch} belongs to ${record.branch}.`, {
    hint: 'Give one of them another slug.',
  });
}

function assertRoom(count: number, most: number): void {
  if (count < most) return;
  throw new HqError('refused', `This gateway has ${counted(count, 'agent')}, and no more fit.`, {
    hint: 'Provision it on another gateway, or run `remove` for an agent that is no longer needed.',
  });
}

/** Writes what the plugin reads. Returns true if it changed. */
async function writeAgentRecord(
  { agentRecords }: AgentsContext,
  id: string,
  spec: AgentSpec,
  needCredential: string[],
): Promise<boolean> {
  const before = await agentRecords.read(id);
  // The credential of a removed agent of that slug is not this one's.
  const token = spec.token ?? (before?.agentId === spec.id ? before.token : undefined);
  if (token === undefined) {
    needCredential.push(spec.slug);
    return false;
  }
  const { slug, branch, allowedHosts } = spec;
  const record = { agentId: spec.id, slug, branch, token, allowedHosts };
  if (JSON.stringify(before) === JSON.stringify(record)) return false;
  await agentRecords.write(id, record);
  return true;
}

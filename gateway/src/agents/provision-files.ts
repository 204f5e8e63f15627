import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type AgentSpec, openClawIdOf } from '@hq/shared/agents';
import { codeOf, HqError } from '@hq/shared/errors';
import { planFiles, writeFiles } from './files/personal-files.ts';
import { hashOf, renderFiles } from './files/render.ts';
import { adoptFiles } from './imports/imported-files.ts';
import type { PrivateJsonFiles } from './records/private-json-files.ts';
import type { ProvisionRecord } from './records/provision-record.ts';
import { type CommitFile, filesOf, writeCommit } from './repository/commit.ts';
import { tipOf } from './repository/git.ts';
import { templateNames } from './repository/repository.ts';
import { checkOut, linkWorktree, type Worktree } from './repository/worktree.ts';

export interface FilesOptions {
  readonly stateDirectory: string;
  readonly records: PrivateJsonFiles<ProvisionRecord>;
  /** Called before each step, in words. */
  readonly onStep: (step: string) => void;
}

export interface FilesResult {
  readonly hasChanged: boolean;
  /** Files that the agent or a person changed, which therefore stay as they are. */
  readonly kept: readonly string[];
}

export function worktreeOf(stateDirectory: string, branch: string): Worktree {
  return {
    repository: join(stateDirectory, 'repo.git'),
    branch,
    id: openClawIdOf(branch),
    workspace: join(stateDirectory, `workspace-${branch}`),
  };
}

/**
 * Gives an agent its branch, worktree and files, or repairs them. Each step looks at what is there, so that a run that was
 * stopped at any of them is completed by the next one.
 */
export async function provisionFiles(spec: AgentSpec, options: FilesOptions): Promise<FilesResult> {
  const { stateDirectory, records, onStep } = options;
  const worktree = worktreeOf(stateDirectory, spec.branch);
  const rendered = renderFiles(await templateFiles(worktree.repository, spec.template), spec);
  const earlier = await records.read(worktree.id);
  if (earlier?.state === 'present') return await updateFiles(worktree, rendered, earlier, options);
  const isBegun = earlier?.state === 'preparing' || earlier?.state === 'adopting';
  if (!isBegun && spec.importId !== null) {
    onStep(`${spec.slug}: taking its imported files`);
    await adoptFiles(stateDirectory, spec.importId, worktree.workspace);
  }
  const isAdopted =
    earlier?.state === 'adopting' || (earlier?.state !== 'preparing' && (await hasFiles(worktree.workspace)));
  const record: ProvisionRecord = {
    slug: spec.slug,
    branch: spec.branch,
    state: isAdopted ? 'adopting' : 'preparing',
    archive: null,
    files: Object.fromEntries(rendered.map(({ path, content }) => [path, [hashOf(content)]])),
    wasRemoved: earlier?.state === 'removed' || earlier?.wasRemoved === true,
  };
  onStep(`${spec.slug}: ${isAdopted ? 'adopting' : 'making'} its files`);
  await records.write(worktree.id, record);
  if ((await tipOf(worktree.repository, spec.branch)) === undefined) {
    onStep(`${spec.slug}: first commit on ${spec.branch}`);
    const message = `Add ${spec.slug} from the template ${spec.template ?? 'default'}\n`;
    await writeCommit(worktree.repository, {
      branch: spec.branch,
      parent: await tipOf(worktree.repository, templateBranch(spec.template)),
      message,
      files: rendered,
    });
  }
  onStep(`${spec.slug}: worktree in ${worktree.workspace}`);
  await linkWorktree(worktree);
  onStep(`${spec.slug}: files of the worktree`);
  await checkOut(worktree, !isAdopted);
  onStep(`${spec.slug}: files are complete`);
  const { kept } = await updateFiles(worktree, rendered, { ...record, state: 'present' }, options);
  return { hasChanged: true, kept };
}

async function updateFiles(
  worktree: Worktree,
  rendered: readonly CommitFile[],
  record: ProvisionRecord,
  { records, onStep }: FilesOptions,
): Promise<FilesResult> {
  if (!(await hasFiles(worktree.workspace))) {
    onStep(`${record.slug}: its directory is gone; files come from the branch`);
    await linkWorktree(worktree);
    await checkOut(worktree, true);
  } else await linkWorktree(worktree);
  const plan = await planFiles(worktree.workspace, rendered, record.files);
  if (plan.write.length > 0) {
    onStep(`${record.slug}: writing ${plan.write.map(({ path }) => path).join(', ')}`);
    await records.write(worktree.id, { ...record, files: { ...record.files, ...plan.before } });
    await writeFiles(worktree.workspace, plan.write);
  }
  const after = { ...record, files: { ...record.files, ...plan.after } };
  if (JSON.stringify(await records.read(worktree.id)) !== JSON.stringify(after)) {
    await records.write(worktree.id, after);
  }
  return { hasChanged: plan.write.length > 0, kept: plan.kept };
}

async function templateFiles(repository: string, template: string | null): Promise<readonly CommitFile[]> {
  const tip = await tipOf(repository, templateBranch(template));
  if (tip !== undefined) return await filesOf(repository, tip);
  const others = await templateNames(repository);
  const names = ((await tipOf(repository, 'default')) === undefined ? others : ['default', ...others]).join(
    ', ',
  );
  throw new HqError('not_found', `There is no template ${template ?? 'default'}.`, {
    hint: names === '' ? 'The repository has no templates.' : `Templates: ${names}.`,
    field: 'template',
  });
}

function templateBranch(template: string | null): string {
  return template === null || template === 'default' ? 'default' : `template/${template}`;
}

/** Returns true if a workspace has anything but git's link. */
async function hasFiles(workspace: string): Promise<boolean> {
  try {
    return (await readdir(workspace)).some((name) => name !== '.git');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return false;
    throw error;
  }
}

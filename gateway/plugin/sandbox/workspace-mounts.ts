import { lstat, realpath } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { HqError } from '@hq/shared/errors';
import {
  resolveReadOnlyWorkspaceSkillMounts,
  type SandboxBackendParams,
  type SandboxMount,
} from 'openclaw/plugin-sdk/sandbox';
import type { JailMount } from './jail-command.ts';

/** Directory in the jail that is the agent's worktree. */
export const workdir = '/workspace';
const agentWorkdir = '/agent';

const isWithin = (directory: string, path: string): boolean => {
  const way = relative(directory, path);
  return way === '' || !(way === '..' || way.startsWith('../'));
};

/**
 * Returns what a jail shows of the state directory: the agent's worktree and nothing else. A configuration that would
 * show more, such as the state directory as a workspace, is refused.
 */
export async function workspaceMounts(
  stateDir: string,
  params: SandboxBackendParams,
): Promise<readonly JailMount[]> {
  const { workspaceDir, agentWorkspaceDir, skillsWorkspaceDir, readOnlyResourceMounts, cfg } = params;
  const isReadOnly = cfg.workspaceAccess === 'ro';
  const workspace = await assertWorkspace(stateDir, workspaceDir);
  const mounts: JailMount[] = [{ hostPath: workspace, jailPath: workdir, readOnly: isReadOnly }];
  if (cfg.workspaceAccess !== 'none' && agentWorkspaceDir !== workspaceDir) {
    const hostPath = await assertWorkspace(stateDir, agentWorkspaceDir);
    mounts.push({ hostPath, jailPath: agentWorkdir, readOnly: isReadOnly });
  }
  const skills = resolveReadOnlyWorkspaceSkillMounts({
    workspaceDir,
    agentWorkspaceDir,
    skillsWorkspaceDir,
    workdir,
    workspaceAccess: cfg.workspaceAccess,
  });
  const readOnly = ({ hostPath, containerPath }: SandboxMount): JailMount => ({
    hostPath,
    jailPath: containerPath,
    readOnly: true,
  });
  return [
    ...mounts,
    ...(await gitMounts(mounts)),
    ...skills.map(readOnly),
    ...(readOnlyResourceMounts ?? []).map(readOnly),
  ];
}

/** Makes `.git` read-only: the gateway runs git in the worktree, and would run the hooks and filters of a changed one. */
async function gitMounts(mounts: readonly JailMount[]): Promise<readonly JailMount[]> {
  const found = await Promise.all(
    mounts.map(async ({ hostPath, jailPath }) => {
      const stat = await lstat(join(hostPath, '.git')).catch(() => undefined);
      if (stat === undefined) return [];
      if (stat.isSymbolicLink()) {
        throw new HqError('refused', 'The `.git` of an agent’s worktree is a link.', {
          hint: 'Provision the agent again; HQ makes a new worktree.',
        });
      }
      return [{ hostPath: join(hostPath, '.git'), jailPath: join(jailPath, '.git'), readOnly: true }];
    }),
  );
  return found.flat();
}

async function assertWorkspace(stateDir: string, directory: string): Promise<string> {
  const state = await realpath(stateDir);
  const path = await realpath(directory);
  const closed = ['hq', 'secrets', 'agents', 'state', 'repo.git', 'credentials'].map((name) =>
    join(state, name),
  );
  if (!isWithin(path, state) && !closed.some((place) => isWithin(place, path) || isWithin(path, place))) {
    return path;
  }
  throw new HqError('refused', 'An agent’s workspace would show files of the gateway to it.', {
    hint: 'Give the agent a workspace of its own: `workspace-<branch>` in the state directory.',
  });
}

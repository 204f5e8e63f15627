import { lstat, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf, HqError } from '@hq/shared/errors';
import { readPrivate, writePrivate } from '@hq/shared/program';
import { git } from './git.ts';

export interface Worktree {
  readonly repository: string;
  readonly branch: string;
  /** OpenClaw's id of the agent, which names the worktree in the repository. */
  readonly id: string;
  /** Directory with the agent's files. */
  readonly workspace: string;
}

/** Returns the repository's directory for a worktree: git's state of it, which an agent must not write. */
export function worktreeDirectory({ repository, id }: Pick<Worktree, 'repository' | 'id'>): string {
  return join(repository, 'worktrees', id);
}

/**
 * Makes the workspace a worktree of its branch, in the layout of gitrepository-layout(5). An existing directory is adopted
 * with its files. `git worktree add` refuses both that and a worktree that a killed run left half done.
 */
export async function linkWorktree(worktree: Worktree): Promise<void> {
  const { branch, workspace } = worktree;
  const directory = worktreeDirectory(worktree);
  await mkdir(directory, { recursive: true, mode: 0o700 });
  await mkdir(workspace, { recursive: true, mode: 0o700 });
  const parent = await lstat(workspace);
  if (!parent.isDirectory()) {
    throw new HqError('conflict', `${workspace} is a link, not a directory.`, {
      hint: 'Remove it; the next run creates the agent’s directory.',
    });
  }
  const link = join(workspace, '.git');
  await writeIfOther(join(directory, 'commondir'), '../..\n');
  await writeIfOther(join(directory, 'gitdir'), `${link}\n`);
  await writeIfOther(join(directory, 'HEAD'), `ref: refs/heads/${branch}\n`);
  // An agent may have made a repository of its own in its workspace: HQ never reads it.
  if (!(await isDirectory(link))) await writeIfOther(link, `gitdir: ${directory}\n`);
}

/** Writes the branch's files to the workspace. With `overwrite`, files that are there already are replaced. */
export async function checkOut(worktree: Worktree, overwrite: boolean): Promise<void> {
  const directory = worktreeDirectory(worktree);
  const inWorkspace = [`--work-tree=${worktree.workspace}`];
  await git(directory, [...inWorkspace, 'read-tree', 'HEAD']);
  const force = overwrite ? ['--force'] : [];
  await git(directory, [...inWorkspace, 'checkout-index', '--all', '--quiet', ...force]).catch((error) => {
    // Files that are there already are no failure of an adoption.
    if (overwrite) throw error;
  });
}

/** Writes a file unless it has this text. A link in its place is replaced, never followed. */
async function writeIfOther(path: string, text: string): Promise<void> {
  if ((await readText(path)) === text) return;
  await writePrivate(path, text);
}

async function readText(path: string): Promise<string | undefined> {
  try {
    return await readPrivate(path);
  } catch (error) {
    if (codeOf(error) === 'ELOOP') return undefined;
    throw error;
  }
}

async function isDirectory(path: string): Promise<boolean> {
  try {
    return (await lstat(path)).isDirectory();
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return false;
    throw error;
  }
}

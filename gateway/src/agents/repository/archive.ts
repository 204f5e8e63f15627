import { constants } from 'node:fs';
import { lstat, open, readdir, readlink, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf } from '@hq/shared/errors';
import { removeTree } from '@hq/shared/program';
import { isInside } from '../files/is-inside.ts';
import { type CommitFile, writeCommit } from './commit.ts';
import { git, tipOf } from './git.ts';
import { type Worktree, worktreeDirectory } from './worktree.ts';

const largestFile = 20 * 1024 * 1024;
const mostBytes = 500 * 1024 * 1024;
const mostFiles = 20_000;
/** Files, directories and whatever else is looked at: an agent may make millions that are no files. */
const mostEntries = 100_000;
/** Directories that can be made again from other files. */
const leftOut = new Set(['.git', 'node_modules', '.venv', '__pycache__', '.cache']);

/** Returns the name of the branch that keeps a removed agent's files. */
export function archiveName(branch: string, time: Date): string {
  return `archive/${branch}-${time
    .toISOString()
    .replace(/\.\d+Z$/, 'Z')
    .replaceAll(/[-:]/g, '')}`;
}

/**
 * Commits the workspace as it is to the archive, then removes the agent's branch, its worktree and the directory. Returns
 * the archive's name; null where there was neither a branch nor a directory. A run that was stopped goes on.
 */
export async function archiveWorktree(worktree: Worktree, archive: string): Promise<string | null> {
  const { repository, branch, workspace } = worktree;
  const tip = await tipOf(repository, branch);
  const archived = await tipOf(repository, archive);
  if (archived === undefined && tip !== undefined) {
    const message = `Archive ${branch}\n`;
    await writeCommit(repository, { branch: archive, parent: tip, message, files: filesIn(workspace) });
  }
  await removeTree(workspace);
  await removeTree(worktreeDirectory(worktree));
  if (tip !== undefined) await git(repository, ['update-ref', '-d', `refs/heads/${branch}`, tip]);
  return archived !== undefined || tip !== undefined ? archive : null;
}

/** Yields the files of a directory in the order of their names. Nothing outside of it is read: an agent may have linked there. */
async function* filesIn(directory: string): AsyncGenerator<CommitFile> {
  let bytes = 0;
  let count = 0;
  for await (const path of pathsIn(directory, '', { entries: 0 })) {
    const file = await readFile(directory, path);
    if (file === null) continue;
    bytes += file.content.length;
    count += 1;
    if (bytes > mostBytes || count > mostFiles) return;
    yield file;
  }
}

async function* pathsIn(root: string, below: string, seen: { entries: number }): AsyncGenerator<string> {
  const names = await readdir(join(root, below)).catch(() => []);
  for (const name of names.sort()) {
    if (leftOut.has(name)) continue;
    seen.entries += 1;
    if (seen.entries > mostEntries) return;
    const path = below === '' ? name : `${below}/${name}`;
    if ((await lstat(join(root, path)).catch(() => undefined))?.isDirectory() === true)
      yield* pathsIn(root, path, seen);
    else yield path;
  }
}

/** Returns null for a file that is too large, cannot be read, or is none. */
async function readFile(root: string, path: string): Promise<CommitFile | null> {
  const full = join(root, path);
  try {
    if ((await lstat(full)).isSymbolicLink()) {
      return { path, mode: '120000', content: Buffer.from(await readlink(full)) };
    }
    const handle = await open(full, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      const stats = await handle.stat();
      // A directory above the file may have been replaced by a link since it was listed.
      const opened = await realpath(`/proc/self/fd/${handle.fd}`).catch(() => full);
      if (!stats.isFile() || stats.size > largestFile || !isInside(await realpath(root), opened)) return null;
      const mode = (stats.mode & 0o100) === 0 ? '100644' : '100755';
      return { path, mode, content: await handle.readFile() };
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (['ENOENT', 'ELOOP', 'ENXIO', 'EACCES', 'ENOTDIR', 'ENAMETOOLONG'].includes(codeOf(error) ?? ''))
      return null;
    throw error;
  }
}

import { constants } from 'node:fs';
import { chmod, mkdir, open, realpath } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { codeOf } from '@hq/shared/errors';
import { fileLimits } from '@hq/shared/gateway';
import { writePrivate } from '@hq/shared/program';
import type { CommitFile } from '../repository/commit.ts';
import { isInside } from './is-inside.ts';
import { hashOf } from './render.ts';

type Hashes = Readonly<Record<string, readonly string[]>>;

export interface FilesPlan {
  /** Files that are missing, or have the content that HQ wrote last: they get the new one. */
  readonly write: readonly CommitFile[];
  /** Files that the agent or a person changed: they stay as they are. */
  readonly kept: readonly string[];
  /** Hashes to record before the files are written, so that a stopped run knows them again. */
  readonly before: Record<string, string[]>;
  /** Hashes to record once they are written. */
  readonly after: Record<string, string[]>;
}

/**
 * Compares a workspace with its rendered files. HQ replaces a file only while its content is what HQ wrote last: from the
 * first change by the agent or a person on, the file is theirs. A file that is missing is written again.
 */
export async function planFiles(
  workspace: string,
  rendered: readonly CommitFile[],
  recorded: Hashes,
): Promise<FilesPlan> {
  const write: CommitFile[] = [];
  const kept: string[] = [];
  const before: Record<string, string[]> = {};
  const after: Record<string, string[]> = {};
  for (const file of rendered.filter(({ mode }) => mode !== '120000')) {
    const { path, content } = file;
    const wanted = hashOf(content);
    const known = recorded[path] ?? [];
    const current = await readInside(workspace, path);
    const isOurs = current === undefined || (current !== null && known.includes(hashOf(current)));
    if (current !== undefined && current !== null && hashOf(current) === wanted) {
      before[path] = after[path] = [wanted];
    } else if (isOurs) {
      write.push(file);
      before[path] = [...known, wanted];
      after[path] = [wanted];
    } else {
      kept.push(path);
      before[path] = after[path] = [...known];
    }
  }
  return { write, kept, before, after };
}

export async function writeFiles(workspace: string, files: readonly CommitFile[]): Promise<void> {
  const root = await realpath(workspace);
  for (const { path, mode, content } of files) {
    const full = join(root, path);
    await mkdir(dirname(full), { recursive: true, mode: 0o700 });
    // An agent may have put a link in the place of a directory.
    if (!isInside(root, await realpath(dirname(full)))) continue;
    await writePrivate(full, content.toString());
    if (mode === '100755') await chmod(full, 0o700);
  }
}

/** Returns undefined for a missing file, null for a link, for a file above the limit and for whatever else is no file of the workspace. */
async function readInside(workspace: string, path: string): Promise<Buffer | undefined | null> {
  const full = join(workspace, path);
  try {
    const isOutside = !isInside(await realpath(workspace), await realpath(dirname(full)));
    if (isOutside) return null;
    const file = await open(full, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      const stats = await file.stat();
      return stats.isFile() && stats.size <= fileLimits.largest ? await file.readFile() : null;
    } finally {
      await file.close();
    }
  } catch (error) {
    const code = codeOf(error);
    if (code === 'ENOENT') return undefined;
    if (code === 'ELOOP' || code === 'ENOTDIR' || code === 'ENXIO') return null;
    throw error;
  }
}

import { lstat, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { codeOf } from '@hq/shared/errors';

/** Names the process, so that the next import knows a directory that a killed one left. */
const nameOfCopy = /^hq-import-(\d+)-[A-Za-z0-9]{6}$/;

/** Makes a private directory for copies of databases, and removes those that killed imports of this user left. */
export async function makeCopyDirectory(parent = tmpdir()): Promise<string> {
  await removeLeftCopies(parent);
  return await mkdtemp(join(parent, `hq-import-${process.pid}-`));
}

async function removeLeftCopies(parent: string): Promise<void> {
  for (const name of await readdir(parent)) {
    const pid = nameOfCopy.exec(name)?.[1];
    if (pid === undefined || isRunning(Number(pid))) continue;
    const path = join(parent, name);
    const found = await lstat(path).catch(() => null);
    if (found?.isDirectory() === true && found.uid === process.getuid?.())
      await rm(path, { recursive: true, force: true });
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // A process of another user runs, too.
    return codeOf(error) !== 'ESRCH';
  }
}

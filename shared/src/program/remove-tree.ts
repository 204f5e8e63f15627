import { execFile } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { promisify } from 'node:util';
import { codeOf } from '../errors.ts';

const run = promisify(execFile);
/** Errors of trees that somebody made hard to remove: paths that are too long, and directories without rights. */
const stubborn = new Set(['ENAMETOOLONG', 'EACCES', 'EPERM']);

/**
 * Removes a directory that an agent has written to. Node's `rm` gives up at paths that are too long and at directories
 * that their owner may not read; the programs `chmod` and `rm` do not.
 */
export async function removeTree(path: string): Promise<void> {
  try {
    await rm(path, { recursive: true, force: true });
  } catch (error) {
    if (!stubborn.has(codeOf(error) ?? '')) throw error;
    await run('chmod', ['-R', 'u+rwX', '--', path]).catch(() => undefined);
    await run('rm', ['-rf', '--', path]).catch(() => {
      throw error;
    });
  }
}

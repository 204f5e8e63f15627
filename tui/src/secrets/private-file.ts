import { open } from 'node:fs/promises';
import { HqError } from '@hq/shared/errors';

/** Bytes; no file of keys is larger. */
const largestBytes = 256 * 1024;

/**
 * Reads a file of keys; null if there is none. Fails if others than its owner can read it, and if it cannot be read. No error
 * repeats its content.
 */
export async function readPrivateFile(path: string): Promise<string | null> {
  try {
    await using file = await open(path, 'r');
    const { mode, size } = await file.stat();
    if ((mode & 0o077) !== 0) {
      throw new HqError('refused', `${path} holds keys, and others can read it.`, {
        hint: `Close it with \`chmod 600 ${path}\`.`,
      });
    }
    if (size > largestBytes) throw new HqError('usage', `${path} is too large for a file of keys.`);
    return await file.readFile('utf8');
  } catch (cause) {
    if (cause instanceof HqError) throw cause;
    const code = cause instanceof Error && 'code' in cause ? cause.code : '';
    if (code === 'ENOENT' || code === 'ENOTDIR') return null;
    if (code === 'EACCES' || code === 'EPERM') {
      throw new HqError('refused', `${path} holds keys, and this account may not read it.`, {
        hint: 'Do it as the account that it belongs to, such as with sudo.',
        cause,
      });
    }
    throw new HqError('failed', `${path} cannot be read.`, { cause });
  }
}

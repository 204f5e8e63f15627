import { codeOf } from '../errors.ts';

const reasons: Readonly<Record<string, string>> = {
  ENOSPC: 'no space is left on the disk',
  EDQUOT: 'the disk quota is used up',
  EROFS: 'the file system is read-only',
  EACCES: 'this user may not do that',
  EPERM: 'this user may not do that',
  ERR_FS_EISDIR: 'a directory is in its place',
  EISDIR: 'a directory is in its place',
  ENOENT: 'the directory above it is missing',
  ENOTDIR: 'a file is in the place of a directory',
};

/** Returns the reason of a failed access to a file as a part of a sentence. It names no path: Node's message may. */
export function fileFault(error: unknown): string {
  const code = codeOf(error) ?? 'an unknown error';
  return reasons[code] ?? `the file system answered ${code}`;
}

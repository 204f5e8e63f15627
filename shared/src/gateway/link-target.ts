import { posix } from 'node:path';

/**
 * Returns whether a link of a tree may lead out of it. `..` after a name counts as well: where that name is a link itself,
 * the way leads elsewhere than its text says.
 */
export function leadsOut(path: string, target: string): boolean {
  const end = posix.normalize(posix.join(posix.dirname(path), target));
  const parts = target.split('/').filter((part) => part !== '' && part !== '.');
  const goesBack = parts.lastIndexOf('..') >= parts.filter((part) => part === '..').length;
  return target.startsWith('/') || end === '..' || end.startsWith('../') || goesBack;
}

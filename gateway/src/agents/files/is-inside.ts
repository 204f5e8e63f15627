import { relative } from 'node:path';

/** Returns true if a path is the directory or below it. Both must be free of links. */
export function isInside(directory: string, path: string): boolean {
  const way = relative(directory, path);
  return way === '' || !(way === '..' || way.startsWith('../'));
}

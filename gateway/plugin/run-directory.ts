import { lstatSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const prefix = '/tmp/hq-';

/**
 * Creates a private directory for sockets, with a name that nobody can guess and that is short enough for a socket's path.
 * Removes the one of a gateway that was killed.
 */
export function createRunDirectory(stateDir: string): string {
  const note = join(stateDir, 'hq', 'run-directory');
  mkdirSync(join(stateDir, 'hq'), { recursive: true, mode: 0o700 });
  removeFormer(note);
  const directory = mkdtempSync(prefix);
  writeFileSync(note, directory, { mode: 0o600 });
  return directory;
}

function removeFormer(note: string): void {
  let former: string;
  try {
    former = readFileSync(note, 'utf8');
  } catch {
    // The first start of this state directory.
    return;
  }
  const stat = /^\/tmp\/hq-[A-Za-z0-9]{6}$/.test(former)
    ? lstatSync(former, { throwIfNoEntry: false })
    : undefined;
  if (stat?.isDirectory() && stat.uid === process.getuid?.())
    rmSync(former, { recursive: true, force: true });
}

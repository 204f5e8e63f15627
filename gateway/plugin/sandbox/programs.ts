import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';

/** Directories of the system's programs. `PATH` is not asked: a directory that an agent writes could be on it. */
const directories = ['/usr/bin', '/bin', '/usr/local/bin', '/usr/sbin', '/sbin'];

/** Returns the absolute path of one of the system's programs. */
export function findProgram(...names: readonly string[]): string | undefined {
  return names
    .flatMap((name) => directories.map((directory) => join(directory, name)))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

export function findChromium(): string | undefined {
  return findProgram('chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome');
}

/** Everything a jail is built with. */
export interface JailPrograms {
  readonly bwrap: string;
  readonly nsenter: string;
  readonly prlimit: string;
  readonly socat: string;
}

import { execFileSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmdirSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface SmallDisk {
  readonly path: string;
  /** Takes all space that is left. */
  fill(): void;
  /** Gives that space back. */
  free(): void;
  remove(): void;
}

/** Mounts a file system of its own, such as of `64k`. Returns null where this user or kernel may not: it needs root. */
export function mountSmallDisk(size: string): SmallDisk | null {
  const path = mkdtempSync(join(tmpdir(), 'hq-disk-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size},mode=0755`, 'tmpfs', path], {
      stdio: 'ignore',
    });
  } catch {
    rmdirSync(path);
    return null;
  }
  const ballast = join(path, 'ballast');
  return {
    path,
    fill() {
      const file = openSync(ballast, 'a');
      for (let step = 1024 * 1024; step > 0; step = Math.floor(step / 2)) {
        try {
          for (;;) writeSync(file, Buffer.alloc(step));
        } catch {
          // A smaller step may still fit.
        }
      }
      closeSync(file);
    },
    free: () => rmSync(ballast, { force: true }),
    remove() {
      // A process that is about to end may still hold a file.
      execFileSync('umount', ['-l', path]);
      rmdirSync(path);
    },
  };
}

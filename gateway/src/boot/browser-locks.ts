import { glob, rm } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Removes the locks of browsers that a killed gateway left: Chromium refuses a profile that was locked on another host
 * name. Returns how many there were. No browser of this state runs before OpenClaw does.
 */
export async function removeBrowserLocks(browsers: string): Promise<number> {
  let removed = 0;
  for await (const name of glob(['*/Singleton*', '*/user-data/Singleton*'], { cwd: browsers })) {
    await rm(join(browsers, name), { force: true });
    removed += 1;
  }
  return removed;
}

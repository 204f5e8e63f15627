import { open, rm, stat } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';

/** Whoever holds a lock longer than this has died with it; a renewal takes a request and its time limit. */
const abandonedAfterMs = 15_000;
const lookAgainMs = 20;

/** Runs the work while no other program of this machine runs work under the same lock file. */
export async function underLock<Result>(path: string, work: () => Promise<Result>): Promise<Result> {
  await take(path);
  try {
    return await work();
  } finally {
    await rm(path, { force: true });
  }
}

async function take(path: string): Promise<void> {
  for (;;) {
    try {
      await (await open(path, 'wx', 0o600)).close();
      return;
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    }
    if (await isAbandoned(path)) await rm(path, { force: true });
    else await delay(lookAgainMs * (0.5 + Math.random()));
  }
}

async function isAbandoned(path: string): Promise<boolean> {
  try {
    return Date.now() - (await stat(path)).mtimeMs > abandonedAfterMs;
  } catch {
    // It was let go between the two looks.
    return false;
  }
}

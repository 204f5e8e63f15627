import { chmod, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { HqError } from '@hq/shared/errors';

/** Directory with all data of an installation; only its owner can read it. */
export type DataDirectory = Readonly<Awaited<ReturnType<typeof openDataDirectory>>>;

/** Returns a system directory for root, else one of the user. */
export function defaultDataDirectory(env: NodeJS.ProcessEnv): string {
  if (process.getuid?.() === 0) return '/var/lib/hq';
  const base = env.XDG_DATA_HOME;
  return join(base && isAbsolute(base) ? base : join(homedir(), '.local', 'share'), 'hq');
}

const lockName = 'lock';

/** Creates the directory with mode 0700, or checks that it belongs to this user and to HQ. */
export async function openDataDirectory(given: string) {
  const path = resolve(given);
  try {
    await mkdir(path, { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw new HqError('failed', `The data directory ${path} cannot be created.`, {
      hint: 'Choose another with --data.',
      cause,
    });
  }
  const { uid, mode } = await stat(path);
  if (process.getuid && uid !== process.getuid()) {
    throw new HqError('refused', `The data directory ${path} belongs to another user.`, {
      hint: 'Start HQ as that user, or choose another directory with --data.',
    });
  }
  const entries = await readdir(path);
  if (entries.length > 0 && !entries.includes(lockName)) {
    throw new HqError('usage', `${path} contains something other than HQ's data.`, {
      hint: 'Name an empty or a new directory with --data.',
      field: 'data',
    });
  }
  if ((mode & 0o077) !== 0) await chmod(path, 0o700);
  return {
    path,
    postgres: join(path, 'postgres'),
    gateway: join(path, 'gateway'),
    keys: join(path, 'keys.json'),
    run: join(path, 'run.json'),
    port: join(path, 'port'),
    runnerLog: join(path, 'runner.log'),
  };
}

/**
 * Locks the directory for this process, or returns the pid of its holder in `held`. SQLite holds a lock of the operating
 * system: it ends with the process, and two processes cannot both have it.
 */
export async function lockDataDirectory(
  directory: DataDirectory,
): Promise<{ release: () => void } | { held: number | undefined }> {
  const pidFile = join(directory.path, 'pid');
  const file = join(directory.path, lockName);
  await writeFile(file, '', { flag: 'a', mode: 0o600 });
  const lock = new DatabaseSync(file);
  try {
    lock.exec('begin exclusive');
  } catch (error) {
    lock.close();
    if (!(error instanceof Error && error.message.includes('locked'))) {
      throw new HqError('failed', `${file} cannot be locked.`, {
        hint: 'If no HQ runs on this directory, remove that file and start again.',
        cause: error,
      });
    }
    const pid = Number(await readFile(pidFile, 'utf8').catch(() => ''));
    return { held: Number.isInteger(pid) && pid > 0 ? pid : undefined };
  }
  await writeFile(pidFile, `${process.pid}\n`, { mode: 0o600 });
  return { release: () => lock.close() };
}

import { constants } from 'node:fs';
import { copyFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { codeOf, HqError } from '@hq/shared/errors';
import { fileFault } from '@hq/shared/program';
import { makeCopyDirectory } from './copy-directory.ts';

const attempts = 5;

/**
 * Reads a SQLite database by a copy in a private directory. SQLite would write `-shm` and `-wal` beside the original and
 * could disturb an OpenClaw that uses it. Returns null where there is none. Throws `failed` for a damaged one.
 */
export async function readDatabase<Result>(
  path: string,
  read: (database: DatabaseSync) => Result,
): Promise<Result | null> {
  if ((await fingerprintOf(path)) === '') return null;
  const directory = await makeCopyDirectory();
  try {
    for (let attempt = 1; ; attempt += 1) {
      const copy = join(directory, `${attempt}.sqlite`);
      const isWhole = await copyWhole(path, copy);
      try {
        if (!isWhole) throw new Error('it is being written');
        using database = new DatabaseSync(copy);
        const check = database.prepare('pragma quick_check(1)').get()?.quick_check;
        if (check !== 'ok') throw new Error('it is damaged');
        return read(database);
      } catch (cause) {
        if (attempt < attempts && !isWhole) continue;
        throw damaged(path, cause instanceof Error ? cause.message : 'unknown error');
      }
    }
  } catch (cause) {
    if (cause instanceof HqError) throw cause;
    throw damaged(path, fileFault(cause));
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** Copies a database with its write-ahead log. Returns false where either changed meanwhile. */
async function copyWhole(path: string, copy: string): Promise<boolean> {
  const before = await fingerprintOf(path);
  for (const suffix of ['', '-wal', '-journal']) {
    try {
      await copyFile(`${path}${suffix}`, `${copy}${suffix}`, constants.COPYFILE_FICLONE);
    } catch (error) {
      if (codeOf(error) !== 'ENOENT' || suffix === '') throw error;
    }
  }
  return before === (await fingerprintOf(path));
}

async function fingerprintOf(path: string): Promise<string> {
  const parts: string[] = [];
  for (const suffix of ['', '-wal', '-journal']) {
    try {
      const { size, mtimeNs } = await stat(`${path}${suffix}`, { bigint: true });
      parts.push(`${suffix} ${size} ${mtimeNs}`);
    } catch (error) {
      if (codeOf(error) !== 'ENOENT' && codeOf(error) !== 'ENOTDIR') throw damaged(path, fileFault(error));
    }
  }
  return parts.join(',');
}

/** Returns the rows of a table; none where this version of OpenClaw has no such table. */
export function rowsOf(database: DatabaseSync, table: string, columns: string): Record<string, unknown>[] {
  const found = database.prepare(`select 1 from sqlite_master where type = 'table' and name = ?`).get(table);
  return found === undefined ? [] : database.prepare(`select ${columns} from ${table}`).all();
}

function damaged(path: string, reason: string): HqError {
  return new HqError('failed', `The database ${JSON.stringify(path)} cannot be read: ${reason}.`, {
    hint: 'Nothing was changed. Stop OpenClaw and try again, or repair the database with `openclaw doctor`.',
  });
}

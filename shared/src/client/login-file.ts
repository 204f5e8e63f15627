import { chmod, mkdir, readFile, rm } from 'node:fs/promises';
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

/** Reads the HQ that someone signed in to on this machine, or null. Throws `usage` for a file of another form. */
export async function readLogin(path: string): Promise<{ url: string; anonKey: string } | null> {
  const login = await read(path);
  return login === null ? null : { url: login.url, anonKey: login.anonKey };
}

export async function removeLogin(path: string): Promise<void> {
  await rm(path, { force: true });
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
      await openFolder(dirname(path));
      return underLock(`${path}.lock`, work);
    },
  };
}

async function read(path: string): Promise<LoginFile | null> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    if (codeOf(cause) === 'ENOENT') return null;
    throw new HqError('usage', `The login file ${path} cannot be read.`, {
      hint: 'Make it readable for your account, or remove it and sign in again.',
      cause,
    });
  }
  const parsed = loginFile.safeParse(parseJson(text));
  if (!parsed.success) {
    throw new HqError('usage', `The login file ${path} is damaged.`, {
      hint: 'Remove it with `hq-tui logout` and sign in again.',
    });
  }
  return parsed.data;
}

async function write(path: string, login: LoginFile): Promise<void> {
  await openFolder(dirname(path));
  await writePrivate(path, `${JSON.stringify(login)}\n`);
}

async function openFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await chmod(folder, 0o700);
}

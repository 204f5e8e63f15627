import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { readPrivateFile } from '../../secrets/private-file.ts';

const runFile = z.object({
  pid: z.int().positive(),
  url: z.string(),
  anonKey: z.string(),
  email: z.string(),
  password: z.string(),
});
export type LocalStack = z.output<typeof runFile>;

const keysOfRunFile = z.object({ pid: z.int().positive(), url: z.string(), serviceRoleKey: z.string() });
type LocalKeys = z.output<typeof keysOfRunFile>;

/** Where `npm start` keeps its data unless it was told otherwise. */
function defaultDataDirectory(env: NodeJS.ProcessEnv): string {
  if (process.getuid?.() === 0) return '/var/lib/hq';
  const data = env.XDG_DATA_HOME;
  return join(data?.startsWith('/') ? data : join(homedir(), '.local', 'share'), 'hq');
}

/** A face that `npm start` opened is told where its run file is. */
function runFilePath(env: NodeJS.ProcessEnv, directory: string): string {
  return env.HQ_RUN_FILE || join(directory, 'run.json');
}

/** The HQ that `npm start` runs here for this user, read from its run file; null where none runs. */
export async function findLocalStack(
  env: NodeJS.ProcessEnv,
  directory = defaultDataDirectory(env),
): Promise<LocalStack | null> {
  try {
    return living(runFile, await readFile(runFilePath(env, directory), 'utf8'));
  } catch {
    // No file, or not ours to read: nothing runs here for this user.
    return null;
  }
}

/** What its secrets are encrypted with; null where none runs. Fails where others can read the run file. */
export async function findLocalKeys(
  env: NodeJS.ProcessEnv,
  directory = defaultDataDirectory(env),
): Promise<LocalKeys | null> {
  const text = await readPrivateFile(runFilePath(env, directory));
  return text === null ? null : living(keysOfRunFile, text);
}

/** What a run file says, or null where it is damaged or its starter was killed. */
function living<Told extends { readonly pid: number }>(schema: z.ZodType<Told>, text: string): Told | null {
  const parsed = schema.safeParse(parseJson(text));
  return parsed.success && isAlive(parsed.data.pid) ? parsed.data : null;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

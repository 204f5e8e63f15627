import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { parseJson } from '@hq/shared/text';
import { z } from 'zod';
import { readPrivateFile } from '../secrets/private-file.ts';

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

/** The default data directory of `npm start`. */
function defaultDataDirectory(env: NodeJS.ProcessEnv): string {
  if (process.getuid?.() === 0) return '/var/lib/hq';
  const data = env.XDG_DATA_HOME;
  return join(data?.startsWith('/') ? data : join(homedir(), '.local', 'share'), 'hq');
}

/** `npm start` sets HQ_RUN_FILE for the terminal UI that it opens. */
function runFilePath(env: NodeJS.ProcessEnv, directory: string): string {
  return env.HQ_RUN_FILE || join(directory, 'run.json');
}

/** Returns the control socket of the gateway of the HQ that `npm start` runs here. */
export function localGatewaySocket(env: NodeJS.ProcessEnv): string {
  const directory = dirname(runFilePath(env, defaultDataDirectory(env)));
  return join(directory, 'gateway', '.openclaw', 'hq', 'control.sock');
}

/** Reads the run file of the HQ that `npm start` runs here for this user; null if none runs. */
export async function findLocalStack(
  env: NodeJS.ProcessEnv,
  directory = defaultDataDirectory(env),
): Promise<LocalStack | null> {
  try {
    return parseRunning(runFile, await readFile(runFilePath(env, directory), 'utf8'));
  } catch {
    // No file, or not readable: nothing runs here for this user.
    return null;
  }
}

/** Reads the keys of its secrets; null if none runs. Fails with `refused` if others can read the run file. */
export async function findLocalKeys(
  env: NodeJS.ProcessEnv,
  directory = defaultDataDirectory(env),
): Promise<LocalKeys | null> {
  const text = await readPrivateFile(runFilePath(env, directory));
  return text === null ? null : parseRunning(keysOfRunFile, text);
}

/** Parses a run file; null if it is damaged or its process was killed. */
function parseRunning<Content extends { readonly pid: number }>(
  schema: z.ZodType<Content>,
  text: string,
): Content | null {
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

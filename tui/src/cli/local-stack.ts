import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';

const runFile = z.object({
  pid: z.int().positive(),
  url: z.string(),
  anonKey: z.string(),
  email: z.string(),
  password: z.string(),
});
export type LocalStack = z.output<typeof runFile>;

/** Where `npm start` keeps its data unless it was told otherwise. */
function defaultDataDirectory(env: NodeJS.ProcessEnv): string {
  if (process.getuid?.() === 0) return '/var/lib/hq';
  const data = env.XDG_DATA_HOME;
  return join(data?.startsWith('/') ? data : join(homedir(), '.local', 'share'), 'hq');
}

/** The HQ that `npm start` runs here for this user, read from its run file; null where none runs. */
export async function findLocalStack(
  env: NodeJS.ProcessEnv,
  directory = defaultDataDirectory(env),
): Promise<LocalStack | null> {
  const path = join(directory, 'run.json');
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch {
    // No file, or not ours to read: nothing runs here for this user.
    return null;
  }
  const parsed = runFile.safeParse(parseJson(text));
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

import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { readAgents, readCommands, readGateways, readSecrets } from '@hq/shared/queries';
import { z } from 'zod';
import { enter } from './enter.ts';

const candidate = z.object({ value: z.string(), about: z.string() });
const liveNames = z.object({
  gateways: z.array(candidate),
  agents: z.array(candidate),
  commands: z.array(candidate),
  secrets: z.array(candidate),
});
export type Candidate = z.output<typeof candidate>;
export type LiveNames = z.output<typeof liveNames>;

const freshForMs = 30_000;
/** Somebody waits with a finger on the tab key. */
const patienceMs = 1_500;
const none: LiveNames = { gateways: [], agents: [], commands: [], secrets: [] };

/** What is there to be named, for completion: a little old rather than late, and nothing rather than an error. */
export async function readLiveNames(env: NodeJS.ProcessEnv): Promise<LiveNames> {
  const path = cachePath(env);
  const cached = await readCache(path);
  if (cached !== null) return cached;
  try {
    const fresh = await Promise.race([ask(env), late()]);
    await writeCache(path, fresh);
    return fresh;
  } catch {
    return none;
  }
}

async function ask(env: NodeJS.ProcessEnv): Promise<LiveNames> {
  const { client } = await enter(env);
  const [gateways, agents, commands, secrets] = await Promise.all([
    readGateways(client),
    readAgents(client),
    readCommands(client, { limit: 20 }),
    readSecrets(client),
  ]);
  return {
    gateways: gateways.map((row) => ({ value: row.slug, about: row.label ?? row.status })),
    agents: agents.map((row) => ({ value: row.slug, about: row.name ?? row.status })),
    commands: commands.map((row) => ({ value: row.id, about: `${row.action} ${row.status}` })),
    // One of each name, though several agents may have it.
    secrets: [...new Map(secrets.map((row) => [row.key, row])).values()].map((row) => ({
      value: row.key,
      about: row.name ?? row.category,
    })),
  };
}

function late(): Promise<never> {
  return new Promise((_resolve, reject) => {
    setTimeout(() => reject(new Error('too late')), patienceMs).unref();
  });
}

/** One cache for each HQ and member, so that nobody is offered the names of another. */
function cachePath(env: NodeJS.ProcessEnv): string {
  const cache = env.XDG_CACHE_HOME;
  const home = cache?.startsWith('/') ? cache : join(homedir(), '.cache');
  const who = createHash('sha256')
    .update([env.SUPABASE_URL, env.HQ_EMAIL, env.XDG_STATE_HOME].join('\n'))
    .digest('hex')
    .slice(0, 16);
  return join(home, 'hq', `names-${who}.json`);
}

async function readCache(path: string): Promise<LiveNames | null> {
  try {
    if (Date.now() - (await stat(path)).mtimeMs > freshForMs) return null;
    return liveNames.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch {
    // No cache yet, or one of another version: it is made anew.
    return null;
  }
}

async function writeCache(path: string, names: LiveNames): Promise<void> {
  await mkdir(join(path, '..'), { recursive: true, mode: 0o700 });
  const fresh = `${path}.${process.pid}`;
  await writeFile(fresh, JSON.stringify(names), { mode: 0o600 });
  await rename(fresh, path);
}

import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { readAgents, readCommands, readGateways, readSecrets } from '@hq/shared/queries';
import { z } from 'zod';
import { connectMember } from '../connection/connect-member.ts';

const candidate = z.object({ value: z.string(), about: z.string() });
const knownNames = z.object({
  gateways: z.array(candidate),
  agents: z.array(candidate),
  commands: z.array(candidate),
  secrets: z.array(candidate),
});
export type Candidate = z.output<typeof candidate>;
export type KnownNames = z.output<typeof knownNames>;

const freshForMs = 30_000;
/** Milliseconds: a person waits for the tab key. */
const answerWithinMs = 1_500;
const none: KnownNames = { gateways: [], agents: [], commands: [], secrets: [] };

/** Reads the names that completion offers. They may be 30 s old; after an error or too long a time there are none. */
export async function readKnownNames(env: NodeJS.ProcessEnv): Promise<KnownNames> {
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

async function ask(env: NodeJS.ProcessEnv): Promise<KnownNames> {
  const { client } = await connectMember(env);
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
    // Several agents may have a secret of the same name.
    secrets: [...new Map(secrets.map((row) => [row.key, row])).values()].map((row) => ({
      value: row.key,
      about: row.name === row.key ? row.category : (row.name ?? row.category),
    })),
  };
}

function late(): Promise<never> {
  return new Promise((_resolve, reject) => {
    setTimeout(() => reject(new Error('too late')), answerWithinMs).unref();
  });
}

/** Path of the cache of one HQ and member, so that no names of another are offered. */
function cachePath(env: NodeJS.ProcessEnv): string {
  const cache = env.XDG_CACHE_HOME;
  const home = cache?.startsWith('/') ? cache : join(homedir(), '.cache');
  const who = createHash('sha256')
    .update([env.SUPABASE_URL, env.HQ_EMAIL, env.XDG_STATE_HOME].join('\n'))
    .digest('hex')
    .slice(0, 16);
  return join(home, 'hq', `names-${who}.json`);
}

async function readCache(path: string): Promise<KnownNames | null> {
  try {
    if (Date.now() - (await stat(path)).mtimeMs > freshForMs) return null;
    return knownNames.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch {
    // No cache yet, or one of another version: it is written again.
    return null;
  }
}

async function writeCache(path: string, names: KnownNames): Promise<void> {
  await mkdir(join(path, '..'), { recursive: true, mode: 0o700 });
  const fresh = `${path}.${process.pid}`;
  await writeFile(fresh, JSON.stringify(names), { mode: 0o600 });
  await rename(fresh, path);
}

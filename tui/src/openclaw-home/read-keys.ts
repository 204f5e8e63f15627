import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { codeOf } from '@hq/shared/errors';
import { providerOfKey } from '@hq/shared/secrets';
import { parseJson } from '@hq/shared/text';
import { z } from 'zod';
import { readDatabase, rowsOf } from './read-database.ts';
import { schemaOf } from './read-state.ts';
import { resolveValue, type Variables } from './variables.ts';

const json = z.json();
const profiles = z.record(
  z.string(),
  z.looseObject({ type: z.string(), provider: z.string(), key: json.optional(), keyRef: json.optional() }),
);
const store = z.object({ profiles });
type Profiles = z.output<typeof profiles>;

/** Keys of model providers of one agent, by the names that their secrets have in HQ. */
export interface ProviderKeys {
  readonly keys: ReadonlyMap<string, string>;
  /** Sentences about those that stay. */
  readonly leftOut: readonly string[];
  readonly schema: number;
}

const keyOfProvider = new Map([...providerOfKey].map(([key, provider]) => [provider, key]));

/** Reads the sign-ins of an agent, then the keys that all agents of the home share by variables. */
export async function readProviderKeys(agentDirectory: string, variables: Variables): Promise<ProviderKeys> {
  const found = await readDatabase(join(agentDirectory, 'openclaw-agent.sqlite'), (database) => ({
    schema: schemaOf(database),
    profiles: profilesIn(database),
  }));
  const entries = Object.entries(found?.profiles ?? (await readOlderFile(agentDirectory)));
  const keys = new Map<string, string>();
  const leftOut: string[] = [];
  for (const [id, { type, provider, key, keyRef }] of entries) {
    const name = keyOfProvider.get(provider);
    const resolved = resolveValue(key ?? keyRef, variables);
    if (type !== 'api_key') leftOut.push(`sign-in ${id}: its token changes with each use; sign in again`);
    else if (name === undefined) leftOut.push(`key ${id}: HQ has no secret for keys of ${provider}`);
    else if (resolved === undefined) leftOut.push(`key ${id}: it has no value`);
    else if ('reason' in resolved) leftOut.push(`key ${id}: ${resolved.reason}`);
    else if (keys.has(name)) leftOut.push(`key ${id}: an agent has one key of ${provider}`);
    else keys.set(name, resolved.value);
  }
  for (const name of providerOfKey.keys()) {
    const shared = variables.get(name);
    if (shared !== undefined && !keys.has(name)) keys.set(name, shared);
  }
  return { keys, leftOut, schema: found?.schema ?? 0 };
}

function profilesIn(database: DatabaseSync): Profiles {
  const rows = rowsOf(database, 'auth_profile_store', 'store_json');
  const stores = rows.map(({ store_json }) => store.safeParse(parseJson(String(store_json))).data?.profiles);
  return Object.assign({}, ...stores);
}

/** Reads the file that OpenClaw had before its databases. */
async function readOlderFile(agentDirectory: string): Promise<Profiles> {
  try {
    const text = await readFile(join(agentDirectory, 'auth-profiles.json'), 'utf8');
    return store.safeParse(parseJson(text)).data?.profiles ?? {};
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'EACCES', 'EISDIR'].includes(codeOf(error) ?? '')) return {};
    throw error;
  }
}

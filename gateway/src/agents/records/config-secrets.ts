import { createHmac, randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { readPrivate, writePrivate } from '@hq/shared/program';
import { parseJson } from '@hq/shared/text';
import { z } from 'zod';

const content = z.object({ key: z.string().min(64), hashes: z.record(z.string(), z.string()) });

/**
 * Keyed hashes of the secrets that HQ wrote to OpenClaw's configuration, by their paths in it. OpenClaw does not show
 * secrets; the hash tells whether they are the ones that HQ wants.
 */
export interface ConfigSecrets {
  isSame(path: string, value: string): boolean;
  /** Records secrets that are in the configuration now. */
  record(values: ReadonlyMap<string, string>): Promise<void>;
}

export async function openConfigSecrets(stateDirectory: string): Promise<ConfigSecrets> {
  const directory = join(stateDirectory, 'hq');
  const file = join(directory, 'config-secrets.json');
  const { data } = content.safeParse(parseJson((await readPrivate(file)) ?? ''));
  const key = data?.key ?? randomBytes(32).toString('hex');
  let hashes = data?.hashes ?? {};
  const hashOf = (value: string) => createHmac('sha256', key).update(value).digest('hex');
  return {
    isSame: (path, value) => hashes[path] === hashOf(value),
    record: async (values) => {
      const written = Object.fromEntries([...values].map(([path, value]) => [path, hashOf(value)]));
      const next = { ...hashes, ...written };
      if (JSON.stringify(next) === JSON.stringify(hashes)) return;
      await mkdir(directory, { recursive: true, mode: 0o700 });
      await writePrivate(file, JSON.stringify({ key, hashes: next }));
      hashes = next;
    },
  };
}

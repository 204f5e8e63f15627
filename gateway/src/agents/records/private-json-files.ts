import { mkdir, readdir, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { codeOf } from '@hq/shared/errors';
import { readPrivate, writePrivate } from '@hq/shared/program';
import { parseJson } from '@hq/shared/text';
import type { z } from 'zod';

/** Files of one kind below `hq/`, each with the record of one agent by its id in OpenClaw. */
export interface PrivateJsonFiles<Content> {
  ids(): Promise<readonly string[]>;
  /** Returns undefined where there is none, and for a damaged one: it is written again. */
  read(id: string): Promise<Content | undefined>;
  /** Writes it atomically, with mode 0600. */
  write(id: string, content: Content): Promise<void>;
  remove(id: string): Promise<void>;
}

export function privateJsonFiles<Content>(
  stateDirectory: string,
  name: string,
  schema: z.ZodType<Content>,
): PrivateJsonFiles<Content> {
  const directory = join(stateDirectory, 'hq', name);
  const pathOf = (id: string) => join(directory, `${id}.json`);
  return {
    ids: async () => {
      try {
        const names = (await readdir(directory)).filter((file) => file.endsWith('.json'));
        return names.map((file) => basename(file, '.json')).sort();
      } catch (error) {
        if (codeOf(error) === 'ENOENT') return [];
        throw error;
      }
    },
    read: async (id) => {
      const text = await readPrivate(pathOf(id));
      return text === undefined ? undefined : schema.safeParse(parseJson(text)).data;
    },
    write: async (id, content) => {
      await mkdir(directory, { recursive: true, mode: 0o700 });
      await writePrivate(pathOf(id), `${JSON.stringify(content, null, 2)}\n`);
    },
    remove: (id) => rm(pathOf(id), { force: true }),
  };
}

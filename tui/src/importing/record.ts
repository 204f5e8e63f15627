import { createHash } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { loginFilePath } from '@hq/shared/client';
import { HqError } from '@hq/shared/errors';
import { fileFault, readPrivate, writePrivate } from '@hq/shared/program';
import { parseJson } from '@hq/shared/text';
import { z } from 'zod';
import { manifest } from '../openclaw-home/manifest.ts';

const importedAgent = z.object({
  /** Id in the home. */
  source: z.string(),
  slug: z.string(),
  /** Id of its files at the gateway, and of its command. */
  importId: z.string(),
  /** Id in HQ; null until HQ has answered. */
  agentId: z.string().nullable(),
  /** Its command; null until HQ has answered. */
  commandId: z.string().nullable(),
  /** Fields of its row as the import left them; null until it is complete. */
  row: z.record(z.string(), z.string().nullable()).nullable(),
  /** Secrets that the import stored, with the revisions that it left. */
  secrets: z.array(z.object({ id: z.string(), key: z.string(), revision: z.number() })),
  /** Jobs of the home that were adopted, by their ids there. */
  cronJobs: z.array(z.string()),
});
export type ImportedAgent = z.output<typeof importedAgent>;

const importRecord = z.object({
  home: z.string(),
  gatewayId: z.string(),
  createdAt: z.string(),
  /** Directories whose files are in the manifest: the home, and workspaces outside of it. */
  roots: z.array(z.string()),
  manifest,
  agents: z.array(importedAgent),
});
/** Everything that an import added to HQ, and the home as it was. It holds no value of a secret. */
export type ImportRecord = z.output<typeof importRecord>;

/** Returns the path of the record: one for each home and gateway. */
export function recordPath(env: NodeJS.ProcessEnv, url: string, gatewayId: string, home: string): string {
  const name = createHash('sha256')
    .update(JSON.stringify([new URL(url).origin, gatewayId, home]))
    .digest('hex');
  return join(dirname(loginFilePath(env)), 'imports', `${name.slice(0, 32)}.json`);
}

export async function readRecord(path: string): Promise<ImportRecord | null> {
  let text: string | undefined;
  try {
    text = await readPrivate(path);
  } catch (cause) {
    throw unusable(path, fileFault(cause), cause);
  }
  if (text === undefined) return null;
  const parsed = importRecord.safeParse(parseJson(text));
  if (parsed.success) return parsed.data;
  throw unusable(path, 'it was changed by something else');
}

export async function writeRecord(path: string, record: ImportRecord): Promise<void> {
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await writePrivate(path, `${JSON.stringify(record)}\n`);
  } catch (cause) {
    throw unusable(path, fileFault(cause), cause);
  }
}

export async function removeRecord(path: string): Promise<void> {
  await rm(path, { force: true });
}

function unusable(path: string, reason: string, cause?: unknown): HqError {
  return new HqError('failed', `The record of the import, ${path}, cannot be used: ${reason}.`, {
    hint: 'It says what the import added: put it right before you import or unimport.',
    cause,
  });
}

import { createHash } from 'node:crypto';
import { type BigIntStats, constants } from 'node:fs';
import { lstat, open, readdir, readlink } from 'node:fs/promises';
import { codeOf, HqError } from '@hq/shared/errors';
import { fileFault } from '@hq/shared/program';
import { z } from 'zod';

/** Every path of a home, with what proves that it is unchanged: kind, mode, time of the change and hash. */
export const manifest = z.record(z.string(), z.string());
export type Manifest = z.output<typeof manifest>;

/** Paths that are in one of two manifests, or differ. */
export function differences(before: Manifest, after: Manifest): readonly string[] {
  const paths = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...paths].filter((path) => before[path] !== after[path]).sort();
}

/** Hashes every file below these directories. `onFile` is called with the number of paths so far. */
export async function makeManifest(
  roots: readonly string[],
  onFile: (count: number) => void = () => undefined,
): Promise<Manifest> {
  const entries: Record<string, string> = {};
  let count = 0;
  const visit = async (path: Buffer): Promise<void> => {
    try {
      await look(path);
    } catch (error) {
      // An OpenClaw that runs removes files meanwhile: they are no part of the home then.
      if (codeOf(error) !== 'ENOENT') throw error;
      delete entries[keyOf(path)];
    }
  };
  const look = async (path: Buffer): Promise<void> => {
    const stats = await lstat(path, { bigint: true });
    entries[keyOf(path)] =
      `${kindOf(stats)} ${stats.mode.toString(8)} ${stats.mtimeNs} ${await contentOf(path, stats)}`;
    count += 1;
    onFile(count);
    if (!stats.isDirectory()) return;
    for (const name of await readdir(path, { encoding: 'buffer' })) {
      await visit(Buffer.concat([path, Buffer.from('/'), name]));
    }
  };
  for (const root of roots) {
    try {
      await visit(Buffer.from(root));
    } catch (cause) {
      throw new HqError('refused', `The home cannot be read to its end: ${fileFault(cause)}.`, {
        hint: 'Run the command as the user that the home belongs to, or as root.',
        cause,
      });
    }
  }
  return entries;
}

async function contentOf(path: Buffer, stats: BigIntStats): Promise<string> {
  if (stats.isSymbolicLink()) return (await readlink(path, { encoding: 'buffer' })).toString('hex');
  if (!stats.isFile()) return '';
  const hash = createHash('sha256');
  await using file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  for await (const chunk of file.createReadStream({ autoClose: false, highWaterMark: 1024 * 1024 })) {
    hash.update(chunk);
  }
  return `${stats.size} ${hash.digest('hex')}`;
}

function kindOf(stats: BigIntStats): string {
  if (stats.isFile()) return 'file';
  if (stats.isDirectory()) return 'directory';
  return stats.isSymbolicLink() ? 'link' : 'other';
}

/** A name that is not UTF-8 is kept as its bytes. */
function keyOf(path: Buffer): string {
  const text = path.toString();
  return Buffer.from(text).equals(path) ? text : `hex:${path.toString('hex')}`;
}

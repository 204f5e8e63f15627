import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { bundling } from '../../scripts/build.ts';

export interface Bundled {
  /** The file to run. */
  readonly file: string;
  remove(): Promise<void>;
}

/** Bundles a program as ours are shipped, into a folder of its own. `entry` is a path from the root of the repository. */
export async function bundled(entry: string): Promise<Bundled> {
  const folder = await mkdtemp(join(tmpdir(), 'hq-bundled-'));
  await build({ ...bundling({ program: entry }, folder), outExtension: { '.js': '.mjs' } });
  return { file: join(folder, 'program.mjs'), remove: () => rm(folder, { recursive: true, force: true }) };
}

import type { Console } from '../cli/output/console.ts';
import { openProgress } from '../cli/output/progress.ts';
import { differences, makeManifest } from '../openclaw-home/manifest.ts';
import type { ImportRecord } from './record.ts';

const mostNamed = 10;

/** Hashes the home again. Returns the paths that differ from the time before the import. */
export async function compareHome(
  console: Console,
  { roots, manifest }: ImportRecord,
): Promise<readonly string[]> {
  const progress = openProgress(console.stderr, 'Compared', Object.keys(manifest).length);
  const now = await makeManifest(roots, (count) => progress.update(count));
  progress.end();
  return differences(manifest, now);
}

/** Returns the comparison for people. */
export function homeSentences({ manifest }: ImportRecord, changed: readonly string[]): readonly string[] {
  const count = Object.keys(manifest).length;
  if (changed.length === 0)
    return [`The home is byte-equal to before the import: ${count} paths, by hash and time.`];
  const more = changed.length > mostNamed ? [`… and ${changed.length - mostNamed} more`] : [];
  return [
    `${changed.length} of ${count} paths differ from before the import. HQ writes nothing there; an OpenClaw may have:`,
    ...changed.slice(0, mostNamed).map((path) => `  ${JSON.stringify(path)}`),
    ...more,
  ];
}
